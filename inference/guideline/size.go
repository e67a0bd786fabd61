package guideline

import (
	"math"
	"strconv"
)

// Sizes are compared as whole tenths of mm, since a sum of decimal fractions in
// floating point falls on either side of a bound.

func tenths(mm float64) int { return int(math.Round(mm * 10)) }

// twentieths is the mean diameter in units of 0.05 mm, in which the mean of two
// axes of 0.1 mm is exact; 0 where not measured.
func (n Nodule) twentieths() int {
	if n.ShortMM > 0 {
		return tenths(n.LongMM) + tenths(n.ShortMM)
	}
	return 2 * tenths(n.MeanMM)
}

// meanMM is the mean diameter to 0.1 mm, halves upwards; 0 where not measured.
func (n Nodule) meanMM() float64 { return float64((n.twentieths()+1)/2) / 10 }

// wholeMeanMM is the mean diameter to whole mm, halves upwards, rounded once.
func (n Nodule) wholeMeanMM() float64 { return float64((n.twentieths() + 10) / 20) }

// solidMM is the solid part's mean diameter to 0.1 mm; 0 where not measured.
func (n Nodule) solidMM() float64 { return float64(tenths(n.SolidPartMM)) / 10 }

// volumeMM3 is the volume to 1 mm3; 0 where it may not be used.
func (n Nodule) volumeMM3() float64 {
	if !n.VolumeReliable {
		return 0
	}
	return math.Round(n.VolumeMM3)
}

// sized says whether there is any size that may be used.
func (n Nodule) sized() bool { return n.twentieths() > 0 || n.volumeMM3() > 0 }

// span is a range of sizes, times or probabilities. A bound of 0 is none.
type span struct{ atLeast, above, below, upTo float64 }

// has says whether a value lies in the range; a range without bounds has all.
func (s span) has(v float64) bool {
	return v >= s.atLeast && (s.above == 0 || v > s.above) && (s.below == 0 || v < s.below) && (s.upTo == 0 || v <= s.upTo)
}

// open says that there is no bound.
func (s span) open() bool { return s == span{} }

// String is the range as a table shows it; "" where it has no bound.
func (s span) String() string {
	text := ""
	for _, b := range []struct {
		sign string
		v    float64
	}{{"≥", s.atLeast}, {">", s.above}, {"<", s.below}, {"≤", s.upTo}} {
		if b.v == 0 {
			continue
		}
		if text != "" {
			text += " "
		}
		text += b.sign + strconv.FormatFloat(b.v, 'f', -1, 64)
	}
	return text
}
