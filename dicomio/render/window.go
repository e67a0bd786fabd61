package render

import (
	"errors"
	"fmt"
	"image"
	"math"
	"strings"
)

// Window is a VOI window: the values around Centre, Width of them, in the unit
// of the values (HU in CT), are spread from black to white.
type Window struct{ Centre, Width float64 }

// Lung is the usual window for lungs, in HU.
var Lung = Window{Centre: -600, Width: 1500}

// Linear is the only VOI LUT function that is drawn (PS3.3 C.11.2.1.2.1).
const Linear = "LINEAR"

// CheckFunction refuses other VOI LUT functions. "" is LINEAR (PS3.3
// C.11.2.1.3).
func CheckFunction(name string) error {
	if name == "" || strings.EqualFold(name, Linear) {
		return nil
	}
	return errors.New("only the window function LINEAR is drawn, not LINEAR_EXACT or SIGMOID")
}

// Check refuses a window that PS3.3 C.11.2.1.2.1 forbids.
func (w Window) Check() error {
	if !(w.Width >= 1) || math.IsInf(w.Width, 0) || math.IsNaN(w.Centre) || math.IsInf(w.Centre, 0) {
		return errors.New("a window has a centre and a width of at least 1")
	}
	return nil
}

// Value is what one value is drawn as: 0 black, 255 white (PS3.3
// C.11.2.1.2.1), rounded.
func (w Window) Value(x float64) uint8 {
	centre, width := w.Centre-0.5, w.Width-1
	switch {
	case x <= centre-width/2:
		return 0
	case x > centre+width/2:
		return 255
	}
	return uint8(math.Round(((x-centre)/width + 0.5) * 255))
}

// Gray draws modality values, row by row, columns fastest. The error says what
// is wrong with the window or the number of values.
func Gray[T int16 | float32 | float64](values []T, columns, rows int, w Window) (*image.Gray, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	if columns < 1 || rows < 1 || len(values) != columns*rows {
		return nil, fmt.Errorf("%d values for %d columns and %d rows", len(values), columns, rows)
	}
	out := image.NewGray(image.Rect(0, 0, columns, rows))
	for i, v := range values {
		out.Pix[i] = w.Value(float64(v))
	}
	return out, nil
}
