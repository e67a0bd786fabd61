package guideline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	g "nafas/inference/guideline"
)

// withVolume is a nodule with a volume that may be used.
func withVolume(mm3 float64, n g.Nodule) g.Nodule {
	n.VolumeMM3, n.VolumeReliable = mm3, true
	return n
}

func TestBTSFirstSeen(t *testing.T) {
	const (
		discharge = "DISCHARGE_FROM_FOLLOW_UP"
		at12      = "CT 12 months"
		at3       = "CT 3 months; then CT 12 months"
		brock     = "ASSESS_BY_BROCK"
		subsolid  = "CT 3 months; then consider CT 12 months / consider CT 24 months / consider CT 48 months"
	)
	for _, c := range []struct {
		why  string
		n    g.Nodule
		want string
	}{
		{"below 5 mm", seen(g.Solid, g.Baseline, 4.9), discharge},
		{"from 5 mm", seen(g.Solid, g.Baseline, 5), at12},
		{"below 6 mm", seen(g.Solid, g.Baseline, 5.9), at12},
		{"from 6 mm", seen(g.Solid, g.Baseline, 6), at3},
		{"below 8 mm", seen(g.Solid, g.Baseline, 7.9), at3},
		{"from 8 mm", seen(g.Solid, g.Baseline, 8), brock},
		{"below 80 mm3", withVolume(79, seen(g.Solid, g.Baseline, 0)), discharge},
		{"from 80 mm3", withVolume(80, seen(g.Solid, g.Baseline, 0)), at3},
		{"below 300 mm3", withVolume(299, seen(g.Solid, g.Baseline, 0)), at3},
		{"from 300 mm3", withVolume(300, seen(g.Solid, g.Baseline, 0)), brock},
		{"the volume decides", withVolume(80, seen(g.Solid, g.Baseline, 4.9)), at3},
		{"non-solid from 5 mm", seen(g.NonSolid, g.Baseline, 5), subsolid},
		{"part-solid from 5 mm", part(g.Baseline, "", 5, 3), subsolid},
		{"a subsolid one has no volume cut", withVolume(20, seen(g.NonSolid, g.Baseline, 5)), subsolid},
	} {
		s, err := g.BTS(c.n, g.Patient{})
		require.NoError(t, err)
		require.Empty(t, s.Withheld, c.why)
		require.Equal(t, c.want, said(s), c.why)
		require.Equal(t, g.CalculatedToBeConfirmed, s.Caveat)
	}
	s, err := g.BTS(withVolume(80, seen(g.Solid, g.Baseline, 4.9)), g.Patient{})
	require.NoError(t, err)
	require.Equal(t, "BTS.SOLID.SMALL", s.Other.Rule)
	require.Equal(t, []g.Question{g.AskVolumeDiameter}, s.NeedsRadiologist)
	s, err = g.BTS(seen(g.NonSolid, g.Baseline, 4.9), g.Patient{})
	require.NoError(t, err)
	require.Equal(t, g.NoRow, s.Withheld)
	require.Equal(t, []g.Question{g.AskNoRow}, s.NeedsRadiologist)
}

// From 8 mm or 300 mm3 the Brock model decides, at 10%.
func TestBTSByBrock(t *testing.T) {
	n := place(g.Solid, 8, g.Yes, 1, g.No)
	n.ShortMM = 8
	s, err := g.BTS(n, person(60, g.Male, g.No, g.No)) // 3.1%, as in the check cases
	require.NoError(t, err)
	require.Equal(t, "SURVEILLANCE", said(s))
	require.Equal(t, [2]string{"BTS.BROCK.LOW", "BTS.SOLID.8"}, [2]string{s.Rule, s.Base})
	require.Equal(t, []g.Unverified{g.UnverifiedBrockSize}, s.Unverified)

	n = place(g.Solid, 15, g.Yes, 1, g.Yes)
	n.ShortMM = 15
	s, err = g.BTS(n, person(70, g.Female, g.No, g.Yes)) // 53%
	require.NoError(t, err)
	require.Equal(t, "PET_CT_THEN_HERDER", said(s))

	s, err = g.BTS(n, g.Patient{Sex: g.Female})
	require.NoError(t, err)
	require.Equal(t, "ASSESS_BY_BROCK", said(s))
	require.Equal(t, []g.Fact{g.FactAge, g.FactFamily, g.FactEmphysema}, s.Missing)
}

