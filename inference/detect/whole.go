package detect

import (
	"context"
	"math"

	"nafas/inference/lung"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// PrepareVolume brings all of v onto the grid of a manifest whose extent is
// the volume (manifest.ExtentVolume). Candidates are allowed everywhere.
func PrepareVolume(ctx context.Context, v *volume.Volume, in manifest.Input) (*Prepared, error) {
	o, err := orient(v.Grid, in)
	if err != nil {
		return nil, err
	}
	grid := o.grid(v.Grid, in.SpacingMM)
	if err := checkGrid(grid); err != nil {
		return nil, err
	}
	p := &Prepared{Grid: grid, Exact: make([]float32, grid.Len()), ROI: make([]uint8, grid.Len())}
	for i := range p.ROI {
		p.ROI[i] = 1
	}
	if err := o.sample(ctx, p.Exact, grid, v); err != nil {
		return nil, err
	}
	return p, nil
}

func prepareWhole(ctx context.Context, v *volume.Volume, f *lung.Field, in manifest.Input) (*Prepared, error) {
	p, err := PrepareVolume(ctx, v, in)
	if err != nil {
		return nil, err
	}
	p.setROI(f)
	return p, ctx.Err()
}

// orientation says which axis of a volume becomes x, y and z, and whether it
// is walked from its end.
type orientation struct {
	axis [3]int
	flip [3]bool
}

// orient turns the axes of g, one after the other, to the axis of the manifest
// that they are nearest to and that is still free. Oblique axes stay oblique.
func orient(g volume.Grid, in manifest.Input) (orientation, error) {
	var o orientation
	directions, err := in.Directions()
	if err != nil {
		return o, err
	}
	var taken [3]bool
	for a := range 3 {
		best, dot := -1, 0.0
		for n, d := range directions {
			if c := g.Axes[a].Dot(d); !taken[n] && (best < 0 || math.Abs(c) > math.Abs(dot)) {
				best, dot = n, c
			}
		}
		taken[best] = true
		o.axis[best], o.flip[best] = a, dot < 0
	}
	return o, nil
}

// grid keeps the centre of the first voxel after the turn.
func (o orientation) grid(source volume.Grid, spacingMM [3]float64) volume.Grid {
	g := volume.Grid{SpacingMM: spacingMM}
	var first volume.Vec3
	for n, a := range o.axis {
		steps := float64(source.Size[a] - 1)
		g.Size[n] = max(1, int(math.RoundToEven(steps*source.SpacingMM[a]/spacingMM[n]+1)))
		g.Axes[n] = source.Axes[a]
		if o.flip[n] {
			first[a], g.Axes[n] = steps, g.Axes[n].Scale(-1)
		}
	}
	g.OriginLPSMM = source.ToLPS(first)
	return g
}

// pair is where a line of the grid is interpolated from: two offsets into the
// volume and the weight of the second.
type pair struct {
	lo, up int
	w      float64
}

// pairs are those of axis n; beyond the volume its border value is continued.
func (o orientation) pairs(n int, g, source volume.Grid) []pair {
	a := o.axis[n]
	step := [3]int{1, source.Size[0], source.Size[0] * source.Size[1]}[a]
	last := source.Size[a] - 1
	list := make([]pair, g.Size[n])
	for i := range list {
		at := min(float64(i)*g.SpacingMM[n]/source.SpacingMM[a], float64(last))
		if o.flip[n] {
			at = float64(last) - at
		}
		lo := int(at)
		list[i] = pair{lo * step, min(lo+1, last) * step, at - float64(lo)}
	}
	return list
}

// sample interpolates v trilinearly; to has the order of the grid.
func (o orientation) sample(ctx context.Context, to []float32, g volume.Grid, v *volume.Volume) error {
	var line [3][]pair
	for n := range 3 {
		line[n] = o.pairs(n, g, v.Grid)
	}
	for k, z := range line[2] {
		if err := ctx.Err(); err != nil {
			return err
		}
		for j, y := range line[1] {
			row := to[g.Index(0, j, k):][:g.Size[0]]
			a, b := v.HU[z.lo+y.lo:], v.HU[z.lo+y.up:]
			c, d := v.HU[z.up+y.lo:], v.HU[z.up+y.up:]
			for i, x := range line[0] {
				row[i] = float32(mix(z.w,
					mix(y.w, between(a, x), between(b, x)),
					mix(y.w, between(c, x), between(d, x))))
			}
		}
	}
	return nil
}

func between(hu []int16, p pair) float64 { return mix(p.w, float64(hu[p.lo]), float64(hu[p.up])) }

// mix is a with the part w replaced by b. The product is rounded before the
// sum, so that no processor fuses the two.
func mix(w, a, b float64) float64 { return a + float64(w*(b-a)) }
