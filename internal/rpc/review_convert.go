package rpc

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"nafas/inference/measure"
	"nafas/internal/triage"
	"nafas/internal/triage/quality"
	"nafas/internal/triage/review"
	nafasv1 "nafas/proto/nafas/v1"
)

var verdictToProto = map[review.Verdict]nafasv1.Verdict{
	"":           nafasv1.Verdict_VERDICT_UNSPECIFIED,
	review.Agree: nafasv1.Verdict_VERDICT_AGREE, review.Disagree: nafasv1.Verdict_VERDICT_DISAGREE, review.Unsure: nafasv1.Verdict_VERDICT_UNSURE,
}

var causeToProto = map[review.Cause]nafasv1.Cause{
	"":                      nafasv1.Cause_CAUSE_UNSPECIFIED,
	review.CauseVessel:      nafasv1.Cause_CAUSE_VESSEL,
	review.CauseScar:        nafasv1.Cause_CAUSE_SCAR,
	review.CauseLymphNode:   nafasv1.Cause_CAUSE_LYMPH_NODE,
	review.CauseAtelectasis: nafasv1.Cause_CAUSE_ATELECTASIS,
	review.CauseMucus:       nafasv1.Cause_CAUSE_MUCUS,
	review.CausePleura:      nafasv1.Cause_CAUSE_PLEURA,
	review.CauseBone:        nafasv1.Cause_CAUSE_BONE,
	review.CauseArtefact:    nafasv1.Cause_CAUSE_ARTEFACT,
	review.CauseInfection:   nafasv1.Cause_CAUSE_INFECTION,
	review.CauseOther:       nafasv1.Cause_CAUSE_OTHER,
}

var reviewStateToProto = map[triage.ReviewState]nafasv1.ReviewState{
	triage.ReviewNone: nafasv1.ReviewState_REVIEW_STATE_NONE, triage.ReviewBegun: nafasv1.ReviewState_REVIEW_STATE_BEGUN,
	triage.ReviewSigned: nafasv1.ReviewState_REVIEW_STATE_SIGNED, triage.ReviewOutdated: nafasv1.ReviewState_REVIEW_STATE_OUTDATED,
}

var standingToProto = map[quality.Standing]nafasv1.Standing{
	quality.Accepted: nafasv1.Standing_STANDING_ACCEPTED, quality.Rejected: nafasv1.Standing_STANDING_REJECTED,
	quality.Unsure: nafasv1.Standing_STANDING_UNSURE, quality.Unanswered: nafasv1.Standing_STANDING_UNANSWERED,
	quality.Added: nafasv1.Standing_STANDING_ADDED,
}

var (
	verdictFromProto     = reverse(verdictToProto)
	causeFromProto       = reverse(causeToProto)
	reviewStateFromProto = reverse(reviewStateToProto)
	standingFromProto    = reverse(standingToProto)
	kindFromProto        = reverse(kindToProto)
)

// actionFromProto checks what only the wire can get wrong; review.Next the rest.
func actionFromProto(p *nafasv1.ReviewAction) (a review.Action, err error) {
	a.ID = p.GetId()
	switch what := p.GetWhat().(type) {
	case *nafasv1.ReviewAction_Answer_:
		a.Kind = review.KindAnswer
		if f := what.Answer.GetFinding(); f != nil {
			a.Finding = &review.Ref{SeriesUID: f.GetSeriesInstanceUid(), ResultKey: f.GetResultKey(), Rank: int(f.GetRank())}
		}
		a.Answer, err = reviewAnswerFromProto(what.Answer.GetAnswer())
	case *nafasv1.ReviewAction_Add:
		a.Kind = review.KindAdd
		a.Mark, err = markFromProto(what.Add)
	case *nafasv1.ReviewAction_Change_:
		a.Kind, a.MarkID = review.KindChange, what.Change.GetMarkId()
		a.Mark, err = markFromProto(what.Change.GetMark())
	case *nafasv1.ReviewAction_Remove_:
		a.Kind, a.MarkID = review.KindRemove, what.Remove.GetMarkId()
	case *nafasv1.ReviewAction_Sign_:
		a.Kind, a.ResultKeys = review.KindSign, what.Sign.GetResultKeys()
	case *nafasv1.ReviewAction_Reopen_:
		a.Kind = review.KindReopen
	case *nafasv1.ReviewAction_Undo_:
		a.Kind, a.Undoes = review.KindUndo, what.Undo.GetNumber()
	default:
		err = invalid("action.what", "is not set")
	}
	return a, err
}

