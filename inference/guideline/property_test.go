package guideline_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	g "nafas/inference/guideline"
)

var (
	allTypes  = []g.Type{g.TypeUnknown, g.Solid, g.PartSolid, g.NonSolid, g.CalcifiedBenign}
	allStates = []g.State{g.StateUnknown, g.Baseline, g.New, g.Growing, g.SlowlyGrowing, g.Stable}
	worse     = []g.Category{"", "0", "1", "2", "3", "4A", "4B", "4X"}
	everyOne  = map[string]func(g.Nodule, g.Patient) (g.Suggestion, error){
		"Lung-RADS": g.LungRADS, "Fleischner": g.Fleischner, "BTS": g.BTS, "European": g.European, "NELSON": g.NELSONVolume,
	}
)

// A larger nodule, all else equal, is never of a lower category; a size for
// which the table has no row ends the comparison.
func TestLungRADSRisesWithSize(t *testing.T) {
	for _, kind := range allTypes[1:] {
		for _, state := range allStates[1:] {
			for _, inside := range allStates {
				for _, solid := range []float64{0.5, 3.9, 4, 6, 8} {
					last := 0
					for tenth := int(solid * 10); tenth <= 400; tenth++ {
						n := seen(kind, state, float64(max(tenth, 1))/10)
						if kind == g.PartSolid {
							n.SolidPartMM, n.SolidPartState = solid, inside
						}
						s := lungRADS(t, n)
						if !s.Given() {
							continue
						}
						now := slices.Index(worse, s.Category)
						require.GreaterOrEqual(t, now, last, "%s %s %s %v mm, part %v mm", kind, state, inside, n.MeanMM, solid)
						last = now
					}
				}
			}
		}
	}
}

// The same for a growing solid part.
func TestLungRADSRisesWithTheSolidPart(t *testing.T) {
	for _, state := range allStates[1:] {
		for _, inside := range allStates {
			for _, total := range []float64{5.9, 6, 20} {
				last := 0
				for tenth := 1; tenth <= int(total*10); tenth++ {
					s := lungRADS(t, part(state, inside, total, float64(tenth)/10))
					if s.Given() {
						now := slices.Index(worse, s.Category)
						require.GreaterOrEqual(t, now, last, "%s %s %v mm, part %v", state, inside, total, float64(tenth)/10)
						last = now
					}
				}
			}
		}
	}
}

// A second reading of the table, as a plain rule: every tenth of a millimetre of
// a solid nodule.
func TestLungRADSSolidAtEveryTenth(t *testing.T) {
	cuts := map[g.State][]int{g.Baseline: {60, 80, 150}, g.Stable: {60, 80, 150}, g.New: {40, 60, 80}, g.Growing: {-1, -1, 80}}
	for state, at := range cuts {
		for tenth := 1; tenth <= 400; tenth++ {
			want := 0
			for _, cut := range at {
				if tenth >= cut {
					want++
				}
			}
			s := lungRADS(t, seen(g.Solid, state, float64(tenth)/10))
			require.Equal(t, []g.Category{"2", "3", "4A", "4B"}[want], s.Category, "%s %d tenths", state, tenth)
		}
	}
}

// BTS asks for no less of a larger nodule, by diameter and by volume.
func TestBTSRisesWithSize(t *testing.T) {
	order := []string{"BTS.SOLID.SMALL", "BTS.SOLID.5", "BTS.SOLID.6", "BTS.SOLID.8"}
	last := 0
	for tenth := 1; tenth <= 400; tenth++ {
		s, err := g.BTS(seen(g.Solid, g.Baseline, float64(tenth)/10), g.Patient{})
		require.NoError(t, err)
		now := slices.Index(order, s.Rule)
		require.GreaterOrEqual(t, now, last, "%d tenths", tenth)
		last = now
	}
	require.Equal(t, 3, last)
	last = 0
	for mm3 := 1.0; mm3 <= 1000; mm3++ {
		s, err := g.BTS(withVolume(mm3, seen(g.Solid, g.Baseline, 0)), g.Patient{})
		require.NoError(t, err)
		now := slices.Index(order, s.Rule)
		require.GreaterOrEqual(t, now, last, "%v mm3", mm3)
		last = now
	}
	require.Equal(t, 3, last)
}

// Every diameter has a Fleischner row when the nodule is seen first, and a
// larger one is never looked at later.
func TestFleischnerRisesWithSize(t *testing.T) {
	soonest := func(s g.Suggestion) int {
		month := 1000
		for _, step := range s.Now {
			if step.Action != g.NoRoutineCT {
				month = min(month, step.FromMonths)
			}
		}
		return month
	}
	for _, kind := range []g.Type{g.Solid, g.PartSolid, g.NonSolid} {
		for count := 1; count <= 2; count++ {
			for _, r := range []g.Risk{g.LowRisk, g.HighRisk} {
				last := 1000
				for tenth := 1; tenth <= 400; tenth++ {
					s, err := g.Fleischner(among(count, seen(kind, g.Baseline, float64(tenth)/10)), incidental(r))
					require.NoError(t, err)
					require.True(t, s.Given(), "%s %d %d tenths", kind, count, tenth)
					require.LessOrEqual(t, soonest(s), last, "%s %d %d tenths", kind, count, tenth)
					last = soonest(s)
				}
			}
		}
	}
}

// Brock rises with size over all that is valid.
func TestBrockRisesWithSize(t *testing.T) {
	last := 0.0
	for tenth := 10; tenth <= 300; tenth++ {
		r, err := g.Brock(place(g.Solid, float64(tenth)/10, g.No, 1, g.No), person(60, g.Male, g.No, g.No))
		require.NoError(t, err)
		require.Greater(t, *r.Probability, last)
		last = *r.Probability
	}
}

