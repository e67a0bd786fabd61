package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
)

func TestHowLongARescoringTakes(t *testing.T) {
	night, err := rescore.ParseWindow("20:00-08:00")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		pace   pacing
		series int64
		slices int64
		want   time.Duration
	}{
		"thin slices":                 {pacing{slots: 1}, 10, 3000, 100 * time.Second},
		"thick ones of as many lungs": {pacing{slots: 1}, 10, 600, 76 * time.Second},
		"two cores":                   {pacing{slots: 2}, 10, 3000, 50 * time.Second},
		"half of the day":             {pacing{slots: 1, window: night}, 10, 3000, 200 * time.Second},
		"the pace so far":             {pacing{slots: 2, series: 3 * time.Second}, 10, 3000, 30 * time.Second},
		"nothing to read":             {pacing{slots: 2}, 0, 0, 0},
	} {
		require.Equal(t, c.want, c.pace.estimate(rescore.Preview{ReadSeries: c.series, ReadSlices: c.slices}), name)
	}
}
