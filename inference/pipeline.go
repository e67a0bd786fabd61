// Package inference is the way from a volume to ranked findings. It knows no
// DICOM, no service and no engine.
package inference

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"nafas/inference/detect"
	"nafas/inference/finding"
	"nafas/inference/lung"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// MostFindings is how many findings a series has at most: a reader looks at a
// short list.
const MostFindings = 20

// Stages of a run, in order, as Progress and StageTime name them.
const (
	StageLung        = "lung"
	StagePrepare     = "prepare"
	StageONNX        = "onnx"
	StagePostprocess = "postprocess"
	StageRefine      = "refine"
	StageMeasure     = "measure"
	StagePlace       = "place"
)

// Codes of warnings.
const (
	// WarnLowLungVolume: less than 1 l of lung: the scan is cut, of a child, or
	// a lung is collapsed.
	WarnLowLungVolume = "LOW_LUNG_VOLUME"
	// WarnOneLung: lung was found on one side alone.
	WarnOneLung = "ONE_LUNG"
	// WarnSideUnknown: left and right could not be told apart everywhere.
	WarnSideUnknown = "SIDE_UNKNOWN"
)

// Config is what a pipeline is made of.
type Config struct {
	Model *manifest.Model
	// Networks run the model's networks. The caller closes them.
	Networks detect.Networks
}

// Progress is how far a run is; Total is 0 where a stage has no steps.
type Progress struct {
	Stage       string
	Done, Total int
}

// Warning travels with a result.
type Warning struct {
	Code string
	Text string
}

// StageTime is the wall time of one stage.
type StageTime struct {
	Stage string
	Wall  time.Duration
}

// Outcome is what was found in one volume.
type Outcome struct {
	// Findings in rank order: candidates at or above the model's
	// four-false-marks point, at most MostFindings.
	Findings []Finding
	// Candidates are all that the detector kept, best first.
	Candidates []finding.Candidate
	// Field is the lung field; LungVolumeML is the air-filled lung in it.
	Field        *lung.Field
	LungVolumeML float64
	Warnings     []Warning
	Timings      []StageTime
}

// Pipeline reads volumes with one model. Run may be called from several
// goroutines where the runner may.
type Pipeline struct {
	model    *manifest.Model
	networks detect.Networks
	detector *detect.Detector
}

// New makes a pipeline. It does not run the network; see Verify.
func New(c Config) (*Pipeline, error) {
	if c.Model == nil {
		return nil, errors.New("inference: a pipeline needs a model")
	}
	d, err := detect.New(c.Model, c.Networks)
	if err != nil {
		return nil, fmt.Errorf("inference: model %s: %w", c.Model.Name, err)
	}
	return &Pipeline{model: c.Model, networks: c.Networks, detector: d}, nil
}

// Model is the model that the pipeline reads with.
func (p *Pipeline) Model() *manifest.Model { return p.model }

// Verify runs the model's self-test and returns the largest difference. A
// model that fails (detect.ErrSelfTest, detect.ErrOutput) must read no scan.
func (p *Pipeline) Verify(ctx context.Context) (float64, error) {
	return detect.Verify(ctx, p.model, p.networks)
}

// Run reads one volume. Its errors are lung.Error (no lung, no Hounsfield
// units), detect.ErrOutput, the runner's, and ctx's; ctx is looked at between
// two tiles and between two findings. progress may be nil.
//
// The same volume gives the same findings: scores are rounded to 1e-4,
// positions to 0.01 mm, and ties have a fixed order.
func (p *Pipeline) Run(ctx context.Context, v *volume.Volume, progress func(Progress)) (*Outcome, error) {
	r := run{Pipeline: p, volume: v, progress: progress, out: &Outcome{}}
	for _, s := range []struct {
		name string
		do   func(context.Context) error
	}{
		{StageLung, r.lung}, {StagePrepare, r.prepare}, {StageONNX, r.infer},
		{StagePostprocess, r.decode}, {StageRefine, r.refine}, {StageMeasure, r.measure},
		{StagePlace, r.place},
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		start := time.Now()
		r.tell(s.name, 0, 0)
		if err := s.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		r.out.Timings = append(r.out.Timings, StageTime{s.name, time.Since(start)})
	}
	return r.out, nil
}

