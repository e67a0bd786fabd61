package priority_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/prior"
	"nafas/internal/triage/priority"
)

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func some[T any](r *rand.Rand, from []T) []T {
	var out []T
	for _, v := range from {
		if r.IntN(4) == 0 {
			out = append(out, v)
		}
	}
	return out
}

func anyRule(r *rand.Rand, name string, level priority.Level) priority.Rule {
	rule := priority.Rule{
		Name: name, Level: level, Point: pick(r, "", priority.Four, priority.One, priority.Quarter), SizeMM: pick(r, 0., 0, 6, 8),
		SolidPartMM: pick(r, 0., 0, 0, 4), DoublingDays: pick(r, 0., 0, 0, 400, 600), GrownMM: pick(r, 0, 0, 0, 1.5), WithinDays: pick(r, 0, 0, 0, 366),
		Count: pick(r, 0, 0, 1, 2),
	}
	if r.IntN(3) == 0 {
		rule.Kinds = some(r, priority.Kinds)
	}
	if r.IntN(3) == 0 {
		rule.UnlessKinds = some(r, priority.Kinds)
	}
	if len(rule.Kinds)+len(rule.UnlessKinds) > 0 {
		rule.KindConfidence = pick(r, 0, .5, .95)
	}
	if r.IntN(4) == 0 {
		rule.Changes = some(r, priority.Changes)
	}
	if r.IntN(4) == 0 {
		rule.Scan = some(r, priority.ScanWords[:3])
	}
	return rule
}

func anyFinding(r *rand.Rand, rank int) priority.Finding {
	f := priority.Finding{
		Rank: rank, Point: pick(r, priority.Points...), DiameterMM: pick(r, 5., 6, 7, 8, 9), Measured: r.IntN(4) > 0,
		Kind: pick(r, priority.Kinds...), KindConfidence: pick(r, .4, .6, .9, .99),
	}
	if f.Measured && f.Kind == "part-solid" {
		f.SolidMM = pick(r, 3., 4, 5)
	}
	if r.IntN(3) > 0 {
		f.Days = pick(r, 300, 700)
		f.Change = &prior.Change{State: pick(r, prior.New, prior.Unpaired, prior.Paired, prior.Paired, prior.Paired)}
		if f.Change.State == prior.Paired {
			f.Change.DiameterChangeMM, f.Change.DiameterErrorMM = pick(r, 0., 1, 2), pick(r, .5, 3)
			f.Change.Growth = pick(r, nil, &prior.Growth{DoublingDays: pick(r, 300., 500, 900), Trend: pick(r, prior.TrendGrowing, prior.TrendGrowing, prior.TrendUnclear)})
		}
	}
	return f
}

// Where the check says that a rule never decides, it never does.
func TestARefusedRuleNeverDecides(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	taken := 0
	for range 40000 {
		rules := priority.Rules{anyRule(r, "first", priority.Urgent), anyRule(r, "then", priority.High)}
		if err := rules.Check(); err == nil || !strings.Contains(err.Error(), "never decides") {
			continue
		}
		taken++
		for range 40 {
			f := priority.Facts{Scan: append(some(r, priority.ScanWords[:3]), some(r, []string{"CONTRAST_AGENT"})...)}
			for n := range r.IntN(4) {
				f.Findings = append(f.Findings, anyFinding(r, n+1))
			}
			level, reasons := rules.Decide(f)
			require.NotEqual(t, priority.High, level, "%+v\n%+v\n%+v", rules, f, reasons)
		}
	}
	require.Greater(t, taken, 100, "the check was not tried")
}
