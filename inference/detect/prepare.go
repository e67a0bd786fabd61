// Package detect does what a model's manifest describes: it brings the lungs
// onto the network's grid, runs the network tile by tile, decodes its head,
// and returns candidates in patient coordinates.
package detect

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nafas/inference/lung"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// Prepared is the scan as a network sees it.
type Prepared struct {
	// Grid is the model's grid: its spacing, axes along LPS with the model's
	// directions.
	Grid volume.Grid
	// HU are Hounsfield units on Grid, not yet windowed.
	HU []int16
	// Exact is set instead of HU where the manifest's extent is the volume: HU
	// as they were interpolated, not rounded.
	Exact []float32
	// ROI is 1 where candidates are allowed: the lung, closed and dilated.
	ROI []uint8
}

// roiOn is the value of the region of interest while it is resampled; half of
// it is the surface.
const roiOn = 1024

// Prepare crops v to the region of interest of f and resamples it onto the
// grid that the manifest asks for. The lattice contains the centre of v's
// rightmost, foremost, lowest voxel, so that slices at the model's spacing (or
// twice, or four times) are taken as they are, and that a scan stored the other
// way round is sampled at the same places.
//
// Training reads what this writes: change the two together.
func Prepare(ctx context.Context, v *volume.Volume, f *lung.Field, in manifest.Input) (*Prepared, error) {
	if in.Whole() {
		return prepareWhole(ctx, v, f, in)
	}
	grid, err := modelGrid(v.Grid, f, in)
	if err != nil {
		return nil, err
	}
	p := &Prepared{Grid: grid, HU: make([]int16, grid.Len()), ROI: make([]uint8, grid.Len())}
	v.ResampleInto(p.HU, grid, volume.AirHU)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.setROI(f)
	return p, ctx.Err()
}

// setROI brings the region of interest of f onto the grid.
func (p *Prepared) setROI(f *lung.Field) {
	field := &volume.Volume{Grid: f.Grid, HU: make([]int16, len(f.ROI))}
	for o, on := range f.ROI {
		field.HU[o] = int16(on) * roiOn
	}
	on := field.Resample(p.Grid, 0).HU
	for o := range p.ROI {
		// The sign of the difference: a branch would be guessed wrong along
		// the whole surface.
		p.ROI[o] = uint8(uint16(on[o]-roiOn/2)>>15) ^ 1
	}
}

// modelGrid encloses the region of interest with the manifest's margin, within
// the volume.
func modelGrid(source volume.Grid, f *lung.Field, in manifest.Input) (volume.Grid, error) {
	g := volume.Grid{SpacingMM: in.SpacingMM}
	directions, err := in.Directions()
	if err != nil {
		return g, err
	}
	for n, d := range directions {
		g.Axes[n] = d
	}
	lo, hi := f.Box(in.MarginMM)
	least, most := source.Bounds()
	for n := range 3 {
		mm := in.SpacingMM[n]
		lo[n], hi[n] = max(lo[n], least[n]), min(hi[n], most[n])
		first := math.Ceil((lo[n]-least[n])/mm - 1e-6)
		last := math.Floor((hi[n]-least[n])/mm + 1e-6)
		last = max(first, last)
		g.Size[n] = int(last-first) + 1
		g.OriginLPSMM[n] = least[n] + first*mm
		if g.Axes[n][n] < 0 {
			g.OriginLPSMM[n] = least[n] + last*mm
		}
	}
	return g, checkGrid(g)
}

// ErrGrid: a scan on the model's grid would not fit into any usual memory.
var ErrGrid = errors.New("the model's spacing is too fine for this scan")

// maxGridVoxels is ten times a chest on the finest published grid.
const maxGridVoxels = 1 << 29

func checkGrid(g volume.Grid) error {
	if n := float64(g.Size[0]) * float64(g.Size[1]) * float64(g.Size[2]); n > maxGridVoxels {
		return fmt.Errorf("%w: %v voxels of %v mm, more than %d", ErrGrid, g.Size, g.SpacingMM, maxGridVoxels)
	}
	return nil
}
