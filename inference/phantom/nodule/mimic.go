package nodule

import (
	"math"
	"math/rand/v2"

	"nafas/inference/volume"
)

// Strand is a straight tapered tube: a piece of a vessel.
type Strand struct {
	FromLPSMM, ToLPSMM       volume.Vec3
	FromRadiusMM, ToRadiusMM float64
	HU                       float64
}

// BoundsMM implements Shape.
func (s Strand) BoundsMM() (lo, hi volume.Vec3) {
	r := max(s.FromRadiusMM, s.ToRadiusMM) + 1
	for a := range 3 {
		lo[a] = min(s.FromLPSMM[a], s.ToLPSMM[a]) - r
		hi[a] = max(s.FromLPSMM[a], s.ToLPSMM[a]) + r
	}
	return lo, hi
}

// DetailMM implements Shape; thin strands cover their samples in part, so
// that none needs super-sampling.
func (s Strand) DetailMM() float64 { return 1.3 }

// Sample implements Shape.
func (s Strand) Sample(p volume.Vec3, edgeMM float64) (alpha, hu float64) {
	along := s.ToLPSMM.Sub(s.FromLPSMM)
	d := p.Sub(s.FromLPSMM)
	t := 0.
	if l2 := along.Dot(along); l2 > 0 {
		t = min(max(d.Dot(along)/l2, 0), 1)
	}
	d = d.Sub(along.Scale(t))
	r := s.FromRadiusMM + (s.ToRadiusMM-s.FromRadiusMM)*t
	d2 := d.Dot(d)
	if d2 > (r+edgeMM)*(r+edgeMM) {
		return 0, 0
	}
	return thin(r, math.Sqrt(d2), edgeMM), s.HU
}

// Strands is a tree of strands: a vessel with its branches, never a nodule.
type Strands []Strand

func (t Strands) parts() []Shape {
	out := make([]Shape, len(t))
	for i, s := range t {
		out[i] = s
	}
	return out
}

// BoundsMM implements Shape.
func (t Strands) BoundsMM() (lo, hi volume.Vec3) {
	for i, s := range t {
		a, b := s.BoundsMM()
		for d := range 3 {
			if i == 0 {
				lo[d], hi[d] = a[d], b[d]
			}
			lo[d], hi[d] = min(lo[d], a[d]), max(hi[d], b[d])
		}
	}
	return lo, hi
}

// DetailMM implements Shape.
func (t Strands) DetailMM() float64 { return 1.3 }

// Sample implements Shape.
func (t Strands) Sample(p volume.Vec3, edgeMM float64) (alpha, hu float64) {
	for _, s := range t {
		if a, h := s.Sample(p, edgeMM); a > alpha {
			alpha, hu = a, h
		}
	}
	return alpha, hu
}

// DrawStrands draws a vessel that runs through a place, with one or two
// bifurcations that follow the branching law of lung arteries (r^2.33 of the
// parent = sum over the daughters). It is always much longer than thick, or
// it would be a nodule.
func DrawStrands(rng *rand.Rand, centerLPSMM volume.Vec3) Strands {
	r := .7 + 1.9*rng.Float64()*rng.Float64()
	hu := min(max(30+25*rng.NormFloat64(), -40), 180)
	dir := randomUnit(rng)
	length := max(uniform(rng, 12, 26), 8*r)
	start := centerLPSMM.Sub(dir.Scale(length * uniform(rng, .3, .7)))
	var out Strands
	grow(rng, &out, start, dir, r, length, hu, 1+rng.IntN(2))
	return out
}

func grow(rng *rand.Rand, out *Strands, p, dir volume.Vec3, r, length, hu float64, splits int) {
	pieces := int(math.Ceil(length / 4))
	bend := randomUnit(rng).Scale(.12)
	for range pieces {
		next := p.Add(dir.Scale(length / float64(pieces)))
		r1 := r
		if splits == 0 {
			r1 = r * .8
		}
		*out = append(*out, Strand{p, next, r, r1, hu})
		p, r = next, max(r1, .3)
		dir = dir.Add(bend).Unit()
	}
	if splits == 0 {
		return
	}
	share := uniform(rng, .3, .7)
	side := dir.Cross(randomUnit(rng)).Unit()
	for i, part := range [2]float64{share, 1 - share} {
		angle := uniform(rng, .25, .75) * float64(1-2*i)
		d := dir.Scale(math.Cos(angle)).Add(side.Scale(math.Sin(angle)))
		grow(rng, out, p, d, r*math.Pow(part, 1/2.33), uniform(rng, 8, 16), hu, splits-1)
	}
}

// Plate is a thin bent sheet: a scar, a band of atelectasis, a thickened
// fissure.
type Plate struct {
	CenterLPSMM volume.Vec3
	// Frame holds two directions in the sheet and its normal.
	Frame                     [3]volume.Vec3
	HalfUMM, HalfVMM, ThickMM float64
	// BendPerMM is the curvature of the sheet.
	BendPerMM float64
	HU        float64
}

// DrawPlate draws a sheet at a place, at least five times as wide as thick.
func DrawPlate(rng *rand.Rand, centerLPSMM volume.Vec3) *Plate {
	t := uniform(rng, .7, 2.6)
	return &Plate{
		CenterLPSMM: centerLPSMM, Frame: randomRotation(rng), ThickMM: t,
		HalfUMM: max(uniform(rng, 5, 14), 3*t), HalfVMM: max(uniform(rng, 4, 10), 2.5*t),
		BendPerMM: uniform(rng, -.03, .03),
		HU:        uniform(rng, -450, 40),
	}
}

// BoundsMM implements Shape.
func (s *Plate) BoundsMM() (lo, hi volume.Vec3) {
	bend := math.Abs(s.BendPerMM) * max(s.HalfUMM, s.HalfVMM) * max(s.HalfUMM, s.HalfVMM)
	half := [3]float64{s.HalfUMM, s.HalfVMM, s.ThickMM + bend}
	for a := range 3 {
		var r float64
		for f := range 3 {
			r += math.Abs(s.Frame[f][a]) * half[f]
		}
		lo[a], hi[a] = s.CenterLPSMM[a]-r-1, s.CenterLPSMM[a]+r+1
	}
	return lo, hi
}

// DetailMM implements Shape.
func (s *Plate) DetailMM() float64 { return 1.3 }

// Sample implements Shape. The sheet thins towards its rim.
func (s *Plate) Sample(p volume.Vec3, edgeMM float64) (alpha, hu float64) {
	d := p.Sub(s.CenterLPSMM)
	u, v := d.Dot(s.Frame[0]), d.Dot(s.Frame[1])
	rim := u*u/(s.HalfUMM*s.HalfUMM) + v*v/(s.HalfVMM*s.HalfVMM)
	if rim >= 1 {
		return 0, 0
	}
	n := math.Abs(d.Dot(s.Frame[2]) - s.BendPerMM*(u*u+v*v)/2)
	half := s.ThickMM / 2 * math.Sqrt(1-rim)
	if n > half+edgeMM {
		return 0, 0
	}
	if half < edgeMM/2 {
		return 2 * half / edgeMM * ramp(.5-n/edgeMM), s.HU
	}
	return ramp((half - n) / edgeMM), s.HU
}
