// Package derive writes a series of real images again with other voxels: for
// simulated nodules in a real chest.
//
// The new series is of a study, a patient and a frame of reference of its own,
// so that nothing files it under the patient that it came from. Geometry,
// rescaling, stored bits and what tells how the images were made stay; the
// rest of the header does not come along. A pixel whose value in HU did not
// change keeps its stored bits.
package derive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
	"nafas/dicomio/refusal"
	"nafas/inference/volume"
)

// Options say what the new series is.
type Options struct {
	// Name makes the UIDs and the patient: the same name, the same UIDs. It
	// should hold the source's series UID and all that decides the voxels.
	Name string
	// Description is SeriesDescription, Derivation what was done to the
	// images (DerivationDescription); both ASCII.
	Description, Derivation string
	// Parallel bounds the files written at a time; 0 means one per CPU.
	Parallel int
}

// SeriesUID is the UID of the new series.
func (o Options) SeriesUID() string { return o.uid("series") }

func (o Options) uid(parts ...string) string {
	return part10.NameUID(append([]string{"derive", o.Name}, parts...)...)
}

// patientID tells copies apart without saying whom they were made from.
func (o Options) patientID() string {
	sum := sha256.Sum256([]byte(o.Name))
	return "SIMULATED-" + hex.EncodeToString(sum[:6])
}

// Write writes one file per slice of scan into dir, which is made where it is
// missing, with the voxels of v, and returns the paths in the order of k. scan
// is what dicomio.Assemble made of series, v has its grid. A slice that was
// missing and filled in is not written.
//
// Errors are *refusal.Error (Unsupported for multi-frame images; those of a
// file that changed), the context's and the file system's.
func Write(ctx context.Context, dir string, series *dicomio.Series, scan *dicomio.Assembled, v *volume.Volume, o Options) ([]string, error) {
	if v.Size != scan.Volume.Size || len(v.HU) != len(scan.Volume.HU) {
		return nil, errors.New("derive: the new volume is not on the grid of the series")
	}
	byUID := map[string]*dicomio.Instance{}
	for _, in := range series.Instances {
		byUID[in.SOPUID] = in
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	w := &writer{scan: scan, to: v, opt: o}
	g, inner := errgroup.WithContext(ctx)
	if o.Parallel <= 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	g.SetLimit(o.Parallel)
	var paths []string
	for k, slice := range scan.Slices {
		if slice.Interpolated {
			continue
		}
		path := filepath.Join(dir, fmt.Sprintf("%04d.dcm", k+1))
		paths = append(paths, path)
		g.Go(func() error {
			if err := inner.Err(); err != nil {
				return err
			}
			data, err := w.slice(k, byUID[slice.SOPInstanceUID])
			if err != nil {
				return fmt.Errorf("slice %d: %w", k, err)
			}
			return os.WriteFile(path, data, 0o644)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return paths, ctx.Err()
}

// writer is one Write under way.
type writer struct {
	scan *dicomio.Assembled
	to   *volume.Volume
	opt  Options
}

// slice makes the file of slice k from the instance that it was read from.
func (w *writer) slice(k int, in *dicomio.Instance) ([]byte, error) {
	if in == nil {
		return nil, errors.New("derive: a slice of the volume is not in the series")
	}
	if in.SOPClassUID != dicomio.ClassCT || len(in.Frames) != 1 {
		return nil, refusal.New(refusal.Unsupported, "convert the series to single-frame CT images",
			"multi-frame images cannot be written with other voxels")
	}
	data, err := in.Source.Bytes(nil)
	if err != nil {
		return nil, err
	}
	f, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil {
		return nil, err
	}
	c, err := readCells(f, in)
	if err != nil {
		return nil, err
	}
	w.change(c, k, in)
	elems, err := w.header(f, in, c, k)
	if err != nil {
		return nil, err
	}
	return part10.Marshal(part10.ExplicitLE, dataset(elems), &part10.Pixels{Native: c.bytes()})
}

// change sets the pixels whose HU differ. A slice that was moved within its
// plane to straighten the stack is moved back.
func (w *writer) change(c *cells, k int, in *dicomio.Instance) {
	from, size := w.scan.Volume, w.to.Size
	column, row := w.scan.PixelAt(k, from.ToLPS(volume.Vec3{0, 0, float64(k)}))
	dx, dy := int(math.Round(column)), int(math.Round(row))
	fr := &in.Frames[0]
	for j := range size[1] {
		for i := range size[0] {
			at := from.Index(i, j, k)
			x, y := i+dx, j+dy
			if w.to.HU[at] == from.HU[at] || x < 0 || y < 0 || x >= in.Columns || y >= in.Rows {
				continue
			}
			c.set(y*in.Columns+x, (float64(w.to.HU[at])-fr.Intercept)/fr.Slope)
		}
	}
}

// cells are the pixel cells of one frame, 16 bits each, with whatever stands
// beside the stored bits.
type cells struct {
	values                       []uint16
	stored, high, representation int
	padding                      dicomio.Padding
}

// readCells decodes a frame. Native cells are kept whole: overlays and padding
// values may lie beyond the stored bits.
func readCells(f *part10.File, in *dicomio.Instance) (*cells, error) {
	frames, err := f.Frames(1)
	if err != nil {
		return nil, err
	}
	c := &cells{
		values: make([]uint16, in.Rows*in.Columns), padding: in.Padding,
		stored: in.Format.BitsStored, high: in.Format.BitsStored - 1, representation: in.Format.PixelRepresentation,
	}
	format := in.Format
	if !part10.Encapsulated(f.TransferSyntax) && format.BitsAllocated == 16 {
		c.high = format.HighBit
		format.BitsStored, format.HighBit = 16, 15
	}
	return c, pixel.Decode(c.values, frames[0], format)
}

// set stores a value, rounded and clipped to what the stored bits hold, and
// never one that means padding.
func (c *cells) set(at int, value float64) {
	low, most := 0, 1<<c.stored-1
	if c.representation == 1 {
		low, most = -1<<(c.stored-1), 1<<(c.stored-1)-1
	}
	n := min(max(int(math.Round(value)), low), most)
	for c.isPadding(n) && n < most {
		n++
	}
	shift := uint(c.high + 1 - c.stored)
	mask := uint16(1<<c.stored-1) << shift
	c.values[at] = c.values[at]&^mask | uint16(n)<<shift&mask
}

func (c *cells) isPadding(n int) bool {
	if !c.padding.HasValue {
		return false
	}
	from, to := c.number(c.padding.Value), c.number(c.padding.Value)
	if c.padding.HasLimit {
		to = c.number(c.padding.Limit)
	}
	return n >= min(from, to) && n <= max(from, to)
}

func (c *cells) number(bits uint16) int {
	if c.representation == 1 {
		return int(int16(bits))
	}
	return int(bits)
}

// bytes is the cells, little endian.
func (c *cells) bytes() []byte {
	out := make([]byte, 0, 2*len(c.values))
	for _, v := range c.values {
		out = append(out, byte(v), byte(v>>8))
	}
	return out
}
