// Package marker reads the marker segments that JPEG (ITU-T T.81 annex B) and
// JPEG-LS (ITU-T T.87 annex C) streams are made of.
package marker

import (
	"encoding/binary"

	"nafas/dicomio/refusal"
)

// Codes of T.81 table B.1 and T.87 table C.1: the second byte, after 0xFF.
const (
	SOF3  = 0xC3 // lossless, Huffman coded
	DHT   = 0xC4
	JPG   = 0xC8
	DAC   = 0xCC
	RST0  = 0xD0
	SOI   = 0xD8
	EOI   = 0xD9
	SOS   = 0xDA
	DNL   = 0xDC
	DRI   = 0xDD
	SOF55 = 0xF7 // JPEG-LS
	LSE   = 0xF8
)

// IsFrame reports whether code begins a frame header of T.81 (SOF0 to SOF15).
func IsFrame(code byte) bool {
	return code >= 0xC0 && code <= 0xCF && code != DHT && code != JPG && code != DAC
}

// Segment is one marker segment: its code, the bytes after its length, and
// the position after it.
type Segment struct {
	Code byte
	Body []byte
	Next int
}

// Read reads the segment at pos. Markers that stand alone have no body. The
// error is a refusal, Malformed.
func Read(src []byte, pos int) (Segment, error) {
	if pos >= len(src) || src[pos] != 0xFF {
		return Segment{}, Malformed("a JPEG marker is missing at byte %d", pos)
	}
	for pos < len(src) && src[pos] == 0xFF { // fill bytes, T.81 B.1.1.2
		pos++
	}
	if pos >= len(src) {
		return Segment{}, Malformed("the JPEG stream ends in its header")
	}
	code := src[pos]
	pos++
	if code <= 0x01 || code >= RST0 && code <= EOI {
		return Segment{Code: code, Next: pos}, nil
	}
	if pos+2 > len(src) {
		return Segment{}, Malformed("the JPEG stream ends in its header")
	}
	n := int(binary.BigEndian.Uint16(src[pos:]))
	if n < 2 || pos+n > len(src) {
		return Segment{}, Malformed("JPEG marker segment FF%02X has length %d with %d bytes left",
			code, n, len(src)-pos)
	}
	return Segment{Code: code, Body: src[pos+2 : pos+n], Next: pos + n}, nil
}

// Restart reads the restart marker number n (RSTm with m = n mod 8) at pos,
// fill bytes before it allowed, and returns the position after it.
func Restart(src []byte, pos, n int) (int, bool) {
	if pos >= len(src) || src[pos] != 0xFF {
		return pos, false
	}
	for pos < len(src) && src[pos] == 0xFF {
		pos++
	}
	return pos + 1, pos < len(src) && src[pos] == byte(RST0+n%8)
}

// AtEnd wants the image to end at pos: data that go on there show that the
// stream and its samples have come apart. A stream cut between its last
// sample and the EOI marker is whole as far as the image goes, and zeros may
// fill it up to the even length that DICOM wants.
func AtEnd(src []byte, pos int) error {
	for pos < len(src) && src[pos] == 0xFF {
		pos++
		if pos < len(src) && src[pos] == EOI {
			return nil
		}
	}
	for _, b := range src[pos:] {
		if b != 0 {
			return Malformed("JPEG data go on after the last sample")
		}
	}
	return nil
}

// Malformed says that a stream breaks its standard.
func Malformed(found string, args ...any) error {
	return refusal.New(refusal.Malformed,
		"send the instance again from its source; the compressed frame is damaged", found, args...)
}

// Unsupported says that a stream is of a kind that CT does not use.
func Unsupported(found string, args ...any) error {
	return refusal.New(refusal.Unsupported,
		"transcode the instance to Explicit VR Little Endian (1.2.840.10008.1.2.1)", found, args...)
}
