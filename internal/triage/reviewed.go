package triage

import (
	"context"
	"slices"
	"strings"

	"nafas/internal/triage/quality"
	"nafas/internal/triage/review"
)

// SignedStudy is a study that is signed off, with its series that have a result.
type SignedStudy struct {
	UID    string
	Series []Series
	Review review.State
}

// Quality is what readers made of the flagged findings of studies that are signed
// off.
type Quality struct {
	quality.Quality
	// Signed studies are counted, of Done that have a result.
	Signed, Done int
}

// Quality counts over studies that were received in a period. Of a study that was
// signed off and read again since, nothing counts.
func (s *Service) Quality(ctx context.Context, p Period) (Quality, error) {
	studies, done, err := s.reviewed(ctx, p)
	if err != nil {
		return Quality{}, err
	}
	out := Quality{Quality: quality.Of(studies), Done: done}
	for _, study := range studies {
		if slices.ContainsFunc(study.Series, func(x quality.Series) bool { return x.Read }) {
			out.Signed++
		}
	}
	return out, nil
}

// ExportReviews is what readers said of studies that were received in a period and
// are signed off, for the tables of package quality.
func (s *Service) ExportReviews(ctx context.Context, p Period) ([]quality.Study, error) {
	studies, _, err := s.reviewed(ctx, p)
	return studies, err
}

func (s *Service) reviewed(ctx context.Context, p Period) (studies []quality.Study, done int, err error) {
	done, err = s.store.SignedStudies(ctx, p, func(one SignedStudy) error {
		studies = append(studies, one.Places())
		return ctx.Err()
	})
	return studies, done, err
}

// Places are the study's findings with what was said of them, and the marks.
func (s SignedStudy) Places() quality.Study {
	var out quality.Study
	at := map[string]int{}
	series := func(uid string) *quality.Series {
		if _, is := at[uid]; !is {
			at[uid] = len(out.Series)
			out.Series = append(out.Series, quality.Series{UID: uid})
		}
		return &out.Series[at[uid]]
	}
	for _, one := range s.Series {
		r := one.Result
		if r == nil {
			continue
		}
		into := series(one.UID)
		*into = quality.Series{
			UID: one.UID, Read: true, Scanner: strings.TrimSpace(r.Scan.Manufacturer), Kernel: strings.TrimSpace(r.Scan.Kernel),
			Model: strings.TrimSpace(r.Model.Name + " " + r.Model.Version), ThicknessMM: r.Scan.SliceThicknessMM, SpacingMM: r.Scan.SpacingMM[2],
		}
		for _, f := range r.Findings {
			into.Places = append(into.Places, f.stands(s.Review.Answers[review.Ref{SeriesUID: one.UID, ResultKey: r.Key, Rank: f.Rank}].Answer))
		}
	}
	for _, m := range s.Review.Marks {
		into := series(m.SeriesUID)
		into.Places = append(into.Places, quality.Place{
			Standing: quality.Added, CenterLPSMM: m.CenterLPSMM, DiameterMM: m.DiameterMM, Kind: m.Kind, Category: m.Category,
		})
	}
	return out
}

var standings = map[review.Verdict]quality.Standing{
	"": quality.Unanswered, review.Agree: quality.Accepted, review.Disagree: quality.Rejected, review.Unsure: quality.Unsure,
}

// stands is a finding with what was said of it: where it was measured, and how
// large, if that is to be relied on.
func (f Finding) stands(a review.Answer) quality.Place {
	out := quality.Place{
		Standing: standings[a.Verdict], CenterLPSMM: f.CenterLPSMM, Kind: a.Kind, Category: a.Category, Cause: a.Cause,
		Rank: f.Rank, Score: f.Score, Flagged: f.Flagged,
	}
	out.DiameterMM, _ = f.Diameter()
	if m := f.Reliable(); m != nil {
		out.CenterLPSMM = m.CenterLPSMM
		if out.Kind == "" {
			out.Kind = string(m.Kind)
		}
	}
	return out
}
