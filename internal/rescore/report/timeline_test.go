package report_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/rescore/report"
	"nafas/internal/triage"
)

// dated is a study that was read, with a flagged finding where score reaches 0.5.
func dated(uid, date string, score float64) compare.Study {
	return studyOf(uid, date, triage.Scan{}, score, 0.5)
}

func TestATimelineCountsWhatIsRead(t *testing.T) {
	failed := compare.Study{UID: "5", Date: "20190315", State: rescore.Failed}
	unchanged := dated("4", "20190301", 0.7)
	unchanged.State = rescore.Unchanged
	after := passOf("after", newModel, []compare.Study{
		dated("1", "20190228", 0.9), dated("2", "20190201", 0.2), dated("3", "2019", 0.9), unchanged, failed, dated("6", "20191301", 0.1), dated("7", "2019022x", 0.6),
	})
	before := passOf("before", oldModel, []compare.Study{dated("1", "20190228", 0.4), dated("4", "20190301", 0.8), dated("9", "20180101", 0.9)})
	var line report.Timeline
	require.Empty(t, line.Periods())
	seen := 0
	each := func(compare.Study) error { seen++; return nil }
	require.NoError(t, line.After(after).Studies(each))
	require.NoError(t, line.Before(before).Studies(each))
	require.Equal(t, 10, seen, "every study is handed on")
	require.Equal(t, []report.Period{
		{Month: "201902", Studies: 2, Read: 2, Flagged: 1, ReadBefore: 1},
		{Month: "201903", Studies: 2, Read: 1, Flagged: 1, ReadBefore: 1, FlaggedBefore: 1},
		{Month: "", Studies: 3, Read: 3, Flagged: 2},
	}, line.Periods(), "2018 is not in the rescoring")
	full := errors.New("full")
	require.ErrorIs(t, line.After(after).Studies(func(compare.Study) error { return full }), full)
}

// timesOf are the names, and what was read, in the table of the picture over time.
func timesOf(t *testing.T, periods []report.Period) (caption string, names, read []string) {
	t.Helper()
	r := mostlyEmpty()
	r.Periods = periods
	elements := parsed(t, written(t, r, "en"))
	for i, e := range elements {
		if e.attr("id") == "times-title" {
			caption = e.text
		}
		if e.Data == "th" && e.attr("scope") == "row" && strings.Join(e.within, " ") == "html body main section figure details div table tbody tr" {
			names, read = append(names, e.text), append(read, elements[i+3].text)
		}
	}
	return caption, names, read
}

func TestMonthsBecomeYears(t *testing.T) {
	for name, c := range map[string]struct {
		periods     []report.Period
		caption     string
		names, read []string
	}{
		"months, a gap and no date": {[]report.Period{{Month: "", Read: 9}, {Month: "201912", Read: 1}, {Month: "202002", Read: 3}},
			"Studies by month of the study date", []string{"2019-12", "2020-01", "2020-02", "no date"}, []string{"1", "0", "3", "9"}},
		"three years are months": {[]report.Period{{Month: "201801", Read: 1}, {Month: "202012", Read: 1}}, "Studies by month of the study date", nil, nil},
		"more are years": {[]report.Period{{Month: "201801", Read: 1}, {Month: "201805", Read: 4}, {Month: "202101", Read: 1}, {Read: 2}},
			"Studies by year of the study date", []string{"2018", "2019", "2020", "2021", "no date"}, []string{"5", "0", "0", "1", "2"}},
		"a date that must be wrong": {[]report.Period{{Month: "190001", Read: 1}, {Month: "202101", Read: 2}},
			"Studies by year of the study date", []string{"1900", "2021"}, []string{"1", "2"}},
		"no date alone": {[]report.Period{{Read: 2}}, "Studies by month of the study date", []string{"no date"}, []string{"2"}},
	} {
		t.Run(name, func(t *testing.T) {
			caption, names, read := timesOf(t, c.periods)
			require.Equal(t, c.caption, caption)
			if c.names == nil {
				require.Len(t, names, 36)
				return
			}
			require.Equal(t, c.names, names)
			require.Equal(t, c.read, read)
		})
	}
}

