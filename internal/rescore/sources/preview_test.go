package sources_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio"
	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
	"nafas/internal/rescore/sources"
)

func preview(t testing.TB, s rescore.Source) sources.Forecast {
	t.Helper()
	temp := t.TempDir()
	var last sources.Forecast
	f, err := sources.Preview(context.Background(), s, sources.PreviewOptions{Temp: temp, Progress: func(f sources.Forecast) { last = f }})
	require.NoError(t, err)
	entries, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, entries, "the index is removed")
	if f.Studies > 0 {
		require.Equal(t, f, last)
	}
	return f
}

func sum(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// previewed is an archive whose studies lie in pieces, one of them in a zip file.
func previewed(t testing.TB) string {
	dir := t.TempDir()
	var members []member
	for n, s := range []series{
		{study: "1", name: "chest", modality: "CT", slices: 40},
		{study: "1", name: "again", modality: "CT", slices: 45}, // longer: it is preferred
		{study: "1", name: "few", modality: "CT", slices: 6},
		{study: "1", name: "sc", modality: "OT", class: classSC, slices: 2},
		{study: "2", name: "mr", modality: "MR", class: classMR, slices: 3},
		{study: "3", name: "chest", modality: "CT", slices: 40},
		{study: "4", name: "a", modality: "CT", slices: 40, patient: "one"},
		{study: "4", name: "b", modality: "CT", slices: 40, patient: "two"},
	} {
		for i, data := range s.instances(t) {
			if s.study == "3" && i%2 == 0 {
				members = append(members, member{name: fmt.Sprint("in/", i), data: data})
				continue
			}
			put(t, dir, fmt.Sprintf("%d/%d/%s", i%5, n, fmt.Sprint(i)), data)
		}
	}
	put(t, dir, "half.zip", zipOf(t, members...))
	put(t, dir, "readme", []byte("text"))
	put(t, dir, "nothing.dcm", nil)
	return dir
}

func TestPreviewOfAFolder(t *testing.T) {
	dir := previewed(t)
	var bytes int64
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if info, infoErr := d.Info(); infoErr == nil && !d.IsDir() && filepath.Ext(p) != ".zip" {
			bytes += info.Size()
		}
		return err
	}))
	s := folder(t, dir, 13)
	inArchive := int64(0)
	for _, p := range scanAll(t, s).parts {
		for _, f := range p.Files {
			if len(f.Path) > 8 && f.Path[:8] == "half.zip" {
				inArchive += f.Size
			}
		}
	}
	require.Positive(t, inArchive)
	got := preview(t, s)
	require.Equal(t, sources.Forecast{
		Studies: 4, Series: 8, ToRead: 2, Slices: 85,
		Skipped: map[string]int64{string(refusal.NotCT): 2, string(refusal.NotPreferred): 1, string(refusal.TooFewSlices): 1, rescore.ReasonNotDICOM: 1},
		Failed:  map[string]int64{string(refusal.PatientMismatch): 2, string(refusal.Malformed): 1},
		Files:   218, Bytes: bytes + inArchive,
	}, got)
	require.Equal(t, got.Series+2, got.ToRead+sum(got.Skipped)+sum(got.Failed), "every input is in one of them")

	// A file that is broken behind its header.
	file := filepath.Join(dir, "1/5/1")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	put(t, dir, "1/5/1", data[:len(data)-50])
	broken := preview(t, folder(t, dir, 13))
	require.Equal(t, got.Failed[string(refusal.Malformed)]+1, broken.Failed[string(refusal.Malformed)])
	require.Equal(t, int64(2), broken.ToRead, "one slice may be missing")
	require.Equal(t, int64(84), broken.Slices)
}

