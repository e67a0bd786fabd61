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

// Verify runs the manifest's self-tests and returns the largest difference of
// an output value. The errors are ErrSelfTest, ErrOutput, the runners' and
// those of reading the files.
func Verify(ctx context.Context, m *manifest.Model, n Networks) (float64, error) {
	if err := n.check(m); err != nil {
		return 0, err
	}
	worst, err := verify(ctx, m, m.SelfTest, n.First)
	if err != nil || m.Second == nil {
		return worst, err
	}
	second, err := verify(ctx, m, m.Second.SelfTest, n.Second)
	return max(worst, second), err
}

func verify(ctx context.Context, m *manifest.Model, test manifest.SelfTest, r Runner) (float64, error) {
	data, err := m.Values(test.Input)
	if err != nil {
		return 0, err
	}
	out, err := r.Run(ctx, map[string]Tensor{test.Input.Name: {Shape: test.Input.Shape, Data: data}})
	if err != nil {
		return 0, fmt.Errorf("model self-test: %w", err)
	}
	worst := 0.0
	for _, expected := range test.Outputs {
		got, ok := out[expected.Name]
		if !ok || !slices.Equal(got.Shape, expected.Shape) {
			return 0, fmt.Errorf("%w: self-test output %q has shape %v, expected %v", ErrOutput, expected.Name, got.Shape, expected.Shape)
		}
		want, err := m.Values(expected)
		if err != nil {
			return 0, err
		}
		d := largestDifference(got.Data, want)
		if !(d <= test.Tolerance) {
			return d, fmt.Errorf("%w: output %q differs by %.3g, %.3g is allowed", ErrSelfTest, expected.Name, d, test.Tolerance)
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
