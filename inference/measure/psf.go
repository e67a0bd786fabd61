package measure

import "math"

// blurMM is the standard deviation of the scanner's blur and of interpolation
// together, in every direction: one for all scans, since edges of nodules do not
// tell it from their own softness.
const blurMM = .7

// leastBlurred is the smallest half radius, in units of the blur, that a radius
// can be told from: a mere point has 1.18.
const leastBlurred = 1.25

// blurred is the height, at a distance from its centre, of a ball of height 1
// under an isotropic Gaussian blur: all in units of the blur's standard
// deviation.
func blurred(at, radius float64) float64 {
	at = max(at, 1e-3)
	a, b := (radius-at)/math.Sqrt2, (radius+at)/math.Sqrt2
	return (math.Erf(a)+math.Erf(b))/2 - (math.Exp(-a*a)-math.Exp(-b*b))/(at*math.Sqrt(2*math.Pi))
}

// halfRadius is where a blurred ball has half of the height of its own centre.
func halfRadius(radius float64) float64 {
	half := blurred(0, radius) / 2
	return falls(0, radius+4, func(at float64) bool { return blurred(at, radius) > half })
}

// trueRadius is the radius of the ball whose half height lies at a radius, in
// units of the blur, and the height of its centre.
func trueRadius(half float64) (radius, height float64) {
	radius = falls(.3, half+4, func(r float64) bool { return halfRadius(r) < half })
	return radius, blurred(0, radius)
}

// falls finds by bisection where a condition that holds at lo ends.
func falls(lo, hi float64, holds func(float64) bool) float64 {
	for range 40 {
		if mid := (lo + hi) / 2; holds(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}