// Both sides of 10%: of this nodule 12.5 mm is the first above it.
func TestBTSBrockCut(t *testing.T) {
	p := person(62, g.Male, g.No, g.No)
	for mm, want := range map[float64]string{12.4: "BTS.BROCK.LOW", 12.5: "BTS.BROCK.HIGH"} {
		n := place(g.Solid, mm, g.Yes, 1, g.No)
		n.ShortMM = mm
		s, err := g.BTS(n, p)
		require.NoError(t, err)
		require.Equal(t, want, s.Rule, "%v mm", mm)
		r, err := g.Brock(n, p)
		require.NoError(t, err)
		require.InDelta(t, 0.10, *r.Probability, 0.002)
	}
}

func TestBTSFollowUp(t *testing.T) {
	was := func(state g.State, days int, now, prior float64, comparable g.Answer) g.Nodule {
		n := withVolume(now, seen(g.Solid, state, 7))
		n.Prior = &g.Prior{Days: days, VolumeMM3: prior, Comparable: comparable}
		return n
	}
	const at12, at24 = "CT 12 months since the first exam", "CT 24 months since the first exam"
	for _, c := range []struct {
		why        string
		n          g.Nodule
		rule       string
		want       string
		unverified bool
	}{
		{"stable at 3 months", was(g.Stable, 90, 124, 100, g.Yes), "BTS.STABLE.3_MONTHS.VOLUME", at12, false},
		{"not yet a year", was(g.Stable, 359, 124, 100, g.Yes), "BTS.STABLE.3_MONTHS.VOLUME", at12, false},
		{"stable by volumetry at a year", was(g.Stable, 360, 124, 100, g.Yes), "BTS.STABLE.1_YEAR.VOLUME", "DISCHARGE_FROM_FOLLOW_UP", false},
		{"stable by diameter at 3 months", was(g.Stable, 90, 0, 0, ""), "BTS.STABLE.3_MONTHS.DIAMETER", at12, false},
		{"stable by diameter only at a year", was(g.Stable, 360, 0, 0, ""), "BTS.STABLE.1_YEAR.DIAMETER", at24, false},
		{"not yet two years", was(g.Stable, 719, 0, 0, ""), "BTS.STABLE.1_YEAR.DIAMETER", at24, false},
		{"stable by diameter at two years", was(g.Stable, 720, 0, 0, ""), "BTS.STABLE.2_YEARS.DIAMETER", "DISCHARGE_FROM_FOLLOW_UP", false},
		{"volumes that may not be compared leave the diameter", was(g.Stable, 360, 110, 100, g.No), "BTS.STABLE.1_YEAR.DIAMETER", at24, false},
		{"exactly 25% in 90 days: doubles in 280", was(g.Growing, 90, 125, 100, g.Yes), "BTS.GROWING.400", "WORK_UP", true},
		{"doubles in exactly 400 days", was(g.Growing, 400, 200, 100, g.Yes), "BTS.GROWING.400", "WORK_UP", true},
		{"doubles in 401 days", was(g.Growing, 401, 200, 100, g.Yes), "BTS.GROWING.600", "consider WORK_UP", true},
		{"doubles in exactly 600 days", was(g.Growing, 600, 200, 100, g.Yes), "BTS.GROWING.600", "consider WORK_UP", true},
		{"doubles in 601 days", was(g.Growing, 601, 200, 100, g.Yes), "BTS.GROWING.ABOVE_600", "consider DISCHARGE_FROM_FOLLOW_UP / consider SURVEILLANCE", true},
		{"doubles in 870 days, before a year", was(g.Growing, 280, 125, 100, g.Yes), "BTS.GROWING.SLOW.3_MONTHS", at12, false},
	} {
		s, err := g.BTS(c.n, g.Patient{})
		require.NoError(t, err)
		require.Empty(t, s.Withheld, c.why)
		require.Equal(t, c.rule, s.Rule, c.why)
		require.Equal(t, c.want, said(s), c.why)
		require.Equal(t, c.unverified, len(s.Unverified) > 0, c.why)
		require.Empty(t, s.NeedsRadiologist, c.why)
	}
	s, err := g.BTS(was(g.Stable, 90, 150, 100, g.Yes), g.Patient{})
	require.NoError(t, err)
	require.Equal(t, []g.Question{g.AskVolumeDiameter}, s.NeedsRadiologist, "stable by diameter, growing by volume")
	for _, c := range []struct {
		why     string
		n       g.Nodule
		want    g.Reason
		missing []g.Fact
	}{
		{"growth needs two volumes", was(g.Growing, 90, 150, 0, g.Yes), g.FactsMissing, []g.Fact{g.FactPriorVolume}},
		{"that may be compared", was(g.Growing, 90, 150, 100, g.No), g.NotComparable, nil},
		{"and are said to be", was(g.Growing, 90, 150, 100, ""), g.FactsMissing, []g.Fact{g.FactComparable}},
		{"and the days between", was(g.Stable, 0, 110, 100, g.Yes), g.FactsMissing, []g.Fact{g.FactInterval}},
		{"a day later is no CT at 3 months: it would put the next one off to 12", was(g.Stable, 1, 110, 100, g.No), g.NoRow, nil},
		{"the same of volumes", was(g.Stable, 89, 110, 100, g.Yes), g.NoRow, nil},
		{"no rows for subsolid nodules", seen(g.NonSolid, g.Stable, 7), g.NoRow, nil},
	} {
		s, err := g.BTS(c.n, g.Patient{})
		require.NoError(t, err)
		require.Equal(t, c.want, s.Withheld, c.why)
		require.Equal(t, c.missing, s.Missing, c.why)
	}
}

