package guideline

import "fmt"

// year is the longest interval that counts as 12 months, in days.
const year = 366

// LungRADSGrowth is the state of a nodule by Lung-RADS v2022: growth is a mean
// diameter up by strictly more than 1.5 mm within 12 months. More than 1.5 mm
// over a longer time is growth where the yearly rate is above 1.5 mm, else slow
// growth (this package's reading). Any other change is Stable. Diameters in mm,
// read to 0.1; days between the exams. Errors: ErrInput.
//
// The "2 mm3" that stands beside it is the volume of a sphere of 1.5 mm, not a
// difference of two volumes, and is not used.
func LungRADSGrowth(nowMM, priorMM float64, days int) (State, error) {
	if err := twoSizes(nowMM, priorMM, days); err != nil {
		return StateUnknown, err
	}
	change := tenths(nowMM) - tenths(priorMM)
	switch {
	case change <= 15:
		return Stable, nil
	case days <= year, float64(change)*365 > 15*float64(days):
		return Growing, nil
	}
	return SlowlyGrowing, nil
}

// FleischnerGrowth is the state of a nodule by Fleischner 2017: growth is a mean
// diameter up by 2 mm or more. Diameters in mm, read to 0.1. Errors: ErrInput.
func FleischnerGrowth(nowMM, priorMM float64) (State, error) {
	if err := twoSizes(nowMM, priorMM, 1); err != nil {
		return StateUnknown, err
	}
	if tenths(nowMM)-tenths(priorMM) >= 20 {
		return Growing, nil
	}
	return Stable, nil
}

// growthByVolume is the share of volume by which a nodule grows in BTS 2015 and
// NELSON: up by 25% or more.
const growthByVolume = 1.25

// BTSGrowth is the state of a nodule by BTS 2015: growth is a volume up by 25%
// or more. Volumes in mm3. Errors: ErrInput, ErrNotComparable.
func BTSGrowth(nowMM3, priorMM3 float64, comparable Answer) (State, error) {
	if err := twoSizes(nowMM3, priorMM3, 1); err != nil {
		return StateUnknown, err
	}
	if err := mayCompare(comparable); err != nil {
		return StateUnknown, err
	}
	if nowMM3 >= growthByVolume*priorMM3 {
		return Growing, nil
	}
	return Stable, nil
}

// NELSONGrowth is the state of a nodule by NELSON: growth is a volume up by 25%
// or more with a doubling time below 400 days. Volumes in mm3; days between the
// exams. Errors: ErrInput, ErrNotComparable.
func NELSONGrowth(nowMM3, priorMM3 float64, days int, comparable Answer) (State, error) {
	d, err := DoublingTime(nowMM3, priorMM3, days, comparable)
	if err != nil {
		return StateUnknown, err
	}
	if nowMM3 >= growthByVolume*priorMM3 && !d.StableOrShrinking && d.Days < 400 {
		return Growing, nil
	}
	return Stable, nil
}

func twoSizes(now, prior float64, days int) error {
	if !(now > 0 && now <= 1e8 && prior > 0 && prior <= 1e8) {
		return fmt.Errorf("%w: sizes of %v now and %v before: both must be measured, above 0", ErrInput, now, prior)
	}
	if days < 1 {
		return fmt.Errorf("%w: an interval of %d days: give 1 or more", ErrInput, days)
	}
	return nil
}
