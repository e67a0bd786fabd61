package prior_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/measure"
	"nafas/inference/phantom"
	"nafas/inference/prior"
)

// With -growth FILE the table of docs/accuracy/growth.md is measured, which takes
// a quarter of an hour, and written there, and all real scans are compared; with -pairs FILE every nodule too, as
// CSV.
var (
	growthFile = flag.String("growth", "", "compare all simulated pairs, and write the table to this `file`")
	pairsFile  = flag.String("pairs", "", "with -growth: write every nodule to this `file` as CSV")
	chosenOn   = flag.Bool("development", false, "with -growth: compare the pairs that the method's constants were chosen on")
	firstSeed  = flag.Uint64("seed", 94001, "with -growth: the seed of the first pair; others than 94001 are pairs that nobody has looked at")
	howMany    = flag.Int("count", 36, "with -growth: the number of pairs")
)

// settingOf: the pairs that the constants were chosen on have the standard
// kernel, noise of 15 and 30 HU and seeds from 93001; those that are measured have
// the other kernels, other noise and other seeds (-seed).
func settingOf(n int, development bool) setting {
	s := setting{
		seed: *firstSeed + uint64(n), sliceMM: []float64{.75, 1.25, 2.5}[n%3], days: []int{90, 180, 365}[n/3%3],
		kernel: []phantom.Kernel{phantom.Soft, phantom.Sharp}[n/9%2], noise: []float64{10, 20, 40}[(n/3+n/9)%3], nodules: 36,
	}
	if development {
		s.seed, s.kernel, s.noise = 93001+uint64(n), phantom.Standard, []float64{15, 30}[n/9%2]
	}
	return s
}

// outcome is what was said of one nodule, or of one false mark.
type outcome struct {
	setting
	body
	state prior.State
	// right: its partner is the right one, or the place lies in the nodule.
	right  bool
	offMM  float64 // how far the place in the earlier exam is off
	change prior.Change
	size   *measure.Measurement // now
}

const falseMark fate = "false mark"

// trueLog is the logarithm of the true ratio of volumes, of the parts in the lung.
func (o outcome) trueLog() float64 { return 3 * math.Log(o.now.DiameterMM/o.then.DiameterMM) }

// trueInBand tells whether the true doublings per year lie in the band.
func (o outcome) trueInBand() bool {
	perYear := 365.25 * o.trueLog() / math.Ln2 / float64(o.days)
	return o.change.Growth.DoublingsPerYearLow <= perYear && perYear <= o.change.Growth.DoublingsPerYearHigh
}

// outcomes compares a pair.
func outcomes(t *testing.T, p *pair) (out []outcome) {
	t.Helper()
	c, err := prior.Compare(t.Context(), p.current, p.earlier, p.days)
	require.NoError(t, err)
	require.Empty(t, c.Refused, "seed %d, overlap %.3f", p.seed, c.LungOverlap)
	known := map[int]bool{}
	for _, b := range p.bodies {
		o := outcome{setting: p.setting, body: b}
		switch {
		case b.inNow >= 0:
			known[b.inNow] = true
			o.change, o.size = c.Current[b.inNow], p.current.Findings[b.inNow].Measured
			o.state = o.change.State
			o.judge(p)
		case b.inThen >= 0 && b.fate == isGone:
			o.state, o.change.Earlier = c.Earlier[b.inThen].State, -1
		default:
			continue // no exam's list has it
		}
		out = append(out, o)
	}
	for i, change := range c.Current {
		if known[i] {
			continue
		}
		o := outcome{setting: p.setting, body: body{fate: falseMark}, state: change.State, change: change}
		for _, b := range p.bodies {
			o.right = o.right || change.Earlier >= 0 && change.Earlier == b.inThen // with a nodule: wrong
		}
		out = append(out, o)
	}
	return out
}

func (o *outcome) judge(p *pair) {
	if o.fate != stays || o.then.ID == 0 {
		return
	}
	o.offMM = o.change.EarlierCenterLPSMM.Sub(o.then.CenterLPSMM).Norm()
	if o.change.Earlier >= 0 {
		o.right = o.change.Earlier == o.inThen
	} else {
		o.right = o.offMM <= o.then.DiameterMM/2
	}
}

// TestGrowth compares one simulated pair, or with -growth all that the documented
// figures come from.
func TestGrowth(t *testing.T) {
	if *growthFile == "" {
		checkFew(t, outcomes(t, aPair(t)))
		return
	}
	all := make([][]outcome, *howMany)
	var done sync.Mutex
	for n := range all {
		t.Run(fmt.Sprint("pair ", n), func(t *testing.T) {
			t.Parallel()
			of := outcomes(t, simulate(t, settingOf(n, *chosenOn)))
			done.Lock()
			defer done.Unlock()
			all[n] = of
			// After each pair, so that a run that is cut short is not lost.
			require.NoError(t, os.WriteFile(*growthFile, []byte(report(slices.Concat(all...))), 0o600))
			if *pairsFile != "" {
				require.NoError(t, os.WriteFile(*pairsFile, []byte(table(slices.Concat(all...))), 0o600))
			}
		})
	}
}

func checkFew(t *testing.T, all []outcome) {
	both := kept(all, inBoth)
	require.GreaterOrEqual(t, len(both), 12)
	for _, o := range both {
		require.Equal(t, prior.Paired, o.state, "%v %v of %.1f mm", o.Kind, o.Placement, o.now.DiameterMM)
		require.True(t, o.right)
	}
	told := kept(both, grown)
	require.GreaterOrEqual(t, len(told), 10)
	require.GreaterOrEqual(t, len(kept(told, outcome.trueInBand)), len(told)-1)
	pairs, clear := clearOf(kept(told, large))
	require.Positive(t, pairs)
	require.Equal(t, pairs, clear, "bands of 100 days and of stable")
	for _, o := range all {
		switch o.fate {
		case isNew, isGone:
			require.NotEqual(t, prior.Paired, o.state, "%v %v of %.1f mm, %s", o.Kind, o.Placement, o.now.DiameterMM, o.fate)
		case stays:
			require.NotEqual(t, prior.Gone, o.state)
		case falseMark:
			require.False(t, o.right, "a false mark is paired with a nodule")
		}
	}
	require.NotEmpty(t, kept(all, func(o outcome) bool { return o.fate == isNew && o.state == prior.New }))
	require.NotEmpty(t, kept(all, func(o outcome) bool { return o.fate == isGone && o.state == prior.Gone }))
}

// inBoth are the nodules that the detector found in both exams.
func inBoth(o outcome) bool { return o.fate == stays && o.inNow >= 0 && o.inThen >= 0 }

// grown are those whose growth is told.
func grown(o outcome) bool { return o.fate == stays && o.right && o.change.Growth != nil }
