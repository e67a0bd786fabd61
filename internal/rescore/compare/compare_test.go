package compare_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/froc"
	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
)

// study is one that was read, with a finding per score; 0.5 is the operating point.
func study(uid string, scores ...float64) compare.Study {
	s := compare.Study{UID: uid, Date: "20240229", State: rescore.Scored, SeriesUID: uid + ".1", Priority: triage.PriorityRoutine}
	s.Scan = triage.Scan{Manufacturer: "ACME", SliceThicknessMM: 1}
	for _, score := range scores {
		var f triage.Finding
		f.Score, f.Flagged = score, score >= 0.5
		s.Findings = append(s.Findings, f)
	}
	return s
}

func (c changed) of(s compare.Study) compare.Study { c(&s); return s }

type changed func(*compare.Study)

func unread(uid string, state rescore.SeriesState, reason string) compare.Study {
	return compare.Study{UID: uid, State: state, Reason: reason, Date: "20240229"}
}

func pass(label string, studies ...compare.Study) compare.Pass {
	return compare.Pass{Label: label, Model: triage.Model{Name: label}, Studies: func(each func(compare.Study) error) error {
		for _, s := range studies {
			if err := each(s); err != nil {
				return err
			}
		}
		return nil
	}}
}

func compared(t *testing.T, before, after compare.Pass) *compare.Comparison {
	t.Helper()
	c, err := compare.Compare(t.Context(), before, after, compare.Options{})
	require.NoError(t, err)
	return c
}

func uids(list []compare.Change) (out []string) {
	for _, c := range list {
		out = append(out, c.StudyUID)
	}
	return out
}

// Every study of either pass is in one place.
func TestEveryStudyIsTold(t *testing.T) {
	before := pass("old",
		study("1", 0.4), study("2", 0.9), study("3", 0.3), study("4", 0.7, 0.6),
		study("5", 0.8), study("6", 0.2), study("61"), unread("7", rescore.Failed, "MISSING_SLICES"), unread("71", rescore.Failed, ""),
		unread("8", rescore.Skipped, "NOT_CT"), unread("80", rescore.Waiting, ""))
	after := pass("new",
		study("1", 0.6), study("2", 0.1), study("3", 0.45), study("4", 0.7),
		unread("5", rescore.Failed, "DICOM_MALFORMED"), unread("61", rescore.Waiting, ""), study("7", 0.9), study("71"),
		unread("8", rescore.Skipped, "NOT_CT"), study("80", 0.9), study("9", 0.1))
	c := compared(t, before, after)

	require.Equal(t, compare.Side{Label: "old", Model: triage.Model{Name: "old"}, Studies: 11, Scored: 7, Flagged: 3, Waiting: 1, Alone: 1, Findings: 7}, c.Before)
	require.Equal(t, compare.Side{Label: "new", Model: triage.Model{Name: "new"}, Studies: 11, Scored: 8, Flagged: 4, Waiting: 1, Alone: 1, Findings: 7}, c.After)
	require.Equal(t, []int{4, 1, 2}, []int{c.Both, c.Neither, c.Unfinished})
	require.Equal(t, []string{"1"}, uids(c.NewlyFlagged))
	require.Equal(t, []string{"2"}, uids(c.Dropped))
	require.Equal(t, 1, c.StillFlagged)
	require.Equal(t, 1, c.StillNot)
	require.Equal(t, compare.Reasons{"DICOM_MALFORMED": 1, compare.ReasonAbsent: 1}, c.OnlyBefore)
	require.Equal(t, compare.Reasons{"MISSING_SLICES": 1, "failed": 1, compare.ReasonAbsent: 1}, c.OnlyAfter)
	require.Equal(t, []string{"5"}, uids(c.NotRead))

	all := map[string]bool{}
	for _, s := range []string{"1", "2", "3", "4", "5", "6", "61", "7", "71", "8", "80", "9"} {
		all[s] = true
	}
	require.Equal(t, len(all), c.Both+c.OnlyBefore.Studies()+c.OnlyAfter.Studies()+c.Neither+c.Unfinished)
	require.Equal(t, c.Both, c.StillFlagged+c.StillNot+len(c.NewlyFlagged)+len(c.Dropped))
	require.Equal(t, []compare.Pair{{Before: 0.4, After: 0.6}, {Before: 0.9, After: 0.1}, {Before: 0.3, After: 0.45}, {Before: 0.7, After: 0.7}}, c.Scores)
	require.Equal(t, compare.Change{
		StudyUID: "5", SeriesUID: "5.1", Date: "20240229", Manufacturer: "ACME", Kinds: []compare.Kind{compare.KindNotRead},
		ScoreBefore: 0.8, PriorityBefore: triage.PriorityRoutine, Reason: "DICOM_MALFORMED",
	}, c.NotRead[0])
	require.Equal(t, []string{"1", "7", "2", "5"}, uids(c.LookAgain), "what was not read before is there where it is flagged")
}

