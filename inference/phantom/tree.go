package phantom

import (
	"math"
	"math/rand/v2"
	"slices"

	"nafas/inference/volume"
)

// branch is a piece of a vessel tree in the chest frame.
type branch struct {
	from, to volume.Vec3
	r0, r1   float64
	dir      volume.Vec3
	// side carries the airway that runs beside an artery: where it lies from
	// the branch's axis at its two ends, unit vectors.
	side0, side1 volume.Vec3
	// leaves is the number of ends that it feeds.
	leaves int
	// fork says that two branches leave its end.
	fork bool
}

// tree grows vessels from a root into a territory: the points that it must
// feed are split again and again by the plane in which they spread least, and
// a branch runs a part of the way to the middle of its points. A branch that
// feeds n ends has the radius r * n^(1/x): the law that the x-th powers of the
// daughters' radii add up to the parent's (x about 2.3 in lung arteries,
// nearer 3 in small ones), exactly.
type tree struct {
	atlas    *atlas
	rng      *rand.Rand
	tip, exp float64
	branches []branch
}

const (
	tipRadiusMM    = .46
	branchExponent = 2.45
)

func (t *tree) radius(n int) float64 { return t.tip * math.Pow(float64(n), 1/t.exp) }

func (t *tree) grow(p, dir, side volume.Vec3, points []volume.Vec3, depth int) {
	n := len(points)
	if n == 0 || depth > 40 {
		return
	}
	r := t.radius(n)
	if n == 1 {
		t.bend(p, points[0], dir, side, r, .2, 1, false)
		return
	}
	var mid volume.Vec3
	for _, q := range points {
		mid = mid.Add(q)
	}
	mid = mid.Scale(1 / float64(n))
	next := t.intoLung(p.Add(mid.Sub(p).Scale(.3 + .2*t.rng.Float64())))
	dir, side = t.bend(p, next, dir, side, r, r, n, true)
	axis := spread(points, mid, dir)
	slices.SortFunc(points, func(a, b volume.Vec3) int {
		return cmp(a.Dot(axis), b.Dot(axis))
	})
	cut := n / 2
	if n > 4 {
		cut = int(float64(n) * (.28 + .44*t.rng.Float64()))
	}
	t.grow(next, dir, side, points[:cut], depth+1)
	t.grow(next, dir, side, points[cut:], depth+1)
}

// intoLung moves a place that lies outside the lungs, in the heart or the
// diaphragm, to just inside.
func (t *tree) intoLung(p volume.Vec3) volume.Vec3 {
	for range 8 {
		depth, _ := t.atlas.lungDepth(p)
		if depth > 3 {
			break
		}
		p = p.Sub(t.atlas.outward(p).Scale(min(4-depth, 10)))
	}
	return p
}

