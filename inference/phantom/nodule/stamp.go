package nodule

import (
	"math"

	"nafas/inference/volume"
)

// PSF is the blur of a scanner, along the axes of the grid that is rendered.
type PSF struct {
	// InPlaneSigmaMM is the Gaussian blur along i and j.
	InPlaneSigmaMM float64
	// SliceMM is the width of the box that a slice averages along k; 0
	// leaves the grid's own spacing.
	SliceMM float64
}

// Stamp is a rendered shape: a small box of a grid with coverage and
// attenuation after the blur, ready to be set into voxels.
type Stamp struct {
	// Lo is the grid index of the box's first voxel; it may be negative.
	Lo, Size [3]int
	// Alpha is the coverage of each voxel, AlphaHU its coverage times HU
	// (blurred as a product), i fastest.
	Alpha, AlphaHU []float32
}

// Render samples a shape on the part of a grid that it touches. It super-
// samples where the grid is coarser than the shape's detail.
func Render(s Shape, g volume.Grid, psf PSF) *Stamp {
	f := newFine(s, g, psf)
	f.sample(s)
	f.blur(psf)
	return f.stamp()
}

// RenderSliced is Render for a grid that was interpolated linearly along k
// from slices sliceSpacingMM apart, one of them at phaseMM from the grid's
// first plane: the shape is sampled on those slices and interpolated as the
// background was.
func RenderSliced(s Shape, g volume.Grid, psf PSF, sliceSpacingMM, phaseMM float64) *Stamp {
	sliced := g
	sliced.SpacingMM[2] = sliceSpacingMM
	sliced.OriginLPSMM = g.OriginLPSMM.Add(g.Axes[2].Scale(phaseMM))
	return Render(s, sliced, psf).stretch(g.SpacingMM[2]/sliceSpacingMM, phaseMM/sliceSpacingMM)
}

// stretch interpolates along k: plane k of the result lies at k*step - phase
// of the stamp's planes.
func (st *Stamp) stretch(step, phase float64) *Stamp {
	lo, hi := float64(st.Lo[2]-1), float64(st.Lo[2]+st.Size[2])
	first := int(math.Floor((lo + phase) / step))
	last := int(math.Ceil((hi + phase) / step))
	plane := st.Size[0] * st.Size[1]
	out := &Stamp{Lo: st.Lo, Size: st.Size}
	out.Lo[2], out.Size[2] = first, last-first+1
	out.Alpha = make([]float32, plane*out.Size[2])
	out.AlphaHU = make([]float32, plane*out.Size[2])
	for k := range out.Size[2] {
		z := float64(first+k)*step - phase - float64(st.Lo[2])
		z0 := int(math.Floor(z))
		for t, w := range [2]float32{float32(float64(z0+1) - z), float32(z - float64(z0))} {
			src := z0 + t
			if src < 0 || src >= st.Size[2] || w == 0 {
				continue
			}
			axpy(out.Alpha[k*plane:(k+1)*plane], st.Alpha[src*plane:], w)
			axpy(out.AlphaHU[k*plane:(k+1)*plane], st.AlphaHU[src*plane:], w)
		}
	}
	return out
}

func axpy(dst, src []float32, w float32) {
	for i := range dst {
		dst[i] += w * src[i]
	}
}

// Implant sets a stamp into voxels of the given size (i fastest): background
// + alpha * max(0, shape - background), so that vessels and the chest wall
// stay. Parts outside are dropped. grain, where not nil, is the scan's noise at
// a voxel, which the shape covers and therefore must bring along: a nodule
// smoother than its surroundings would be known by that.
func Implant[T int16 | float32](dst []T, size [3]int, st *Stamp, grain func(i, j, k int) float32) {
	i0, i1 := max(st.Lo[0], 0), min(st.Lo[0]+st.Size[0], size[0])
	for k := max(st.Lo[2], 0); k < min(st.Lo[2]+st.Size[2], size[2]); k++ {
		for j := max(st.Lo[1], 0); j < min(st.Lo[1]+st.Size[1], size[1]); j++ {
			if i0 >= i1 {
				return
			}
			at := ((k-st.Lo[2])*st.Size[1]+j-st.Lo[1])*st.Size[0] + i0 - st.Lo[0]
			alpha, product := st.Alpha[at:at+i1-i0], st.AlphaHU[at:at+i1-i0]
			row := dst[(k*size[1]+j)*size[0]+i0:]
			for i, a := range alpha {
				if a <= 0 {
					continue
				}
				lift := product[i] - a*float32(row[i])
				if lift <= 0 {
					continue
				}
				if grain != nil {
					lift += a * grain(i0+i, j, k)
				}
				row[i] += T(lift)
			}
		}
	}
}

