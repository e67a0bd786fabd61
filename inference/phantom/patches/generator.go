// Package patches makes the detector's training patches: pieces of prepared
// scans with nodules implanted, augmented, and written as a stream of frames.
//
// Patch i of a seed is always the same, whatever else was made before it or on
// how many cores, so that a training run can be repeated or resumed anywhere.
package patches

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"nafas/inference/phantom/nodule"
	"nafas/inference/phantom/noise"
	"nafas/inference/volume"
)

// Source is a folder of prepared scans (`nafas model prepare`).
type Source struct {
	Dir string
	// Weight is the share of patches from this folder; 0 counts as 1.
	Weight float64
	// Phantom says that the folder's labels are simulated nodules.
	Phantom bool
}

// Options say what patches to make. The zero value of a number means the
// default named beside it.
type Options struct {
	Sources []Source
	// Labels are the known places of all sources.
	Labels []Label
	// Include, where not empty, names the only series to use; Exclude names
	// series to leave out (those of a fold's test patients).
	Include, Exclude []string

	Seed uint64
	// First is the index of the first patch, Count the number of patches;
	// Count 0 goes on until the context ends.
	First, Count uint64
	// Size is the side of a patch in voxels (64).
	Size int
	// Workers is the number of patches made at the same time (1).
	Workers int

	// Mix is the population of implanted nodules (nodule.TrainingMix).
	Mix nodule.Mix
	// Implants are the shares of patches with 0, 1, 2 ... implants
	// (.15 .25 .25 .2 .15).
	Implants []float64
	// NearCenter is the share of patches whose first implant lies in the
	// inner half (.5; negative for none).
	NearCenter float64
	// OnLesion is the share of patches centred near a labelled nodule
	// (.15), OnHard near a hard place (.15); negative for none.
	OnLesion, OnHard float64
	// Mimics is the mean number of vessels and sheets drawn as background
	// (1; negative for none).
	Mimics float64
	// TrustProbable makes Probable labels positive; else they are ignored.
	TrustProbable bool
}

func (o Options) withDefaults() Options {
	share := func(v *float64, normal float64) {
		if *v == 0 {
			*v = normal
		}
		*v = max(*v, 0)
	}
	share(&o.NearCenter, .5)
	share(&o.OnLesion, .15)
	share(&o.OnHard, .15)
	share(&o.Mimics, 1)
	if o.Size == 0 {
		o.Size = 64
	}
	if o.Workers < 1 {
		o.Workers = 1
	}
	if o.Mix == (nodule.Mix{}) {
		o.Mix = nodule.TrainingMix()
	}
	if len(o.Implants) == 0 {
		o.Implants = []float64{.15, .25, .25, .2, .15}
	}
	return o
}

// Target is a nodule in a patch.
type Target struct {
	// Z, Y, X is the centre as a voxel index of the patch.
	Z, Y, X    float32
	DiameterMM float32
	Kind       nodule.Kind
	// Real says that a reader or a segmentation labelled it.
	Real bool
}

// Patch is one training example: Size^3 voxels, x fastest, then y, then z.
type Patch struct {
	Size int
	HU   []int16
	// Weight is 1 where the training learns, 0 outside the region of
	// interest and at ignored places.
	Weight  []uint8
	Targets []Target
	// SeriesUID and CenterLPSMM say where it was cut.
	SeriesUID   string
	CenterLPSMM volume.Vec3
}

// Generator makes patches from scans held in memory. It is safe for
// concurrent use.
type Generator struct {
	opt    Options
	scans  []*scan
	shares []float64 // running sum of the scans' weights
	onPos  []spot
	onHard []spot
	tiles  []noise.Tile
	pool   sync.Pool
}

// spot is a labelled place to centre patches on.
type spot struct {
	scan *scan
	at   volume.Vec3
}

// scratch is the memory of one patch in the making.
type scratch struct {
	lo, size             [3]int
	hu                   []float32
	roi, weight          []uint8
	patch, slices, plain []float32
}

