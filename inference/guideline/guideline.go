// Package guideline says what published guidelines would suggest for a nodule:
// Lung-RADS v2022, Fleischner 2017, the volume rules of BTS 2015 with what is
// verified of NELSON and the European position statement, the Brock model and
// the volume doubling time.
//
// Everything is a plain function over tables: the tables are slices of rows, so
// that a radiologist can read them against the source, and docs/guidelines.md
// shows them as they are. Lengths are mm, volumes mm3, times days or months.
//
// Every answer is a suggestion, calculated from AI measurements and to be
// confirmed. What is not known is listed as missing and never taken as zero;
// what the guideline says only under a condition names the condition; nothing
// here says that a scan or a nodule is harmless, and an empty list of findings
// has no category.
package guideline

import "errors"

// ErrInput: the values given cannot be. It is wrapped with what was found and
// what to do.
var ErrInput = errors.New("guideline input")

// Guideline is one published guideline or model in one version.
type Guideline struct{ Name, Version string }

// The guidelines of this package.
var (
	LungRADS2022   = Guideline{"Lung-RADS", "2022"}
	Fleischner2017 = Guideline{"Fleischner Society", "2017"}
	BTS2015        = Guideline{"British Thoracic Society", "2015"}
	NELSON         = Guideline{"NELSON", "volume protocol"}
	European2017   = Guideline{"European position statement", "2017"}
	Brock2013      = Guideline{"Brock (PanCan)", "2013, full model with spiculation"}
)

// Suggestion is what a guideline would say of a nodule or an exam. Where
// Withheld is not empty there is neither category nor step, and Missing may say
// what would make it computable.
type Suggestion struct {
	Guideline Guideline
	// Caveat is always CalculatedToBeConfirmed.
	Caveat Caveat
	// Category is Lung-RADS's; "" in other guidelines and where withheld.
	Category Category
	// Now is what the guideline lists as next; of several steps a reader
	// chooses. Then is what follows where that first step shows no change.
	Now, Then []Step
	// Rule is the stable name of the row that gave this, as in
	// docs/guidelines.md; Base the row before a modifier changed it.
	Rule, Base string
	// Used is what the row was found by.
	Used Used
	// Other is what the other measure would have given, where that differs.
	Other *Option
	// Options are the answers under each value of a fact that is missing.
	Options []Option
	// Withheld is why nothing is suggested.
	Withheld Reason
	// Missing are facts that the guideline asks for and nobody gave.
	Missing []Fact
	// Assumptions are conditions under which the suggestion holds and which
	// nobody confirmed.
	Assumptions []Assumption
	// NeedsRadiologist are questions that no table settles.
	NeedsRadiologist []Question
	// Unverified are parts of the rule whose source was not read.
	Unverified []Unverified
}

// Given says whether the guideline has an answer.
func (s Suggestion) Given() bool { return s.Withheld == "" }

// Option is an answer under one assumption or by one measure.
type Option struct {
	// Assumes is the assumption; "" where By tells the options apart.
	Assumes Assumption
	// By is the measure.
	By        Measure
	Rule      string
	Category  Category
	Now, Then []Step
}

// Step is one thing that a guideline recommends.
type Step struct {
	Action Action
	// FromMonths and ToMonths count from the exam that is read; both 0 where
	// the guideline gives no time.
	FromMonths, ToMonths int
	// EveryMonths above 0: repeated until ToMonths.
	EveryMonths int
	// SinceFirst: the months count from the first exam that showed the nodule.
	SinceFirst bool
	// Consider: the guideline leaves it to the reader.
	Consider bool
}

// Used is what a row was found by, as the guideline reads it: a mean diameter
// to 0.1 mm (Fleischner: whole mm), a volume to 1 mm3. 0 is not used.
type Used struct {
	By                              Measure
	MeanMM, SolidPartMM, LongAxisMM float64
	VolumeMM3                       float64
}

// begin is an answer with nothing in it but what every answer says.
func begin(g Guideline) Suggestion {
	return Suggestion{Guideline: g, Caveat: CalculatedToBeConfirmed}
}

// once is a step at one time, or between two.
func once(a Action, from, to int) Step { return Step{Action: a, FromMonths: from, ToMonths: to} }

// consider is a step that the guideline leaves to the reader.
func consider(s Step) Step {
	s.Consider = true
	return s
}

// sinceFirst is a step whose months count from the nodule's first exam.
func sinceFirst(s Step) Step {
	s.SinceFirst = true
	return s
}

func (s Suggestion) withhold(why Reason, missing ...Fact) Suggestion {
	s.Withheld, s.Category, s.Now, s.Then, s.Rule, s.Base = why, "", nil, nil, "", ""
	s.Other, s.Options = nil, nil
	s.Missing = append(s.Missing, missing...)
	return s
}
