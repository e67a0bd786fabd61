package archivetest

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// End is what is to become of an input.
type End struct {
	State  rescore.SeriesState
	Reason string
}

func failed(r refusal.Reason) End  { return End{rescore.Failed, string(r)} }
func skipped(r refusal.Reason) End { return End{rescore.Skipped, string(r)} }

var scored = End{State: rescore.Scored}

// fault is a way in which a series is broken.
type fault struct {
	name string
	// write changes the options, and spoil the files that were made.
	write func(o *ctwriter.Options)
	spoil func(files [][]byte, r *rand.Rand) [][]byte
	// series is its end; loose are those of its files, by index, that belong to no
	// series.
	series End
	loose  map[int]End
	// noSeries: no file of it says which series it is of.
	noSeries bool
}

const middle = slices / 2

// Faults are ten ways in which series of an archive are broken.
var faults = []fault{
	{name: "a slice is missing", series: failed(refusal.MissingSlices), spoil: func(f [][]byte, _ *rand.Rand) [][]byte {
		return append(append([][]byte{}, f[:middle]...), f[middle+1:]...)
	}},
	{name: "a file is cut short in its header", series: failed(refusal.MissingSlices), loose: map[int]End{middle: failed(refusal.Malformed)},
		spoil: each(func(i int, f []byte) []byte {
			if i == middle {
				return f[:200]
			}
			return f
		})},
	{name: "all files are noise behind a magic number", noSeries: true, loose: all(failed(refusal.Malformed)),
		spoil: func(f [][]byte, r *rand.Rand) [][]byte {
			for i := range f {
				for j := 132; j < len(f[i]); j++ {
					f[i][j] = byte(r.Uint32())
				}
			}
			return f
		}},
	{name: "all files are empty", noSeries: true, loose: all(skipped(rescore.ReasonNotDICOM)),
		spoil: each(func(int, []byte) []byte { return nil })},
	{name: "a transfer syntax that nobody knows", noSeries: true, loose: all(failed(refusal.Unsupported)), spoil: each(func(_ int, f []byte) []byte {
		return bytes.Replace(f, []byte("1.2.840.10008.1.2.1\x00"), []byte("1.2.840.10008.1.2.77"), 1)
	})},
	{name: "no positions", series: failed(refusal.MissingGeometry), write: without(tag.ImagePositionPatient)},
	{name: "no rescale", series: failed(refusal.NoRescale), write: without(tag.RescaleIntercept, tag.RescaleSlope)},
	{name: "slices of two sizes", series: failed(refusal.MixedGeometry), write: func(o *ctwriter.Options) {
		o.Modify = func(slice int, elems []*dicom.Element) []*dicom.Element {
			if slice >= middle {
				return replaced(elems, tag.PixelSpacing, []string{"3", "3"})
			}
			return elems
		}
	}},
	{name: "two patients", series: failed(refusal.PatientMismatch), write: func(o *ctwriter.Options) {
		o.Modify = func(slice int, elems []*dicom.Element) []*dicom.Element {
			if slice >= middle {
				return replaced(elems, tag.PatientID, []string{"SOMEBODY-ELSE"})
			}
			return elems
		}
	}},
	{name: "pixels are cut short", series: failed(refusal.Malformed), spoil: each(func(i int, f []byte) []byte {
		if i == middle {
			// The length of the pixel data goes with it, so that only the size of the
			// image tells.
			return shorter(f)
		}
		return f
	})},
}

func each(change func(i int, f []byte) []byte) func([][]byte, *rand.Rand) [][]byte {
	return func(files [][]byte, _ *rand.Rand) [][]byte {
		for i, f := range files {
			files[i] = change(i, f)
		}
		return files
	}
}

func all(e End) map[int]End {
	out := map[int]End{}
	for i := range slices {
		out[i] = e
	}
	return out
}

func without(tags ...tag.Tag) func(o *ctwriter.Options) {
	return func(o *ctwriter.Options) {
		o.Modify = func(_ int, elems []*dicom.Element) []*dicom.Element {
			var out []*dicom.Element
			for _, e := range elems {
				keep := true
				for _, t := range tags {
					keep = keep && e.Tag != t
				}
				if keep {
					out = append(out, e)
				}
			}
			return out
		}
	}
}

func replaced(elems []*dicom.Element, t tag.Tag, value any) []*dicom.Element {
	one, err := dicom.NewElement(t, value)
	if err != nil {
		panic(err) // a fault of the test
	}
	out := append([]*dicom.Element{}, elems...)
	for i, e := range out {
		if e.Tag == t {
			out[i] = one
		}
	}
	return out
}

// shorter takes half of the pixels away, and says so in the element's length.
func shorter(f []byte) []byte {
	const head = 12 // tag, OW, two reserved bytes, length
	length := slicePixelBytes
	start := len(f) - length
	out := append([]byte{}, f[:start+length/2]...)
	binary.LittleEndian.PutUint32(out[start-4:], uint32(length/2))
	if !bytes.Equal(out[start-head:start-head+4], []byte{0xe0, 0x7f, 0x10, 0x00}) {
		panic("the pixel data is not where it is looked for")
	}
	return out
}

const slicePixelBytes = 48 * 40 * 2
