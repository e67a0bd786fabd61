package triage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nafas/dicomio"
	"nafas/inference/guideline"
	"nafas/inference/suggest"
)

// CategoryOptions say which guidelines are asked, and what is known of the
// patient that images do not show.
type CategoryOptions struct {
	// Guidelines are those of suggest.Usual where empty.
	Guidelines []suggest.Name
	// Patient: age and sex are the header's where nothing is said.
	Patient guideline.Patient
	// Spiculated says of findings by their rank what a reader sees; those of no
	// mention are not known.
	Spiculated map[int]guideline.Answer
	// Earlier: there is an earlier exam of the patient, compared or not.
	Earlier bool
}

// settings are the part of the options that the site says of all studies, as
// words for the recipe; the usual ones are none.
func (o CategoryOptions) settings() []string {
	var out []string
	if len(o.Guidelines) > 0 {
		out = append(out, "guidelines "+strings.Join(words(o.Guidelines), " "))
	}
	if o.Patient.Screening != guideline.Unsaid {
		out = append(out, "screening "+string(o.Patient.Screening))
	}
	return out
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// ofEarlier leaves out what is said of the latest of several studies alone: the
// age, and the margins of findings by their ranks, which are others in each study.
func (o CategoryOptions) ofEarlier() CategoryOptions {
	o.Patient.AgeYears, o.Spiculated = nil, nil
	return o
}

// with adds age and sex of the header.
func (o CategoryOptions) with(f dicomio.Facts) CategoryOptions {
	if o.Patient.AgeYears == nil && f.HasAge {
		o.Patient.AgeYears = &f.AgeYears
	}
	if o.Patient.Sex == guideline.SexUnknown {
		o.Patient.Sex = map[string]guideline.Sex{"F": guideline.Female, "M": guideline.Male}[f.Sex]
	}
	return o
}

// Categorise asks the guidelines about findings and what became of them since an
// earlier study: c is nil where none was compared. It is an error, of
// guideline.ErrInput, where the options say what cannot be.
func Categorise(findings []Finding, c *Comparison, o CategoryOptions) (*suggest.Suggestions, error) {
	e := suggest.Exam{Earlier: o.Earlier || c != nil}
	if c != nil && c.Why == nil {
		e.Comparison = &c.Comparison
	}
	for _, f := range findings {
		one := suggest.Finding{Finding: f.Finding, Place: f.Place, Spiculated: o.Spiculated[f.Rank], Change: c.Of(f.Rank)}
		if f.Measured != nil {
			one.Measured = &f.Measured.Measurement
		}
		e.Findings = append(e.Findings, one)
	}
	for rank := range o.Spiculated {
		if !slices.ContainsFunc(findings, func(f Finding) bool { return f.Rank == rank }) {
			return nil, fmt.Errorf("%w: there is no finding of rank %d", guideline.ErrInput, rank)
		}
	}
	out, err := suggest.Of(e, o.Patient, o.Guidelines...)
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// SuggestCategories asks the guidelines about a study that was read, with facts
// that somebody gives now; nothing is kept. What is not given is not known, but
// for what the site says of all its studies. Errors: ErrNotFound; ErrNoResult
// where no series was read; guideline.ErrInput.
func (s *Service) SuggestCategories(ctx context.Context, studyUID string, o CategoryOptions) (*suggest.Suggestions, error) {
	study, err := s.Study(ctx, studyUID)
	if err != nil {
		return nil, err
	}
	if len(o.Guidelines) == 0 {
		o.Guidelines = s.opt.Categories.Guidelines
	}
	if o.Patient.Screening == guideline.Unsaid {
		o.Patient.Screening = s.opt.Categories.Patient.Screening
	}
	if a := study.Assessment; a != nil && a.Categories != nil {
		o.Earlier = a.Categories.Earlier
	}
	for _, series := range study.Series {
		if series.Result != nil && study.NotAssessed == nil {
			return Categorise(series.Result.Findings, study.Comparison, o)
		}
	}
	return nil, ErrNoResult
}
