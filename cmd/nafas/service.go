package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/alecthomas/kong"

	"nafas/internal/access"
	"nafas/internal/deliver"
	"nafas/internal/jobs"
	"nafas/internal/metrics"
	"nafas/internal/registry"
	"nafas/internal/rpc"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// cleanupTime is what a job that was broken off may take to go back into the
// queue.
const cleanupTime = 10 * time.Second

// serviceFlags are the settings of a service; serve and config check have the
// same.
type serviceFlags struct {
	engineFlags
	modelFlags
	Listen      string        `help:"Address of the gRPC service." default:"127.0.0.1:50051" placeholder:"HOST:PORT"`
	Data        string        `help:"Data folder; made where there is none." default:"nafas-data" type:"path"`
	Quiet       time.Duration `help:"A study that was not declared complete is read when nothing of it came for this long." default:"60s"`
	MinFree     int64         `help:"Intake stops when less than this many MiB are free." default:"2048" name:"min-free-mib"`
	Idle        time.Duration `help:"The worker process leaves after this long without work, so that its memory goes back." default:"2m"`
	WorkerLimit int64         `help:"Memory limit of the worker process, MiB." default:"4096" name:"worker-memory-mib"`
	ReadLimit   time.Duration `help:"Time limit for reading one study." default:"10m"`
	Grace       time.Duration `help:"At the end, the study in hand may finish within this time; else it goes back into the queue." default:"30s"`
	TLSCert     string        `help:"Certificate of the service (PEM)." name:"tls-cert" env:"NAFAS_SERVER_TLS_CERT" type:"path"`
	TLSKey      string        `help:"Key of the service (PEM)." name:"tls-key" env:"NAFAS_SERVER_TLS_KEY" type:"path"`
	TLSClientCA string        `help:"CA that signs client certificates: makes TLS mutual." name:"tls-client-ca" env:"NAFAS_SERVER_TLS_CLIENT_CA" type:"path"`
	Tokens      string        `help:"File of hashed bearer tokens (nafas token new)." type:"path"`
	Insecure    bool          `help:"Allow plaintext, or no authentication, beyond loopback." env:"NAFAS_SERVER_INSECURE"`
	Settings    string        `help:"Settings file (YAML): where results go, which archives are looked into for new studies and for earlier ones, and the rules of priorities." type:"existingfile" placeholder:"FILE"`
	DICOM       dicomFlags    `embed:"" prefix:"dicom-" group:"DICOM:"`
	HTTP        httpFlags     `embed:"" prefix:"http-" group:"HTTP:"`
	Keep        keepFlags     `embed:"" prefix:"keep-" group:"Keeping:"`
	Past        pastFlags     `embed:"" prefix:"rescore-" group:"Rescorings:"`
}

func (f serviceFlags) tlsFiles() access.TLSFiles {
	return access.TLSFiles{Cert: f.TLSCert, Key: f.TLSKey, ClientCA: f.TLSClientCA}
}

// security loads what guards the listener; it refuses an exposure that nobody
// asked for.
func (f serviceFlags) security() (rpc.Options, error) {
	exposure := access.Exposure{Address: f.Listen, TLS: f.tlsFiles(), Tokens: f.Tokens != "", Insecure: f.Insecure}
	if err := exposure.Check(); err != nil {
		return rpc.Options{}, usageError{err}
	}
	var o rpc.Options
	var err error
	if o.TLS, err = f.tlsFiles().ServerConfig(); err != nil {
		return rpc.Options{}, usageError{err}
	}
	if f.Tokens != "" {
		if o.Tokens, err = access.LoadTokens(f.Tokens); err != nil {
			return rpc.Options{}, usageError{err}
		}
	}
	o.Reflection = access.Loopback(f.Listen) || o.Tokens != nil
	return o, nil
}

// limits refuses numbers with which nothing would ever be read.
func (f serviceFlags) limits() error {
	switch {
	case f.Quiet < 0, f.Grace < 0, f.MinFree < 0:
		return usage("--quiet, --grace and --min-free-mib must not be negative")
	case f.Idle <= 0, f.ReadLimit <= 0:
		return usage("--idle and --read-limit must be above 0")
	case f.WorkerLimit < minWorkerMiB:
		return usage("--worker-memory-mib is %d; the runtime and the model alone need %d", f.WorkerLimit, minWorkerMiB)
	case f.ShadowLimit != 0 && f.ShadowLimit < minWorkerMiB:
		return usage("--shadow-memory-mib is %d; the runtime and the model alone need %d", f.ShadowLimit, minWorkerMiB)
	}
	return f.Keep.check()
}

