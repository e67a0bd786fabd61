package guideline_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	g "nafas/inference/guideline"
)

// incidental is a patient for whom every condition of Fleischner is said, except
// the risk.
func incidental(r g.Risk) g.Patient {
	age := 35
	return g.Patient{AgeYears: &age, Screening: g.No, KnownCancer: g.No, Immunosuppressed: g.No, Risk: r}
}

// among is a nodule among a number of them.
func among(count int, n g.Nodule) g.Nodule {
	n.Count = count
	return n
}

// after is a nodule that was there some days ago.
func after(days int, n g.Nodule) g.Nodule {
	n.Prior = &g.Prior{Days: days}
	return n
}

// said is a plan as text, in codes.
func said(s g.Suggestion) string {
	var parts []string
	for _, step := range s.Now {
		parts = append(parts, step.String())
	}
	text := strings.Join(parts, " / ")
	for i, step := range s.Then {
		text += map[bool]string{true: "; then ", false: " / "}[i == 0] + step.String()
	}
	return text
}

func TestFleischnerByDiameter(t *testing.T) {
	const (
		none       = "NO_ROUTINE_FOLLOW_UP"
		optional   = "consider CT 12 months"
		singleLow  = "CT 6-12 months; then consider CT 18-24 months"
		singleHigh = "CT 6-12 months; then CT 18-24 months"
		large      = "consider CT 3 months / consider PET_CT / consider TISSUE_SAMPLING"
		multiLow   = "CT 3-6 months; then consider CT 18-24 months"
		multiHigh  = "CT 3-6 months; then CT 18-24 months"
		ggn        = "CT_TO_CONFIRM 6-12 months; then CT every 24 months to 60 months since the first exam"
		partSmall  = "CT_TO_CONFIRM 3-6 months; then CT every 12 months to 60 months since the first exam"
		partBig    = "CT_TO_CONFIRM 3-6 months; then PET_CT / TISSUE_SAMPLING / RESECTION"
		multiSub   = "CT 3-6 months; then consider CT 24 months / consider CT 48 months"
		multiSub6  = "CT 3-6 months; then BY_WORST_NODULE"
		workUp     = "PET_CT / TISSUE_SAMPLING / RESECTION"
	)
	solid := func(mm float64) g.Nodule { return seen(g.Solid, g.Baseline, mm) }
	nonSolid := func(mm float64) g.Nodule { return seen(g.NonSolid, g.Baseline, mm) }
	for _, c := range []struct {
		why  string
		n    g.Nodule
		risk g.Risk
		want string
	}{
		{"single solid, low risk, below 6", among(1, solid(5.4)), g.LowRisk, none},
		{"5.5 rounds to 6", among(1, solid(5.5)), g.LowRisk, singleLow},
		{"6", among(1, solid(6)), g.LowRisk, singleLow},
		{"8", among(1, solid(8)), g.LowRisk, singleLow},
		{"8.4 rounds to 8", among(1, solid(8.4)), g.LowRisk, singleLow},
		{"8.5 rounds to 9", among(1, solid(8.5)), g.LowRisk, large},
		{"single solid, high risk, below 6", among(1, solid(5.4)), g.HighRisk, optional},
		{"from 6", among(1, solid(5.5)), g.HighRisk, singleHigh},
		{"to 8", among(1, solid(8.4)), g.HighRisk, singleHigh},
		{"above 8", among(1, solid(8.5)), g.HighRisk, large},
		{"above 8 the risk does not matter", among(1, solid(8.5)), "", large},
		{"multiple solid, low risk, below 6", among(2, solid(5.4)), g.LowRisk, none},
		{"from 6", among(2, solid(5.5)), g.LowRisk, multiLow},
		{"above 8 as from 6", among(2, solid(8.5)), g.LowRisk, multiLow},
		{"multiple solid, high risk, below 6", among(2, solid(5.4)), g.HighRisk, optional},
		{"from 6", among(2, solid(5.5)), g.HighRisk, multiHigh},
		{"above 8 as from 6", among(2, solid(8.5)), g.HighRisk, multiHigh},

		{"single non-solid below 6", among(1, nonSolid(5.4)), "", none},
		{"from 6", among(1, nonSolid(5.5)), "", ggn},
		{"above 8 the same", among(1, nonSolid(8.5)), "", ggn},
		{"stable after the confirming CT", among(1, after(180, seen(g.NonSolid, g.Stable, 6))), "", "CT every 24 months to 60 months since the first exam"},

		{"single part-solid below 6", among(1, part(g.Baseline, "", 5.4, 3)), "", none},
		{"from 6, the part below 6", among(1, part(g.Baseline, "", 5.5, 3)), "", partSmall},
		{"the part just below 6", among(1, part(g.Baseline, "", 9, 5.9)), "", partSmall},
		{"the part from 6: the confirming CT comes first all the same", among(1, part(g.Baseline, "", 9, 6)), "", partBig},
		{"the part not measured: what follows depends on it", among(1, part(g.Baseline, "", 9, 0)), "", "CT_TO_CONFIRM 3-6 months"},
		{"stable after the confirming CT, the part below 6", among(1, after(90, part(g.Stable, g.Stable, 9, 5.9))), "", "CT every 12 months to 60 months since the first exam"},
		{"the part from 6", among(1, after(90, part(g.Stable, g.Stable, 9, 6))), "", workUp},
		{"growing", among(1, after(90, part(g.Growing, g.Stable, 9, 3))), "", workUp},
		{"the solid part grows", among(1, after(90, part(g.Stable, g.Growing, 9, 3))), "", workUp},

		{"multiple subsolid below 6: non-solid", among(3, nonSolid(5.4)), "", multiSub},
		{"part-solid", among(3, part(g.Baseline, "", 5.4, 2)), "", multiSub},
		{"from 6: non-solid", among(3, nonSolid(5.5)), "", multiSub6},
		{"part-solid", among(3, part(g.Baseline, "", 9, 7)), "", multiSub6},
	} {
		t.Run(c.why, func(t *testing.T) {
			s, err := g.Fleischner(c.n, incidental(c.risk))
			require.NoError(t, err)
			require.Empty(t, s.Withheld, "%v", s.Missing)
			require.Equal(t, c.want, said(s))
			require.Equal(t, []g.Unverified{g.UnverifiedRounding}, s.Unverified, "the rounding is not verified")
			require.Equal(t, g.CalculatedToBeConfirmed, s.Caveat)
			require.Empty(t, s.Category, "Fleischner has no categories")
		})
	}
}

