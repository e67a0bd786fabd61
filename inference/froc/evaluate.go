package froc

import (
	"context"
	"math"
	"strconv"
)

// Defaults of Options.
const (
	DefaultMostMarks = 100
	DefaultResamples = 1000
	DefaultSeed      = 1
)

// Options tune an evaluation; the zero value is LUNA16's protocol.
type Options struct {
	// MostMarks bounds the marks of one scan; 0 means DefaultMostMarks,
	// negative leaves all.
	MostMarks int
	// Draw makes the resamples of a number of groups of scans (of scans, where
	// no group is named); nil means DefaultResamples drawn with DefaultSeed.
	Draw func(groups int) Resamples
	// Thresholds are scores at which to count, as a model's operating points.
	Thresholds []Threshold
}

func (o Options) mostMarks() int {
	if o.MostMarks == 0 {
		return DefaultMostMarks
	}
	return max(o.MostMarks, 0)
}

// draw makes the resamples of a view's scans: those of one group move together.
func (o Options) draw(v *view) Resamples {
	draw := o.Draw
	if draw == nil {
		draw = func(groups int) Resamples { return Draw(DefaultSeed, DefaultResamples, groups) }
	}
	members, groups := grouped(v.groups)
	return draw(groups).spread(members)
}

// Performance is how well a set of scans or nodules was read. JSON names are
// an interface: docs/evaluate.md.
type Performance struct {
	Scans int `json:"scans"`
	// Groups is what the intervals resample: Scan.Group, else scans. An
	// interval of one or two says nothing.
	Groups           int `json:"groups"`
	ScansWithNodules int `json:"scans_with_nodules"`
	Nodules          int `json:"nodules"`
	// Detected are the nodules with a mark of any score.
	Detected int `json:"detected"`
	// FalseMarks of any score, all together, per scan and per nodule.
	FalseMarks          int    `json:"false_marks"`
	FalseMarksPerScan   Number `json:"false_marks_per_scan"`
	FalseMarksPerNodule Number `json:"false_marks_per_nodule"`
	// CPM is the mean sensitivity over Rates.
	CPM Number `json:"cpm"`
	// Sensitivity is by rate, written as a decimal number ("0.125").
	Sensitivity map[string]Number `json:"sensitivity"`
	// Intervals (95%) are of "cpm" and of the sensitivity by rate.
	Intervals map[string]Bounds `json:"intervals"`
	// OperatingPoints are the same by rate, in order, with what else is known
	// of them.
	OperatingPoints []OperatingPoint `json:"operating_points"`
}

// OperatingPoint is one rate of false marks on the curve.
type OperatingPoint struct {
	FalseMarksPerScan   Number `json:"false_marks_per_scan"`
	FalseMarksPerNodule Number `json:"false_marks_per_nodule"`
	Sensitivity         Number `json:"sensitivity"`
	Interval            Bounds `json:"interval"`
	// Score is the lowest at which these scans show no more false marks; null
	// where the best mark is one too many.
	Score Number `json:"score"`
}

// Evaluation is all that is computed of a Set.
type Evaluation struct {
	// Performance over all nodules, excluded findings passed over where they
	// are given.
	Performance
	// ExcludedFindings counts those of the listed scans.
	ExcludedFindings int `json:"excluded_findings"`
	// WithoutExcluded takes marks on excluded findings as false; nil where none
	// are given.
	WithoutExcluded *Performance `json:"without_excluded"`
	Marks           MarkCounts   `json:"marks"`
	// Unlisted rows are of series that are not among the scans: not counted.
	Unlisted          Unlisted          `json:"unlisted"`
	ScansWithoutMarks int               `json:"scans_without_marks"`
	Thresholds        []ThresholdResult `json:"thresholds"`
	Diameter          DiameterError     `json:"diameter"`
	Strata            []Stratum         `json:"strata"`
	// Curves are to be drawn: the main one, then the one without excluded
	// findings where there is one.
	Curves []Curve `json:"-"`
}

// Curve is a whole curve and its band.
type Curve struct {
	// ExcludedFalse says that marks on excluded findings are false here.
	ExcludedFalse bool
	Points        []Point
	Band          []BandPoint
	CPM           Number
	CPMInterval   Bounds
}

// BandPoint is the curve at a rate between the first and the last of Rates,
// with its 95% interval.
type BandPoint struct {
	FalseMarksPerScan, Sensitivity Number
	Interval                       Bounds
}

// DiameterError compares the diameter of the best mark on a nodule with the
// nodule's, over the nodules that were hit and where both are known.
type DiameterError struct {
	Nodules int `json:"nodules"`
	// MeanAbsoluteMM is the mean of the absolute differences, MeanMM that of
	// mark less nodule.
	MeanAbsoluteMM Number `json:"mean_absolute_mm"`
	MeanMM         Number `json:"mean_mm"`
}

