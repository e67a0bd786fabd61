package prior

import "math"

// normal gathers the normal equations of a least-squares fit.
type normal struct {
	n int
	a [12][12]float64
	b [12]float64
}

// add adds one equation: row * x = value.
func (s *normal) add(row *[12]float64, value, weight float64) {
	for i := range s.n {
		w := weight * row[i]
		s.b[i] += w * value
		for j := range i + 1 {
			s.a[i][j] += w * row[j]
		}
	}
}

// solve is Cholesky's; ok is false where the equations do not fix every unknown.
func (s *normal) solve() (x [12]float64, ok bool) {
	for j := range s.n {
		for k := range j {
			s.a[j][j] -= s.a[j][k] * s.a[j][k]
		}
		if !(s.a[j][j] > 1e-9) {
			return x, false
		}
		s.a[j][j] = math.Sqrt(s.a[j][j])
		for i := j + 1; i < s.n; i++ {
			for k := range j {
				s.a[i][j] -= s.a[i][k] * s.a[j][k]
			}
			s.a[i][j] /= s.a[j][j]
		}
	}
	for i := range s.n {
		x[i] = s.b[i]
		for k := range i {
			x[i] -= s.a[i][k] * x[k]
		}
		x[i] /= s.a[i][i]
	}
	for i := s.n - 1; i >= 0; i-- {
		for k := i + 1; k < s.n; k++ {
			x[i] -= s.a[k][i] * x[k]
		}
		x[i] /= s.a[i][i]
	}
	return x, true
}
