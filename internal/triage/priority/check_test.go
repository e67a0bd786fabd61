package priority_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/measure"
	"nafas/internal/triage/priority"
)

var (
	large   = priority.Rule{Name: "large", Level: priority.Urgent, Point: priority.One, SizeMM: 15}
	anyFlag = priority.Rule{Name: "flagged", Level: priority.High, Point: priority.One}
)

func TestTheDefaultRulesAreFit(t *testing.T) {
	require.NoError(t, priority.Default().Check())
	again, err := priority.ParseText(priority.Default().Text())
	require.NoError(t, err)
	require.Equal(t, priority.Default(), again)
	_, err = priority.ParseText("[]")
	require.Error(t, err)
	_, err = priority.ParseText("rules")
	require.Error(t, err)
}

func TestWhatRulesAreRefused(t *testing.T) {
	own := func(change func(*priority.Rule)) priority.Rules {
		r := priority.Rule{Name: "own", Level: priority.Urgent}
		change(&r)
		return priority.Rules{r, anyFlag}
	}
	for _, c := range []struct {
		name  string
		rules priority.Rules
		says  string
	}{
		{"none", nil, "leave priority out"},
		{"too many", make(priority.Rules, 51), "1 to 50"},
		{"no name", own(func(r *priority.Rule) { r.Name = "" }), "entry 1 (): give it a name"},
		{"two of one name", priority.Rules{large, {Name: "large", Level: priority.High, Point: priority.One}}, "entry 1 has this name too"},
		{"a level of another system", own(func(r *priority.Rule) { r.Level = "stat" }), `level: "stat" is none of urgent, high`},
		{"routine", own(func(r *priority.Rule) { r.Level = priority.Routine }), "routine is what is left"},
		{"no condition", own(func(*priority.Rule) {}), "would hold for every study"},
		{"a point", own(func(r *priority.Rule) { r.Point = "two" }), `point: "two" is none of four, one, quarter`},
		{"a kind", own(func(r *priority.Rule) { r.Kinds = []measure.Kind{"cystic"} }), `kinds: "cystic" is none of solid,`},
		{"a kind not to be", own(func(r *priority.Rule) { r.UnlessKinds = []measure.Kind{""} }), "unless-kinds"},
		{"a change", own(func(r *priority.Rule) { r.Changes = []priority.Change{"gone"} }), `changes: "gone" is none of new,`},
		{"a word of the scan", own(func(r *priority.Rule) { r.Scan = []string{"CONTRAST_AGENT"} }), `scan: "CONTRAST_AGENT" is none of LOW_LUNG_VOLUME`},
		{"a size in micrometres", own(func(r *priority.Rule) { r.SizeMM = 15000 }), "size-mm must be between 0 and 200"},
		{"a negative size", own(func(r *priority.Rule) { r.Point, r.SizeMM = priority.One, -1 }), "size-mm"},
		{"a negative count", own(func(r *priority.Rule) { r.Point, r.Count = priority.One, -1 }), "count"},
		{"more findings than are shown", own(func(r *priority.Rule) { r.Count = 21 }), "count must be between 0 and 20"},
		{"a confidence in percent", own(func(r *priority.Rule) { r.Kinds, r.KindConfidence = priority.Kinds[:1], 95 }), "kind-confidence must be between 0 and 1"},
		{"a confidence of nothing", own(func(r *priority.Rule) { r.Point, r.KindConfidence = priority.One, .9 }), "kind-confidence is for kinds"},
		{"a kind and not", own(func(r *priority.Rule) { r.Kinds, r.UnlessKinds = priority.Kinds, priority.Kinds[:1] }), "both in kinds and in unless-kinds"},
		{"a solid part of a solid nodule", own(func(r *priority.Rule) { r.Kinds, r.SolidPartMM = priority.Kinds[:1], 8 }), "solid-part-mm is of part-solid"},
		{"a solid part of none", own(func(r *priority.Rule) { r.UnlessKinds, r.SolidPartMM = []measure.Kind{measure.KindPartSolid}, 8 }), "solid-part-mm is of part-solid"},
		{"new and doubling", own(func(r *priority.Rule) { r.Changes, r.DoublingDays = []priority.Change{priority.New}, 400 }), "doubling-days is of findings that grow"},
		{"new and grown", own(func(r *priority.Rule) { r.Changes, r.GrownMM = []priority.Change{priority.New}, 2 }), "grown-mm is of findings that were found in both"},
		{"uncompared within a year", own(func(r *priority.Rule) { r.Changes, r.WithinDays = []priority.Change{priority.Uncompared}, 366 }), "within-days is of findings that were compared"},
		{"high before urgent", priority.Rules{anyFlag, large}, "it is urgent and stands after flagged, which is high"},
		{"never urgent", priority.Rules{anyFlag}, "no rule gives urgent"},
		{"never high", priority.Rules{large}, "no rule gives high"},
		{"high that urgent takes away", priority.Rules{
			{Name: "all", Level: priority.Urgent, Point: priority.One}, {Name: "8 mm", Level: priority.High, Point: priority.One, SizeMM: 8},
		}, "it never decides: wherever it holds, all does"},
		{"twice the same", priority.Rules{large, {Name: "again", Level: priority.Urgent, Point: priority.One, SizeMM: 15}, anyFlag}, "it never decides"},
	} {
		t.Run(c.name, func(t *testing.T) { require.ErrorContains(t, c.rules.Check(), c.says) })
	}
}

