package froc

import (
	"cmp"
	"math"
	"slices"
)

// MarkCounts says what became of the marks of the listed scans.
type MarkCounts struct {
	// Total are all; Cut are those beyond the best of their scan.
	Total int `json:"total"`
	Cut   int `json:"cut"`
	// OnNodules hit a nodule. Repeated are those of them that are not the best
	// of any nodule: ignored, not false.
	OnNodules int `json:"on_nodules"`
	Repeated  int `json:"repeated"`
	// OnSeveral hit more than one nodule and count for each.
	OnSeveral int `json:"on_several"`
	// OnExcluded hit an excluded finding and no nodule: neither hit nor false.
	OnExcluded int `json:"on_excluded"`
	// False are all the others.
	False int `json:"false"`
}

// entry is what the curve is made of: a nodule that was hit, with the best
// score of its marks, or a false mark (nodule -1).
type entry struct {
	scan, nodule int
	score        float64
}

// target is a nodule of a listed scan.
type target struct {
	Nodule
	scan int
	// hit says that a mark lies on it; sizeErrorMM is then the difference of
	// the best mark's diameter to the nodule's, NaN where one is unknown.
	hit         bool
	sizeErrorMM float64
}

// matched are marks laid on nodules.
type matched struct {
	scans   []Scan
	nodules []target
	// entries by falling score.
	entries []entry
	counts  MarkCounts
}

// match lays the marks of every scan on its nodules, the included ones first.
// most bounds the marks of a scan, 0 leaves all; useExcluded says whether
// excluded findings swallow the marks on them.
func match(s Set, most int, useExcluded bool) matched {
	m := matched{scans: s.Scans}
	at := s.index()
	marks := byScan(s.Marks, at, func(m Mark) string { return m.SeriesUID })
	nodules := byScan(s.Nodules, at, func(n Nodule) string { return n.SeriesUID })
	excluded := make([][]Nodule, len(s.Scans))
	if useExcluded {
		excluded = byScan(s.Excluded, at, func(n Nodule) string { return n.SeriesUID })
	}
	for i := range s.Scans {
		m.scan(i, marks[i], nodules[i], excluded[i], most)
	}
	slices.SortStableFunc(m.entries, func(a, b entry) int { return cmp.Compare(b.score, a.score) })
	return m
}

func byScan[T any](list []T, at map[string]int, series func(T) string) [][]T {
	out := make([][]T, len(at))
	for _, v := range list {
		if i, ok := at[series(v)]; ok {
			out[i] = append(out[i], v)
		}
	}
	return out
}

func (m *matched) scan(scan int, all []Mark, nodules, excluded []Nodule, most int) {
	marks := best(all, most)
	m.counts.Total += len(all)
	m.counts.Cut += len(all) - len(marks)
	hits := make([]int, len(marks)) // nodules that a mark lies on
	top := make([]bool, len(marks)) // the best mark of a nodule
	for _, n := range nodules {
		t := target{Nodule: n, scan: scan, sizeErrorMM: math.NaN()}
		first := -1
		for i, mark := range marks {
			if !n.hitBy(mark) {
				continue
			}
			hits[i]++
			if first < 0 || mark.Score > marks[first].Score {
				first = i
			}
		}
		if t.hit = first >= 0; t.hit {
			top[first] = true
			if n.DiameterMM > 0 && marks[first].DiameterMM > 0 {
				t.sizeErrorMM = marks[first].DiameterMM - n.DiameterMM
			}
			m.entries = append(m.entries, entry{scan, len(m.nodules), marks[first].Score})
		}
		m.nodules = append(m.nodules, t)
	}
	for i, mark := range marks {
		switch {
		case hits[i] > 0:
			m.counts.OnNodules++
			if !top[i] {
				m.counts.Repeated++
			}
			if hits[i] > 1 {
				m.counts.OnSeveral++
			}
		case slices.ContainsFunc(excluded, func(n Nodule) bool { return n.hitBy(mark) }):
			m.counts.OnExcluded++
		default:
			m.counts.False++
			m.entries = append(m.entries, entry{scan, -1, mark.Score})
		}
	}
}

// best keeps the marks with a score strictly above that of the first one too
// many: marks that tie with it go too, so that fewer than most may be left.
func best(marks []Mark, most int) []Mark {
	if most <= 0 || len(marks) <= most {
		return marks
	}
	scores := make([]float64, len(marks))
	for i, m := range marks {
		scores[i] = m.Score
	}
	slices.SortFunc(scores, func(a, b float64) int { return cmp.Compare(b, a) })
	kept := make([]Mark, 0, most)
	for _, m := range marks {
		if m.Score > scores[most] {
			kept = append(kept, m)
		}
	}
	return kept
}
