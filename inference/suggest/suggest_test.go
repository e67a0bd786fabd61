package suggest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/finding"
	g "nafas/inference/guideline"
	"nafas/inference/measure"
	"nafas/inference/prior"
	"nafas/inference/suggest"
)

// measured is a measurement to rely on.
func measured(k measure.Kind, long, short, volume float64) *measure.Measurement {
	return &measure.Measurement{
		Kind: k, KindConfidence: .97, LongAxisMM: long, ShortAxisMM: short, MeanDiameterMM: (long + short) / 2, VolumeMM3: volume, VolumeError: .1,
	}
}

// found is a flagged finding in the right upper lobe, away from the pleura.
func found(m *measure.Measurement) suggest.Finding {
	return suggest.Finding{
		Finding:  finding.Finding{Rank: 1, Score: .9, Flagged: true, MeanDiameterMM: 20, Side: finding.SideRight},
		Measured: m, Place: &finding.Place{Side: finding.SideRight, Lobe: finding.LobeRightUpper, PleuraMM: 20},
	}
}

func exam(f ...suggest.Finding) suggest.Exam {
	for i := range f {
		f[i].Rank = i + 1
	}
	return suggest.Exam{Findings: f}
}

// compared is an exam of one finding with its change since an exam 200 days
// before.
func compared(f suggest.Finding, c prior.Change) suggest.Exam {
	f.Change = &c
	e := exam(f)
	e.Earlier, e.Comparison = true, &prior.Comparison{Days: 200, Current: []prior.Change{c}}
	return e
}

func paired(before *measure.Measurement, comparable bool) prior.Change {
	c := prior.Change{State: prior.Paired, EarlierMeasured: before}
	if comparable {
		c.Growth = &prior.Growth{}
	} else {
		c.NoGrowth = []prior.Reason{prior.KernelDiffers}
	}
	return c
}

// screened is a person of whom all is known but what the Brock model asks.
func screened() g.Patient {
	age := 60
	return g.Patient{AgeYears: &age, Screening: g.Yes, KnownLungCancer: g.No}
}

func of(t *testing.T, e suggest.Exam, p g.Patient, ask ...suggest.Name) suggest.Suggestions {
	t.Helper()
	s, err := suggest.Of(e, p, ask...)
	require.NoError(t, err)
	require.Equal(t, suggest.Method, s.Method)
	return s
}

