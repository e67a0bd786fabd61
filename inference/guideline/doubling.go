package guideline

import (
	"errors"
	"fmt"
	"math"
)

// ErrNotComparable: two volumes were measured at different slice thickness or
// kernel, or nobody said that they were not. It is wrapped with what to do.
var ErrNotComparable = errors.New("volumes are not comparable")

// Doubling is a volume doubling time.
type Doubling struct {
	// StableOrShrinking: the nodule is not larger than before, so that it has no
	// doubling time, and Days is 0.
	StableOrShrinking bool
	// Days is the doubling time, above 0 where there is one.
	Days float64
}

// DoublingTime is days x ln 2 / ln(V2/V1), from two volumes in mm3. Errors:
// ErrInput; ErrNotComparable unless the volumes are said to be comparable.
func DoublingTime(nowMM3, priorMM3 float64, days int, comparable Answer) (Doubling, error) {
	if err := twoSizes(nowMM3, priorMM3, days); err != nil {
		return Doubling{}, err
	}
	if err := mayCompare(comparable); err != nil {
		return Doubling{}, err
	}
	return doubling(math.Log(nowMM3/priorMM3), days), nil
}

// DoublingTimeFromDiameters is days x ln 2 / (3 x ln(d2/d1)), from two mean
// diameters in mm. Errors: ErrInput.
func DoublingTimeFromDiameters(nowMM, priorMM float64, days int) (Doubling, error) {
	if err := twoSizes(nowMM, priorMM, days); err != nil {
		return Doubling{}, err
	}
	return doubling(3*math.Log(nowMM/priorMM), days), nil
}

func doubling(logRatio float64, days int) Doubling {
	if !(logRatio > 0) {
		return Doubling{StableOrShrinking: true}
	}
	return Doubling{Days: float64(days) * math.Ln2 / logRatio}
}

func mayCompare(comparable Answer) error {
	switch comparable {
	case Yes:
		return nil
	case No:
		return fmt.Errorf("%w: slice thickness or kernel differ: compare series of the same reconstruction", ErrNotComparable)
	case Unsaid:
		return fmt.Errorf("%w: nobody said that they are: compare slice thickness and kernel first", ErrNotComparable)
	}
	return fmt.Errorf("%w: comparability is yes, no or empty", ErrInput)
}
