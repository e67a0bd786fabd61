package phantom

import (
	"math"
	"math/rand/v2"

	"nafas/inference/volume"
)

// atlas holds the surfaces of one patient on a coarse lattice of the chest
// frame. The surfaces are smooth, so that interpolated distances are exact to
// a tenth of a millimetre, and most cells hold one tissue alone, which is what
// makes a whole chest cheap.
type atlas struct {
	a     *anatomy
	lo    volume.Vec3
	size  [3]int
	d     []float32 // surfaces values per point
	mixed []uint16  // per cell, bit s: surface s passes through it
	flat  []int16   // per cell, the HU of a cell of one tissue, or a code
	grain []float32 // texture of the lung, a tile that wraps
}

const (
	cellMM    = 5.
	grainSide = 64
	grainMM   = 1.1
)

func newAtlas(a *anatomy) *atlas {
	t := &atlas{a: a, lo: volume.Vec3{-215, -180, -215}, size: [3]int{87, 74, 87}}
	nx, ny, nz := t.size[0], t.size[1], t.size[2]
	t.d = make([]float32, nx*ny*nz*surfaces)
	var d [surfaces]float64
	at := 0
	for k := range nz {
		for j := range ny {
			for i := range nx {
				a.distances(t.lo.Add(volume.Vec3{float64(i), float64(j), float64(k)}.Scale(cellMM)), &d)
				for s, v := range d {
					t.d[at+s] = float32(v)
				}
				at += surfaces
			}
		}
	}
	t.classify()
	return t
}

// reach is how far on either side a surface changes voxels: softened edges,
// skin, the width of a fissure and of the couch.
var reach = [surfaces]float32{bodySurface: 3, rightOblique: 2, rightHorizontal: 2, leftOblique: 2, tableSurface: 2.5}

func (t *atlas) classify() {
	nx, ny, nz := t.size[0], t.size[1], t.size[2]
	t.mixed, t.flat = make([]uint16, nx*ny*nz), make([]int16, nx*ny*nz)
	for k := range nz - 1 {
		for j := range ny - 1 {
			for i := range nx - 1 {
				cell := (k*ny+j)*nx + i
				for s := range surfaces {
					if v := t.d[cell*surfaces+s]; abs(v) > 2*cellMM+reach[s] {
						continue // farther than the cell's diagonal
					}
					lo, hi := float32(math.Inf(1)), float32(math.Inf(-1))
					for c := range 8 {
						v := t.d[(cell+c&1+c>>1&1*nx+c>>2*nx*ny)*surfaces+s]
						lo, hi = min(lo, v), max(hi, v)
					}
					if margin := reach[s] + .8; lo < margin && hi > -margin {
						t.mixed[cell] |= 1 << s
					}
				}
				t.flat[cell] = t.uniform(cell)
			}
		}
	}
}

// Codes of cells that hold no single value.
const (
	flatLung  = math.MinInt16
	flatHeart = math.MinInt16 + 1
	flatNever = math.MinInt16 + 2
)

// uniform is the HU of a cell through which no surface passes.
func (t *atlas) uniform(cell int) int16 {
	d := t.d[cell*surfaces:][:surfaces]
	switch {
	case t.mixed[cell] != 0:
		return flatNever
	case d[bodySurface] > 0:
		return volume.AirHU
	case min(d[rightLung], d[leftLung]) < 0:
		return flatLung
	case d[muscleSurface] > 0:
		return int16(t.a.fat)
	case d[muscleSurface] > -13:
		return int16(t.a.tissue)
	case d[heartSurface] < 0:
		return flatHeart
	case d[abdomenSurface] < 0 && t.lo[0]+cellMM*float64(cell%t.size[0]+1) < liverEdge-8:
		return liverHU
	case d[abdomenSurface] < 0 && t.lo[0]+cellMM*float64(cell%t.size[0]) > liverEdge+8:
		return stomachHU
	}
	return flatNever
}

func (t *atlas) drawGrain(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 9))
	t.grain = make([]float32, grainSide*grainSide*grainSide)
	for i := range t.grain {
		// Unresolved vessels and septa are bright on air: skewed, mean zero.
		t.grain[i] = float32(26 * (rng.ExpFloat64() - 1))
	}
}

