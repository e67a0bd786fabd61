package prior

import (
	"math"

	"nafas/inference/volume"
)

const (
	rigidSteps, affineSteps = 25, 15
	// mostMM bounds what one point counts, outMM is what one counts that leaves
	// the other scan.
	mostMM, outMM = 15.0, 6.0
	// holdMM2 damps each step of the stretch, per point: far less than what points
	// on a lung's surface say of it.
	holdMM2 = 8.0
)

// settle fits from one start, and says what the fit costs: the mean distance in
// mm; infinite where too few points lie in the scan.
func settle(s []surface, scan volume.Grid, a affine) (affine, float64) {
	for step := range rigidSteps + affineSteps {
		unknowns := 6
		if step >= rigidSteps {
			unknowns = 12
		}
		e := normal{n: unknowns}
		points := 0.0
		for _, one := range s {
			for _, p := range one.points {
				q := a.apply(p)
				mm, grows, ok := one.to.at(q)
				if !ok || !within(scan, q, nearEndMM) {
					continue
				}
				points++
				row := equation(grows, q.Sub(a.to), unknowns)
				e.add(&row, -mm, 5/(5+math.Abs(mm)))
			}
		}
		for n := 3; n < unknowns; n++ {
			e.a[n][n] += holdMM2 * points
		}
		x, ok := e.solve()
		if !ok {
			return a, math.Inf(1)
		}
		a = moved(a, &x, unknowns)
	}
	return a, cost(s, scan, a)
}

// equation is how the distance of a place changes with the unknowns: three moves,
// then three turns, or the nine of a linear part.
func equation(grows, arm volume.Vec3, unknowns int) (row [12]float64) {
	copy(row[:3], grows[:])
	if unknowns == 6 {
		turn := arm.Cross(grows)
		copy(row[3:6], turn[:])
		return row
	}
	for n := range 3 {
		for m := range 3 {
			row[3+3*n+m] = grows[n] * arm[m]
		}
	}
	return row
}

func moved(a affine, x *[12]float64, unknowns int) affine {
	move := volume.Vec3{x[0], x[1], x[2]}
	if unknowns == 6 {
		return a.then([3]volume.Vec3{{0, -x[5], x[4]}, {x[5], 0, -x[3]}, {-x[4], x[3], 0}}, move).orthonormal()
	}
	return a.then([3]volume.Vec3{{x[3], x[4], x[5]}, {x[6], x[7], x[8]}, {x[9], x[10], x[11]}}, move)
}

func cost(s []surface, scan volume.Grid, a affine) float64 {
	sum, in, all := 0.0, 0, 0
	for _, one := range s {
		for _, p := range one.points {
			q := a.apply(p)
			mm, _, ok := one.to.at(q)
			all++
			if !ok || !within(scan, q, nearEndMM) {
				sum += outMM
				continue
			}
			in++
			sum += min(math.Abs(mm), mostMM)
		}
	}
	if float64(in) < leastShare*float64(all) || all == 0 {
		return math.Inf(1)
	}
	return sum / float64(all)
}
