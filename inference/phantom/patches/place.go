package patches

import (
	"math"
	"math/rand/v2"

	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// implant is a nodule set into a scan, in voxels of the scan.
type implant struct {
	shape    *nodule.Nodule
	at       volume.Vec3 // centroid of what is visible
	diameter float64     // of what is visible, voxels
}

// view maps between patch voxels (x, y, z) and scan voxels: rotation, flips
// and scale about a centre.
type view struct {
	center volume.Vec3    // of the patch, in scan voxels
	rows   [3]volume.Vec3 // scan step of a patch step, per patch axis
	scale  float64        // patch voxels per scan voxel
	n      int
}

func (v *view) toScan(p volume.Vec3) volume.Vec3 {
	h := float64(v.n-1) / 2
	q := v.center
	for a := range 3 {
		q = q.Add(v.rows[a].Scale(p[a] - h))
	}
	return q
}

func (v *view) toPatch(q volume.Vec3) volume.Vec3 {
	h := float64(v.n-1) / 2
	d := q.Sub(v.center)
	var p volume.Vec3
	for a := range 3 { // the rows are orthogonal, of length 1/scale
		p[a] = d.Dot(v.rows[a])*v.scale*v.scale + h
	}
	return p
}

// inner draws a patch position at least margin voxels from the border, within
// reach (0 to 1) of the centre, as scan voxels.
func (v *view) inner(rng *rand.Rand, margin, reach float64) volume.Vec3 {
	h := float64(v.n-1) / 2
	var p volume.Vec3
	for a := range 3 {
		p[a] = h + (2*rng.Float64()-1)*(h-margin)*reach
	}
	return v.toScan(p)
}

// place sets a nodule where its placement says, looking at the scan's own
// voxels; nil where none of the tries fits.
func place(rng *rand.Rand, s *scan, v *view, spec nodule.Spec, reach float64, taken []lesion) *implant {
	mm := s.grid.SpacingMM[0]
	r := spec.DiameterMM / 2 / mm
	find := [...]func(*rand.Rand, *scan, volume.Vec3, float64) (volume.Vec3, bool){
		nodule.Free: findFree, nodule.Vessel: findVessel, nodule.Pleura: findPleura,
	}[spec.Placement]
	for range tries {
		p, ok := find(rng, s, v.inner(rng, 2, reach), r)
		if !ok || !inside(v, p) || !s.inROI(p) || crowded(p, r, taken) {
			continue
		}
		if spec.HaloHU != 0 {
			// A ground-glass nodule that is no denser than the lung around it
			// is no nodule.
			if mean, share := s.cloud(p, r+2); share > 0 {
				spec.HaloHU = max(spec.HaloHU, mean+90+60*rng.Float64())
			}
		}
		im := &implant{shape: nodule.New(spec, s.grid.ToLPS(p)), at: p, diameter: 2 * r}
		if spec.Placement == nodule.Pleura && !im.cut(s) {
			continue
		}
		return im
	}
	return nil
}

// tries bounds the search for a place; the finders look at a voxel or two in
// most of them.
const tries = 300

// cut takes the truth from that part of the nodule that lies in the lung; it
// reports whether enough is left to be one.
func (im *implant) cut(s *scan) bool {
	mm := s.grid.SpacingMM[0]
	center, d, share := im.shape.Measure(func(p volume.Vec3) bool {
		return s.huAt(s.grid.ToIndex(p)) < wallHU
	})
	im.at, im.diameter = s.grid.ToIndex(center), d/mm
	return share >= .35 && d >= 3
}

func inside(v *view, p volume.Vec3) bool {
	q := v.toPatch(p)
	for a := range 3 {
		if q[a] < 1 || q[a] > float64(v.n-2) {
			return false
		}
	}
	return true
}

func crowded(p volume.Vec3, r float64, taken []lesion) bool {
	for _, l := range taken {
		if l.judgement != Hard && l.at.Sub(p).Norm() < r+l.diameter/2+2 {
			return true
		}
	}
	return false
}

func findFree(_ *rand.Rand, s *scan, p volume.Vec3, r float64) (volume.Vec3, bool) {
	if !aerated(s, p) {
		return p, false
	}
	_, share := s.cloud(p, r+1)
	return p, share > .9
}

// aerated tells lung from tissue and from the plain air of the large airways,
// which a region of interest may hold.
func aerated(s *scan, p volume.Vec3) bool {
	if s.huAt(p) > lungBelowHU || !s.inROI(p) {
		return false
	}
	mean, _ := s.cloud(p, 3)
	return mean > -962
}

// findVessel wants a bright voxel with lung around it and shifts the centre
// off it, so that the nodule sits on the vessel or beside it.
func findVessel(rng *rand.Rand, s *scan, p volume.Vec3, r float64) (volume.Vec3, bool) {
	if s.huAt(p) < -450 || !s.inROI(p) {
		return p, false
	}
	if _, share := s.cloud(p, 6); share < .6 {
		return p, false
	}
	d := directions[rng.IntN(len(directions))]
	return p.Add(d.Scale(r * 1.05 * rng.Float64())), true
}

// wallHU and wallDepth say what a pleural surface is: aerated lung, then
// tissue that goes on for longer than any vessel is thick.
const (
	wallHU    = -300
	wallDepth = 8 // voxels
)

// findPleura walks from lung in a random direction to a wall and steps back
// by a part of the radius.
func findPleura(rng *rand.Rand, s *scan, p volume.Vec3, r float64) (volume.Vec3, bool) {
	if !aerated(s, p) {
		return p, false
	}
	u := directions[rng.IntN(len(directions))]
	u = u.Add(volume.Vec3{rng.Float64() - .5, rng.Float64() - .5, rng.Float64() - .5}.Scale(.6)).Unit()
	const far = 28
	for t := 1.; t < far; t++ {
		q := p.Add(u.Scale(t))
		if s.huAt(q) < wallHU {
			continue
		}
		for deep := 1.; deep <= wallDepth; deep++ {
			if hu := s.huAt(q.Add(u.Scale(deep))); hu < wallHU {
				return p, false
			}
		}
		return q.Sub(u.Scale(r * (.05 + .9*rng.Float64()))), true
	}
	return p, false
}

// newView draws the geometry of one patch.
func newView(rng *rand.Rand, n int, center volume.Vec3) *view {
	v := &view{center: center, n: n, scale: .85 + .35*rng.Float64()}
	const most = 20 * math.Pi / 180
	rows := [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	for a := range 3 {
		sin, cos := math.Sincos((2*rng.Float64() - 1) * most)
		b, c := (a+1)%3, (a+2)%3
		for r := range rows {
			x, y := rows[r][b], rows[r][c]
			rows[r][b], rows[r][c] = cos*x-sin*y, sin*x+cos*y
		}
	}
	for a := range 3 {
		f := 1 / v.scale
		if rng.IntN(2) == 0 {
			f = -f
		}
		v.rows[a] = rows[a].Scale(f)
	}
	return v
}
