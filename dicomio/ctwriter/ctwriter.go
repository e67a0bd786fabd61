package ctwriter

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/suyashkumar/dicom"
	"golang.org/x/sync/errgroup"

	"nafas/dicomio/part10"
	"nafas/inference/volume"
)

// interceptHU is RescaleIntercept; the slope is 1.
const interceptHU = -1024

// Write writes one CT Image Storage file per slice (PS3.3 A.3) into dir, which
// is made where it is missing, and returns their paths in the order of k.
// Rows run along j, columns along i, so that a volume of any orientation keeps
// its affine; slices are numbered along k.
func Write(dir string, v *volume.Volume, o Options) ([]string, error) {
	o, err := o.withDefaults(v)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	paths := make([]string, v.Size[2])
	var g errgroup.Group
	g.SetLimit(o.Parallel)
	for k := range paths {
		paths[k] = filepath.Join(dir, fmt.Sprintf("%04d.dcm", k+1))
		g.Go(func() error {
			data, err := instance(v, k, o)
			if err != nil {
				return fmt.Errorf("slice %d: %w", k, err)
			}
			return os.WriteFile(paths[k], data, 0o644)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return paths, nil
}

// Instances returns the files that Write writes.
func Instances(v *volume.Volume, o Options) ([][]byte, error) {
	o, err := o.withDefaults(v)
	if err != nil {
		return nil, err
	}
	files := make([][]byte, v.Size[2])
	var g errgroup.Group
	g.SetLimit(o.Parallel)
	for k := range files {
		g.Go(func() (err error) {
			files[k], err = instance(v, k, o)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return files, nil
}

// instance makes the file of slice k.
func instance(v *volume.Volume, k int, o Options) ([]byte, error) {
	frame := o.stored(nil, v, k)
	px := &part10.Pixels{Native: frame, MaxFragment: o.MaxFragment, Offsets: o.Offsets}
	ratio := 1.0
	if o.Encode != nil {
		code, err := o.Encode(frame, v.Size[1], v.Size[0])
		if err != nil {
			return nil, err
		}
		px.Native, px.Frames = nil, [][]byte{code}
		ratio = float64(len(frame)) / float64(max(len(code), 1))
	}
	elems, err := singleFrame(v, k, o, ratio)
	if err != nil {
		return nil, err
	}
	if o.Modify != nil {
		elems = o.Modify(k, elems)
	}
	return part10.Marshal(o.TransferSyntax, dicom.Dataset{Elements: elems}, px)
}

// stored appends the stored values of slice k, little endian.
func (o Options) stored(b []byte, v *volume.Volume, k int) []byte {
	n := v.Size[0] * v.Size[1]
	low, high := -1<<(o.BitsStored-1), 1<<(o.BitsStored-1)-1
	if o.Unsigned {
		low, high = 0, 1<<o.BitsStored-1
	}
	mask := uint16(1<<o.BitsStored - 1)
	if b == nil {
		b = make([]byte, 0, 2*n)
	}
	for _, hu := range v.HU[k*n : (k+1)*n] {
		value := min(max(int(hu)-interceptHU, low), high)
		b = binary.LittleEndian.AppendUint16(b, uint16(value)&mask)
	}
	return b
}
