package guideline

import (
	"reflect"
	"slices"
)

// Fleischner suggests what Fleischner 2017 recommends for one nodule of an exam
// with n.Count nodules: an incidental finding in a patient of 35 years or more
// without known cancer or immunosuppression. The mean diameter, rounded to whole
// mm (not verified), decides; a reliable volume decides only where there is no
// diameter. Where the patient's risk is not known and matters, nothing is
// suggested and Options has the answer of either risk. Errors: ErrInput.
func Fleischner(n Nodule, p Patient) (Suggestion, error) {
	s := begin(Fleischner2017)
	if err := n.check(); err != nil {
		return s, err
	}
	if err := p.check(); err != nil {
		return s, err
	}
	if s = s.forIncidental(p); !s.Given() {
		return s, nil
	}
	if why := n.uncompared(); why != "" {
		return s.withhold(why), nil
	}
	return s.recommended(n, p.Risk), nil
}

func (s Suggestion) forIncidental(p Patient) Suggestion {
	oldEnough := Unsaid
	if p.AgeYears != nil {
		oldEnough = No
		if *p.AgeYears >= fleischnerYears {
			oldEnough = Yes
		}
	}
	cancer := p.KnownCancer
	if p.KnownLungCancer == Yes {
		cancer = Yes
	}
	return s.under(
		condition{oldEnough, Yes, Under35, Assumes35},
		condition{p.Screening, No, IsScreening, AssumesIncidental},
		condition{cancer, No, KnownCancer, AssumesNoCancer},
		condition{p.Immunosuppressed, No, Immunosuppressed, AssumesImmunocompetent},
	)
}

func (s Suggestion) recommended(n Nodule, risk Risk) Suggestion {
	var missing []Fact
	for _, m := range []struct {
		fact Fact
		gone bool
	}{
		{FactType, n.Type == TypeUnknown}, {FactSize, n.Type != CalcifiedBenign && !n.sized()}, {FactCount, n.Count == 0},
	} {
		if m.gone {
			missing = append(missing, m.fact)
		}
	}
	state, unsaid := n.fleischnerState()
	if unsaid != "" {
		missing = append(missing, unsaid)
	}
	switch {
	case n.Type == CalcifiedBenign:
		return s.withhold(TypeNotCovered)
	case len(missing) > 0:
		return s.withhold(FactsMissing, missing...)
	}
	if n.State == New {
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskNewNodule)
	}
	by := ByDiameter
	if n.twentieths() == 0 {
		by = ByVolume
	} else {
		s.Unverified = append(s.Unverified, UnverifiedRounding)
	}
	return s.fromFleischner(n, state, risk, by)
}

// fleischnerState is growing where the whole nodule or its solid part grows.
func (n Nodule) fleischnerState() (State, Fact) {
	state, missing := n.tableState()
	if n.State == Growing || state == solidPartGrows {
		return Growing, ""
	}
	return state, missing
}

func (s Suggestion) fromFleischner(n Nodule, state State, risk Risk, by Measure) Suggestion {
	row, ok := n.fleischnerRow(state, risk, by)
	low, riskMatters := n.fleischnerRow(state, LowRisk, by)
	switch {
	case !ok && riskMatters && risk == RiskUnknown:
		high, _ := n.fleischnerRow(state, HighRisk, by)
		s = s.fleischnerUsed(n, by).withhold(FactsMissing, FactRisk)
		s.Options = []Option{low.option(AssumesLowRisk, by), high.option(AssumesHighRisk, by)}
		return s
	case !ok && n.Prior != nil && n.Prior.Days == 0 && state != New:
		return s.withhold(FactsMissing, FactInterval)
	case !ok && n.Type == PartSolid && state == Stable && n.solidMM() == 0:
		return s.withhold(FactsMissing, FactSolidPart)
	case !ok:
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskNoRow)
		return s.withhold(NoRow)
	}
	s.Rule, s.Now, s.Then = row.rule, slices.Clone(row.now), slices.Clone(row.then)
	if row.missing != "" {
		s.Missing = append(s.Missing, row.missing)
	}
	s = s.fleischnerUsed(n, by)
	if by == ByVolume || n.volumeMM3() == 0 {
		return s
	}
	s.Used.VolumeMM3 = n.volumeMM3()
	other, ok := n.fleischnerRow(state, risk, ByVolume)
	if ok && !(reflect.DeepEqual(other.now, row.now) && reflect.DeepEqual(other.then, row.then)) {
		o := other.option("", ByVolume)
		s.Other = &o
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskVolumeDiameter)
	}
	return s
}

func (s Suggestion) fleischnerUsed(n Nodule, by Measure) Suggestion {
	s.Used.By = by
	if by == ByVolume {
		s.Used.VolumeMM3 = n.volumeMM3()
	} else {
		s.Used.MeanMM = n.wholeMeanMM()
	}
	if n.Type == PartSolid {
		s.Used.SolidPartMM = n.solidMM()
	}
	return s
}

func (r fleischnerRow) option(a Assumption, by Measure) Option {
	return Option{Assumes: a, By: by, Rule: r.rule, Now: slices.Clone(r.now), Then: slices.Clone(r.then)}
}

// fleischnerRow is the first row that fits, measured in one way. Where the risk
// is not known, only rows that hold for any risk fit.
func (n Nodule) fleischnerRow(state State, risk Risk, by Measure) (fleischnerRow, bool) {
	multiple := No
	if n.Count > 1 {
		multiple = Yes
	}
	i := slices.IndexFunc(fleischnerRows, func(r fleischnerRow) bool {
		if !oneOf(n.Type, r.types...) || !oneOf(state, r.states...) || r.multiple != multiple || r.risk != RiskUnknown && r.risk != risk {
			return false
		}
		if !r.solid.open() && (n.solidMM() == 0 || !r.solid.has(n.solidMM())) || r.days > 0 && n.Prior.Days < r.days {
			return false
		}
		if by == ByVolume {
			return r.volume.has(n.volumeMM3())
		}
		return r.size.has(n.wholeMeanMM())
	})
	if i < 0 {
		return fleischnerRow{}, false
	}
	return fleischnerRows[i], true
}