// What Lung-RADS suggests for one finding, by what is known of it.
func TestLungRADSOfOneFinding(t *testing.T) {
	solid8 := measured(measure.KindSolid, 9, 8, 300)
	earlier := exam(found(solid8))
	earlier.Earlier = true
	refused := compared(found(solid8), prior.Change{State: prior.New})
	refused.Comparison.Refused = prior.LungsDiffer
	doubted := *solid8
	doubted.Doubt = measure.DoubtNoEdge
	small := measured(measure.KindSolid, 5, 4, 50)
	small.KindConfidence = .76
	smallOfGlass := *small
	smallOfGlass.Kind = measure.KindPartSolid
	smallOfGlass.SolidVolumeMM3, smallOfGlass.SolidDiameterMM = 20, 3.4
	untold := *solid8
	untold.Kind = measure.KindUnknown
	guess := *solid8
	guess.KindConfidence = .5
	part := measured(measure.KindPartSolid, 12, 10, 600)
	part.SolidDiameterMM, part.SolidVolumeMM3 = 6.4, 137
	partBefore := *part
	partBefore.SolidDiameterMM = 4.2
	long := measured(measure.KindPartSolid, 7, 5, 800)
	long.SolidDiameterMM = 9.1
	for _, c := range []struct {
		why      string
		exam     suggest.Exam
		category g.Category
		withheld g.Reason
		missing  []g.Fact
		rule     string
	}{
		{"baseline: no earlier exam is known", exam(found(solid8)), g.Category4A, "", nil, "LR.SOLID.SIZE.4A"},
		{"an earlier exam exists and was not compared", earlier, "", g.StateNotKnown, nil, ""},
		{"the comparison was refused", refused, "", g.StateNotKnown, nil, ""},
		{"compared, but nothing is said of this finding", suggest.Exam{Earlier: true, Findings: []suggest.Finding{found(solid8)}, Comparison: &prior.Comparison{Days: 200}}, "", g.StateNotKnown, nil, ""},
		{"not sure to be the same", compared(found(solid8), prior.Change{State: prior.Unpaired}), "", g.StateNotKnown, nil, ""},
		{"new", compared(found(solid8), prior.Change{State: prior.New}), g.Category4B, "", nil, "LR.SOLID.NEW.4B"},
		{"growing by more than 1.5 mm", compared(found(solid8), paired(measured(measure.KindSolid, 7, 6.8, 170), false)), g.Category4B, "", nil, "LR.SOLID.GROWING.4B"},
		{"stable: by size", compared(found(solid8), paired(measured(measure.KindSolid, 8.5, 8, 290), false)), g.Category4A, "", []g.Fact{g.FactPriorCategory}, "LR.SOLID.SIZE.4A"},
		{"its size at the earlier exam is not known", compared(found(solid8), paired(&doubted, false)), "", g.StateNotKnown, nil, ""},
		{"a measurement with a doubt: the detector's 20 mm are no size", exam(found(&doubted)), "", g.FactsMissing, []g.Fact{g.FactType, g.FactSize}, ""},
		{"not measured", exam(found(nil)), "", g.FactsMissing, []g.Fact{g.FactType, g.FactSize}, ""},
		{"part-solid", exam(found(part)), g.Category4A, "", nil, "LR.PARTSOLID.SIZE.4A"},
		{"a solid part that grew by more than 1.5 mm", compared(found(part), paired(&partBefore, true)), g.Category4B, "", nil, "LR.PARTSOLID.PART.4B"},
		{"a solid part in what was ground glass", compared(found(part), paired(measured(measure.KindGroundGlass, 12, 10, 600), true)), g.Category4B, "", nil, "LR.PARTSOLID.PART.4B"},
		{"a solid part that is not known before", compared(found(part), paired(measured(measure.KindSolid, 12, 10, 600), true)), "", g.FactsMissing, []g.Fact{g.FactSolidState}, ""},
		{"a solid part whose ball is larger than the axes on a slice", exam(found(long)), g.Category4A, "", nil, "LR.PARTSOLID.SIZE.4A"},
		{"ground glass", exam(found(measured(measure.KindGroundGlass, 12, 10, 600))), g.Category2, "", nil, "LR.NONSOLID.SMALL.2"},
		{"calcified: no benign pattern is known", exam(found(measured(measure.KindCalcified, 9, 8, 300))), g.Category4A, "", nil, "LR.SOLID.SIZE.4A"},
		{"a kind that is not told", exam(found(&untold)), "", g.FactsMissing, []g.Fact{g.FactType}, ""},
		{"a kind that is not sure, and every kind has the same answer", exam(found(small)), g.Category2, "", nil, "LR.SOLID.SIZE.2"},
		{"the same of a part-solid one", exam(found(&smallOfGlass)), g.Category2, "", nil, "LR.PARTSOLID.SIZE.2"},
		{"a kind that is not sure, and the answer hangs on it", exam(found(&guess)), "", g.FactsMissing, []g.Fact{g.FactType}, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := of(t, c.exam, screened(), suggest.LungRADS)
			require.Len(t, s.Guidelines, 1)
			one := s.Guidelines[0].Each[0]
			require.Equal(t, g.CalculatedToBeConfirmed, one.Caveat)
			require.Equal(t, c.withheld, one.Withheld)
			require.Equal(t, c.category, one.Category)
			require.Equal(t, c.rule, one.Rule)
			require.Subset(t, one.Missing, c.missing)
			require.Len(t, one.Missing, len(c.missing), "%v", one.Missing)
			require.Equal(t, c.category, s.Guidelines[0].Exam.Category, "the exam's is its only finding's")
		})
	}
}

