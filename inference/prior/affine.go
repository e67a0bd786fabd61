package prior

import "nafas/inference/volume"

// affine maps a place of one exam to the other's coordinates, both LPS mm:
// q = rows * (p - about) + to.
type affine struct {
	rows      [3]volume.Vec3
	about, to volume.Vec3
}

// shift is the affine that moves one place onto another and turns nothing.
func shift(about, to volume.Vec3) affine {
	return affine{rows: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, about: about, to: to}
}

func (a affine) apply(p volume.Vec3) volume.Vec3 { return a.linear(p.Sub(a.about)).Add(a.to) }

// linear maps a step.
func (a affine) linear(d volume.Vec3) volume.Vec3 {
	return volume.Vec3{a.rows[0].Dot(d), a.rows[1].Dot(d), a.rows[2].Dot(d)}
}

// determinant is the volume after over the volume before.
func (a affine) determinant() float64 { return a.rows[0].Dot(a.rows[1].Cross(a.rows[2])) }

func (a affine) inverse() affine {
	r, det := a.rows, a.determinant()
	c := [3]volume.Vec3{
		r[1].Cross(r[2]).Scale(1 / det), r[2].Cross(r[0]).Scale(1 / det), r[0].Cross(r[1]).Scale(1 / det),
	}
	out := affine{about: a.to, to: a.about}
	for n := range 3 {
		out.rows[n] = volume.Vec3{c[0][n], c[1][n], c[2][n]}
	}
	return out
}

// then adds a small change: of the linear part, row by row, and of the place.
func (a affine) then(change [3]volume.Vec3, move volume.Vec3) affine {
	out := a
	for n := range 3 {
		for m := range 3 {
			for k := range 3 {
				out.rows[n][m] += change[n][k] * a.rows[k][m]
			}
		}
	}
	out.to = a.to.Add(move)
	return out
}

// orthonormal takes the stretch out of the rows (Gram-Schmidt): what rounding
// and linearised turns leave behind.
func (a affine) orthonormal() affine {
	x := a.rows[0].Unit()
	y := a.rows[1].Sub(x.Scale(a.rows[1].Dot(x))).Unit()
	a.rows = [3]volume.Vec3{x, y, x.Cross(y)}
	return a
}
