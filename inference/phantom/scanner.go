package phantom

import (
	"context"
	"fmt"
	"math"

	"nafas/inference/volume"
)

// Kernel is a reconstruction kernel: how sharp, and what its noise looks like.
type Kernel string

// The kernels. The in-plane point spread of a soft kernel is about 0.8 mm
// wide at half height on top of the voxel, that of a sharp one overshoots.
const (
	Standard Kernel = ""
	Soft     Kernel = "soft"
	Sharp    Kernel = "sharp"
)

// kernelShape is what a kernel does, mm.
type kernelShape struct {
	sigmaMM float64
	// unsharp adds that much of the difference to a blur of wideMM.
	unsharp, wideMM float64
	// Noise is white noise blurred by noiseMM less a share of it blurred
	// twice as wide: a band-pass, as a noise power spectrum is.
	noiseMM, noiseLow float64
}

func (k Kernel) shape() (kernelShape, error) {
	switch k {
	case Standard:
		return kernelShape{sigmaMM: .55, noiseMM: .62, noiseLow: .75}, nil
	case Soft:
		return kernelShape{sigmaMM: .75, noiseMM: .85, noiseLow: .6}, nil
	case Sharp:
		return kernelShape{sigmaMM: .42, unsharp: .45, wideMM: 1, noiseMM: .38, noiseLow: .9}, nil
	}
	return kernelShape{}, fmt.Errorf("phantom: no kernel %q (soft, sharp, or none for the standard one)", string(k))
}

// BlurMM is the Gaussian blur in the plane that a kernel has beside the
// voxel's own, its standard deviation in mm; 0 for an unknown kernel.
func (k Kernel) BlurMM() float64 {
	shape, _ := k.shape()
	return shape.sigmaMM
}

// ParseKernel checks a kernel's name; "standard" is the standard one.
func ParseKernel(name string) (Kernel, error) {
	if name == "standard" {
		return Standard, nil
	}
	_, err := Kernel(name).shape()
	return Kernel(name), err
}

// scanner turns the painted canvas into slices.
type scanner struct {
	spec  Spec
	grid  volume.Grid
	shape kernelShape
	sub   int // fine planes to a slice spacing
	pad   int // fine planes beyond the first and the last slice
}

// finePlaneMM is the distance of fine planes that a slice needs to look
// averaged.
const finePlaneMM = 1.3

func newScanner(s Spec) (*scanner, error) {
	shape, err := s.Kernel.shape()
	if err != nil {
		return nil, err
	}
	sc := &scanner{spec: s, grid: s.grid(), shape: shape, sub: max(1, int(math.Round(s.SpacingMM[2]/finePlaneMM)))}
	extra := (s.SliceThicknessMM - s.SpacingMM[2]) / 2
	sc.pad = max(0, int(math.Ceil(extra/sc.planeMM())))
	return sc, nil
}

func (sc *scanner) planeMM() float64 { return sc.grid.SpacingMM[2] / float64(sc.sub) }

func (sc *scanner) fineGrid() volume.Grid {
	g := sc.grid
	g.SpacingMM[2] = sc.planeMM()
	g.Size[2] = g.Size[2]*sc.sub + 2*sc.pad
	first := -float64(sc.pad) - float64(sc.sub-1)/2
	g.OriginLPSMM = g.OriginLPSMM.Add(g.Axes[2].Scale(first * g.SpacingMM[2]))
	return g
}

// scan averages, blurs, adds noise and rounds. The canvas is used up: where a
// slice is one plane, the result shares its memory.
func (sc *scanner) scan(ctx context.Context, c *canvas) (*volume.Volume, error) {
	out := &volume.Volume{Grid: sc.grid}
	plane := sc.grid.Size[0] * sc.grid.Size[1]
	if sc.sub == 1 && sc.pad == 0 {
		out.HU = c.hu
	} else {
		out.HU = make([]int16, sc.grid.Len())
	}
	b := newBlurrer(sc)
	n := newNoise(sc)
	acc := make([]float32, plane)
	for k := range sc.grid.Size[2] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		sc.average(acc, c, k)
		b.blur(acc)
		n.add(acc)
		to := out.HU[k*plane:][:plane]
		for i, v := range acc {
			to[i] = int16(min(max(v, -1024), 3071) + 4096.5 - 4096)
		}
	}
	return out, nil
}

