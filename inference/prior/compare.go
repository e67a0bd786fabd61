package prior

import (
	"context"
	"fmt"

	"nafas/inference/measure"
	"nafas/inference/volume"
)

// Compare says what became of every finding of two exams of one patient, days
// apart. The result is the same for the same input, whatever runs beside it.
// Errors: ctx's, and days below 1.
func Compare(ctx context.Context, current, earlier Exam, days int) (*Comparison, error) {
	if days < 1 {
		return nil, fmt.Errorf("prior: the earlier exam is %d days before the current one: give two exams of different days, the earlier one as such", days)
	}
	c := &comparing{current: &current, earlier: &earlier, days: days, out: newComparison(len(current.Findings), len(earlier.Findings), days)}
	c.looked = make([]measure.Site, len(current.Findings))
	c.out.NotComparable = notComparable(&current, &earlier, days)
	r, err := register(ctx, &current, &earlier)
	if err != nil {
		return nil, err
	}
	c.out.LungOverlap = r.overlap
	if !r.ok {
		c.out.Refused = LungsDiffer
		return c.out, nil
	}
	c.forth = toEarlier(r, &current, &earlier)
	c.back = toCurrent(r, &current, &earlier)
	for _, step := range []func(context.Context) error{c.locate, c.match, c.look, c.grow} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	c.out.round()
	return c.out, nil
}

// comparing is one Compare under way.
type comparing struct {
	current, earlier *Exam
	days             int
	forth, back      *direction
	// inEarlier and inCurrent are where the other exam has each finding.
	inEarlier, inCurrent []place
	// looked is where the partner of a current finding was found by looking.
	looked []measure.Site
	out    *Comparison
}

func newComparison(current, earlier, days int) *Comparison {
	c := &Comparison{Days: days, Current: make([]Change, current), Earlier: make([]EarlierChange, earlier)}
	for i := range c.Current {
		c.Current[i] = Change{State: Unpaired, Earlier: -1}
	}
	for i := range c.Earlier {
		c.Earlier[i] = EarlierChange{State: Unpaired, Current: -1}
	}
	return c
}

// locate finds where the other exam has the place of each finding.
func (c *comparing) locate(ctx context.Context) error {
	n := len(c.current.Findings)
	c.inEarlier, c.inCurrent = make([]place, n), make([]place, len(c.earlier.Findings))
	err := each(ctx, n+len(c.inCurrent), func(i int) {
		if i < n {
			c.inEarlier[i] = c.forth.locate(&c.current.Findings[i])
		} else {
			c.inCurrent[i-n] = c.back.locate(&c.earlier.Findings[i-n])
		}
	})
	for i, p := range c.inEarlier {
		c.out.Current[i].EarlierCenterLPSMM = p.at
	}
	for i, p := range c.inCurrent {
		c.out.Earlier[i].CurrentCenterLPSMM = p.at
	}
	return err
}

// center is the middle of what was measured, else of what the detector gave.
func (f *Finding) center() volume.Vec3 {
	if f.Measured != nil && f.Measured.Reliable() {
		return f.Measured.CenterLPSMM
	}
	return f.CenterLPSMM
}

// size is the diameter in mm of the ball of the measured volume, else the
// detector's diameter.
func (f *Finding) size() float64 {
	if f.Measured != nil && f.Measured.Reliable() {
		return equivalentMM(f.Measured)
	}
	if f.DiameterMM > leastTryMM { // false for NaN
		return min(f.DiameterMM, mostSizeMM)
	}
	return leastTryMM
}

// mostSizeMM: nothing in a lung that is compared is larger.
const mostSizeMM = 80.0