// at interpolates the surfaces of a mask at a lattice position; the others
// keep their value at the cell's first corner.
func (t *atlas) at(x, y, z float32, mask uint16, out *[surfaces]float32) {
	i, j, k := int(x), int(y), int(z)
	fx, fy, fz := x-float32(i), y-float32(j), z-float32(k)
	nx, nxy := t.size[0]*surfaces, t.size[0]*t.size[1]*surfaces
	c := t.d[(k*t.size[1]+j)*nx+i*surfaces:]
	for s := range surfaces {
		if mask>>s&1 == 0 {
			out[s] = c[s]
			continue
		}
		c00 := c[s] + fx*(c[s+surfaces]-c[s])
		c10 := c[s+nx] + fx*(c[s+nx+surfaces]-c[s+nx])
		c01 := c[s+nxy] + fx*(c[s+nxy+surfaces]-c[s+nxy])
		c11 := c[s+nxy+nx] + fx*(c[s+nxy+nx+surfaces]-c[s+nxy+nx])
		c00 += fy * (c10 - c00)
		c01 += fy * (c11 - c01)
		out[s] = c00 + fz*(c01-c00)
	}
}

// lattice maps a chest position to lattice coordinates; ok is false outside.
func (t *atlas) lattice(p volume.Vec3) (q [3]float32, ok bool) {
	ok = true
	for a := range 3 {
		v := (p[a] - t.lo[a]) / cellMM
		ok = ok && v >= 0 && v < float64(t.size[a]-1)
		q[a] = float32(v)
	}
	return q, ok
}

// exact interpolates every surface at a chest position.
func (t *atlas) exact(p volume.Vec3, out *[surfaces]float64) bool {
	q, ok := t.lattice(p)
	if !ok {
		return false
	}
	var d [surfaces]float32
	t.at(q[0], q[1], q[2], 1<<surfaces-1, &d)
	for s, v := range d {
		out[s] = float64(v)
	}
	return true
}

// lungDepth is the distance from a chest position to the nearest pleura of
// either lung, positive inside a lung.
func (t *atlas) lungDepth(p volume.Vec3) (depth float64, right bool) {
	var d [surfaces]float64
	if !t.exact(p, &d) {
		return -1e3, false
	}
	return -min(d[rightLung], d[leftLung]), d[rightLung] < d[leftLung]
}

func (t *atlas) inLung(p volume.Vec3) bool {
	depth, _ := t.lungDepth(p)
	return depth > 0
}

// inAbdomen tells whether a chest position lies below the diaphragm, where a
// vessel of the lung that cuts a corner is not to be seen.
func (t *atlas) inAbdomen(p volume.Vec3) bool {
	var d [surfaces]float64
	return t.exact(p, &d) && d[abdomenSurface] < 0
}

// outward is the direction, out of the nearer lung, to its pleura.
func (t *atlas) outward(p volume.Vec3) volume.Vec3 {
	return t.gradient(p, func(d *[surfaces]float64) float64 { return min(d[rightLung], d[leftLung]) })
}

// gradient is the direction in which a function of the distances grows.
func (t *atlas) gradient(p volume.Vec3, f func(*[surfaces]float64) float64) volume.Vec3 {
	var g volume.Vec3
	var lo, hi [surfaces]float64
	for a := range 3 {
		q := p
		q[a] += 3
		t.exact(q, &hi)
		q[a] -= 6
		t.exact(q, &lo)
		g[a] = f(&hi) - f(&lo)
	}
	return g.Unit()
}

// fill writes the smooth part of the chest into the canvas.
func (t *atlas) fill(c *canvas) {
	first := c.fromLPS(c.grid.OriginLPSMM)
	var step [3]volume.Vec3
	for a := range 3 {
		step[a] = c.turnBack(c.grid.Axes[a]).Scale(c.grid.SpacingMM[a])
	}
	l := look{edge: float32(c.edgeMM), heart: float32(.9*c.bloodHU + 8)}
	var d [surfaces]float32
	dx, dy, dz := float32(step[0][0]/cellMM), float32(step[0][1]/cellMM), float32(step[0][2]/cellMM)
	for k := range c.grid.Size[2] {
		for j := range c.grid.Size[1] {
			p := first.Add(step[2].Scale(float64(k))).Add(step[1].Scale(float64(j)))
			q, _ := t.lattice(p)
			row := c.hu[(k*c.grid.Size[1]+j)*c.grid.Size[0]:][:c.grid.Size[0]]
			for i := range row {
				f := float32(i)
				x, y, z := q[0]+f*dx, q[1]+f*dy, q[2]+f*dz
				if x < 0 || y < 0 || z < 0 || x >= float32(t.size[0]-1) || y >= float32(t.size[1]-1) || z >= float32(t.size[2]-1) {
					row[i] = volume.AirHU
					continue
				}
				cell := (int(z)*t.size[1]+int(y))*t.size[0] + int(x)
				switch flat := t.flat[cell]; flat {
				case flatLung:
					row[i] = int16(t.lungHU(x, y, z))
				case flatHeart:
					row[i] = int16(l.heart)
				case flatNever:
					mask := t.mixed[cell]
					t.at(x, y, z, mask, &d)
					row[i] = int16(t.tissue(&d, mask, x, y, z, l))
				default:
					row[i] = flat
				}
			}
		}
	}
}