// fine is the super-sampled box that becomes a stamp.
type fine struct {
	grid   volume.Grid
	lo     [3]int // in voxels of the grid
	voxels [3]int
	sub    [3]int // samples a voxel
	size   [3]int // voxels * sub
	step   [3]float64
	slab   bool // the k axis is point-sampled after a box of its own
	alpha  []float32
	prod   []float32
}

func newFine(s Shape, g volume.Grid, psf PSF) *fine {
	f := &fine{grid: g, slab: psf.SliceMM > 0}
	lo, hi := indexBounds(s, g)
	detail := s.DetailMM()
	for a := range 3 {
		margin := 2.5 * psf.InPlaneSigmaMM
		if a == 2 {
			margin = psf.SliceMM / 2
		}
		f.lo[a] = int(math.Floor(lo[a] - margin/g.SpacingMM[a]))
		f.voxels[a] = int(math.Ceil(hi[a]+margin/g.SpacingMM[a])) - f.lo[a] + 1
		f.sub[a] = min(max(int(math.Ceil(g.SpacingMM[a]/detail-.05)), 1), 10)
		f.size[a] = f.voxels[a] * f.sub[a]
		f.step[a] = g.SpacingMM[a] / float64(f.sub[a])
	}
	n := f.size[0] * f.size[1] * f.size[2]
	f.alpha, f.prod = make([]float32, n), make([]float32, n)
	return f
}

// indexBounds is the shape's box in continuous voxel indices.
func indexBounds(s Shape, g volume.Grid) (lo, hi volume.Vec3) {
	a, b := s.BoundsMM()
	lo = volume.Vec3{math.Inf(1), math.Inf(1), math.Inf(1)}
	hi = lo.Scale(-1)
	for c := range 8 {
		p := a
		for d := range 3 {
			if c>>d&1 == 1 {
				p[d] = b[d]
			}
		}
		q := g.ToIndex(p)
		for d := range 3 {
			lo[d], hi[d] = min(lo[d], q[d]), max(hi[d], q[d])
		}
	}
	return lo, hi
}

// sample fills the box. A shape made of parts is sampled in the boxes of its
// parts alone, since a tree of strands fills little of its own box.
func (f *fine) sample(s Shape) {
	if c, ok := s.(composite); ok {
		for _, p := range c.parts() {
			f.sampleBox(p)
		}
		return
	}
	f.sampleBox(s)
}

// composite is a shape that is the union of simple ones.
type composite interface{ parts() []Shape }

// sampleBox samples one shape within its bounds, keeping the larger coverage;
// sub-samples lie evenly within their voxel.
func (f *fine) sampleBox(s Shape) {
	edge := max(f.step[0], f.step[1], f.step[2])
	var step [3]volume.Vec3
	var first volume.Vec3
	var from, to [3]int
	lo, hi := indexBounds(s, f.grid)
	for a := range 3 {
		sub := float64(f.sub[a])
		step[a] = f.grid.Axes[a].Scale(f.step[a])
		first[a] = float64(f.lo[a]) - .5 + .5/sub
		from[a] = max(int((lo[a]-first[a])*sub)-1, 0)
		to[a] = min(int((hi[a]-first[a])*sub)+2, f.size[a])
	}
	origin := f.grid.ToLPS(first).Add(step[0].Scale(float64(from[0])))
	for k := from[2]; k < to[2]; k++ {
		for j := from[1]; j < to[1]; j++ {
			p := origin.Add(step[2].Scale(float64(k))).Add(step[1].Scale(float64(j)))
			at := (k*f.size[1]+j)*f.size[0] + from[0]
			for range to[0] - from[0] {
				if a, hu := s.Sample(p, edge); float32(a) > f.alpha[at] {
					f.alpha[at], f.prod[at] = float32(a), float32(a*hu)
				}
				at++
				p = p.Add(step[0])
			}
		}
	}
}

