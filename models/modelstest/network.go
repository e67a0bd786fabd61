package modelstest

import (
	"math"
	"math/rand/v2"

	"google.golang.org/protobuf/encoding/protowire"
)

// network is two convolutions: heat is steepness * (mean of 3x3x3 - threshold), and
// shape a diameter that is the same everywhere, without an offset.
type network struct{ threshold float32 }

const (
	// steepness: 90 HU above the threshold are one unit of the logit.
	steepness = 10
	// diameterMM is what every place is said to have.
	diameterMM = 14
	// shapes are the channels of shape.
	shapes = 4
)

func (n network) weights() (heat, heatBias, shape, shapeBias []float32) {
	heat = make([]float32, 27)
	for i := range heat {
		heat[i] = steepness / 27.
	}
	return heat, []float32{-steepness * n.threshold}, make([]float32, shapes), []float32{float32(math.Log(diameterMM)), 0, 0, 0}
}

// grid is values of a size in x, y, z, x fastest.
type grid struct {
	size [3]int
	data []float32
}

// testImage is the input of the self-test: sizes that differ, values in -1..1.
func testImage() grid {
	g := grid{size: [3]int{12, 8, 4}}
	rng := rand.New(rand.NewPCG(5, 0))
	for range g.size[0] * g.size[1] * g.size[2] {
		g.data = append(g.data, float32(rng.IntN(1025)-512)/512)
	}
	return g
}

// run is what the network computes, written a second time.
func (n network) run(in grid) (heat, shape []float32) {
	for k := range in.size[2] {
		for j := range in.size[1] {
			for i := range in.size[0] {
				heat = append(heat, steepness*(in.mean(i, j, k)-n.threshold))
			}
		}
	}
	for channel := range shapes {
		for range in.data {
			shape = append(shape, float32([]float64{math.Log(diameterMM), 0, 0, 0}[channel]))
		}
	}
	return heat, shape
}

// mean of 3x3x3; what lies outside counts as 0.
func (g grid) mean(i, j, k int) float32 {
	var sum float64
	for dk := -1; dk <= 1; dk++ {
		for dj := -1; dj <= 1; dj++ {
			for di := -1; di <= 1; di++ {
				x, y, z := i+di, j+dj, k+dk
				if x >= 0 && y >= 0 && z >= 0 && x < g.size[0] && y < g.size[1] && z < g.size[2] {
					sum += float64(g.data[(z*g.size[1]+y)*g.size[0]+x])
				}
			}
		}
	}
	return float32(sum / 27)
}

// onnx is the network as an ONNX file, IR version 8, opset 15 (onnx.proto).
func (n network) onnx(f Fault) []byte {
	heat, heatBias, shape, shapeBias := n.weights()
	domain := ""
	if f == FaultDomain {
		domain = "org.example"
	}
	weight := tensor("heat_weight", heat, 1, 1, 3, 3, 3)
	if f == FaultExternal {
		weight = weight.number(14, 1) // TensorProto.data_location: EXTERNAL
	}
	graph := message{}.
		bytes(1, conv("image", "heat_weight", "heat_bias", "heat", 1, domain)).
		bytes(1, conv("image", "shape_weight", "shape_bias", "shape", 0, domain)).
		text(2, "spots").
		bytes(5, weight).bytes(5, tensor("heat_bias", heatBias, 1)).
		bytes(5, tensor("shape_weight", shape, shapes, 1, 1, 1, 1)).bytes(5, tensor("shape_bias", shapeBias, shapes)).
		bytes(11, port("image", 1)).bytes(12, port("heat", 1)).bytes(12, port("shape", shapes))
	out := message{}.number(1, 8).text(2, "models/modelstest").bytes(7, graph).bytes(8, message{}.text(1, "").number(2, 15))
	if domain != "" {
		out = out.bytes(8, message{}.text(1, domain).number(2, 1))
	}
	return out
}

// message is protobuf by field numbers.
type message []byte

func (m message) bytes(n protowire.Number, v []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, n, protowire.BytesType), v)
}

func (m message) text(n protowire.Number, v string) message { return m.bytes(n, []byte(v)) }

func (m message) number(n protowire.Number, v uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, n, protowire.VarintType), v)
}

// conv is a NodeProto: a convolution of three axes, padded by as many voxels on
// each side.
func conv(in, weight, bias, out string, padding uint64, domain string) message {
	ints := func(name string, n int, v uint64) message {
		a := message{}.text(1, name)
		for range n {
			a = a.number(8, v)
		}
		return a.number(20, 7) // AttributeProto.type: INTS
	}
	return message{}.text(1, in).text(1, weight).text(1, bias).text(2, out).text(3, out).text(4, "Conv").
		bytes(5, ints("pads", 6, padding)).text(7, domain)
}

// tensor is a TensorProto of float32.
func tensor(name string, values []float32, shape ...uint64) message {
	t := message{}
	for _, d := range shape {
		t = t.number(1, d)
	}
	return t.number(2, 1).text(8, name).bytes(9, floats(values))
}

// port is a ValueInfoProto: float32, (1, channels, z, y, x) with free sizes.
func port(name string, channels uint64) message {
	shape := message{}.bytes(1, message{}.number(1, 1)).bytes(1, message{}.number(1, channels))
	for _, axis := range []string{"z", "y", "x"} {
		shape = shape.bytes(1, message{}.text(2, axis))
	}
	return message{}.text(1, name).bytes(2, message{}.bytes(1, message{}.number(1, 1).bytes(2, shape)))
}