// run is one Run under way.
type run struct {
	*Pipeline
	volume   *volume.Volume
	progress func(Progress)
	out      *Outcome

	field    *lung.Field
	prepared *detect.Prepared
	maps     *detect.Maps
}

func (r *run) tell(stage string, done, total int) {
	if r.progress != nil {
		r.progress(Progress{stage, done, total})
	}
}

func (r *run) lung(ctx context.Context) (err error) {
	if r.field, err = lung.Find(ctx, r.volume); err != nil {
		return err
	}
	f := r.field
	r.out.Field, r.out.LungVolumeML = f, f.VolumeML
	if f.VolumeML < lung.LowVolumeML {
		r.warn(WarnLowLungVolume, "%.0f ml of lung found, less than %.0f ml: the scan may be cut, of a child, or of a collapsed lung", f.VolumeML, lung.LowVolumeML)
	}
	if f.VolumeML-f.LeftML-f.RightML > 0.01*f.VolumeML {
		r.warn(WarnSideUnknown, "left and right lung could not be told apart in %.0f of %.0f ml", f.VolumeML-f.LeftML-f.RightML, f.VolumeML)
	} else if min(f.LeftML, f.RightML) == 0 {
		side := finding.SideLeft
		if f.LeftML == 0 {
			side = finding.SideRight
		}
		r.warn(WarnOneLung, "lung was found on the %s side alone", side)
	}
	return nil
}

func (r *run) warn(code, text string, args ...any) {
	r.out.Warnings = append(r.out.Warnings, Warning{code, fmt.Sprintf(text, args...)})
}

func (r *run) prepare(ctx context.Context) (err error) {
	r.prepared, err = detect.Prepare(ctx, r.volume, r.field, r.model.Input)
	return err
}

func (r *run) infer(ctx context.Context) (err error) {
	r.maps, err = r.detector.Infer(ctx, r.prepared, func(done, total int) { r.tell(StageONNX, done, total) })
	return err
}

func (r *run) decode(context.Context) error {
	r.out.Candidates = r.detector.Decode(r.prepared, r.maps)
	r.maps = nil
	return nil
}

func (r *run) refine(ctx context.Context) (err error) {
	r.out.Candidates, err = r.detector.Refine(ctx, r.prepared, r.out.Candidates)
	r.prepared = nil
	return err
}

func (r *run) measure(ctx context.Context) error {
	r.out.Findings = []Finding{}
	for _, f := range Rank(r.out.Candidates, r.model.Points) {
		r.within(&f)
		f.Side = r.field.SideAt(f.CenterLPSMM)
		r.out.Findings = append(r.out.Findings, Finding{Finding: f})
	}
	return r.measureAll(ctx)
}

// within moves a centre beyond the border of the scan onto it: a model that
// keeps candidates anywhere may extrapolate, and a finding is shown on a slice.
func (r *run) within(f *finding.Finding) {
	at := r.volume.ToIndex(f.CenterLPSMM)
	inside := at
	for n := range 3 {
		inside[n] = min(max(at[n], 0), float64(r.volume.Size[n]-1))
	}
	if at.Sub(inside).Norm() > 0.5 {
		at = inside
		f.CenterLPSMM = r.volume.ToLPS(at)
	}
	f.VoxelIndex = at
}

// Rank turns candidates, best first, into findings: those at or above the
// four-false-marks point, at most MostFindings, flagged at or above the
// one-false-mark point. Side and VoxelIndex are left empty, and nothing is
// measured.
func Rank(candidates []finding.Candidate, points manifest.Points) []finding.Finding {
	findings := []finding.Finding{}
	for _, c := range candidates {
		if c.Score < points.Four || len(findings) == MostFindings {
			break
		}
		findings = append(findings, finding.Finding{
			Rank:           len(findings) + 1,
			Score:          c.Score,
			Flagged:        c.Score >= points.One,
			CenterLPSMM:    c.CenterLPSMM,
			MeanDiameterMM: math.Round(c.DiameterMM*10) / 10,
		})
	}
	return findings
}
