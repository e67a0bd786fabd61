package nodule

import (
	"math"
	"math/rand/v2"

	"nafas/inference/volume"
)

// Shape is something that Render can sample: a solid in patient space with an
// attenuation inside.
type Shape interface {
	// BoundsMM is a box in patient LPS mm that holds the shape.
	BoundsMM() (lo, hi volume.Vec3)
	// DetailMM is the sampling distance that the shape needs.
	DetailMM() float64
	// Sample returns coverage in [0,1] and HU at a position; edges are
	// softened over at least edgeMM, the distance between samples.
	Sample(lpsMM volume.Vec3, edgeMM float64) (alpha, hu float64)
}

// Nodule is the shape that a Spec describes, at a place.
type Nodule struct {
	Spec Spec
	// CenterLPSMM is the centroid of the body.
	CenterLPSMM volume.Vec3

	rows   [3]volume.Vec3 // patient mm -> unit ball
	axes   [3]volume.Vec3 // unit ball -> patient mm, the semi-axes
	shift  volume.Vec3    // centroid in the unit ball's frame
	waves  []wave
	amp    float64 // bound on the sum of the waves
	grain  []wave
	air    []ball
	core   ball
	spikes []Strand
	reach  float64 // bounding radius of the body in mm
}

type wave struct {
	k          volume.Vec3
	phase, amp float64
}

type ball struct {
	center volume.Vec3
	r      float64
}

// New makes the shape of a Spec with its centroid at the given place. The
// volume of the body equals that of a sphere of Spec.DiameterMM.
func New(s Spec, centerLPSMM volume.Vec3) *Nodule {
	rng := rand.New(rand.NewPCG(s.Seed, 0x6e6f64756c65))
	n := &Nodule{Spec: s, CenterLPSMM: centerLPSMM}
	n.drawSurface(rng)
	n.fit(randomRotation(rng), rng)
	n.drawInside(rng)
	n.drawSpikes(rng)
	return n
}

func (n *Nodule) drawSurface(rng *rand.Rand) {
	if n.Spec.Lobulation <= 0 {
		return
	}
	const count = 5
	for range count {
		n.waves = append(n.waves, wave{
			k:     randomUnit(rng).Scale(uniform(rng, 1.5, 5)),
			phase: uniform(rng, 0, 2*math.Pi),
			amp:   n.Spec.Lobulation * math.Sqrt(2./count) * uniform(rng, .6, 1.2),
		})
	}
	for _, w := range n.waves {
		n.amp += w.amp
	}
}

// fit scales the semi-axes so that the body's volume is the Spec's, and finds
// the centroid, both by quadrature over directions: for a star-shaped body of
// radius r(u) in the unit frame, V = det * integral r^3/3 and the centroid is
// the integral of r^4/4 u over that of r^3/3.
func (n *Nodule) fit(rot [3]volume.Vec3, rng *rand.Rand) {
	const points = 600
	var vol float64
	var mom volume.Vec3
	for i := range points {
		u := fibonacci(i, points)
		r := 1 + n.surface(u)
		vol += r * r * r / 3
		mom = mom.Add(u.Scale(r * r * r * r / 4))
	}
	n.shift = mom.Scale(1 / vol)
	vol *= 4 * math.Pi / points

	e := max(n.Spec.Elongation, 1)
	semi := [3]float64{e, math.Pow(e, rng.Float64()), 1}
	target := math.Pi / 6 * math.Pow(n.Spec.DiameterMM, 3)
	scale := math.Cbrt(target / (vol * semi[0] * semi[1] * semi[2]))
	longest := 0.0
	for a := range 3 {
		s := semi[a] * scale
		n.axes[a] = rot[a].Scale(s)
		n.rows[a] = rot[a].Scale(1 / s)
		longest = max(longest, s)
	}
	n.reach = longest*(1+n.amp+n.shift.Norm()) + n.Spec.EdgeMM
}

