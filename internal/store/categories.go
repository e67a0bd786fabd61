package store

import (
	"nafas/inference/guideline"
	"nafas/inference/suggest"
)

// assessmentBody is written out field by field like a result.
type assessmentBody struct {
	Categories *categoriesBody `json:"categories,omitempty"`
}

type categoriesBody struct {
	Method     string          `json:"method"`
	Earlier    bool            `json:"earlier,omitempty"`
	Ranks      []int           `json:"ranks,omitempty"`
	NotFlagged int             `json:"not_flagged,omitempty"`
	Guidelines []guidelineBody `json:"guidelines,omitempty"`
	Brock      []brockBody     `json:"brock,omitempty"`
}

type guidelineBody struct {
	Name     string           `json:"name"`
	Version  string           `json:"version"`
	Exam     *suggestionBody  `json:"exam,omitempty"`
	LeadRank int              `json:"lead_rank,omitempty"`
	AtLeast  bool             `json:"at_least,omitempty"`
	Each     []suggestionBody `json:"each,omitempty"`
}

type suggestionBody struct {
	Guideline        [2]string    `json:"guideline"`
	Caveat           string       `json:"caveat"`
	Category         string       `json:"category,omitempty"`
	Now              []stepBody   `json:"now,omitempty"`
	Then             []stepBody   `json:"then,omitempty"`
	Rule             string       `json:"rule,omitempty"`
	Base             string       `json:"base,omitempty"`
	Used             usedBody     `json:"used"`
	Other            *optionBody  `json:"other,omitempty"`
	Options          []optionBody `json:"options,omitempty"`
	Withheld         string       `json:"withheld,omitempty"`
	Missing          []string     `json:"missing,omitempty"`
	Assumptions      []string     `json:"assumptions,omitempty"`
	NeedsRadiologist []string     `json:"needs_radiologist,omitempty"`
	Unverified       []string     `json:"unverified,omitempty"`
}

type stepBody struct {
	Action      string `json:"action"`
	FromMonths  int    `json:"from_months,omitempty"`
	ToMonths    int    `json:"to_months,omitempty"`
	EveryMonths int    `json:"every_months,omitempty"`
	SinceFirst  bool   `json:"since_first,omitempty"`
	Consider    bool   `json:"consider,omitempty"`
}

type usedBody struct {
	By          string  `json:"by,omitempty"`
	MeanMM      float64 `json:"mean_mm,omitempty"`
	SolidPartMM float64 `json:"solid_part_mm,omitempty"`
	LongAxisMM  float64 `json:"long_axis_mm,omitempty"`
	VolumeMM3   float64 `json:"volume_mm3,omitempty"`
}

type optionBody struct {
	Assumes  string     `json:"assumes,omitempty"`
	By       string     `json:"by,omitempty"`
	Rule     string     `json:"rule"`
	Category string     `json:"category,omitempty"`
	Now      []stepBody `json:"now,omitempty"`
	Then     []stepBody `json:"then,omitempty"`
}

type brockBody struct {
	Guideline   [2]string `json:"guideline"`
	Caveat      string    `json:"caveat"`
	Probability *float64  `json:"probability,omitempty"`
	X           *float64  `json:"x,omitempty"`
	LongAxisMM  float64   `json:"long_axis_mm,omitempty"`
	Withheld    string    `json:"withheld,omitempty"`
	Missing     []string  `json:"missing,omitempty"`
	Assumptions []string  `json:"assumptions,omitempty"`
	Unverified  []string  `json:"unverified,omitempty"`
}

func encodeCategories(s *suggest.Suggestions) *categoriesBody {
	if s == nil {
		return nil
	}
	b := &categoriesBody{Method: s.Method, Earlier: s.Earlier, Ranks: s.Ranks, NotFlagged: s.NotFlagged}
	for _, by := range s.Guidelines {
		one := guidelineBody{
			Name: by.Guideline.Name, Version: by.Guideline.Version, LeadRank: by.LeadRank, AtLeast: by.AtLeast,
			Each: converted(by.Each, encodeSuggestion),
		}
		if by.Exam != nil {
			exam := encodeSuggestion(*by.Exam)
			one.Exam = &exam
		}
		b.Guidelines = append(b.Guidelines, one)
	}
	b.Brock = converted(s.Brock, encodeBrock)
	return b
}

func decodeCategories(b *categoriesBody) *suggest.Suggestions {
	if b == nil {
		return nil
	}
	s := &suggest.Suggestions{Method: b.Method, Earlier: b.Earlier, Ranks: b.Ranks, NotFlagged: b.NotFlagged}
	for _, by := range b.Guidelines {
		one := suggest.ByGuideline{
			Guideline: guideline.Guideline{Name: by.Name, Version: by.Version}, LeadRank: by.LeadRank, AtLeast: by.AtLeast,
			Each: converted(by.Each, decodeSuggestion),
		}
		if by.Exam != nil {
			exam := decodeSuggestion(*by.Exam)
			one.Exam = &exam
		}
		s.Guidelines = append(s.Guidelines, one)
	}
	s.Brock = converted(b.Brock, decodeBrock)
	return s
}

