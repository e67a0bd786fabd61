package guideline

// stepped applies stepped management: a nodule that stayed as it was, or
// shrank, may be of a lower category than its size alone. The prior category
// decides; one that was lower than the row of today's size is asked about unless
// the size has not crossed into another row since.
func (s Suggestion) stepped(n Nodule, state State) Suggestion {
	if n.Prior == nil || s.Category.concern() <= Category2.concern() {
		return s
	}
	if n.Prior.Category == Category4B && n.Prior.ProvenBenign == Yes && state == Stable {
		return s.changed(ruleProvenBenign, Category2)
	}
	if state != Stable || !oneOf(n.Type, Solid, PartSolid) {
		return s
	}
	if n.Prior.Category == "" {
		s.Missing = append(s.Missing, FactPriorCategory)
		return s
	}
	if n.Prior.Category.concern() < s.Category.concern() && !n.inItsOldRow(s.Rule) {
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskPriorCategory)
		return s
	}
	for _, step := range lungRADSSteps {
		if step.from != n.Prior.Category || step.to.concern() >= s.Category.concern() {
			continue
		}
		if n.Prior.Days == 0 {
			s.Missing = append(s.Missing, FactInterval)
			return s
		}
		if n.Prior.Days >= step.days {
			return s.changed(step.rule, step.to)
		}
	}
	if n.Prior.Category.concern() < s.Category.concern() {
		s.NeedsRadiologist = append(s.NeedsRadiologist, AskPriorCategory)
	}
	return s
}

// inItsOldRow says that the prior's measured sizes fit the same row.
func (n Nodule) inItsOldRow(rule string) bool {
	old := n
	old.LongMM, old.ShortMM, old.MeanMM, old.SolidPartMM = 0, 0, n.Prior.MeanMM, n.Prior.SolidPartMM
	if old.MeanMM == 0 {
		return false
	}
	row, ok := old.lungRADSRow(Stable, ByDiameter)
	return ok && row.rule == rule
}

// featured raises category 3 and 4 to 4X where a reader saw suspicious features.
func (s Suggestion) featured(n Nodule) Suggestion {
	if len(n.Features) == 0 {
		return s
	}
	s.NeedsRadiologist = append(s.NeedsRadiologist, AskFeatures)
	if s.Category.concern() >= Category3.concern() {
		return s.changed(ruleFeatures, Category4X)
	}
	return s
}

// changed is another category by a rule that is no row.
func (s Suggestion) changed(rule string, c Category) Suggestion {
	if s.Base == "" {
		s.Base = s.Rule
	}
	s.Rule, s.Category = rule, c
	return s
}
