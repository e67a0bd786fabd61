package measure

import (
	"cmp"
	"math"
	"slices"
)

// densities of a nodule, HU.
type densities struct {
	// core is that of its densest part, rim that of its margin: the same in a
	// nodule of one density.
	core, rim float64
	// lung is what is around it.
	lung float64
	// fringed says of a small nodule of one density that there is nearly a halo.
	fringed bool
}

// uniform says that there is no halo.
func (d densities) uniform() bool { return d.core == d.rim }

// level is half way from the lung to the margin.
func (d densities) level() float64 { return (d.rim + d.lung) / 2 }

// A nodule has a halo where its border at half of its core's density lies so far
// within that of whatever is denser than lung: the blur alone makes 0.7 to 0.9
// mm, and more with thick slices; a large nodule has spicules and an uneven margin.
const haloMM, haloPerSliceDistance, haloPerRadius = 1.05, .15, .24

// In a small nodule a halo is no wider than the blur: it is fringed by fringeMM
// less, up to a radius, of whatever is denser than lung, of fringedMM.
const fringeMM, fringedMM = .24, 4

// leastRimHU is how much denser than lung a halo is at least.
const leastRimHU = 100

// tell finds the densities within a border of whatever is denser than lung.
func (m *measuring) tell(outer *border) densities {
	most := max(haloMM+haloPerSliceDistance*m.rays.sliceMM, haloPerRadius*outer.equivalentRadius())
	d := densities{lung: m.lungHU}
	d.core = m.densest(outer)
	d.rim = d.core
	half := m.half(d)
	if gap, _ := m.gap(half, outer); gap <= most {
		d.core = m.median(half, 1.5, .35)
		d.rim = d.core
		d.fringed = gap > most-fringeMM && outer.equivalentRadius() < fringedMM
		return d
	}
	_, middle := m.gap(half, outer)
	inner := m.median(outer, 1.2, .5)
	d.rim = max(min((middle+inner)/2, inner), d.lung+leastRimHU)
	return d
}

// half is the border of a nodule of these densities.
func (m *measuring) half(d densities) *border { return m.rays.border(d.level(), m.span(d.level())) }

// gap is the median distance between two borders, mm, and the density in the
// middle of it.
func (m *measuring) gap(inner, outer *border) (mm, hu float64) {
	var gaps, middles []float64
	for u, ok := range outer.seen {
		if !ok {
			continue
		}
		from := 0.0
		if inner.seen[u] {
			from = inner.radius[u]
		}
		gap := outer.radius[u] - from
		gaps = append(gaps, gap)
		if i := int((from + gap/2) / m.rays.stepMM); i >= 0 && i < len(m.rays.hu[u]) {
			middles = append(middles, float64(m.rays.hu[u][i]))
		}
	}
	return median(gaps), median(middles)
}

// densest is the density of the densest small ball within a border.
func (m *measuring) densest(b *border) float64 {
	ball := min(max(.25*b.equivalentRadius(), .7), 2)
	best := m.ball(m.center, ball)
	for u, d := range directions().dirs[:42] {
		if !b.seen[u] {
			continue
		}
		for _, share := range [3]float64{.25, .5, .7} {
			best = max(best, m.ball(m.center.Add(d.Scale(share*b.radius[u])), ball))
		}
	}
	return best
}

// median is the density of what lies within a border by offMM, or within a share
// of it: the median by volume.
func (m *measuring) median(b *border, offMM, share float64) float64 {
	type part struct{ hu, mm3 float64 }
	var all []part
	total := 0.0
	limit := func(u int) float64 {
		if !b.seen[u] {
			return 0
		}
		return max(b.radius[u]-offMM, share*b.radius[u]) + m.rays.stepMM/2
	}
	air := m.lungHU + faintHU
	m.rays.each(limit, func(u, i int, hu, mm3 float64) {
		if i < m.rays.airOf(u, air) {
			return
		}
		all = append(all, part{hu, mm3})
		total += mm3
	})
	slices.SortFunc(all, func(a, b part) int { return cmp.Compare(a.hu, b.hu) })
	sum := 0.0
	for _, p := range all {
		if sum += p.mm3; sum >= total/2 {
			return p.hu
		}
	}
	return m.lungHU
}

// median of values, NaN where there are none. It sorts them.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}