func TestWhatCannotBeIsRefused(t *testing.T) {
	old, young := 131, -1
	good := seen(g.Solid, g.Baseline, 7)
	bad := []g.Nodule{}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 1e300} {
		for _, set := range []func(*g.Nodule){
			func(n *g.Nodule) { n.MeanMM = v }, func(n *g.Nodule) { n.LongMM = v }, func(n *g.Nodule) { n.ShortMM = v },
			func(n *g.Nodule) { n.SolidPartMM = v }, func(n *g.Nodule) { n.VolumeMM3 = v },
			func(n *g.Nodule) { n.Prior = &g.Prior{MeanMM: v} }, func(n *g.Nodule) { n.Prior = &g.Prior{SolidPartMM: v} },
			func(n *g.Nodule) { n.Prior = &g.Prior{VolumeMM3: v} },
		} {
			n := good
			set(&n)
			bad = append(bad, n)
		}
	}
	bad = append(bad,
		g.Nodule{LongMM: 5, ShortMM: 6}, g.Nodule{ShortMM: 6}, g.Nodule{LongMM: 8, ShortMM: 6, MeanMM: 9}, g.Nodule{LongMM: 8, MeanMM: 9},
		g.Nodule{Type: g.Solid, SolidPartMM: 3, MeanMM: 8}, g.Nodule{Type: g.PartSolid, SolidPartMM: 8.2, MeanMM: 8},
		g.Nodule{Count: -1}, g.Nodule{Prior: &g.Prior{Days: -1}}, g.Nodule{Type: "cystic"}, g.Nodule{State: "gone"}, g.Nodule{SolidPartState: "gone"},
		g.Nodule{Shape: "round"}, g.Nodule{Features: []g.Feature{"large"}}, g.Nodule{Smooth: "maybe"}, g.Nodule{Prior: &g.Prior{Category: "5"}},
		g.Nodule{Prior: &g.Prior{Comparable: "maybe"}}, g.Nodule{State: g.New}, g.Nodule{State: g.Stable})
	for name, ask := range everyOne {
		for _, n := range bad {
			_, err := ask(n, g.Patient{})
			require.ErrorIs(t, err, g.ErrInput, "%s %+v", name, n)
		}
		for _, p := range []g.Patient{{AgeYears: &old}, {AgeYears: &young}, {Sex: "x"}, {Risk: "medium"}, {Screening: "maybe"}, {Emphysema: "maybe"}} {
			_, err := ask(good, p)
			require.ErrorIs(t, err, g.ErrInput, "%s %+v", name, p)
			require.NotContains(t, err.Error(), "131", "no attribute of a patient in an error")
		}
	}
	for _, n := range bad {
		_, err := g.Brock(n, g.Patient{})
		require.ErrorIs(t, err, g.ErrInput, "%+v", n)
		_, err = g.LungRADSExam([]g.Nodule{good, n}, g.Patient{})
		require.ErrorIs(t, err, g.ErrInput, "%+v", n)
	}
}

// Whatever is asked, the answer is either given or withheld with a reason, says
// that it is to be confirmed, and names its row.
func FuzzSuggestions(f *testing.F) {
	f.Add(uint8(1), uint8(1), uint8(0), 6.0, 5.0, 0.0, 0.0, 100.0, uint16(90), uint8(1), uint8(0))
	f.Add(uint8(2), uint8(2), uint8(2), 0.0, 0.0, 9.0, 4.0, 0.0, uint16(0), uint8(3), uint8(7))
	f.Add(uint8(3), uint8(5), uint8(5), 0.0, 0.0, math.NaN(), 0.0, math.Inf(1), uint16(365), uint8(0), uint8(255))
	f.Fuzz(func(t *testing.T, kind, state, inside uint8, long, short, mean, solid, mm3 float64, days uint16, count, bits uint8) {
		bit := func(i int) g.Answer { return []g.Answer{g.No, g.Yes}[bits>>i&1] }
		n := g.Nodule{Type: allTypes[int(kind)%len(allTypes)], State: allStates[int(state)%len(allStates)], SolidPartState: allStates[int(inside)%len(allStates)],
			LongMM: long, ShortMM: short, MeanMM: mean, SolidPartMM: solid, VolumeMM3: mm3, VolumeReliable: bit(0) == g.Yes,
			Count: int(count), Juxtapleural: bit(1), Smooth: bit(2), Shape: g.Oval, Spiculated: bit(3), UpperLobe: bit(4)}
		if bit(5) == g.Yes || n.State != g.Baseline && n.State != g.StateUnknown {
			n.Prior = &g.Prior{Days: int(days), MeanMM: mean, VolumeMM3: mm3 / 2, Comparable: bit(6), Category: "3"}
		}
		p := g.Patient{Screening: bit(7)}
		for name, ask := range everyOne {
			s, err := ask(n, p)
			require.Equal(t, g.CalculatedToBeConfirmed, s.Caveat, name)
			if err != nil {
				require.ErrorIs(t, err, g.ErrInput, name)
				continue
			}
			require.Equal(t, s.Given(), s.Rule != "", "%s %+v", name, s)
			require.Equal(t, s.Given(), len(s.Now) > 0, "%s %+v", name, s)
			if !s.Given() {
				require.Empty(t, s.Category, name)
			}
		}
		r, err := g.Brock(n, p)
		require.Equal(t, err == nil && r.Withheld == "", r.Given())
		if r.Given() {
			require.True(t, *r.Probability > 0 && *r.Probability < 1)
		}
	})
}
