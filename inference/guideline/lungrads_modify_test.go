package guideline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	g "nafas/inference/guideline"
)

// What no table settles goes to the radiologist, with the question.
func TestLungRADSAsksTheRadiologist(t *testing.T) {
	for _, c := range []struct {
		why string
		n   g.Nodule
		ask []g.Question
	}{
		{"sources disagree", part(g.New, "", 6, 3.9), []g.Question{g.AskNewPartSolid}},
		{"sources disagree", part(g.New, "", 6, 4), []g.Question{g.AskNewPartSolid}},
		{"no disagreement below 6", part(g.New, "", 5.9, 3), nil},
		{"two rows fit", part(g.New, "", 5.9, 4), []g.Question{g.AskTwoRows}},
		{"slow growth may be 4B", seen(g.Solid, g.SlowlyGrowing, 5), []g.Question{g.AskSlowGrowth}},
		{"a large new nodule may be infection", seen(g.Solid, g.New, 8), []g.Question{g.AskInfection}},
		{"a smaller one less so", seen(g.Solid, g.New, 7.9), nil},
		{"a benign look that grows", seen(g.CalcifiedBenign, g.Growing, 5), []g.Question{g.AskBenignGrows}},
		{"a plain one", seen(g.Solid, g.Baseline, 7), nil},
	} {
		require.Equal(t, c.ask, lungRADS(t, c.n).NeedsRadiologist, c.why)
	}
}

func TestLungRADSFeaturesMake4X(t *testing.T) {
	for mm, want := range map[float64]g.Category{5.9: "2", 6: "4X", 8: "4X", 15: "4X"} {
		n := seen(g.Solid, g.Baseline, mm)
		n.Features = []g.Feature{g.Spiculation}
		s := lungRADS(t, n)
		require.Equal(t, want, s.Category, "category 3 or 4 only: %v mm", mm)
		require.Contains(t, s.NeedsRadiologist, g.AskFeatures)
		if want == "4X" {
			require.Equal(t, "LR.4X", s.Rule)
			require.Contains(t, s.Base, "LR.SOLID.SIZE.")
		}
	}
	n := seen(g.Solid, g.Baseline, 9)
	n.Spiculated = g.Yes
	require.Equal(t, g.Category4A, lungRADS(t, n).Category, "what is only measured is no feature that a reader saw")
}

func TestLungRADSSteppedManagement(t *testing.T) {
	was := func(mm float64, p g.Prior) g.Nodule {
		n := seen(g.Solid, g.Stable, mm)
		n.Prior = &p
		return n
	}
	for _, c := range []struct {
		why  string
		n    g.Nodule
		want g.Category
		rule string
	}{
		{"3, unchanged at 6 months", was(7, g.Prior{Days: 180, Category: "3"}), "2", "LR.STEP.3"},
		{"3, not yet 6 months", was(7, g.Prior{Days: 179, Category: "3"}), "3", "LR.SOLID.SIZE.3"},
		{"4A, unchanged at 3 months", was(9, g.Prior{Days: 90, Category: "4A"}), "3", "LR.STEP.4A"},
		{"4A, not yet 3 months", was(9, g.Prior{Days: 89, Category: "4A"}), "4A", "LR.SOLID.SIZE.4A"},
		{"4B does not step down by time", was(16, g.Prior{Days: 400, Category: "4B"}), "4B", "LR.SOLID.SIZE.4B"},
		{"4B proven benign", was(16, g.Prior{Days: 400, Category: "4B", ProvenBenign: g.Yes}), "2", "LR.STEP.4B"},
		{"crossed into 4A without growth", was(8.1, g.Prior{Days: 200, Category: "3", MeanMM: 7.9}), "4A", "LR.SOLID.SIZE.4A"},
		{"stepped down before, and did not cross", was(9, g.Prior{Days: 200, Category: "3", MeanMM: 8.8}), "2", "LR.STEP.3"},
		{"perhaps crossed: the old size is not known", was(9, g.Prior{Days: 200, Category: "3"}), "4A", "LR.SOLID.SIZE.4A"},
		{"no prior category", was(7, g.Prior{Days: 200}), "3", "LR.SOLID.SIZE.3"},
		{"category 2 by size needs no step", was(5, g.Prior{Days: 200, Category: "3"}), "2", "LR.SOLID.SIZE.2"},
	} {
		s := lungRADS(t, c.n)
		require.Equal(t, c.want, s.Category, c.why)
		require.Equal(t, c.rule, s.Rule, c.why)
	}
	require.Equal(t, []g.Question{g.AskPriorCategory}, lungRADS(t, was(8.1, g.Prior{Days: 200, Category: "3", MeanMM: 7.9})).NeedsRadiologist)
	require.Equal(t, []g.Question{g.AskPriorCategory}, lungRADS(t, was(9, g.Prior{Days: 200, Category: "2", MeanMM: 9})).NeedsRadiologist)
	require.Equal(t, []g.Fact{g.FactPriorCategory}, lungRADS(t, was(7, g.Prior{Days: 200})).Missing)
	require.Equal(t, []g.Fact{g.FactInterval}, lungRADS(t, was(7, g.Prior{Category: "3"})).Missing)
	benign := was(16, g.Prior{Days: 400, Category: "4B", ProvenBenign: g.Yes})
	benign.Type = g.CalcifiedBenign
	require.Equal(t, g.Category1, lungRADS(t, benign).Category, "no step goes up")
	growing := was(7, g.Prior{Days: 200, Category: "3"})
	growing.State = g.Growing
	require.Equal(t, g.Category4A, lungRADS(t, growing).Category, "a growing nodule never steps down")
}

