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
	switch m, is := c.forth.lookAt(&c.current.Findings[i], c.inEarlier[i]); is {
	case alike:
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
	if _, is := c.back.lookAt(&c.earlier.Findings[j], c.inCurrent[j]); is == nothing {
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

func (d *direction) lookAt(f *Finding, p place) (*measure.Measurement, sight) {
	if !p.seen {
		return nil, unclear
	}
	is := nothing
	if !p.sure {
		is = unclear
	}
	for _, share := range tries {
		m := measure.Measure(d.inE.Volume, d.inE.Field, p.at, max(share*f.size(), leastMM))
		if !m.HasBody() {
			if m.Doubt != measure.DoubtFaint {
				is = unclear
			}
			continue
		}
		if m.Reliable() && plausible(f, m, p) {
			return m, alike
		}
	}
	return nil, is
}

// leastMM is the smallest body that is told from a vessel.
const leastMM = 3.0

func plausible(f *Finding, m *measure.Measurement, p place) bool {
	d := equivalentMM(m)
	off := m.CenterLPSMM.Sub(p.at).Norm()
	return p.sure && d >= leastMM && off <= placeMM && m.Seen >= .8 && m.LongAxisMM <= 1.8*m.ShortAxisMM &&
		f.size()/d <= mostRatio && d/f.size() <= 1.5
}

// equivalentMM is the diameter of the ball of the measured volume.
func equivalentMM(m *measure.Measurement) float64 { return math.Cbrt(m.VolumeMM3 * 6 / math.Pi) }
