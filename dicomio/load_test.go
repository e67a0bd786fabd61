package dicomio_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
	"nafas/inference/volume"
)

func loadItems(t *testing.T, items ...source.Item) *dicomio.Inventory {
	t.Helper()
	inv, err := dicomio.Load(context.Background(), items, dicomio.LoadOptions{Parallel: 3})
	require.NoError(t, err)
	return inv
}

func TestLoadRefuses(t *testing.T) {
	good := slice("a", 1, 0)
	secret := slice("a", 1, 0).text(tag.PatientName, "Secret^Name").decimals(tag.RescaleSlope, 1)
	for _, tc := range []struct {
		name   string
		data   []byte
		reason refusal.Reason
		found  string
	}{
		{"not DICOM", []byte("hello"), refusal.Malformed, ""},
		{"cut short", good.bytes(t)[:700], refusal.Malformed, ""},
		{"no study UID", slice("a", 1, 0).del(tag.StudyInstanceUID).bytes(t), refusal.Malformed, "Study Instance UID"},
		{"a UID of letters", slice("a", 1, 0).text(tag.SeriesInstanceUID, "../../etc").bytes(t), refusal.Malformed, "Series Instance UID"},
		{"a UID of empty parts", slice("a", 1, 0).text(tag.SeriesInstanceUID, "1..2").bytes(t), refusal.Malformed, "Series Instance UID"},
		{"a position that is no number", secret.set(tag.ImagePositionPatient, "DS", []string{"1", "Secret", "3"}).bytes(t), refusal.Malformed, "(0020,0032)"},
		{"a position of two numbers", slice("a", 1, 0).decimals(tag.ImagePositionPatient, 1, 2).bytes(t), refusal.Malformed, "2 values instead of 3"},
		{"several frames in a single-frame image", slice("a", 1, 0).number(tag.NumberOfFrames, 2).bytes(t), refusal.Malformed, "2 frames"},
		{"frames without descriptions", enhanced(stack("a")[:3]).number(tag.NumberOfFrames, 4).bytes(t), refusal.Malformed, "4 frames with 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inv := loadItems(t, source.FromBytes("bad.dcm", tc.data), source.FromBytes("good.dcm", slice("a", 2, 0).bytes(t)))
			require.Len(t, inv.Instances, 1, "the other file is read all the same")
			require.Len(t, inv.Refused, 1)
			require.Equal(t, "bad.dcm", inv.Refused[0].Name)
			require.Equal(t, tc.reason, inv.Refused[0].Err.Reason)
			require.Contains(t, inv.Refused[0].Err.Error(), tc.found)
			require.NotContains(t, inv.Refused[0].Err.Error(), "Secret")
		})
	}
}

func TestLoadSameInstanceTwice(t *testing.T) {
	first := slice("a", 1, 0)
	file := func(name string, im *image) source.Item { return source.FromBytes(name, im.bytes(t)) }

	inv := loadItems(t, file("1", first), file("2", slice("a", 1, 0).text(tag.SeriesDescription, "newer header")))
	require.Len(t, inv.Instances, 1)
	require.Empty(t, inv.Refused)
	require.Equal(t, "2: the same instance as 1, read once", inv.Notes[0].String())

	deflated := slice("a", 1, 0)
	deflated.syntax = part10.DeflatedLE
	inv = loadItems(t, file("1", first), file("2", deflated))
	require.Empty(t, inv.Refused, "another transfer syntax with the same values")

	for name, other := range map[string]*image{
		"pixels":   slice("a", 1, 0).cells(unsigned(chestHU(7))),
		"position": slice("a", 1, 0).at(volume.Vec3{0, 0, 1}),
		"slope":    slice("a", 1, 0).decimals(tag.RescaleSlope, 2),
		"series":   slice("a", 1, 0).text(tag.SeriesInstanceUID, uid("b")),
	} {
		inv := loadItems(t, file("1", first), file("2", other))
		require.Len(t, inv.Instances, 1, name)
		require.Len(t, inv.Refused, 1, name)
		require.Equal(t, refusal.ChangedDuplicate, inv.Refused[0].Err.Reason, name)
	}
}

