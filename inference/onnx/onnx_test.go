package onnx_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"nafas/inference/onnx"
	"nafas/internal/ortlib/ortlibtest"
)

// message builds protobuf by field number (onnx.proto).
type message []byte

func (m message) bytes(n protowire.Number, v []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, n, protowire.BytesType), v)
}

func (m message) text(n protowire.Number, v string) message { return m.bytes(n, []byte(v)) }

func (m message) number(n protowire.Number, v uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, n, protowire.VarintType), v)
}

const (
	elemFloat = 1
	elemInt64 = 7
)

// value is a ValueInfoProto of a vector of any length.
func value(name string, elem uint64) message {
	shape := message{}.bytes(1, message{}.text(2, "n"))
	tensor := message{}.number(1, elem).bytes(2, shape)
	return message{}.text(1, name).bytes(2, message{}.bytes(1, tensor))
}

// node is y = op(x, x).
func node(op, domain string) message {
	return message{}.text(1, "x").text(1, "x").text(2, "y").text(4, op).text(7, domain)
}

func graph(n message, elem uint64, more ...message) message {
	g := message{}.bytes(1, n).text(2, "g").bytes(11, value("x", elem)).bytes(12, value("y", elem))
	for _, tensor := range more {
		g = g.bytes(5, tensor)
	}
	return g
}

func model(g message) []byte {
	opset := message{}.text(1, "").number(2, 15)
	return message{}.number(1, 8).bytes(7, g).bytes(8, opset)
}

func double() []byte { return model(graph(node("Add", ""), elemFloat)) }

func open(t *testing.T) *onnx.Runtime {
	t.Helper()
	rt, err := onnx.Open(ortlibtest.Path(t))
	require.NoError(t, err)
	return rt
}

func TestSessionComputes(t *testing.T) {
	rt := open(t)
	require.Regexp(t, `^1\.\d+\.\d+`, rt.Version())
	s, err := rt.NewSession(double(), onnx.Options{Threads: 2})
	require.NoError(t, err)
	defer s.Close()

	out, err := s.Run(t.Context(), map[string]onnx.Tensor{"x": {Shape: []int64{3}, Data: []float32{1, -2, 0.5}}})
	require.NoError(t, err)
	require.Equal(t, []int64{3}, out["y"].Shape)
	require.Equal(t, []float32{2, -4, 1}, out["y"].Data)
}

func TestSessionServesGoroutines(t *testing.T) {
	s, err := open(t).NewSession(double(), onnx.Options{})
	require.NoError(t, err)
	defer s.Close()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			v := float32(i)
			out, err := s.Run(t.Context(), map[string]onnx.Tensor{"x": {Shape: []int64{1}, Data: []float32{v}}})
			if err != nil || out["y"].Data[0] != 2*v {
				t.Errorf("run %d: %v, %v", i, out, err)
			}
		})
	}
	wg.Wait()
}

func TestRunRefuses(t *testing.T) {
	s, err := open(t).NewSession(double(), onnx.Options{})
	require.NoError(t, err)
	x := onnx.Tensor{Shape: []int64{2}, Data: []float32{1, 2}}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		inputs map[string]onnx.Tensor
		want   string
	}{
		{"no input", t.Context(), nil, "inputs x, not 0"},
		{"an input of another name", t.Context(), map[string]onnx.Tensor{"z": x}, `no input "x"`},
		{"values that do not fill the shape", t.Context(), map[string]onnx.Tensor{"x": {Shape: []int64{3}, Data: x.Data}}, "has 2 values"},
		{"a context that has ended", ended, map[string]onnx.Tensor{"x": x}, "canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.Run(c.ctx, c.inputs)
			require.ErrorContains(t, err, c.want)
		})
	}
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing twice does nothing")
	_, err = s.Run(t.Context(), map[string]onnx.Tensor{"x": x})
	require.ErrorContains(t, err, "closed")
}

func TestNetworksThatAreRefused(t *testing.T) {
	external := message{}.number(1, 1).text(8, "w").bytes(13, message{}.text(1, "location").text(2, "/etc/passwd")).number(14, 1)
	inner := message{}.text(1, "sub").bytes(6, graph(node("Steal", "evil"), elemFloat))
	deep := graph(node("Add", ""), elemFloat)
	for range 20 {
		deep = graph(node("Add", "").bytes(5, message{}.bytes(6, deep)), elemFloat)
	}
	for _, c := range []struct {
		name  string
		model []byte
		want  string
	}{
		{"nothing", nil, "not an ONNX file"},
		{"text", []byte("this is no network"), "not an ONNX file"},
		{"cut short", double()[:20], "not an ONNX file"},
		{"an operator of another domain", model(graph(node("Steal", "evil"), elemFloat)), `domain "evil"`},
		{"one hidden in a sub-graph", model(graph(node("Add", "").bytes(5, inner), elemFloat)), `domain "evil"`},
		{"weights in another file", model(graph(node("Add", ""), elemFloat, external)), "other files"},
		{"graphs nested without end", model(deep), "nested"},
		{"a domain in a function", append(double(), message{}.bytes(25, message{}.text(10, "evil"))...), `domain "evil"`},
		{"integers", model(graph(node("Add", ""), elemInt64)), "not a float32 tensor"},
		{"an unknown operator", model(graph(node("NoSuchThing", ""), elemFloat)), "NoSuchThing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(t).NewSession(c.model, onnx.Options{})
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestSecondLibraryIsRefused(t *testing.T) {
	open(t)
	_, err := onnx.Open("/another/libonnxruntime.so")
	require.ErrorContains(t, err, "loaded from")
}

func FuzzCheck(f *testing.F) {
	f.Add(double())
	f.Add(model(graph(node("Add", "").bytes(5, message{}.bytes(6, graph(node("Steal", "evil"), elemFloat))), elemFloat)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := onnx.Check(data); err != nil {
			require.ErrorContains(t, err, "network: ")
		}
	})
}
