package inference

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"nafas/inference/finding"
	"nafas/inference/measure"
	"nafas/inference/volume"
)

// Finding is a finding with what was measured of it.
type Finding struct {
	// Finding has the size that the detector gave.
	finding.Finding
	// Measured is rounded (measure.Measurement.Round).
	Measured *measure.Measurement
	// Place is where in the lung it lies; gaps are rounded to 0.1 mm.
	Place finding.Place
}

// Detected are the findings as the detector has them.
func (o *Outcome) Detected() []finding.Finding {
	out := make([]finding.Finding, len(o.Findings))
	for i, f := range o.Findings {
		out[i] = f.Finding
	}
	return out
}

// measureAll measures the findings, several at once: each is measured by itself,
// so that neither their order nor the number of cores changes a number.
func (r *run) measureAll(ctx context.Context) error {
	var workers sync.WaitGroup
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), len(r.out.Findings)) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(r.out.Findings) || ctx.Err() != nil {
					return
				}
				f := &r.out.Findings[i]
				m := measure.Measure(r.volume, r.field, f.CenterLPSMM, f.MeanDiameterMM)
				m.Round()
				f.Measured = m
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}

// place says where in the lung each finding lies: the ball that was measured,
// else the detector's.
func (r *run) place(ctx context.Context) error {
	if len(r.out.Findings) == 0 {
		return nil
	}
	var centres []volume.Vec3
	for _, f := range r.out.Findings {
		measured, _ := f.ball()
		centres = append(centres, measured, f.CenterLPSMM)
	}
	if err := r.field.FindFissures(ctx, r.volume, centres...); err != nil {
		return err
	}
	for i := range r.out.Findings {
		f := &r.out.Findings[i]
		center, radius := f.ball()
		if f.Place = r.field.PlaceAt(center, radius); f.Place.Side != f.Side {
			f.Place = r.field.PlaceAt(f.CenterLPSMM, radius) // one finding has one side
		}
		f.Place.PleuraMM, f.Place.FissureMM = rounded(f.Place.PleuraMM, 10), rounded(f.Place.FissureMM, 10)
	}
	return nil
}

// ball is what was measured of a finding, else what the detector gave: centre
// in LPS mm, radius in mm.
func (f *Finding) ball() (centerLPSMM volume.Vec3, radiusMM float64) {
	if m := f.Measured; m.Reliable() {
		return m.CenterLPSMM, math.Cbrt(m.VolumeMM3 * 3 / (4 * math.Pi))
	}
	return f.CenterLPSMM, f.MeanDiameterMM / 2
}

// rounded is v to one part of a unit; never -0.
func rounded(v, parts float64) float64 { return math.Round(v*parts)/parts + 0 }
