package dicomio

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nafas/dicomio/refusal"
	"nafas/inference/volume"
)

// AssembleOptions tune Assemble; the zero value is fit for use.
type AssembleOptions struct {
	// Parallel bounds the slices decoded at once; 0 means one per CPU.
	Parallel int
	// Progress, where not nil, is called after each slice, from one goroutine
	// at a time.
	Progress func(done, total int)
}

// Slice is where slice k of a volume comes from.
type Slice struct {
	SOPInstanceUID string
	// Frame counts from 1 in multi-frame instances; 0 in single-frame ones.
	Frame int
	// OriginLPSMM is the centre of the first pixel of the image as it was
	// sent; it differs from the grid's by whole pixels where the slice was
	// moved.
	OriginLPSMM volume.Vec3
	// Interpolated: the slice is missing and was filled; the instance is the
	// one below it.
	Interpolated bool
}

// ScanInfo says what was read.
type ScanInfo struct {
	Slices, Rows, Columns int
	// SpacingMM is between voxel centres along i (columns), j (rows), k.
	SpacingMM            [3]float64
	SliceThicknessMM     float64
	Kernel, Manufacturer string
	Contrast, Lossy      bool
}

// Timings are wall times; Read and Decode share the time of the parallel part
// in proportion.
type Timings struct{ Read, Decode, Assemble time.Duration }

// Assembled is a series as a volume.
type Assembled struct {
	Volume   *volume.Volume
	Slices   []Slice // in k order
	Warnings []Warning
	Info     ScanInfo
	Timings  Timings
}

// PixelAt maps a point to continuous pixel coordinates in the image of slice
// k as it was sent: column and row, 0 at the centre of the top left pixel.
func (a *Assembled) PixelAt(k int, lpsMM volume.Vec3) (column, row float64) {
	d := lpsMM.Sub(a.Slices[k].OriginLPSMM)
	return d.Dot(a.Volume.Axes[0]) / a.Volume.SpacingMM[0], d.Dot(a.Volume.Axes[1]) / a.Volume.SpacingMM[1]
}

// Assemble checks, sorts and decodes a series into a volume of Hounsfield
// units. k grows along the normal row x column from the lowest position on
// it, i along the rows, j along the columns; voxels are never flipped, the
// grid says where they are. Padding and what lies below -1024 HU is
// volume.AirHU.
//
// The memory it takes beside the volume is a few slices: pixels are decoded
// into the volume. Errors are *refusal.Error, one reason for each rule of
// docs/dicom.md, or the context's.
func Assemble(ctx context.Context, s *Series, opt AssembleOptions) (*Assembled, error) {
	start := time.Now()
	p, err := newPlan(s)
	if err != nil {
		return nil, err
	}
	d := newDecoder(p)
	if err := d.checkDoubles(ctx); err != nil {
		return nil, err
	}
	v := &volume.Volume{Grid: p.grid, HU: make([]int16, p.grid.Len())}
	tally := &tally{}
	report := &counter{total: len(p.planes), report: opt.Progress}
	decodeStart := time.Now()
	if err := d.all(ctx, v.HU, opt.Parallel, report, tally.add); err != nil {
		return nil, err
	}
	decodeWall := time.Since(decodeStart)
	if err := tally.check(); err != nil {
		return nil, err
	}
	if err := p.fill(v); err != nil {
		return nil, err
	}
	a := &Assembled{Volume: v, Slices: p.slices(), Warnings: p.warnings, Info: p.info()}
	a.Timings = share(decodeWall, time.Since(start), d.read.Load(), d.decode.Load())
	return a, nil
}

// share divides the wall time of the parallel part as the workers spent it.
func share(parallel, total time.Duration, read, decode int64) Timings {
	t := Timings{Assemble: total - parallel}
	if sum := read + decode; sum > 0 {
		t.Read = time.Duration(float64(parallel) * float64(read) / float64(sum))
	}
	t.Decode = parallel - t.Read
	return t
}

// checkDoubles accepts two images at one place only where they are the same.
func (d *decoder) checkDoubles(ctx context.Context) error {
	if len(d.plan.doubles) == 0 {
		return nil
	}
	size := d.plan.grid.Size[0] * d.plan.grid.Size[1]
	a, b := make([]int16, size), make([]int16, size)
	for _, pair := range d.plan.doubles {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.hounsfield(a, pair.kept); err != nil {
			return err
		}
		if err := d.hounsfield(b, pair.other); err != nil {
			return err
		}
		if !slices.Equal(a, b) {
			return refuseDoubles(pair.kept.atMM)
		}
	}
	return nil
}

// fill interpolates missing slices outside the lungs, which the plan has
// warned of, and refuses those within.
func (p *plan) fill(v *volume.Volume) error {
	size := p.grid.Size[0] * p.grid.Size[1]
	slab := func(k int) []int16 { return v.HU[k*size:][:size] }
	for _, k := range p.filled {
		below, above := slab(k-1), slab(k+1)
		for _, neighbour := range [][]int16{below, above} {
			if area := p.airInsideMM2(neighbour); area >= lungAreaMM2 {
				return refuseMissing(fmt.Sprintf("slice %d is missing within the lungs", k))
			}
		}
		for i := range size {
			slab(k)[i] = int16((int(below[i]) + int(above[i])) / 2)
		}
	}
	return nil
}

func (p *plan) slices() []Slice {
	out := make([]Slice, p.grid.Size[2])
	for i, pl := range p.planes {
		out[p.place[i]] = Slice{SOPInstanceUID: pl.in.SOPUID, Frame: pl.fr().Number, OriginLPSMM: pl.fr().PositionLPSMM}
	}
	for _, k := range p.filled {
		out[k] = out[k-1]
		out[k].Interpolated = true
	}
	return out
}

func (p *plan) info() ScanInfo {
	return ScanInfo{
		Slices: p.grid.Size[2], Rows: p.grid.Size[1], Columns: p.grid.Size[0],
		SpacingMM: p.grid.SpacingMM, SliceThicknessMM: p.thicknessMM,
		Kernel: p.kernel(), Manufacturer: p.planes[0].in.Manufacturer,
		Contrast: p.contrast(), Lossy: p.lossy(),
	}
}

// Check applies the rules that need no pixels: nil, or the *refusal.Error
// that Assemble would return.
func Check(s *Series) error {
	_, err := newPlan(s)
	if err != nil && refusal.Of(err) == "" {
		return asRefusal(err)
	}
	return err
}
