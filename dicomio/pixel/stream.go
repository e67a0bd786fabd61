package pixel

import (
	"nafas/dicomio/pixel/jpegll"
	"nafas/dicomio/pixel/jpegls"
	"nafas/dicomio/pixel/openjpeg"
	"nafas/dicomio/pixel/rle"
)

func decodeRLE(dst []uint16, frame []byte, f Format) error {
	if err := rle.Decode(dst, frame, f.BitsAllocated); err != nil {
		return err
	}
	return f.settle(dst, f.BitsAllocated)
}

func decodeJPEGLossless(dst []uint16, frame []byte, f Format) error {
	info, err := jpegll.Decode(dst, frame, f.Rows, f.Columns)
	if err != nil {
		return err
	}
	return f.settle(dst, info.Precision)
}

func decodeJPEGLS(dst []uint16, frame []byte, f Format) error {
	info, err := jpegls.Decode(dst, frame, f.Rows, f.Columns)
	if err != nil {
		return err
	}
	return f.settle(dst, info.Precision)
}

func decodeJPEG2000(dst []uint16, frame []byte, f Format) error {
	info, err := openjpeg.Decode(dst, frame, f.Rows, f.Columns)
	if err != nil {
		return err
	}
	if info.Signed && f.PixelRepresentation == 0 {
		sign := uint16(1) << uint(info.Precision-1)
		for _, v := range dst {
			if v&sign != 0 {
				return malformed("the JPEG 2000 frame holds negative values, the data set says unsigned")
			}
		}
	}
	return f.settle(dst, info.Precision)
}

// settle turns the samples of a code stream of the given precision into
// stored values. Encoders code either the stored bits, or the whole pixel cell
// with whatever stands beside them (PS3.5 8.2.1: the precision may differ
// from Bits Stored), or fewer bits where the values allow it.
func (f Format) settle(dst []uint16, precision int) error {
	switch {
	case precision > f.BitsAllocated:
		return malformed("the frame has samples of %d bits where %d are allocated", precision, f.BitsAllocated)
	case precision == f.BitsStored:
		return nil
	case precision < f.BitsStored:
		if f.PixelRepresentation == 1 {
			mask := f.mask()
			for i, v := range dst {
				dst[i] = uint16(SignExtend(v, precision)) & mask
			}
		}
		return nil
	}
	shift, mask := uint(0), f.mask()
	if precision > f.HighBit {
		shift, _ = f.cell()
	}
	for i, v := range dst {
		dst[i] = v >> shift & mask
	}
	return nil
}
