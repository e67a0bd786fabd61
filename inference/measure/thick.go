package measure

import (
	"math"

	"nafas/inference/volume"
)

// A solid part is told from a vessel by its thickness: a vessel that passes
// through a nodule is as thick outside of it as within, and a core is thicker.
// What is thicker than any vessel that leaves is left by an opening, as in
// morphology, with a ball of that vessel's radius and thickerMM more, for what is
// not told of a radius on a grid and in blur.
const thickerMM = .25

// Where the vessels that leave are looked at: so far beyond the border, mm. Nearer,
// the nodule's own blur makes them thicker.
const leavesFromMM, leavesToMM = .8, 3.5

// Half way between core and margin parts solid from ground glass, within bounds
// that do not take ground glass for solid, nor what is only blurred.
const leastSolidHU, mostSolidHU = -350, -150

// thickShare is the share of the body that is solid and thicker than the vessels
// that leave it.
func (m *measuring) thickShare() float64 {
	c := m.cube()
	if len(c.solid) == 0 {
		return 0
	}
	depth := c.depths(func(i int) bool { return c.dense[i] })
	leaving := 0.0
	for _, i := range c.leaving() {
		leaving = max(leaving, depth[i])
	}
	ball := leaving*c.stepMM + thickerMM
	away := c.depths(func(i int) bool { return !c.dense[i] || c.offMM[i] >= 0 || depth[i]*c.stepMM <= ball })
	n := 0
	for _, i := range c.solid {
		if c.offMM[i] < 0 && away[i]*c.stepMM < ball {
			n++
		}
	}
	return float64(n) * c.stepMM * c.stepMM * c.stepMM / m.border.volumeMM3()
}

// cube is what is solid in and around a body, on a grid round its centre.
type cube struct {
	// n is the number of places along each side, stepMM apart.
	n      int
	stepMM float64
	// dense tells where there is something solid in the lung, solid lists where.
	dense []bool
	solid []int
	// offMM is how far a solid place lies beyond the border, mm; wall tells where
	// the border is the lung's.
	offMM []float64
	wall  []bool
}

// A cube's places lie reach/16 apart, within these bounds in mm; it goes on beyond
// the border by aroundMM.
const cubeSteps, finestCubeMM, coarsestCubeMM, aroundMM = 16, .35, .9, 4.5

func (m *measuring) cube() *cube {
	reach := 0.0
	for _, r := range m.border.radius {
		reach = max(reach, r)
	}
	c := &cube{stepMM: min(max(reach/cubeSteps, finestCubeMM), coarsestCubeMM)}
	half := int(math.Ceil((reach + aroundMM) / c.stepMM))
	c.n = 2*half + 1
	all := c.n * c.n * c.n
	c.dense, c.offMM, c.wall = make([]bool, all), make([]float64, all), make([]bool, all)
	solidHU := min(max((m.core+m.rim)/2, leastSolidHU), mostSolidHU)
	line := make([]float32, c.n)
	from := 0
	for row := range c.n * c.n {
		y, z := float64(row%c.n-half)*c.stepMM, float64(row/c.n-half)*c.stepMM
		start := volume.Vec3{-float64(half) * c.stepMM, y, z}
		m.s.line(line, m.center.Add(start), volume.Vec3{c.stepMM})
		for x, hu := range line {
			d := volume.Vec3{float64(x-half) * c.stepMM, y, z}
			if !(float64(hu) > solidHU) || !m.lung.has(m.center.Add(d)) { // also for NaN
				continue
			}
			i := row*c.n + x
			c.dense[i], c.solid = true, append(c.solid, i)
			if far := d.Norm(); far > 0 {
				var r float64
				r, from = m.border.toward(d.Scale(1/far), from)
				c.offMM[i], c.wall[i] = far-r, m.border.wall[from]
			} else {
				c.offMM[i] = -m.border.radius[0]
			}
		}
	}
	return c
}

// leaving lists the places of vessels that leave the body: solid ones beyond the
// border that hang together with solid ones within it.
func (c *cube) leaving() (out []int) {
	const withinMM = .3
	var reached []int
	met := make([]bool, len(c.dense))
	meet := func(i int) {
		if c.dense[i] && !met[i] {
			met[i] = true
			reached = append(reached, i)
		}
	}
	for _, i := range c.solid {
		if c.offMM[i] < -withinMM {
			meet(i)
		}
	}
	for at := 0; at < len(reached); at++ {
		i := reached[at]
		if off := c.offMM[i]; off > leavesFromMM && off < leavesToMM && !c.wall[i] {
			out = append(out, i)
		}
		for _, stride := range [3]int{1, c.n, c.n * c.n} {
			place := i / stride % c.n
			if place > 0 {
				meet(i - stride)
			}
			if place < c.n-1 {
				meet(i + stride)
			}
		}
	}
	return out
}

// depths is how far each place of a set is from the nearest that is not in it, in
// places (Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions,
// Theory of Computing 8, 2012).
func (c *cube) depths(in func(i int) bool) []float64 {
	const far = 1e9
	out := make([]float64, len(c.dense))
	for i := range out {
		if in(i) {
			out[i] = far
		}
	}
	e := envelope{line: make([]float64, c.n), at: make([]int, c.n), from: make([]float64, c.n+1)}
	for _, stride := range [3]int{1, c.n, c.n * c.n} {
		for start := range out {
			if start/stride%c.n == 0 {
				e.pass(out, start, stride)
			}
		}
	}
	for i, square := range out {
		out[i] = math.Sqrt(square)
	}
	return out
}

// envelope is the lower one of the parabolas that stand on a row.
type envelope struct {
	line, from []float64
	at         []int
}

func (e *envelope) pass(values []float64, start, stride int) {
	n, any := len(e.line), false
	for q := range n {
		e.line[q] = values[start+q*stride]
		any = any || e.line[q] > 0
	}
	if !any {
		return
	}
	k := 0
	e.at[0], e.from[0], e.from[1] = 0, math.Inf(-1), math.Inf(1)
	for q := 1; q < n; q++ {
		meets := func() float64 {
			p := e.at[k]
			return (e.line[q] + float64(q*q) - e.line[p] - float64(p*p)) / float64(2*(q-p))
		}
		for meets() <= e.from[k] {
			k--
		}
		cross := meets()
		k++
		e.at[k], e.from[k], e.from[k+1] = q, cross, math.Inf(1)
	}
	k = 0
	for q := range n {
		for e.from[k+1] < float64(q) {
			k++
		}
		d := float64(q - e.at[k])
		values[start+q*stride] = d*d + e.line[e.at[k]]
	}
}
