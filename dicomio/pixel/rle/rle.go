// Package rle decodes DICOM's RLE Lossless frames (PS3.5 annex G) of one
// sample per pixel, 8 or 16 bits allocated.
package rle

import (
	"encoding/binary"

	"nafas/dicomio/refusal"
)

// headerSize is that of the RLE header: 16 numbers of 32 bits (PS3.5 G.5).
const headerSize = 64

// Decode decodes one frame into dst, which has one element per pixel: whole
// pixel cells of 8 or 16 bits, whatever they hold. The error is a refusal,
// Malformed; dst is then partly written.
func Decode(dst []uint16, frame []byte, bitsAllocated int) error {
	segments, err := split(frame, bitsAllocated/8)
	if err != nil {
		return err
	}
	clear(dst)
	// The segments hold the bytes of the cells, the most significant first
	// (PS3.5 G.2).
	for i, s := range segments {
		if err := unpack(dst, s, uint(8*(len(segments)-1-i))); err != nil {
			return err
		}
	}
	return nil
}

// split reads the header and returns the wanted number of segments.
func split(frame []byte, want int) ([][]byte, error) {
	if len(frame) < headerSize {
		return nil, malformed("an RLE frame of %d bytes has no header", len(frame))
	}
	n := binary.LittleEndian.Uint32(frame)
	if int64(n) != int64(want) {
		return nil, malformed("the RLE frame has %d segments, its pixels need %d", n, want)
	}
	segments := make([][]byte, want)
	end := len(frame)
	for i := want - 1; i >= 0; i-- {
		at := int64(binary.LittleEndian.Uint32(frame[4+4*i:]))
		if at < headerSize || at > int64(end) {
			return nil, malformed("RLE segment %d begins at byte %d of %d", i+1, at, len(frame))
		}
		segments[i] = frame[at:end]
		end = int(at)
	}
	return segments, nil
}

// unpack decodes one PackBits segment (PS3.5 G.3) and ors its bytes into the
// cells, shifted.
func unpack(dst []uint16, s []byte, shift uint) error {
	for at := 0; at < len(dst); {
		if len(s) < 2 {
			return malformed("an RLE segment ends at pixel %d of %d", at, len(dst))
		}
		code := int(s[0])
		switch {
		case code < 128:
			n := code + 1
			if n > len(dst)-at {
				return overflow(len(dst))
			}
			if n > len(s)-1 {
				return malformed("an RLE segment ends at pixel %d of %d", at, len(dst))
			}
			out := dst[at : at+n]
			for i, b := range s[1 : 1+n] {
				out[i] |= uint16(b) << shift
			}
			s = s[1+n:]
			at += n
		case code > 128:
			n := 257 - code
			if n > len(dst)-at {
				return overflow(len(dst))
			}
			v := uint16(s[1]) << shift
			out := dst[at : at+n]
			for i := range out {
				out[i] |= v
			}
			s = s[2:]
			at += n
		default: // 128 says nothing
			s = s[1:]
		}
		if at == len(dst) {
			return padding(s, len(dst))
		}
	}
	return nil
}

// padding allows what may follow the last pixel: a byte up to an even length
// (PS3.5 G.3.1), empty codes, and zeros.
func padding(s []byte, pixels int) error {
	if len(s) <= 1 {
		return nil
	}
	for _, b := range s {
		if b != 0 && b != 128 {
			return overflow(pixels)
		}
	}
	return nil
}

func overflow(pixels int) error {
	return malformed("an RLE segment holds more than the frame's %d pixels", pixels)
}

func malformed(found string, args ...any) error {
	return refusal.New(refusal.Malformed,
		"send the instance again from its source; the compressed frame is damaged", found, args...)
}
