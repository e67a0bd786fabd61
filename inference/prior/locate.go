package prior

import "nafas/inference/volume"

// direction goes from the places of one exam to those of the other.
type direction struct {
	from, in   *image
	fromE, inE *Exam
	linear     affine
	start      func(p volume.Vec3) volume.Vec3
}

func toEarlier(r *registration, current, earlier *Exam) *direction {
	return &direction{
		from: newImage(current.Volume), in: newImage(earlier.Volume), fromE: current, inE: earlier,
		linear: r.whole, start: r.place,
	}
}

func toCurrent(r *registration, current, earlier *Exam) *direction {
	back := r.whole.inverse()
	return &direction{
		from: newImage(earlier.Volume), in: newImage(current.Volume), fromE: earlier, inE: current,
		linear: back, start: func(q volume.Vec3) volume.Vec3 {
			p := back.apply(q)
			for range 3 { // the landmarks' part is small and smooth
				p = p.Add(back.linear(q.Sub(r.place(p))))
			}
			return p
		},
	}
}

// place is where the other exam has a place.
type place struct {
	at volume.Vec3
	// seen: the other scan shows it. sure: what lies around it was found there.
	seen, sure bool
	likeness   float64
}

const (
	// What is looked for around a finding lies within aroundMM of its border, and
	// within leastAroundMM and mostAroundMM of its middle.
	aroundMM                     = 12.0
	leastAroundMM, mostAroundMM  = 18.0, 32.0
	aroundStepMM                 = 2.0
	localReachMM, localFineMM    = 6.0, .5
	holeMM, holeShare            = 2.0, .6 // left out: the finding itself, of any size
	sureLike                     = .55
	leastSpreadHU                = 40.0
	seenMarginMM, seenNearLungMM = 3.0, 3.0
)

// locate finds the place by what lies around the finding; the finding itself does
// not count, since it may be new or of another size.
func (d *direction) locate(f *Finding) place {
	p, diameter := f.center(), f.size()
	start := d.start(p)
	out := place{at: start}
	radius := min(max(diameter/2+aroundMM, leastAroundMM), mostAroundMM)
	hole := min(holeShare*diameter+holeMM, radius-6)
	step := aroundStepMM * radius / leastAroundMM
	if around := cut(d.from, d.in, p, d.linear, radius, hole, step); around.spread() >= leastSpreadHU {
		found := around.search(start, localReachMM, step, localFineMM)
		out.likeness = found.likeness
		if found.likeness >= sureLike {
			out.at, out.sure = found.at, true
		}
	}
	out.seen = within(d.inE.Volume.Grid, out.at, diameter/2+seenMarginMM) && d.inE.Field.Allows(out.at)
	return out
}