func reviewAnswerFromProto(p *nafasv1.ReviewAnswer) (*review.Answer, error) {
	if p == nil {
		return nil, nil
	}
	verdict, is := verdictFromProto[p.GetVerdict()]
	if !is {
		return nil, invalid("action.answer.verdict", "is none of the known values")
	}
	cause, is := causeFromProto[p.GetCause()]
	if !is {
		return nil, invalid("action.answer.cause", "is none of the known values")
	}
	kind, is := kindFromProto[p.GetKind()]
	if !is {
		return nil, invalid("action.answer.kind", "is none of the known values")
	}
	return &review.Answer{Verdict: verdict, Cause: cause, Kind: string(kind), Category: p.GetCategory(), Comment: p.GetComment()}, nil
}

func markFromProto(p *nafasv1.ReviewMark) (*review.Mark, error) {
	if p == nil {
		return nil, nil
	}
	if p.GetId() != "" {
		return nil, invalid("action.mark.id", "is the service's: leave it out")
	}
	// Without one it would be in the middle of the patient.
	c := p.GetCenterLpsMm()
	if c == nil {
		return nil, invalid("action.mark.center_lps_mm", "is not set")
	}
	kind, is := kindFromProto[p.GetKind()]
	if !is {
		return nil, invalid("action.mark.kind", "is none of the known values")
	}
	return &review.Mark{
		SeriesUID: p.GetSeriesInstanceUid(), CenterLPSMM: [3]float64{c.GetX(), c.GetY(), c.GetZ()}, DiameterMM: p.GetDiameterMm(),
		SOPInstanceUID: p.GetSopInstanceUid(), Frame: int(p.GetFrame()), PixelColumn: p.GetPixelColumn(), PixelRow: p.GetPixelRow(),
		Kind: string(kind), Category: p.GetCategory(), Comment: p.GetComment(),
	}, nil
}

// reviewProto is a review as a reader sees it.
func reviewProto(s review.State, who review.Reader) *nafasv1.Review {
	p := &nafasv1.Review{Version: s.Version, Signature: signatureProto(s.Signed), Outdated: s.Outdated, CanUndo: s.CanUndo(who)}
	for ref, a := range s.Answers {
		p.Answers = append(p.Answers, &nafasv1.Review_AnsweredFinding{
			Finding: refProto(&ref), Answer: answerProto(&a.Answer), By: a.By.Name, ByDisplay: a.By.Display, At: timestamppb.New(a.At),
		})
	}
	slices.SortFunc(p.Answers, func(a, b *nafasv1.Review_AnsweredFinding) int {
		return cmp.Or(cmp.Compare(a.Finding.SeriesInstanceUid, b.Finding.SeriesInstanceUid),
			cmp.Compare(a.Finding.ResultKey, b.Finding.ResultKey), cmp.Compare(a.Finding.Rank, b.Finding.Rank))
	})
	for _, m := range s.Marks {
		p.Marks = append(p.Marks, &nafasv1.Review_AddedMark{Mark: markProto(&m.Mark), By: m.By.Name, ByDisplay: m.By.Display, At: timestamppb.New(m.At)})
	}
	for _, e := range s.Entries {
		p.Entries = append(p.Entries, entryProto(e, s.Undone(e.Number)))
	}
	return p
}

func entryProto(e review.Entry, undone bool) *nafasv1.ReviewEntry {
	p := &nafasv1.ReviewEntry{
		Number: e.Number, At: timestamppb.New(e.At), By: e.Reader.Name, ByDisplay: e.Reader.Display, Action: actionProto(e.Action), Undone: undone,
	}
	if e.From != nil {
		p.FromAnswer, p.FromMark, p.FromSignature = answerProto(e.From.Answer), markProto(e.From.Mark), signatureProto(e.From.Signed)
	}
	return p
}

func actionProto(a review.Action) *nafasv1.ReviewAction {
	p := &nafasv1.ReviewAction{Id: a.ID}
	switch a.Kind {
	case review.KindAnswer:
		p.What = &nafasv1.ReviewAction_Answer_{Answer: &nafasv1.ReviewAction_Answer{Finding: refProto(a.Finding), Answer: answerProto(a.Answer)}}
	case review.KindAdd:
		p.What = &nafasv1.ReviewAction_Add{Add: markProto(a.Mark)}
	case review.KindChange:
		p.What = &nafasv1.ReviewAction_Change_{Change: &nafasv1.ReviewAction_Change{MarkId: a.MarkID, Mark: markProto(a.Mark)}}
	case review.KindRemove:
		p.What = &nafasv1.ReviewAction_Remove_{Remove: &nafasv1.ReviewAction_Remove{MarkId: a.MarkID}}
	case review.KindSign:
		p.What = &nafasv1.ReviewAction_Sign_{Sign: &nafasv1.ReviewAction_Sign{ResultKeys: a.ResultKeys}}
	case review.KindReopen:
		p.What = &nafasv1.ReviewAction_Reopen_{Reopen: &nafasv1.ReviewAction_Reopen{}}
	case review.KindUndo:
		p.What = &nafasv1.ReviewAction_Undo_{Undo: &nafasv1.ReviewAction_Undo{Number: a.Undoes}}
	}
	return p
}

