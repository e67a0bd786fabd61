package measure

import "math"

// wallMM is how far within the wall's surface the lung field's border lies, as
// measured on phantoms.
const wallMM = .4

// unsureShare: an edge whose place is no better than this share of outsideMM is
// none.
const unsureShare = .6

// mostInsideMM of what is not dense ends the search along a ray.
const mostInsideMM = 3

// border finds the surface at a level of HU.
func (r *rays) border(level, span float64) *border {
	n := len(r.hu)
	b := &border{radius: make([]float64, n), seen: make([]bool, n), wall: make([]bool, n)}
	for u := range n {
		b.radius[u], b.seen[u], b.wall[u] = r.edge(u, level, span)
	}
	b.dropOutliers()
	b.dropVessels(r.sliceMM)
	b.bridge()
	return b
}

// edge finds the border along one ray: the place with the least that is not
// dense before it and that is dense in the outsideMM behind it. Along a vessel
// every place is as good as the other, and no edge is seen.
func (r *rays) edge(u int, level, span float64) (radiusMM float64, seen, wall bool) {
	row := r.hu[u]
	over := func(i int) float64 { // 1 dense, -1 not
		if i >= r.wall[u] || math.IsNaN(float64(row[i])) {
			return -1
		}
		return min(max((float64(row[i])-level)/span, -1), 1)
	}
	hollow := r.hollowOf(over, len(row))
	ahead := int(outsideMM / r.stepMM)
	before, behind := 0.0, 0.0
	for i := range min(ahead, len(row)) {
		behind += max(over(i), 0)
	}
	best, at := behind, 0
	if hollow > 0 { // the air of a cavity is no place for the border
		best = math.Inf(1)
	}
	for i := 1; i <= min(len(row)-ahead, r.wall[u]); i++ {
		if i > hollow {
			before += max(-over(i-1), 0)
		}
		behind -= max(over(i-1), 0)
		if i+ahead-1 < len(row) {
			behind += max(over(i+ahead-1), 0)
		}
		if cost := before + behind; i > hollow && cost < best-1e-9 {
			best, at = cost, i
		}
		if before*r.stepMM > mostInsideMM {
			break
		}
	}
	if at == r.wall[u] && at > 0 {
		return float64(at)*r.stepMM + wallMM, false, true
	}
	return r.between(row, at, level), at > 0 && best*r.stepMM < unsureShare*outsideMM, false
}

// hollowOf is how many samples from the centre are the air of a cavity: where
// something dense follows soon enough.
func (r *rays) hollowOf(over func(int) float64, n int) int {
	i := 0
	for i < r.hollow && i < n && over(i) < 0 {
		i++
	}
	if i == r.hollow {
		return 0
	}
	return i
}

// airOf is how many samples from the centre are the air of a cavity, which is
// below an HU.
func (r *rays) airOf(u int, belowHU float64) int {
	return r.hollowOf(func(i int) float64 { return float64(r.hu[u][i]) - belowHU }, min(len(r.hu[u]), r.wall[u]))
}

// between is where the level is crossed next to a sample, mm.
func (r *rays) between(row []float32, at int, level float64) float64 {
	if at > 0 && at < len(row) {
		if a, b := float64(row[at-1]), float64(row[at]); a > level && b <= level {
			return r.at(at-1) + (a-level)/(a-b)*r.stepMM
		}
	}
	return float64(at) * r.stepMM
}
