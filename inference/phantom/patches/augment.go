package patches

import (
	"math"
	"math/rand/v2"

	"nafas/inference/phantom/noise"
	"nafas/inference/volume"
)

// cut copies the scan's part under a view into the scratch crop, as floats
// and with a rim, so that the resampling needs no bounds checks.
func (w *scratch) cut(s *scan, v *view) {
	h := float64(v.n-1) / 2
	for a := range 3 {
		half := 0.
		for b := range 3 {
			half += (h + v.warp.reach(b)) * math.Abs(v.rows[b][a])
		}
		w.lo[a] = int(math.Floor(v.center[a]-half)) - 1
		w.size[a] = int(math.Ceil(v.center[a]+half)) + 2 - w.lo[a]
	}
	n := w.size[0] * w.size[1] * w.size[2]
	w.hu, w.roi = grown(w.hu, n), grown(w.roi, n)
	i0, i1 := max(w.lo[0], 0), min(w.lo[0]+w.size[0], s.grid.Size[0])
	at := 0
	for k := range w.size[2] {
		for j := range w.size[1] {
			hu, roi := w.hu[at:at+w.size[0]], w.roi[at:at+w.size[0]]
			at += w.size[0]
			y, z := j+w.lo[1], k+w.lo[2]
			if y < 0 || z < 0 || y >= s.grid.Size[1] || z >= s.grid.Size[2] || i0 >= i1 {
				fill(hu, padHU)
				clear(roi)
				continue
			}
			fill(hu[:i0-w.lo[0]], padHU)
			clear(roi[:i0-w.lo[0]])
			from := s.grid.Index(i0, y, z)
			for i, x := range s.hu[from : from+i1-i0] {
				hu[i0-w.lo[0]+i] = max(float32(x), padHU)
			}
			copy(roi[i0-w.lo[0]:], s.roi[from:from+i1-i0])
			fill(hu[i1-w.lo[0]:], padHU)
			clear(roi[i1-w.lo[0]:])
		}
	}
}

// cropGrid is the crop's lattice in patient space.
func (w *scratch) cropGrid(s *scan) volume.Grid {
	g := s.grid
	g.Size = w.size
	g.OriginLPSMM = s.grid.ToLPS(volume.Vec3{float64(w.lo[0]), float64(w.lo[1]), float64(w.lo[2])})
	return g
}

// resample fills the n^3 patch (trilinear) and its weights (nearest).
func (w *scratch) resample(v *view) {
	n := v.n
	w.patch, w.weight = grown(w.patch, n*n*n), grown(w.weight, n*n*n)
	lo := volume.Vec3{float64(w.lo[0]), float64(w.lo[1]), float64(w.lo[2])}
	sx, sxy := w.size[0], w.size[0]*w.size[1]
	hu, roi := w.hu, w.roi
	steps := v.steps()
	at := 0
	for z := range n {
		for y := range n {
			p := v.toScan(volume.Vec3{0, float64(y), float64(z)}).Sub(lo)
			x0, y0, z0 := float32(p[0]), float32(p[1]), float32(p[2])
			row, weight := w.patch[at:at+n], w.weight[at:at+n]
			at += n
			for i, step := range steps {
				x, y, z := x0+step[0], y0+step[1], z0+step[2]
				xi, yi, zi := int(x), int(y), int(z)
				fx, fy, fz := x-float32(xi), y-float32(yi), z-float32(zi)
				b := zi*sxy + yi*sx + xi
				c0, c1 := (*[2]float32)(hu[b:]), (*[2]float32)(hu[b+sx:])
				c2, c3 := (*[2]float32)(hu[b+sxy:]), (*[2]float32)(hu[b+sxy+sx:])
				a0 := c0[0] + fx*(c0[1]-c0[0])
				a1 := c1[0] + fx*(c1[1]-c1[0])
				a2 := c2[0] + fx*(c2[1]-c2[0])
				a3 := c3[0] + fx*(c3[1]-c3[0])
				a0 += fy * (a1 - a0)
				a2 += fy * (a3 - a2)
				row[i] = a0 + fz*(a2-a0)
				weight[i] = roi[b+int(fz+.5)*sxy+int(fy+.5)*sx+int(fx+.5)]
			}
		}
	}
}

// steps are the scan positions of a patch row's voxels less that of its first:
// the same for every row, since the warp's waves along x depend on x alone.
func (v *view) steps() [][3]float32 {
	out := make([][3]float32, v.n)
	first := v.toScan(volume.Vec3{})
	for i := range out {
		d := v.toScan(volume.Vec3{float64(i)}).Sub(first)
		out[i] = [3]float32{float32(d[0]), float32(d[1]), float32(d[2])}
	}
	return out
}

