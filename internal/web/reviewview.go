package web

import (
	"cmp"
	"slices"

	"nafas/internal/triage/review"
	"nafas/internal/web/api"
)

// reviewOf is a review as it is shown to a reader.
func reviewOf(s review.State, to review.Reader) api.Review {
	out := api.Review{
		Version: s.Version, Answers: []api.FindingAnswer{}, Added: []api.Mark{}, Signed: signatureOf(s.Signed), Outdated: s.Outdated,
		History: []api.Entry{}, CanUndo: s.CanUndo(to),
	}
	for ref, a := range s.Answers {
		out.Answers = append(out.Answers, api.FindingAnswer{
			SeriesUID: ref.SeriesUID, ResultKey: ref.ResultKey, Rank: ref.Rank, Answer: *answerOf(&a.Answer), By: a.By.Display, At: a.At.UTC(),
		})
	}
	slices.SortFunc(out.Answers, func(a, b api.FindingAnswer) int {
		return cmp.Or(cmp.Compare(a.SeriesUID, b.SeriesUID), cmp.Compare(a.ResultKey, b.ResultKey), cmp.Compare(a.Rank, b.Rank))
	})
	for _, m := range s.Marks {
		one := markOf(&m.Mark)
		one.By, one.At = m.By.Display, ptr(m.At.UTC())
		out.Added = append(out.Added, *one)
	}
	for _, e := range s.Entries {
		out.History = append(out.History, entryOf(s, e))
	}
	return out
}

func entryOf(s review.State, e review.Entry) api.Entry {
	a := e.Action
	out := api.Entry{
		Number: e.Number, At: e.At.UTC(), By: e.Reader.Display, Kind: string(a.Kind), MarkID: a.MarkID,
		Answer: answerOf(a.Answer), Mark: markOf(a.Mark), Undoes: a.Undoes, Undone: s.Undone(e.Number),
	}
	if a.Finding != nil {
		out.SeriesUID, out.ResultKey, out.Rank = a.Finding.SeriesUID, a.Finding.ResultKey, a.Finding.Rank
	}
	if a.Mark != nil {
		out.SeriesUID, out.MarkID = a.Mark.SeriesUID, cmp.Or(a.MarkID, a.Mark.ID)
	}
	if e.From != nil {
		out.FromAnswer, out.FromMark = answerOf(e.From.Answer), markOf(e.From.Mark)
	}
	return out
}

// answerOf is a on the page; nil stays nil.
func answerOf(a *review.Answer) *api.Answer {
	if a == nil {
		return nil
	}
	return &api.Answer{Verdict: string(a.Verdict), Cause: string(a.Cause), Kind: kindOut(a.Kind), Category: a.Category, Comment: a.Comment}
}

// markOf is m on the page, without whose it is; nil stays nil. Its slice is not
// kept: the image names it.
func markOf(m *review.Mark) *api.Mark {
	if m == nil {
		return nil
	}
	return &api.Mark{
		ID: m.ID, SeriesUID: m.SeriesUID, CenterLPSMM: m.CenterLPSMM, DiameterMM: m.DiameterMM,
		Image: api.ImagePlace{SOPInstanceUID: m.SOPInstanceUID, Frame: m.Frame, Column: m.PixelColumn, Row: m.PixelRow},
		Kind:  kindOut(m.Kind), Category: m.Category, Comment: m.Comment,
	}
}

func signatureOf(s *review.Signature) *api.Signature {
	if s == nil {
		return nil
	}
	return &api.Signature{By: s.By.Display, At: s.At.UTC()}
}
