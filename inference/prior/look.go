package prior

import (
	"context"
	"math"

	"nafas/inference/measure"
	"nafas/inference/volume"
)

// look goes to the place of each finding without a partner and looks what is
// there.
func (c *comparing) look(ctx context.Context) error {
	n := len(c.current.Findings)
	return each(ctx, n+len(c.earlier.Findings), func(i int) {
		if i < n {
			c.lookInEarlier(i)
		} else {
			c.lookInCurrent(i - n)
		}
	})
}

func (c *comparing) lookInEarlier(i int) {
	out := &c.out.Current[i]
	if out.State == Paired || c.taken(c.earlier.Findings, c.inEarlier[i].at) {
		return
	}
	switch m, at, is := c.forth.lookAt(&c.current.Findings[i], c.inEarlier[i]); is {
	case alike:
		c.looked[i] = at
		out.State, out.EarlierMeasured, out.EarlierCenterLPSMM = Paired, m, m.CenterLPSMM
	case nothing:
		out.State = New
	}
}

func (c *comparing) lookInCurrent(j int) {
	out := &c.out.Earlier[j]
	if out.State == Paired || c.taken(c.current.Findings, c.inCurrent[j].at) {
		return
	}
	if _, _, is := c.back.lookAt(&c.earlier.Findings[j], c.inCurrent[j]); is == nothing {
		out.State = Gone
	}
}

// taken tells whether a place lies in or beside a finding, which then could not be
// paired with what is looked for: nothing is said of either.
func (c *comparing) taken(by []Finding, at volume.Vec3) bool {
	for i := range by {
		if by[i].center().Sub(at).Norm() <= by[i].size()/2+besideMM {
			return true
		}
	}
	return false
}

const besideMM = 2.0

// sight is what is seen at a place.
type sight int

const (
	unclear sight = iota
	nothing
	alike
)

// tries are the diameters that are tried, over the finding's own.
var tries = [...]float64{1, .7, .5}

// lookAt looks for a body at the place of a finding, and measures it; where there is
// one, at is what was measured.
func (d *direction) lookAt(f *Finding, p place) (m *measure.Measurement, at measure.Site, is sight) {
	if !p.seen || !p.sure {
		return nil, at, unclear
	}
	filled := d.filled(f, p.at)
	is = nothing
	if filled > mostEmpty {
		is = unclear
	}
	for _, share := range tries {
		at = d.inE.site(&Finding{CenterLPSMM: p.at, DiameterMM: max(share*f.size(), leastTryMM)})
		m = measure.Measure(at.Volume, at.Field, at.CenterLPSMM, at.DiameterMM)
		if !m.HasBody() || m.CenterLPSMM.Sub(p.at).Norm() > placeMM {
			continue
		}
		if m.Reliable() && (same(f, m, filled) || smaller(f, m, d.inE.thicknessMM())) {
			return m, at, alike
		}
		if m.Seen >= leastBodySeen {
			is = unclear
		}
	}
	return nil, at, is
}

const (
	leastTryMM = 3.0
	// A place is filled where at least half of the finding's ball is as dense as
	// it, and empty where hardly anything is: what was new in the development
	// pairs filled 4 % at most, what was there more than half.
	leastFilled, mostEmpty = .5, .15
	// leastBodySeen is the share of the border that a body has towards lung: less
	// is a vessel that passes.
	leastBodySeen = .5
)

// same tells whether a body that fills the place of a finding is it: of about its
// size, and as much attached.
func same(f *Finding, m *measure.Measurement, filled float64) bool {
	const seenLess, mostGrown, mostShrunk = .12, 1.5, 2.0
	seen := roundSeen
	if f.Measured != nil && f.Measured.Reliable() {
		seen = min(seen, f.Measured.Seen-seenLess)
	}
	ratio := f.size() / equivalentMM(m)
	return filled >= leastFilled && m.Seen >= seen && ratio <= mostShrunk && ratio >= 1/mostGrown
}

// smaller tells whether a body that does not fill the place can be what a finding
// grew from, or became: round, lung on nearly all sides, and large enough to be
// told from a piece of a vessel.
func smaller(f *Finding, m *measure.Measurement, sliceMM float64) bool {
	const leastMM, perSlice, roundest = 3.5, 1.6, 1.6
	d := equivalentMM(m)
	return m.Seen >= roundSeen && m.LongAxisMM <= roundest*m.ShortAxisMM &&
		d >= max(leastMM, perSlice*sliceMM) && f.size()/d <= mostRatio && d <= f.size()
}

const roundSeen = .85

// equivalentMM is the diameter of the ball of the measured volume.
func equivalentMM(m *measure.Measurement) float64 { return math.Cbrt(m.VolumeMM3 * 6 / math.Pi) }
