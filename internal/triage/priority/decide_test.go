package priority_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/measure"
	"nafas/inference/prior"
	"nafas/internal/triage/priority"
)

// flagged is a measured finding at the flag threshold, of a kind that is known.
func flagged(mm float64, kind measure.Kind) priority.Finding {
	return priority.Finding{Rank: 1, Point: priority.One, DiameterMM: mm, Measured: true, Kind: kind, KindConfidence: 0.99}
}

func solid(mm float64) priority.Finding { return flagged(mm, measure.KindSolid) }

func partSolid(mm, solidMM float64) priority.Finding {
	f := flagged(mm, measure.KindPartSolid)
	f.SolidMM, f.KindConfidence = solidMM, 0.88 // as measure tells them at 8 to 15 mm
	return f
}

// since gives a finding what became of it in a year.
func since(f priority.Finding, c prior.Change) priority.Finding {
	f.Change, f.Days = &c, 365
	return f
}

func isNew(f priority.Finding) priority.Finding { return since(f, prior.Change{State: prior.New}) }

// growing is a finding of which the whole band grows.
func growing(f priority.Finding, days, short, long float64) priority.Finding {
	return since(f, prior.Change{State: prior.Paired, Growth: &prior.Growth{
		DoublingDays: days, DoublingDaysShort: short, DoublingDaysLong: long, Trend: prior.TrendGrowing,
	}})
}

// grown is a finding whose volumes cannot be compared.
func grown(f priority.Finding, mm, errorMM float64, days int) priority.Finding {
	f = since(f, prior.Change{State: prior.Paired, DiameterChangeMM: mm, DiameterErrorMM: errorMM, NoGrowth: []prior.Reason{prior.KernelDiffers}})
	f.Days = days
	return f
}

func unflagged(f priority.Finding) priority.Finding {
	f.Point = priority.Four
	return f
}

func unmeasured(f priority.Finding) priority.Finding {
	f.Measured, f.Kind, f.KindConfidence, f.SolidMM = false, measure.KindUnknown, 0, 0
	return f
}

func unsure(f priority.Finding) priority.Finding {
	f.KindConfidence = 0.7
	return f
}

// why are the codes of reasons, each with its rule.
func why(reasons []priority.Reason) []string {
	var out []string
	for _, r := range reasons {
		text := string(r.Code)
		if r.Rule.Name != "" {
			text += " " + r.Rule.Name
		}
		out = append(out, text)
	}
	return out
}

