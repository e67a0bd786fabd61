package rescore

import (
	"slices"
	"time"

	"nafas/dicomio/refusal"
	"nafas/inference/guideline"
	"nafas/inference/suggest"
	"nafas/internal/triage"
)

// outcomeOf turns what a reader said of a study into what became of its inputs.
func outcomeOf(c Case, reading triage.StudyReading, worker string, at time.Time) Outcome {
	o := Outcome{StudyUID: c.StudyUID, At: at, Worker: worker}
	for _, s := range reading.Series {
		one := SeriesOutcome{SeriesUID: s.UID, Modality: s.Modality, Instances: s.Instances}
		switch {
		case s.Result != nil:
			one.Result, one.State = s.Result, Scored
			if _, known := c.Known[s.Result.Key]; known {
				one.State = Unchanged
			}
			o.Verdict = verdictOf(reading, s.Result)
		default:
			one.refuse(s.NotRead)
		}
		o.Series = append(o.Series, one)
	}
	for _, f := range reading.Refused {
		o.Loose = append(o.Loose, looseOf(f))
	}
	o.nameTheRest(c, len(reading.Refused))
	return o
}

// refusedOutcome is of a study that could not be read: each of its series ends
// with the reason, or with its own where it was none to read.
func refusedOutcome(c Case, why *refusal.Error, worker string, at time.Time) Outcome {
	o := Outcome{StudyUID: c.StudyUID, At: at, Worker: worker}
	for _, p := range c.Parts {
		one := SeriesOutcome{SeriesUID: p.SeriesUID, Modality: p.Modality, Instances: p.Instances}
		if Readable(p.Modality) {
			one.refuse(why)
		} else {
			one.refuse(NotCT(p.Modality))
		}
		o.Series = append(o.Series, one)
	}
	return o
}

// NotCT is why a series of another modality is skipped.
func NotCT(modality string) *refusal.Error {
	return refusal.New(refusal.NotCT, "nothing; the detector reads CT alone", "the modality is %s", modality)
}

func (s *SeriesOutcome) refuse(why *refusal.Error) {
	if why == nil {
		why = refusal.New(triage.Internal, "report this", "the series ended without a result and without a reason")
	}
	s.State, s.Reason, s.Found, s.Remedy = StateOf(why.Reason), string(why.Reason), found(why), why.Remedy
}

// found is what a refusal found, its cause with it.
func found(why *refusal.Error) string {
	if why.Err == nil {
		return why.Found
	}
	return why.Found + ": " + why.Err.Error()
}

func looseOf(f triage.RefusedFile) Loose {
	l := Loose{Path: f.Name, State: StateOf(f.Err.Reason), Reason: string(f.Err.Reason), Found: found(f.Err), Remedy: f.Err.Remedy}
	return l
}

// nameTheRest ends the series that planning saw and the reader did not: all of
// their files were refused, or they are no longer what they were.
func (o *Outcome) nameTheRest(c Case, refused int) {
	seen := map[string]bool{}
	for _, s := range o.Series {
		seen[s.SeriesUID] = true
	}
	for _, p := range c.Parts {
		if seen[p.SeriesUID] {
			continue
		}
		one := SeriesOutcome{SeriesUID: p.SeriesUID, Modality: p.Modality, Instances: p.Instances}
		if Readable(p.Modality) {
			one.refuse(refusal.New(refusal.Malformed, "look at the study's files that could not be read",
				"none of the series' images could be read; %d files of the study were refused", refused))
		} else {
			one.refuse(NotCT(p.Modality))
		}
		o.Series, seen[p.SeriesUID] = append(o.Series, one), true
	}
}

// verdictOf is what is said of the study as a whole.
func verdictOf(reading triage.StudyReading, r *triage.Result) *Verdict {
	v := &Verdict{SeriesUID: r.SeriesUID, Priority: reading.Priority, Reasons: reading.PriorityReasons}
	if reading.Assessment != nil {
		v.LungRADS = LungRADS(reading.Assessment.Categories)
	}
	return v
}

// LungRADS is the category of the exam, or "" where it is withheld.
func LungRADS(s *suggest.Suggestions) string {
	if s == nil {
		return ""
	}
	for _, g := range s.Guidelines {
		if g.Guideline == guideline.LungRADS2022 && g.Exam != nil {
			return string(g.Exam.Category)
		}
	}
	return ""
}

// unchanged is an earlier outcome of the same files as that of this study.
func unchanged(earlier Outcome, worker string, at time.Time) Outcome {
	o := earlier
	o.At, o.Worker = at, worker
	o.Series = slices.Clone(earlier.Series)
	for i := range o.Series {
		if o.Series[i].State == Scored {
			o.Series[i].State = Unchanged
		}
	}
	return o
}
