// Package quality counts what readers made of a detector's marks, with intervals,
// and writes the same as tables that an evaluation reads. It knows no store and no
// page.
package quality

import (
	"cmp"
	"slices"

	"nafas/inference/froc"
	"nafas/internal/triage/review"
)

// Study is a study that is signed off: its series that have a result, or marks of
// readers.
type Study struct{ Series []Series }

// Series is a series and what is said of places in it.
type Series struct {
	UID string
	// Read: there is a result, of which the other fields are. A series without one
	// has marks of readers alone, and is not counted.
	Read bool
	// Scanner, Kernel and Model are "" where they are not known; the lengths 0.
	Scanner, Kernel, Model string
	ThicknessMM, SpacingMM float64
	Places                 []Place
}

// Standing is what a reader made of a place.
type Standing string

// The standings.
const (
	// Accepted: a finding that the reader agrees with. Rejected, Unsure: one that
	// he does not, or not surely.
	Accepted Standing = "accepted"
	Rejected Standing = "rejected"
	Unsure   Standing = "unsure"
	// Unanswered: a finding of a study that is signed off, of which nothing is said.
	Unanswered Standing = "unanswered"
	// Added: a mark of a reader.
	Added Standing = "added"
)

// Place is a finding of a series' present result, or a mark that a reader added.
type Place struct {
	Standing    Standing
	CenterLPSMM [3]float64
	DiameterMM  float64
	// Kind is the reader's where he says one, else what was measured; Category is
	// the reader's.
	Kind, Category string
	// Cause goes with Rejected.
	Cause review.Cause
	// Rank, Score and Flagged are a finding's.
	Rank    int
	Score   float64
	Flagged bool
	// DrawnOn is the series on which the mark was drawn, where that is another one
	// of the same study, which was not read; "" otherwise.
	DrawnOn string
}

// Of a study whose readers drew on a series that was not read, the marks belong to
// the first one that was: what was missed in it must not get lost. Both are in
// patient coordinates.
func (s Study) gathered() Study {
	first := slices.IndexFunc(s.Series, func(x Series) bool { return x.Read })
	if first < 0 {
		return s
	}
	out := Study{Series: slices.Clone(s.Series)}
	into := &out.Series[first]
	into.Places = slices.Clone(into.Places)
	for _, x := range s.Series {
		if x.Read {
			continue
		}
		for _, p := range x.Places {
			p.DrawnOn = x.UID
			into.Places = append(into.Places, p)
		}
	}
	out.Series = slices.DeleteFunc(out.Series, func(x Series) bool { return !x.Read })
	return out
}

// Quality is what readers accepted and rejected.
type Quality struct {
	All Stratum
	// The strata of each division; those that hold no scan are absent.
	Scanners, Kernels, Thickness, Models []Stratum
	// Causes count why flagged findings were rejected, the most frequent first.
	Causes []CauseCount
}

// Stratum counts over the scans (series with a result) of one kind. But for Added,
// only flagged findings count.
type Stratum struct {
	Name                                   string
	Scans, Marks                           int
	Accepted, Rejected, Unsure, Unanswered int
	Added                                  int
	// The numbers per scan have bootstrap intervals over scans.
	AcceptedPerScan, RejectedPerScan Interval
	// AcceptedShare is accepted of accepted and rejected, FoundShare accepted of
	// accepted and added, with Wilson's interval.
	AcceptedShare, FoundShare Interval
}

// Interval is a value with its 95 % interval. Known is false, and the rest 0, where
// nothing counts.
type Interval struct {
	Known            bool
	Value, Low, High float64
}

// CauseCount counts rejections by cause.
type CauseCount struct {
	Cause review.Cause
	Count int
}

const (
	resamples = 1000
	seed      = froc.DefaultSeed
)

// Of counts studies that are signed off. The same studies in the same order have
// the same intervals.
func Of(studies []Study) Quality {
	scans := scansOf(studies)
	out := Quality{
		All:      stratum("", scans),
		Scanners: divided(scans, func(s Series) string { return cmp.Or(s.Scanner, froc.Unknown) }, nil),
		Kernels:  divided(scans, func(s Series) string { return cmp.Or(s.Kernel, froc.Unknown) }, nil),
		Thickness: divided(scans, func(s Series) string { return froc.ThicknessRange(s.ThicknessMM) },
			froc.ThicknessRanges()),
		Models: divided(scans, func(s Series) string { return cmp.Or(s.Model, froc.Unknown) }, nil),
		Causes: causes(scans),
	}
	return out
}

func scansOf(studies []Study) []Series {
	var out []Series
	for _, study := range studies {
		for _, s := range study.gathered().Series {
			if s.Read {
				out = append(out, s)
			}
		}
	}
	return out
}

// divided has a stratum for each name, in the given order, or sorted.
func divided(scans []Series, name func(Series) string, order []string) []Stratum {
	by := map[string][]Series{}
	for _, s := range scans {
		by[name(s)] = append(by[name(s)], s)
	}
	if order == nil {
		for n := range by {
			order = append(order, n)
		}
		slices.Sort(order)
	}
	out := []Stratum{}
	for _, n := range order {
		if len(by[n]) > 0 {
			out = append(out, stratum(n, by[n]))
		}
	}
	return out
}

func stratum(name string, scans []Series) Stratum {
	out := Stratum{Name: name, Scans: len(scans)}
	accepted, rejected := make([]int, len(scans)), make([]int, len(scans))
	for i, s := range scans {
		n := s.counts()
		accepted[i], rejected[i] = n[Accepted], n[Rejected]
		out.Accepted += n[Accepted]
		out.Rejected += n[Rejected]
		out.Unsure += n[Unsure]
		out.Unanswered += n[Unanswered]
		out.Added += n[Added]
	}
	out.Marks = out.Accepted + out.Rejected + out.Unsure + out.Unanswered
	between := froc.MeanIntervals(seed, resamples, accepted, rejected)
	out.AcceptedPerScan = perScan(out.Accepted, out.Scans, between[0])
	out.RejectedPerScan = perScan(out.Rejected, out.Scans, between[1])
	out.AcceptedShare = share(out.Accepted, out.Accepted+out.Rejected)
	out.FoundShare = share(out.Accepted, out.Accepted+out.Added)
	return out
}

// counts are of flagged findings, and of marks that readers added.
func (s Series) counts() map[Standing]int {
	out := map[Standing]int{}
	for _, p := range s.Places {
		if p.Flagged || p.Standing == Added {
			out[p.Standing]++
		}
	}
	return out
}

func perScan(count, scans int, between froc.Interval) Interval {
	if scans == 0 {
		return Interval{}
	}
	return Interval{Known: true, Value: float64(count) / float64(scans), Low: between.Low, High: between.High}
}

func share(k, n int) Interval {
	if n == 0 {
		return Interval{}
	}
	between := froc.Wilson95(k, n)
	return Interval{Known: true, Value: float64(k) / float64(n), Low: between.Low, High: between.High}
}

func causes(scans []Series) []CauseCount {
	count := map[review.Cause]int{}
	for _, s := range scans {
		for _, p := range s.Places {
			if p.Flagged && p.Standing == Rejected {
				count[p.Cause]++
			}
		}
	}
	out := []CauseCount{}
	for _, c := range review.Causes {
		if count[c] > 0 {
			out = append(out, CauseCount{c, count[c]})
		}
	}
	slices.SortStableFunc(out, func(a, b CauseCount) int { return cmp.Compare(b.Count, a.Count) })
	return out
}
