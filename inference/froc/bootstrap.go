package froc

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Resamples says how often each group of scans, or each scan, counts in each
// resample: marks and nodules of one scan move together.
type Resamples struct{ weights [][]int }

// Draw makes resamples of scans with replacement, each of as many scans as
// there are. The same arguments give the same resamples.
func Draw(seed uint64, resamples, scans int) Resamples {
	rng := rand.New(rand.NewPCG(seed, 0))
	r := Resamples{weights: make([][]int, resamples)}
	for b := range r.weights {
		r.weights[b] = make([]int, scans)
		for range scans {
			r.weights[b][rng.IntN(scans)]++
		}
	}
	return r
}

// ResamplesOf takes resamples as lists of scan indexes, each as long as there
// are scans: those that another program drew.
func ResamplesOf(indexes [][]int, scans int) Resamples {
	r := Resamples{weights: make([][]int, len(indexes))}
	for b, list := range indexes {
		r.weights[b] = make([]int, scans)
		for _, i := range list {
			r.weights[b][i]++
		}
	}
	return r
}

// grouped numbers the groups of scans in the order in which they first come.
func grouped(names []string) (members []int, groups int) {
	at := map[string]int{}
	for _, name := range names {
		group, known := at[name]
		if name == "" || !known {
			group = groups
			groups++
		}
		if name != "" {
			at[name] = group
		}
		members = append(members, group)
	}
	return members, groups
}

// spread gives each scan the weight of its group.
func (r Resamples) spread(members []int) Resamples {
	out := Resamples{weights: make([][]int, len(r.weights))}
	for b, groups := range r.weights {
		out.weights[b] = make([]int, len(members))
		for i, group := range members {
			out.weights[b][i] = groups[group]
		}
	}
	return out
}

// Interval holds the middle 95% of the resamples: the values at the sorted
// places floor(0.025 n) and floor(0.975 n). Resamples in which the value does
// not exist, since they drew no nodule, are left out; both ends are NaN where
// none is left.
type Interval struct{ Low, High float64 }

// interval orders values and takes its ends.
func interval(values []float64) Interval {
	values = slices.DeleteFunc(values, math.IsNaN)
	n := len(values)
	if n == 0 {
		return Interval{math.NaN(), math.NaN()}
	}
	slices.Sort(values)
	return Interval{values[n*25/1000], values[n*975/1000]}
}

// intervals bootstraps the sensitivity at rising rates, and the mean over the
// rates that inMean names.
func (v *view) intervals(r Resamples, rates []float64, inMean []int) (at []Interval, cpm Interval) {
	columns := make([][]float64, len(rates)+1)
	for c := range columns {
		columns[c] = make([]float64, len(r.weights))
	}
	row, seven := make([]float64, len(rates)), make([]float64, len(inMean))
	for b, weights := range r.weights {
		v.interpolate(row, rates, weights)
		for c, s := range row {
			columns[c][b] = s
		}
		for i, c := range inMean {
			seven[i] = row[c]
		}
		columns[len(rates)][b] = mean(seven)
	}
	at = make([]Interval, len(rates))
	for c := range at {
		at[c] = interval(columns[c])
	}
	return at, interval(columns[len(rates)])
}

// MeanIntervals bootstraps the mean of each column over scans, whose counts in one
// resample are drawn together: all columns are as long as there are scans. The
// same arguments give the same intervals; without scans both ends are NaN. It
// keeps no resample, so that there may be many scans.
func MeanIntervals(seed uint64, resamples int, columns ...[]int) []Interval {
	out := make([]Interval, len(columns))
	means := make([][]float64, len(columns))
	scans := 0
	for _, counts := range columns {
		scans = len(counts)
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	for b := 0; scans > 0 && b < resamples; b++ {
		sums := make([]int, len(columns))
		for range scans {
			i := rng.IntN(scans)
			for c, counts := range columns {
				sums[c] += counts[i]
			}
		}
		for c, sum := range sums {
			means[c] = append(means[c], float64(sum)/float64(scans))
		}
	}
	for c := range out {
		out[c] = interval(means[c])
	}
	return out
}

// Wilson95 is the Wilson score interval of k out of n (Wilson, JASA 22, 1927),
// NaN where n is 0. It takes the n as independent of each other.
func Wilson95(k, n int) Interval {
	if n == 0 {
		return Interval{math.NaN(), math.NaN()}
	}
	const z = 1.959963984540054 // the normal distribution's 97.5% point
	p, m := float64(k)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Interval{max(0, centre-half), min(1, centre+half)}
}
