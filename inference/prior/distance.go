package prior

import (
	"math"

	"nafas/inference/lung"
	"nafas/inference/volume"
)

// coarse is how many voxels of the lung field (2 mm) a distance map takes as one.
const coarse = 2

// distances is the signed distance in mm to the surface of a lung, negative in
// it, on a grid along LPS.
type distances struct {
	grid volume.Grid
	mm   []float32
}

// distancesTo maps the surface of the part of a field that has one of the labels.
func distancesTo(f *lung.Field, has func(label uint8) bool) *distances {
	g := f.Grid
	for a := range 3 {
		g.Size[a] = (g.Size[a] + coarse - 1) / coarse
		g.SpacingMM[a] *= coarse
	}
	in := make([]bool, g.Len())
	for k := range g.Size[2] {
		for j := range g.Size[1] {
			for i := range g.Size[0] {
				in[g.Index(i, j, k)] = has(f.Mask[f.Grid.Index(i*coarse, j*coarse, k*coarse)])
			}
		}
	}
	outside, inside := squares(g, in, true), squares(g, in, false)
	mm := make([]float32, len(in))
	step := g.SpacingMM[0]
	for i := range mm {
		if in[i] {
			mm[i] = float32(-(math.Sqrt(inside[i]) - .5) * step)
		} else {
			mm[i] = float32((math.Sqrt(outside[i]) - .5) * step)
		}
	}
	return &distances{grid: g, mm: mm}
}

// farVoxels stands for a distance to nothing.
const farVoxels = 1e4

// squares are the squared distances, in voxels, to the nearest voxel of a value:
// exact, one axis at a time (Felzenszwalb and Huttenlocher 2012).
func squares(g volume.Grid, in []bool, to bool) []float64 {
	d := make([]float64, len(in))
	for i, is := range in {
		if is != to {
			d[i] = farVoxels * farVoxels
		}
	}
	stride := [3]int{1, g.Size[0], g.Size[0] * g.Size[1]}
	for a := range 3 {
		n, b, c := g.Size[a], (a+1)%3, (a+2)%3
		line, low := make([]float64, n), newEnvelope(n)
		for y := range g.Size[b] {
			for z := range g.Size[c] {
				first := y*stride[b] + z*stride[c]
				for i := range n {
					line[i] = d[first+i*stride[a]]
				}
				low.of(line)
				for i := range n {
					d[first+i*stride[a]] = low.next(line, i)
				}
			}
		}
	}
	return d
}

// envelope is the lower envelope of the parabolas that stand on a line.
type envelope struct {
	at   []int
	from []float64
	k    int
}

func newEnvelope(n int) *envelope {
	return &envelope{at: make([]int, n), from: make([]float64, n+1)}
}

func (e *envelope) of(line []float64) {
	k := 0
	e.at[0], e.from[0], e.from[1] = 0, math.Inf(-1), math.Inf(1)
	for q := 1; q < len(line); q++ {
		for {
			v := e.at[k]
			s := (line[q] + float64(q*q) - line[v] - float64(v*v)) / float64(2*(q-v))
			if s > e.from[k] {
				k++
				e.at[k], e.from[k], e.from[k+1] = q, s, math.Inf(1)
				break
			}
			k--
		}
	}
	e.k = 0
}

// next is the envelope at i, which grows from call to call.
func (e *envelope) next(line []float64, i int) float64 {
	for e.from[e.k+1] < float64(i) {
		e.k++
	}
	d := float64(i - e.at[e.k])
	return d*d + line[e.at[e.k]]
}

// at is the distance at a place and the direction in which it grows; ok is false
// outside of the map.
func (d *distances) at(p volume.Vec3) (mm float64, grows volume.Vec3, ok bool) {
	q := d.grid.ToIndex(p)
	var lo [3]int
	var f volume.Vec3
	for a := range 3 {
		if !(q[a] >= 0 && q[a] < float64(d.grid.Size[a]-1)) {
			return 0, grows, false
		}
		lo[a] = int(q[a])
		f[a] = q[a] - float64(lo[a])
	}
	var c [8]float64
	for n := range c {
		c[n] = float64(d.mm[d.grid.Index(lo[0]+n&1, lo[1]+n>>1&1, lo[2]+n>>2)])
	}
	mix := func(a, b, f float64) float64 { return a + f*(b-a) }
	x0, x1, x2, x3 := mix(c[0], c[1], f[0]), mix(c[2], c[3], f[0]), mix(c[4], c[5], f[0]), mix(c[6], c[7], f[0])
	y0, y1 := mix(x0, x1, f[1]), mix(x2, x3, f[1])
	step := d.grid.SpacingMM[0]
	grows[0] = mix(mix(c[1]-c[0], c[3]-c[2], f[1]), mix(c[5]-c[4], c[7]-c[6], f[1]), f[2]) / step
	grows[1] = mix(x1-x0, x3-x2, f[2]) / step
	grows[2] = (y1 - y0) / step
	return mix(y0, y1, f[2]), grows, true
}