// Only the cuts that are verified have rows.
func TestEuropeanAndNELSONVolumes(t *testing.T) {
	for _, c := range []struct {
		why   string
		ask   func(g.Nodule, g.Patient) (g.Suggestion, error)
		state g.State
		mm3   float64
		rule  string
	}{
		{"300 mm3 at baseline is not above 300", g.European, g.Baseline, 300, ""},
		{"301 mm3", g.European, g.Baseline, 301, "EU.SOLID.BASELINE"},
		{"200 mm3 new is not above 200", g.European, g.New, 200, ""},
		{"201 mm3 new", g.European, g.New, 201, "EU.SOLID.NEW"},
		{"below 50", g.NELSONVolume, g.Baseline, 49, ""},
		{"50", g.NELSONVolume, g.Baseline, 50, "NELSON.SOLID.INDETERMINATE"},
		{"500", g.NELSONVolume, g.Baseline, 500, "NELSON.SOLID.INDETERMINATE"},
		{"501", g.NELSONVolume, g.Baseline, 501, ""},
		{"a new nodule is judged at its first follow-up", g.NELSONVolume, g.New, 200, ""},
		{"growth is another function", g.NELSONVolume, g.Growing, 300, ""},
	} {
		s, err := c.ask(withVolume(c.mm3, seen(g.Solid, c.state, 0)), screened)
		require.NoError(t, err)
		require.Equal(t, c.rule, s.Rule, c.why)
		require.Equal(t, c.rule == "", s.Withheld == g.NoRow, c.why)
		s, err = c.ask(seen(g.NonSolid, c.state, 9), screened)
		require.NoError(t, err)
		require.Equal(t, g.TypeNotCovered, s.Withheld)
		s, err = c.ask(seen(g.Solid, c.state, 9), screened)
		require.NoError(t, err)
		require.Equal(t, []g.Fact{g.FactSize}, s.Missing, "a diameter is no volume")
	}
}