// minWorkerMiB holds the library, a model and the smallest chest.
const minWorkerMiB = 512

// workerCommand starts this binary again as the worker process.
func (f engineFlags) workerCommand() (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"worker-child", "--threads", strconv.Itoa(f.Threads)}
	if f.Model != "" {
		args = append(args, "--model", f.Model)
	}
	if f.Onnxruntime != "" {
		args = append(args, "--onnxruntime", f.Onnxruntime)
	}
	args = append(args, siteFlagsOf(f.categories).args()...)
	if len(f.rules) > 0 {
		// Themselves, and not their file: that may have changed meanwhile.
		args = append(args, "--priority-rules", f.rules.Text())
	}
	return exec.Command(self, args...), nil
}

// service is everything that runs in one server process.
type service struct {
	flags    serviceFlags
	log      *slog.Logger
	models   *registry.Service // nil before the store is open
	workers  *modelWorkers
	reader   triage.StudyReader // of the model that is live at the start
	listener net.Listener
	store    *store.SQLite
	jobs     *jobs.Runner
	rpc      *rpc.Server
	dicom    *dicomListener // nil without one
	http     *httpListener  // nil without one
	people   *people        // nil before the store is open
	keeper   *keeper        // nil before it is started
	metrics  *metrics.Metrics
	past     *station // nil before it is open
	inbox    sync.WaitGroup
	// endInbox ends the recording of what came one by one.
	endInbox context.CancelFunc
	pollers  pollers
	served   chan error
}

// startService returns when studies are taken in; stop ends it. It serves
// nothing before the model has proved itself in the worker process.
func startService(ctx context.Context, log *slog.Logger, f serviceFlags) (*service, error) {
	p, err := f.plan()
	if err != nil {
		return nil, err
	}
	s := &service{flags: f, log: log, served: make(chan error, 3), metrics: metrics.New()}
	if err := s.start(ctx, p); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *service) start(ctx context.Context, p plan) error {
	if err := s.open(ctx, p); err != nil {
		return err
	}
	app, err := s.application()
	if err != nil {
		return err
	}
	if err := s.work(app, p.to); err != nil {
		return err
	}
	// Before anything new comes in, what a dead server had acknowledged.
	if err := app.Inbox().Recover(ctx); err != nil {
		return fmt.Errorf("instances in the inbox of %s: %w", s.flags.Data, err)
	}
	if err := s.listen(ctx, p, app); err != nil {
		return err
	}
	if err := s.people.began(ctx); err != nil {
		return err
	}
	if err := s.jobs.Start(ctx); err != nil {
		return err
	}
	if err := s.openRescorings(ctx); err != nil {
		return err
	}
	s.serve(p, app)
	if err := s.workRescorings(ctx); err != nil {
		return err
	}
	s.keeper = startKeeper(app, s.flags.Keep, s.log)
	go s.sweep(ctx)
	s.poll(p.polls, p.earlier, intakeOf(app))
	go s.describe(ctx, app)
	return nil
}

// open opens the data folder, takes the address of gRPC, and has the model prove
// itself.
func (s *service) open(ctx context.Context, p plan) (err error) {
	f := s.flags
	if s.store, err = store.Open(ctx, f.Data, store.Options{Log: s.log, Destinations: p.to.outbox}); err != nil {
		return fmt.Errorf("data folder %s: %w", f.Data, err)
	}
	if s.people, err = f.peopleOf(s.store, p.settings, p.security.Tokens, s.log); err != nil {
		return err
	}
	if s.listener, err = net.Listen("tcp", f.Listen); err != nil {
		return err
	}
	return s.beginModels(ctx)
}

// work makes the runner of jobs, which does not run yet.
func (s *service) work(app *triage.Service, to *destinations) (err error) {
	o := jobs.Options{ReadTimeout: 2 * s.flags.ReadLimit, Shadow: s.models, Log: s.log}
	if len(to.outbox) > 0 {
		o.Deliverer, o.Destinations = deliver.New(s.store, s.store, to.byName, s.log), to.names()
	}
	s.jobs, err = jobs.New(s.store.Driver(), app, o)
	return err
}

// listen opens the DICOM and the HTTP listener, as far as they are asked for.
func (s *service) listen(ctx context.Context, p plan, app *triage.Service) (err error) {
	if s.dicom, err = listenDICOM(s.flags.DICOM, s.flags.tlsFiles(), s.flags.Insecure, app, s.log); err != nil {
		return err
	}
	s.http, err = s.listenHTTP(ctx, p, app)
	return err
}