// A baseline of ten years beside a rescoring of one: readers are not sent to nine
// years of studies of which nothing was asked.
func TestStudiesOutsideTheRescoringAreCountedAndNotListed(t *testing.T) {
	var years []compare.Study
	for i := range 10 {
		years = append(years, study(fmt.Sprint(i), 0.9))
	}
	c := compared(t, pass("ten years", years...), pass("one year", unread("3", rescore.Failed, "TOO_LARGE"), study("4", 0.9), study("a", 0.9)))
	require.Equal(t, []string{"a", "3"}, uids(c.LookAgain))
	require.Equal(t, []string{"3"}, uids(c.NotRead))
	require.Equal(t, compare.Reasons{"TOO_LARGE": 1, compare.ReasonAbsent: 8}, c.OnlyBefore)
	require.Equal(t, compare.Reasons{compare.ReasonAbsent: 1}, c.OnlyAfter, "a count by reason: what one pass alone has may be millions")
	require.Equal(t, 8, c.Before.Alone)
	require.Equal(t, 1, c.After.Alone)
}

func TestLookAgainIsInTheOrderOfUrgency(t *testing.T) {
	high := changed(func(s *compare.Study) { s.Priority = triage.PriorityHigh })
	urgent := changed(func(s *compare.Study) { s.Priority = triage.PriorityUrgent })
	category := func(c string) changed { return func(s *compare.Study) { s.LungRADS = c } }
	before := pass("old",
		study("a", 0.1), study("b", 0.1), study("c", 0.1), study("d", 0.6), category("2").of(study("e", 0.6)), unread("f", rescore.Failed, "TOO_LARGE"),
		study("g", 0.6), high.of(study("h", 0.6)), study("i", 0.6), urgent.of(study("j", 0.6)), category("4B").of(study("k", 0.7)), study("l", 0.1))
	after := pass("new",
		study("a", 0.7), study("b", 0.8), urgent.of(study("c", 0.6)), high.of(study("d", 0.6)), category("3").of(study("e", 0.6)), urgent.of(study("f", 0.9)),
		study("g", 0.4), study("h", 0.1), unread("i", rescore.Failed, "TOO_LARGE"), study("j", 0.6), category("4A").of(study("k", 0.7)), study("l", 0.2))
	c := compared(t, before, after)
	require.Equal(t, []string{
		"c", "b", "a", // newly flagged: urgent first, then by score
		"d", "e", "f",
		"h", "g", // dropped: high before first
		"i",
	}, uids(c.LookAgain))
	require.Equal(t, []compare.Kind{compare.KindNewlyFlagged, compare.KindPriorityUp}, c.LookAgain[0].Kinds)
	require.Equal(t, []compare.Kind{compare.KindDropped, compare.KindPriorityDown}, c.LookAgain[6].Kinds)
	require.Equal(t, []compare.Cell{
		{"routine", "routine", 6}, {"routine", "high", 1}, {"routine", "urgent", 1}, {"high", "routine", 1}, {"urgent", "routine", 1},
	}, c.Priorities)
	require.Equal(t, []compare.Cell{{"", "", 8}, {"2", "3", 1}, {"4B", "4A", 1}}, c.Categories)
}

