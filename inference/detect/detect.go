package detect

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nafas/inference/finding"
	"nafas/models/manifest"
)

// Tensor is float32 data with its shape, last axis fastest. It is a name for
// an unnamed type, so that a runner need not import this package.
type Tensor = struct {
	Shape []int64
	Data  []float32
}

// Runner runs a network once. It may keep nothing of the inputs after it
// returns; the outputs belong to the caller. It returns ctx's error when ctx
// ends before the run.
type Runner interface {
	Run(ctx context.Context, inputs map[string]Tensor) (map[string]Tensor, error)
	Close() error
}

// ErrOutput: the network's output is not what the manifest says: a missing
// name, another shape, or values that are no numbers.
var ErrOutput = errors.New("network output does not fit the manifest")

// Networks run what a manifest names. Second is nil where it names one network
// alone.
type Networks struct {
	First, Second Runner
}

func (n Networks) check(m *manifest.Model) error {
	if n.First == nil || (n.Second == nil) != (m.Second == nil) {
		return fmt.Errorf("model %s: its networks and its manifest do not match", m.Name)
	}
	return nil
}

// Detector is the networks with what their manifest says of them.
type Detector struct {
	in    manifest.Input
	merge manifest.Merge
	head  head
	// outputs are what head decodes.
	outputs []manifest.Output
	// anywhere: candidates outside of the region of interest are kept.
	anywhere bool
	runner   Runner
	mirrors  *mirrors // nil where there are none, as second
	second   *second
	// values maps every int16 HU, from the lowest, to the tensor's value.
	values []float32
}

// New makes a detector of a manifest and the runners of its networks.
func New(m *manifest.Model, n Networks) (*Detector, error) {
	if err := n.check(m); err != nil {
		return nil, err
	}
	h, err := newHead(m.Head, m.Input)
	if err != nil {
		return nil, err
	}
	d := &Detector{in: m.Input, merge: m.Merge, head: h, outputs: m.Head.Outputs(), runner: n.First, mirrors: newMirrors(m), values: make([]float32, 1<<16)}
	d.anywhere = m.Head.Keep == manifest.KeepAnywhere
	if m.Second != nil {
		d.second = &second{Second: *m.Second, runner: n.Second}
	}
	for i := range d.values {
		d.values[i] = float32(m.Input.Value(float64(i + math.MinInt16)))
	}
	return d, nil
}

// Detect returns the candidates of a prepared scan, best first: the network
// tile by tile, peaks, those outside the region of interest dropped, those at
// one place merged, the best of them seen again (Refine). Scores are rounded to
// 1e-4, positions and sizes to 0.01 mm, and ties are ordered by position, so
// that the same bytes give the same list.
//
// progress, which may be nil, is told after every tile. ctx is looked at
// between two tiles.
func (d *Detector) Detect(ctx context.Context, p *Prepared, progress func(done, total int)) ([]finding.Candidate, error) {
	maps, err := d.Infer(ctx, p, progress)
	if err != nil {
		return nil, err
	}
	return d.Refine(ctx, p, d.Decode(p, maps))
}

// Maps are the network's outputs over a whole scan.
type Maps struct {
	fields []*field // as manifest.Head.Outputs
}

// Infer runs the network over the tiles of p and blends their outputs. Memory
// is bounded by one tile and the maps, which are as much coarser than p as the
// head's stride.
func (d *Detector) Infer(ctx context.Context, p *Prepared, progress func(done, total int)) (*Maps, error) {
	sweep := newSweep(p, d.in)
	tiles := sweep.tiles
	blend := newBlend(sweep.size, d.in, d.outputs)
	var input []float32
	imageVaries := false
	for i, t := range tiles {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		input = d.fill(input, p, t)
		imageVaries = imageVaries || varies(input)
		out, err := d.runner.Run(ctx, map[string]Tensor{d.in.Name: {Shape: d.in.Shape(1, t.size), Data: input}})
		if err != nil {
			return nil, fmt.Errorf("tile %d of %d: %w", i+1, len(tiles), err)
		}
		if err := blend.add(t, out); err != nil {
			return nil, fmt.Errorf("tile %d of %d: %w", i+1, len(tiles), err)
		}
		if progress != nil {
			progress(i+1, len(tiles))
		}
	}
	maps := &Maps{fields: sweep.crop(blend.finish())}
	return maps, d.head.check(maps.fields, imageVaries)
}
