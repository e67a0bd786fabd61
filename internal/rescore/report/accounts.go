package report

import (
	"cmp"
	"maps"
	"slices"

	"nafas/internal/rescore"
)

// stateRow is one state of the inputs.
type stateRow struct{ Class, State, Inputs, Share, Meaning string }

// reasonRow is one reason.
type reasonRow struct{ Code, Reason, Do, Inputs string }

// accounts say what became of the inputs.
type accounts struct {
	States                []stateRow
	Total                 string
	Failed, Skipped       []reasonRow
	FailedAll, SkippedAll string
	Notes                 []string
}

func (s speaker) accounts(t rescore.Totals) accounts {
	w := s.words.Accounts
	out := accounts{Total: s.count(int(t.Inputs)), FailedAll: s.count(int(t.Failed)), SkippedAll: s.count(int(t.Skipped))}
	for _, row := range []struct {
		state rescore.SeriesState
		n     int64
	}{{rescore.Scored, t.Scored}, {rescore.Unchanged, t.Unchanged}, {rescore.Skipped, t.Skipped}, {rescore.Failed, t.Failed}, {rescore.Waiting, t.Waiting}} {
		code := string(row.state)
		out.States = append(out.States, stateRow{classIf(row.state == rescore.Failed && row.n > 0, "failed"), word(w.States, code), s.count(int(row.n)), s.share(int(row.n), int(t.Inputs)), word(w.Meanings, code)})
	}
	out.Failed = s.reasons(t.Reasons, failed, t.Failed)
	out.Skipped = s.reasons(t.Reasons, func(reason string) bool { return !failed(reason) }, t.Skipped)
	out.Notes = append(out.Notes, s.fill(w.Studies, s.count(int(t.StudiesDone)), s.count(int(t.Studies))))
	if t.Files > 0 {
		out.Notes = append(out.Notes, s.fill(w.Files, s.count(int(t.Files))))
	}
	if t.Late > 0 {
		out.Notes = append(out.Notes, s.fill(w.Late, s.count(int(t.Late))))
	}
	if t.Erased > 0 {
		out.Notes = append(out.Notes, s.fill(w.Erased, s.count(int(t.Erased))))
	}
	return out
}

// reasons are those that belong to a state, the most frequent first; what they leave
// of it is a row of its own.
func (s speaker) reasons(counts map[string]int64, belongs func(reason string) bool, all int64) []reasonRow {
	codes := slices.SortedFunc(maps.Keys(counts), func(x, y string) int { return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y)) })
	var out []reasonRow
	for _, code := range codes {
		if counts[code] != 0 && code != "" && belongs(code) {
			out = append(out, reasonRow{clean(code), s.reason(code), s.remedy(code), s.count(int(counts[code]))})
			all -= counts[code]
		}
	}
	if all != 0 {
		out = append(out, reasonRow{"", s.words.Accounts.NoReason, none, s.count(int(all))})
	}
	return out
}
