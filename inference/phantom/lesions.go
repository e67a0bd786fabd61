package phantom

import (
	"math"
	"math/rand/v2"

	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// lesions places nodules and mimics in a painted chest.
type lesions struct {
	spec    *Spec
	canvas  *canvas
	atlas   *atlas
	vessels *vessels
	taken   []Truth
}

// nodules places and paints every nodule of the Spec and pins it there.
func (l *lesions) nodules() ([]Truth, error) {
	out := make([]Truth, 0, len(l.spec.Nodules))
	pinned := make([]Nodule, len(l.spec.Nodules))
	copy(pinned, l.spec.Nodules)
	l.spec.Nodules = pinned
	for i := range pinned {
		n := &pinned[i]
		if n.ID == 0 {
			n.ID = i + 1
		}
		if !n.Pinned {
			p, ok := l.find(n)
			if !ok {
				return nil, noPlace(n, "the field of view")
			}
			n.Pinned, n.ChestMM = true, p
		}
		truth := l.truth(n)
		shape := nodule.New(n.Spec, l.canvas.toLPS(n.ChestMM))
		l.stamp(shape)
		l.taken = append(l.taken, truth)
		out = append(out, truth)
	}
	return out, nil
}

func (l *lesions) stamp(s nodule.Shape) {
	nodule.Implant(l.canvas.hu, l.canvas.grid.Size, nodule.Render(s, l.canvas.grid, nodule.PSF{}), nil)
}

// truth takes from a nodule what lies outside the lung.
func (l *lesions) truth(n *Nodule) Truth {
	lps := l.canvas.toLPS(n.ChestMM)
	t := Truth{
		Role: RoleNodule, ID: n.ID, Kind: n.Kind.String(), Placement: n.Placement.String(),
		CenterLPSMM: lps, DiameterMM: n.DiameterMM,
	}
	if depth, _ := l.atlas.lungDepth(n.ChestMM); depth < n.DiameterMM*.75 {
		t.CenterLPSMM, t.DiameterMM, _ = nodule.New(n.Spec, lps).Measure(func(p volume.Vec3) bool {
			depth, _ := l.atlas.lungDepth(l.canvas.fromLPS(p))
			return depth > 0
		})
	}
	return t
}

// find draws a place for a nodule. The draws depend on the patient and the ID
// alone.
func (l *lesions) find(n *Nodule) (volume.Vec3, bool) {
	rng := rand.New(rand.NewPCG(l.spec.Seed, 0x1000+uint64(n.ID)))
	r := n.DiameterMM / 2
	for range 20000 {
		p, ok := l.candidate(rng, n.Placement, r)
		if ok && l.visible(p, 3) && !l.crowded(p, r) && l.stands(n, p) && l.fits(n, p) {
			return p, true
		}
	}
	return volume.Vec3{}, false
}

// A nodule replaces lung: of its part in the lung at least leastAerated must
// have been that, not a vessel or the lumen of a bronchus, in which nobody
// would look for it.
const (
	leastAerated = .5
	// Drawn lung lies between: below is the air of bronchi, above are vessels
	// and walls.
	lungAboveHU, lungBelowHU = -960, -600
)

// stands tells whether a place, as painted so far, is lung enough for a
// nodule.
func (l *lesions) stands(n *Nodule, p volume.Vec3) bool {
	inLung, aerated := 0, 0
	nodule.New(n.Spec, l.canvas.toLPS(p)).Measure(func(lps volume.Vec3) bool {
		depth, _ := l.atlas.lungDepth(l.canvas.fromLPS(lps))
		if depth <= 0 {
			return false
		}
		inLung++
		if hu := l.canvas.at(lps); hu > lungAboveHU && hu < lungBelowHU {
			aerated++
		}
		return true
	})
	return inLung > 0 && float64(aerated) >= leastAerated*float64(inLung)
}

// fits tells whether a place shows as much of a nodule as it asks for.
func (l *lesions) fits(n *Nodule, p volume.Vec3) bool {
	if n.VisibleMM == ([2]float64{}) {
		return true
	}
	there := *n
	there.ChestMM = p
	return n.seen(l.truth(&there).DiameterMM)
}

func (l *lesions) candidate(rng *rand.Rand, where nodule.Placement, r float64) (volume.Vec3, bool) {
	if where == nodule.Vessel {
		tree := l.vessels.arteries
		if rng.IntN(2) == 0 {
			tree = l.vessels.veins
		}
		b := tree[rng.IntN(len(tree))]
		p := b.to.Add(unitVector(rng).Scale(r * rng.Float64()))
		depth, _ := l.atlas.lungDepth(p)
		return p, b.r1 > .8 && b.r1 < 2.8 && depth > r+2
	}
	p := randomInChest(rng)
	depth, _ := l.atlas.lungDepth(p)
	if where == nodule.Pleura {
		return p, depth > .15*r && depth < .95*r
	}
	return p, depth > r+4 && l.airAround(p, r+1)
}

func randomInChest(rng *rand.Rand) volume.Vec3 {
	return volume.Vec3{290 * (rng.Float64() - .5), 210 * (rng.Float64() - .5), 290 * (rng.Float64() - .5)}
}

// airAround looks for tissue near a place that is to lie free.
func (l *lesions) airAround(p volume.Vec3, r float64) bool {
	dense := 0
	for z := -1.; z <= 1; z++ {
		for y := -1.; y <= 1; y++ {
			for x := -1.; x <= 1; x++ {
				d := volume.Vec3{x, y, z}.Unit()
				for _, f := range [2]float64{.5, 1} {
					if l.canvas.at(l.canvas.toLPS(p.Add(d.Scale(f*r)))) > -650 {
						dense++
					}
				}
			}
		}
	}
	return dense <= 3
}

// visible tells whether a place lies in the field of view by some mm.
func (l *lesions) visible(p volume.Vec3, marginMM float64) bool {
	g := l.canvas.grid
	q := g.ToIndex(l.canvas.toLPS(p))
	for a := range 3 {
		m := marginMM / g.SpacingMM[a]
		if q[a] < m || q[a] > float64(g.Size[a]-1)-m {
			return false
		}
	}
	return true
}

func (l *lesions) crowded(p volume.Vec3, r float64) bool {
	lps := l.canvas.toLPS(p)
	for _, t := range l.taken {
		if t.CenterLPSMM.Sub(lps).Norm() < r+t.DiameterMM/2+5 {
			return true
		}
	}
	return false
}

func unitVector(rng *rand.Rand) volume.Vec3 {
	for {
		v := volume.Vec3{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
		if v.Norm() > 1e-6 {
			return v.Unit()
		}
	}
}

// mimics paints what detectors take for nodules and lists it, with the
// bifurcations that the trees hold anyway.
func (l *lesions) mimics() []Truth {
	rng := rand.New(rand.NewPCG(l.spec.Seed, 7))
	var out []Truth
	add := func(kind string, count int, make func() (volume.Vec3, float64, bool)) {
		for range count {
			for range 4000 {
				p, size, ok := make()
				if !ok {
					continue
				}
				t := Truth{Role: RoleMimic, ID: len(out) + 1, Kind: kind, CenterLPSMM: l.canvas.toLPS(p), DiameterMM: size}
				out = append(out, t)
				l.taken = append(l.taken, t)
				break
			}
		}
	}
	add("bifurcation", 6, func() (volume.Vec3, float64, bool) { return l.bifurcation(rng) })
	add("scar", 2, func() (volume.Vec3, float64, bool) { return l.scar(rng) })
	add("fissure-thickening", 2, func() (volume.Vec3, float64, bool) { return l.thickFissure(rng) })
	add("atelectasis", 2, func() (volume.Vec3, float64, bool) {
		return l.atPleura(rng, func(p volume.Vec3) bool { return p[1] > 45 && p[2] < -10 }, 22, 12, 6, -250)
	})
	add("apical-cap", 1, func() (volume.Vec3, float64, bool) {
		return l.atPleura(rng, func(p volume.Vec3) bool { return p[2] > 85 }, 14, 10, 5, 10)
	})
	add("mucus-plug", 2, func() (volume.Vec3, float64, bool) { return l.mucusPlug(rng) })
	return out
}

func (l *lesions) bifurcation(rng *rand.Rand) (volume.Vec3, float64, bool) {
	b := l.vessels.arteries[rng.IntN(len(l.vessels.arteries))]
	depth, _ := l.atlas.lungDepth(b.to)
	return b.to, 2 * b.r1, b.fork && b.r1 > 1.5 && b.r1 < 3.5 && depth > 8 && l.visible(b.to, 3) && !l.crowded(b.to, b.r1)
}

// scar is a bent plate that reaches the pleura, with strands.
func (l *lesions) scar(rng *rand.Rand) (volume.Vec3, float64, bool) {
	p := randomInChest(rng)
	depth, _ := l.atlas.lungDepth(p)
	if depth < 3 || depth > 8 || !l.visible(p, 5) || l.crowded(p, 10) {
		return p, 0, false
	}
	lps := l.canvas.toLPS(p)
	plate := nodule.DrawPlate(rng, lps)
	plate.ThickMM, plate.HU = 1.4+1.4*rng.Float64(), 30*rng.Float64()
	plate.HalfUMM, plate.HalfVMM = 7+5*rng.Float64(), 5+3*rng.Float64()
	l.stamp(plate)
	for range 3 {
		l.canvas.tube(p, p.Add(unitVector(rng).Scale(9)), .7, .3, paint{hu: 10})
	}
	return p, 2 * plate.HalfUMM, true
}

// thickFissure is a lens of fluid or fibrosis between two lobes.
func (l *lesions) thickFissure(rng *rand.Rand) (volume.Vec3, float64, bool) {
	p := randomInChest(rng)
	var d [surfaces]float64
	if !l.atlas.exact(p, &d) || min(d[rightLung], d[leftLung]) > -12 || !l.visible(p, 5) {
		return p, 0, false
	}
	surface := leftOblique
	if d[rightLung] < d[leftLung] {
		surface = rightOblique
	}
	if math.Abs(d[surface]) > 6 || l.crowded(p, 10) {
		return p, 0, false
	}
	normal := l.atlas.gradient(p, func(d *[surfaces]float64) float64 { return d[surface] })
	p = p.Sub(normal.Scale(d[surface]))
	half := 6 + 6*rng.Float64()
	l.stamp(l.plate(rng, p, normal, half, half*.8, 2+1.5*rng.Float64(), 20))
	return p, 2 * half, true
}

// atPleura lays a sheet along the pleura.
func (l *lesions) atPleura(rng *rand.Rand, where func(volume.Vec3) bool, halfU, halfV, thick, hu float64) (volume.Vec3, float64, bool) {
	p := randomInChest(rng)
	depth, _ := l.atlas.lungDepth(p)
	if !where(p) || depth < 1 || depth > thick || !l.visible(p, 5) || l.crowded(p, halfU*.7) {
		return p, 0, false
	}
	normal := l.atlas.outward(p)
	f := .8 + .4*rng.Float64()
	l.stamp(l.plate(rng, p, normal, halfU*f, halfV*f, thick*f, hu+60*(rng.Float64()-.5)))
	return p, 2 * halfU * f, true
}

// plate is a sheet at a chest position across a normal.
func (l *lesions) plate(rng *rand.Rand, p, normal volume.Vec3, halfU, halfV, thick, hu float64) *nodule.Plate {
	lps := l.canvas.toLPS(p)
	n := l.canvas.toLPS(p.Add(normal)).Sub(lps)
	u := n.Cross(unitVector(rng)).Unit()
	return &nodule.Plate{
		CenterLPSMM: lps, Frame: [3]volume.Vec3{u, n.Cross(u), n},
		HalfUMM: halfU, HalfVMM: halfV, ThickMM: thick, HU: hu,
	}
}

// mucusPlug fills a run of an airway.
func (l *lesions) mucusPlug(rng *rand.Rand) (volume.Vec3, float64, bool) {
	tree := l.vessels.arteries
	at := rng.IntN(len(tree))
	from, to, lumen, _ := tree[at].airway()
	depth, _ := l.atlas.lungDepth(from)
	if lumen < 1 || lumen > 2.4 || depth < 8 || !l.visible(from, 5) || l.crowded(from, 6) {
		return from, 0, false
	}
	p := paint{hu: 25, over: true}
	l.canvas.tube(from, to, lumen*1.2, lumen*1.2, p)
	end := to
	for _, b := range tree[at+1 : min(at+3, len(tree))] {
		next, far, r, _ := b.airway()
		if next.Sub(end).Norm() > 1 {
			break
		}
		l.canvas.tube(next, far, r*1.2, r*1.2, p)
		end = far
	}
	return from.Add(end).Scale(.5), end.Sub(from).Norm() + 2*lumen, true
}
