package phantom

import (
	"math"
	"math/rand/v2"

	"nafas/inference/volume"
)

// The chest frame: mm, axes as LPS (+x to the patient's left, +y posterior, +z
// superior), origin in the middle of the chest at the height of the carina.
// Anatomy is written down in it; the pose of an examination carries it to LPS.

// anatomy is one patient: the sizes that the organs share.
type anatomy struct {
	// size stretches the whole chest along x, y, z.
	size volume.Vec3
	// fatMM is the layer under the skin, wallMM muscle and ribs.
	fatMM, wallMM float64
	breasts       bool
	// domeR and domeL are the tops of the diaphragm.
	domeR, domeL float64
	heart        float64 // relative size
	kyphosis     float64
	bend         [6]ripple

	// attenuation, HU
	lungTop, lungPerMM float64 // anterior value, and growth per mm posteriorly
	tissue, fat        float64
	// blood is the value of blood, enhanced that with contrast medium.
	blood, enhanced float64
}

// ripple is one smooth wave of the displacement that makes a chest less
// regular than the formulas.
type ripple struct {
	k     volume.Vec3
	phase float64
	amp   volume.Vec3
}

func newAnatomy(seed uint64) *anatomy {
	rng := rand.New(rand.NewPCG(seed, 1))
	u := func(lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }
	all := u(.93, 1.07)
	a := &anatomy{
		size:  volume.Vec3{all * u(.96, 1.04), all * u(.94, 1.06), all * u(.95, 1.08)},
		fatMM: u(7, 22), wallMM: u(17, 22), breasts: rng.IntN(2) == 0,
		domeR: u(-68, -50), domeL: u(-80, -62), heart: u(.92, 1.12), kyphosis: u(.6, 1.4),
		lungTop: u(-900, -860), lungPerMM: u(.15, .5),
		blood: u(38, 52), tissue: u(45, 60), fat: u(-110, -85), enhanced: u(140, 280),
	}
	for i := range a.bend {
		dir := volume.Vec3{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}.Unit()
		a.bend[i] = ripple{
			k:     dir.Scale(2 * math.Pi / u(70, 180)),
			phase: u(0, 2*math.Pi),
			amp:   volume.Vec3{u(-2, 2), u(-2, 2), u(-1.5, 1.5)},
		}
	}
	return a
}

// ideal maps a chest position to the frame of the formulas.
func (a *anatomy) ideal(p volume.Vec3) volume.Vec3 {
	q := p
	for i := range a.bend {
		b := &a.bend[i]
		q = q.Add(b.amp.Scale(math.Sin(b.k.Dot(p) + b.phase)))
	}
	return volume.Vec3{q[0] / a.size[0], q[1] / a.size[1], q[2] / a.size[2]}
}

// real is the inverse of ideal, by fixed-point iteration; the waves are so
// gentle that three steps leave microns.
func (a *anatomy) real(q volume.Vec3) volume.Vec3 {
	want := volume.Vec3{q[0] * a.size[0], q[1] * a.size[1], q[2] * a.size[2]}
	p := want
	for range 3 {
		var d volume.Vec3
		for i := range a.bend {
			b := &a.bend[i]
			d = d.Add(b.amp.Scale(math.Sin(b.k.Dot(p) + b.phase)))
		}
		p = want.Sub(d)
	}
	return p
}

// The smooth surfaces of the chest, as signed distances (negative inside).
const (
	bodySurface = iota
	muscleSurface
	rightLung
	leftLung
	heartSurface
	abdomenSurface
	rightOblique
	rightHorizontal
	leftOblique
	tableSurface
	surfaces
)

// Half-axes of the thoracic cavity in the ideal frame.
const (
	cavityHalfWidth = 134.
	cavityHalfDepth = 92.
	cavityTaper     = 15.  // z above which it narrows
	cavityTop       = 122. // its apex
)

