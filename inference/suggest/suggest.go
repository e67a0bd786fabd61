// Package suggest asks the published guidelines what they suggest for what was
// found in a scan: it turns findings with their measurements, places and changes
// into the nodules that inference/guideline knows.
//
// Only flagged findings are asked about: the others are below the detector's
// operating point of 1 false mark per scan, and categories are made of nodules.
// A size counts only where the measurement can be relied on; the detector's own
// size is none of a guideline's. What is not known stays unknown and is listed
// as missing. docs/guidelines.md has every rule of this package.
package suggest

import (
	"slices"
	"strings"

	"nafas/inference/finding"
	"nafas/inference/guideline"
	"nafas/inference/measure"
	"nafas/inference/prior"
)

// Method names the rules of this package and their version; another version may
// suggest otherwise.
const Method = "published guidelines 1"

// Finding is one finding of the exam, with what is known of it.
type Finding struct {
	finding.Finding
	// Measured is nil where nothing was measured, Place where nobody said where it
	// lies, Change where it was not compared.
	Measured *measure.Measurement
	Place    *finding.Place
	Change   *prior.Change
	// Spiculated is what a reader says of the margin: nothing here measures it.
	Spiculated guideline.Answer
}

// Exam is one exam as far as it is known.
type Exam struct {
	// Findings in the order of their rank.
	Findings []Finding
	// Earlier: an earlier exam of the patient is known, compared or not.
	Earlier bool
	// Comparison with it; nil where there was none. It implies Earlier.
	Comparison *prior.Comparison
}

// Suggestions are what the guidelines suggest for an exam. All are calculated
// from measurements of a program, and to be confirmed.
type Suggestions struct {
	Method string
	// Earlier: an earlier exam was known, compared or not.
	Earlier bool
	// Ranks are those of the findings that were asked about, in the order of all
	// lists below.
	Ranks []int
	// NotFlagged is how many findings were not asked about.
	NotFlagged int
	Guidelines []ByGuideline
	// Brock is empty where the model was not asked for.
	Brock []guideline.BrockResult
}

// ByGuideline is what one guideline suggests.
type ByGuideline struct {
	Guideline guideline.Guideline
	// Exam is nil for guidelines that judge nodules one by one.
	Exam *guideline.Suggestion
	// LeadRank is that of the finding which decides for the exam; 0 where none
	// does. AtLeast: the exam's answer may be worse, since some findings have none.
	LeadRank int
	AtLeast  bool
	Each     []guideline.Suggestion
}

// Name is how a guideline is called in settings and flags.
type Name string

// The names. Brock is no guideline but goes with them.
const (
	LungRADS   Name = "lung-rads"
	Fleischner Name = "fleischner"
	BTS        Name = "bts"
	European   Name = "european"
	NELSON     Name = "nelson"
	Brock      Name = "brock"
)

// Names lists them all, in the order in which they are said.
func Names() []Name { return []Name{LungRADS, Fleischner, BTS, European, NELSON, Brock} }

// Known says whether a name is one of Names.
func (n Name) Known() bool { return slices.Contains(Names(), n) }

// NamesText lists the names for a message.
func NamesText() string {
	var words []string
	for _, n := range Names() {
		words = append(words, string(n))
	}
	return strings.Join(words, ", ")
}

// Usual are those that are asked where nobody chose: the volume rules of the
// screening protocols have few rows that are verified.
func Usual() []Name { return []Name{LungRADS, Fleischner, BTS, Brock} }

// Of asks guidelines by their names; none means Usual. It is an error, of
// guideline.ErrInput, where a fact of the patient cannot be.
func Of(e Exam, p guideline.Patient, ask ...Name) (Suggestions, error) {
	if len(ask) == 0 {
		ask = Usual()
	}
	out := Suggestions{Method: Method, Earlier: e.Earlier || e.Comparison != nil}
	var flagged []Finding
	for _, f := range e.Findings {
		if !f.Flagged {
			out.NotFlagged++
			continue
		}
		flagged = append(flagged, f)
		out.Ranks = append(out.Ranks, f.Rank)
	}
	asking := asking{exam: e, patient: p, findings: flagged, ranks: out.Ranks}
	for _, name := range ask {
		if name == Brock {
			var err error
			if out.Brock, err = asking.brock(); err != nil {
				return out, err
			}
			continue
		}
		by, err := asking.guideline(rules[name])
		if err != nil {
			return out, err
		}
		out.Guidelines = append(out.Guidelines, by)
	}
	return out, nil
}
