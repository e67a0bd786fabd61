package guideline

import "slices"

// LungRADS suggests a category of Lung-RADS v2022 for one nodule of a screening
// exam. The mean diameter to 0.1 mm decides; a reliable volume decides only
// where there is no diameter, and where both are there and give different
// categories that is said and asked about. Errors: ErrInput.
func LungRADS(n Nodule, p Patient) (Suggestion, error) {
	s := begin(LungRADS2022)
	if err := n.check(); err != nil {
		return s, err
	}
	if err := p.check(); err != nil {
		return s, err
	}
	if s = s.forScreening(p); !s.Given() {
		return s, nil
	}
	if why := n.uncompared(); why != "" {
		return s.withhold(why), nil
	}
	return s.categorised(n).withPatient(n, p), nil
}

func (s Suggestion) forScreening(p Patient) Suggestion {
	return s.under(
		condition{p.Screening, Yes, NotScreening, AssumesScreening},
		condition{p.KnownLungCancer, No, KnownLungCancer, AssumesNoLungCancer},
	)
}

// categorised finds the row, then what changes it.
func (s Suggestion) categorised(n Nodule) Suggestion {
	if n.Type == TypeUnknown {
		return s.withhold(FactsMissing, FactType)
	}
	state, missing := n.tableState()
	if missing != "" {
		return s.withhold(FactsMissing, missing)
	}
	if n.Type != CalcifiedBenign && n.twentieths() == 0 && (n.volumeMM3() == 0 || n.Type == PartSolid) {
		return s.withhold(FactsMissing, FactSize)
	}
	by := ByDiameter
	if n.twentieths() == 0 {
		by = ByVolume
	}
	row, ok := n.lungRADSRow(state, by)
	noSolidPart := n.Type == PartSolid && n.solidMM() == 0
	if !ok {
		if noSolidPart {
			return s.withhold(FactsMissing, FactSolidPart)
		}
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskNoRow)
		return s.withhold(NoRow)
	}
	if noSolidPart && state == New { // only there may it change the row of a small nodule
		s.Missing = append(s.Missing, FactSolidPart)
	}
	s.Rule, s.Category = row.rule, row.category
	s.NeedsRadiologist = append(s.NeedsRadiologist, row.ask...)
	s = s.measuredBy(n, by).compareVolume(n, state).aboutShape(n).stepped(n, state).featured(n)
	s.Now = management(s.Category, n.largeEnoughForPET(by))
	return s
}

// tableState is the state by which the rows are found: for part-solid nodules
// that were there before, the solid part's comparison counts.
func (n Nodule) tableState() (State, Fact) {
	if n.Type != PartSolid || n.State == Baseline || n.State == New {
		return n.State, ""
	}
	switch n.SolidPartState {
	case New, Growing:
		return solidPartGrows, ""
	case SlowlyGrowing:
		return SlowlyGrowing, ""
	case Stable:
		return n.State, ""
	}
	return "", FactSolidState
}

// lungRADSRow is the first row that fits, measured in one way.
func (n Nodule) lungRADSRow(state State, by Measure) (lungRADSRow, bool) {
	i := slices.IndexFunc(lungRADSRows, func(r lungRADSRow) bool {
		if !oneOf(n.Type, r.types...) || !oneOf(state, r.states...) || r.shape && !n.benignShape() {
			return false
		}
		if !r.solid.open() && (n.solidMM() == 0 || !r.solid.has(n.solidMM())) {
			return false
		}
		if by == ByVolume {
			return r.volume.has(n.volumeMM3())
		}
		return r.total.has(n.meanMM())
	})
	if i < 0 {
		return lungRADSRow{}, false
	}
	return lungRADSRows[i], true
}

// benignShape is the look of a benign juxtapleural nodule; all of it must have
// been said.
func (n Nodule) benignShape() bool {
	return n.Juxtapleural == Yes && n.Smooth == Yes && oneOf(n.Shape, Oval, Lentiform, Triangular)
}

// aboutShape says what a juxtapleural nodule lacks to be judged by its shape.
func (s Suggestion) aboutShape(n Nodule) Suggestion {
	undecided := n.Smooth == Unsaid && n.Shape != OtherShape || n.Shape == ShapeUnknown && n.Smooth != No
	if n.Type == Solid && n.Juxtapleural == Yes && undecided {
		s.Missing = append(s.Missing, FactShape)
	}
	return s
}

func (s Suggestion) measuredBy(n Nodule, by Measure) Suggestion {
	if n.Type == CalcifiedBenign && !n.sized() {
		return s
	}
	s.Used.By = by
	if by == ByVolume {
		s.Used.VolumeMM3 = n.volumeMM3()
	} else {
		s.Used.MeanMM = n.meanMM()
	}
	if n.Type == PartSolid {
		s.Used.SolidPartMM = n.solidMM()
	}
	return s
}

// compareVolume asks the volume too, where the table has volumes for the type.
func (s Suggestion) compareVolume(n Nodule, state State) Suggestion {
	if s.Used.By != ByDiameter || n.volumeMM3() == 0 || !oneOf(n.Type, Solid, NonSolid) {
		return s
	}
	s.Used.VolumeMM3 = n.volumeMM3()
	other, ok := n.lungRADSRow(state, ByVolume)
	if ok && other.category != s.Category {
		s.Other = &Option{By: ByVolume, Rule: other.rule, Category: other.category, Now: management(other.category, n.largeEnoughForPET(ByVolume))}
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskVolumeDiameter)
	}
	return s
}

// withPatient adds what the patient's facts change.
func (s Suggestion) withPatient(n Nodule, p Patient) Suggestion {
	if !s.Given() {
		return s
	}
	if n.Type == CalcifiedBenign {
		s.Assumptions = append(s.Assumptions, AssumesBenignPattern)
	}
	if n.State == New && p.Immunosuppressed == Yes && !slices.Contains(s.NeedsRadiologist, AskInfection) {
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskInfection)
	}
	return s
}