func cmp(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// bend appends a curved run from p to q that starts along dir, and returns the
// direction and the side at its end.
func (t *tree) bend(p, q, dir, side volume.Vec3, r0, r1 float64, leaves int, fork bool) (volume.Vec3, volume.Vec3) {
	length := q.Sub(p).Norm()
	pieces := min(max(int(length/5), 1), 8)
	handle := p.Add(dir.Scale(.4 * length))
	jitter := volume.Vec3{t.rng.NormFloat64(), t.rng.NormFloat64(), t.rng.NormFloat64()}.Scale(.04 * length)
	handle = handle.Add(jitter)
	last, lastDir := p, dir
	for i := 1; i <= pieces; i++ {
		f := float64(i) / float64(pieces)
		at := p.Scale((1 - f) * (1 - f)).Add(handle.Scale(2 * f * (1 - f))).Add(q.Scale(f * f))
		d := at.Sub(last).Unit()
		next := side.Sub(d.Scale(side.Dot(d))).Unit()
		t.branches = append(t.branches, branch{
			from: last, to: at, dir: d, side0: side, side1: next, leaves: leaves,
			r0: r0 + (r1-r0)*(f-1/float64(pieces)), r1: r0 + (r1-r0)*f, fork: fork && i == pieces,
		})
		last, lastDir, side = at, d, next
	}
	return lastDir, side
}

// spread is the direction, across dir, in which points spread most: some steps
// of the power iteration on their covariance.
func spread(points []volume.Vec3, mid, dir volume.Vec3) volume.Vec3 {
	axis := dir.Cross(volume.Vec3{.31, .58, .75})
	if axis.Norm() < 1e-3 {
		axis = volume.Vec3{1, 0, 0}
	}
	stride := max(1, len(points)/200)
	for range 6 {
		var next volume.Vec3
		for i := 0; i < len(points); i += stride {
			d := points[i].Sub(mid)
			next = next.Add(d.Scale(d.Dot(axis)))
		}
		next = next.Sub(dir.Scale(next.Dot(dir)))
		if next.Norm() < 1e-9 {
			break
		}
		axis = next.Unit()
	}
	return axis
}

// vessels are the trees of both lungs.
type vessels struct {
	arteries, veins []branch
}

// growVessels fills each lobe with ends on a jittered lattice and grows an
// artery and a vein into it.
func growVessels(t *atlas, seed uint64) *vessels {
	rng := rand.New(rand.NewPCG(seed, 2))
	v := &vessels{}
	v.arteries = growTrees(t, rng, arteryRoot)
	v.veins = growTrees(t, rng, veinRoot)
	return v
}

func growTrees(t *atlas, rng *rand.Rand, root volume.Vec3) []branch {
	const everyMM = 10.5
	var lobes [5][]volume.Vec3
	var d [surfaces]float64
	for z := -160.; z < 140; z += everyMM {
		for y := -110.; y < 110; y += everyMM {
			for x := -150.; x < 150; x += everyMM {
				p := volume.Vec3{x + everyMM*rng.Float64(), y + everyMM*rng.Float64(), z + everyMM*rng.Float64()}
				if !t.exact(p, &d) {
					continue
				}
				right := d[rightLung] < d[leftLung]
				if min(d[rightLung], d[leftLung]) < -5 && fissureDistance(&d, right) > 4 {
					l := lobe(&d, right)
					lobes[l] = append(lobes[l], p)
				}
			}
		}
	}
	var out []branch
	for l, points := range lobes {
		g := &tree{atlas: t, rng: rng, tip: tipRadiusMM, exp: branchExponent}
		start := mirrored(root, l >= 2)
		dir := volume.Vec3{math.Copysign(1, start[0]), .1, [5]float64{.3, -.6, -.6, .4, -.2}[l]}.Unit()
		side := dir.Cross(volume.Vec3{0, 1, .3}).Unit()
		g.grow(t.a.real(start), dir, side, points, 0)
		out = append(out, g.branches...)
	}
	return out
}

// paint draws the trees: vessels, then the walls of the airways beside the
// arteries, then the air in them.
func (v *vessels) paint(c *canvas, t *atlas) {
	blood := paint{hu: c.bloodHU}
	for _, list := range [2][]branch{v.arteries, v.veins} {
		for _, b := range list {
			if !t.inAbdomen(b.from) && !t.inAbdomen(b.to) {
				c.tube(b.from, b.to, b.r0, b.r1, blood)
			}
		}
	}
	for _, inner := range [2]bool{false, true} {
		for _, b := range v.arteries {
			from, to, lumen, wall := b.airway()
			switch {
			case lumen < .95 || lumen < 3 && !t.inLung(to):
				// Too small to see, or a tube that crosses an organ.
			case inner:
				c.tube(from, to, lumen, lumen, paint{hu: -985, over: true})
			default:
				c.tube(from, to, lumen+wall, lumen+wall, paint{hu: 20})
			}
		}
	}
}

// airway is the bronchus beside an artery: nearly as wide, its wall a sixth of
// its lumen's diameter, down to where walls are no longer seen.
func (b *branch) airway() (from, to volume.Vec3, lumenMM, wallMM float64) {
	lumenMM = .85 * b.r0
	wallMM = .2*lumenMM + .3
	gap := lumenMM + wallMM
	return b.from.Add(b.side0.Scale(b.r0 + gap)), b.to.Add(b.side1.Scale(b.r1 + gap)), lumenMM, wallMM
}