// average weighs the fine planes that slice k covers.
func (sc *scanner) average(acc []float32, c *canvas, k int) {
	clear(acc)
	mid := float64(sc.pad) + float64(k*sc.sub) + float64(sc.sub-1)/2
	half := max(sc.spec.SliceThicknessMM/sc.planeMM()/2, .5)
	var sum float64
	type part struct {
		at int
		w  float64
	}
	var parts []part
	for z := int(math.Floor(mid - half + .5)); float64(z)-.5 < mid+half; z++ {
		w := min(mid+half, float64(z)+.5) - max(mid-half, float64(z)-.5)
		if w > 1e-6 && z >= 0 && z < c.grid.Size[2] {
			parts = append(parts, part{z, w})
			sum += w
		}
	}
	for _, p := range parts {
		w := float32(p.w / sum)
		src := c.hu[p.at*len(acc):][:len(acc)]
		for i, v := range src {
			acc[i] += w * float32(v)
		}
	}
}

// blurrer holds the in-plane filters of a kernel.
type blurrer struct {
	nx, ny       int
	narrow, wide [2][]float32 // half kernels along i and j
	unsharp      float32
	tmp, keep    []float32
}

func newBlurrer(sc *scanner) *blurrer {
	b := &blurrer{nx: sc.grid.Size[0], ny: sc.grid.Size[1], unsharp: float32(sc.shape.unsharp)}
	for a := range 2 {
		b.narrow[a] = halfGaussian(sc.shape.sigmaMM / sc.grid.SpacingMM[a])
		b.wide[a] = halfGaussian(sc.shape.wideMM / sc.grid.SpacingMM[a])
	}
	b.tmp = make([]float32, b.nx*b.ny)
	return b
}

// halfGaussian is the centre and one side of a normalised kernel.
func halfGaussian(sigma float64) []float32 {
	if sigma < .15 {
		return []float32{1}
	}
	r := int(math.Ceil(2.5 * sigma))
	k := make([]float32, r+1)
	var sum float64
	for i := range k {
		v := math.Exp(-float64(i*i) / (2 * sigma * sigma))
		k[i] = float32(v)
		sum += v
		if i > 0 {
			sum += v
		}
	}
	for i := range k {
		k[i] /= float32(sum)
	}
	return k
}

func (b *blurrer) blur(p []float32) {
	b.separable(p, b.narrow)
	if b.unsharp == 0 {
		return
	}
	b.keep = append(b.keep[:0], p...)
	b.separable(p, b.wide)
	for i, v := range b.keep {
		p[i] = v + b.unsharp*(v-p[i])
	}
}

// separable filters along rows, then along columns; borders repeat.
func (b *blurrer) separable(p []float32, k [2][]float32) {
	nx, ny := b.nx, b.ny
	for j := range ny {
		row, out := p[j*nx:][:nx], b.tmp[j*nx:][:nx]
		filterRow(out, row, k[0])
	}
	for j := range ny {
		out := p[j*nx:][:nx]
		mid := b.tmp[j*nx:][:nx]
		w := k[1][0]
		for i, v := range mid {
			out[i] = w * v
		}
		for t := 1; t < len(k[1]); t++ {
			w := k[1][t]
			up, down := b.tmp[max(j-t, 0)*nx:][:nx], b.tmp[min(j+t, ny-1)*nx:][:nx]
			for i := range out {
				out[i] += w * (up[i] + down[i])
			}
		}
	}
}

func filterRow(out, row, k []float32) {
	n, r := len(row), len(k)-1
	for i, v := range row {
		out[i] = k[0] * v
	}
	for t := 1; t <= r; t++ {
		w := k[t]
		for i := range min(t, n) {
			out[i] += w * (row[0] + row[min(i+t, n-1)])
		}
		if n <= 2*t {
			for i := t; i < n; i++ {
				out[i] += w * (row[i-t] + row[min(i+t, n-1)])
			}
			continue
		}
		left, right, mid := row[:n-2*t], row[2*t:], out[t:n-t]
		for i := range mid {
			mid[i] += w * (left[i] + right[i])
		}
		for i := n - t; i < n; i++ {
			out[i] += w * (row[i-t] + row[n-1])
		}
	}
}
