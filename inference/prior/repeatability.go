package prior

import (
	"math"

	"nafas/inference/measure"
)

// leastLogError is the least 95 % half-width of the logarithm of a ratio of
// volumes: two scans of an unchanged nodule differ by up to 25 % (BTS 2015;
// +-27 % in Marchiano et al., Radiology 251, 2009).
var leastLogError = math.Log(1.25)

// logVolumeError is what one of two measurements adds, squared, to the 95 %
// half-width.
func logVolumeError(m *measure.Measurement, sliceMM float64) float64 {
	d := equivalentMM(m)
	if subsolid(m) {
		return .15 + 1.5/d
	}
	return .1 + 1/d
}

// diameterErrorMM is that of the mean diameter.
func diameterErrorMM(m *measure.Measurement, sliceMM float64) float64 {
	if subsolid(m) {
		return 1.5
	}
	return 1
}