// look is what an examination adds to the anatomy: the width of softened
// edges, and how bright the heart is (blood and muscle).
type look struct{ edge, heart float32 }

// tissue blends the layers from the outside in.
func (t *atlas) tissue(d *[surfaces]float32, mask uint16, x, y, z float32, l look) float32 {
	a, edge := t.a, l.edge
	hu := float32(volume.AirHU)
	if d[bodySurface] > 1 {
		if mask>>tableSurface&1 == 1 {
			hu += 620 * cover(1.2-abs(d[tableSurface]), edge)
		}
		if mask>>bodySurface&1 == 0 {
			return hu
		}
	}
	body := float32(a.fat)
	body += cover(2+d[bodySurface], edge) * (15 - body) // skin
	body += cover(-d[muscleSurface], edge) * (float32(a.tissue) - body)
	lung := min(d[rightLung], d[leftLung])
	if d[muscleSurface] < -12 {
		body = t.inner(d, body, x, y, z, l)
	}
	hu += cover(-d[bodySurface], edge) * (body - hu)
	if in := cover(-lung, edge); in > 0 {
		air := t.lungHU(x, y, z)
		if mask&(1<<rightOblique|1<<rightHorizontal|1<<leftOblique) != 0 {
			air += 190 * fissure(d, edge)
		}
		hu += in * (air - hu)
	}
	return hu
}

// Organs under the diaphragm: liver to the right of liverEdge mm, stomach and
// spleen to its left.
const (
	liverHU, stomachHU = 58, 34
	liverEdge          = 12.
)

// inner is what lies inside the ribs and outside the lungs.
func (t *atlas) inner(d *[surfaces]float32, wall, x, y, z float32, l look) float32 {
	a, edge := t.a, l.edge
	q := volume.Vec3{t.lo[0] + float64(x)*cellMM, t.lo[1] + float64(y)*cellMM, t.lo[2] + float64(z)*cellMM}
	// The mediastinum is fat with its organs drawn into it later.
	hu := wall
	if s := cavityShape(volume.Vec3{q[0] / a.size[0], q[1] / a.size[1], q[2] / a.size[2]}); s < 0 {
		hu += cover(float32(-.06-s)*70, 3) * (float32(a.fat) + 12 - hu)
	}
	hu += cover(-d[heartSurface], edge) * (l.heart - hu)
	if in := cover(-d[abdomenSurface], edge); in > 0 {
		organ := liverHU + cover(float32(q[0]-liverEdge), 6)*(stomachHU-liverHU)
		hu += in * (organ - hu)
	}
	return hu
}

func (t *atlas) lungHU(x, y, z float32) float32 {
	mm := t.lo[1] + float64(y)*cellMM
	const toGrain = cellMM / grainMM
	g := t.grain[(int(z*toGrain)%grainSide*grainSide+int(y*toGrain)%grainSide)*grainSide+int(x*toGrain)%grainSide]
	return float32(t.a.lungTop+t.a.lungPerMM*(mm+90)) + g
}

// fissure is the coverage of the thin sheets between lobes.
func fissure(d *[surfaces]float32, edge float32) float32 {
	thin := func(v float32) float32 { return max(0, 1-abs(v)/(edge*.9)) }
	if d[leftLung] < d[rightLung] {
		return thin(d[leftOblique])
	}
	f := thin(d[rightOblique])
	if d[rightOblique] > 0 {
		f = max(f, .8*thin(d[rightHorizontal]))
	}
	return f
}

// cover is the share of a cell that lies inside, depth mm from its centre to
// the surface.
func cover(depth, edge float32) float32 { return min(max(.5+depth/edge, 0), 1) }

func abs(v float32) float32 { return max(v, -v) }
