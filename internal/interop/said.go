package interop

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/report"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
	"nafas/internal/triage/wording"
)

// ErrOtherSeries says that an image is not of the series that a result is
// about: its patient may be another one.
var ErrOtherSeries = errors.New("the image is not of the series that the result is about")

// said is what is said of a study, and of whom.
type said struct {
	triage.Delivery
	exam     dicomio.Examination
	language report.Language
	words    words
	concepts report.Concepts
	// report names what is said as the DICOM objects do.
	report report.Result
}

// of puts together what is said. A study that is held is refused with its
// reason; triage.ErrNoResult where there is nothing to say.
func of(one triage.Delivery, image []byte, language string) (said, error) {
	if !slices.Contains(objects.Languages, language) {
		return said{}, fmt.Errorf("the language is none of %s", strings.Join(objects.Languages, ", "))
	}
	why := one.Study.NotAssessed
	if why != nil && why.Reason == refusal.PatientMismatch {
		return said{}, why
	}
	if one.Series.Result == nil && why == nil {
		return said{}, triage.ErrNoResult
	}
	f, err := part10.Parse(image, part10.DefaultLimits())
	if err != nil {
		return said{}, err
	}
	exam, err := dicomio.Examine(f)
	if err != nil {
		return said{}, err
	}
	if exam.StudyUID != one.Study.UID || exam.SeriesUID != one.Series.UID {
		return said{}, ErrOtherSeries
	}
	l := report.Language(language)
	return said{
		Delivery: one, exam: exam, language: l, words: wordsIn[l], concepts: report.ConceptsIn(l), report: objects.Said(one, l),
	}, nil
}

func (s said) failed() bool { return s.report.NotAssessed != "" }

// conclusion is all in words.
func (s said) conclusion() string {
	out := s.report.Sentences(s.language)
	if n := len(s.report.Findings); n > 0 {
		out = append(out, fmt.Sprintf(s.words.reached, n), s.words.score)
	}
	if !s.failed() && !s.final() {
		out = append(out, s.words.review)
	}
	return strings.Join(append(out, s.report.Reviewed(s.language)...), " ")
}

// final says whether a reader has signed what is said now. Of a failure nothing is
// final: somebody still has to read the study.
func (s said) final() bool { return s.report.Signature() != nil && !s.failed() }

// priority is in words, with its reasons.
func (s said) priority() string {
	text := fmt.Sprintf(s.words.priority, s.words.priorities[s.Study.Priority])
	return strings.Join(append([]string{text}, s.reasons()...), " ")
}

// reasons are those of the priority, in words.
func (s said) reasons() []string {
	return triage.PriorityTextsIn(s.Study.PriorityReasons, string(s.language))
}

// urgent says whether the study goes before others, by the result or by its
// sender's request: a result lowers no request.
func (s said) urgent() bool {
	return s.Study.Priority == triage.PriorityUrgent || s.Study.RequestPriority == triage.RequestUrgent
}

// algorithm is its name and version.
func (s said) algorithm() string { return s.report.Algorithm.Name + " " + s.report.Algorithm.Version }

// filler is the number under which Nafas reports on a study. It is the same
// for each of the study's results, so that a later one takes the place of the
// one before. 20 hexadecimal digits: some receivers keep no more than 22
// characters.
func (s said) filler() string {
	return strings.ReplaceAll(uuidOf(part10.NameUID("interop 1", "filler", s.Study.UID)), "-", "")[:20]
}

// name is a UID for a part of what is said.
func (s said) name(part string) string {
	r := s.report
	name := []string{"interop 4", part, s.Study.UID, s.Series.UID, r.Key, r.Algorithm.SHA256, r.NotAssessed,
		string(s.language), s.At.UTC().Format("20060102150405.000000000")}
	for _, l := range wording.Of(string(s.language), s.Study.Assessment) {
		name = append(name, l.Text)
	}
	if s.report.Review != nil {
		name = append(name, s.report.SRInstance().SOPInstanceUID) // which is a name of the review too
	}
	return part10.NameUID(name...)
}