// A rule is refused as one that never decides only where that is so.
func TestWhatARuleTakesAway(t *testing.T) {
	one := func(change func(*priority.Rule)) priority.Rule {
		r := priority.Rule{Point: priority.One}
		change(&r)
		return r
	}
	none := func(*priority.Rule) {}
	calcified, subsolid := []measure.Kind{measure.KindCalcified}, []measure.Kind{measure.KindPartSolid, measure.KindGroundGlass}
	for _, c := range []struct {
		name        string
		first, then func(*priority.Rule)
		taken       bool
	}{
		{"narrower in size", none, func(r *priority.Rule) { r.SizeMM = 8 }, true},
		{"wider in size", func(r *priority.Rule) { r.SizeMM = 8 }, func(r *priority.Rule) { r.SizeMM = 6 }, false},
		{"a wider point", none, func(r *priority.Rule) { r.Point = priority.Four; r.SizeMM = 8 }, false},
		{"a stricter point", none, func(r *priority.Rule) { r.Point = priority.Quarter }, true},
		{"one of its kinds", func(r *priority.Rule) { r.Kinds = subsolid }, func(r *priority.Rule) { r.Kinds = subsolid[:1] }, true},
		{"one of its kinds, less sure", func(r *priority.Rule) { r.Kinds = subsolid }, func(r *priority.Rule) { r.Kinds = subsolid[:1]; r.KindConfidence = .5 }, false},
		{"what it spares", func(r *priority.Rule) { r.UnlessKinds = calcified }, func(r *priority.Rule) { r.SizeMM = 8 }, false},
		{"what it spares, spared too", func(r *priority.Rule) { r.UnlessKinds = calcified }, func(r *priority.Rule) { r.UnlessKinds = calcified; r.SizeMM = 8 }, true},
		{"what it spares, spared only when surer", func(r *priority.Rule) { r.UnlessKinds = calcified }, func(r *priority.Rule) { r.UnlessKinds = calcified; r.KindConfidence = .99 }, false},
		{"what it spares is no solid part", func(r *priority.Rule) { r.UnlessKinds = calcified }, func(r *priority.Rule) { r.SolidPartMM = 4 }, true},
		{"growing by two ways of saying so", func(r *priority.Rule) { r.Changes = []priority.Change{priority.Growing} }, func(r *priority.Rule) { r.DoublingDays = 400 }, true},
		{"slower", func(r *priority.Rule) { r.DoublingDays = 400 }, func(r *priority.Rule) { r.DoublingDays = 600 }, false},
		{"however slow", func(r *priority.Rule) { r.DoublingDays = 400 }, func(r *priority.Rule) { r.Changes = []priority.Change{priority.Growing} }, false},
		{"longer ago", func(r *priority.Rule) { r.WithinDays = 366 }, func(r *priority.Rule) { r.SizeMM = 8 }, false},
		{"fewer of them", func(r *priority.Rule) { r.Count = 2 }, func(r *priority.Rule) { r.SizeMM = 8 }, false},
		{"more of them", none, func(r *priority.Rule) { r.Count = 2 }, true},
		{"any scan", func(r *priority.Rule) { r.Scan = priority.ScanWords[:1] }, func(r *priority.Rule) { r.SizeMM = 8 }, false},
		{"a scan alone", func(r *priority.Rule) { r.Point = ""; r.Scan = priority.ScanWords[:2] }, func(r *priority.Rule) { r.Scan = priority.ScanWords[:1] }, true},
		{"a scan without findings", none, func(r *priority.Rule) { r.Point = ""; r.Scan = priority.ScanWords[:1] }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, then := one(c.first), one(c.then)
			first.Name, first.Level, then.Name, then.Level = "first", priority.Urgent, "then", priority.High
			err := priority.Rules{first, then}.Check()
			if c.taken {
				require.ErrorContains(t, err, "then): it never decides: wherever it holds, first does")
				return
			}
			require.NoError(t, err)
		})
	}
}
