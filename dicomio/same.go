package dicomio

import (
	"bytes"
	"slices"

	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
)

func reparse(in *Instance) (*part10.File, error) {
	data, err := in.Source.Bytes(nil)
	if err != nil {
		return nil, readError(err)
	}
	return part10.Parse(data, in.location.limits)
}

// sameBytes compares the pixel data of two objects, or the files where they
// have none.
func sameBytes(a, b *part10.File) bool {
	if a.Pixel == nil || b.Pixel == nil {
		return a.Pixel == nil && b.Pixel == nil && bytes.Equal(a.Bytes, b.Bytes)
	}
	if a.Pixel.Encapsulated || b.Pixel.Encapsulated {
		return slices.EqualFunc(a.Pixel.Fragments, b.Pixel.Fragments, bytes.Equal)
	}
	return bytes.Equal(nativeBytes(a), nativeBytes(b))
}

func nativeBytes(f *part10.File) []byte {
	return f.Bytes[f.Pixel.Offset : f.Pixel.Offset+f.Pixel.Length]
}

// sameFrames compares stored values: one image may have come in two transfer
// syntaxes.
func sameFrames(fa, fb pixel.Format, framesA, framesB [][]byte) (bool, error) {
	if fa.PixelRepresentation != fb.PixelRepresentation {
		return false, nil
	}
	a, b := make([]uint16, fa.Rows*fa.Columns), make([]uint16, fb.Rows*fb.Columns)
	for i := range framesA {
		if fa == fb && bytes.Equal(framesA[i], framesB[i]) {
			continue
		}
		if err := pixel.Decode(a, framesA[i], fa); err != nil {
			return false, err
		}
		if err := pixel.Decode(b, framesB[i], fb); err != nil {
			return false, err
		}
		if !slices.Equal(a, b) {
			return false, nil
		}
	}
	return true, nil
}
