package manifest

import "fmt"

// Second is a network that looks again at the best candidates of the first
// one, each in the middle of a crop of the prepared scan. The crop has the
// values, axes and spacing of Input; its voxel Size/2 is the one nearest to the
// candidate's centre. Candidates that it does not look at are dropped, since
// their scores would not compare.
//
// A candidate's score becomes
//
//	sigmoid(first_weight * logit(score) + second_weight * output[logit] + bias);
//
// its diameter and its centre stay the first network's.
type Second struct {
	File File `yaml:"file"`
	// Input is the ONNX input: (crops, 1, axes as Input's).
	Input string `yaml:"input"`
	// Size is the crop in voxels: x, y, z.
	Size [3]int `yaml:"size"`
	// Most is how many candidates are looked at, the best ones; Batch how many
	// of them at once, which bounds the memory.
	Most  int `yaml:"most"`
	Batch int `yaml:"batch"`
	// Output is the ONNX output: (crops, channels).
	Output string `yaml:"output"`
	// Logit is the channel of Output that holds the second score.
	Logit int `yaml:"logit"`

	FirstWeight  float64 `yaml:"first_weight"`
	SecondWeight float64 `yaml:"second_weight"`
	Bias         float64 `yaml:"bias"`

	SelfTest SelfTest `yaml:"self_test"`
}

// SecondONNX returns the second network's file, checked against its hash
// again.
func (m *Model) SecondONNX() ([]byte, error) { return m.read(m.Second.File) }

// maxCropVoxels bounds a batch: 256 MB of values before the network's own.
const maxCropVoxels = 1 << 26

func (s Second) check() error {
	if err := s.File.check(); err != nil {
		return fmt.Errorf("second.file: %w", err)
	}
	if s.Input == "" || s.Output == "" {
		return fmt.Errorf("second: input %q or output %q has no name", s.Input, s.Output)
	}
	for _, n := range s.Size {
		if n < 8 || n > 128 {
			return fmt.Errorf("second.size: %v is not within 8..128", s.Size)
		}
	}
	if s.Most < 1 || s.Most > 1000 || s.Batch < 1 || s.Batch > s.Most {
		return fmt.Errorf("second: most %d is not within 1..1000, or batch %d not within 1..most", s.Most, s.Batch)
	}
	if n := s.Batch * s.Size[0] * s.Size[1] * s.Size[2]; n > maxCropVoxels {
		return fmt.Errorf("second: a batch of %d crops of %v holds %d voxels, more than %d: a smaller batch gives the same", s.Batch, s.Size, n, maxCropVoxels)
	}
	if s.Logit < 0 || s.Logit > 63 {
		return fmt.Errorf("second.logit: channel %d is not within 0..63", s.Logit)
	}
	for _, w := range []float64{s.FirstWeight, s.SecondWeight} {
		if !(w >= 0 && w <= 10) {
			return fmt.Errorf("second: first_weight %v or second_weight %v is not within 0..10", s.FirstWeight, s.SecondWeight)
		}
	}
	if s.FirstWeight+s.SecondWeight == 0 || !(s.Bias >= -20 && s.Bias <= 20) {
		return fmt.Errorf("second: both weights are 0, or bias %v is not within -20..20", s.Bias)
	}
	if err := s.SelfTest.check(s.Input); err != nil {
		return fmt.Errorf("second.%w", err)
	}
	return s.proves()
}

// proves checks that the self-test has the output in its shape.
func (s Second) proves() error {
	for _, v := range s.SelfTest.Outputs {
		if v.Name == s.Output && len(v.Shape) == 2 && v.Shape[1] > int64(s.Logit) {
			return nil
		}
	}
	return fmt.Errorf("second.self_test.outputs: %q with a shape of crops and at least %d channels is missing", s.Output, s.Logit+1)
}
