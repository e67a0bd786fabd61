package dicomio

import (
	"encoding/binary"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
	"nafas/dicomio/refusal"
)

// Picture is the pixel data of any object, CT or not, frame by frame. It refers
// to the file.
type Picture struct {
	Format pixel.Format
	file   *part10.File
	frames [][]byte
}

// mostFrames bounds what is kept of each frame of a file: frames may be of one
// pixel.
const mostFrames = 1 << 17

// OpenPicture finds the frames of a file. Errors are *refusal.Error: Malformed
// where there are none, or they do not fit what the header says, TooLarge
// where there are too many.
func OpenPicture(f *part10.File) (*Picture, error) {
	var in Instance
	if err := in.readImage(f, f.Elements()); err != nil {
		return nil, err
	}
	n, ok := f.Int(tag.NumberOfFrames)
	if !ok {
		n = 1
	}
	if n > mostFrames {
		return nil, refusal.New(refusal.TooLarge, "ask for the whole instance as it is stored", "%d frames, at most %d are taken apart", n, mostFrames)
	}
	frames, err := f.Frames(n)
	if err != nil {
		return nil, err
	}
	return &Picture{Format: in.Format, file: f, frames: frames}, nil
}

// NumberOfFrames is at least 1.
func (p *Picture) NumberOfFrames() int { return len(p.frames) }

// Coded returns a frame as it is stored; frame counts from 0.
func (p *Picture) Coded(frame int) []byte { return p.frames[frame] }

// DecodedBytes is what one frame takes in memory while it is given as Cells,
// beside the file: nothing where it is a part of the file.
func (p *Picture) DecodedBytes() int64 {
	switch {
	case !p.Native():
		return 4 * min(int64(p.Format.Rows)*int64(p.Format.Columns), mostPixels) // values and cells
	case p.Format.BigEndian:
		return int64(len(p.frames[0]))
	}
	return 0
}

// Native says whether frames are stored uncompressed.
func (p *Picture) Native() bool { return !p.file.Pixel.Encapsulated }

// Decodable says why frames cannot be decoded here: nil where they can be.
// JPEG 2000 is not, since its native decoder runs in the worker process only.
func (p *Picture) Decodable() error {
	if p.Native() {
		return nil
	}
	return pixel.InProcess(p.file.TransferSyntax)
}

// Cells returns a frame as pixel cells in Explicit VR Little Endian (PS3.5
// section 8.1). Compressed ones must be of one sample of 8 or 16 bits.
func (p *Picture) Cells(frame int) ([]byte, error) {
	if p.Native() {
		return p.nativeCells(frame)
	}
	values, err := p.values(frame)
	if err != nil {
		return nil, err
	}
	f := p.Format
	shift := uint(f.HighBit + 1 - f.BitsStored)
	out := make([]byte, 0, len(values)*f.BitsAllocated/8)
	for _, v := range values {
		if f.PixelRepresentation == 1 {
			v = uint16(pixel.SignExtend(v, f.BitsStored)) // into the bits above, as readers of whole words expect
		}
		if v <<= shift; f.BitsAllocated == 8 {
			out = append(out, byte(v))
		} else {
			out = binary.LittleEndian.AppendUint16(out, v)
		}
	}
	return out, nil
}

func (p *Picture) nativeCells(frame int) ([]byte, error) {
	cells := p.frames[frame]
	unit := p.Format.BitsAllocated / 8
	if !p.Format.BigEndian || unit == 1 {
		return cells, nil
	}
	if unit != 2 && unit != 4 && unit != 8 {
		return nil, refusal.New(refusal.Unsupported, remedySource, "big endian pixels of %d bits", p.Format.BitsAllocated)
	}
	out := make([]byte, len(cells))
	for i := 0; i+unit <= len(cells); i += unit {
		for j := range unit {
			out[i+j] = cells[i+unit-1-j]
		}
	}
	return out, nil
}

// mostPixels bounds a frame that is decoded for one request.
const mostPixels = 1 << 26

