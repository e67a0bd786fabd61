package registry_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/jobs"
	"nafas/internal/registry"
	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/models"
	"nafas/models/manifest"
	"nafas/models/modelstest"
)

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// header takes "study/sop" for a file.
func header(data []byte) (triage.Header, error) {
	study, _, _ := strings.Cut(string(data), "/")
	sum := sha256.Sum256(data)
	return triage.Header{
		StudyUID: study, SeriesUID: study + ".1", SOPUID: string(data), SOPClassUID: "1.2.840.10008.5.1.4.1.1.2", Modality: "CT",
		Pixels: sum, Content: sum,
	}, nil
}

// workers are fakes of worker processes: they read with the manifest of the folder.
type workers struct {
	mu sync.Mutex
	// unfit are the models that do not start, and read what is done in place of
	// finding something, both by version.
	unfit map[string]error
	read  map[string]func(ctx context.Context, job triage.ReadingJob) (triage.StudyReading, error)
	// closed are the versions of live readers that were closed.
	closed []string
	trials int
}

func (w *workers) New(dir string, u registry.Use) registry.Reader {
	return &reader{w: w, dir: dir, use: u}
}

func (w *workers) set(version string, unfit error, read func(ctx context.Context, job triage.ReadingJob) (triage.StudyReading, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unfit[version], w.read[version] = unfit, read
}

func (w *workers) ended() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.closed...)
}

type reader struct {
	w   *workers
	dir string
	use registry.Use
	is  *manifest.Model
}

func (r *reader) Start(ctx context.Context) (registry.Identity, error) {
	m, err := manifest.Load(os.DirFS(r.dir))
	if err != nil {
		return registry.Identity{}, err
	}
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	if r.use == registry.UseTrial {
		r.w.trials++
	}
	r.is = m
	is := triage.Model{Name: m.Name, Version: m.Version, SHA256: m.SHA256()}
	return registry.Identity{Model: is, Recipe: triage.NewRecipe(is)}, r.w.unfit[m.Version]
}

// Read finds one thing, the more surely the higher the version.
func (r *reader) Read(ctx context.Context, job triage.ReadingJob, _ func(triage.Progress)) (triage.StudyReading, error) {
	r.w.mu.Lock()
	read := r.w.read[r.is.Version]
	r.w.mu.Unlock()
	if read != nil {
		if got, err := read(ctx, job); err != nil || got.State != "" {
			return got, err
		}
	}
	return r.says(job), nil
}

func (r *reader) says(job triage.ReadingJob) triage.StudyReading {
	is := triage.Model{Name: r.is.Name, Version: r.is.Version, SHA256: r.is.SHA256()}
	f := triage.Finding{SOPInstanceUID: "1.9"}
	f.Rank, f.Score, f.Flagged = 1, 0.5, r.is.Version > "1"
	result := triage.Result{SeriesUID: job.StudyUID + ".1", Key: triage.ResultKey(job.StudyUID, nil, triage.NewRecipe(is)), Model: is, Findings: []triage.Finding{f}}
	p, why := triage.Ranking{}.Rank(result, nil)
	return triage.StudyReading{State: triage.Done, Priority: p, PriorityReasons: why, Series: []triage.Series{{UID: job.StudyUID + ".1", Modality: "CT", Result: &result}}}
}

func (r *reader) Close() {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	if r.use == registry.UseLive && r.is != nil {
		r.w.closed = append(r.w.closed, r.is.Version)
	}
}

// bench is a service with its models over a real store and a real queue.
type bench struct {
	t       *testing.T
	dir     string
	workers *workers
	// needed names what reads with a model beside the service.
	needed map[string]string
	store  *store.SQLite
	models *registry.Service
	app    *triage.Service
	runner *jobs.Runner
}

var amina = registry.Who{Name: "amina", By: "token"}

// folder is one with a model of a version.
func folder(t *testing.T, o modelstest.Options) *manifest.Model {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	require.NoError(t, modelstest.Write(dir, o))
	m, err := models.Open(dir)
	require.NoError(t, err)
	return m
}

func version(t *testing.T, v string) *manifest.Model {
	t.Helper()
	return folder(t, modelstest.Options{Version: v})
}

// newBench starts a service on a new data folder with version 0.1.0.
func newBench(t *testing.T) *bench {
	b := &bench{t: t, dir: t.TempDir(), workers: &workers{
		unfit: map[string]error{}, read: map[string]func(context.Context, triage.ReadingJob) (triage.StudyReading, error){},
	}}
	require.NoError(t, b.begin(registry.First{Model: version(t, "0.1.0")}))
	return b
}

