package prior

import (
	"math"

	"nafas/inference/lung"
	"nafas/inference/volume"
)

// landmark is a place in the lung that can be told from its neighbours: where
// vessels of several directions meet.
type landmark struct {
	at    volume.Vec3
	found found
}

const (
	// cellMM is the side of the cells that each give one landmark.
	cellMM = 38.0
	// latticeMM are the steps between places that may be one.
	latticeMM = 8.0
	// wallMM is the distance from the lung's surface that it needs: the wall says
	// nothing of where along it a place is.
	wallMM = 8.0
	// cornerMM is the radius of what is looked at.
	cornerMM = 8.0
)

// landmarks picks them, in the order of their places.
func landmarks(im *image, f *lung.Field) (out []landmark) {
	type cell [3]int
	best, where := map[cell]float64{}, map[cell]int{}
	step := int(latticeMM / f.Grid.SpacingMM[0])
	for k := 0; k < f.Grid.Size[2]; k += step {
		for j := 0; j < f.Grid.Size[1]; j += step {
			for i := 0; i < f.Grid.Size[0]; i += step {
				p := f.Grid.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)})
				if !deep(f, p) {
					continue
				}
				c := corner(im, p)
				d := p.Sub(f.Grid.OriginLPSMM)
				in := cell{int(d[0] / cellMM), int(d[1] / cellMM), int(d[2] / cellMM)}
				n, have := where[in]
				switch {
				case c <= best[in]:
				case have:
					best[in], out[n].at = c, p
				default:
					best[in], where[in] = c, len(out)
					out = append(out, landmark{at: p})
				}
			}
		}
	}
	return out
}

func deep(f *lung.Field, p volume.Vec3) bool {
	if !has(f, p) {
		return false
	}
	for a := range 3 {
		for _, s := range [2]float64{-wallMM, wallMM} {
			q := p
			if q[a] += s; !has(f, q) {
				return false
			}
		}
	}
	return true
}

// corner is the smallest eigenvalue of the structure tensor around a place: how
// much the densities change along the direction in which they change least.
func corner(im *image, p volume.Vec3) float64 {
	const stepMM = 4.0
	n := int(cornerMM / stepMM)
	var t [6]float64
	q := im.ToIndex(p)
	for z := -n; z <= n; z++ {
		for y := -n; y <= n; y++ {
			for x := -n; x <= n; x++ {
				d := volume.Vec3{float64(x), float64(y), float64(z)}.Scale(stepMM)
				g, ok := slope(im, q.Add(im.voxels(d)))
				if !ok || d.Norm() > cornerMM {
					continue
				}
				t[0], t[1], t[2] = t[0]+g[0]*g[0], t[1]+g[1]*g[1], t[2]+g[2]*g[2]
				t[3], t[4], t[5] = t[3]+g[0]*g[1], t[4]+g[0]*g[2], t[5]+g[1]*g[2]
			}
		}
	}
	return leastEigenvalue(t)
}

// slope is the change of density per voxel along i, j, k.
func slope(im *image, q volume.Vec3) (g volume.Vec3, ok bool) {
	for a := range 3 {
		lo, hi := q, q
		lo[a]--
		hi[a]++
		x, okX := im.at(lo)
		y, okY := im.at(hi)
		if !okX || !okY {
			return g, false
		}
		g[a] = float64(y-x) / 2
	}
	return g, true
}

// leastEigenvalue is that of a symmetric matrix (xx, yy, zz, xy, xz, yz).
func leastEigenvalue(t [6]float64) float64 {
	mean := (t[0] + t[1] + t[2]) / 3
	off := t[3]*t[3] + t[4]*t[4] + t[5]*t[5]
	a, b, c := t[0]-mean, t[1]-mean, t[2]-mean
	p := math.Sqrt((a*a + b*b + c*c + 2*off) / 6)
	if p == 0 {
		return mean
	}
	det := a*b*c + 2*t[3]*t[4]*t[5] - a*t[5]*t[5] - b*t[4]*t[4] - c*t[3]*t[3]
	angle := math.Acos(min(max(det/(2*p*p*p), -1), 1)) / 3
	return mean + 2*p*math.Cos(angle+2*math.Pi/3)
}