func TestFleischnerRoundsOnce(t *testing.T) {
	n := among(1, g.Nodule{Type: g.Solid, State: g.Baseline, LongMM: 5.5, ShortMM: 5.4})
	s, err := g.Fleischner(n, incidental(g.LowRisk))
	require.NoError(t, err)
	require.EqualValues(t, 5, s.Used.MeanMM, "5.45 is 5, and not 5.5 and then 6")
}

func TestFleischnerByVolume(t *testing.T) {
	for _, c := range []struct {
		count int
		mm3   float64
		rule  string
	}{
		{1, 99, "FL.SOLID.SINGLE.LOW.SMALL"}, {1, 100, "FL.SOLID.SINGLE.LOW.MID"}, {1, 250, "FL.SOLID.SINGLE.LOW.MID"}, {1, 251, "FL.SOLID.SINGLE.LARGE"},
		{2, 99, "FL.SOLID.MULTIPLE.LOW.SMALL"}, {2, 100, "FL.SOLID.MULTIPLE.LOW.6"}, {2, 251, "FL.SOLID.MULTIPLE.LOW.6"},
	} {
		n := among(c.count, seen(g.Solid, g.Baseline, 0))
		n.VolumeMM3, n.VolumeReliable = c.mm3, true
		s, err := g.Fleischner(n, incidental(g.LowRisk))
		require.NoError(t, err)
		require.Equal(t, c.rule, s.Rule, "%v mm3", c.mm3)
		require.Equal(t, g.Used{By: g.ByVolume, VolumeMM3: c.mm3}, s.Used)
		require.Empty(t, s.Unverified, "no rounding of a diameter")
	}
	n := among(1, seen(g.Solid, g.Baseline, 8))
	n.VolumeMM3, n.VolumeReliable = 251, true
	s, err := g.Fleischner(n, incidental(g.LowRisk))
	require.NoError(t, err)
	require.Equal(t, "FL.SOLID.SINGLE.LOW.MID", s.Rule, "the diameter decides")
	require.Equal(t, "FL.SOLID.SINGLE.LARGE", s.Other.Rule)
	require.Equal(t, []g.Question{g.AskVolumeDiameter}, s.NeedsRadiologist)
}