// distances evaluates every surface at a chest position.
func (a *anatomy) distances(p volume.Vec3, out *[surfaces]float64) {
	q := a.ideal(p)
	cavity := slope(cavityShape, q, 90)
	muscle := slope(a.muscleShape, q, 110)
	body := slope(a.bodyShape, q, 120)
	if a.breasts {
		body = smoothMin(body, a.breast(q), 18)
	}
	out[bodySurface], out[muscleSurface] = body, muscle
	out[rightLung], out[leftLung], out[heartSurface], out[abdomenSurface] = cavity, cavity, cavity, cavity
	if cavity < 20 { // farther out none of the inner organs is near
		middle := a.mediastinum(q)
		floor := slope(a.belowDiaphragm, q, .8)
		out[rightLung] = max(cavity, -middle, -floor, q[0])
		out[leftLung] = max(cavity, -middle, -floor, -q[0])
		out[heartSurface] = a.heartShape(q)
		out[abdomenSurface] = max(cavity-6, floor+2.5)
	}
	out[rightOblique] = a.oblique(q, 60)
	out[rightHorizontal] = (q[2] - 4 - .06*q[1] - 3*math.Sin(q[0]/35)) / 1.03
	out[leftOblique] = a.oblique(q, 66)
	out[tableSurface] = tableShape(p)
}

// slope is the distance to the zero of a smooth function: its value over its
// gradient, by finite differences. Far from the zero the sign and the order of
// size are enough: there the value is scaled by typicalMM.
func slope(f func(volume.Vec3) float64, p volume.Vec3, typicalMM float64) float64 {
	const h, farMM = .5, 25
	v := f(p)
	if math.Abs(v)*typicalMM > farMM {
		return v * typicalMM
	}
	var g volume.Vec3
	for a := range 3 {
		q := p
		q[a] += h
		g[a] = (f(q) - v) / h
	}
	return v / max(g.Norm(), 1e-6)
}

// squircle is 1 on a curve between an ellipse and a rectangle.
func squircle(u, v float64) float64 {
	u, v = u*u, v*v
	return math.Sqrt(math.Sqrt(u*u + v*v + 1.35*u*v))
}

func cavityShape(q volume.Vec3) float64 {
	widen := 1 - .0004*q[2]
	s := squircle(q[0]/(cavityHalfWidth*widen), q[1]/(cavityHalfDepth*widen))
	if w := (q[2] - cavityTaper) / (cavityTop - cavityTaper); w > 0 {
		s = math.Sqrt(s*s + w*w)
	}
	return s - 1
}

func (a *anatomy) muscleShape(q volume.Vec3) float64 {
	shoulder := 1 + .12*logistic((q[2]-85)/18)
	return squircle(q[0]/((cavityHalfWidth+a.wallMM)*shoulder), (q[1]-6)/(cavityHalfDepth+a.wallMM+7)) - 1
}

func (a *anatomy) bodyShape(q volume.Vec3) float64 {
	shoulder := 1 + .12*logistic((q[2]-85)/18)
	return squircle(q[0]/((cavityHalfWidth+a.wallMM+a.fatMM)*shoulder), (q[1]-6)/(cavityHalfDepth+a.wallMM+7+a.fatMM*.9)) - 1
}

func (a *anatomy) breast(q volume.Vec3) float64 {
	c := volume.Vec3{math.Abs(q[0]) - 72, q[1] + cavityHalfDepth + 18, q[2] + 30}
	return ellipsoid(c, volume.Vec3{62, 30 + a.fatMM, 60})
}

// mediastinum is what parts the lungs, spine and heart included.
func (a *anatomy) mediastinum(q volume.Vec3) float64 {
	x, y, z := q[0], q[1], q[2]
	narrow := 1 - .25*logistic((z-50)/12)
	spine := column(x, y-spineY(z, a.kyphosis)-4)
	vessels := ellipsoid(volume.Vec3{x - 2, y - 6, 0}, volume.Vec3{31 * narrow, 50, 1e3})
	septum := math.Abs(x-2) - 4 - .05*max(0, y+80)
	if y > -15 {
		septum += .4 * (y + 15)
	}
	hilum := ellipsoid(volume.Vec3{math.Abs(x) - 36, y - 10, z + 4}, volume.Vec3{12, 15, 22})
	d := smoothMin(spine, vessels, 14)
	d = smoothMin(d, septum, 8)
	d = smoothMin(d, hilum, 8)
	return smoothMin(d, a.heartShape(q)-3, 8)
}