// A baseline row is legal only without a prior exam, and no state is no row.
func TestLungRADSWithholds(t *testing.T) {
	despite := seen(g.Solid, g.Baseline, 7)
	despite.Prior = &g.Prior{Days: 300}
	unknown := seen(g.Solid, g.StateUnknown, 7)
	unknown.Prior = &g.Prior{Days: 300}
	for _, c := range []struct {
		why     string
		n       g.Nodule
		p       g.Patient
		want    g.Reason
		missing []g.Fact
	}{
		{"a prior exists and the state is baseline", despite, screened, g.BaselineDespite, nil},
		{"a prior exists and nobody compared", unknown, screened, g.StateNotKnown, nil},
		{"nothing is known", g.Nodule{}, screened, g.StateNotKnown, nil},
		{"no type", seen("", g.Baseline, 7), screened, g.FactsMissing, []g.Fact{g.FactType}},
		{"no size", seen(g.Solid, g.Baseline, 0), screened, g.FactsMissing, []g.Fact{g.FactSize}},
		{"no solid part", part(g.Baseline, "", 7, 0), screened, g.FactsMissing, []g.Fact{g.FactSolidPart}},
		{"no comparison of the solid part", part(g.Stable, "", 7, 3), screened, g.FactsMissing, []g.Fact{g.FactSolidState}},
		{"growing without its solid part: no row", part(g.Growing, g.Stable, 9, 3), screened, g.NoRow, nil},
		{"large non-solid and growing: no row", seen(g.NonSolid, g.Growing, 30), screened, g.NoRow, nil},
		{"no screening", seen(g.Solid, g.Baseline, 7), g.Patient{Screening: g.No}, g.NotScreening, nil},
		{"lung cancer is known", seen(g.Solid, g.Baseline, 7), g.Patient{Screening: g.Yes, KnownLungCancer: g.Yes}, g.KnownLungCancer, nil},
	} {
		s, err := g.LungRADS(c.n, c.p)
		require.NoError(t, err, c.why)
		require.Equal(t, c.want, s.Withheld, c.why)
		require.Equal(t, c.missing, s.Missing, c.why)
		require.Empty(t, s.Category, c.why)
		require.Empty(t, s.Now, c.why)
		require.False(t, s.Given(), c.why)
		require.Equal(t, c.want == g.NoRow, len(s.NeedsRadiologist) > 0, c.why)
	}
}

