package prior

import (
	"context"
	"math"

	"nafas/inference/volume"
)

// registration lays the current exam onto the earlier one.
type registration struct {
	whole affine
	// marks are the landmarks that were found again, and misses by how much the
	// affine misses each, in the earlier exam's mm.
	marks  []landmark
	misses []volume.Vec3
	// overlap is the Dice coefficient of the lungs, agreement the share of the
	// landmarks that were found again where their neighbours say.
	overlap, agreement float64
	ok                 bool
}

const (
	// A landmark is looked for by what lies within markMM of it, in two rounds
	// that reach so far.
	markMM                = 12.0
	markStepMM            = 3.0
	firstReach, lastReach = 15.0, 9.0
	// leastLike is the correlation from which a landmark may count, strayMM how
	// far from where the others say.
	leastLike, strayMM = .5, 6.0
)

// register lays the lungs over each other by their surfaces, then by vessels.
func register(ctx context.Context, current, earlier *Exam) (*registration, error) {
	whole, ok, err := layLungs(ctx, current, earlier)
	r := &registration{whole: whole, ok: ok}
	if err != nil || !ok {
		return r, err
	}
	from, in := lungImage(current), lungImage(earlier)
	marks := landmarks(from, current.Field)
	for _, reach := range [2]float64{firstReach, lastReach} {
		if err := r.look(ctx, marks, from, in, reach); err != nil {
			return r, err
		}
		r.fit()
	}
	r.agreement = r.agreeing(earlier.Volume.Grid, marks)
	r.overlap = dice(current, earlier, r.whole)
	r.ok = r.overlap >= leastOverlap && r.agreement >= leastAgreement && r.plausible()
	return r, nil
}

// look searches every landmark.
func (r *registration) look(ctx context.Context, marks []landmark, from, in *image, reach float64) error {
	err := each(ctx, len(marks), func(i int) {
		m := &marks[i]
		p := cut(from, in, m.at, r.whole, markMM, 0, markStepMM)
		m.found = p.search(r.place(m.at), reach, markStepMM, .7)
	})
	r.marks = r.marks[:0:0]
	for _, m := range marks {
		if m.found.likeness >= leastLike {
			r.marks = append(r.marks, m)
		}
	}
	return err
}

// fit lays an affine through the landmarks; those that stray count little.
func (r *registration) fit() {
	const rounds, softMM = 8, 3.0
	for range rounds {
		e := normal{n: 12}
		for n := 3; n < e.n; n++ {
			e.a[n][n] = 1
		}
		for _, m := range r.marks {
			q := r.whole.apply(m.at)
			arm, miss := q.Sub(r.whole.to), m.found.at.Sub(q)
			far := miss.Norm() / softMM
			weight := m.found.likeness / (1 + far*far)
			for a := range 3 {
				var along volume.Vec3
				along[a] = 1
				row := equation(along, arm, 12)
				e.add(&row, miss[a], weight)
			}
		}
		x, ok := e.solve()
		if !ok || len(r.marks) < 12 {
			break
		}
		r.whole = moved(r.whole, &x, 12)
	}
	r.misses = make([]volume.Vec3, len(r.marks))
	for i, m := range r.marks {
		r.misses[i] = m.found.at.Sub(r.whole.apply(m.at))
	}
}

// nearMM is how far a landmark tells how its surroundings moved.
const nearMM = 25.0

// place is where the earlier exam has a place of the current one, as the affine
// and the landmarks around say.
func (r *registration) place(p volume.Vec3) volume.Vec3 { return r.without(p, -1) }

func (r *registration) without(p volume.Vec3, left int) volume.Vec3 {
	const doubt = .3 // the affine counts as much as so many landmarks nearby
	var sum volume.Vec3
	weights := doubt
	for i, miss := range r.misses {
		d := r.marks[i].at.Sub(p).Norm() / nearMM
		far := miss.Norm() / strayMM
		if i == left || d > 3 || far > 3 {
			continue
		}
		w := math.Exp(-d*d/2) / (1 + far*far)
		sum, weights = sum.Add(miss.Scale(w)), weights+w
	}
	return r.whole.apply(p).Add(sum.Scale(1 / weights))
}

// agreeing is the share of the landmarks that lie in the earlier scan which were
// found again near to where the others say.
func (r *registration) agreeing(scan volume.Grid, all []landmark) float64 {
	seen, agree := 0, 0
	for _, m := range all {
		if within(scan, r.whole.apply(m.at), markMM) {
			seen++
		}
	}
	for i, m := range r.marks {
		if within(scan, r.whole.apply(m.at), markMM) && m.found.at.Sub(r.without(m.at, i)).Norm() <= strayMM {
			agree++
		}
	}
	if seen < leastMarks {
		return 0
	}
	return float64(agree) / float64(seen)
}

const (
	leastOverlap   = .8
	leastAgreement = .4
	// leastMarks are needed to tell.
	leastMarks = 12
	// Lungs are stretched by breath between these, along any direction.
	leastStretch, mostStretch = .75, 1.33
)

// plausible tells whether a breath may have stretched the lungs so.
func (r *registration) plausible() bool {
	for _, row := range r.whole.rows {
		if n := row.Norm(); n < leastStretch || n > mostStretch {
			return false
		}
	}
	d := r.whole.determinant()
	return d > leastStretch*leastStretch && d < mostStretch*mostStretch
}

// dice compares the lungs where both scans are.
func dice(current, earlier *Exam, a affine) float64 {
	g := current.Field.Grid
	var one, other, both int
	apart := !fused(current.Field) && !fused(earlier.Field)
	for k := 0; k < g.Size[2]; k += coarse {
		for j := 0; j < g.Size[1]; j += coarse {
			for i := 0; i < g.Size[0]; i += coarse {
				q := a.apply(g.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)}))
				if !within(earlier.Volume.Grid, q, 0) {
					continue
				}
				x, y := current.Field.Mask[g.Index(i, j, k)], labelAt(earlier.Field, q)
				if x != 0 {
					one++
				}
				if y != 0 {
					other++
				}
				if x != 0 && y != 0 && (!apart || x == y) {
					both++
				}
			}
		}
	}
	if one+other == 0 {
		return 0
	}
	return 2 * float64(both) / float64(one+other)
}
