package suggest

import (
	"reflect"
	"slices"

	"nafas/inference/guideline"
	"nafas/inference/measure"
)

// asking is one exam on its way through the guidelines.
type asking struct {
	exam    Exam
	patient guideline.Patient
	// findings are those that count.
	findings []Finding
	ranks    []int
}

// guideline asks one: each nodule by itself, then the exam.
func (a asking) guideline(r rule) (ByGuideline, error) {
	out := ByGuideline{Guideline: r.guideline}
	nodules := make([]guideline.Nodule, len(a.findings))
	for i, f := range a.findings {
		n := r.compared(nodule(f, len(a.findings)), a.exam, f.Change)
		s, decided, err := a.one(r, f, n)
		if err != nil {
			return out, err
		}
		if !decided {
			n = without(n)
		}
		nodules[i], out.Each = n, append(out.Each, s)
	}
	if r.exam == nil {
		return out, nil
	}
	e, err := r.exam(nodules, a.patient)
	if err != nil {
		return out, err
	}
	out.AtLeast = e.AtLeast
	if e.Lead >= 0 {
		out.LeadRank = a.ranks[e.Lead]
		e.Suggestion = a.said(e.Suggestion, a.findings[e.Lead], nodules[e.Lead])
	}
	out.Exam = &e.Suggestion
	return out, nil
}

// without leaves the type out, of a nodule whose answer hangs on it.
func without(n guideline.Nodule) guideline.Nodule {
	n.Type, n.SolidPartMM, n.SolidPartState = guideline.TypeUnknown, 0, guideline.StateUnknown
	return n
}

// one asks for one nodule. Where its kind is not sure the guideline is asked for
// every kind: decided says that all that have an answer have the same one.
func (a asking) one(r rule, f Finding, n guideline.Nodule) (s guideline.Suggestion, decided bool, err error) {
	if s, err = r.one(n, a.patient); err != nil {
		return s, false, err
	}
	if !unsure(f, n) {
		return a.said(s, f, n), true, nil
	}
	options, differ, err := a.kinds(r, n, s)
	if err != nil {
		return s, false, err
	}
	if differ {
		if s, err = r.one(without(n), a.patient); err != nil {
			return s, false, err
		}
		s.Options = options
	}
	return a.said(s, f, n), !differ, nil
}

// asks are the kinds that a nodule may be of.
var asks = []struct {
	kind    guideline.Type
	assumes guideline.Assumption
}{
	{guideline.Solid, guideline.AssumesSolid}, {guideline.PartSolid, guideline.AssumesPartSolid}, {guideline.NonSolid, guideline.AssumesNonSolid},
}

// kinds asks for every kind. A solid part is known of the told kind alone.
func (a asking) kinds(r rule, n guideline.Nodule, told guideline.Suggestion) (options []guideline.Option, differ bool, err error) {
	for _, k := range asks {
		s := told
		if k.kind != n.Type {
			other := without(n)
			other.Type = k.kind
			if s, err = r.one(other, a.patient); err != nil {
				return nil, false, err
			}
		}
		if !s.Given() {
			continue
		}
		options = append(options, guideline.Option{
			Assumes: k.assumes, By: s.Used.By, Rule: s.Rule, Category: s.Category, Now: s.Now, Then: s.Then,
		})
		first := options[0]
		differ = differ || s.Category != first.Category || !reflect.DeepEqual(s.Now, first.Now) || !reflect.DeepEqual(s.Then, first.Then)
	}
	return options, differ, nil
}

// said adds what only this package knows of an answer.
func (a asking) said(s guideline.Suggestion, f Finding, n guideline.Nodule) guideline.Suggestion {
	s.Assumptions, s.Missing = slices.Clone(s.Assumptions), slices.Clone(s.Missing)
	if s.Withheld == guideline.FactsMissing && meanMM(n) == 0 && !slices.Contains(s.Missing, guideline.FactSize) {
		s.Missing = append(s.Missing, guideline.FactSize)
	}
	if !s.Given() && len(s.Options) == 0 {
		return s
	}
	if unsure(f, n) && !slices.Contains(s.NeedsRadiologist, guideline.AskType) {
		s.NeedsRadiologist = append(slices.Clone(s.NeedsRadiologist), guideline.AskType)
	}
	assume := func(is bool, what guideline.Assumption) {
		if is && !slices.Contains(s.Assumptions, what) {
			s.Assumptions = append(s.Assumptions, what)
		}
	}
	assume(n.State == guideline.Baseline, guideline.AssumesNoPrior)
	assume(f.Measured != nil && f.Measured.Kind == measure.KindCalcified, guideline.AssumesNoBenignPattern)
	return s
}

// brock asks the model of each nodule. Every flagged finding counts as a nodule;
// a kind that is not sure is not known.
func (a asking) brock() ([]guideline.BrockResult, error) {
	out := make([]guideline.BrockResult, len(a.findings))
	for i, f := range a.findings {
		n := nodule(f, len(a.findings))
		if unsure(f, n) {
			n = without(n)
		}
		r, err := guideline.Brock(withState(n, guideline.Baseline), a.patient)
		if err != nil {
			return nil, err
		}
		if r.Given() {
			r.Assumptions = append(r.Assumptions, guideline.AssumesNodules)
			if f.Measured.Kind == measure.KindCalcified {
				r.Assumptions = append(r.Assumptions, guideline.AssumesNoBenignPattern)
			}
		}
		out[i] = r
	}
	return out, nil
}
