package dicomio

import "nafas/inference/volume"

// Stack is a series that Assemble would read, laid out and not decoded.
type Stack struct {
	// Grid is that of the volume.
	Grid volume.Grid
	// Slices in k order, missing ones among them.
	Slices []Slice
	// Instances hold the slices, in k order; Slices[k].Frame is the frame.
	Instances   []*Instance
	ThicknessMM float64
}

// Lay lays a series out. Errors are those of Check.
func Lay(s *Series) (*Stack, error) {
	p, err := newPlan(s)
	if err != nil {
		return nil, asRefusal(err)
	}
	out := &Stack{Grid: p.grid, Slices: p.slices(), Instances: make([]*Instance, p.grid.Size[2]), ThicknessMM: p.thicknessMM}
	for i, pl := range p.planes {
		out.Instances[p.place[i]] = pl.in
	}
	for _, k := range p.filled {
		out.Instances[k] = out.Instances[k-1]
	}
	return out, nil
}
