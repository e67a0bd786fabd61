package onnx

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxGraphDepth bounds graphs in attributes of nodes of graphs.
const maxGraphDepth = 16

// domains of operators that come with the standard.
var domains = map[string]bool{"": true, "ai.onnx": true, "ai.onnx.ml": true}

// errNotONNX is for bytes that are no ONNX file.
var errNotONNX = errors.New("network: not an ONNX file")

// Check refuses ONNX files that reach outside themselves: tensors whose data
// lie in other files, and operators that the standard does not define. It
// reads the protobuf (onnx.proto of ONNX IR version 10) before the library
// does.
func Check(model []byte) error {
	graph := false
	err := fields(model, func(n protowire.Number, v []byte) error {
		switch n {
		case 7: // ModelProto.graph
			graph = true
			return checkGraph(v, 0)
		case 25: // ModelProto.functions
			return checkFunction(v)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !graph {
		return errNotONNX
	}
	return nil
}

func checkFunction(b []byte) error {
	return fields(b, func(n protowire.Number, v []byte) error {
		switch n {
		case 7: // FunctionProto.node
			return checkNode(v, 0)
		case 10: // FunctionProto.domain
			return checkDomain(v)
		}
		return nil
	})
}

func checkGraph(b []byte, depth int) error {
	if depth > maxGraphDepth {
		return fmt.Errorf("network: graphs are nested more than %d deep", maxGraphDepth)
	}
	return fields(b, func(n protowire.Number, v []byte) error {
		switch n {
		case 1: // GraphProto.node
			return checkNode(v, depth)
		case 5: // GraphProto.initializer
			return checkTensor(v)
		case 15: // GraphProto.sparse_initializer
			return checkSparse(v)
		}
		return nil
	})
}

func checkNode(b []byte, depth int) error {
	return fields(b, func(n protowire.Number, v []byte) error {
		switch n {
		case 5: // NodeProto.attribute
			return checkAttribute(v, depth)
		case 7: // NodeProto.domain
			return checkDomain(v)
		}
		return nil
	})
}

func checkAttribute(b []byte, depth int) error {
	return fields(b, func(n protowire.Number, v []byte) error {
		switch n {
		case 5, 10: // AttributeProto.t, tensors
			return checkTensor(v)
		case 6, 11: // AttributeProto.g, graphs
			return checkGraph(v, depth+1)
		case 22, 23: // AttributeProto.sparse_tensor, sparse_tensors
			return checkSparse(v)
		}
		return nil
	})
}

func checkSparse(b []byte) error {
	return fields(b, func(n protowire.Number, v []byte) error {
		if n == 1 || n == 2 { // SparseTensorProto.values, indices
			return checkTensor(v)
		}
		return nil
	})
}

func checkTensor(b []byte) error {
	return fields(b, func(n protowire.Number, v []byte) error {
		if n == 13 || n == 14 && len(v) == 1 && v[0] != 0 { // TensorProto.external_data, data_location
			return errors.New("network: it keeps data in other files; a model is one file")
		}
		return nil
	})
}

func checkDomain(name []byte) error {
	if !domains[string(name)] {
		return fmt.Errorf("network: it uses operators of the domain %q, which the standard does not define", name)
	}
	return nil
}

// fields calls f for each field of a message: with the bytes of a length
// delimited one, and with one byte, cut off at 255, for a varint.
func fields(b []byte, f func(n protowire.Number, v []byte) error) error {
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return errNotONNX
		}
		b = b[size:]
		size = protowire.ConsumeFieldValue(n, kind, b)
		if size < 0 {
			return errNotONNX
		}
		value := b[:size]
		b = b[size:]
		switch kind {
		case protowire.BytesType:
			value, _ = protowire.ConsumeBytes(value)
		case protowire.VarintType:
			x, _ := protowire.ConsumeVarint(value)
			value = []byte{byte(min(x, 255))}
		default:
			continue
		}
		if err := f(n, value); err != nil {
			return err
		}
	}
	return nil
}