// column is round in front of the vertebra and widens behind it, where arch,
// transverse processes and the ribs' necks leave no room for lung.
func column(x, behind float64) float64 {
	const radius, widening = 27, .42
	if behind < 0 {
		return math.Hypot(x, behind) - radius
	}
	return (math.Abs(x) - radius - widening*behind) / math.Hypot(1, widening)
}

// heartShape points to the left and forward.
func (a *anatomy) heartShape(q volume.Vec3) float64 {
	c := q.Sub(volume.Vec3{20, -24, -58})
	sin, cos := math.Sincos(.6)
	u := volume.Vec3{cos*c[0] - sin*c[1], sin*c[0] + cos*c[1], c[2] + .25*c[0]}
	return ellipsoid(u, volume.Vec3{60 * a.heart, 44 * a.heart, 48 * a.heart})
}

// belowDiaphragm is negative under the domes.
func (a *anatomy) belowDiaphragm(q volume.Vec3) float64 {
	dome := func(x, y, top float64) float64 {
		dx, dy := q[0]-x, q[1]-y
		ry := 62.
		if dy > 0 {
			ry = 48
		}
		return top - dx*dx/92 - dy*dy/(2*ry)
	}
	h := smoothMax(dome(-68, -12, a.domeR), dome(70, -8, a.domeL), 10)
	h = smoothMax(h, -92-.002*q[0]*q[0]-.004*q[1]*q[1], 10)
	return q[2] - max(h, -165)
}

// oblique is the distance to an oblique fissure, positive above and in front.
func (a *anatomy) oblique(q volume.Vec3, back float64) float64 {
	plane := back - .94*(80-q[1]) + 6*math.Sin(q[0]/30)
	return (q[2] - plane) / 1.4
}

// lobe numbers the territory of a position in a lung: the trees of one do not
// cross into the next.
func lobe(d *[surfaces]float64, right bool) int {
	switch {
	case !right && d[leftOblique] > 0:
		return 0
	case !right:
		return 1
	case d[rightOblique] <= 0:
		return 2
	case d[rightHorizontal] > 0:
		return 3
	}
	return 4
}

// fissureDistance is the distance to the nearest fissure of the lung.
func fissureDistance(d *[surfaces]float64, right bool) float64 {
	if !right {
		return math.Abs(d[leftOblique])
	}
	f := math.Abs(d[rightOblique])
	if d[rightOblique] > 0 {
		f = min(f, math.Abs(d[rightHorizontal]))
	}
	return f
}

// spineY is the y of the vertebral bodies' centres.
func spineY(z, kyphosis float64) float64 {
	return 70 - kyphosis*.0011*(z-10)*(z-10)
}

// tableShape is the distance to the middle of the couch's shell.
func tableShape(p volume.Vec3) float64 {
	return p[1] - 152 + p[0]*p[0]/1600
}

func ellipsoid(p, r volume.Vec3) float64 {
	k0 := volume.Vec3{p[0] / r[0], p[1] / r[1], p[2] / r[2]}.Norm()
	k1 := volume.Vec3{p[0] / (r[0] * r[0]), p[1] / (r[1] * r[1]), p[2] / (r[2] * r[2])}.Norm()
	if k1 == 0 {
		return -min(r[0], r[1], r[2])
	}
	return k0 * (k0 - 1) / k1
}

// smoothMin rounds the seam of a union over about k mm.
func smoothMin(a, b, k float64) float64 {
	h := max(k-math.Abs(a-b), 0) / k
	return min(a, b) - h*h*k/4
}

func smoothMax(a, b, k float64) float64 { return -smoothMin(-a, -b, k) }

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
