package phantom

import (
	"math"
	"math/rand/v2"

	"nafas/inference/volume"
)

var (
	bone   = paint{hu: 190, shellMM: 1.3, shellHU: 850, over: true}
	cortex = paint{hu: 780, over: true}
	marrow = paint{hu: 170, over: true}
)

// skeleton paints spine, ribs with their cartilage, sternum, collar bones and
// shoulder blades.
func (a *anatomy) skeleton(c *canvas, rng *rand.Rand) {
	a.spine(c, rng)
	for i := range 12 {
		for _, side := range [2]float64{-1, 1} {
			a.rib(c, i, side, rng)
		}
	}
	a.sternum(c)
	for _, side := range [2]float64{-1, 1} {
		a.shoulder(c, side)
	}
}

// vertebraMM is the distance from one vertebra to the next.
const vertebraMM = 25.

func (a *anatomy) spine(c *canvas, rng *rand.Rand) {
	for n := -8; n <= 7; n++ {
		z := float64(n) * vertebraMM
		y := spineY(z, a.kyphosis)
		half := 16 - .02*z
		at := func(x, dy, dz float64) volume.Vec3 { return a.real(volume.Vec3{x, y + dy, z + dz}) }
		// Body and the disc under it.
		c.bar(at(0, 0, -7), at(0, 0, 7), volume.Vec3{0, 1, 0}, half*.85, half, 4, bone)
		c.bar(at(0, 0, -15), at(0, 0, -10), volume.Vec3{0, 1, 0}, half*.8, half*.95, 2, paint{hu: 85, over: true})
		// Arch around the canal, processes.
		c.tube(at(0, 24, -8), at(0, 24, 8), 8, 8, paint{hu: 30, over: true})
		for _, s := range [2]float64{-1, 1} {
			c.tube(at(s*10, 12, 2), at(s*12, 25, 0), 4, 4.5, bone)
			c.tube(at(s*12, 25, 0), at(s*2, 36, -4), 4, 4, bone)
			c.tube(at(s*12, 25, 0), at(s*32, 30, 2), 5, 4, bone)
		}
		c.tube(at(0, 37, -5), at(0, 50, -22), 3.5, 3.5, bone)
		if rng.IntN(4) == 0 { // a spur beside the disc, against the lung
			s := float64(1 - 2*rng.IntN(2))
			c.tube(at(s*(half-2), -4, -12), at(s*(half+3), -6, -10), 4, 3, paint{hu: 420, over: true})
		}
	}
}

// rib runs along the cavity's wall from the spine forward and down; its front
// quarter is cartilage.
func (a *anatomy) rib(c *canvas, i int, side float64, rng *rand.Rand) {
	head := 118 - 24*float64(i)          // z at the spine
	drop := 62 + 6*float64(min(i, 7))    // z lost on the way
	end := min(.97, 1.35-.07*float64(i)) // how far round it goes, 1 at the sternum
	if i < 7 {
		end = .97
	}
	cartilage := paint{hu: 95 + 30*rng.Float64(), shellMM: 1, shellHU: 140 + 120*rng.Float64(), over: true}
	const steps = 44
	var path, normals [steps + 1]volume.Vec3
	for s := range path {
		t := float64(s) / steps * end
		angle := math.Pi * (.5 - t*.985) // +90 degrees is the back, -90 the front
		z := head - drop*math.Pow(t, 1.3)
		r := a.wallRadius(angle, z, 6.5)
		p := volume.Vec3{side * r * math.Cos(angle), r * math.Sin(angle), z}
		if t < .09 {
			// The neck leaves the wall for the vertebra.
			f := 1 - t/.09
			p = p.Scale(1 - f).Add(volume.Vec3{side * 17, spineY(head, a.kyphosis) + 8, head}.Scale(f))
		}
		path[s] = a.real(p)
		normals[s] = volume.Vec3{side * math.Cos(angle), math.Sin(angle), 0}
	}
	front := min(int(.78/end*steps), steps)
	// All of the cortex first, so that no piece's end lies in another's marrow.
	for s := 1; s <= steps; s++ {
		if s > front {
			c.bar(path[s-1], path[s], normals[s], 4.2, 6.5, 4, cartilage)
		} else {
			c.bar(path[s-1], path[s], normals[s], 3.7, 6.2, 3.6, cortex)
		}
	}
	for s := 1; s < front; s++ {
		c.bar(path[s-1], path[s], normals[s], 2.3, 4.7, 2.3, marrow)
	}
}

// wallRadius is the distance from the axis to the cavity's wall plus some mm,
// in the direction of an angle in the axial plane.
func (a *anatomy) wallRadius(angle, z, plusMM float64) float64 {
	sin, cos := math.Sincos(angle)
	lo, hi := 0., 200.
	for range 24 {
		mid := (lo + hi) / 2
		// The shape without its apical narrowing below the first ribs.
		if cavityShape(volume.Vec3{mid * cos, mid * sin, min(z, 82)}) < 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + plusMM
}

func (a *anatomy) sternum(c *canvas) {
	const steps = 12
	var last volume.Vec3
	for s := range steps + 1 {
		z := 62 - 135*float64(s)/steps
		q := a.real(volume.Vec3{0, -a.wallRadius(-math.Pi/2, z, 8), z})
		if s > 0 {
			c.bar(last, q, volume.Vec3{0, 1, 0}, 5, 17-.06*math.Abs(z-50), 5, bone)
		}
		last = q
	}
}

func (a *anatomy) shoulder(c *canvas, side float64) {
	at := func(x, y, z float64) volume.Vec3 { return a.real(volume.Vec3{side * x, y, z}) }
	c.path([]volume.Vec3{at(16, -80, 86), at(60, -74, 106), at(115, -40, 122), at(150, -10, 126)}, []float64{8, 6, 5.5, 6}, bone)
	// The blade: strips side by side.
	for s := range 7 {
		f := float64(s) / 6
		c.bar(at(88+34*f, 88-22*f, 108), at(100+28*f, 92-24*f, 28+40*f), volume.Vec3{side * .5, .86, 0}, 2.6, 5, 3, bone)
	}
}
