package froc

import (
	"math"
	"strconv"
)

// Number is a value in a report: nine significant digits in JSON, and null
// where it does not exist (NaN), as a sensitivity without nodules.
type Number float64

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	if !finite(float64(n)) {
		return []byte("null"), nil
	}
	return []byte(n.String()), nil
}

// UnmarshalJSON implements json.Unmarshaler; null is NaN.
func (n *Number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	v, err := strconv.ParseFloat(string(data), 64)
	*n = Number(v)
	return err
}

// String is the number with at most nine significant digits; "" where it does not exist.
func (n Number) String() string {
	if !finite(float64(n)) {
		return ""
	}
	return strconv.FormatFloat(float64(n), 'g', 9, 64)
}

// Bounds are the ends of a 95% interval.
type Bounds [2]Number

func boundsOf(i Interval) Bounds { return Bounds{Number(i.Low), Number(i.High)} }