func TestLoadHidesPaths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "Secret^Name")
	inv := loadItems(t, source.FromFile("x.dcm", filepath.Join(dir, "x.dcm"), 0))
	require.Len(t, inv.Refused, 1)
	require.NotContains(t, inv.Refused[0].Err.Error(), "Secret")
}

func TestLoadAndAssembleStop(t *testing.T) {
	images := stack("a")
	s := oneSeries(t, images)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := dicomio.Load(ctx, items(t, images), dicomio.LoadOptions{Parallel: 2, Progress: func(done, _ int) {
		if done == 3 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel = context.WithCancel(context.Background())
	_, err = dicomio.Assemble(ctx, s, dicomio.AssembleOptions{Parallel: 2, Progress: func(done, _ int) {
		if done == 3 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
}

func TestProgressCounts(t *testing.T) {
	images := stack("a")
	last := 0
	count := func(done, total int) {
		require.Equal(t, fixtureSlices, total)
		require.Equal(t, last+1, done)
		last = done
	}
	inv, err := dicomio.Load(context.Background(), items(t, images), dicomio.LoadOptions{Progress: count})
	require.NoError(t, err)
	require.Equal(t, fixtureSlices, last)
	last = 0
	_, err = dicomio.Assemble(context.Background(), dicomio.Group(inv.Instances)[0], dicomio.AssembleOptions{Progress: count})
	require.NoError(t, err)
	require.Equal(t, fixtureSlices, last)
}

// writeFiles puts images into a folder.
func writeFiles(t testing.TB, dir string, images []*image) {
	t.Helper()
	for i, im := range images {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.dcm", i)), im.bytes(t), 0o600))
	}
}

// Files are read a second time for their pixels: one that changed meanwhile
// refuses the series, whichever way it is read.
func TestFileThatChanges(t *testing.T) {
	for name, syntax := range map[string]string{"native": part10.ExplicitLE, "deflated": part10.DeflatedLE} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, each(stack("a"), func(_ int, im *image) { im.syntax = syntax }))
			inv, _ := load(t, dir)
			s := dicomio.Group(inv.Instances)[0]
			_, err := dicomio.Assemble(context.Background(), s, dicomio.AssembleOptions{})
			require.NoError(t, err)

			other := slice("b", 1, 0).text(tag.SeriesDescription, "longer than before")
			other.syntax = syntax
			require.NoError(t, os.WriteFile(filepath.Join(dir, "0050.dcm"), other.bytes(t), 0o600))
			_, err = dicomio.Assemble(context.Background(), s, dicomio.AssembleOptions{})
			require.ErrorContains(t, err, "changed")

			require.NoError(t, os.Remove(filepath.Join(dir, "0050.dcm")))
			_, err = dicomio.Assemble(context.Background(), s, dicomio.AssembleOptions{})
			require.NotEmpty(t, refusal.Of(err))
			require.NotContains(t, err.Error(), dir)
		})
	}
}

// Items need not be files, nor have more than Open.
func TestOpenersAlone(t *testing.T) {
	var all []source.Item
	for i, im := range stack("a") {
		data := im.bytes(t)
		all = append(all, source.Item{Name: fmt.Sprint(i), Open: func() ([]byte, error) { return data, nil }})
	}
	inv := loadItems(t, all...)
	a, err := dicomio.Assemble(context.Background(), dicomio.Group(inv.Instances)[0], dicomio.AssembleOptions{})
	require.NoError(t, err)
	want, err := assemble(t, stack("a"))
	require.NoError(t, err)
	require.Equal(t, want.Volume, a.Volume)

	inv = loadItems(t, source.Item{Name: "broken", Open: func() ([]byte, error) { return nil, errors.New("gone") }}, source.Item{Name: "empty"})
	require.Len(t, inv.Refused, 2)
}
