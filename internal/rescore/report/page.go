package report

import (
	"cmp"
	"fmt"
	"html/template"
	"strings"
	"time"

	"nafas/internal/i18n"
	"nafas/internal/rescore"
)

// page is what the template shows: words and figures that are ready.
type page struct {
	W                   i18n.RescoringWords
	Language, Direction string
	Style               template.CSS
	Name, Number, Made  string
	Notices             []notice
	Keys                []key
	Facts               []fact
	Rules               string
	Accounts            accounts
	Changes             *changes
	Times               *times
	Again               again
	Agreement           *agreement
	Limits              []string
}

// notice is something that must be seen first.
type notice struct{ Class, Text, At, More string }

// key is a figure on top.
type key struct{ Class, Name, Value string }

// fact is a line of what was passed over what.
type fact struct {
	Name, Value string
	// Foreign is a name or a figure of no language, Code a hash.
	Foreign, Code bool
}

func (s speaker) page(r Report) page {
	out := page{
		W: s.words, Language: s.language, Direction: "ltr", Style: style,
		Name: clean(r.Rescoring.Name), Number: s.fill(s.words.Numbered, fmt.Sprint(r.Rescoring.ID)),
		Made:    s.fill(s.words.Made, s.moment(r.At), r.Program),
		Notices: s.notices(r), Keys: s.keys(r), Facts: s.facts(r), Rules: cleanLines(r.Rescoring.Settings.Rules),
		Accounts: s.accounts(r.Rescoring.Totals), Again: s.again(r.Comparison),
		Limits: []string{
			s.words.Limits.Research, s.words.Limits.Order, s.words.Limits.Never, s.words.Limits.Failed,
			s.words.Limits.Cut, s.words.Limits.Scale, s.words.Limits.Alone, s.words.Limits.Patients,
		},
	}
	if s.language == "ar" {
		out.Direction = "rtl"
	}
	if r.Comparison != nil {
		out.Changes = s.changes(r)
	}
	if len(r.Periods) > 0 {
		out.Times = s.times(r)
	}
	if r.Agreement != nil {
		out.Agreement = s.agreement(*r.Agreement)
	}
	return out
}

func (s speaker) notices(r Report) []notice {
	var out []notice
	t, w := r.Rescoring.Totals, s.words.Notice
	if r.Census.disagrees(r.Rescoring) {
		out = append(out, notice{"bad", s.fill(w.Odd, s.count(int(t.Inputs)), s.count(int(r.Census.inputs()))), "accounts", ""})
	}
	if t.Failed > 0 {
		out = append(out, notice{"bad", s.fill(w.Failed, s.count(int(t.Failed))), "failed", w.FailedMore})
	}
	if n := lost(r.Comparison); n > 0 {
		out = append(out, notice{"bad", s.fill(w.Lost, s.count(n)), "only-before", w.LostMore})
	}
	switch state := r.Rescoring.State; {
	case state == rescore.StateCancelled && t.Waiting > 0:
		out = append(out, notice{"warn", s.fill(w.Cancelled, s.count(int(t.Waiting))), "", ""})
	case !state.Final():
		out = append(out, notice{"warn", s.fill(w.NotDone, word(s.words.Pass.States, string(state)), s.count(int(t.Waiting))), "", ""})
	}
	if !r.Rescoring.Planned {
		out = append(out, notice{"warn", w.NotListed, "", ""})
	}
	return out
}

func (s speaker) keys(r Report) []key {
	t, w := r.Rescoring.Totals, s.words.Key
	out := []key{
		{"", w.Studies, s.count(int(t.Studies))}, {"", w.Inputs, s.count(int(t.Inputs))}, {"", w.Read, s.count(int(t.Scored + t.Unchanged))},
		{"", w.Skipped, s.count(int(t.Skipped))}, {classIf(t.Failed > 0, "bad"), w.Failed, s.count(int(t.Failed))},
	}
	if t.Waiting > 0 {
		out = append(out, key{"warn", w.Waiting, s.count(int(t.Waiting))})
	}
	if c := r.Comparison; c != nil {
		return append(out, key{"", w.Flagged, s.count(c.After.Flagged)}, key{classIf(len(c.NewlyFlagged) > 0, "note"), w.Newly, s.count(len(c.NewlyFlagged))},
			key{"", w.Dropped, s.count(len(c.Dropped))}, key{classIf(len(c.LookAgain) > 0, "note"), w.Again, s.count(len(c.LookAgain))})
	}
	if len(r.Periods) > 0 {
		out = append(out, key{"", w.Flagged, s.count(total(r.Periods).Flagged)})
	}
	return out
}

