package pixel

import (
	"encoding/binary"

	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
)

// decodeNative reads uncompressed pixel cells (PS3.5 8.1.1).
func decodeNative(dst []uint16, frame []byte, f Format) error {
	n := len(dst) * f.BitsAllocated / 8
	// A frame of odd length may come with its padding byte (PS3.5 8.1.1).
	if len(frame) < n || len(frame) > n+n&1 {
		return malformed("a frame of %d bytes is needed, %d are there", n, len(frame))
	}
	shift, mask := f.cell()
	big := f.BigEndian || f.TransferSyntax == part10.ExplicitBE
	if f.BitsAllocated == 8 {
		if big {
			// Whether its bytes are swapped in pairs hangs on the VR, OB or OW,
			// which is not known here; a wrong guess swaps neighbours silently.
			return refusal.New(refusal.Unsupported, "transcode to Explicit VR Little Endian ("+part10.ExplicitLE+")",
				"big endian pixels of 8 bits are not read")
		}
		for i, b := range frame[:len(dst)] {
			dst[i] = uint16(b) >> shift & mask
		}
		return nil
	}
	if big {
		for i := range dst {
			dst[i] = binary.BigEndian.Uint16(frame[2*i:]) >> shift & mask
		}
		return nil
	}
	decodeLittle(dst, frame[:n], shift, mask)
	return nil
}

// decodeLittle takes four pixels at a time: the common case of a CT, and the
// one where the decoder must be no slower than the disk.
func decodeLittle(dst []uint16, src []byte, shift uint, mask uint16) {
	masks := uint64(mask) * 0x0001_0001_0001_0001
	for len(dst) >= 4 && len(src) >= 8 {
		v := binary.LittleEndian.Uint64(src) >> shift & masks
		dst[0], dst[1], dst[2], dst[3] = uint16(v), uint16(v>>16), uint16(v>>32), uint16(v>>48)
		dst, src = dst[4:], src[8:]
	}
	for i := range dst {
		dst[i] = binary.LittleEndian.Uint16(src[2*i:]) >> shift & mask
	}
}

// cell returns where the stored value lies in a pixel cell (PS3.5 8.1.1):
// overlays may fill the bits around it.
func (f Format) cell() (shift uint, mask uint16) {
	return uint(f.HighBit + 1 - f.BitsStored), f.mask()
}

func (f Format) mask() uint16 { return uint16(1<<f.BitsStored - 1) }