func (n *Nodule) drawInside(rng *rand.Rand) {
	s := n.Spec
	const grains = 4
	for range grains {
		n.grain = append(n.grain, wave{
			k:     randomUnit(rng).Scale(2 * math.Pi / uniform(rng, 2.5, 8)),
			phase: uniform(rng, 0, 2*math.Pi),
			amp:   s.TextureHU * math.Sqrt(2./grains),
		})
	}
	if s.Kind == PartSolid {
		n.core = ball{randomUnit(rng).Scale((1 - s.Core) * .6 * rng.Float64()), s.Core}
	}
	if s.Cavity > 0 {
		n.air = append(n.air, ball{randomUnit(rng).Scale((1 - s.Cavity) * .6 * rng.Float64()), s.Cavity})
	}
	for range s.Bubbles {
		r := max(uniform(rng, .08, .25), 1.5/s.DiameterMM)
		n.air = append(n.air, ball{randomUnit(rng).Scale(.85 * math.Cbrt(rng.Float64())), r})
	}
}

func (n *Nodule) drawSpikes(rng *rand.Rand) {
	r := n.Spec.DiameterMM / 2
	hu := n.Spec.HU
	if n.Spec.Kind == GroundGlass {
		hu = n.Spec.HaloHU
	}
	for range n.Spec.Spicules {
		u := randomUnit(rng)
		from := n.CenterLPSMM.Add(n.fromUnit(u.Scale((1 + n.surface(u)) * .85).Sub(n.shift)))
		dir := n.fromUnit(u).Unit().Add(randomUnit(rng).Scale(.3)).Unit()
		length := min(uniform(rng, .3, .9)*r+1.5, 12)
		base := uniform(rng, .45, .5+.08*r)
		n.spikes = append(n.spikes, Strand{from, from.Add(dir.Scale(length)), base, .25, hu})
	}
}

// BoundsMM implements Shape.
func (n *Nodule) BoundsMM() (lo, hi volume.Vec3) {
	lo, hi = body{n}.BoundsMM()
	for i := range n.spikes {
		a, b := n.spikes[i].BoundsMM()
		for d := range 3 {
			lo[d], hi[d] = min(lo[d], a[d]), max(hi[d], b[d])
		}
	}
	return lo, hi
}

// DetailMM implements Shape: a ninth of the diameter, or what the scanner
// can resolve.
func (n *Nodule) DetailMM() float64 { return min(max(n.Spec.DiameterMM/9, .62), 1.3) }

// Sample implements Shape.
func (n *Nodule) Sample(lpsMM volume.Vec3, edgeMM float64) (alpha, hu float64) {
	alpha, hu = body{n}.Sample(lpsMM, edgeMM)
	for i := range n.spikes {
		if a, h := n.spikes[i].Sample(lpsMM, edgeMM); a > alpha {
			alpha, hu = a, h
		}
	}
	return alpha, hu
}

// parts lets Render sample the spicules in their own small boxes.
func (n *Nodule) parts() []Shape {
	out := []Shape{body{n}}
	for i := range n.spikes {
		out = append(out, &n.spikes[i])
	}
	return out
}

// body is a nodule without its spicules.
type body struct{ *Nodule }

// BoundsMM implements Shape.
func (b body) BoundsMM() (lo, hi volume.Vec3) {
	r := volume.Vec3{b.reach, b.reach, b.reach}
	return b.CenterLPSMM.Sub(r), b.CenterLPSMM.Add(r)
}

// Sample implements Shape.
func (b body) Sample(lpsMM volume.Vec3, edgeMM float64) (alpha, hu float64) {
	d := lpsMM.Sub(b.CenterLPSMM)
	q := b.toUnit(d)
	if alpha = b.cover(q, max(edgeMM, b.Spec.EdgeMM)); alpha == 0 {
		return 0, 0
	}
	return alpha, b.attenuation(d, q, edgeMM)
}

// Inside tells whether a position lies in the body, spicules left out.
func (n *Nodule) Inside(lpsMM volume.Vec3) bool {
	return n.cover(n.toUnit(lpsMM.Sub(n.CenterLPSMM)), 1e-6) >= .5
}

func (n *Nodule) toUnit(d volume.Vec3) volume.Vec3 {
	return volume.Vec3{n.rows[0].Dot(d) + n.shift[0], n.rows[1].Dot(d) + n.shift[1], n.rows[2].Dot(d) + n.shift[2]}
}

func (n *Nodule) fromUnit(q volume.Vec3) volume.Vec3 {
	return n.axes[0].Scale(q[0]).Add(n.axes[1].Scale(q[1])).Add(n.axes[2].Scale(q[2]))
}

// surface is the relative height of the waves in direction u.
func (n *Nodule) surface(u volume.Vec3) float64 {
	var h float64
	for i := range n.waves {
		w := &n.waves[i]
		h += w.amp * math.Sin(w.k.Dot(u)+w.phase)
	}
	return h
}

