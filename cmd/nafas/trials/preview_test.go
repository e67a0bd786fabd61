package trials_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"nafas/internal/rescore"
	nafasv1 "nafas/proto/nafas/v1"
)

// A dry run says what will be read and why the rest will not, and leaves nothing
// behind.
func TestADryRunReadsNothing(t *testing.T) {
	p := newPast(t, 200)
	data, temporary := filepath.Join(t.TempDir(), "data"), t.TempDir()
	p.env = append(p.env, "TMPDIR="+temporary)
	out := p.run([]int{exitDone}, "rescore", "start", p.archive, "--data", data, "--model", p.model, "--dry-run", "--window", "20:00-08:00")
	require.NoDirExists(t, data)
	var said nafasv1.RescoringPreview
	require.NoError(t, protojson.Unmarshal([]byte(out), &said))
	require.Equal(t, p.truth.Files, said.GetFiles())
	skipped, failed := map[string]int64{}, map[string]int64{}
	read := int64(0)
	for _, end := range p.truth.Series {
		switch {
		case end.State == rescore.Scored, end.Reason == "MISSING_SLICES", end.Reason == "DICOM_MALFORMED":
			read++ // the last two show when the images are laid and decoded
		case end.State == rescore.Skipped:
			skipped[end.Reason]++
		default:
			failed[end.Reason]++
		}
	}
	for _, end := range p.truth.Loose {
		if end.State == rescore.Skipped {
			skipped[end.Reason]++
		} else {
			failed[end.Reason]++
		}
	}
	require.Equal(t, skipped, said.GetSkipped())
	found := said.GetFailed()
	require.GreaterOrEqual(t, found["DICOM_MALFORMED"], failed["DICOM_MALFORMED"])
	delete(found, "DICOM_MALFORMED")
	delete(failed, "DICOM_MALFORMED")
	require.Equal(t, failed, found)
	require.InDelta(t, read, said.GetReadSeries(), 1)
	require.Positive(t, said.GetReadSlices())
	require.Positive(t, said.GetBytes())
	require.Positive(t, said.GetEstimate().AsDuration())
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left)
}