func refProto(r *review.Ref) *nafasv1.FindingRef {
	return &nafasv1.FindingRef{SeriesInstanceUid: r.SeriesUID, ResultKey: r.ResultKey, Rank: int32(r.Rank)}
}

func answerProto(a *review.Answer) *nafasv1.ReviewAnswer {
	if a == nil {
		return nil
	}
	return &nafasv1.ReviewAnswer{
		Verdict: verdictToProto[a.Verdict], Cause: causeToProto[a.Cause], Kind: kindToProto[measure.Kind(a.Kind)], Category: a.Category, Comment: a.Comment,
	}
}

func markProto(m *review.Mark) *nafasv1.ReviewMark {
	if m == nil {
		return nil
	}
	return &nafasv1.ReviewMark{
		Id: m.ID, SeriesInstanceUid: m.SeriesUID, CenterLpsMm: pointProto(m.CenterLPSMM), DiameterMm: m.DiameterMM, SopInstanceUid: m.SOPInstanceUID,
		Frame: int32(m.Frame), PixelColumn: m.PixelColumn, PixelRow: m.PixelRow, Kind: kindToProto[measure.Kind(m.Kind)],
		Category: m.Category, Comment: m.Comment,
	}
}

func signatureProto(s *review.Signature) *nafasv1.ReviewSignature {
	if s == nil {
		return nil
	}
	return &nafasv1.ReviewSignature{By: s.By.Name, ByDisplay: s.By.Display, At: timestamppb.New(s.At), ResultKeys: s.ResultKeys, NotAssessed: s.NotAssessed}
}

func reviewSummaryProto(r triage.ReviewedStudy) *nafasv1.ReviewSummary {
	p := &nafasv1.ReviewSummary{
		StudyInstanceUid: r.UID, ReceivedAt: timestamppb.New(r.ReceivedAt), State: reviewStateToProto[r.Review.State], Version: r.Review.Version,
		Answered: int32(r.Review.Answered), Added: int32(r.Review.Added), SignedBy: r.Review.By.Name, SignedByDisplay: r.Review.By.Display,
	}
	if !r.Review.At.IsZero() {
		p.SignedAt = timestamppb.New(r.Review.At)
	}
	return p
}

func reviewedProto(s quality.Study) *nafasv1.ExportReviewsResponse {
	p := &nafasv1.ExportReviewsResponse{}
	for _, x := range s.Series {
		one := &nafasv1.ReviewedSeries{
			SeriesInstanceUid: x.UID, Read: x.Read, Scanner: x.Scanner, Kernel: x.Kernel, Model: x.Model,
			SliceThicknessMm: x.ThicknessMM, SpacingMm: x.SpacingMM,
		}
		for _, at := range x.Places {
			one.Places = append(one.Places, &nafasv1.ReviewedPlace{
				Standing: standingToProto[at.Standing], CenterLpsMm: pointProto(at.CenterLPSMM), DiameterMm: at.DiameterMM,
				Kind: kindToProto[measure.Kind(at.Kind)], Category: at.Category, Cause: causeToProto[at.Cause],
				Rank: int32(at.Rank), Score: at.Score, Flagged: at.Flagged,
			})
		}
		p.Series = append(p.Series, one)
	}
	return p
}

// ReviewedStudy is what ExportReviews sent, for the tables of package quality.
func ReviewedStudy(p *nafasv1.ExportReviewsResponse) quality.Study {
	var out quality.Study
	for _, x := range p.GetSeries() {
		one := quality.Series{
			UID: x.GetSeriesInstanceUid(), Read: x.GetRead(), Scanner: x.GetScanner(), Kernel: x.GetKernel(), Model: x.GetModel(),
			ThicknessMM: x.GetSliceThicknessMm(), SpacingMM: x.GetSpacingMm(),
		}
		for _, at := range x.GetPlaces() {
			c := at.GetCenterLpsMm()
			one.Places = append(one.Places, quality.Place{
				Standing: standingFromProto[at.GetStanding()], CenterLPSMM: [3]float64{c.GetX(), c.GetY(), c.GetZ()}, DiameterMM: at.GetDiameterMm(),
				Kind: string(kindFromProto[at.GetKind()]), Category: at.GetCategory(), Cause: causeFromProto[at.GetCause()],
				Rank: int(at.GetRank()), Score: at.GetScore(), Flagged: at.GetFlagged(),
			})
		}
		out.Series = append(out.Series, one)
	}
	return out
}
