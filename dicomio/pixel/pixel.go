// Package pixel turns the bytes of one frame of PixelData, in any transfer
// syntax that CT comes in, into stored values.
//
// Native, RLE, JPEG Lossless and JPEG-LS frames are decoded in Go; JPEG 2000
// and High-Throughput JPEG 2000 by OpenJPEG, where it is installed. What
// cannot be decoded is refused by name, and a frame that is damaged or cut
// short is an error: there is no such thing here as a partly decoded image.
package pixel

import (
	"fmt"

	"nafas/dicomio/refusal"
)

// Format is what the data set says of its frames: the Image Pixel module
// (PS3.3 C.7.6.3) and the transfer syntax.
type Format struct {
	TransferSyntax      string // UID
	Rows, Columns       int
	BitsAllocated       int // 8 or 16
	BitsStored          int
	HighBit             int
	PixelRepresentation int // 0 unsigned, 1 two's complement
	SamplesPerPixel     int // 1
	Photometric         string
	BigEndian           bool // native frames only
}

// Decode writes the stored values of one frame to dst, which holds
// Rows*Columns values row by row: BitsStored bits each, two's complement but
// not sign extended where the pixels are signed (SignExtend does that).
//
// frame holds one whole frame: for encapsulated syntaxes its fragments
// concatenated. The error is a *refusal.Error: Unsupported for a transfer
// syntax without a decoder, BadPixelFormat for pixels that are no single grey
// value of up to 16 bits, Malformed for everything wrong in the bytes. After
// an error dst holds nothing of use.
func Decode(dst []uint16, frame []byte, f Format) error {
	if err := f.check(); err != nil {
		return err
	}
	if len(dst) != f.Rows*f.Columns {
		return fmt.Errorf("pixel: dst holds %d values, the frame %d", len(dst), f.Rows*f.Columns)
	}
	c, ok := codecs[f.TransferSyntax]
	if !ok {
		return unknown(f.TransferSyntax)
	}
	if err := c.available(); err != nil {
		return err
	}
	return c.decode(dst, frame, f)
}

// SignExtend reads the lowest bitsStored bits of v (1 to 16) as two's
// complement.
func SignExtend(v uint16, bitsStored int) int16 {
	s := uint(16-bitsStored) & 15
	return int16(v<<s) >> s
}

// check refuses formats that no codec here decodes, whatever the bytes.
func (f Format) check() error {
	const remedy = "send the original single-channel CT images"
	bad := func(found string, args ...any) error {
		return refusal.New(refusal.BadPixelFormat, remedy, found, args...)
	}
	switch {
	case f.Rows < 1 || f.Columns < 1 || f.Rows > 65535 || f.Columns > 65535:
		return bad("the image has %d rows and %d columns", f.Rows, f.Columns)
	case f.SamplesPerPixel != 1:
		return bad("the image has %d samples per pixel", f.SamplesPerPixel)
	case f.Photometric != "" && f.Photometric != "MONOCHROME1" && f.Photometric != "MONOCHROME2":
		return bad("the photometric interpretation is not monochrome")
	case f.BitsAllocated != 8 && f.BitsAllocated != 16:
		return bad("the image has %d bits allocated", f.BitsAllocated)
	case f.BitsStored < 1 || f.BitsStored > f.BitsAllocated:
		return bad("the image has %d bits stored of %d allocated", f.BitsStored, f.BitsAllocated)
	case f.HighBit < f.BitsStored-1 || f.HighBit >= f.BitsAllocated:
		return bad("the image has %d bits stored with high bit %d", f.BitsStored, f.HighBit)
	case f.PixelRepresentation != 0 && f.PixelRepresentation != 1:
		return bad("the pixel representation is %d", f.PixelRepresentation)
	}
	return nil
}

func malformed(found string, args ...any) error {
	return refusal.New(refusal.Malformed, "send the instance again from its source", found, args...)
}
