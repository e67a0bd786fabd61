package main

import (
	"context"
	"maps"
	"slices"

	"nafas/inference/detect"
)

// tape keeps what networks were given, so that ONNX Runtime can be timed alone
// on the same tiles, and clocks their runs.
type tape struct {
	recording bool
	runs      []taped
	// cpu are the processor seconds of the process while networks ran, since
	// it was last set.
	cpu float64
}

// taped is one run of a network.
type taped struct {
	network detect.Runner
	inputs  map[string]detect.Tensor
}

// hear returns networks that work as the given ones, and whose inputs the tape
// keeps while it records; those given where there is no tape.
func (t *tape) hear(n detect.Networks) detect.Networks {
	if t == nil {
		return n
	}
	n.First = tapedNetwork{n.First, t}
	if n.Second != nil {
		n.Second = tapedNetwork{n.Second, t}
	}
	return n
}

type tapedNetwork struct {
	detect.Runner
	tape *tape
}

func (n tapedNetwork) Run(ctx context.Context, inputs map[string]detect.Tensor) (map[string]detect.Tensor, error) {
	if n.tape.recording {
		n.tape.runs = append(n.tape.runs, taped{n.Runner, copied(inputs)})
	}
	cpu := cpuSeconds()
	defer func() { n.tape.cpu += cpuSeconds() - cpu }()
	return n.Runner.Run(ctx, inputs)
}

// copied are inputs of their own: a caller fills the same memory for each tile.
func copied(inputs map[string]detect.Tensor) map[string]detect.Tensor {
	own := maps.Clone(inputs)
	for name, tensor := range own {
		own[name] = detect.Tensor{Shape: slices.Clone(tensor.Shape), Data: slices.Clone(tensor.Data)}
	}
	return own
}

// play runs the networks on what was recorded, and does nothing else.
func (t *tape) play(ctx context.Context) error {
	for _, run := range t.runs {
		if _, err := run.network.Run(ctx, run.inputs); err != nil {
			return err
		}
	}
	return nil
}