func TestLungRADSSaysItsAssumptions(t *testing.T) {
	s, err := g.LungRADS(seen(g.Solid, g.Baseline, 7), g.Patient{})
	require.NoError(t, err)
	require.Equal(t, []g.Assumption{g.AssumesScreening, g.AssumesNoLungCancer}, s.Assumptions)
	require.Empty(t, lungRADS(t, seen(g.Solid, g.Baseline, 7)).Assumptions)
	require.Equal(t, []g.Assumption{g.AssumesBenignPattern}, lungRADS(t, seen(g.CalcifiedBenign, g.Baseline, 7)).Assumptions)
	s, err = g.LungRADS(seen(g.Solid, g.New, 5), g.Patient{Screening: g.Yes, KnownLungCancer: g.No, Immunosuppressed: g.Yes})
	require.NoError(t, err)
	require.Equal(t, []g.Question{g.AskInfection}, s.NeedsRadiologist, "a new nodule of an immunosuppressed patient")
	require.Equal(t, []g.Fact{g.FactSolidPart}, lungRADS(t, part(g.New, "", 5, 0)).Missing, "it might be 4B")
}

// The mean diameter decides; a reliable volume that says otherwise is said.
func TestLungRADSVolumeDisagrees(t *testing.T) {
	n := seen(g.Solid, g.Baseline, 7.9)
	n.VolumeMM3, n.VolumeReliable = 268, true
	s := lungRADS(t, n)
	require.Equal(t, g.Category3, s.Category)
	require.Equal(t, g.Used{By: g.ByDiameter, MeanMM: 7.9, VolumeMM3: 268}, s.Used)
	require.NotNil(t, s.Other)
	require.Equal(t, g.Category4A, s.Other.Category)
	require.Equal(t, "LR.SOLID.SIZE.4A", s.Other.Rule)
	require.Equal(t, []g.Question{g.AskVolumeDiameter}, s.NeedsRadiologist)
	n.VolumeMM3 = 267
	require.Nil(t, lungRADS(t, n).Other, "both say 3")
	n.VolumeMM3, n.VolumeReliable = 500, false
	require.Nil(t, lungRADS(t, n).Other, "a volume that is not reliable says nothing")
}

// Management, risk and prevalence of each category, as published.
func TestLungRADSCategories(t *testing.T) {
	want := map[g.Category][4]string{
		"0": {"LOW_DOSE_CT 1-3 months", "", "", "~1"}, "1": {"LOW_DOSE_CT 12 months", "", "<1", "39"},
		"2": {"LOW_DOSE_CT 12 months", "", "<1", "45"}, "3": {"LOW_DOSE_CT 6 months", "", "1-2", "9"},
		"4A": {"LOW_DOSE_CT 3 months", "consider PET_CT", "5-15", "4"}, "4B": {"DIAGNOSTIC_CT", "consider PET_CT", ">15", "2"},
		"4X": {"DIAGNOSTIC_CT", "consider PET_CT", ">15", "<1"},
	}
	require.Len(t, g.Categories(), len(want))
	for _, c := range g.Categories() {
		w := want[c.Category]
		require.Equal(t, w[0], c.Steps[0].String(), c.Category)
		if w[1] != "" {
			require.Equal(t, w[1], c.Steps[1].String(), c.Category)
		}
		require.Equal(t, [2]string{w[2], w[3]}, [2]string{c.RiskPercent, c.PrevalencePercent}, c.Category)
	}
}

// PET/CT only from 8 mm of solid nodule or solid part.
func TestLungRADSPETFrom8(t *testing.T) {
	pet := func(n g.Nodule) bool {
		for _, s := range lungRADS(t, n).Now {
			if s.Action == g.PETCT {
				return true
			}
		}
		return false
	}
	require.True(t, pet(seen(g.Solid, g.Baseline, 8)))
	require.False(t, pet(seen(g.Solid, g.New, 7.9)))
	require.True(t, pet(part(g.Baseline, "", 12, 8)))
	require.False(t, pet(part(g.Baseline, "", 12, 7.9)))
	require.False(t, pet(part(g.New, "", 12, 4)))
}
