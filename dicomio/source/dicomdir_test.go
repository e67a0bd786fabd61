package source_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
)

// index is a DICOMDIR with the given file IDs.
func index(t *testing.T, ids ...[]string) []byte {
	t.Helper()
	element := func(tg tag.Tag, data any) *dicom.Element {
		e, err := part10.NewElement(tg, "", data)
		require.NoError(t, err)
		return e
	}
	records := [][]*dicom.Element{{element(tag.DirectoryRecordType, []string{"PATIENT"})}}
	for _, id := range ids {
		records = append(records, []*dicom.Element{
			element(tag.DirectoryRecordType, []string{"IMAGE"}), element(tag.ReferencedFileID, id)})
	}
	data, err := part10.Marshal(part10.ExplicitLE, dicom.Dataset{Elements: []*dicom.Element{
		element(tag.SOPClassUID, []string{"1.2.840.10008.1.3.10"}), element(tag.SOPInstanceUID, []string{"1.2.3"}),
		element(tag.DirectoryRecordSequence, records),
	}}, nil)
	require.NoError(t, err)
	return data
}

func TestDICOMDIR(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "SECRET", dicomBytes("secret"))
	dir := filepath.Join(outside, "medium")
	write(t, dir, "DICOMDIR", index(t,
		[]string{"IMAGES", "IM1"}, []string{"IMAGES", "IM2"}, []string{"IMAGES", "IM3"},
		[]string{"..", "SECRET"}, []string{"../SECRET"}, []string{"/etc", "passwd"}, []string{"IMAGES", "", "IM1"}))
	// Media come with folded names and ISO 9660 version suffixes.
	write(t, dir, "images/im1;1", dicomBytes("1"))
	write(t, dir, "IMAGES/IM2", dicomBytes("2"))
	write(t, dir, "EXTRA/IM9", dicomBytes("9"))
	index := "DICOMDIR: the index of the medium, not an image to read"
	missing := `DICOMDIR: refers to "IMAGES/IM3", which is not there`
	leads := "DICOMDIR: a reference that leads out of the medium, not followed"

	names, notes := walk(t, dir, source.Limits{})
	require.Equal(t, []string{"EXTRA/IM9", "IMAGES/IM2", "images/im1;1"}, names, "a folder is read whole")
	require.ElementsMatch(t, []string{index, missing, leads, leads, leads, leads}, notes)

	names, notes = walk(t, filepath.Join(dir, "DICOMDIR"), source.Limits{})
	require.Equal(t, []string{"IMAGES/IM2", "images/im1;1"}, names, "the index is read by itself")
	require.Contains(t, notes, "DICOMDIR: 1 DICOM files of the folder are not in the index and were not read")
	require.Contains(t, notes, missing)
}

func TestDICOMDIRInZip(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "cd.zip", zipOf(t,
		zipEntry{name: "cd/DICOMDIR", data: index(t, []string{"A", "1"}, []string{"A", "2"})},
		zipEntry{name: "cd/A/1", data: dicomBytes("1")}))
	names, notes := walk(t, filepath.Join(dir, "cd.zip"), source.Limits{})
	require.Equal(t, []string{"cd/A/1"}, names)
	require.Equal(t, []string{
		"cd/DICOMDIR: the index of the medium, not an image to read",
		`cd/DICOMDIR: refers to "A/2", which is not there`,
	}, notes)
}

func TestDICOMDIRThatIsBroken(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "DICOMDIR", []byte("nothing of the kind"))
	write(t, dir, "1", dicomBytes("1"))
	names, notes := walk(t, dir, source.Limits{})
	require.Equal(t, []string{"1"}, names)
	require.Len(t, notes, 1)
	require.Contains(t, notes[0], "DICOMDIR: the index is not readable")
	_, _, err := source.Walk(context.Background(), filepath.Join(dir, "DICOMDIR"), source.Limits{})
	require.Equal(t, refusal.Malformed, refusal.Of(err))

	write(t, dir, "DICOMDIR", index(t))
	_, _, err = source.Walk(context.Background(), filepath.Join(dir, "DICOMDIR"), source.Limits{})
	require.Equal(t, refusal.Malformed, refusal.Of(err))
}