// What hangs on the kind is said for every kind.
func TestOptionsWhereTheKindIsNotSure(t *testing.T) {
	m := measured(measure.KindSolid, 9, 8, 300)
	m.KindConfidence = .5
	s := of(t, exam(found(m)), screened(), suggest.LungRADS)
	one := s.Guidelines[0].Each[0]
	require.Equal(t, []g.Question{g.AskType}, one.NeedsRadiologist)
	require.Len(t, one.Options, 2, "what is part-solid needs its solid part, which nobody measured")
	require.Equal(t, g.AssumesSolid, one.Options[0].Assumes)
	require.Equal(t, g.Category4A, one.Options[0].Category)
	require.Equal(t, g.AssumesNonSolid, one.Options[1].Assumes)
	require.Equal(t, g.Category2, one.Options[1].Category)
	require.Zero(t, s.Guidelines[0].LeadRank)

	m = measured(measure.KindSolid, 5, 4, 50)
	m.KindConfidence = .76
	s = of(t, exam(found(m)), screened(), suggest.LungRADS)
	require.Equal(t, []g.Question{g.AskType}, s.Guidelines[0].Each[0].NeedsRadiologist, "the same answer, and a question")
	require.Equal(t, []g.Question{g.AskType}, s.Guidelines[0].Exam.NeedsRadiologist)
}

// Only flagged findings are asked about, and the others are counted.
func TestOnlyFlaggedFindingsCount(t *testing.T) {
	faint := found(measured(measure.KindSolid, 20, 20, 4000))
	faint.Flagged = false
	s := of(t, exam(found(measured(measure.KindSolid, 7, 6, 150)), faint), screened())
	require.Equal(t, []int{1}, s.Ranks)
	require.Equal(t, 1, s.NotFlagged)
	require.Equal(t, g.Category3, s.Guidelines[0].Exam.Category)
	require.Equal(t, 1, s.Guidelines[0].LeadRank)
	require.Len(t, s.Guidelines, 3)
	require.Len(t, s.Brock, 1)

	s = of(t, exam(faint), screened())
	require.Empty(t, s.Ranks)
	for _, by := range s.Guidelines {
		require.Empty(t, by.Each)
		if by.Exam != nil {
			require.Equal(t, g.NoFindings, by.Exam.Withheld, "no findings are no category")
			require.Empty(t, by.Exam.Category)
		}
	}
}

// The exam's answer is the worst finding's; one that has none leaves it open.
func TestTheExam(t *testing.T) {
	large, small := found(measured(measure.KindSolid, 16, 15, 1900)), found(measured(measure.KindSolid, 5, 5, 60))
	s := of(t, exam(small, large), screened(), suggest.LungRADS)
	require.Equal(t, g.Category4B, s.Guidelines[0].Exam.Category)
	require.Equal(t, 2, s.Guidelines[0].LeadRank)
	require.False(t, s.Guidelines[0].AtLeast)
	s = of(t, exam(found(nil), large), screened(), suggest.LungRADS)
	require.Equal(t, g.Category4B, s.Guidelines[0].Exam.Category)
	require.True(t, s.Guidelines[0].AtLeast)
	s = of(t, exam(found(nil), small), screened(), suggest.LungRADS)
	require.Equal(t, g.SomeNotCategorised, s.Guidelines[0].Exam.Withheld, "a category 2 would sound as if the other were none")
	require.Zero(t, s.Guidelines[0].LeadRank)
}

// What nobody confirmed is said with the answer.
func TestAssumptions(t *testing.T) {
	s := of(t, exam(found(measured(measure.KindCalcified, 9, 8, 300))), g.Patient{}, suggest.LungRADS)
	want := []g.Assumption{g.AssumesScreening, g.AssumesNoLungCancer, g.AssumesNoPrior, g.AssumesNoBenignPattern}
	require.Equal(t, want, s.Guidelines[0].Each[0].Assumptions)
	require.Equal(t, want, s.Guidelines[0].Exam.Assumptions)
	s = of(t, compared(found(measured(measure.KindSolid, 9, 8, 300)), prior.Change{State: prior.New}), screened(), suggest.LungRADS)
	require.Empty(t, s.Guidelines[0].Each[0].Assumptions, "compared: there is an earlier exam")
}

