package triage

import (
	"nafas/dicomio"
	"nafas/inference/measure"
)

// Measurement is what was measured of a finding, with the image that its axes
// lie on.
type Measurement struct {
	// Measurement has no mask: Body is it. Its Slice counts as that of a Finding.
	measure.Measurement
	// Method names the method and its version.
	Method string
	// SOPInstanceUID and Frame are as in Finding, of Slice.
	SOPInstanceUID string
	Frame          int
	// Body is empty where the measurement is not to be relied on.
	Body Body
}

// Body is the voxels of a finding, in the grid of the series: a box, and a bit
// for each of its voxels.
type Body struct {
	// First is the index (column, row, slice) of the box's first voxel, Size its
	// size.
	First, Size [3]int
	// Bits: column fastest, then row, then slice; the lowest bit of a byte first.
	Bits []byte
}

// In says of each voxel of the box whether it belongs to the body; nil where
// Bits are not those of the box.
func (b Body) In() []bool {
	voxels := b.Size[0] * b.Size[1] * b.Size[2]
	if voxels <= 0 || len(b.Bits) != (voxels+7)/8 {
		return nil
	}
	in := make([]bool, voxels)
	for i := range in {
		in[i] = b.Bits[i/8]>>(i%8)&1 == 1
	}
	return in
}

func packed(m measure.Mask) Body {
	b := Body{First: m.Lo, Size: m.Size, Bits: make([]byte, (len(m.Set)+7)/8)}
	for i, set := range m.Set {
		if set != 0 {
			b.Bits[i/8] |= 1 << (i % 8)
		}
	}
	return b
}

// measured gives a measurement the image of its axes; nil stays nil.
func measured(a *dicomio.Assembled, m *measure.Measurement) *Measurement {
	if m == nil {
		return nil
	}
	out := &Measurement{Measurement: *m, Method: measure.Method}
	out.Mask = measure.Mask{}
	if m.HasBody() {
		out.Slice = nearestSlice(a.Slices, float64(m.Slice))
		out.SOPInstanceUID, out.Frame = a.Slices[out.Slice].SOPInstanceUID, a.Slices[out.Slice].Frame
	}
	if m.Reliable() {
		out.Body = packed(m.Mask)
	}
	return out
}

// DiameterBy is who gave a diameter.
type DiameterBy string

// The sources of a diameter.
const (
	ByMeasurement DiameterBy = "measured"
	ByDetector    DiameterBy = "detector"
)

// Reliable is the measurement where it can be shown as such, else nil: results
// of earlier versions have none.
func (f Finding) Reliable() *Measurement {
	if f.Measured != nil && f.Measured.Reliable() {
		return f.Measured
	}
	return nil
}

// Diameter is the mean diameter to show, mm, and who gave it.
func (f Finding) Diameter() (float64, DiameterBy) {
	if m := f.Reliable(); m != nil {
		return m.MeanDiameterMM, ByMeasurement
	}
	return f.MeanDiameterMM, ByDetector
}
