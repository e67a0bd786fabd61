package main

import (
	"context"
	"errors"
	"fmt"

	"nafas/inference"
	"nafas/inference/detect"
	"nafas/inference/onnx"
	"nafas/inference/prior"
	"nafas/inference/volume"
	"nafas/internal/ortlib"
	"nafas/internal/triage"
	"nafas/internal/triage/priority"
	"nafas/internal/worker"
	"nafas/models"
	"nafas/models/manifest"
)

// engineFlags choose what reads a series.
type engineFlags struct {
	Model       string `help:"Model: a shipped name or a folder with a model.yaml." placeholder:"NAME|DIR"`
	Onnxruntime string `help:"Path of libonnxruntime.so (1.24 or newer)." type:"path" placeholder:"FILE"`
	Threads     int    `help:"Processor cores to use." default:"${cores}"`
	// categories say which guidelines are asked, with what is known.
	categories triage.CategoryOptions

	// rules are those of a settings file; none: the default ones.
	rules priority.Rules `kong:"-"`
	// tape, where there is one, lies between the pipeline and its networks.
	tape *tape `kong:"-"`
}

// maxThreads is more than any machine has that this is for; far beyond, the
// library takes all memory for its threads.
const maxThreads = 1024

// engine reads studies: the library, the model and the pipeline, open.
type engine struct {
	library  ortlib.Library
	model    *manifest.Model
	networks *networks
	pipeline *inference.Pipeline
	reader   *triage.Reader
	identity worker.Identity
}

// findLibrary finds the ONNX Runtime library; fetch says whether it may be
// downloaded.
func (f engineFlags) findLibrary(ctx context.Context, s *streams, fetch bool) (ortlib.Library, error) {
	bar := newBytesBar(s, -1, "fetching ONNX Runtime")
	defer bar.finish()
	return ortlib.Find(ctx, ortlib.Options{Explicit: f.Onnxruntime, AllowFetch: fetch, Progress: bar.set})
}

// open loads the library and the model and proves the model by its self-test:
// a model that computes something else on this machine is never used.
func (f engineFlags) open(ctx context.Context, s *streams, fetch bool) (*engine, error) {
	library, err := f.findLibrary(ctx, s, fetch)
	if err != nil {
		return nil, err
	}
	model, n, err := f.openModel(library)
	if err != nil {
		return nil, err
	}
	pipeline, err := inference.New(inference.Config{Model: model, Networks: f.tape.hear(n.runners())})
	if err == nil {
		_, err = pipeline.Verify(ctx)
	}
	if err != nil {
		n.close()
		return nil, fmt.Errorf("model %s: %w", model.Name, err)
	}
	e := &engine{library: library, model: model, networks: n, pipeline: pipeline}
	e.identity.Model = triage.Model{Name: model.Name, Version: model.Version, SHA256: model.SHA256()}
	e.identity.Runtime = triage.Runtime{Version: library.Version, SHA256: library.SHA256}
	e.reader = triage.NewReader(piped{pipeline}, e.identity.Model, e.identity.Runtime, triage.ReaderOptions{
		Parallel: f.Threads, Categories: f.categories, Ranking: triage.Ranking{Rules: f.rules, Points: model.Points}, Compare: prior.Compare,
	})
	e.identity.Recipe = e.reader.Recipe()
	return e, nil
}

// networks are the sessions of a model's networks; the second is nil where the
// model has one alone.
type networks struct{ first, second *onnx.Session }

func (n *networks) runners() detect.Networks {
	r := detect.Networks{First: n.first}
	if n.second != nil {
		r.Second = n.second
	}
	return r
}

func (n *networks) close() error {
	var err error
	for _, s := range []*onnx.Session{n.first, n.second} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	return err
}

func (f engineFlags) openModel(library ortlib.Library) (*manifest.Model, *networks, error) {
	if f.Threads < 1 || f.Threads > maxThreads {
		return nil, nil, usage("--threads must be 1 to %d", maxThreads)
	}
	model, err := models.Open(f.Model)
	if err != nil {
		return nil, nil, err
	}
	rt, err := onnx.Open(library.Path)
	if err != nil {
		return nil, nil, err
	}
	n := &networks{}
	if n.first, err = f.session(rt, model.ONNX); err == nil && model.Second != nil {
		n.second, err = f.session(rt, model.SecondONNX)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("model %s: %w", model.Name, err), n.close())
	}
	return model, n, nil
}

func (f engineFlags) session(rt *onnx.Runtime, file func() ([]byte, error)) (*onnx.Session, error) {
	network, err := file()
	if err != nil {
		return nil, err
	}
	return rt.NewSession(network, onnx.Options{Threads: f.Threads})
}

func (e *engine) close() error { return e.networks.close() }

// piped is the pipeline as the application wants it.
type piped struct{ *inference.Pipeline }

var _ triage.Pipeline = piped{}

func (p piped) Run(ctx context.Context, v *volume.Volume, progress func(stage string, done, total int)) (triage.Detected, error) {
	out, err := p.Pipeline.Run(ctx, v, func(s inference.Progress) { progress(s.Stage, s.Done, s.Total) })
	if err != nil {
		return triage.Detected{}, err
	}
	d := triage.Detected{Field: out.Field, Findings: out.Findings, LungVolumeML: out.LungVolumeML}
	for _, w := range out.Warnings {
		d.Warnings = append(d.Warnings, triage.Warning(w))
	}
	for _, t := range out.Timings {
		d.Timings = append(d.Timings, triage.StageTime(t))
	}
	return d, nil
}
