package dicomio_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/source"
)

// From a few kilobytes of each real file as much is read as from all of it.
func TestHeadsOfRealFilesIdentify(t *testing.T) {
	items, _, err := source.Walk(t.Context(), testData(t), source.Limits{})
	require.NoError(t, err)
	heads := 0
	for _, it := range items {
		data, err := it.Open()
		require.NoError(t, err)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		want, err := dicomio.Identify(f)
		require.NoError(t, err)
		got, ok := dicomio.IdentifyHead(data[:min(len(data), 64<<10)])
		require.True(t, ok, it.Name)
		heads++
		want.FrameOfReferenceUID = ""
		require.Equal(t, want, got, it.Name)
	}
	require.Greater(t, heads, 1000)
}

func TestHeadsThatDoNotIdentify(t *testing.T) {
	data := slice("", 0, 0).bytes(t)
	_, ok := dicomio.IdentifyHead(data)
	require.True(t, ok)
	_, ok = dicomio.IdentifyHead(data[:200])
	require.False(t, ok, "cut before the UIDs")
	_, ok = dicomio.IdentifyHead(slice("", 0, 0).del(tag.SeriesInstanceUID).bytes(t))
	require.False(t, ok, "without a series")
}

func TestAnImageIsNoMediaDirectory(t *testing.T) {
	f, err := part10.Parse(slice("", 0, 0).bytes(t), part10.DefaultLimits())
	require.NoError(t, err)
	require.False(t, dicomio.IsMediaDirectory(f)) // TestDCMTKMedium has one
}

func TestDate(t *testing.T) {
	for value, want := range map[string]string{
		"20260131": "20260131", "2026.01.31": "20260131", "20260231": "", "": "", "2026": "", "20260131 ": "", "2026-01-31": "",
	} {
		require.Equal(t, want, dicomio.Date(value), value)
	}
}