// The real files: what is counted is what Choose says of all of them at once.
func TestPreviewOfRealFiles(t *testing.T) {
	dir := realArchive(t)
	inv := independent(t, dir)
	want := sources.Forecast{Skipped: map[string]int64{}, Failed: map[string]int64{}}
	for _, study := range dicomio.Studies(dicomio.Group(inv.Instances)) {
		want.Studies++
		want.Series += int64(len(study.Series))
		choice := dicomio.Choose(study.Series)
		for _, r := range choice.Rejected {
			if rescore.StateOf(r.Err.Reason) == rescore.Skipped {
				want.Skipped[string(r.Err.Reason)]++
			} else {
				want.Failed[string(r.Err.Reason)]++
			}
		}
		if len(choice.Usable) > 0 {
			want.ToRead++
			want.Slices += int64(len(choice.Usable[0].Instances))
		}
	}
	got := preview(t, folder(t, dir, 0))
	require.Greater(t, got.ToRead, int64(5))
	loose := int64(len(scanAll(t, folder(t, dir, 0)).loose))
	// Segmentations are no CT to a preview, and to Choose.
	want.Skipped[rescore.ReasonNotDICOM] = loose
	want.Files, want.Bytes = got.Files, got.Bytes
	require.Equal(t, want, got)
	require.Equal(t, got.Series+loose, got.ToRead+sum(got.Skipped)+sum(got.Failed))
}

func TestPreviewOfAPACS(t *testing.T) {
	holdings := []holding{
		{uid: "1", date: "20190101", modalities: []string{"CT"}, series: []held{
			{uid: "1.1", modality: "CT", says: 300}, {uid: "1.2", modality: "CT", says: 150}, {uid: "1.3", modality: "CT", says: 2}, {uid: "1.4", modality: "SR", says: 1},
		}},
		{uid: "2", date: "20190101", modalities: []string{"CT"}, series: []held{{uid: "2.1", modality: "CT", says: 29}}},
		{uid: "3", date: "20190101", modalities: []string{"CT"}},
		{uid: "4", date: "20190102", modalities: []string{"CT"}, series: []held{{uid: "4.1", modality: "CT", says: 100}}},
	}
	want := sources.Forecast{
		Studies: 3, Series: 6, ToRead: 2, Slices: 400, Estimated: true,
		Skipped: map[string]int64{string(refusal.NotCT): 1, string(refusal.NotPreferred): 1, string(refusal.TooFewSlices): 2},
		Failed:  map[string]int64{rescore.ReasonGone: 1},
	}
	web := fakeWeb{holdings: holdings}
	require.Equal(t, want, preview(t, web.source(t, rescore.Query{})))
	p := startPACS(t, &fakePACS{holdings: holdings})
	require.Equal(t, want, preview(t, p.source(t, rescore.Query{})))
	for _, a := range web.asked {
		require.Contains(t, a, "?", "nothing is retrieved")
		require.Contains(t, a, "limit=")
	}
	web.fault = func(_ *http.Request, nth int) int { return 503 }
	_, err := sources.Preview(context.Background(), web.source(t, rescore.Query{}), sources.PreviewOptions{})
	require.ErrorContains(t, err, "503")
}

func TestPreviewsThatFail(t *testing.T) {
	dir := previewed(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := sources.Preview(ctx, folder(t, dir, 0), sources.PreviewOptions{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = sources.Preview(context.Background(), folder(t, filepath.Join(dir, "none"), 0), sources.PreviewOptions{})
	require.Error(t, err)
	_, err = sources.Preview(context.Background(), folder(t, dir, 0), sources.PreviewOptions{Temp: filepath.Join(dir, "none")})
	require.ErrorIs(t, err, fs.ErrNotExist)
	without, err := sources.NewFolder(dir, sources.Options{})
	require.NoError(t, err)
	_, err = sources.Preview(context.Background(), without, sources.PreviewOptions{})
	require.ErrorContains(t, err, "spool", "one study is in an archive")
	_, err = sources.Preview(context.Background(), stranger{}, sources.PreviewOptions{})
	require.Error(t, err)
}

// stranger is a source of somebody else's.
type stranger struct{ rescore.Source }