// cover is the coverage of the body at unit position q.
func (n *Nodule) cover(q volume.Vec3, edgeMM float64) float64 {
	rho2 := q.Dot(q)
	soft := edgeMM / n.Spec.DiameterMM * 2.5
	if out := 1 + n.amp + soft; rho2 > out*out {
		return 0
	}
	if in := 1 - n.amp - soft; in > 0 && rho2 < in*in {
		return 1
	}
	rho := math.Sqrt(rho2)
	if rho == 0 {
		return 1
	}
	mmPerUnit := n.fromUnit(q).Norm() / rho
	return ramp((1 + n.surface(q.Scale(1/rho)) - rho) * mmPerUnit / edgeMM)
}

func (n *Nodule) attenuation(d, q volume.Vec3, edgeMM float64) float64 {
	s := &n.Spec
	hu := s.HU
	unit := 2 / s.DiameterMM // of the unit frame per mm
	switch s.Kind {
	case GroundGlass:
		hu = s.HaloHU
	case PartSolid:
		f := ramp((n.core.r - q.Sub(n.core.center).Norm()) / (max(edgeMM, 1) * unit))
		hu = s.HaloHU + f*(s.HU-s.HaloHU)
	}
	for i := range n.grain {
		g := &n.grain[i]
		hu += g.amp * math.Sin(g.k.Dot(d)+g.phase)
	}
	for i := range n.air {
		b := &n.air[i]
		f := ramp((b.r - q.Sub(b.center).Norm()) / (edgeMM * unit))
		hu += f * (cavityHU - hu)
	}
	return hu
}

// cavityHU is air with some wall in the voxel.
const cavityHU = -930

// Measure returns the centroid and the equivalent diameter of that part of
// the body for which keep holds: the visible part of a nodule that the chest
// wall cuts. share is its part of the body's volume.
func (n *Nodule) Measure(keep func(lpsMM volume.Vec3) bool) (centerLPSMM volume.Vec3, diameterMM, share float64) {
	const steps = 24
	h := 2 * n.reach / steps
	lo, _ := body{n}.BoundsMM()
	var all, kept int
	var sum volume.Vec3
	for k := range steps {
		for j := range steps {
			for i := range steps {
				p := lo.Add(volume.Vec3{float64(i) + .5, float64(j) + .5, float64(k) + .5}.Scale(h))
				if !n.Inside(p) {
					continue
				}
				all++
				if keep(p) {
					kept++
					sum = sum.Add(p)
				}
			}
		}
	}
	if kept == 0 {
		return n.CenterLPSMM, 0, 0
	}
	share = float64(kept) / float64(all)
	return sum.Scale(1 / float64(kept)), n.Spec.DiameterMM * math.Cbrt(share), share
}

// ramp is the coverage of a cell whose centre lies x cell widths inside a
// plane edge.
func ramp(x float64) float64 { return min(max(.5+x, 0), 1) }

// thin is the coverage at distance d from the axis of a strand of radius r;
// a strand thinner than the sampling keeps its cross-section by covering a
// full cell in part.
func thin(r, d, edgeMM float64) float64 {
	if half := edgeMM / 2; r < half {
		share := r / half
		return share * share * ramp((half-d)/edgeMM)
	}
	return ramp((r - d) / edgeMM)
}

func fibonacci(i, n int) volume.Vec3 {
	z := 1 - (2*float64(i)+1)/float64(n)
	s := math.Sqrt(1 - z*z)
	sin, cos := math.Sincos(float64(i) * math.Pi * (3 - math.Sqrt(5)))
	return volume.Vec3{s * cos, s * sin, z}
}

func randomUnit(rng *rand.Rand) volume.Vec3 {
	for {
		v := volume.Vec3{uniform(rng, -1, 1), uniform(rng, -1, 1), uniform(rng, -1, 1)}
		if d := v.Dot(v); d > 1e-4 && d <= 1 {
			return v.Unit()
		}
	}
}

// randomRotation returns three orthonormal directions.
func randomRotation(rng *rand.Rand) [3]volume.Vec3 {
	a := randomUnit(rng)
	b := a.Cross(randomUnit(rng))
	for b.Norm() < 1e-3 {
		b = a.Cross(randomUnit(rng))
	}
	b = b.Unit()
	return [3]volume.Vec3{a, b, a.Cross(b)}
}