func encodeSuggestion(s guideline.Suggestion) suggestionBody {
	b := suggestionBody{
		Guideline: [2]string{s.Guideline.Name, s.Guideline.Version}, Caveat: string(s.Caveat), Category: string(s.Category),
		Now: converted(s.Now, encodeStep), Then: converted(s.Then, encodeStep), Rule: s.Rule, Base: s.Base, Used: encodeUsed(s.Used),
		Options: converted(s.Options, encodeOption), Withheld: string(s.Withheld), Missing: coded[string](s.Missing),
		Assumptions: coded[string](s.Assumptions), NeedsRadiologist: coded[string](s.NeedsRadiologist), Unverified: coded[string](s.Unverified),
	}
	if s.Other != nil {
		other := encodeOption(*s.Other)
		b.Other = &other
	}
	return b
}

func decodeSuggestion(b suggestionBody) guideline.Suggestion {
	s := guideline.Suggestion{
		Guideline: guideline.Guideline{Name: b.Guideline[0], Version: b.Guideline[1]}, Caveat: guideline.Caveat(b.Caveat), Category: guideline.Category(b.Category),
		Now: converted(b.Now, decodeStep), Then: converted(b.Then, decodeStep), Rule: b.Rule, Base: b.Base, Used: decodeUsed(b.Used),
		Options: converted(b.Options, decodeOption), Withheld: guideline.Reason(b.Withheld), Missing: coded[guideline.Fact](b.Missing),
		Assumptions:      coded[guideline.Assumption](b.Assumptions),
		NeedsRadiologist: coded[guideline.Question](b.NeedsRadiologist), Unverified: coded[guideline.Unverified](b.Unverified),
	}
	if b.Other != nil {
		other := decodeOption(*b.Other)
		s.Other = &other
	}
	return s
}

func encodeStep(s guideline.Step) stepBody {
	return stepBody{string(s.Action), s.FromMonths, s.ToMonths, s.EveryMonths, s.SinceFirst, s.Consider}
}

func decodeStep(b stepBody) guideline.Step {
	return guideline.Step{
		Action: guideline.Action(b.Action), FromMonths: b.FromMonths, ToMonths: b.ToMonths, EveryMonths: b.EveryMonths,
		SinceFirst: b.SinceFirst, Consider: b.Consider,
	}
}

func encodeUsed(u guideline.Used) usedBody {
	return usedBody{string(u.By), u.MeanMM, u.SolidPartMM, u.LongAxisMM, u.VolumeMM3}
}

func decodeUsed(b usedBody) guideline.Used {
	return guideline.Used{By: guideline.Measure(b.By), MeanMM: b.MeanMM, SolidPartMM: b.SolidPartMM, LongAxisMM: b.LongAxisMM, VolumeMM3: b.VolumeMM3}
}

func encodeOption(o guideline.Option) optionBody {
	return optionBody{string(o.Assumes), string(o.By), o.Rule, string(o.Category), converted(o.Now, encodeStep), converted(o.Then, encodeStep)}
}

func decodeOption(b optionBody) guideline.Option {
	return guideline.Option{
		Assumes: guideline.Assumption(b.Assumes), By: guideline.Measure(b.By), Rule: b.Rule, Category: guideline.Category(b.Category),
		Now: converted(b.Now, decodeStep), Then: converted(b.Then, decodeStep),
	}
}

func encodeBrock(r guideline.BrockResult) brockBody {
	return brockBody{
		Guideline: [2]string{r.Guideline.Name, r.Guideline.Version}, Caveat: string(r.Caveat), Probability: r.Probability, X: r.X,
		LongAxisMM: r.LongAxisMM, Withheld: string(r.Withheld), Missing: coded[string](r.Missing),
		Assumptions: coded[string](r.Assumptions), Unverified: coded[string](r.Unverified),
	}
}

func decodeBrock(b brockBody) guideline.BrockResult {
	return guideline.BrockResult{
		Guideline: guideline.Guideline{Name: b.Guideline[0], Version: b.Guideline[1]}, Caveat: guideline.Caveat(b.Caveat),
		Probability: b.Probability, X: b.X, LongAxisMM: b.LongAxisMM, Withheld: guideline.Reason(b.Withheld),
		Missing: coded[guideline.Fact](b.Missing), Assumptions: coded[guideline.Assumption](b.Assumptions), Unverified: coded[guideline.Unverified](b.Unverified),
	}
}

// converted is a list of other things; none stays none.
func converted[A, B any](list []A, one func(A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = one(v)
	}
	return out
}

// coded is a list of words of another type; none stays none.
func coded[B, A ~string](list []A) []B { return converted(list, func(a A) B { return B(a) }) }
