package guideline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	g "nafas/inference/guideline"
)

// An empty list of findings says nothing of the scan: no category 1, no "none".
func TestNoFindingsHaveNoCategory(t *testing.T) {
	for _, exam := range []func([]g.Nodule, g.Patient) (g.Exam, error){g.LungRADSExam, g.FleischnerExam} {
		e, err := exam(nil, screened)
		require.NoError(t, err)
		require.Equal(t, g.NoFindings, e.Withheld)
		require.Empty(t, e.Category)
		require.Empty(t, e.Now)
		require.Equal(t, -1, e.Lead)
		require.Equal(t, g.CalculatedToBeConfirmed, e.Caveat)
	}
}

func TestLungRADSExamIsItsWorstNodule(t *testing.T) {
	for _, c := range []struct {
		why     string
		list    []g.Nodule
		lead    int
		want    g.Category
		why0    g.Reason
		atLeast bool
	}{
		{"the worst", []g.Nodule{seen(g.Solid, g.Baseline, 5), seen(g.Solid, g.Baseline, 9), seen(g.Solid, g.Baseline, 7)}, 1, "4A", "", false},
		{"worst is not largest", []g.Nodule{seen(g.NonSolid, g.Baseline, 25), seen(g.Solid, g.Baseline, 7)}, 1, "3", "", false},
		{"of equal ones the largest", []g.Nodule{seen(g.Solid, g.Baseline, 6.5), seen(g.Solid, g.Baseline, 7)}, 1, "3", "", false},
		{"of the same ones the first", []g.Nodule{seen(g.Solid, g.Baseline, 7), seen(g.Solid, g.Baseline, 7)}, 0, "3", "", false},
		{"only benign calcifications", []g.Nodule{seen(g.CalcifiedBenign, g.Baseline, 7)}, 0, "1", "", false},
		{"one without a category: at least", []g.Nodule{seen(g.Solid, g.Baseline, 7), seen("", g.Baseline, 12)}, 0, "3", "", true},
		{"and never a 2 on that ground", []g.Nodule{seen(g.Solid, g.Baseline, 5), seen("", g.Baseline, 12)}, -1, "", g.SomeNotCategorised, true},
		{"none has one, for one reason", []g.Nodule{seen("", g.Baseline, 12)}, -1, "", g.FactsMissing, true},
		{"none has one, for several", []g.Nodule{seen("", g.Baseline, 12), seen(g.Solid, "", 12)}, -1, "", g.SomeNotCategorised, true},
	} {
		e, err := g.LungRADSExam(c.list, screened)
		require.NoError(t, err)
		require.Equal(t, c.lead, e.Lead, c.why)
		require.Equal(t, c.want, e.Category, c.why)
		require.Equal(t, c.why0, e.Withheld, c.why)
		require.Equal(t, c.atLeast, e.AtLeast, c.why)
		require.Len(t, e.Each, len(c.list))
	}
}

func TestLungRADSExamRefusesMixedComparisons(t *testing.T) {
	_, err := g.LungRADSExam([]g.Nodule{seen(g.Solid, g.Baseline, 7), seen(g.Solid, g.New, 7)}, screened)
	require.ErrorIs(t, err, g.ErrInput)
	_, err = g.LungRADSExam([]g.Nodule{seen(g.Solid, g.New, 7), seen(g.Solid, g.Stable, 7)}, screened)
	require.NoError(t, err)
}

// More than six new nodules may be infection.
func TestLungRADSExamWithManyNewNodules(t *testing.T) {
	for count, want := range map[int]bool{6: false, 7: true} {
		var list []g.Nodule
		for range count {
			list = append(list, seen(g.Solid, g.New, 5))
		}
		e, err := g.LungRADSExam(list, screened)
		require.NoError(t, err)
		require.Equal(t, g.Category3, e.Category)
		require.Equal(t, want, len(e.NeedsRadiologist) == 1, "%d", count)
		require.Empty(t, e.Each[0].NeedsRadiologist, "the question is the exam's")
	}
}

func TestFleischnerExam(t *testing.T) {
	solid := func(mm float64) g.Nodule { return seen(g.Solid, g.Baseline, mm) }
	for _, c := range []struct {
		why  string
		list []g.Nodule
		lead int
		rule string
	}{
		{"one", []g.Nodule{solid(7)}, 0, "FL.SOLID.SINGLE.LOW.MID"},
		{"a benign one does not count", []g.Nodule{seen(g.CalcifiedBenign, g.Baseline, 9), solid(7)}, 1, "FL.SOLID.SINGLE.LOW.MID"},
		{"several", []g.Nodule{solid(5), solid(7)}, 1, "FL.SOLID.MULTIPLE.LOW.6"},
		{"the one that asks soonest", []g.Nodule{solid(5), seen(g.NonSolid, g.Baseline, 4)}, 1, "FL.SUBSOLID.MULTIPLE.SMALL"},
		{"all small", []g.Nodule{solid(5), solid(4)}, 0, "FL.SOLID.MULTIPLE.LOW.SMALL"},
	} {
		e, err := g.FleischnerExam(c.list, incidental(g.LowRisk))
		require.NoError(t, err)
		require.Equal(t, c.lead, e.Lead, c.why)
		require.Equal(t, c.rule, e.Rule, c.why)
		require.Contains(t, e.Assumptions, g.AssumesNodules, c.why)
	}
	e, err := g.FleischnerExam([]g.Nodule{solid(5), seen("", g.Baseline, 9)}, incidental(g.LowRisk))
	require.NoError(t, err)
	require.Equal(t, g.SomeNotCategorised, e.Withheld, "no 'none' while one nodule has no answer")
	e, err = g.FleischnerExam([]g.Nodule{solid(7), seen("", g.Baseline, 9)}, incidental(g.LowRisk))
	require.NoError(t, err)
	require.Equal(t, "FL.SOLID.MULTIPLE.LOW.6", e.Rule)
	require.True(t, e.AtLeast)
	require.Contains(t, e.NeedsRadiologist, g.AskIncomplete)
	e, err = g.FleischnerExam([]g.Nodule{solid(7)}, incidental(""))
	require.NoError(t, err)
	require.Len(t, e.Options, 2, "both answers where the risk is not known")
	list := []g.Nodule{solid(7)}
	_, err = g.FleischnerExam(list, incidental(""))
	require.NoError(t, err)
	require.Zero(t, list[0].Count, "the caller's list is left as it is")
}