// The risk is the reader's: without it both answers are given, and neither is
// taken.
func TestFleischnerWithoutTheRisk(t *testing.T) {
	s, err := g.Fleischner(among(1, seen(g.Solid, g.Baseline, 7)), incidental(""))
	require.NoError(t, err)
	require.Equal(t, g.FactsMissing, s.Withheld)
	require.Equal(t, []g.Fact{g.FactRisk}, s.Missing)
	require.Empty(t, s.Now)
	require.Len(t, s.Options, 2)
	require.Equal(t, g.AssumesLowRisk, s.Options[0].Assumes)
	require.Equal(t, "FL.SOLID.SINGLE.LOW.MID", s.Options[0].Rule)
	require.Equal(t, g.AssumesHighRisk, s.Options[1].Assumes)
	require.Equal(t, "FL.SOLID.SINGLE.HIGH.MID", s.Options[1].Rule)
}

func TestFleischnerAppliesTo(t *testing.T) {
	n := among(1, seen(g.Solid, g.Baseline, 9))
	age := func(years int) *int { return &years }
	for _, c := range []struct {
		why  string
		p    g.Patient
		want g.Reason
	}{
		{"34 years", g.Patient{AgeYears: age(34)}, g.Under35},
		{"35 years", g.Patient{AgeYears: age(35)}, ""},
		{"screening", g.Patient{Screening: g.Yes}, g.IsScreening},
		{"cancer", g.Patient{KnownCancer: g.Yes}, g.KnownCancer},
		{"lung cancer", g.Patient{KnownLungCancer: g.Yes}, g.KnownCancer},
		{"no lung cancer says nothing of others", g.Patient{KnownLungCancer: g.No}, ""},
		{"immunosuppressed", g.Patient{Immunosuppressed: g.Yes}, g.Immunosuppressed},
	} {
		s, err := g.Fleischner(n, c.p)
		require.NoError(t, err)
		require.Equal(t, c.want, s.Withheld, c.why)
	}
	s, err := g.Fleischner(n, g.Patient{})
	require.NoError(t, err)
	require.Equal(t, []g.Assumption{g.Assumes35, g.AssumesIncidental, g.AssumesNoCancer, g.AssumesImmunocompetent}, s.Assumptions)
}

func TestFleischnerWithholds(t *testing.T) {
	despite := among(1, after(100, seen(g.Solid, g.Baseline, 7)))
	for _, c := range []struct {
		why     string
		n       g.Nodule
		want    g.Reason
		missing []g.Fact
	}{
		{"how many are there", seen(g.Solid, g.Baseline, 7), g.FactsMissing, []g.Fact{g.FactCount}},
		{"nothing known", seen("", g.Baseline, 0), g.FactsMissing, []g.Fact{g.FactType, g.FactSize, g.FactCount}},
		{"baseline despite a prior", despite, g.BaselineDespite, nil},
		{"not compared", among(1, after(100, seen(g.Solid, "", 7))), g.StateNotKnown, nil},
		{"benign calcification", among(1, seen(g.CalcifiedBenign, g.Baseline, 7)), g.TypeNotCovered, nil},
		{"where in its plan a stable solid nodule is", among(1, seen(g.Solid, g.Stable, 7)), g.NoRow, nil},
		{"no confirming CT yet", among(1, after(89, part(g.Stable, g.Stable, 9, 3))), g.NoRow, nil},
		{"the interval is not known", among(1, after(0, part(g.Stable, g.Stable, 9, 3))), g.FactsMissing, []g.Fact{g.FactInterval}},
		{"the solid part is not known", among(1, after(90, part(g.Stable, g.Stable, 9, 0))), g.FactsMissing, []g.Fact{g.FactSolidPart}},
		{"no confirming CT of a non-solid one yet", among(1, after(179, seen(g.NonSolid, g.Stable, 9))), g.NoRow, nil},
	} {
		s, err := g.Fleischner(c.n, incidental(g.LowRisk))
		require.NoError(t, err)
		require.Equal(t, c.want, s.Withheld, c.why)
		require.Equal(t, c.missing, s.Missing, c.why)
		require.Empty(t, s.Now, c.why)
	}
	s, err := g.Fleischner(among(1, seen(g.Solid, g.New, 9)), incidental(g.LowRisk))
	require.NoError(t, err)
	require.Equal(t, []g.Question{g.AskNewNodule}, s.NeedsRadiologist)
}
