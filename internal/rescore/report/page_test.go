package report_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/inference/froc"
	"nafas/internal/i18n"
	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/rescore/report"
	"nafas/internal/rescore/tables"
	"nafas/internal/triage"
)

// cases are reports in which something is missing.
func cases(t *testing.T) map[string]report.Report {
	t.Helper()
	whole := reportOf(t, 60, 2)
	alone, unread, unknown, nothing, uncategorised := whole, whole, whole, whole, whole
	alone.Comparison, alone.PointsBefore = nil, nil
	unread.Agreement = &compare.Agreement{Signed: 3, Caveats: compare.Caveats()}
	unknown.Points, unknown.PointsBefore, unknown.Periods, unknown.Agreement = nil, nil, nil, nil
	nothing.Comparison = &compare.Comparison{}
	without := *whole.Comparison
	without.Categories = nil
	uncategorised.Comparison = &without
	barren := whole
	e, err := froc.Evaluate(t.Context(), froc.Set{Scans: []froc.Scan{{SeriesUID: "1"}}}, froc.Options{Thresholds: points})
	require.NoError(t, err)
	barren.Agreement = &compare.Agreement{Signed: 1, Studies: 1, Series: 1, Seen: []string{"lungs 1.4"}, Caveats: compare.Caveats(), Evaluation: e}
	return map[string]report.Report{
		"whole": whole, "no baseline": alone, "no study compared": unread, "nothing known beside": unknown, "nothing in common": nothing,
		"no categories": uncategorised, "no nodules": barren, "just begun": mostlyEmpty(), "zero": {},
	}
}

func TestPagesAreWellFormed(t *testing.T) {
	for name, r := range cases(t) {
		for _, language := range report.Languages() {
			t.Run(name+" "+language, func(t *testing.T) {
				page := written(t, r, language)
				elements := parsed(t, page)
				root := all(elements, "html")[0]
				require.Equal(t, language, root.attr("lang"))
				require.Equal(t, map[string]string{"ar": "rtl"}[language] == "rtl", root.attr("dir") == "rtl")
				ids := map[string]bool{}
				for _, e := range elements {
					if id := e.attr("id"); id != "" {
						require.False(t, ids[id], "%s is there twice", id)
						ids[id] = true
					}
				}
				for _, e := range elements {
					for _, id := range strings.Fields(e.attr("aria-labelledby")) {
						require.True(t, ids[id], "%s is named by nobody", id)
					}
					if e.Data == "a" {
						require.True(t, ids[strings.TrimPrefix(e.attr("href"), "#")], e.attr("href"))
					}
					require.Equal(t, e.Data == "svg" && e.attr("role") == "img", e.Data == "svg" && e.attr("aria-hidden") == "", "a picture has a name or is hidden")
				}
				require.NotContains(t, page, "NaN")
				require.NotContains(t, page, "%!", "a sentence with a gap")
				require.NotContains(t, page, "ZgotmplZ", "a value that the template refuses")
			})
		}
	}
}

// Each figure has a name, a description, and its numbers as a table.
func TestFiguresHaveTheirNumbers(t *testing.T) {
	elements := parsed(t, written(t, reportOf(t, 120, 8), "en"))
	figures := all(elements, "figure")
	require.Len(t, figures, 3)
	pictures := 0
	for _, e := range elements {
		if e.Data == "svg" && e.attr("role") == "img" {
			pictures++
			require.Contains(t, e.within, "figure")
		}
		if e.Data == "text" {
			require.NotRegexp(t, `[\p{Arabic}]|[a-zA-Z]{2}`, e.text, "numbers and short marks alone")
		}
	}
	require.Equal(t, 3, pictures)
	count := func(name, within string) (n int) {
		for _, e := range all(elements, name) {
			if slices.Contains(e.within, within) {
				n++
			}
		}
		return n
	}
	require.Equal(t, []int{3, 3, 3, 3}, []int{count("desc", "figure"), count("title", "figure"), count("details", "figure"), count("table", "details")})
}

func TestNothingComesFromOutside(t *testing.T) {
	for _, language := range report.Languages() {
		page := written(t, reportOf(t, 60, 3), language)
		for _, never := range []string{"http:", "https:", "//", "url(", "@import", "javascript:", "<script", "<link", "<iframe", "<img", "<object", " src=", " style=", " onload"} {
			require.NotContains(t, page, never)
		}
		policy := ""
		for _, m := range all(parsed(t, page), "meta") {
			if m.attr("http-equiv") == "Content-Security-Policy" {
				policy = m.attr("content")
			}
		}
		require.True(t, strings.HasPrefix(policy, "default-src 'none'; style-src 'unsafe-inline'; img-src data:"), policy)
		require.NotContains(t, policy, "script")
		for _, secret := range []string{"hospital", "secret", "pacs-room"} {
			require.NotContains(t, page, secret, "where the source is, and who read, is nobody's business")
		}
	}
}