func TestTheDefaultRules(t *testing.T) {
	all := func(f ...priority.Finding) []priority.Finding {
		for i := range f {
			f[i].Rank = i + 1
		}
		return f
	}
	for _, c := range []struct {
		name     string // and why
		findings []priority.Finding
		scan     []string
		want     priority.Level
		why      []string
	}{
		{"nothing was found: nothing is said of disease", nil, nil, priority.Routine, []string{"NO_MARK"}},
		{"below the flag threshold, however large", all(unflagged(solid(30))), nil, priority.Routine, []string{"ONLY_UNDER_FLAG"}},
		{"flagged: always to be seen, however small", all(solid(3)), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},
		{"just below 15 mm", all(solid(14.9)), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},
		{"15 mm: 4B at baseline by size alone", all(solid(3), solid(15)), nil, priority.Urgent, []string{"FINDING_LARGE large"}},
		{"15 mm that only the detector says", all(unmeasured(solid(15))), nil, priority.Urgent, []string{"FINDING_LARGE large"}},
		{"15 mm of ground glass: vessels pass for solid parts and the other way round, so it stays", all(flagged(15, measure.KindGroundGlass)), nil, priority.Urgent, []string{"FINDING_LARGE large"}},

		{"calcified: its size alone does not raise, its flag does", all(flagged(20, measure.KindCalcified)), nil, priority.High, []string{"FINDING_FLAGGED flagged", "KIND_DOES_NOT_RAISE large"}},
		{"calcified, another one is not", all(flagged(20, measure.KindCalcified), solid(16)), nil, priority.Urgent, []string{"FINDING_LARGE large"}},
		{"calcified, not surely", all(unsure(flagged(20, measure.KindCalcified))), nil, priority.Urgent, []string{"FINDING_LARGE large"}},
		{"calcified, or filled with contrast medium: a vessel may be", all(flagged(20, measure.KindCalcified)), []string{"CONTRAST_AGENT"}, priority.Urgent, []string{"FINDING_LARGE large"}},
		{"calcified and growing: no granuloma does so fast", all(growing(flagged(9, measure.KindCalcified), 200, 150, 300)), nil, priority.Urgent, []string{"FINDING_GROWING growing"}},
		{"calcified, below the flag", all(unflagged(flagged(20, measure.KindCalcified))), nil, priority.Routine, []string{"ONLY_UNDER_FLAG"}},

		{"doubles in 400 days", all(growing(solid(5), 400, 300, 600)), nil, priority.Urgent, []string{"FINDING_GROWING growing"}},
		{"doubles more slowly", all(growing(solid(5), 401, 300, 600)), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},
		{"its band reaches to stable", all(since(solid(5), prior.Change{State: prior.Paired, Growth: &prior.Growth{DoublingDays: 100, DoublingDaysShort: 40}})), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},
		{"shrinks", all(since(solid(5), prior.Change{State: prior.Paired, Growth: &prior.Growth{Trend: prior.TrendShrinking}})), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},
		{"grows below the flag: what grows is seldom a false mark", all(unflagged(growing(solid(5), 200, 150, 300))), nil, priority.High, []string{"FINDING_GROWING growing-under-flag"}},
		{"large and growing: both are said", all(growing(solid(15), 200, 150, 300)), nil, priority.Urgent, []string{"FINDING_LARGE large", "FINDING_GROWING growing"}},

		{"new, solid, 8 mm: 4B", all(isNew(solid(8))), nil, priority.Urgent, []string{"FINDING_CHANGE new-solid"}},
		{"new, solid, smaller", all(isNew(solid(7.9))), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},
		{"new, 8 mm, of a kind that is not known: most are solid", all(isNew(unmeasured(solid(8)))), nil, priority.Urgent, []string{"FINDING_CHANGE new-solid"}},
		{"new, ground glass: category 2 or 3", all(isNew(flagged(10, measure.KindGroundGlass))), nil, priority.High, []string{"FINDING_FLAGGED flagged", "KIND_DOES_NOT_RAISE new-solid"}},
		{"new, below the flag: likely a false mark", all(unflagged(isNew(solid(10)))), nil, priority.Routine, []string{"ONLY_UNDER_FLAG"}},
		{"8 mm, not surely new", all(since(solid(8), prior.Change{State: prior.Unpaired})), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},
		{"new, part-solid, solid part of 4 mm", all(isNew(partSolid(9, 4))), nil, priority.Urgent, []string{"FINDING_CHANGE new-part-solid"}},
		{"new, part-solid, solid part smaller", all(isNew(partSolid(9, 3.9))), nil, priority.High, []string{"FINDING_FLAGGED flagged", "KIND_DOES_NOT_RAISE new-solid"}},

		{"solid part of 8 mm: 4B at baseline", all(partSolid(12, 8)), nil, priority.Urgent, []string{"FINDING_SOLID_PART solid-part"}},
		{"solid part smaller", all(partSolid(12, 7.9)), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},
		{"a solid part of a kind that is not sure", all(unsure(partSolid(12, 8))), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},

		{"volumes not comparable, more than 1.5 mm in a year", all(grown(solid(8), 1.6, 1, 365)), nil, priority.Urgent, []string{"FINDING_GROWING grown"}},
		{"1.5 mm are not more", all(grown(solid(8), 9.5-8, 1, 365)), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},
		{"in two years", all(grown(solid(8), 1.6, 1, 730)), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},
		{"within its error", all(grown(solid(8), 1.6, 1.6, 365)), nil, priority.High, []string{"FINDING_FLAGGED flagged"}},

		{"thick slices weaken, and raise nothing", nil, []string{"THICK_SLICES"}, priority.Routine, []string{"NO_MARK", "SCAN_LESS_SURE"}},
		{"thick slices lower nothing", all(solid(15)), []string{"THICK_SLICES"}, priority.Urgent, []string{"FINDING_LARGE large", "SCAN_LESS_SURE"}},
		{"a lung may be missing: it must not sink", nil, []string{"ONE_LUNG", "THICK_SLICES"}, priority.High, []string{"SCAN_DOUBTFUL lungs-not-seen", "SCAN_LESS_SURE"}},
		{"a lung may be missing, and a finding is flagged", all(solid(5)), []string{"LOW_LUNG_VOLUME"}, priority.High, []string{"FINDING_FLAGGED flagged", "SCAN_DOUBTFUL lungs-not-seen"}},
		{"a warning that says nothing of how sure it is", nil, []string{"CONTRAST_AGENT", "ODD_UID"}, priority.Routine, []string{"NO_MARK"}},
		{"the comparison failed", nil, []string{"LUNGS_NOT_REGISTERED"}, priority.Routine, []string{"NO_MARK", "SCAN_LESS_SURE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			level, reasons := priority.Default().Decide(priority.Facts{Findings: c.findings, Scan: c.scan})
			require.Equal(t, c.want, level)
			require.Equal(t, c.why, why(reasons))
		})
	}
}

