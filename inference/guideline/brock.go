package guideline

import (
	"math"
)

// BrockResult is what the Brock model says of one nodule.
type BrockResult struct {
	Guideline Guideline
	// Caveat is always CalculatedToBeConfirmed.
	Caveat Caveat
	// Probability of malignancy in [0,1], and X, the sum in the logistic function;
	// nil where Withheld says why.
	Probability, X *float64
	// LongAxisMM is the size that was used.
	LongAxisMM  float64
	Withheld    Reason
	Missing     []Fact
	Assumptions []Assumption
	Unverified  []Unverified
}

// Given says whether there is a probability.
func (r BrockResult) Given() bool { return r.Probability != nil }

// brockTerm is one term of the model.
type brockTerm struct {
	name        string
	coefficient float64
	// fact is what it needs, said whether that is known, value its coding.
	fact  Fact
	said  func(Nodule, Patient) bool
	value func(Nodule, Patient) float64
}

// brockConstant is the constant of the centred form; the uncentred one has
// +0.2761 (McWilliams et al., NEJM 2013, table as given by PMC6717521 and by two
// open implementations).
const brockConstant = -6.7892

// brockValid is the range of sizes of the source cohort, mm.
var brockValid = span{atLeast: 1, upTo: 30}

// brockTerms is the full model with spiculation. That the size is the largest
// diameter is not verified.
var brockTerms = []brockTerm{
	{"age - 62", 0.0287, FactAge, func(_ Nodule, p Patient) bool { return p.AgeYears != nil },
		func(_ Nodule, p Patient) float64 { return float64(*p.AgeYears) - 62 }},
	{"sex female", 0.6011, FactSex, func(_ Nodule, p Patient) bool { return p.Sex != SexUnknown },
		func(_ Nodule, p Patient) float64 { return indicator(p.Sex == Female) }},
	{"family history", 0.2961, FactFamily, func(_ Nodule, p Patient) bool { return p.FamilyHistory != Unsaid },
		func(_ Nodule, p Patient) float64 { return indicator(p.FamilyHistory == Yes) }},
	{"emphysema", 0.2953, FactEmphysema, func(_ Nodule, p Patient) bool { return p.Emphysema != Unsaid },
		func(_ Nodule, p Patient) float64 { return indicator(p.Emphysema == Yes) }},
	{"(mm/10)^-0.5 - 1.58113883", -5.3854, FactLongAxis, func(n Nodule, _ Patient) bool { return n.LongMM > 0 },
		func(n Nodule, _ Patient) float64 { return math.Pow(n.longMM()/10, -0.5) - 1.58113883 }},
	{"part-solid", 0.3770, FactType, func(n Nodule, _ Patient) bool { return n.Type != TypeUnknown },
		func(n Nodule, _ Patient) float64 { return indicator(n.Type == PartSolid) }},
	{"non-solid", -0.1276, FactType, func(n Nodule, _ Patient) bool { return n.Type != TypeUnknown },
		func(n Nodule, _ Patient) float64 { return indicator(n.Type == NonSolid) }},
	{"upper lobe", 0.6581, FactUpperLobe, func(n Nodule, _ Patient) bool { return n.UpperLobe != Unsaid },
		func(n Nodule, _ Patient) float64 { return indicator(n.UpperLobe == Yes) }},
	{"nodule count - 4", -0.0824, FactCount, func(n Nodule, _ Patient) bool { return n.Count > 0 },
		func(n Nodule, _ Patient) float64 { return float64(n.Count) - 4 }},
	{"spiculation", 0.7729, FactSpiculation, func(n Nodule, _ Patient) bool { return n.Spiculated != Unsaid },
		func(n Nodule, _ Patient) float64 { return indicator(n.Spiculated == Yes) }},
}

// Brock is the probability of malignancy by the full PanCan model with
// spiculation. It needs the patient's age, sex and history, which images do not
// give: where any fact is missing there is no probability. Sizes of 1 to 30 mm;
// derived in screened smokers and not validated in other people. Errors:
// ErrInput.
func Brock(n Nodule, p Patient) (BrockResult, error) {
	r := BrockResult{Guideline: Brock2013, Caveat: CalculatedToBeConfirmed, Unverified: []Unverified{UnverifiedBrockSize}}
	if err := n.check(); err != nil {
		return r, err
	}
	if err := p.check(); err != nil {
		return r, err
	}
	if p.Screening != Yes {
		r.Assumptions = append(r.Assumptions, AssumesSmoker)
	}
	if n.Type == CalcifiedBenign {
		r.Withheld = TypeNotCovered
		return r, nil
	}
	if n.LongMM > 0 && !brockValid.has(n.longMM()) {
		r.Withheld = SizeOutOfRange
		return r, nil
	}
	x := brockConstant
	for _, t := range brockTerms {
		switch {
		case t.said(n, p):
			x += t.coefficient * t.value(n, p)
		case !oneOf(t.fact, r.Missing...):
			r.Missing = append(r.Missing, t.fact)
		}
	}
	if len(r.Missing) > 0 {
		r.Withheld = FactsMissing
		return r, nil
	}
	probability := 1 / (1 + math.Exp(-x))
	r.Probability, r.X, r.LongAxisMM = &probability, &x, n.longMM()
	return r, nil
}

// longMM is the longest diameter to 0.1 mm.
func (n Nodule) longMM() float64 { return float64(tenths(n.LongMM)) / 10 }

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
