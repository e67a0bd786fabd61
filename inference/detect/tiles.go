package detect

import (
	"bytes"
	"math"

	"nafas/models/manifest"
)

// tile is a box of the model's grid that is given to the network at once. All
// lists are x, y, z, in voxels. It may reach beyond the grid: there it holds
// the manifest's padding.
type tile struct {
	at, size [3]int
	// lead is how many voxels of padding come before the grid's first; at
	// counts from there.
	lead [3]int
	// edge says, per axis, whether the lower and the upper side is one where a
	// neighbour takes over.
	edge [3][2]bool
}

// plan divides the grid into tiles in a fixed order (z slowest). Along each
// axis tiles are as few as the manifest's tile and overlap allow, and of one
// size. A tile without region of interest is left out; the others are cut down
// to it, with half the overlap as context.
func plan(p *Prepared, in manifest.Input) []tile {
	var starts [3][]int
	var size [3]int
	for n := range 3 {
		starts[n], size[n] = divide(p.Grid.Size[n], in.Tile[n], in.Overlap[n], in.Multiple[n])
	}
	var tiles []tile
	for kz, z := range starts[2] {
		for ky, y := range starts[1] {
			for kx, x := range starts[0] {
				t := tile{at: [3]int{x, y, z}, size: size}
				for n, k := range [3]int{kx, ky, kz} {
					t.edge[n] = [2]bool{k > 0, k < len(starts[n])-1}
				}
				if t, ok := t.cutToROI(p, in); ok {
					tiles = append(tiles, t)
				}
			}
		}
	}
	return tiles
}

// divide returns where the tiles along one axis of n voxels begin, and their
// common size. Both are multiples of m.
func divide(n, tile, overlap, m int) (starts []int, size int) {
	whole := roundUp(n, m)
	if whole <= tile {
		return []int{0}, whole
	}
	count := 1 + (whole-tile+tile-overlap-1)/(tile-overlap)
	size = roundUp((whole+(count-1)*overlap+count-1)/count, m)
	for i := range count {
		// Evenly spread, on multiples, the last ending with the grid.
		at := (whole - size) * i / (count - 1)
		starts = append(starts, at/m*m)
	}
	return starts, size
}

func roundUp(n, m int) int { return (n + m - 1) / m * m }

// cutToROI shrinks the tile around its region of interest; not ok where it
// holds none.
func (t tile) cutToROI(p *Prepared, in manifest.Input) (tile, bool) {
	lo, hi, ok := t.roiBounds(p)
	if !ok {
		return t, false
	}
	for n := range 3 {
		m := in.Multiple[n]
		first := max(t.at[n], (lo[n]-in.Overlap[n]/2)/m*m)
		last := min(t.at[n]+t.size[n], roundUp(hi[n]+1+in.Overlap[n]/2, m))
		// A side that was moved has no neighbour to blend with there.
		t.edge[n][0] = t.edge[n][0] && first == t.at[n]
		t.edge[n][1] = t.edge[n][1] && last == t.at[n]+t.size[n]
		t.at[n], t.size[n] = first, last-first
	}
	return t, true
}

// roiBounds are the inclusive bounds of the region of interest in the tile.
func (t tile) roiBounds(p *Prepared) (lo, hi [3]int, ok bool) {
	g := p.Grid
	lo, hi = [3]int{math.MaxInt, math.MaxInt, math.MaxInt}, [3]int{-1, -1, -1}
	var end [3]int
	for n := range 3 {
		end[n] = min(t.at[n]+t.size[n], g.Size[n])
	}
	for k := t.at[2]; k < end[2]; k++ {
		for j := t.at[1]; j < end[1]; j++ {
			row := p.ROI[g.Index(t.at[0], j, k) : g.Index(end[0]-1, j, k)+1]
			if first := bytes.IndexByte(row, 1); first >= 0 {
				last := bytes.LastIndexByte(row, 1)
				lo = [3]int{min(lo[0], t.at[0]+first), min(lo[1], j), min(lo[2], k)}
				hi = [3]int{max(hi[0], t.at[0]+last), max(hi[1], j), max(hi[2], k)}
			}
		}
	}
	return lo, hi, hi[0] >= 0
}

// weights are the blending weights of the tile's cells along axis n: 0 in the
// halo of a side with a neighbour, then rising linearly, 1 elsewhere.
func (t tile) weights(n, stride int, in manifest.Input) []float32 {
	w := make([]float32, t.size[n]/stride)
	ramp := float64(in.Overlap[n] - 2*in.Halo[n] + stride)
	for i := range w {
		w[i] = 1
		centre := (float64(i) + 0.5) * float64(stride)
		for side, has := range t.edge[n] {
			if !has {
				continue
			}
			depth := centre
			if side == 1 {
				depth = float64(t.size[n]) - centre
			}
			rise := (depth - float64(in.Halo[n]) + float64(stride)/2) / ramp
			w[i] *= float32(min(max(rise, 0), 1))
		}
	}
	return w
}

// fill writes the tile's values in the order of the tensor's axes.
func (d *Detector) fill(to []float32, p *Prepared, t tile) []float32 {
	n := t.size[0] * t.size[1] * t.size[2]
	if cap(to) < n {
		to = make([]float32, n)
	}
	to = to[:n]
	// The tile's voxels begin..end-1 lie in the grid, shift voxels further on.
	var begin, end, shift [3]int
	whole := true
	for n := range 3 {
		shift[n] = t.at[n] - t.lead[n]
		begin[n] = max(0, -shift[n])
		end[n] = min(t.size[n], p.Grid.Size[n]-shift[n])
		whole = whole && begin[n] == 0 && end[n] == t.size[n]
	}
	if !whole {
		for i := range to {
			to[i] = float32(d.in.Padding)
		}
	}
	step := strides(d.in.Axes, t.size)
	for k := begin[2]; k < end[2]; k++ {
		for j := begin[1]; j < end[1]; j++ {
			from := p.Grid.Index(shift[0]+begin[0], shift[1]+j, shift[2]+k)
			o := k*step[2] + j*step[1] + begin[0]*step[0]
			d.fillRow(to[o:], step[0], p, from, end[0]-begin[0])
		}
	}
	return to
}

// fillRow writes the tensor's values of n voxels from one on, step apart.
func (d *Detector) fillRow(to []float32, step int, p *Prepared, from, n int) {
	o := 0
	if p.Exact == nil {
		for _, hu := range p.HU[from : from+n] {
			to[o] = d.values[int(hu)-math.MinInt16]
			o += step
		}
		return
	}
	for _, hu := range p.Exact[from : from+n] {
		to[o] = float32(d.in.Value(float64(hu)))
		o += step
	}
}

// strides are the distances, in a tensor of the given axes, of neighbours
// along x, y, z.
func strides(axes string, size [3]int) [3]int {
	if axes == "xyz" {
		return [3]int{size[1] * size[2], size[2], 1}
	}
	return [3]int{1, size[0], size[0] * size[1]}
}