// The patient's facts decide which guideline applies.
func TestPatientFacts(t *testing.T) {
	e := exam(found(measured(measure.KindSolid, 9, 8, 300)))
	young := 30
	for _, c := range []struct {
		why                  string
		p                    g.Patient
		lungRADS, fleischner g.Reason
	}{
		{"nothing is known: Fleischner's risk matters not above 8 mm", g.Patient{}, "", ""},
		{"screening", g.Patient{Screening: g.Yes}, "", g.IsScreening},
		{"no screening", g.Patient{Screening: g.No}, g.NotScreening, ""},
		{"under 35", g.Patient{AgeYears: &young}, "", g.Under35},
		{"a known cancer", g.Patient{KnownCancer: g.Yes}, "", g.KnownCancer},
		{"a known lung cancer", g.Patient{KnownLungCancer: g.Yes}, g.KnownLungCancer, g.KnownCancer},
		{"immunosuppressed", g.Patient{Immunosuppressed: g.Yes}, "", g.Immunosuppressed},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := of(t, e, c.p, suggest.LungRADS, suggest.Fleischner)
			require.Equal(t, []g.Reason{c.lungRADS, c.fleischner}, []g.Reason{s.Guidelines[0].Exam.Withheld, s.Guidelines[1].Exam.Withheld})
		})
	}
	s := of(t, exam(found(measured(measure.KindSolid, 7, 6, 150))), g.Patient{}, suggest.Fleischner)
	require.Equal(t, []g.Fact{g.FactRisk}, s.Guidelines[0].Each[0].Missing)
	require.Len(t, s.Guidelines[0].Each[0].Options, 2, "the answer of either risk")
	impossible := 200
	_, err := suggest.Of(e, g.Patient{AgeYears: &impossible})
	require.ErrorIs(t, err, g.ErrInput)
}

// Brock needs age, sex, history, place and margin, and none is made up.
func TestBrock(t *testing.T) {
	age := 60
	full := g.Patient{AgeYears: &age, Sex: g.Male, FamilyHistory: g.No, Emphysema: g.No, Screening: g.Yes}
	solid := func() suggest.Finding {
		f := found(measured(measure.KindSolid, 8, 7, 230))
		f.Spiculated = g.No
		return f
	}
	changed := func(change func(*suggest.Finding)) suggest.Finding {
		f := solid()
		change(&f)
		return f
	}
	for _, c := range []struct {
		why     string
		f       suggest.Finding
		p       g.Patient
		missing []g.Fact
	}{
		{"every fact", solid(), full, nil},
		{"of the patient nothing", solid(), g.Patient{}, []g.Fact{g.FactAge, g.FactSex, g.FactFamily, g.FactEmphysema}},
		{"the lobe is not known", changed(func(f *suggest.Finding) { f.Place.Lobe = "" }), full, []g.Fact{g.FactUpperLobe}},
		{"the lobe is of the other side", changed(func(f *suggest.Finding) { f.Place.Lobe = finding.LobeLeftUpper }), full, []g.Fact{g.FactUpperLobe}},
		{"the place is of the other side", changed(func(f *suggest.Finding) { f.Side = finding.SideLeft }), full, []g.Fact{g.FactUpperLobe}},
		{"no reader spoke of the margin", changed(func(f *suggest.Finding) { f.Spiculated = "" }), full, []g.Fact{g.FactSpiculation}},
		{"a size with a doubt", changed(func(f *suggest.Finding) { f.Measured.Doubt = measure.DoubtCut }), full, []g.Fact{g.FactLongAxis, g.FactType}},
		{"not measured", changed(func(f *suggest.Finding) { f.Measured = nil }), full, []g.Fact{g.FactLongAxis, g.FactType}},
		{"a kind that is not sure", changed(func(f *suggest.Finding) { f.Measured.KindConfidence = .7 }), full, []g.Fact{g.FactType}},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := of(t, exam(c.f), c.p, suggest.Brock).Brock[0]
			require.Equal(t, c.missing, r.Missing)
			require.Equal(t, c.missing == nil, r.Given())
			if r.Given() {
				require.InDelta(t, .030850, *r.Probability, 1e-6, "the facts sheet's case: 60 y man, 8 mm solid, upper lobe, one nodule")
				require.Equal(t, []g.Assumption{g.AssumesNodules}, r.Assumptions)
			}
		})
	}
}

