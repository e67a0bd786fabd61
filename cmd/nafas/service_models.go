package main

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"nafas/internal/audit"
	"nafas/internal/registry"
	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/internal/worker"
	"nafas/models"
	"nafas/models/manifest"
)

// modelFlags say which model reads, and what one in shadow may take.
type modelFlags struct {
	ActivateModel bool  `help:"Make --model the live model, whatever was activated for the data folder: for when that one can no longer be used." name:"activate-model"`
	ShadowLimit   int64 `help:"Memory limit of the worker process that reads in shadow, MiB; 0: that of --worker-memory-mib." default:"0" name:"shadow-memory-mib"`
}

// shadowIdle is after how long without work the process of a model in shadow leaves:
// it is the second one.
const shadowIdle = 10 * time.Second

// modelWorkers have models read in worker processes of this program.
type modelWorkers struct {
	flags serviceFlags
	log   *slog.Logger
	mu    sync.Mutex
	live  []*worker.Supervisor
}

var _ registry.Workers = (*modelWorkers)(nil)

// New implements registry.Workers.
func (w *modelWorkers) New(dir string, u registry.Use) registry.Reader {
	f := w.flags
	f.Model = dir
	o := worker.Options{Command: f.workerCommand, Idle: f.Idle, Wall: f.ReadLimit, MemoryBytes: f.WorkerLimit << 20, Log: w.log}
	if u != registry.UseLive {
		o.Command = func() (*exec.Cmd, error) { return behind(f.workerCommand()) }
		o.Idle = min(f.Idle, shadowIdle)
		if f.ShadowLimit > 0 {
			o.MemoryBytes = f.ShadowLimit << 20
		}
	}
	s := worker.New(o)
	if u == registry.UseLive {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.live = append(w.live, s)
	}
	return modelReader{s}
}

// behind has a process give way to every other one.
func behind(cmd *exec.Cmd, err error) (*exec.Cmd, error) {
	if err == nil {
		cmd.Args = append(cmd.Args, "--behind")
	}
	return cmd, err
}

// Counts is worker.Supervisor's, of all models that were live since the start.
func (w *modelWorkers) Counts() (starts, deaths int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.live {
		a, b := s.Counts()
		starts, deaths = starts+a, deaths+b
	}
	return starts, deaths
}

// modelReader is a supervisor as the registry wants it.
type modelReader struct{ *worker.Supervisor }

func (r modelReader) Start(ctx context.Context) (registry.Identity, error) {
	id, err := r.Supervisor.Start(ctx)
	return registry.Identity(id), err
}

// beginModels has the live model of the data folder ready.
func (s *service) beginModels(ctx context.Context) error {
	pseudonyms, err := triage.LoadPseudonyms(pseudonymKey(s.flags.Data))
	if err != nil {
		return err
	}
	shipped, err := shippedModels()
	if err != nil {
		return err
	}
	s.workers = &modelWorkers{flags: s.flags, log: s.log}
	s.models = registry.New(s.store.Models(), s.store.Models(), s.workers, registry.Options{
		Shipped: shipped, MinFreeBytes: s.flags.MinFree << 20, Needed: s.rescoringWith, Name: pseudonyms.Study, Log: s.log,
	})
	who := shellUser()
	first := registry.First{Named: s.flags.Model != "", Anew: s.flags.ActivateModel, Who: registry.Who{Name: who.Name, By: who.By}}
	first.Model, first.Err = models.Open(s.flags.Model)
	first.Record = func(ctx context.Context, is triage.Model) error {
		return s.people.log.Record(ctx, audit.Event{
			Kind: audit.Configured, Who: who, Detail: fmt.Sprintf("model: activate %s:%s %.12s at the start of the service", is.Name, is.Version, is.SHA256),
		})
	}
	reader, err := s.models.Begin(ctx, first)
	if err != nil {
		return err
	}
	s.reader = reader
	return nil
}

func shippedModels() ([]*manifest.Model, error) {
	var out []*manifest.Model
	for _, name := range models.Names() {
		m, err := models.Open(name)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// recordedModel is the folder of the live model of a data folder; "" where it has
// none.
func recordedModel(ctx context.Context, data string) (registry.Model, string, error) {
	live, is, err := store.LiveModel(ctx, data)
	if err != nil || !is {
		return live, "", err
	}
	return live, filepath.Join(data, filepath.FromSlash(live.Folder)), nil
}