// Evaluate computes everything. The errors are ErrInput and ctx's, which is
// looked at between two parts of the work.
func Evaluate(ctx context.Context, s Set, o Options) (*Evaluation, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	m := match(s, o.mostMarks(), true)
	e := &Evaluation{
		Marks: m.counts, Unlisted: s.Unlisted(), ScansWithoutMarks: withoutMarks(s),
		Diameter: diameterError(m.nodules), ExcludedFindings: len(s.Excluded) - s.Unlisted().Excluded,
	}
	all := m.choose(nil, nil)
	draws := o.draw(&all)
	performance, curve := all.performance(draws, bandRates(), everySixteenth)
	e.Performance, e.Curves = performance, []Curve{curve}
	for _, t := range o.Thresholds {
		e.Thresholds = append(e.Thresholds, all.at(t, draws))
	}
	if len(s.Excluded) > 0 && ctx.Err() == nil {
		without := match(s, o.mostMarks(), false)
		all := without.choose(nil, nil)
		performance, curve := all.performance(draws, bandRates(), everySixteenth)
		curve.ExcludedFalse = true
		e.WithoutExcluded, e.Curves = &performance, append(e.Curves, curve)
	}
	var err error
	if e.Strata, err = strata(ctx, &m, o); err != nil {
		return nil, err
	}
	return e, ctx.Err()
}

// The band has sixteen rates an octave from 1/8 to 8; the seven of Rates are
// every sixteenth.
const stepsPerOctave = 16

var everySixteenth = []int{0, 16, 32, 48, 64, 80, 96}

func bandRates() []float64 {
	rates := make([]float64, 6*stepsPerOctave+1)
	for i := range rates {
		rates[i] = math.Exp2(float64(i)/stepsPerOctave - 3)
	}
	return rates
}

// performance computes a view's figures; at says where Rates are among rates.
func (v *view) performance(draws Resamples, rates []float64, at []int) (Performance, Curve) {
	p := v.count()
	sensitivity := make([]float64, len(rates))
	v.interpolate(sensitivity, rates, nil)
	intervals, cpm := v.intervals(draws, rates, at)
	curve := Curve{Points: v.curve(), CPMInterval: boundsOf(cpm)}
	for i, rate := range rates {
		curve.Band = append(curve.Band, BandPoint{Number(rate), Number(sensitivity[i]), boundsOf(intervals[i])})
	}
	p.Sensitivity, p.Intervals = map[string]Number{}, map[string]Bounds{"cpm": boundsOf(cpm)}
	var seven []float64
	for _, i := range at {
		seven = append(seven, sensitivity[i])
		name := strconv.FormatFloat(rates[i], 'f', -1, 64)
		p.Sensitivity[name], p.Intervals[name] = Number(sensitivity[i]), boundsOf(intervals[i])
		p.OperatingPoints = append(p.OperatingPoints, OperatingPoint{
			FalseMarksPerScan:   Number(rates[i]),
			FalseMarksPerNodule: ratio(rates[i]*float64(p.Scans), p.Nodules),
			Sensitivity:         Number(sensitivity[i]), Interval: boundsOf(intervals[i]),
			Score: Number(v.scoreAt(rates[i])),
		})
	}
	p.CPM = Number(mean(seven))
	curve.CPM = p.CPM
	return p, curve
}

// count fills in what needs no curve.
func (v *view) count() Performance {
	_, groups := grouped(v.groups)
	p := Performance{Scans: len(v.nodules), Groups: groups, Nodules: v.total}
	for _, n := range v.nodules {
		if n > 0 {
			p.ScansWithNodules++
		}
	}
	for _, e := range v.entries {
		if e.nodule < 0 {
			p.FalseMarks++
		} else {
			p.Detected++
		}
	}
	p.FalseMarksPerScan = ratio(float64(p.FalseMarks), p.Scans)
	p.FalseMarksPerNodule = ratio(float64(p.FalseMarks), p.Nodules)
	return p
}

// ratio is a/n; it does not exist where n is 0.
func ratio(a float64, n int) Number {
	if n == 0 {
		return Number(math.NaN())
	}
	return Number(a / float64(n))
}

func withoutMarks(s Set) int {
	marked := map[string]bool{}
	for _, m := range s.Marks {
		marked[m.SeriesUID] = true
	}
	n := 0
	for _, scan := range s.Scans {
		if !marked[scan.SeriesUID] {
			n++
		}
	}
	return n
}

func diameterError(nodules []target) DiameterError {
	var absolute, signed []float64
	for _, n := range nodules {
		if !math.IsNaN(n.sizeErrorMM) {
			absolute, signed = append(absolute, math.Abs(n.sizeErrorMM)), append(signed, n.sizeErrorMM)
		}
	}
	return DiameterError{Nodules: len(signed), MeanAbsoluteMM: Number(mean(absolute)), MeanMM: Number(mean(signed))}
}