func TestCategoriesAreComparedInTheirOrder(t *testing.T) {
	require.Equal(t, []string{"", "0", "1", "2", "3", "4A", "4B", "4X"}, compare.CategoryOrder())
	for _, c := range []struct {
		before, after string
		kinds         []compare.Kind
	}{
		{"2", "3", []compare.Kind{compare.KindCategoryUp}},
		{"4A", "4B", []compare.Kind{compare.KindCategoryUp}},
		{"4B", "4X", []compare.Kind{compare.KindCategoryUp}},
		{"0", "2", []compare.Kind{compare.KindCategoryUp}},
		{"4X", "3", []compare.Kind{compare.KindCategoryDown}},
		{"3", "3", nil},
		{"", "2", nil}, // none is not below 2
		{"1", "", nil},
		{"", "3", []compare.Kind{compare.KindCategoryUp}},
		{"4A", "", []compare.Kind{compare.KindCategoryDown}},
		{"5", "2", nil}, // not a category
	} {
		one := func(category string) compare.Study {
			return changed(func(s *compare.Study) { s.LungRADS = category }).of(study("1", 0.3))
		}
		got := compared(t, pass("old", one(c.before)), pass("new", one(c.after)))
		require.Equal(t, []compare.Cell{{c.before, c.after, 1}}, got.Categories)
		if len(c.kinds) == 0 || c.kinds[0] != compare.KindCategoryUp {
			require.Empty(t, got.LookAgain, "%s to %s", c.before, c.after)
			continue
		}
		require.Equal(t, c.kinds, got.LookAgain[0].Kinds, "%s to %s", c.before, c.after)

		silent := pass("old", one(c.before))
		silent.Uncategorised = true
		got = compared(t, silent, pass("new", one(c.after)))
		require.Nil(t, got.Categories, "who was not asked said nothing")
		require.Empty(t, got.LookAgain)
	}
}

func TestStrata(t *testing.T) {
	scanned := func(uid, maker string, thickness float64, date string, score float64) compare.Study {
		return changed(func(s *compare.Study) {
			s.Scan.Manufacturer, s.Scan.SliceThicknessMM, s.Date = maker, thickness, date
		}).of(study(uid, score))
	}
	before := pass("old", scanned("1", "B", 1, "20200101", 0.1), scanned("2", "A", 1.25, "20210101", 0.2), scanned("3", " A ", 5, "20210101", 0.6),
		scanned("4", "A ", 0, "2021", 0.6), scanned("5", "A", 0, "", 0.6), study("6"))
	after := pass("new", scanned("1", "B", 1, "20200101", 0.6), scanned("2", "A", 1.25, "20210101", 0.25), scanned("3", "A", 5, "20210101", 0.4),
		scanned("4", " ", 2, "", 0.7), scanned("5", "", 0, "20219999x", 0.6), unread("6", rescore.Failed, "TOO_LARGE"))
	c := compared(t, before, after)
	names := func(list []compare.Stratum) (out []string) {
		sum := 0
		for _, s := range list {
			out = append(out, fmt.Sprint(s.Name, " ", s.Studies, " ", s.NewlyFlagged, s.Dropped, s.FlaggedBefore, s.FlaggedAfter))
			sum += s.Studies
		}
		require.Equal(t, c.Both, sum, "nothing vanishes")
		return out
	}
	require.Equal(t, []string{"A 4 0 1 3 2", "B 1 1 0 0 1"}, names(c.ByScanner), "the scanner of the pass that knows it")
	require.Equal(t, []string{"up to 1 mm 1 1 0 0 1", "1 to 1.5 mm 1 0 0 0 0", "1.5 to 2 mm 1 0 0 1 1", "above 2.5 mm 1 0 1 1 0", "unknown 1 0 0 1 1"}, names(c.ByThickness))
	require.Equal(t, []string{"2020 1 1 0 0 1", "2021 2 0 1 1 0", "unknown 2 0 0 2 2"}, names(c.ByYear))
	// Of -0.2, 0, 0.05, 0.1: numpy.quantile gives -0.05, 0.025, 0.0625.
	a := c.ByScanner[0].Shift
	require.InDeltaSlice(t, []float64{-0.05, 0.025, 0.0625}, []float64{a.Low, a.Median, a.High}, 1e-12)
	require.Equal(t, compare.Quartiles{Low: 0.5, Median: 0.5, High: 0.5}, c.ByScanner[1].Shift)
}