// What an image, or whoever named things, says is text and nothing else.
func TestHostileNames(t *testing.T) {
	r := reportOf(t, 60, 2)
	plain := written(t, r, "ar")
	c := *r.Comparison
	c.Before.Label, c.Before.Model = hostile, triage.Model{Name: hostile, Version: hostile, SHA256: hostile}
	c.LookAgain = slices.Clone(c.LookAgain)
	for i := range c.LookAgain {
		c.LookAgain[i].Manufacturer, c.LookAgain[i].Date, c.LookAgain[i].CategoryAfter, c.LookAgain[i].Reason = hostile, hostile, hostile, hostile
	}
	c.ByScanner = append(slices.Clone(c.ByScanner), compare.Stratum{Name: hostile, Studies: 1})
	c.Categories = append(slices.Clone(c.Categories), compare.Cell{Before: hostile, After: "2", Studies: 1})
	c.OnlyBefore = maps.Clone(c.OnlyBefore)
	c.OnlyBefore[hostile] = 1
	r.Comparison = &c
	r.Rescoring.Name, r.Rescoring.Model, r.Rescoring.Source.Query.Description = hostile, triage.Model{Name: hostile, Version: hostile, SHA256: hostile}, hostile
	r.Rescoring.Settings.Rules, r.Rescoring.Settings.Guidelines, r.Rescoring.Limits.Window, r.Program = hostile, []string{hostile}, hostile, hostile
	r.Rescoring.Baseline, r.Rescoring.Source.Query.From, r.Rescoring.State, r.Rescoring.Source.Kind = hostile, hostile, hostile, hostile
	r.Rescoring.Totals.Reasons[hostile] = 1
	a := *r.Agreement
	a.Seen, a.Caveats = []string{hostile}, append(slices.Clone(a.Caveats), hostile)
	r.Agreement = &a
	names := func(page string) (out []string) {
		for _, e := range parsed(t, page) {
			out = append(out, e.Data)
			for _, attr := range e.Attr {
				require.False(t, strings.HasPrefix(attr.Key, "on"), attr.Key)
				require.NotContains(t, attr.Val, "evil.example")
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	page := written(t, r, "ar")
	require.Subset(t, append(names(plain), "pre"), names(page))
	require.Contains(t, page, "&lt;script&gt;alert(1)&lt;/script&gt;")
	require.Greater(t, strings.Count(page, "&lt;script"), 20)
	require.NotContains(t, page, "\u202e", "nothing turns the direction of what is around")
	require.NotContains(t, page, "\x00")
	require.True(t, strings.ToValidUTF8(page, "") == page)
}

func TestEqualReportsGiveEqualPages(t *testing.T) {
	for _, language := range report.Languages() {
		require.Equal(t, written(t, reportOf(t, 80, 5), language), written(t, reportOf(t, 80, 5), language))
	}
}

func TestLanguages(t *testing.T) {
	require.Equal(t, written(t, mostlyEmpty(), "en"), written(t, mostlyEmpty(), ""))
	var out bytes.Buffer
	require.ErrorIs(t, report.Write(&out, mostlyEmpty(), "de"), report.ErrLanguage)
	require.Zero(t, out.Len())
	broken := errors.New("no space")
	require.ErrorIs(t, report.Write(failing{broken}, mostlyEmpty(), "en"), broken)
}

type failing struct{ error }

func (f failing) Write([]byte) (int, error) { return 0, f.error }

// What failed stands on top, before any other figure, and leads to the reasons.
func TestFailedInputsComeFirst(t *testing.T) {
	r := reportOf(t, 120, 3)
	require.Positive(t, r.Rescoring.Totals.Failed)
	for _, language := range report.Languages() {
		page := written(t, r, language)
		elements := parsed(t, page)
		var notices []element
		for _, e := range all(elements, "p") {
			if strings.HasPrefix(e.attr("class"), "notice bad") {
				notices = append(notices, e)
			}
		}
		require.Len(t, notices, 2)
		failed := i18n.Number(language, float64(r.Rescoring.Totals.Failed), 0)
		require.Contains(t, bare(notices[0].text), ": "+failed+".")
		require.Contains(t, bare(notices[1].text), ": "+i18n.Number(language, float64(r.Comparison.OnlyBefore.Studies()), 0)+".")
		top, reasons, states := strings.Index(page, "notice bad"), strings.Index(page, `<table class="counts bad">`), strings.Index(page, `id="states"`)
		require.Less(t, top, strings.Index(page, `<dl class="keys">`))
		require.Less(t, reasons, states)
		require.Equal(t, "#failed", all(elements, "a")[0].attr("href"))
		require.Contains(t, bare(byID(t, elements, "failed").text), i18n.Rescoring(language).Accounts.FailedIs[:20])
	}
	r.Rescoring.Totals.Inputs -= r.Rescoring.Totals.Failed
	r.Rescoring.Totals.Failed = 0
	for reason := range r.Rescoring.Totals.Reasons {
		if rescore.StateOf(refusal.Reason(reason)) == rescore.Failed {
			delete(r.Rescoring.Totals.Reasons, reason)
		}
	}
	c := *r.Comparison
	c.OnlyBefore = compare.Reasons{compare.ReasonAbsent: 1}
	r.Comparison = &c
	page := written(t, r, "en")
	require.NotContains(t, page, "notice bad", "what the rescoring does not have is not lost")
	require.Contains(t, page, "not among the studies of this pass")
	require.Contains(t, page, "No input failed.")
}

// Whatever the totals say is in the tables; what is missing is said.
func TestTheAccounts(t *testing.T) {
	r := mostlyEmpty()
	r.Rescoring.State, r.Rescoring.Planned = rescore.StateDone, true
	r.Rescoring.Totals = rescore.Totals{
		Studies: 4, StudiesDone: 4, Inputs: 1010, Scored: 1000, Unchanged: 1, Skipped: 4, Failed: 5,
		Reasons: map[string]int64{"LOCALIZER": 4, "MISSING_SLICES": 2, "SOURCE_GONE": 1, "NOT_CT": 0},
	}
	page := spoken(written(t, r, "en"))
	for _, row := range []string{
		`Scored</span></th><td>the model read it in this rescoring</td><td class="count">1,000</td><td class="count"><bdi>99.0%</bdi>`,
		`Failed</span></th><td>it should have been read and could not be</td><td class="count">5</td><td class="count"><bdi>0.5%</bdi>`,
		`missing slices<br><code dir="ltr" class="small">MISSING_SLICES</code></th><td>send the whole series again</td><td class="count">2</td>`,
		`no longer in the archive<br><code dir="ltr" class="small">SOURCE_GONE</code></th>`,
		`no reason was kept</th><td>–</td><td class="count">2</td>`,
		`a localizer<br><code dir="ltr" class="small">LOCALIZER</code></th><td>send the axial series</td><td class="count">4</td>`,
	} {
		require.Contains(t, page, row)
	}
	require.NotContains(t, page, "NOT_CT")
	require.NotContains(t, page, "add up")
	require.NotContains(t, page, "notice warn")
}

// The totals are counters: they are held against the inputs themselves, counted one by
// one as they are read.
func TestTotalsThatAreNotWhatTheInputsAreAreSaid(t *testing.T) {
	counted := func(states ...rescore.SeriesState) report.Census {
		c := report.Census{rescore.Scored: 99}
		rows := c.Of(func(each func(rescore.Row) error) error {
			for _, state := range states {
				if err := each(rescore.Row{State: state}); err != nil {
					return err
				}
			}
			return nil
		})
		handed := 0
		for range 2 { // whoever reads them twice counts them once
			handed = 0
			require.NoError(t, rows(func(rescore.Row) error { handed++; return nil }))
		}
		require.Equal(t, len(states), handed)
		return c
	}
	r := mostlyEmpty()
	r.Rescoring.Planned = true
	r.Rescoring.Totals = rescore.Totals{Inputs: 3, Scored: 2, Skipped: 1, Reasons: map[string]int64{"LOCALIZER": 1}}
	for name, c := range map[string]struct {
		state  rescore.State
		census report.Census
		says   string
	}{
		"the same":       {rescore.StateDone, counted(rescore.Scored, rescore.Skipped, rescore.Scored), ""},
		"one is missing": {rescore.StateDone, counted(rescore.Scored, rescore.Skipped), "3 inputs; counted one by one they are 2,"},
		"another state":  {rescore.StateDone, counted(rescore.Scored, rescore.Skipped, rescore.Failed), "3 inputs; counted one by one they are 3, or in other states"},
		"one that waits": {rescore.StateDone, counted(rescore.Scored, rescore.Skipped, rescore.Scored, rescore.Waiting), "they are 4,"},
		"no known state": {rescore.StateDone, counted(rescore.Scored, rescore.Skipped, rescore.Scored, "lost"), "they are 4,"},
		"no input":       {rescore.StateDone, counted(), "they are 0,"},
		"it goes on":     {rescore.StateRunning, counted(rescore.Scored), ""},
		"nobody counted": {rescore.StateDone, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r.Rescoring.State, r.Census = c.state, c.census
			page := bare(written(t, r, "en"))
			if c.says == "" {
				require.NotContains(t, page, "add up")
				return
			}
			require.Contains(t, page, "The accounts do not add up: the totals say ")
			require.Contains(t, page, c.says)
		})
	}
}

func TestWhatIsNotDoneIsSaid(t *testing.T) {
	r := mostlyEmpty()
	r.Rescoring.Totals = rescore.Totals{Inputs: 9, Waiting: 9}
	page := bare(written(t, r, "en"))
	require.Contains(t, page, "This rescoring has not ended (listing its inputs). Inputs that still wait: 9.")
	require.Contains(t, page, "there are more than are counted here")
	require.Contains(t, page, "No baseline was named: nothing is compared.")
	require.Contains(t, page, "Without a baseline there is no list.")
	require.Contains(t, page, "No study was counted.")
	require.Contains(t, page, "No reviews were laid on this rescoring.")
	r.Rescoring.State, r.Rescoring.Planned = rescore.StateCancelled, true
	page = bare(written(t, r, "en"))
	require.Contains(t, page, "This rescoring was cancelled. Inputs that were never looked at: 9.")
	require.NotContains(t, page, "there are more than")
}

func TestAnEarlierRescoringIsNamedOnce(t *testing.T) {
	r := reportOf(t, 20, 1)
	r.Rescoring.Baseline = "5"
	for label, want := range map[string]string{compare.Unnamed("5"): "<td>rescoring 5</td>", "spring": "<td>rescoring 5 · "} {
		r.Comparison.Before.Label = label
		require.True(t, strings.Contains(written(t, r, "en"), want), label)
	}
}

func TestAtMostTwoHundredAreListed(t *testing.T) {
	r := reportOf(t, 2600, 3)
	n := len(r.Comparison.LookAgain)
	require.Greater(t, n, report.MostListed)
	for _, language := range report.Languages() {
		page := written(t, r, language)
		listed := []string{}
		for _, e := range parsed(t, page) {
			if e.Data == "bdi" && e.attr("class") == "uid" {
				require.Equal(t, "ltr", e.attr("dir"))
				listed = append(listed, e.text)
			}
		}
		want := []string{}
		for _, c := range r.Comparison.LookAgain[:report.MostListed] {
			want = append(want, c.StudyUID)
		}
		require.Equal(t, want, listed, "in the order of the comparison")
		require.Contains(t, page, tables.FileName(tables.LookAgain, tables.CSV))
	}
	require.Contains(t, bare(written(t, r, "en")), "Shown: the first 200 of "+i18n.Number("en", float64(n), 0)+".")
	require.NotContains(t, written(t, reportOf(t, 60, 1), "en"), "look_again.csv", "nothing is left out")
}

// A study that one pass did not read has a reason where its score would be.
func TestRowsOfStudiesToLookAt(t *testing.T) {
	r := mostlyEmpty()
	r.Comparison = &compare.Comparison{Categories: []compare.Cell{}, LookAgain: []compare.Change{
		{StudyUID: "1.2", Date: "20190304", Manufacturer: "ACME", Kinds: []compare.Kind{compare.KindNewlyFlagged, compare.KindPriorityUp},
			ScoreBefore: 0.31, ScoreAfter: 0.9312, PriorityBefore: triage.PriorityRoutine, PriorityAfter: triage.PriorityUrgent, CategoryAfter: "4A"},
		{StudyUID: "1.3", Kinds: []compare.Kind{compare.KindReadNow}, ScoreAfter: 0.7, PriorityAfter: triage.PriorityHigh, Reason: "TOO_LARGE"},
		{StudyUID: "1.4", Kinds: []compare.Kind{compare.KindNotRead}, ScoreBefore: 0.6, PriorityBefore: triage.PriorityHigh, Reason: compare.ReasonAbsent},
	}}
	rows := []string{}
	for _, e := range all(parsed(t, strings.ReplaceAll(written(t, r, "en"), "<br>", " ")), "tr") {
		if strings.Contains(e.text, "1.2") || strings.Contains(e.text, "1.3") || strings.Contains(e.text, "1.4") {
			rows = append(rows, bare(strings.ReplaceAll(e.text, "–", " – ")))
		}
	}
	require.Equal(t, []string{
		"11.2 4 Mar 2019 · ACMEnewly flagged priority up Routine Urgentnone 4A0.310 0.931",
		"21.3 no datenot read before not read before: too large – High – none – 0.700",
		"31.4 no dateread before, not now not read now: not among the studies of this passHigh – none – 0.600 –",
	}, rows)
}

func TestCaveatsAreThoseOfTheComparison(t *testing.T) {
	page := written(t, reportOf(t, 200, 2), "en")
	for _, c := range compare.Caveats() {
		require.Equal(t, c.Text(), i18n.Rescoring("en").Agreement.Caveats[string(c)])
		require.Contains(t, strings.ReplaceAll(page, "&#39;", "'"), c.Text())
	}
}