func (f *fine) blur(psf PSF) {
	var scratch []float32
	for a := range 3 {
		kernel := gaussian(psf.InPlaneSigmaMM / f.step[a])
		if a == 2 {
			kernel = box(psf.SliceMM / f.step[a])
		}
		if len(kernel) == 1 {
			continue
		}
		if scratch == nil {
			scratch = make([]float32, len(f.alpha))
		}
		convolve(scratch, f.alpha, f.size, a, kernel)
		f.alpha, scratch = scratch, f.alpha
		convolve(scratch, f.prod, f.size, a, kernel)
		f.prod, scratch = scratch, f.prod
	}
}

// stamp averages the sub-samples of each voxel; along a slab axis only the
// middle ones count, since the box has averaged already.
func (f *fine) stamp() *Stamp {
	st := &Stamp{Lo: f.lo, Size: f.voxels}
	if f.sub == [3]int{1, 1, 1} {
		st.Alpha, st.AlphaHU = f.alpha, f.prod
		return st
	}
	n := f.voxels[0] * f.voxels[1] * f.voxels[2]
	st.Alpha, st.AlphaHU = make([]float32, n), make([]float32, n)
	k0, k1 := 0, f.sub[2]
	if f.slab {
		k0, k1 = (f.sub[2]-1)/2, f.sub[2]/2+1
	}
	scale := 1 / float32(f.sub[0]*f.sub[1]*(k1-k0))
	for k := range f.size[2] {
		if in := k % f.sub[2]; in < k0 || in >= k1 {
			continue
		}
		for j := range f.size[1] {
			to := (k/f.sub[2]*f.voxels[1] + j/f.sub[1]) * f.voxels[0]
			from := (k*f.size[1] + j) * f.size[0]
			for i := range f.voxels[0] {
				for range f.sub[0] {
					st.Alpha[to+i] += f.alpha[from] * scale
					st.AlphaHU[to+i] += f.prod[from] * scale
					from++
				}
			}
		}
	}
	return st
}

// gaussian is a normalised kernel of odd length, sigma in samples.
func gaussian(sigma float64) []float32 {
	if sigma < .2 {
		return []float32{1}
	}
	r := int(math.Ceil(2.5 * sigma))
	k := make([]float64, 2*r+1)
	var sum float64
	for i := range k {
		x := float64(i-r) / sigma
		k[i] = math.Exp(-x * x / 2)
		sum += k[i]
	}
	return normalised(k, sum)
}

// box is a normalised kernel of odd length whose ends carry the fraction of a
// sample.
func box(width float64) []float32 {
	if width <= 1 {
		return []float32{1}
	}
	r := int(math.Ceil((width - 1) / 2))
	k := make([]float64, 2*r+1)
	for i := range k {
		k[i] = 1
	}
	k[0] = (width - float64(2*r-1)) / 2
	k[2*r] = k[0]
	return normalised(k, width)
}

func normalised(k []float64, sum float64) []float32 {
	out := make([]float32, len(k))
	for i := range k {
		out[i] = float32(k[i] / sum)
	}
	return out
}

// convolve filters along one axis with zeros beyond the border, where every
// stamp is empty.
func convolve(dst, src []float32, size [3]int, axis int, kernel []float32) {
	stride := 1
	for a := range axis {
		stride *= size[a]
	}
	n, r := size[axis], len(kernel)/2
	clear(dst)
	if axis == 0 {
		for base := 0; base < len(src); base += n {
			row, out := src[base:base+n], dst[base:base+n]
			for i, v := range row {
				if v == 0 {
					continue
				}
				for t := max(0, r-i); t < min(len(kernel), n+r-i); t++ {
					out[i+t-r] += kernel[t] * v
				}
			}
		}
		return
	}
	span := stride * n
	for base := 0; base < len(src); base += span {
		for i := range n {
			out := dst[base+i*stride : base+(i+1)*stride]
			for t, w := range kernel {
				if s := i + t - r; s >= 0 && s < n {
					axpy(out, src[base+s*stride:], w)
				}
			}
		}
	}
}
