package detect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"nafas/models/manifest"
)

// ErrSelfTest: the network does not give here what it gave where it was
// trained. Such a model reads no scan.
var ErrSelfTest = errors.New("model self-test failed")

// Verify runs the manifest's self-test and returns the largest difference of
// an output value. The errors are ErrSelfTest, ErrOutput, the runner's and
// those of reading the files.
func Verify(ctx context.Context, m *manifest.Model, r Runner) (float64, error) {
	data, err := m.Values(m.SelfTest.Input)
	if err != nil {
		return 0, err
	}
	out, err := r.Run(ctx, map[string]Tensor{m.SelfTest.Input.Name: {Shape: m.SelfTest.Input.Shape, Data: data}})
	if err != nil {
		return 0, fmt.Errorf("model self-test: %w", err)
	}
	worst := 0.0
	for _, expected := range m.SelfTest.Outputs {
		got, ok := out[expected.Name]
		if !ok || !slices.Equal(got.Shape, expected.Shape) {
			return 0, fmt.Errorf("%w: self-test output %q has shape %v, expected %v", ErrOutput, expected.Name, got.Shape, expected.Shape)
		}
		want, err := m.Values(expected)
		if err != nil {
			return 0, err
		}
		d := largestDifference(got.Data, want)
		if !(d <= m.SelfTest.Tolerance) {
			return d, fmt.Errorf("%w: output %q differs by %.3g, %.3g is allowed", ErrSelfTest, expected.Name, d, m.SelfTest.Tolerance)
		}
		worst = max(worst, d)
	}
	return worst, nil
}

// largestDifference is NaN where either side holds one.
func largestDifference(a, b []float32) float64 {
	worst := 0.0
	for i, v := range a {
		d := math.Abs(float64(v) - float64(b[i]))
		if math.IsNaN(d) {
			return d
		}
		worst = max(worst, d)
	}
	return worst
}