// thicken re-slices the patch: boxes of thickness, in voxels, averaged along z
// and interpolated back, as a thick series comes out of preparation.
func (w *scratch) thicken(n int, thickness, phase float64) {
	plane := n * n
	count := int(math.Ceil(float64(n)/thickness)) + 2
	w.slices = grown(w.slices, count*plane)
	clear(w.slices)
	for m := range count {
		mid := phase + float64(m-1)*thickness
		lo, hi := mid-thickness/2, mid+thickness/2
		out := w.slices[m*plane:][:plane]
		for z := int(math.Floor(lo + .5)); float64(z)-.5 < hi; z++ {
			share := min(hi, float64(z)+.5) - max(lo, float64(z)-.5)
			if share <= 0 {
				continue
			}
			src := w.patch[min(max(z, 0), n-1)*plane:][:plane]
			f := float32(share / thickness)
			for i := range out {
				out[i] += f * src[i]
			}
		}
	}
	for z := range n {
		at := (float64(z)-phase)/thickness + 1
		m := min(max(int(math.Floor(at)), 0), count-2)
		f := float32(at - float64(m))
		a, b := w.slices[m*plane:][:plane], w.slices[(m+1)*plane:][:plane]
		out := w.patch[z*plane:][:plane]
		for i := range out {
			out[i] = a[i] + f*(b[i]-a[i])
		}
	}
}

// soften blurs with a [side, 1-2*side, side] kernel along the three axes.
func (w *scratch) soften(n int, side float32) {
	w.slices = grown(w.slices, max(len(w.slices), n*n*n))
	mid := 1 - 2*side
	stride := 1
	for range 3 {
		src, dst := w.patch, w.slices[:n*n*n]
		copy(dst, src)
		if stride == 1 {
			for base := 0; base < len(src); base += n {
				row, out := src[base:base+n], dst[base:base+n]
				for i := 1; i < n-1; i++ {
					out[i] = mid*row[i] + side*(row[i-1]+row[i+1])
				}
			}
		} else {
			for base := 0; base < len(src); base += stride * n {
				for i := 1; i < n-1; i++ {
					at := base + i*stride
					a, b, c := src[at-stride:at], src[at:at+stride], src[at+stride:at+2*stride]
					out := dst[at : at+stride]
					for x := range out {
						out[x] = mid*b[x] + side*(a[x]+c[x])
					}
				}
			}
		}
		w.patch, w.slices = dst, w.patch[:cap(w.patch)]
		stride *= n
	}
}

// sharpen is an unsharp mask: what a sharper kernel would have shown.
func (w *scratch) sharpen(n int, amount float32) {
	w.plain = append(w.plain[:0], w.patch...)
	w.soften(n, .22)
	for i, soft := range w.patch {
		if v := w.plain[i]; v > measuredHU {
			soft = max(v+amount*(v-soft), measuredHU)
		} else {
			soft = v
		}
		w.patch[i] = soft
	}
}

// degrade draws and applies the scanner's side of the augmentation: slice
// thickness, kernel, noise, and a small error of scale and offset.
func (w *scratch) degrade(rng *rand.Rand, s *scan, n int, tiles []noise.Tile) {
	mm := s.grid.SpacingMM[0]
	chance := .1
	if s.thicknessMM <= 1.6 {
		chance = .35
	}
	if rng.Float64() < chance {
		t := (2.2 + 2.8*rng.Float64()) / mm
		w.thicken(n, t, t*rng.Float64())
	}
	switch u := rng.Float64(); {
	case u < .25:
		w.soften(n, float32(.04+.18*rng.Float64()))
	case u < .5:
		w.sharpen(n, float32(.3+.9*rng.Float64()))
	}
	gain := float32(1 + .05*(2*rng.Float64()-1))
	offset := float32(20 * (2*rng.Float64() - 1))
	for i, v := range w.patch {
		if v > measuredHU {
			w.patch[i] = max((v+1000)*gain-1000+offset, measuredHU+1)
		}
	}
	tile := tiles[rng.IntN(len(tiles))]
	if rng.Float64() < .75 {
		addNoise(rng, tile, w.patch, n, float32(5+40*math.Pow(rng.Float64(), 1.5)))
	}
}

func fill(s []float32, v float32) {
	for i := range s {
		s[i] = v
	}
}

// grown returns s with length n, keeping its memory where it suffices.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
