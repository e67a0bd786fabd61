package froc

import "math"

// Rates are the false marks per scan at which sensitivity is read; CPM is the
// mean over them.
func Rates() []float64 { return []float64{0.125, 0.25, 0.5, 1, 2, 4, 8} }

// Point is a point of the curve: what is found, and at how many false marks,
// where every mark with at least Score counts.
type Point struct {
	// Score is +Inf at the first point, where no mark counts.
	Score             float64
	FalseMarksPerScan float64
	// Sensitivity is NaN where there is no nodule.
	Sensitivity float64
}

// view is a part of what was matched, ready to be swept: the entries of some
// scans and some nodules.
type view struct {
	// entries by falling score; their scan indexes nodules.
	entries []entry
	// nodules counts those of each scan, found or missed; groups are the names
	// of the scans' groups.
	nodules []int
	groups  []string
	total   int
}

// choose takes the scans and nodules that the functions let through; nil lets
// all through. Nodules that are left out are neither found nor missed, and the
// marks on them are no false marks. False marks count wherever their scan does.
func (m *matched) choose(scan func(Scan) bool, nodule func(Nodule) bool) view {
	place := make([]int, len(m.scans))
	v := view{}
	for i, s := range m.scans {
		if place[i] = -1; scan == nil || scan(s) {
			place[i] = len(v.nodules)
			v.nodules, v.groups = append(v.nodules, 0), append(v.groups, s.Group)
		}
	}
	counts := make([]bool, len(m.nodules))
	for i, n := range m.nodules {
		if at := place[n.scan]; at >= 0 && (nodule == nil || nodule(n.Nodule)) {
			counts[i] = true
			v.nodules[at]++
			v.total++
		}
	}
	for _, e := range m.entries {
		if at := place[e.scan]; at >= 0 && (e.nodule < 0 || counts[e.nodule]) {
			v.entries = append(v.entries, entry{at, e.nodule, e.score})
		}
	}
	return v
}

// sweep lowers the score through all its values and calls visit after each
// with the sums so far. weights says how often each scan counts; nil is once.
func (v *view) sweep(weights []int, visit func(score float64, found, falseMarks int)) {
	found, falseMarks := 0, 0
	for i, e := range v.entries {
		w := 1
		if weights != nil {
			w = weights[e.scan]
		}
		if e.nodule < 0 {
			falseMarks += w
		} else {
			found += w
		}
		if i+1 == len(v.entries) || v.entries[i+1].score != e.score {
			visit(e.score, found, falseMarks)
		}
	}
}

// curve is the whole curve, from (0,0).
func (v *view) curve() []Point {
	share := func(found int) float64 { return float64(found) / float64(v.total) }
	points := []Point{{math.Inf(1), 0, share(0)}}
	v.sweep(nil, func(score float64, found, falseMarks int) {
		points = append(points, Point{score, float64(falseMarks) / float64(len(v.nodules)), share(found)})
	})
	return points
}

// interpolate reads the sensitivity at rising rates of false marks per scan,
// linearly between two points of the curve. Where several points share a rate
// the last and highest counts, and beyond the last point the curve stays where
// it is: what numpy.interp does. Without a nodule there is no sensitivity
// (NaN).
func (v *view) interpolate(out, rates []float64, weights []int) {
	total, scans := v.total, float64(len(v.nodules))
	if weights != nil {
		total, scans = 0, 0
		for i, n := range v.nodules {
			total += n * weights[i]
			scans += float64(weights[i])
		}
	}
	if total == 0 {
		for i := range out {
			out[i] = math.NaN()
		}
		return
	}
	next, rate, sensitivity := 0, 0.0, 0.0
	v.sweep(weights, func(_ float64, found, falseMarks int) {
		r, s := float64(falseMarks)/scans, float64(found)/float64(total)
		for ; next < len(rates) && rates[next] < r; next++ {
			out[next] = sensitivity + (s-sensitivity)*(rates[next]-rate)/(r-rate)
		}
		rate, sensitivity = r, s
	})
	for ; next < len(rates); next++ {
		out[next] = sensitivity
	}
}

// scoreAt returns the lowest score at which there are no more false marks per
// scan than rate; NaN where even the best mark is one too many.
func (v *view) scoreAt(rate float64) float64 {
	score := math.NaN()
	v.sweep(nil, func(s float64, _, falseMarks int) {
		if float64(falseMarks)/float64(len(v.nodules)) <= rate {
			score = s
		}
	})
	return score
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
