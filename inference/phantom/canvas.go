package phantom

import (
	"math"

	"nafas/inference/volume"
)

// canvas is the volume that the anatomy is painted on before the scanner
// blurs it: the wanted grid, with several planes to a slice where slices are
// thick.
type canvas struct {
	grid   volume.Grid
	hu     []int16
	edgeMM float64
	// bloodHU is how bright vessels are in this examination.
	bloodHU float64
	pose    Pose
	// forth and back are the pose's linear part and the rows of its inverse.
	forth, back [3]volume.Vec3
}

func newCanvas(g volume.Grid, pose Pose) *canvas {
	c := &canvas{grid: g, hu: make([]int16, g.Len()), pose: pose}
	c.edgeMM = (g.SpacingMM[0] + g.SpacingMM[1] + min(g.SpacingMM[2], 1.5)) / 3
	stretch := pose.stretch()
	for n, axis := range pose.Axes() {
		c.forth[n], c.back[n] = axis.Scale(stretch[n]), axis.Scale(1/stretch[n])
	}
	return c
}

// fromLPS maps patient mm to the chest frame.
func (c *canvas) fromLPS(p volume.Vec3) volume.Vec3 { return c.turnBack(p.Sub(c.pose.ShiftMM)) }

// turnBack maps a step in LPS to the chest frame.
func (c *canvas) turnBack(d volume.Vec3) volume.Vec3 {
	return volume.Vec3{c.back[0].Dot(d), c.back[1].Dot(d), c.back[2].Dot(d)}
}

// toLPS maps the chest frame to patient mm.
func (c *canvas) toLPS(p volume.Vec3) volume.Vec3 {
	return c.pose.ShiftMM.Add(c.forth[0].Scale(p[0])).Add(c.forth[1].Scale(p[1])).Add(c.forth[2].Scale(p[2]))
}

// at is the HU of the voxel nearest to a position in LPS; air outside.
func (c *canvas) at(lpsMM volume.Vec3) float64 {
	q := c.grid.ToIndex(lpsMM)
	var at [3]int
	for a := range 3 {
		at[a] = int(math.Round(q[a]))
		if at[a] < 0 || at[a] >= c.grid.Size[a] {
			return volume.AirHU
		}
	}
	return float64(c.hu[c.grid.Index(at[0], at[1], at[2])])
}

// paint says how a solid changes the voxels that it covers.
type paint struct {
	hu float64
	// shellMM of shellHU lie under the surface.
	shellMM, shellHU float64
	// over replaces what is there; without it only denser wins, as a vessel
	// in the lung.
	over bool
}

// tube paints a rounded tapered tube between two chest positions.
func (c *canvas) tube(a, b volume.Vec3, ra, rb float64, p paint) {
	from, to := c.toLPS(a), c.toLPS(b)
	along := to.Sub(from)
	l2 := max(along.Dot(along), 1e-9)
	edge := c.edgeMM
	faint := 1.
	half := edge / 2
	if r := max(ra, rb); r < half {
		// Thinner than a voxel: one voxel wide, covered in part.
		faint = (r / half) * (r / half)
		ra, rb = half, half
	}
	lo, hi, ok := c.box(from, to, max(ra, rb)+edge)
	if !ok {
		return
	}
	step := c.grid.Axes[0].Scale(c.grid.SpacingMM[0])
	for k := lo[2]; k <= hi[2]; k++ {
		for j := lo[1]; j <= hi[1]; j++ {
			d := c.grid.ToLPS(volume.Vec3{float64(lo[0]), float64(j), float64(k)}).Sub(from)
			row := c.hu[c.grid.Index(lo[0], j, k):]
			for i := range hi[0] - lo[0] + 1 {
				dot := d.Dot(along)
				t := min(max(dot/l2, 0), 1)
				d2 := d.Dot(d) - 2*t*dot + t*t*l2
				r := ra + (rb-ra)*t
				if out := r + half; d2 < out*out {
					row[i] = p.mix(row[i], r-math.Sqrt(max(d2, 0)), edge, faint)
				}
				d[0], d[1], d[2] = d[0]+step[0], d[1]+step[1], d[2]+step[2]
			}
		}
	}
}

// bar paints a tube of elliptic cross-section: half-width rn along the normal
// n, rb across it; its ends are rounded over endMM.
func (c *canvas) bar(a, b, n volume.Vec3, rn, rb, endMM float64, p paint) {
	from, to := c.toLPS(a), c.toLPS(b)
	along := to.Sub(from)
	length := max(along.Norm(), 1e-6)
	dir := along.Scale(1 / length)
	n = c.toLPS(n).Sub(c.pose.ShiftMM)
	n = n.Sub(dir.Scale(n.Dot(dir))).Unit()
	across := dir.Cross(n)
	lo, hi, ok := c.box(from, to, max(rn, rb, endMM)+c.edgeMM)
	if !ok {
		return
	}
	un, ub, ue := 1/(rn*rn), 1/(rb*rb), 1/(endMM*endMM)
	step := c.grid.Axes[0].Scale(c.grid.SpacingMM[0])
	st, su, sv := step.Dot(dir), step.Dot(n), step.Dot(across)
	for k := lo[2]; k <= hi[2]; k++ {
		for j := lo[1]; j <= hi[1]; j++ {
			row := c.hu[c.grid.Index(lo[0], j, k):]
			d := c.grid.ToLPS(volume.Vec3{float64(lo[0]), float64(j), float64(k)}).Sub(from)
			t, u, v := d.Dot(dir), d.Dot(n), d.Dot(across)
			for i := range hi[0] - lo[0] + 1 {
				end := max(-t, t-length, 0)
				if q2 := u*u*un + v*v*ub + end*end*ue; q2 < 2.56 {
					q := math.Sqrt(q2)
					depth := min(rn, rb)
					if q > 1e-3 {
						depth = (1 - q) * math.Sqrt(u*u+v*v+end*end) / q
					}
					row[i] = p.mix(row[i], depth, c.edgeMM, 1)
				}
				t, u, v = t+st, u+su, v+sv
			}
		}
	}
}

// mix returns the voxel after painting at a depth under the surface.
func (p *paint) mix(was int16, depth, edge, faint float64) int16 {
	alpha := min(max(.5+depth/edge, 0), 1) * faint
	if alpha == 0 {
		return was
	}
	hu := p.hu
	if p.shellMM > 0 {
		hu += min(max(.5+(p.shellMM-depth)/edge, 0), 1) * (p.shellHU - p.hu)
	}
	lift := alpha * (hu - float64(was))
	if lift < 0 && !p.over {
		return was
	}
	return was + int16(math.Round(lift))
}

// box is the range of voxels within r of a segment, clipped to the grid.
func (c *canvas) box(from, to volume.Vec3, r float64) (lo, hi [3]int, ok bool) {
	a, b := c.grid.ToIndex(from), c.grid.ToIndex(to)
	for d := range 3 {
		m := r / c.grid.SpacingMM[d]
		lo[d] = max(int(math.Ceil(min(a[d], b[d])-m)), 0)
		hi[d] = min(int(math.Floor(max(a[d], b[d])+m)), c.grid.Size[d]-1)
		if lo[d] > hi[d] {
			return lo, hi, false
		}
	}
	return lo, hi, true
}

// path paints tubes through chest positions with a radius at each.
func (c *canvas) path(points []volume.Vec3, radii []float64, p paint) {
	for i := 1; i < len(points); i++ {
		c.tube(points[i-1], points[i], radii[i-1], radii[i], p)
	}
}
