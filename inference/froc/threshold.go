package froc

import "math"

// Threshold is a score at which to count; marks with exactly this score are
// in, as findings are.
type Threshold struct {
	// Name says what the score is: an operating point of the model, or "".
	Name  string
	Score float64
}

// ThresholdResult is what a reader sees where every mark with at least Score is
// shown.
type ThresholdResult struct {
	Name     string `json:"name"`
	Score    Number `json:"score"`
	Detected int    `json:"detected"`
	Nodules  int    `json:"nodules"`
	// Sensitivity is Detected of Nodules, with the bootstrap's interval over
	// scans and Wilson's over nodules.
	Sensitivity Number `json:"sensitivity"`
	Interval    Bounds `json:"interval"`
	Wilson      Bounds `json:"wilson"`
	FalseMarks  int    `json:"false_marks"`
	// FalseMarksPerScan has the bootstrap's interval.
	FalseMarksPerScan         Number `json:"false_marks_per_scan"`
	FalseMarksPerScanInterval Bounds `json:"false_marks_per_scan_interval"`
	FalseMarksPerNodule       Number `json:"false_marks_per_nodule"`
}

// at counts at a threshold.
func (v *view) at(t Threshold, draws Resamples) ThresholdResult {
	found, falseMarks := make([]int, len(v.nodules)), make([]int, len(v.nodules))
	for _, e := range v.entries {
		switch {
		case e.score < t.Score:
		case e.nodule < 0:
			falseMarks[e.scan]++
		default:
			found[e.scan]++
		}
	}
	r := ThresholdResult{Name: t.Name, Score: Number(t.Score), Nodules: v.total}
	for i := range v.nodules {
		r.Detected += found[i]
		r.FalseMarks += falseMarks[i]
	}
	var sensitivities, rates []float64
	for _, weights := range draws.weights {
		f, n, wrong, scans := 0, 0, 0, 0
		for i, w := range weights {
			f, n, wrong, scans = f+w*found[i], n+w*v.nodules[i], wrong+w*falseMarks[i], scans+w
		}
		s := math.NaN()
		if n > 0 {
			s = float64(f) / float64(n)
		}
		sensitivities, rates = append(sensitivities, s), append(rates, float64(wrong)/float64(scans))
	}
	r.Sensitivity, r.Interval = ratio(float64(r.Detected), r.Nodules), boundsOf(interval(sensitivities))
	r.Wilson = boundsOf(Wilson95(r.Detected, r.Nodules))
	r.FalseMarksPerScan, r.FalseMarksPerScanInterval = ratio(float64(r.FalseMarks), len(v.nodules)), boundsOf(interval(rates))
	r.FalseMarksPerNodule = ratio(float64(r.FalseMarks), r.Nodules)
	return r
}
