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
	// Measured is rounded: positions to 0.01 mm, volumes to 0.1 mm3, densities
	// to 0.1 HU, shares to 0.001.
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
				round(m)
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
	if err := r.field.FindFissures(ctx, r.volume); err != nil {
		return err
	}
	for i := range r.out.Findings {
		f := &r.out.Findings[i]
		center, radius := f.CenterLPSMM, f.MeanDiameterMM/2
		if m := f.Measured; m.Reliable() {
			center, radius = m.CenterLPSMM, math.Cbrt(m.VolumeMM3*3/(4*math.Pi))
		}
		if f.Place = r.field.PlaceAt(center, radius); f.Place.Side != f.Side {
			f.Place = r.field.PlaceAt(f.CenterLPSMM, radius) // one finding has one side
		}
		f.Place.PleuraMM, f.Place.FissureMM = rounded(f.Place.PleuraMM, 10), rounded(f.Place.FissureMM, 10)
	}
	return nil
}

// round takes away the digits that say nothing.
func round(m *measure.Measurement) {
	for _, p := range []*volume.Vec3{
		&m.CenterLPSMM, &m.LongAxisLPSMM[0], &m.LongAxisLPSMM[1], &m.ShortAxisLPSMM[0], &m.ShortAxisLPSMM[1],
	} {
		for axis := range p {
			p[axis] = rounded(p[axis], 100)
		}
	}
	for _, v := range []*float64{&m.VolumeMM3, &m.SolidVolumeMM3, &m.MeanHU, &m.MinHU, &m.MaxHU} {
		*v = rounded(*v, 10)
	}
	for _, share := range []*float64{&m.VolumeError, &m.KindConfidence, &m.Seen} {
		*share = rounded(*share, 1000)
	}
}

// rounded is v to one part of a unit; never -0.
func rounded(v, parts float64) float64 { return math.Round(v*parts)/parts + 0 }