// Names that a scanner may choose take no memory without end.
func TestManyScannersCountTogether(t *testing.T) {
	many := func(each func(compare.Study) error) error {
		for i := range 1000 {
			s := study(fmt.Sprintf("%04d", i), 0.1)
			if s.Scan.Manufacturer = fmt.Sprintf("maker %04d", i); i >= 500 {
				s.Scan.Manufacturer = ""
			}
			if err := each(s); err != nil {
				return err
			}
		}
		return nil
	}
	c := compared(t, compare.Pass{Studies: many}, compare.Pass{Studies: many})
	require.Len(t, c.ByScanner, 202)
	require.Equal(t, []any{compare.Others, 300, froc.Unknown, 500},
		[]any{c.ByScanner[200].Name, c.ByScanner[200].Studies, c.ByScanner[201].Name, c.ByScanner[201].Studies}, "what is not known keeps its place")
}

// The sample is the same whenever the same studies are compared, and no part of
// them by their order.
func TestTheSampleIsBoundedAndTheSame(t *testing.T) {
	some := func(step int) compare.Pass {
		var studies []compare.Study
		for i := 0; i < 4000; i += step {
			studies = append(studies, study(fmt.Sprintf("1.%05d", i), float64(i)/10_000))
		}
		return pass("p", studies...)
	}
	run := func(step, size int) []compare.Pair {
		c, err := compare.Compare(t.Context(), some(step), some(step), compare.Options{Sample: size})
		require.NoError(t, err)
		return c.Scores
	}
	got := run(1, 100)
	require.Len(t, got, 100)
	require.Equal(t, got, run(1, 100))
	require.True(t, slices.IsSortedFunc(got, func(x, y compare.Pair) int { return int(10_000 * (x.Before - y.Before)) }), "in the order of the studies")
	// 100 of 4000: the mean of the sample is within 5 standard errors (0.1155/10) of 0.2.
	sum := 0.0
	for _, p := range got {
		sum += p.Before
	}
	require.InDelta(t, 0.2, sum/100, 0.058)
	for _, p := range got {
		if int(10_000*p.Before+0.5)%2 == 0 {
			require.Contains(t, run(2, 100), p, "a study that was drawn stays so where there are fewer")
		}
	}
	require.Len(t, run(1, 0), compare.DefaultSample)
	require.Empty(t, run(1, -1))
}

func TestPassesThatCannotBeCompared(t *testing.T) {
	broken := errors.New("the ledger is gone")
	fails := compare.Pass{Label: "new", Studies: func(each func(compare.Study) error) error {
		return errors.Join(each(study("1")), broken)
	}}
	for name, c := range map[string]struct {
		after compare.Pass
		want  error
	}{
		"a pass that breaks off": {fails, broken},
		"out of order":           {pass("new", study("1.10"), study("1.9"), study("1.11")), compare.ErrRows},
		"a study twice":          {pass("new", study("1"), study("1")), compare.ErrRows},
		"a study without a name": {pass("new", study("")), compare.ErrRows},
	} {
		t.Run(name, func(t *testing.T) {
			for _, sides := range [][2]compare.Pass{{pass("old", study("1"), study("2")), c.after}, {c.after, pass("old", study("1"), study("2"))}} {
				got, err := compare.Compare(t.Context(), sides[0], sides[1], compare.Options{})
				require.ErrorIs(t, err, c.want)
				require.ErrorContains(t, err, "new: ")
				require.Nil(t, got)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := compare.Compare(ctx, pass("old", study("1")), pass("new"), compare.Options{})
	require.ErrorIs(t, err, context.Canceled)

	empty := compared(t, pass("old"), pass("new"))
	require.Zero(t, empty.Both)
	require.NotNil(t, empty.Scores)
}

// A comparison that ends early reads no pass to its end.
func TestAPassIsLetGo(t *testing.T) {
	read, ended := 0, false
	endless := compare.Pass{Label: "endless", Studies: func(each func(compare.Study) error) error {
		defer func() { ended = true }()
		for {
			read++
			if err := each(study(strings.Repeat("1", read))); err != nil {
				return err
			}
		}
	}}
	_, err := compare.Compare(t.Context(), endless, pass("new", study("1"), study("1")), compare.Options{})
	require.ErrorIs(t, err, compare.ErrRows)
	require.True(t, ended)
	require.Less(t, read, 5)
}