func (p *Picture) values(frame int) ([]uint16, error) {
	if err := p.Decodable(); err != nil {
		return nil, err
	}
	n := p.Format.Rows * p.Format.Columns
	if n < 1 || n > mostPixels {
		return nil, refusal.New(refusal.TooLarge, "ask for it as it is stored (transfer-syntax=*)",
			"a frame of %d rows and %d columns", p.Format.Rows, p.Format.Columns)
	}
	dst := make([]uint16, n)
	return dst, pixel.Decode(dst, p.frames[frame], p.Format)
}

// Values returns the modality values of a frame (PS3.3 C.11.1): Hounsfield
// units in CT. Where the header has no rescaling they are the stored ones.
func (p *Picture) Values(frame int) ([]float32, error) {
	stored, err := p.values(frame)
	if err != nil {
		return nil, err
	}
	fr := Frame{Slope: 1}
	if err := fr.readRescale(p.about(frame, tag.PixelValueTransformationSequence)); err != nil {
		return nil, err
	}
	if !fr.HasRescale {
		fr.Slope, fr.Intercept = 1, 0
	}
	out := make([]float32, len(stored))
	for i, v := range stored {
		x := float64(v)
		if p.Format.PixelRepresentation == 1 {
			x = float64(pixel.SignExtend(v, p.Format.BitsStored))
		}
		out[i] = float32(fr.Slope*x + fr.Intercept)
	}
	return out, nil
}

// Colours returns a frame of RGB as one byte for each of red, green and blue,
// pixel by pixel; false where it is none: only uncompressed frames of three
// samples of 8 bits are.
func (p *Picture) Colours(frame int) ([]byte, bool) {
	f := p.Format
	n := f.Rows * f.Columns
	if !p.Native() || f.SamplesPerPixel != 3 || f.BitsAllocated != 8 || f.Photometric != "RGB" || f.BigEndian || len(p.frames[frame]) < 3*n {
		return nil, false
	}
	samples := p.frames[frame]
	if planar, _ := p.file.Int(tag.PlanarConfiguration); planar == 0 {
		return samples[:3*n], true
	}
	out := make([]byte, 3*n)
	for i := range n {
		out[3*i], out[3*i+1], out[3*i+2] = samples[i], samples[n+i], samples[2*n+i]
	}
	return out, true
}

// Window returns the first window of a frame (PS3.3 C.11.2), and the name of its
// function, "" where none is named; false where there is no window.
func (p *Picture) Window(frame int) (centre, width float64, function string, ok bool) {
	el := p.about(frame, tag.FrameVOILUTSequence)
	c, err1 := el.Floats(tag.WindowCenter)
	w, err2 := el.Floats(tag.WindowWidth)
	if err1 != nil || err2 != nil || len(c) == 0 || len(w) == 0 {
		return 0, 0, "", false
	}
	return c[0], w[0], strings.ToUpper(first(el, tag.VOILUTFunction)), true
}

// about is where attributes of a frame stand: in its functional group, in the
// shared one, or in the data set.
func (p *Picture) about(frame int, group tag.Tag) part10.Elements {
	el := p.file.Elements()
	if each := el.Sequence(tag.PerFrameFunctionalGroupsSequence); frame < len(each) {
		if items := each[frame].Sequence(group); len(items) > 0 {
			return items[0]
		}
	}
	if shared := el.Sequence(tag.SharedFunctionalGroupsSequence); len(shared) > 0 {
		if items := shared[0].Sequence(group); len(items) > 0 {
			return items[0]
		}
	}
	return el
}

// Uncompressed writes the file in Explicit VR Little Endian: for readers that
// take nothing else. Nothing but the encoding changes.
func Uncompressed(f *part10.File) ([]byte, error) {
	var px *part10.Pixels
	if f.Pixel != nil {
		p, err := OpenPicture(f)
		if err != nil {
			return nil, err
		}
		px = &part10.Pixels{}
		for i := range p.frames {
			cells, err := p.Cells(i)
			if err != nil {
				return nil, err
			}
			px.Native = append(px.Native, cells...)
		}
	}
	return part10.Marshal(part10.ExplicitLE, f.Dataset, px)
}
