package patches

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"math"
	"sync"
)

// Magic begins every frame.
const Magic = "NFP1"

// Generate writes frames First .. First+Count-1 of the options to w, in order,
// made by Workers at the same time. It ends early when ctx does (with its
// error) or when w fails.
//
// A frame, little endian: magic "NFP1", int32 side n, int32 number of targets,
// n^3 int16 HU (x fastest, then y, then z), n^3 uint8 weights, and per target
// six float32: z, y, x (voxel index), diameter in mm, kind (0 solid, 1
// part-solid, 2 ground-glass, 3 calcified), origin (0 implanted, 1 real).
func Generate(ctx context.Context, w io.Writer, opt Options) error {
	g, err := New(opt)
	if err != nil {
		return err
	}
	return g.Stream(ctx, w)
}

// Stream is Generate on scans that are loaded already.
func (g *Generator) Stream(ctx context.Context, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// order carries one channel per patch, so that frames leave in the order
	// of their indices whichever is made first.
	order := make(chan chan []byte, g.opt.Workers)
	slots := make(chan struct{}, g.opt.Workers)
	var made sync.WaitGroup
	defer made.Wait()
	made.Go(func() {
		defer close(order)
		for i := uint64(0); g.opt.Count == 0 || i < g.opt.Count; i++ {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			done := make(chan []byte, 1)
			made.Go(func() {
				done <- g.Patch(g.opt.First + i).encode()
				<-slots
			})
			select {
			case order <- done:
			case <-ctx.Done():
				return
			}
		}
	})
	out := bufio.NewWriterSize(w, 1<<20)
	for done := range order {
		if _, err := out.Write(<-done); err != nil {
			cancel()
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return out.Flush()
}

func (p *Patch) encode() []byte {
	b := make([]byte, 0, 12+3*len(p.HU)+24*len(p.Targets))
	b = append(b, Magic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(p.Size))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Targets)))
	for _, v := range p.HU {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	b = append(b, p.Weight...)
	for _, t := range p.Targets {
		origin := float32(0)
		if t.Real {
			origin = 1
		}
		for _, v := range [6]float32{t.Z, t.Y, t.X, t.DiameterMM, float32(t.Kind), origin} {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	return b
}
