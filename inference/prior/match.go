package prior

import (
	"cmp"
	"context"
	"slices"
)

// couple is a finding of the current exam and one of the earlier exam that lie in
// one place.
type couple struct {
	current, earlier int
	cost             float64
}

const (
	// Two centres are at most this far from each other: the place is off by
	// placeMM or, where its surroundings were not found, by unsureMM; and a centre
	// by a share of its diameter.
	placeMM, unsureMM = 2.0, 3.5
	centerShare       = .25
	// mostRatio is how much larger one may be.
	mostRatio = 3.0
)

// match pairs findings, nearest first, each with one at most.
func (c *comparing) match(context.Context) error {
	var all []couple
	for i := range c.current.Findings {
		for j := range c.earlier.Findings {
			if cost, ok := c.coupled(i, j); ok {
				all = append(all, couple{i, j, cost})
			}
		}
	}
	slices.SortFunc(all, func(a, b couple) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.current, b.current), cmp.Compare(a.earlier, b.earlier))
	})
	for _, one := range all {
		now, then := &c.out.Current[one.current], &c.out.Earlier[one.earlier]
		if now.State == Paired || then.State == Paired {
			continue
		}
		f, g := &c.current.Findings[one.current], &c.earlier.Findings[one.earlier]
		now.State, now.Earlier, now.EarlierCenterLPSMM, now.EarlierMeasured = Paired, one.earlier, g.center(), g.Measured
		then.State, then.Current, then.CurrentCenterLPSMM = Paired, one.current, f.center()
	}
	return nil
}

// coupled tells whether two findings lie in one place, and how well: 0 is best, 1
// just so.
func (c *comparing) coupled(i, j int) (cost float64, ok bool) {
	f, g := &c.current.Findings[i], &c.earlier.Findings[j]
	there, here := c.inEarlier[i], c.inCurrent[j]
	apart := (there.at.Sub(g.center()).Norm() + here.at.Sub(f.center()).Norm()) / 2
	most := placeMM + centerShare*max(f.size(), g.size())
	if !there.sure || !here.sure {
		most += unsureMM - placeMM
	}
	if ratio := f.size() / g.size(); !(ratio <= mostRatio && ratio >= 1/mostRatio) {
		return 0, false
	}
	return apart / most, apart <= most
}