func TestReasonsHaveTheNumbers(t *testing.T) {
	a, b := growing(solid(15), 300, 200, 390), growing(partSolid(18, 6), 120, 88, 190)
	b.Rank, b.Measured = 4, false
	_, reasons := priority.Default().Decide(priority.Facts{Findings: []priority.Finding{a, unflagged(solid(40)), b}, Scan: []string{"THICK_SLICES", "ONE_LUNG"}})
	require.Equal(t, []string{"FINDING_LARGE large", "FINDING_GROWING growing", "SCAN_LESS_SURE"}, why(reasons))
	r := reasons[0]
	require.Equal(t, []int{1, 4}, r.Ranks, "those that meet the rule alone")
	require.Equal(t, 18., r.LargestMM)
	require.False(t, r.LargestMeasured)
	require.Equal(t, []float64{120, 88, 190}, []float64{r.DoublingDays, r.DoublingDaysShort, r.DoublingDaysLong}, "the fastest")
	require.Equal(t, 15., r.Rule.SizeMM)
	require.Equal(t, []string{"ONE_LUNG", "THICK_SLICES"}, reasons[2].Scan, "in a fixed order")

	_, reasons = priority.Default().Decide(priority.Facts{Findings: []priority.Finding{flagged(20, measure.KindCalcified)}})
	require.Equal(t, []measure.Kind{measure.KindCalcified}, reasons[1].Kinds)
}

// A rule of one's own may ask for anything together.
func TestConditionsHoldTogether(t *testing.T) {
	rule := func(r priority.Rule) priority.Rules {
		r.Name, r.Level = "own", priority.High
		return priority.Rules{r}
	}
	strict := solid(9)
	strict.Point = priority.Quarter
	for _, c := range []struct {
		name     string
		rule     priority.Rule
		findings []priority.Finding
		scan     []string
		holds    bool
	}{
		{"the strictest point", priority.Rule{Point: priority.Quarter}, []priority.Finding{strict}, nil, true},
		{"not the strictest point", priority.Rule{Point: priority.Quarter}, []priority.Finding{solid(9)}, nil, false},
		{"any finding reaches four", priority.Rule{Point: priority.Four}, []priority.Finding{unflagged(solid(9))}, nil, true},
		{"a size of one and a kind of another do not make a finding", priority.Rule{SizeMM: 8, Kinds: []measure.Kind{measure.KindGroundGlass}},
			[]priority.Finding{solid(9), flagged(5, measure.KindGroundGlass)}, nil, false},
		{"count", priority.Rule{Point: priority.One, Count: 2}, []priority.Finding{solid(9), unflagged(solid(9))}, nil, false},
		{"count reached", priority.Rule{Point: priority.One, Count: 2}, []priority.Finding{solid(9), solid(9)}, nil, true},
		{"a scan and a finding: no scan", priority.Rule{Point: priority.One, Scan: []string{"THICK_SLICES"}}, []priority.Finding{solid(9)}, nil, false},
		{"a scan and a finding: no finding", priority.Rule{Point: priority.One, Scan: []string{"THICK_SLICES"}}, nil, []string{"THICK_SLICES"}, false},
		{"a scan and a finding", priority.Rule{Point: priority.One, Scan: []string{"THICK_SLICES"}}, []priority.Finding{solid(9)}, []string{"THICK_SLICES"}, true},
		{"never compared", priority.Rule{Changes: []priority.Change{priority.Uncompared}}, []priority.Finding{solid(9)}, nil, true},
		{"compared", priority.Rule{Changes: []priority.Change{priority.Uncompared}}, []priority.Finding{isNew(solid(9))}, nil, false},
		{"a kind that must be surer", priority.Rule{Kinds: []measure.Kind{measure.KindPartSolid}, KindConfidence: 0.9}, []priority.Finding{partSolid(9, 5)}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules := rule(c.rule)
			level, _ := rules.Decide(priority.Facts{Findings: c.findings, Scan: c.scan})
			require.Equal(t, c.holds, level == priority.High)
		})
	}
	level, reasons := rule(priority.Rule{SizeMM: 30}).Decide(priority.Facts{Findings: []priority.Finding{solid(9)}})
	require.Equal(t, priority.Routine, level)
	require.Equal(t, []string{"NO_RULE_HOLDS"}, why(reasons), "flagged, and the rules let it be: said, not hidden")
}

// Nothing that makes a scan less sure lowers what is said of it.
func TestDoubtNeverLowers(t *testing.T) {
	order := map[priority.Level]int{priority.Routine: 0, priority.High: 1, priority.Urgent: 2}
	for _, findings := range [][]priority.Finding{nil, {solid(5)}, {solid(20)}, {flagged(20, measure.KindCalcified)}, {unflagged(solid(5))}} {
		without, _ := priority.Default().Decide(priority.Facts{Findings: findings})
		for _, code := range append(priority.ScanWords, "CONTRAST_AGENT") {
			with, _ := priority.Default().Decide(priority.Facts{Findings: findings, Scan: []string{code}})
			require.GreaterOrEqual(t, order[with], order[without], code)
		}
	}
}
