package report

import (
	"fmt"
	"slices"
)

// frame of a segmentation: the part of a segment in a slice. Both are indices
// from 0; position is the rank of the slice, from 1, among those that occur.
type frame struct{ segment, slice, position int }

// framesOf are the slices of each segment that have a voxel of it, in order.
func framesOf(segments []Segment) []frame {
	var out []frame
	var used []int
	for i, s := range segments {
		for k := range s.Mask.Size[2] {
			if slices.Contains(s.Mask.slice(k), true) {
				out = append(out, frame{segment: i, slice: s.Mask.First[2] + k})
				used = append(used, s.Mask.First[2]+k)
			}
		}
	}
	slices.Sort(used)
	used = slices.Compact(used)
	for i := range out {
		at, _ := slices.BinarySearch(used, out[i].slice)
		out[i].position = at + 1
	}
	return out
}

// pack makes the pixel data: a bit a voxel, the lowest bit of a byte first,
// and frames after one another without a gap, so that one may begin within a
// byte (PS3.5 section 8.1.1, annex D).
func pack(g Grid, segments []Segment, frames []frame) ([]byte, error) {
	area := g.Rows * g.Columns
	if bytes := (len(frames)*area + 7) / 8; bytes > maxPixelBytes {
		return nil, fmt.Errorf("%d frames of %d rows and %d columns are more than %d MiB: write fewer segments or smaller masks",
			len(frames), g.Rows, g.Columns, maxPixelBytes>>20)
	}
	out := make([]byte, (len(frames)*area+7)/8)
	for n, f := range frames {
		m := segments[f.segment].Mask
		for at, in := range m.slice(f.slice - m.First[2]) {
			if in {
				row, column := m.First[1]+at/m.Size[0], m.First[0]+at%m.Size[0]
				bit := n*area + row*g.Columns + column
				out[bit/8] |= 1 << (bit % 8)
			}
		}
	}
	return out, nil
}

// instancesOf are the images that frames were made from, each once.
func (g Grid) instancesOf(frames []frame) []Reference {
	var out []Reference
	seen := map[Reference]bool{}
	for _, f := range frames {
		if ref := g.Slices[f.slice].Reference; !seen[ref] {
			seen[ref] = true
			out = append(out, ref)
		}
	}
	return out
}
