package compare

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"nafas/inference/froc"
)

// shift is what became of the best score of one study, and of its flag.
type shift struct {
	flaggedBefore, flaggedAfter bool
	by                          float64
}

func (s shift) newly() bool   { return s.flaggedAfter && !s.flaggedBefore }
func (s shift) dropped() bool { return s.flaggedBefore && !s.flaggedAfter }

// division counts by a name. Scores have four decimals, so that counting by shifts
// of 1e-4 loses nothing and takes at most 20,001 counters a stratum, however many
// studies there are.
type division map[string]*tally

type tally struct {
	Stratum
	shifts map[int]int
}

// mostNames bounds the strata of a division: what manufacturers call themselves is
// theirs to choose. Names that come later count together as Others.
const mostNames = 200

// Others names the stratum of names beyond the first 200.
const Others = "others"

func (d division) add(name string, s shift) {
	t := d[name]
	if t == nil {
		if len(d) >= mostNames && name != froc.Unknown {
			name = Others
		}
		if t = d[name]; t == nil {
			t = &tally{Stratum: Stratum{Name: name}, shifts: map[int]int{}}
			d[name] = t
		}
	}
	t.Studies++
	t.shifts[tenThousandths(s.by)]++
	t.NewlyFlagged += one(s.newly())
	t.Stratum.Dropped += one(s.dropped())
	t.FlaggedBefore += one(s.flaggedBefore)
	t.FlaggedAfter += one(s.flaggedAfter)
}

// strata are in the given order, or by name; Others and unknown come last.
func (d division) strata(order []string) []Stratum {
	place := func(name string) int {
		switch {
		case order != nil:
			return slices.Index(order, name)
		case name == froc.Unknown:
			return 2
		case name == Others:
			return 1
		}
		return 0
	}
	names := slices.SortedFunc(maps.Keys(d), func(x, y string) int {
		return cmp.Or(cmp.Compare(place(x), place(y)), cmp.Compare(x, y))
	})
	out := []Stratum{}
	for _, name := range names {
		s := d[name].Stratum
		s.Shift = quartiles(d[name].shifts, s.Studies)
		out = append(out, s)
	}
	return out
}

// quartiles are of n numbers that are counted by their ten thousandths.
func quartiles(counts map[int]int, n int) Quartiles {
	sorted := slices.Sorted(maps.Keys(counts))
	at := func(place int) float64 {
		for _, value := range sorted {
			if place -= counts[value]; place < 0 {
				return float64(value) / 10_000
			}
		}
		return math.NaN() // n is not their sum
	}
	quantile := func(p float64) float64 {
		h := float64(n-1) * p
		below := int(h)
		low := at(below)
		if h == float64(below) {
			return low
		}
		return low + (h-float64(below))*(at(below+1)-low)
	}
	return Quartiles{quantile(0.25), quantile(0.5), quantile(0.75)}
}
