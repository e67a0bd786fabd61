package guideline

import (
	"fmt"
	"slices"
)

// Exam is what a guideline would suggest for an exam: its worst nodule's answer.
// It holds for the findings given and for nothing that the detector missed.
type Exam struct {
	// Suggestion is the exam's; withheld where no nodule has an answer, and where
	// some have none and the others would ask for nothing before a year.
	Suggestion
	// Lead is the index of the nodule that decides; -1 where none does.
	Lead int
	// AtLeast: some nodules have no answer, so that the exam's may be worse.
	AtLeast bool
	// Each is the suggestion of every nodule, in order.
	Each []Suggestion
}

// infectionFrom is the number of new nodules above which Lung-RADS thinks of
// infection.
var infectionFrom = span{above: 6}

// LungRADSExam is the category of a screening exam: that of its worst nodule. An
// empty list has none. The suffix S is the reader's. Errors: ErrInput, also
// where one nodule is at baseline and another was compared.
func LungRADSExam(nodules []Nodule, p Patient) (Exam, error) {
	e, err := examOf(LungRADS2022, nodules, p, LungRADS, func(s Suggestion) int { return s.Category.concern() })
	if err != nil || e.Lead < 0 {
		return e, err
	}
	isNew := 0
	for _, n := range nodules {
		if n.State == New {
			isNew++
		}
	}
	if infectionFrom.has(float64(isNew)) && !slices.Contains(e.NeedsRadiologist, AskInfection) {
		e.NeedsRadiologist = append(slices.Clone(e.NeedsRadiologist), AskInfection)
	}
	return e.unlessQuiet(e.Category.concern() < Category3.concern()), nil
}

// FleischnerExam is the recommendation of an exam: that of the nodule which asks
// for something soonest. Nodules other than benign ones are counted here, on
// the assumption that every finding is a nodule; more than one makes each row
// that of multiple nodules (this package's reading for solid and subsolid ones
// together). An empty list has none. Errors: ErrInput.
func FleischnerExam(nodules []Nodule, p Patient) (Exam, error) {
	counted := slices.Clone(nodules)
	count := 0
	for _, n := range nodules {
		if n.Type != CalcifiedBenign {
			count++
		}
	}
	for i := range counted {
		counted[i].Count = count
	}
	e, err := examOf(Fleischner2017, counted, p, Fleischner, func(s Suggestion) int { return -s.soonestMonth() })
	if err != nil || e.Lead < 0 {
		return e, err
	}
	e.Assumptions = append(slices.Clone(e.Assumptions), AssumesNodules)
	return e.unlessQuiet(e.soonestMonth() >= 12), nil
}

// never is later than any month of a guideline.
const never = 1000

// soonestMonth is when the suggestion asks for something first.
func (s Suggestion) soonestMonth() int {
	soonest := never
	steps := s.Now
	for _, o := range s.Options {
		steps = append(slices.Clip(steps), o.Now...)
	}
	for _, step := range steps {
		if !oneOf(step.Action, NoRoutineCT, Discharge) {
			soonest = min(soonest, max(step.FromMonths, step.EveryMonths))
		}
	}
	return soonest
}

// examOf asks the guideline of each nodule and leads with the worst: the one of
// most concern, then the largest, then the first.
func examOf(g Guideline, nodules []Nodule, p Patient, ask func(Nodule, Patient) (Suggestion, error), concern func(Suggestion) int) (Exam, error) {
	e := Exam{Suggestion: begin(g), Lead: -1}
	if len(nodules) == 0 {
		e.Suggestion = e.withhold(NoFindings)
		return e, nil
	}
	for i, n := range nodules {
		if (n.State == Baseline) != (nodules[0].State == Baseline) && n.State != StateUnknown && nodules[0].State != StateUnknown {
			return e, fmt.Errorf("%w: nodule %d of the exam is %s and the first is %s: either a prior exam was compared or none", ErrInput, i+1, n.State, nodules[0].State)
		}
		s, err := ask(n, p)
		if err != nil {
			return e, fmt.Errorf("nodule %d of the exam: %w", i+1, err)
		}
		e.Each = append(e.Each, s)
		if !s.Given() && len(s.Options) == 0 {
			e.AtLeast = e.AtLeast || s.Withheld != TypeNotCovered
			continue
		}
		if e.Lead < 0 || concern(s) > concern(e.Each[e.Lead]) || concern(s) == concern(e.Each[e.Lead]) && n.meanMM() > nodules[e.Lead].meanMM() {
			e.Lead = i
		}
	}
	if e.Lead >= 0 {
		e.Suggestion = e.Each[e.Lead]
		return e, nil
	}
	if e.Suggestion = e.Each[0]; e.Withheld == "" || !alike(e.Each) {
		e.Suggestion = begin(g).withhold(SomeNotCategorised)
	}
	return e, nil
}

// alike says that all were withheld for one reason.
func alike(each []Suggestion) bool {
	return !slices.ContainsFunc(each, func(s Suggestion) bool { return s.Withheld != each[0].Withheld })
}

// unlessQuiet withholds an exam's answer that asks for little where some nodules
// have no answer: it would sound as if the exam were known to be so.
func (e Exam) unlessQuiet(quiet bool) Exam {
	if !e.AtLeast {
		return e
	}
	if quiet {
		assumed := e.Assumptions
		e.Suggestion, e.Lead = begin(e.Guideline).withhold(SomeNotCategorised), -1
		e.Assumptions = assumed
	}
	e.NeedsRadiologist = append(slices.Clone(e.NeedsRadiologist), AskIncomplete)
	return e
}