// New loads the scans.
func New(opt Options) (*Generator, error) {
	opt = opt.withDefaults()
	if opt.Size < 16 || opt.Size > 256 {
		return nil, fmt.Errorf("patches: size %d is not between 16 and 256", opt.Size)
	}
	g := &Generator{opt: opt, tiles: noiseTiles(opt.Seed)}
	g.pool.New = func() any { return &scratch{} }
	for _, src := range opt.Sources {
		if err := g.load(src); err != nil {
			return nil, err
		}
	}
	if len(g.scans) == 0 {
		return nil, errors.New("patches: no prepared scan in the given folders is to be used")
	}
	return g, nil
}

func (g *Generator) load(src Source) error {
	uids, err := listScans(src.Dir)
	if err != nil {
		return err
	}
	uids = slices.DeleteFunc(uids, func(uid string) bool {
		return slices.Contains(g.opt.Exclude, uid) || len(g.opt.Include) > 0 && !slices.Contains(g.opt.Include, uid)
	})
	weight := src.Weight
	if weight <= 0 {
		weight = 1
	}
	var sum float64
	if len(g.shares) > 0 {
		sum = g.shares[len(g.shares)-1]
	}
	for _, uid := range uids {
		s, err := loadScan(src.Dir, uid)
		if err != nil {
			return err
		}
		s.phantom = src.Phantom
		s.add(g.opt.Labels)
		g.settle(s)
		g.scans = append(g.scans, s)
		sum += weight / float64(len(uids))
		g.shares = append(g.shares, sum)
	}
	return nil
}

// settle decides what probable labels are and lists the spots to centre on.
func (g *Generator) settle(s *scan) {
	for i := range s.lesions {
		l := &s.lesions[i]
		if l.judgement == Probable {
			l.judgement = Ignore
			if g.opt.TrustProbable {
				l.judgement = Nodule
			}
		}
		switch l.judgement {
		case Nodule:
			g.onPos = append(g.onPos, spot{s, l.at})
		case Hard:
			g.onHard = append(g.onHard, spot{s, l.at})
		}
	}
}

// Patch makes patch number index.
func (g *Generator) Patch(index uint64) *Patch {
	rng := rand.New(rand.NewPCG(g.opt.Seed, index))
	w := g.pool.Get().(*scratch)
	defer g.pool.Put(w)

	s, center := g.where(rng)
	v := newView(rng, g.opt.Size, center)
	w.cut(s, v)
	implants := g.implant(rng, w, s, v)
	w.resample(v)
	w.degrade(rng, s, v.n, g.tiles)

	p := &Patch{
		Size: v.n, HU: make([]int16, len(w.patch)), Weight: slices.Clone(w.weight),
		SeriesUID: s.uid, CenterLPSMM: s.grid.ToLPS(center),
	}
	for i, hu := range w.patch {
		p.HU[i] = int16(min(max(hu, -1200), 3071))
	}
	p.label(s, v, implants)
	return p
}

// where draws the scan and the centre of a patch.
func (g *Generator) where(rng *rand.Rand) (*scan, volume.Vec3) {
	near := func(spots []spot) (*scan, volume.Vec3) {
		at := spots[rng.IntN(len(spots))]
		p := at.at
		for a := range 3 {
			p[a] += (2*rng.Float64() - 1) * .3 * float64(g.opt.Size)
		}
		return at.scan, p
	}
	u := rng.Float64()
	if u < g.opt.OnLesion && len(g.onPos) > 0 {
		return near(g.onPos)
	}
	if u -= g.opt.OnLesion; u >= 0 && u < g.opt.OnHard && len(g.onHard) > 0 {
		return near(g.onHard)
	}
	x := rng.Float64() * g.shares[len(g.shares)-1]
	i, _ := slices.BinarySearch(g.shares, x)
	s := g.scans[min(i, len(g.scans)-1)]
	return s, s.randomROI(rng)
}

