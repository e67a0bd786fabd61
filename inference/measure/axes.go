package measure

import (
	"math"

	"nafas/inference/volume"
)

// outlinePoints are the points of a cross-section's outline.
const outlinePoints = 96

// outline is the body's cross-section with a slice, in mm from the centre along
// the rows and the columns of the slice.
type outline [outlinePoints][2]float64

// axes finds the slice on which the body is largest and its axes there.
func (m *measuring) axes(out *Measurement) {
	g := m.s.v.Grid
	center := g.ToIndex(m.center)
	reach := 0.0
	for _, r := range m.border.radius {
		reach = max(reach, r)
	}
	first := max(0, int(math.Ceil(center[2]-reach/g.SpacingMM[2])))
	last := min(g.Size[2]-1, int(math.Floor(center[2]+reach/g.SpacingMM[2])))
	best, largest := outline{}, -1.0
	out.Slice = min(max(int(math.Round(center[2])), 0), g.Size[2]-1)
	for k := first; k <= last; k++ {
		o := m.section((float64(k) - center[2]) * g.SpacingMM[2])
		if area := o.areaMM2(); area > largest {
			best, largest, out.Slice = o, area, k
		}
	}
	if largest < 0 { // thinner than the distance of slices, between two of them
		best = m.section(0)
	}
	off := (float64(out.Slice) - center[2]) * g.SpacingMM[2]
	toLPS := func(p [2]float64) volume.Vec3 {
		return m.center.Add(g.Axes[0].Scale(p[0])).Add(g.Axes[1].Scale(p[1])).Add(g.Axes[2].Scale(off))
	}
	long := best.longest()
	short := best.across(long)
	out.LongAxisLPSMM = [2]volume.Vec3{toLPS(long[0]), toLPS(long[1])}
	out.ShortAxisLPSMM = [2]volume.Vec3{toLPS(short[0]), toLPS(short[1])}
	out.LongAxisMM, out.ShortAxisMM = round1(length(long)), round1(length(short))
	out.MeanDiameterMM = meanOf(out.LongAxisMM, out.ShortAxisMM)
}

// meanOf is the mean of two axes of 0.1 mm to 0.1 mm, halves upwards, as guidelines
// count it: 17.1 and 14.6 are 15.9, which floating point alone does not say.
func meanOf(longMM, shortMM float64) float64 {
	return math.Floor((math.Round(10*longMM)+math.Round(10*shortMM)+1)/2) / 10
}

// section cuts the body with the plane of slices that lies so far from the
// centre along the slices' normal, mm.
func (m *measuring) section(offMM float64) outline {
	g := m.s.v.Grid
	var o outline
	from := 0
	for i := range o {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / outlinePoints)
		along := g.Axes[0].Scale(cos).Add(g.Axes[1].Scale(sin))
		inside := func(t float64) bool {
			d := along.Scale(t).Add(g.Axes[2].Scale(offMM))
			n := d.Norm()
			if n < 1e-9 {
				return true
			}
			var r float64
			r, from = m.border.toward(d.Scale(1/n), from)
			return n < r
		}
		const stepMM = .5
		t := 0.0
		for inside(t) {
			t += stepMM
		}
		if t > 0 {
			t = falls(t-stepMM, t, inside)
		}
		o[i] = [2]float64{t * cos, t * sin}
	}
	return o
}

func (o *outline) areaMM2() float64 {
	sum := 0.0
	for i, a := range o {
		b := o[(i+1)%len(o)]
		sum += a[0]*b[1] - a[1]*b[0]
	}
	return sum / 2
}

type chord [2][2]float64

func length(c chord) float64 { return math.Hypot(c[1][0]-c[0][0], c[1][1]-c[0][1]) }

// longest is the longest line between two points of the outline.
func (o *outline) longest() (best chord) {
	for i, a := range o {
		for _, b := range o[i+1:] {
			if c := (chord{a, b}); length(c) > length(best) {
				best = c
			}
		}
	}
	return best
}

// across is the longest chord at right angles to another.
func (o *outline) across(long chord) (best chord) {
	n := length(long)
	if n == 0 {
		return best
	}
	ux, uy := (long[1][0]-long[0][0])/n, (long[1][1]-long[0][1])/n
	// In the frame of the long axis: x along it, y across.
	var turned outline
	for i, p := range o {
		dx, dy := p[0]-long[0][0], p[1]-long[0][1]
		turned[i] = [2]float64{dx*ux + dy*uy, dy*ux - dx*uy}
	}
	const places = 64
	for i := 1; i < places; i++ {
		x := n * float64(i) / places
		lo, hi := math.Inf(1), math.Inf(-1)
		for j, a := range turned {
			b := turned[(j+1)%len(turned)]
			if (a[0] < x) == (b[0] < x) {
				continue
			}
			y := a[1] + (x-a[0])/(b[0]-a[0])*(b[1]-a[1])
			lo, hi = min(lo, y), max(hi, y)
		}
		if hi-lo > length(best) {
			back := func(y float64) [2]float64 {
				return [2]float64{long[0][0] + x*ux - y*uy, long[0][1] + x*uy + y*ux}
			}
			best = chord{back(lo), back(hi)}
		}
	}
	return best
}
