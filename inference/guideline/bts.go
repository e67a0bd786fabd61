package guideline

import "slices"

// BTS suggests what BTS 2015 recommends for one nodule. A reliable volume
// decides for solid nodules, since the guideline trusts volumetry further than
// diameters; else the mean diameter to 0.1 mm. From 8 mm or 300 mm3 it asks the
// Brock model, where its facts are known. For a nodule that was seen before,
// n.Prior is its first exam, and the change of two comparable volumes decides;
// stability by diameter is taken from n.State. Errors: ErrInput.
func BTS(n Nodule, p Patient) (Suggestion, error) {
	s := begin(BTS2015)
	if err := n.check(); err != nil {
		return s, err
	}
	if err := p.check(); err != nil {
		return s, err
	}
	switch why := n.uncompared(); {
	case why != "":
		return s.withhold(why), nil
	case n.Type == TypeUnknown:
		return s.withhold(FactsMissing, FactType), nil
	case n.Type == CalcifiedBenign:
		return s.withhold(TypeNotCovered), nil
	}
	if !oneOf(n.State, firstSeen...) {
		return s.btsFollow(n)
	}
	return s.btsFirst(n, p)
}

func (s Suggestion) btsFirst(n Nodule, p Patient) (Suggestion, error) {
	by := ByVolume
	if n.volumeMM3() == 0 || n.Type != Solid {
		by = ByDiameter
	}
	if by == ByDiameter && n.twentieths() == 0 {
		return s.withhold(FactsMissing, FactSize), nil
	}
	if n.State == New {
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskNewNodule)
	}
	row, ok := n.btsRow(by)
	if !ok {
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskNoRow)
		return s.withhold(NoRow), nil
	}
	s.Rule, s.Now, s.Then = row.rule, slices.Clone(row.now), slices.Clone(row.then)
	s.Used = Used{By: by, MeanMM: n.meanMM(), SolidPartMM: n.solidMM()}
	if n.Type == Solid {
		s.Used.VolumeMM3 = n.volumeMM3()
	}
	if other, ok := n.btsRow(ByDiameter); by == ByVolume && n.twentieths() > 0 && ok && other.rule != row.rule {
		s.Other = &Option{By: ByDiameter, Rule: other.rule, Now: slices.Clone(other.now), Then: slices.Clone(other.then)}
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskVolumeDiameter)
	}
	if row.brock {
		return s.btsBrock(n, p)
	}
	return s, nil
}

func (n Nodule) btsRow(by Measure) (btsRow, bool) {
	i := slices.IndexFunc(btsRows, func(r btsRow) bool {
		if !oneOf(n.Type, r.types...) {
			return false
		}
		if by == ByVolume {
			return !r.diameterOnly && r.volume.has(n.volumeMM3())
		}
		return r.size.has(n.meanMM())
	})
	if i < 0 {
		return btsRow{}, false
	}
	return btsRows[i], true
}

// btsBrock decides further by the Brock model where that can be computed.
func (s Suggestion) btsBrock(n Nodule, p Patient) (Suggestion, error) {
	r, err := Brock(n, p)
	if err != nil {
		return s, err
	}
	s.Assumptions = append(s.Assumptions, r.Assumptions...)
	s.Unverified = append(s.Unverified, r.Unverified...)
	s.Missing = append(s.Missing, r.Missing...)
	if !r.Given() {
		return s, nil
	}
	s.Used.LongAxisMM = r.LongAxisMM
	for _, b := range btsBrockRows {
		if b.probability.has(*r.Probability) {
			s.Base, s.Rule, s.Now = s.Rule, b.rule, slices.Clone(b.now)
		}
	}
	return s, nil
}

// btsFollow is for a nodule that was there before.
func (s Suggestion) btsFollow(n Nodule) (Suggestion, error) {
	if n.Type != Solid {
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskNoRow)
		return s.withhold(NoRow), nil
	}
	if n.Prior.Days == 0 {
		return s.withhold(FactsMissing, FactInterval), nil
	}
	growing, by, d, why, missing := n.btsChange()
	if why != "" {
		return s.withhold(why, missing...), nil
	}
	if (growing == Yes) != oneOf(n.State, Growing, SlowlyGrowing) {
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskVolumeDiameter)
	}
	s.Missing = append(s.Missing, missing...)
	for _, r := range btsFollowRows {
		if r.growing == growing && r.by == by && r.days.has(float64(n.Prior.Days)) && r.doubling.has(d.Days) {
			s.Rule, s.Now = r.rule, slices.Clone(r.now)
			s.Used = Used{By: by, MeanMM: n.meanMM(), VolumeMM3: n.volumeMM3()}
			if r.unverified {
				s.Unverified = append(s.Unverified, UnverifiedDoublingCuts)
			}
			return s, nil
		}
	}
	s.NeedsRadiologist = append(s.NeedsRadiologist, AskNoRow)
	return s.withhold(NoRow), nil
}

// btsChange says whether the nodule grows, and by what that is known. Without
// two volumes that may be compared, only stability by diameter is an answer.
func (n Nodule) btsChange() (growing Answer, by Measure, d Doubling, why Reason, missing []Fact) {
	volumes := n.volumeMM3() > 0 && n.Prior.VolumeMM3 > 0
	if volumes && n.Prior.Comparable == Yes {
		growing = No
		if n.VolumeMM3 >= growthByVolume*n.Prior.VolumeMM3 {
			growing = Yes
			d, _ = DoublingTime(n.VolumeMM3, n.Prior.VolumeMM3, n.Prior.Days, Yes) // its errors are checked above
		}
		return growing, ByVolume, d, "", nil
	}
	switch {
	case !volumes:
		missing = []Fact{FactPriorVolume}
	case n.Prior.Comparable == Unsaid:
		missing = []Fact{FactComparable}
	}
	switch {
	case n.State == Stable:
		return No, ByDiameter, d, "", missing
	case len(missing) == 0:
		return "", "", d, NotComparable, nil
	}
	return "", "", d, FactsMissing, missing
}