// implant draws mimics and nodules into the crop.
func (g *Generator) implant(rng *rand.Rand, w *scratch, s *scan, v *view) []*implant {
	grid := w.cropGrid(s)
	psf := nodule.PSF{InPlaneSigmaMM: .45 + .35*rng.Float64(), SliceMM: s.thicknessMM}
	phase := s.thicknessMM * rng.Float64()
	tile, off := g.tiles[rng.IntN(len(g.tiles))], [3]int{rng.IntN(noise.Side), rng.IntN(noise.Side), rng.IntN(noise.Side)}
	grain := func(i, j, k int) float32 {
		return float32(s.noiseHU) * tile.At(i+off[0], j+off[1], k+off[2])
	}
	stamp := func(shape nodule.Shape) {
		var st *nodule.Stamp
		if s.thicknessMM > 1.2*grid.SpacingMM[2] {
			st = nodule.RenderSliced(shape, grid, psf, s.thicknessMM, phase)
		} else {
			st = nodule.Render(shape, grid, psf)
		}
		nodule.Implant(w.hu, w.size, st, grain)
	}
	for mean := g.opt.Mimics; rng.Float64()*(1+mean) < mean; { // geometric
		p := v.inner(rng, 0, 1)
		at := s.grid.ToLPS(p)
		if !s.Allowed(at) {
			continue
		}
		if rng.IntN(3) == 0 {
			stamp(nodule.DrawPlate(rng, at))
		} else {
			stamp(nodule.DrawStrands(rng, at))
		}
	}
	var out []*implant
	taken := slices.Clone(s.lesions)
	for i := range draw(rng, g.opt.Implants) {
		spec := nodule.Draw(rng, g.opt.Mix)
		spec.DiameterMM /= v.scale
		reach := 1.
		if i == 0 && rng.Float64() < g.opt.NearCenter {
			reach = .5
		}
		im := place(rng, s, v, spec, reach, taken)
		if im == nil {
			continue
		}
		stamp(im.shape)
		out = append(out, im)
		taken = append(taken, lesion{at: im.at, diameter: im.diameter})
	}
	return out
}

// draw returns an index drawn in proportion to the shares.
func draw(rng *rand.Rand, shares []float64) int {
	var sum float64
	for _, s := range shares {
		sum += s
	}
	x := rng.Float64() * sum
	for i, s := range shares {
		if x -= s; x < 0 {
			return i
		}
	}
	return len(shares) - 1
}

// label writes the targets and takes ignored places out of the weights.
func (p *Patch) label(s *scan, v *view, implants []*implant) {
	mm := s.grid.SpacingMM[0]
	for _, l := range s.lesions {
		q := v.toPatch(l.at)
		r := l.diameter / 2 * v.scale
		switch {
		case l.judgement == Hard || !touches(q, r, v.n):
		case l.judgement == Nodule && contains(q, v.n):
			p.ball(q, r, 1)
			p.add(q, 2*r*mm, l.kind, !s.phantom)
		default: // ignored, or a nodule whose centre is not in the patch
			p.ball(q, r+2, 0)
		}
	}
	for _, im := range implants {
		p.add(v.toPatch(im.at), im.diameter*v.scale*mm, im.shape.Spec.Kind, false)
	}
}

func (p *Patch) add(q volume.Vec3, diameterMM float64, k nodule.Kind, isReal bool) {
	p.Targets = append(p.Targets, Target{
		Z: float32(q[2]), Y: float32(q[1]), X: float32(q[0]),
		DiameterMM: float32(diameterMM), Kind: k, Real: isReal,
	})
}

// ball sets the weight of a ball.
func (p *Patch) ball(q volume.Vec3, r float64, weight uint8) {
	n := p.Size
	lo, hi := [3]int{}, [3]int{}
	for a := range 3 {
		lo[a], hi[a] = max(int(q[a]-r), 0), min(int(q[a]+r)+1, n-1)
	}
	for z := lo[2]; z <= hi[2]; z++ {
		for y := lo[1]; y <= hi[1]; y++ {
			for x := lo[0]; x <= hi[0]; x++ {
				d := volume.Vec3{float64(x), float64(y), float64(z)}.Sub(q)
				if d.Dot(d) <= r*r {
					p.Weight[(z*n+y)*n+x] = weight
				}
			}
		}
	}
}

func contains(q volume.Vec3, n int) bool {
	return min(q[0], q[1], q[2]) >= 0 && max(q[0], q[1], q[2]) <= float64(n-1)
}

func touches(q volume.Vec3, r float64, n int) bool {
	return min(q[0], q[1], q[2]) > -r-2 && max(q[0], q[1], q[2]) < float64(n)+r+2
}