// begin starts the service on its data folder.
func (b *bench) begin(f registry.First, shipped ...*manifest.Model) error {
	b.t.Helper()
	var err error
	b.store, err = store.Open(b.t.Context(), b.dir, store.Options{Log: silent()})
	require.NoError(b.t, err)
	b.models = registry.New(b.store.Models(), b.store.Models(), b.workers, registry.Options{
		Needed:  func(_ context.Context, sha256 string) (string, error) { return b.needed[sha256], nil },
		Shipped: shipped, MinFreeBytes: 1, Quiet: 20 * time.Millisecond, Log: silent(),
	})
	f.Who = registry.Who{Name: "root", By: "shell"}
	r, err := b.models.Begin(b.t.Context(), f)
	if err != nil {
		require.NoError(b.t, b.store.Close())
		return err
	}
	b.app = triage.New(b.store, b.store, header, r, triage.Options{Recipe: b.models.Identity().Recipe, Quiet: time.Minute, MinFreeBytes: 1, Log: silent()})
	b.models.Serve(b.app)
	b.runner, err = jobs.New(b.store.Driver(), b.app, jobs.Options{Poll: 10 * time.Millisecond, Shadow: b.models, Log: silent()})
	require.NoError(b.t, err)
	require.NoError(b.t, b.runner.Start(b.t.Context()))
	b.t.Cleanup(b.end)
	return nil
}

// end stops it in good order; twice does nothing.
func (b *bench) end() {
	if b.store == nil {
		return
	}
	b.models.Stop()
	require.NoError(b.t, b.runner.Stop(context.Background(), 10*time.Second, 10*time.Second))
	b.models.Close()
	require.NoError(b.t, b.store.Close())
	b.store = nil
}

// again stops it and starts it anew, with another model on the command line.
func (b *bench) again(shipped ...*manifest.Model) {
	b.t.Helper()
	b.end()
	require.NoError(b.t, b.begin(registry.First{Model: version(b.t, "0.9.0"), Named: true}, shipped...))
}

// install uploads the files of a model.
func (b *bench) install(m *manifest.Model) (registry.Model, bool, error) {
	b.t.Helper()
	names := []string{manifest.FileName, "card.md"}
	for _, f := range m.Files() {
		names = append(names, f.Name)
	}
	return b.upload(m, names...)
}

func (b *bench) upload(m *manifest.Model, names ...string) (registry.Model, bool, error) {
	b.t.Helper()
	u, err := b.models.Receive()
	if err != nil {
		return registry.Model{}, false, err
	}
	defer u.Abort()
	for _, name := range names {
		f, err := m.Folder().Open(name)
		require.NoError(b.t, err)
		err = u.Put(name, f)
		require.NoError(b.t, f.Close())
		if err != nil {
			return registry.Model{}, false, err
		}
	}
	return u.Commit(b.t.Context(), amina)
}

// with installs a version.
func (b *bench) with(v string) {
	b.t.Helper()
	_, added, err := b.install(version(b.t, v))
	require.NoError(b.t, err)
	require.True(b.t, added)
}

func (b *bench) activate(v string) {
	b.t.Helper()
	_, changed, err := b.models.Activate(b.t.Context(), modelstest.Name+":"+v, amina)
	require.NoError(b.t, err)
	require.True(b.t, changed)
}

func (b *bench) shadow(v string) {
	b.t.Helper()
	_, changed, err := b.models.StartShadow(b.t.Context(), modelstest.Name+":"+v, amina)
	require.NoError(b.t, err)
	require.True(b.t, changed)
}

// states are those of the models in the data folder, by version.
func (b *bench) states() map[string]registry.State {
	b.t.Helper()
	all, err := b.models.List(b.t.Context())
	require.NoError(b.t, err)
	out := map[string]registry.State{}
	for _, m := range all {
		out[m.Version] = m.State
	}
	return out
}

func (b *bench) readings(v string) registry.Readings {
	b.t.Helper()
	all, err := b.models.List(b.t.Context())
	require.NoError(b.t, err)
	for _, m := range all {
		if m.Version == v {
			return m.Readings
		}
	}
	b.t.Fatalf("there is no %s", v)
	return registry.Readings{}
}

func (b *bench) send(uid string) {
	b.t.Helper()
	u, err := b.app.Begin(b.t.Context(), triage.Submission{Complete: true})
	require.NoError(b.t, err)
	defer u.Abort()
	require.NoError(b.t, u.Put(b.t.Context(), "1", strings.NewReader(uid+"/1")))
	_, err = u.Commit(b.t.Context())
	require.NoError(b.t, err)
}

func (b *bench) study(uid string) triage.Study {
	b.t.Helper()
	s, err := b.app.Study(b.t.Context(), uid)
	require.NoError(b.t, err)
	return s
}

// await waits for a study's result and says which version it is of.
func (b *bench) await(uid string) string {
	b.t.Helper()
	var s triage.Study
	b.until(func() bool { s = b.study(uid); return s.State.Final() }, "result of "+uid)
	require.Equal(b.t, triage.Done, s.State)
	return s.Series[0].Result.Model.Version
}

func (b *bench) until(done func() bool, what string) {
	b.t.Helper()
	require.Eventually(b.t, done, 20*time.Second, 5*time.Millisecond, what)
}

// kind is the kind of an error of the registry.
func kind(err error) registry.Kind {
	var e *registry.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