func classIf(is bool, class string) string {
	if is {
		return class
	}
	return ""
}

func total(periods []Period) Period {
	var all Period
	for _, p := range periods {
		all.add(p)
	}
	return all
}

func (s speaker) facts(r Report) []fact {
	w, one := s.words.Pass, r.Rescoring
	out := []fact{
		{w.Model, clean(one.Model.Name), true, false}, {w.Version, clean(one.Model.Version), true, false}, {w.Hash, clean(one.Model.SHA256), true, true},
		{w.Config, clean(one.Recipe.ConfigSHA256), true, true}, {w.Program, clean(r.Program), true, false},
		{w.State, word(w.States, string(one.State)), false, false},
		{w.Begun, s.when(one.CreatedAt), false, false}, {w.Ended, s.when(one.EndedAt), false, false}, {w.Worked, i18n.Span(s.language, one.WorkedFor), false, false},
		{w.Window, cmp.Or(clean(one.Limits.Window), w.Always), false, false},
		{w.Source, word(w.Sources, string(one.Source.Kind)), false, false},
	}
	out = append(out, s.asked(one.Source)...)
	if first, last := ends(r.Periods); first > 0 {
		out = append(out, fact{w.Dates, unitName(first, false) + "–" + unitName(last, false), true, false})
	}
	out = append(out, s.settings(one)...)
	for i := range out {
		out[i].Value = cmp.Or(out[i].Value, none)
	}
	return out
}

func (s speaker) when(t time.Time) string {
	if t.IsZero() {
		return s.words.Pass.NotEnded
	}
	return s.moment(t) + " UTC"
}

// asked is how a source was narrowed. Where it is (a folder, an address) is not said:
// folders may have patients' names.
func (s speaker) asked(source rescore.SourceSpec) []fact {
	var out []fact
	w, q := s.words.Pass, source.Query
	var dates []string
	if q.From != "" {
		dates = append(dates, s.fill(w.From, s.date(q.From, "")))
	}
	if q.To != "" {
		dates = append(dates, s.fill(w.Until, s.date(q.To, "")))
	}
	say := func(name, value string, foreign bool) {
		if value != "" {
			out = append(out, fact{name, value, foreign, false})
		}
	}
	say(w.Asked, strings.Join(dates, " "), false)
	if source.Kind != rescore.SourceFolder {
		say(w.Modality, cmp.Or(clean(q.Modality), "CT"), true)
	}
	say(w.Description, clean(q.Description), true)
	if n := len(source.Studies); n > 0 {
		say(w.Listed, s.count(n), false)
	}
	return out
}

func (s speaker) settings(r rescore.Rescoring) []fact {
	w := s.words.Pass
	rules, screening, baseline := w.DefaultRules, w.NotSaid, w.NoBaseline
	if r.Settings.Rules != "" {
		rules = w.OwnRules
	}
	switch r.Settings.Screening {
	case "yes":
		screening = w.Yes
	case "no":
		screening = w.No
	}
	switch r.Baseline {
	case "":
	case rescore.BaselineLive:
		baseline = w.Live
	default:
		baseline = s.fill(s.words.Changes.Numbered, r.Baseline)
	}
	guidelines := clean(strings.Join(r.Settings.Guidelines, ", "))
	return []fact{
		{w.Rules, rules, false, false}, {w.Guidelines, cmp.Or(guidelines, w.UsualGuidelines), guidelines != "", false},
		{w.Screening, screening, false, false}, {w.Baseline, baseline, false, false},
	}
}