// Marks in the picture of scores are as many as the comparison counts, each with the
// look of what became of its flag.
func TestMarksAreWhatTheComparisonCounts(t *testing.T) {
	r := reportOf(t, 500, 4)
	c := r.Comparison
	require.Len(t, c.Scores, c.Both)
	require.NotEmpty(t, c.NewlyFlagged)
	require.NotEmpty(t, c.Dropped)
	marks := func(r report.Report) map[string]int {
		out := map[string]int{}
		for _, e := range all(parsed(t, written(t, r, "en")), "path") {
			if look, ok := strings.CutPrefix(e.attr("class"), "mark "); ok && e.within[len(e.within)-2] == "div" {
				out[look] = strings.Count(e.attr("d"), "M")
			}
		}
		return out
	}
	require.Equal(t, map[string]int{"newly": len(c.NewlyFlagged), "dropped": len(c.Dropped), "still": c.StillFlagged, "not": c.StillNot}, marks(r))
	r.PointsBefore = nil
	require.Equal(t, map[string]int{"plain": c.Both}, marks(r))
	require.Contains(t, written(t, r, "en"), "The operating points are not all known")
}

// Every count of the comparison is on the page.
func TestCountsOfTheComparison(t *testing.T) {
	r := reportOf(t, 500, 4)
	c := r.Comparison
	page := spoken(written(t, r, "en"))
	for words, n := range map[string]int{
		"With a result in both passes": c.Both, "With a result before, none after": c.OnlyBefore.Studies(), "With a result after, none before": c.OnlyAfter.Studies(),
		"With a result in neither": c.Neither, "With a result in one, still waiting in the other": c.Unfinished,
	} {
		require.Contains(t, page, fmt.Sprintf(`%s</th><td class="count">%d</td>`, words, n))
	}
	for words, n := range map[string]int{"newly flagged": len(c.NewlyFlagged), "no longer flagged": len(c.Dropped), "still flagged": c.StillFlagged, "still not flagged": c.StillNot} {
		require.Contains(t, page, fmt.Sprintf(`<span class="small">%s</span> <span class="n">%d</span>`, words, n))
	}
	for _, s := range c.ByScanner {
		require.Contains(t, page, fmt.Sprintf(`<bdi>%s</bdi></th><td class="count">%d</td><td class="count">%d</td><td class="count">%d</td><td class="count">%d</td><td class="count">%d</td>`,
			s.Name, s.Studies, s.FlaggedBefore, s.FlaggedAfter, s.NewlyFlagged, s.Dropped))
	}
	require.Contains(t, page, "their scores are not on one scale")
	c.Before.Model = c.After.Model
	require.Contains(t, written(t, r, "en"), "their scores are on one scale")
	c.Before.Model.SHA256, c.After.Model.SHA256 = "", ""
	require.NotContains(t, written(t, r, "en"), "their scores are on one scale", "without hashes nothing is known to be the same")
}

func TestFiguresOfTheAgreement(t *testing.T) {
	r := reportOf(t, 800, 4)
	e := r.Agreement.Evaluation
	one := e.Thresholds[1]
	require.Equal(t, "one", one.Name)
	page := spoken(written(t, r, "en"))
	require.Contains(t, page, fmt.Sprintf(`1 false mark per scan</th><td class="count">0.500</td><td class="count">%d of %d</td><td class="count"><bdi>%.1f%%</bdi></td><td class="count"><bdi dir="ltr" class="nowrap">[%.1f%%, %.1f%%]</bdi></td><td class="count"><bdi dir="ltr" class="nowrap">[%.1f%%, %.1f%%]</bdi>`,
		one.Detected, one.Nodules, 100*one.Sensitivity, 100*one.Interval[0], 100*one.Interval[1], 100*one.Wilson[0], 100*one.Wilson[1]))
	require.Contains(t, page, fmt.Sprintf(`<bdi dir="ltr" class="nowrap">%.2f</bdi><br><bdi dir="ltr" class="nowrap small">[%.2f, %.2f]</bdi>`,
		one.FalseMarksPerScan, one.FalseMarksPerScanInterval[0], one.FalseMarksPerScanInterval[1]))
	// The line ends where the marks do: no rate beyond is in the table.
	last := 0.0
	for _, p := range e.Curves[0].Points {
		last = max(last, p.FalseMarksPerScan)
	}
	require.Greater(t, last, 4.0)
	require.Less(t, last, 8.0)
	require.Contains(t, page, `<bdi dir="ltr">4</bdi></th>`)
	require.NotContains(t, page, `<bdi dir="ltr">8</bdi></th>`)
}
