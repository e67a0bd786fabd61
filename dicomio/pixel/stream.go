package pixel

import "nafas/dicomio/pixel/jpegls"

func decodeJPEGLS(dst []uint16, frame []byte, f Format) error {
	info, err := jpegls.Decode(dst, frame, f.Rows, f.Columns)
	if err != nil {
		return err
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
