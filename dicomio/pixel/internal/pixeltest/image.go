// Package pixeltest makes the images, files and peers that the codec tests
// share.
package pixeltest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"nafas/dicomio/pixel"
)

// Image is one frame of stored values.
type Image struct {
	Name          string
	Rows, Columns int
	BitsAllocated int
	BitsStored    int
	Signed        bool
	Values        []uint16 // BitsStored bits each, two's complement where signed
}

// Format is the image's, in a transfer syntax.
func (m Image) Format(transferSyntax string) pixel.Format {
	f := pixel.Format{
		TransferSyntax: transferSyntax, Rows: m.Rows, Columns: m.Columns,
		BitsAllocated: m.BitsAllocated, BitsStored: m.BitsStored, HighBit: m.BitsStored - 1,
		SamplesPerPixel: 1, Photometric: "MONOCHROME2",
	}
	if m.Signed {
		f.PixelRepresentation = 1
	}
	return f
}

// Value is a stored value as a number.
func (m Image) Value(stored uint16) int {
	if m.Signed {
		return int(pixel.SignExtend(stored, m.BitsStored))
	}
	return int(stored)
}

// Cells are the native pixel cells, little endian, sign extended over the
// bits allocated as scanners write them.
func (m Image) Cells() []byte {
	b := make([]byte, 0, len(m.Values)*m.BitsAllocated/8)
	for _, v := range m.Values {
		c := m.Value(v)
		b = append(b, byte(c))
		if m.BitsAllocated == 16 {
			b = append(b, byte(c>>8))
		}
	}
	return b
}

// Shape is what all frames of a file have in common.
type Shape struct {
	Rows, Columns, BitsAllocated, BitsStored int
	Signed                                   bool
}

func (s Shape) String() string {
	sign := "u"
	if s.Signed {
		sign = "s"
	}
	return fmt.Sprintf("%dx%d-%s%d", s.Rows, s.Columns, sign, s.BitsStored)
}

// Shapes have odd and even sizes, lines of one sample and single lines, and
// the depths that CT and its neighbours use.
var Shapes = []Shape{
	{33, 47, 8, 8, false},
	{64, 37, 16, 8, false},
	{31, 32, 16, 10, false},
	{57, 61, 16, 12, false},
	{40, 50, 16, 12, true},
	{35, 71, 16, 16, false},
	{64, 64, 16, 16, true},
	{1, 129, 16, 16, true},
	{130, 1, 16, 12, false},
	{1, 1, 16, 16, false},
}

// pattern gives the value at a pixel as a fraction of the range, 0 to 1.
type pattern struct {
	name string
	at   func(r *rand.Rand, row, column int) float64
}

var patterns = []pattern{
	{"low", func(*rand.Rand, int, int) float64 { return 0 }},
	{"high", func(*rand.Rand, int, int) float64 { return 1 }},
	{"middle", func(*rand.Rand, int, int) float64 { return 0.5 }},
	{"noise", func(r *rand.Rand, _, _ int) float64 { return r.Float64() }},
	{"extremes", func(r *rand.Rand, _, _ int) float64 { return float64(r.IntN(2)) }},
	{"checks", func(_ *rand.Rand, y, x int) float64 { return float64((x + y) & 1) }},
	{"ramp", func(_ *rand.Rand, y, x int) float64 { return math.Mod(float64(3*x+7*y)/997, 1) }},
	{"steps", func(_ *rand.Rand, y, x int) float64 { return float64((x/17+y/9)%5) / 4 }},
	{"rare", func(r *rand.Rand, _, _ int) float64 {
		if r.IntN(60) == 0 {
			return r.Float64()
		}
		return 0.25
	}},
	{"smooth", func(r *rand.Rand, y, x int) float64 {
		v := 0.5 + 0.3*math.Sin(float64(x)/9)*math.Cos(float64(y)/7) + 0.004*r.NormFloat64()
		return min(1, max(0, v))
	}},
}

// Images returns one image of the shape for every pattern: constant ones,
// noise, extremes side by side, ramps that wrap, long runs, and something
// like tissue. The same shape gives the same images.
func Images(s Shape) []Image {
	var all []Image
	for i, p := range patterns {
		r := rand.New(rand.NewPCG(uint64(i), uint64(s.Rows)<<32|uint64(s.Columns)))
		m := Image{
			Name: p.name, Rows: s.Rows, Columns: s.Columns,
			BitsAllocated: s.BitsAllocated, BitsStored: s.BitsStored, Signed: s.Signed,
			Values: make([]uint16, s.Rows*s.Columns),
		}
		top := 1<<s.BitsStored - 1
		for j := range m.Values {
			v := int(math.Round(p.at(r, j/s.Columns, j%s.Columns) * float64(top)))
			if s.Signed {
				v -= 1 << (s.BitsStored - 1)
			}
			m.Values[j] = uint16(v & top)
		}
		all = append(all, m)
	}
	return all
}
