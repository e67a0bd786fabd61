package rescore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
	"nafas/internal/triage"
)

func TestWhatIsSkippedAndWhatFails(t *testing.T) {
	for _, r := range []refusal.Reason{
		refusal.NotCT, refusal.Localizer, refusal.DerivedReformat, refusal.OwnResult, refusal.TooFewSlices, refusal.NotAxial,
		refusal.GantryTilt, refusal.TooThick, refusal.NotHounsfield, refusal.NoLung, refusal.NotPreferred, rescore.ReasonNotDICOM,
	} {
		require.Equal(t, rescore.Skipped, rescore.StateOf(r), r)
	}
	for _, r := range []refusal.Reason{
		refusal.Malformed, refusal.Unsupported, refusal.TooLarge, refusal.MissingSlices, refusal.DuplicatePositions,
		refusal.VariableSpacing, refusal.NoRescale, refusal.BadPixelFormat, refusal.BadOrientation, refusal.MissingGeometry,
		refusal.MixedGeometry, refusal.PatientMismatch, refusal.ChangedDuplicate, triage.WorkerCrashed, triage.Internal,
		triage.LimitExceeded, rescore.ReasonGone, rescore.ReasonNotHandedOut, "A_REASON_OF_A_LATER_VERSION",
	} {
		require.Equal(t, rescore.Failed, rescore.StateOf(r), r)
	}
}

func TestWindows(t *testing.T) {
	at := func(h, m int) time.Time { return time.Date(2026, 3, 1, h, m, 0, 0, time.Local) }
	for _, c := range []struct {
		window       string
		open, closed []time.Time
		hours        float64
	}{
		{"", []time.Time{at(0, 0), at(12, 0)}, nil, 24},
		{"20:00-06:00", []time.Time{at(20, 0), at(23, 59), at(0, 0), at(5, 59)}, []time.Time{at(6, 0), at(12, 0), at(19, 59)}, 10},
		{"12:30-13:00", []time.Time{at(12, 30), at(12, 59)}, []time.Time{at(12, 29), at(13, 0), at(0, 0)}, .5},
	} {
		w, err := rescore.ParseWindow(c.window)
		require.NoError(t, err)
		for _, t0 := range c.open {
			require.True(t, w.Open(t0), "%s at %s", c.window, t0)
		}
		for _, t0 := range c.closed {
			require.False(t, w.Open(t0), "%s at %s", c.window, t0)
		}
		require.InDelta(t, c.hours, w.HoursADay(), 1e-9)
	}
	for _, bad := range []string{"20:00", "20-6", "25:00-06:00", "20:00-20:00", "20:00-06:00-07:00", "-"} {
		_, err := rescore.ParseWindow(bad)
		require.Error(t, err, bad)
	}
}

func TestQueuesDifferByRecipe(t *testing.T) {
	a := rescore.Queue(triage.Recipe{ModelSHA256: "m", ConfigSHA256: "c"})
	require.Equal(t, a, rescore.Queue(triage.Recipe{ModelSHA256: "m", ConfigSHA256: "c"}))
	require.NotEqual(t, a, rescore.Queue(triage.Recipe{ModelSHA256: "m", ConfigSHA256: "d"}))
	require.NotEqual(t, a, rescore.Queue(triage.Recipe{ModelSHA256: "n", ConfigSHA256: "c"}))
	require.Regexp(t, `^[a-z0-9_]+$`, a, "what River takes as the name of a queue")
}
