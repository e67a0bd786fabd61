package patches

import (
	"math"
	"math/rand/v2"

	"nafas/inference/volume"
)

// warp bends a patch smoothly: every axis is displaced by waves along the two
// others, so that volumes stay and straight ribs, fissures and vessels become
// those of another patient. Displacements are patch voxels at patch positions.
type warp [3][3]wave // displaced axis, axis along which; none along itself

// wave displaces by height * sin(turn * (x - shift)).
type wave struct{ height, turn, shift float64 }

const (
	// warped is the share of patches that are bent.
	warped = .7
	// The waves' lengths in voxels (25 to 80 mm) and their greatest slope: two
	// of them shear a nodule into an ellipsoid of 1.3 at most.
	leastWave, mostWave, mostSlope = 20., 64., .25
)

func drawWarp(rng *rand.Rand) warp {
	var w warp
	if rng.Float64() >= warped {
		return w
	}
	for a := range 3 {
		for b := range 3 {
			if a == b {
				continue
			}
			length := leastWave + (mostWave-leastWave)*rng.Float64()
			turn := 2 * math.Pi / length
			w[a][b] = wave{height: mostSlope * rng.Float64() / turn, turn: turn, shift: length * rng.Float64()}
		}
	}
	return w
}

func (w *wave) at(x float64) float64 {
	if w.height == 0 {
		return 0
	}
	return w.height * math.Sin(w.turn*(x-w.shift))
}

// along is the displacement that depends on the position along one axis.
func (w *warp) along(b int, x float64) (d volume.Vec3) {
	for a := range 3 {
		d[a] = w[a][b].at(x)
	}
	return d
}

// at is the displacement of a patch position.
func (w *warp) at(p volume.Vec3) (d volume.Vec3) {
	for b := range 3 {
		d = d.Add(w.along(b, p[b]))
	}
	return d
}

// undo finds the position that is displaced to p. The slopes are below one
// half, so each step halves the error.
func (w *warp) undo(p volume.Vec3) volume.Vec3 {
	const steps = 20
	q := p
	for range steps {
		q = p.Sub(w.at(q))
	}
	return q
}

// reach is the greatest displacement of an axis.
func (w *warp) reach(a int) (most float64) {
	for _, v := range w[a] {
		most += v.height
	}
	return most
}