// serve answers on all listeners.
func (s *service) serve(p plan, app *triage.Service) {
	p.security.Service, p.security.Log, p.security.Texts, p.security.Trail = app, s.log, reportTexts, s.people.trail
	p.security.Models = s.models
	p.security.Rescorings, p.security.Preview = s.past.service, s.previews()
	if s.http != nil {
		s.http.page.Again = s.past.service
	}
	s.rpc = rpc.New(p.security)
	go func() { s.served <- s.rpc.Serve(s.listener) }()
	s.takeOneByOne(app)
	s.rpc.SetReady()
}

func (s *service) application() (*triage.Service, error) {
	pseudonyms, err := triage.LoadPseudonyms(filepath.Join(s.flags.Data, store.PseudonymKeyFile))
	if err != nil {
		return nil, err
	}
	app := triage.New(s.store, s.store, triage.ReadHeader, s.reader, triage.Options{
		Recipe: s.models.Identity().Recipe, Categories: s.flags.categories, Quiet: s.flags.Quiet, MinFreeBytes: s.flags.MinFree << 20,
		Log: s.log, Pseudonyms: pseudonyms, Meter: s.metrics,
	})
	s.models.Serve(app)
	return app, nil
}

// sweep removes files of uploads that a crash broke off.
func (s *service) sweep(ctx context.Context) {
	if _, err := s.store.Sweep(ctx); err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "sweeping the data folder failed", "error", err)
	}
}

// takeOneByOne begins to take instances by C-STORE and STOW-RS, and what is
// retrieved by WADO-RS, for which nothing listens.
func (s *service) takeOneByOne(app *triage.Service) {
	ctx, cancel := context.WithCancel(context.Background())
	s.endInbox = cancel
	s.inbox.Go(func() { app.Inbox().Run(ctx) })
	if s.dicom != nil {
		go func() { s.served <- s.dicom.server.Serve(s.dicom.listener) }()
	}
	if s.http != nil {
		go func() { s.served <- s.http.serve() }()
	}
}

func (s *service) address() string { return s.listener.Addr().String() }

// httpAddress is "" without an HTTP listener.
func (s *service) httpAddress() string {
	if s.http == nil {
		return ""
	}
	return s.http.listener.Addr().String()
}

// dicomAddress is "" without a DICOM listener.
func (s *service) dicomAddress() string {
	if s.dicom == nil {
		return ""
	}
	return s.dicom.listener.Addr().String()
}

// wait returns when ctx ends or the listener fails.
func (s *service) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.served:
		return errors.Join(errors.New("the listener ended"), err)
	}
}

// stop lets the study in hand finish within the grace, or puts it back.
func (s *service) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.flags.Grace)
	defer cancel()
	s.pollers.stop()
	if s.dicom != nil {
		s.dicom.stop(ctx)
	}
	if s.http != nil {
		s.http.stop(ctx)
	}
	if s.endInbox != nil {
		s.endInbox()
		s.inbox.Wait()
	}
	s.rpc.Shutdown(ctx)
	s.models.Stop()
	// At once: a live study must not wait for a rescoring, here least of all.
	past := make(chan error, 1)
	go func() { past <- s.stopRescorings(s.flags.Grace) }()
	err := errors.Join(s.jobs.Stop(context.Background(), s.flags.Grace, cleanupTime), <-past)
	s.people.stop(context.Background(), s.log)
	s.close()
	return err
}

// close gives back what was opened, in the reverse order.
func (s *service) close() {
	s.pollers.stop()
	s.keeper.stop()
	if err := s.stopRescorings(0); err != nil {
		s.log.Error("closing the rescorings failed", "error", err)
	}
	if s.models != nil {
		s.models.Close()
	}
	if s.dicom != nil {
		s.dicom.listener.Close()
		s.dicom.commitment.Close()
	}
	if s.http != nil {
		s.http.page.Stop()
		s.http.listener.Close()
	}
	if s.listener != nil {
		s.listener.Close()
	}
	s.people.close()
	if s.store != nil {
		if err := s.store.Close(); err != nil {
			s.log.Error("closing the store failed", "error", err)
		}
	}
}

// defaultServiceFlags are the flags of serve as they are without any.
func defaultServiceFlags() serviceFlags {
	var flags serviceFlags
	parser := kong.Must(&flags, kong.Vars{"cores": strconv.Itoa(defaultThreads())})
	if _, err := parser.Parse(nil); err != nil {
		panic("the defaults of serve do not parse: " + err.Error())
	}
	return flags
}
