package measure

import (
	"math"
	"slices"

	"nafas/inference/volume"
)

// border is the surface of a nodule: its distance from the centre in each
// direction.
type border struct {
	radius []float64 // mm
	// seen tells where an edge to aerated lung was found.
	seen []bool
	// wall tells where the lung ends before one was.
	wall []bool
}

// An edge is taken back where it lies so much farther out, or in, than those in
// two rings around it: a share, and mm.
const (
	farShare, farMM   = 1.3, .5
	nearShare, nearMM = 1.6, .5
	leastAround       = 4
)

// dropOutliers takes back single edges that cannot be the nodule's.
func (b *border) dropOutliers() {
	sp := directions()
	var buffer [mostAround]float64
	for range 3 {
		before := slices.Clone(b.seen)
		for u, r := range b.radius {
			if !before[u] {
				continue
			}
			around := buffer[:0]
			for _, v := range sp.around[u] {
				if before[v] {
					around = append(around, b.radius[v])
				}
			}
			if len(around) < leastAround {
				b.seen[u] = false
				continue
			}
			if m := median(around); r > farShare*m+farMM || r < m/nearShare-nearMM {
				b.seen[u] = false
			}
		}
	}
}

// A vessel of up to vesselMM radius is cut off where it leaves: where the border
// bulges by more than these.
const (
	vesselMM              = 2.2
	bulgeShare, bulgeMM   = .12, .3
	bulgePerSliceDistance = .2
)

// dropVessels takes back edges where the border bulges out narrowly: the surface
// is opened, as in morphology, by a cap as wide as a vessel.
func (b *border) dropVessels(sliceMM float64) {
	size := b.medianSeen()
	if math.IsNaN(size) {
		return
	}
	rings := int(math.Round(math.Asin(min(1, vesselMM/max(size, 1.3*vesselMM))) / ringRad))
	opened := make([]float64, len(b.radius))
	for u, r := range b.radius {
		if opened[u] = r; !b.seen[u] {
			opened[u] = math.Inf(1)
		}
	}
	for range rings {
		opened = spread(opened, func(a, b float64) float64 { return min(a, b) })
	}
	for range rings {
		opened = spread(opened, func(a, b float64) float64 { return max(a, b) })
	}
	for u, r := range b.radius {
		if r-opened[u] > max(bulgeShare*r, bulgeMM+bulgePerSliceDistance*sliceMM) {
			b.seen[u] = false
		}
	}
}

// spread picks for each direction among it and those next to it.
func spread(values []float64, pick func(a, b float64) float64) []float64 {
	sp := directions()
	out := make([]float64, len(values))
	for u, v := range values {
		for _, w := range sp.near[u] {
			v = pick(v, values[w])
		}
		out[u] = v
	}
	return out
}

func (b *border) medianSeen() float64 {
	var seen []float64
	for u, ok := range b.seen {
		if ok {
			seen = append(seen, b.radius[u])
		}
	}
	return median(seen)
}

// bridge spans the border over the directions without an edge, as a skin would
// (each the mean of its neighbours), never beyond the wall.
func (b *border) bridge() {
	sp := directions()
	size := b.medianSeen()
	if math.IsNaN(size) {
		return
	}
	limit := make([]float64, len(b.radius))
	for u, r := range b.radius {
		limit[u] = math.Inf(1)
		if b.wall[u] {
			limit[u] = r
		}
		if !b.seen[u] {
			b.radius[u] = min(size, limit[u])
		}
	}
	const sweeps, enoughMM = 200, 1e-3
	for range sweeps {
		moved := 0.0
		for u, old := range b.radius {
			if b.seen[u] {
				continue
			}
			sum := 0.0
			for _, v := range sp.near[u] {
				sum += b.radius[v]
			}
			b.radius[u] = min(sum/float64(len(sp.near[u])), limit[u])
			moved = max(moved, math.Abs(b.radius[u]-old))
		}
		if moved < enoughMM {
			return
		}
	}
}

// unblur moves the border to where it lies without the scanner's blur: by the
// factor that a ball of the same volume needs.
func (b *border) unblur() {
	r := b.equivalentRadius() / blurMM
	if r < leastBlurred {
		return
	}
	scale, _ := trueRadius(r)
	scale /= r
	for u := range b.radius {
		b.radius[u] *= scale
	}
}

// seenShare is the share of the directions in which an edge was seen, by solid
// angle.
func (b *border) seenShare() float64 {
	sum := 0.0
	for u, ok := range b.seen {
		if ok {
			sum += directions().weight[u]
		}
	}
	return sum / (4 * math.Pi)
}

func (b *border) volumeMM3() float64 {
	sum := 0.0
	for u, r := range b.radius {
		sum += directions().weight[u] * r * r * r / 3
	}
	return sum
}

// equivalentRadius is that of the ball of the same volume, mm.
func (b *border) equivalentRadius() float64 { return math.Cbrt(b.volumeMM3() * 3 / (4 * math.Pi)) }

// centroid of the body, from the centre, mm.
func (b *border) centroid() volume.Vec3 {
	sp := directions()
	var sum volume.Vec3
	mm3 := b.volumeMM3()
	if mm3 == 0 {
		return sum
	}
	for u, r := range b.radius {
		sum = sum.Add(sp.dirs[u].Scale(sp.weight[u] * r * r * r * r / 4))
	}
	return sum.Scale(1 / mm3)
}

// toward is the radius in any direction, mm: the mean of the directions nearest
// to it, by how near they are. from is a direction to look from.
func (b *border) toward(unit volume.Vec3, from int) (radiusMM float64, found int) {
	sp := directions()
	u := sp.find(unit, from)
	sum, weights := 0.0, 0.0
	add := func(v int) {
		w := max(sp.dirs[v].Dot(unit)-cosRing, 0)
		sum, weights = sum+w*b.radius[v], weights+w
	}
	add(u)
	for _, v := range sp.near[u] {
		add(v)
	}
	return sum / weights, u
}
