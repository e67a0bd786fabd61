package objects

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"nafas/dicomio/report"
	"nafas/inference/measure"
	"nafas/internal/triage"
	"nafas/internal/triage/review"
)

var verdicts = map[review.Verdict]report.Verdict{
	review.Agree: report.Accepted, review.Disagree: report.Rejected, review.Unsure: report.Unsure,
}

// reviewed is what readers said of a delivery; nil where none did anything.
// Answers to other results than the delivery's are counted, and not repeated: a
// later finding of the same rank is another one.
func reviewed(one triage.Delivery) *report.Review {
	state := one.Review
	if state == nil || state.Version == 0 {
		return nil
	}
	out := &report.Review{Version: state.Version}
	for ref, a := range state.Answers {
		switch {
		case a.Verdict == "": // taken back
		case one.Series.Result != nil && ref.SeriesUID == one.Series.UID && ref.ResultKey == one.Series.Result.Key:
			out.Answers = append(out.Answers, report.Answer{
				Rank: ref.Rank, Verdict: verdicts[a.Verdict], Cause: report.Cause(a.Cause), Kind: kind(a.Kind),
				Category: a.Category, Comment: a.Comment, By: report.Reader{ID: a.By.Name, Name: a.By.Display}, At: a.At.UTC(),
			})
		default:
			out.Earlier++
		}
	}
	slices.SortFunc(out.Answers, func(a, b report.Answer) int { return cmp.Compare(a.Rank, b.Rank) })
	for _, m := range state.Marks {
		out.Marks = append(out.Marks, report.Mark{
			ID: m.ID, SeriesUID: m.SeriesUID, CenterLPSMM: m.CenterLPSMM, DiameterMM: m.DiameterMM, SOPInstanceUID: m.SOPInstanceUID, Frame: m.Frame,
			Kind: kind(m.Kind), Category: m.Category, Comment: m.Comment, By: report.Reader{ID: m.By.Name, Name: m.By.Display}, At: m.At.UTC(),
		})
	}
	if s := state.Signed; s != nil {
		out.Signed = &report.Signature{By: report.Reader{ID: s.By.Name, Name: s.By.Display}, At: s.At.UTC(), Outdated: outdated(one, s)}
	}
	out.At = lastOf(state)
	return out
}

// kind is one that a reader gave: readers' words have an underscore where those of
// measurements have a hyphen.
func kind(k string) measure.Kind { return measure.Kind(strings.ReplaceAll(k, "_", "-")) }

// outdated says whether a signature is for something else than a delivery says
// now: for another result, for none, for the same before it was compared, or for
// what readers said before they said more.
func outdated(one triage.Delivery, s *review.Signature) bool {
	var keys []string
	for _, series := range one.Study.Series {
		if series.Result != nil {
			keys = append(keys, series.Result.Key)
		}
	}
	if result := one.Series.Result; result != nil {
		keys = append(keys, result.Key)
	}
	signed := slices.Sorted(slices.Values(s.ResultKeys))
	slices.Sort(keys)
	return one.Review.Outdated || !slices.Equal(slices.Compact(keys), slices.Compact(signed)) ||
		one.Study.Comparison != nil && one.StoredAt.After(s.At) || more(one.Review.Entries)
}

// more says whether readers said more since they signed.
func more(log []review.Entry) bool {
	return len(log) > 0 && log[len(log)-1].Action.Kind != review.KindSign
}

// lastOf is when readers did the last of all.
func lastOf(state *review.State) (at time.Time) {
	later := func(t time.Time) {
		if t.After(at) {
			at = t.UTC()
		}
	}
	for _, a := range state.Answers {
		later(a.At)
	}
	for _, m := range state.Marks {
		later(m.At)
	}
	if state.Signed != nil {
		later(state.Signed.At)
	}
	for _, e := range state.Entries {
		later(e.At)
	}
	return at
}
