package measure

import "math"

// Mask is a body in voxels of the series' grid.
type Mask struct {
	// Lo is the index of the box's first voxel, Size its size; the box lies
	// within the volume.
	Lo, Size [3]int
	// Set is 1 where the voxel's centre lies in the body, i fastest.
	Set []uint8
	// Voxels is how many are set.
	Voxels int
}

// At tells whether a voxel of the volume is set.
func (m *Mask) At(i, j, k int) bool {
	i, j, k = i-m.Lo[0], j-m.Lo[1], k-m.Lo[2]
	if min(i, j, k) < 0 || i >= m.Size[0] || j >= m.Size[1] || k >= m.Size[2] {
		return false
	}
	return m.Set[(k*m.Size[1]+j)*m.Size[0]+i] != 0
}

// fillMask sets the voxels whose centres lie within the border; where none
// does, the one that holds the centre.
func (m *measuring) fillMask(out *Measurement) {
	g := m.s.v.Grid
	center := g.ToIndex(m.center)
	reach := 0.0
	for _, r := range m.border.radius {
		reach = max(reach, r)
	}
	mask := &out.Mask
	for a := range 3 {
		lo := max(0, int(math.Floor(center[a]-reach/g.SpacingMM[a])))
		hi := min(g.Size[a]-1, int(math.Ceil(center[a]+reach/g.SpacingMM[a])))
		mask.Lo[a], mask.Size[a] = lo, max(hi-lo+1, 1)
		mask.Lo[a] = min(mask.Lo[a], g.Size[a]-1)
	}
	mask.Set = make([]uint8, mask.Size[0]*mask.Size[1]*mask.Size[2])
	from, at := 0, 0
	for k := range mask.Size[2] {
		for j := range mask.Size[1] {
			for i := range mask.Size[0] {
				d := g.Axes[0].Scale((float64(mask.Lo[0]+i) - center[0]) * g.SpacingMM[0]).
					Add(g.Axes[1].Scale((float64(mask.Lo[1]+j) - center[1]) * g.SpacingMM[1])).
					Add(g.Axes[2].Scale((float64(mask.Lo[2]+k) - center[2]) * g.SpacingMM[2]))
				n := d.Norm()
				in := n < 1e-9
				if !in && n < reach {
					var r float64
					r, from = m.border.toward(d.Scale(1/n), from)
					in = n < r
				}
				if in {
					mask.Set[at] = 1
					mask.Voxels++
				}
				at++
			}
		}
	}
	if mask.Voxels == 0 {
		var near [3]int
		for a := range 3 {
			near[a] = min(max(int(math.Round(center[a]))-mask.Lo[a], 0), mask.Size[a]-1)
		}
		mask.Set[(near[2]*mask.Size[1]+near[1])*mask.Size[0]+near[0]] = 1
		mask.Voxels = 1
	}
}

// attenuation takes the densities of the mask's voxels, and tells the kind.
func (m *measuring) attenuation(out *Measurement) {
	mask, v := &out.Mask, m.s.v
	sum := 0.0
	out.MinHU, out.MaxHU = math.Inf(1), math.Inf(-1)
	at := 0
	for k := range mask.Size[2] {
		for j := range mask.Size[1] {
			row := v.HU[v.Index(mask.Lo[0], mask.Lo[1]+j, mask.Lo[2]+k):]
			for i := range mask.Size[0] {
				if mask.Set[at] != 0 {
					hu := float64(row[i])
					sum += hu
					out.MinHU, out.MaxHU = min(out.MinHU, hu), max(out.MaxHU, hu)
				}
				at++
			}
		}
	}
	out.MeanHU = math.Round(sum/float64(mask.Voxels)*10) / 10
	m.kind(out)
}
