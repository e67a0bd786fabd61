package onnx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Tensor is float32 data with its shape, last axis fastest. It is a name for
// an unnamed type, so that a package can declare the same port without
// importing this one.
type Tensor = struct {
	Shape []int64
	Data  []float32
}

// Options of a session.
type Options struct {
	// Threads is the number of cores that one run uses; 0 means 1.
	Threads int
}

// Session is a network, ready to run. It may be used by several goroutines;
// runs follow each other.
type Session struct {
	mu              sync.Mutex
	session         *ort.DynamicAdvancedSession
	inputs, outputs []string
}

// NewSession loads a network from the bytes of an ONNX file. Networks with
// external data or with operators outside the standard's domains are refused
// before the library sees them (Check); so are inputs and outputs that are not
// float32 tensors.
func (r *Runtime) NewSession(model []byte, o Options) (*Session, error) {
	if err := Check(model); err != nil {
		return nil, err
	}
	inputs, outputs, err := ort.GetInputOutputInfoWithONNXData(model)
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	s := &Session{}
	if s.inputs, err = names(inputs); err != nil {
		return nil, err
	}
	if s.outputs, err = names(outputs); err != nil {
		return nil, err
	}
	options, err := sessionOptions(o)
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	s.session, err = ort.NewDynamicAdvancedSessionWithONNXData(model, s.inputs, s.outputs, options)
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	return s, nil
}

func names(infos []ort.InputOutputInfo) ([]string, error) {
	list := make([]string, len(infos))
	for i, info := range infos {
		if info.OrtValueType != ort.ONNXTypeTensor || info.DataType != ort.TensorElementDataTypeFloat {
			return nil, fmt.Errorf("network: %q is not a float32 tensor", info.Name)
		}
		list[i] = info.Name
	}
	if len(list) == 0 {
		return nil, errors.New("network: no input or no output")
	}
	return list, nil
}

// sessionOptions: the cores are shared with the decoding of the next study and
// with whatever else the hospital's machine does, so threads sleep instead of
// spinning between operators.
func sessionOptions(o Options) (*ort.SessionOptions, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		options.SetIntraOpNumThreads(max(1, o.Threads)),
		options.SetInterOpNumThreads(1),
		options.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
		options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
		options.AddSessionConfigEntry("session.set_denormal_as_zero", "1"),
		// Without its arena the library gives memory back after each tile:
		// measured 100 to 200 MB less for a chest, in the same time.
		options.SetCpuMemArena(false),
	)
	if err != nil {
		return nil, errors.Join(err, options.Destroy())
	}
	return options, nil
}

// Run feeds one set of inputs by name and returns every output by name. ctx is
// looked at before the run: a run of one tile is not broken off. The tensors
// of the reply are the caller's.
func (s *Session) Run(ctx context.Context, inputs map[string]Tensor) (map[string]Tensor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.session == nil {
		return nil, errors.New("network: the session is closed")
	}
	in, err := s.values(inputs)
	defer destroy(in)
	if err != nil {
		return nil, err
	}
	out := make([]ort.Value, len(s.outputs))
	defer func() { destroy(out) }()
	if err := s.session.Run(in, out); err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	reply := make(map[string]Tensor, len(out))
	for i, v := range out {
		t, ok := v.(*ort.Tensor[float32])
		if !ok {
			return nil, fmt.Errorf("network: output %q is not a float32 tensor", s.outputs[i])
		}
		reply[s.outputs[i]] = Tensor{Shape: slices.Clone([]int64(t.GetShape())), Data: t.GetData()}
	}
	return reply, nil
}

func (s *Session) values(inputs map[string]Tensor) ([]ort.Value, error) {
	if len(inputs) != len(s.inputs) {
		return nil, fmt.Errorf("network: it has the inputs %s, not %d", strings.Join(s.inputs, ", "), len(inputs))
	}
	var values []ort.Value
	for _, name := range s.inputs {
		t, ok := inputs[name]
		if !ok {
			return values, fmt.Errorf("network: no input %q was given", name)
		}
		if n := elements(t.Shape); n != int64(len(t.Data)) {
			return values, fmt.Errorf("network: input %q of shape %s has %d values", name, shape(t.Shape), len(t.Data))
		}
		v, err := ort.NewTensor(ort.Shape(t.Shape), t.Data)
		if err != nil {
			return values, fmt.Errorf("network: input %q: %w", name, err)
		}
		values = append(values, v)
	}
	return values, nil
}

func elements(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

func shape(dims []int64) string {
	words := make([]string, len(dims))
	for i, d := range dims {
		words[i] = strconv.FormatInt(d, 10)
	}
	return strings.Join(words, "x")
}

func destroy(values []ort.Value) {
	for _, v := range values {
		if v != nil {
			_ = v.Destroy() // it cannot fail for a value that exists
		}
	}
}

// Close frees the network; a second call does nothing.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session == nil {
		return nil
	}
	err := s.session.Destroy()
	s.session = nil
	return err
}
