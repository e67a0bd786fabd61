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

// view maps between patch voxels (x, y, z) and scan voxels: a warp, then
// rotation, flips and scale about a centre.
type view struct {
	warp   warp
	center volume.Vec3    // of the patch, in scan voxels
	rows   [3]volume.Vec3 // scan step of a patch step, per patch axis
	scale  float64        // patch voxels per scan voxel
	n      int
}

func (v *view) toScan(p volume.Vec3) volume.Vec3 {
	h := float64(v.n-1) / 2
	q := v.center
	p = p.Add(v.warp.at(p))
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
	return v.warp.undo(p)
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
	r := spec.DiameterMM / 2
	for range tries {
		lps, ok := nodule.Seek(rng, s, s.grid.ToLPS(v.inner(rng, 2, reach)), spec.Placement, r)
		if !ok {
			continue
		}
		p := s.voxel(lps)
		if !inside(v, p) || !s.Allowed(lps) || crowded(p, r/mm, taken) {
			continue
		}
		if site, ok := nodule.Settle(rng, s, spec, lps); ok {
			return &implant{shape: site.Shape, at: s.voxel(site.CenterLPSMM), diameter: site.DiameterMM / mm}
		}
	}
	return nil
}

// tries bounds the search for a place; most take a look or two.
const tries = 300

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
	v.warp = drawWarp(rng)
	return v
}
