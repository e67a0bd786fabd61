package guideline

import "fmt"

// Sex is the patient's; "" where not known.
type Sex string

// The sexes that the Brock model knows.
const (
	SexUnknown Sex = ""
	Female     Sex = "female"
	Male       Sex = "male"
)

// Risk is Fleischner's estimate of the patient, made by the reader; "" where not
// made.
type Risk string

// The risks.
const (
	RiskUnknown Risk = ""
	LowRisk     Risk = "low"
	HighRisk    Risk = "high"
)

// Patient holds facts that images do not give. The zero value says nothing, and
// nothing is read into it.
type Patient struct {
	// AgeYears is nil where not known.
	AgeYears *int
	Sex      Sex
	// FamilyHistory is of lung cancer.
	FamilyHistory, Emphysema Answer
	// Screening says whether the exam belongs to a lung cancer screening.
	Screening Answer
	Risk      Risk
	// KnownCancer is any primary cancer; KnownLungCancer of the lung.
	KnownCancer, KnownLungCancer Answer
	Immunosuppressed             Answer
}

func (p Patient) check() error {
	if p.AgeYears != nil && (*p.AgeYears < 0 || *p.AgeYears > 130) {
		return fmt.Errorf("%w: an age that cannot be: give 0 to 130 years, or none", ErrInput)
	}
	if !oneOf(p.Sex, SexUnknown, Female, Male) || !oneOf(p.Risk, RiskUnknown, LowRisk, HighRisk) ||
		!answers(p.FamilyHistory, p.Emphysema, p.Screening, p.KnownCancer, p.KnownLungCancer, p.Immunosuppressed) {
		return fmt.Errorf("%w: a fact of the patient that is none of this package's words: use its constants", ErrInput)
	}
	return nil
}

// condition is one of a guideline's conditions of use.
type condition struct {
	answer, wanted Answer
	otherwise      Reason
	unsaid         Assumption
}

// under applies conditions: a broken one withholds, an unsaid one is assumed.
func (s Suggestion) under(conditions ...condition) Suggestion {
	for _, c := range conditions {
		switch c.answer {
		case c.wanted:
		case Unsaid:
			s.Assumptions = append(s.Assumptions, c.unsaid)
		default:
			return s.withhold(c.otherwise)
		}
	}
	return s
}