// BTS goes by volumes that may be compared, else by diameters.
func TestBTSFollowsVolumes(t *testing.T) {
	now, before := measured(measure.KindSolid, 8, 7, 230), measured(measure.KindSolid, 7.6, 7, 170)
	s := of(t, compared(found(now), paired(before, true)), screened(), suggest.BTS)
	require.Equal(t, "BTS.GROWING.SLOW.3_MONTHS", s.Guidelines[0].Each[0].Rule, "up by 35 % in 200 days: it doubles in 459")
	require.Nil(t, s.Guidelines[0].Exam)
	s = of(t, compared(found(now), paired(before, false)), screened(), suggest.BTS)
	require.Equal(t, "BTS.STABLE.3_MONTHS.DIAMETER", s.Guidelines[0].Each[0].Rule, "another kernel: by the diameter, which did not change by 2 mm")
	glass := *before
	glass.Kind = measure.KindGroundGlass
	same := *now
	same.VolumeMM3 = glass.VolumeMM3
	s = of(t, compared(found(&same), paired(&glass, true)), screened(), suggest.BTS)
	require.Equal(t, g.StateNotKnown, s.Guidelines[0].Each[0].Withheld, "ground glass that turned solid is not stable, though it is as large")
	s = of(t, compared(found(now), paired(&glass, true)), screened(), suggest.BTS)
	require.Equal(t, "BTS.GROWING.SLOW.3_MONTHS", s.Guidelines[0].Each[0].Rule, "growth is growth")
	rough := *now
	rough.VolumeError = .3
	s = of(t, exam(found(&rough)), screened(), suggest.BTS)
	require.Equal(t, g.ByDiameter, s.Guidelines[0].Each[0].Used.By, "a volume that errs by more than growth is none")
}

func TestVolumeProtocols(t *testing.T) {
	s := of(t, exam(found(measured(measure.KindSolid, 9, 8, 350))), screened(), suggest.European, suggest.NELSON)
	require.Equal(t, "EU.SOLID.BASELINE", s.Guidelines[0].Each[0].Rule)
	require.Equal(t, "NELSON.SOLID.INDETERMINATE", s.Guidelines[1].Each[0].Rule)
	s = of(t, compared(found(measured(measure.KindSolid, 9, 8, 350)), prior.Change{State: prior.New}), screened(), suggest.European, suggest.NELSON)
	require.Equal(t, "EU.SOLID.NEW", s.Guidelines[0].Each[0].Rule)
	require.Equal(t, g.NoRow, s.Guidelines[1].Each[0].Withheld)
}

// Whatever is measured, there is an answer or a reason, and no error; where the
// answer is withheld there is no category.
func FuzzAnything(f *testing.F) {
	f.Add(9.0, 8.0, 300.0, 4.0, .1, .9, uint8(1), uint8(2), 200)
	f.Add(1e9, -3.0, 1e300, 1e9, 0.0, 0.0, uint8(2), uint8(1), -5)
	f.Fuzz(func(t *testing.T, long, short, volume, solid, volumeError, confidence float64, kind, state uint8, days int) {
		kinds := []measure.Kind{measure.KindUnknown, measure.KindSolid, measure.KindPartSolid, measure.KindGroundGlass, measure.KindCalcified}
		states := []prior.State{"", prior.New, prior.Paired, prior.Unpaired}
		m := measured(kinds[int(kind)%len(kinds)], long, short, volume)
		m.SolidDiameterMM, m.VolumeError, m.KindConfidence = solid, volumeError, confidence
		e := compared(found(m), prior.Change{State: states[int(state)%len(states)], EarlierMeasured: m, Growth: &prior.Growth{}})
		e.Comparison.Days = days
		for _, one := range []suggest.Exam{e, exam(found(m))} {
			s, err := suggest.Of(one, screened(), suggest.Names()...)
			require.NoError(t, err)
			for _, by := range s.Guidelines {
				for _, each := range by.Each {
					require.Equal(t, each.Withheld == "", each.Rule != "", "%+v", each)
					require.True(t, each.Given() || each.Category == "")
				}
			}
		}
	})
}
