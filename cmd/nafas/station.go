package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"nafas/internal/jobs"
	"nafas/internal/rescore"
	"nafas/internal/rescore/relay"
	"nafas/internal/store"
	"nafas/internal/store/rescorings"
	"nafas/internal/triage"
	"nafas/internal/worker"
)

// ledgerFlags say where rescorings are kept.
type ledgerFlags struct {
	Data string `help:"Data folder; its rescore.db keeps rescorings where no database is named." default:"nafas-data" type:"path"`
	databaseFlags
}

// databaseFlags name a database that several machines share.
type databaseFlags struct {
	DatabaseFile string `help:"File with the connection string of a PostgreSQL database that several machines share, such as postgres://nafas@db/nafas; or set NAFAS_DATABASE." type:"path" env:"NAFAS_DATABASE_FILE" placeholder:"FILE"`
}

// dsn is "" for SQLite. It never comes as a flag: it holds a password, and flags
// are seen by every user of the machine.
func (f databaseFlags) dsn() (string, error) {
	if f.DatabaseFile == "" {
		return os.Getenv("NAFAS_DATABASE"), nil
	}
	raw, err := os.ReadFile(f.DatabaseFile)
	if err != nil {
		return "", fmt.Errorf("database file: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// workFlags say how studies of rescorings are read on this machine.
type workFlags struct {
	Cores       string        `help:"Processor cores to use: a number, or a share such as 50%. Each reads a study of its own. 0 lists studies and hands out files, and leaves the reading to others." default:"100%" placeholder:"N|%"`
	Models      []string      `help:"Folders of models that are not shipped." type:"path" placeholder:"DIR"`
	Onnxruntime string        `help:"Path of libonnxruntime.so (1.24 or newer)." type:"path" placeholder:"FILE"`
	Memory      int64         `help:"Memory limit of each worker process, MiB." default:"4096" name:"worker-memory-mib"`
	ReadLimit   time.Duration `help:"Time limit for reading one study." default:"20m"`
	Silent      time.Duration `help:"A worker that says nothing for this long loses its studies to others." default:"1m"`
	Spool       string        `help:"Folder for what is fetched or unpacked, a few studies at a time. Default: a folder in the data folder." type:"path" placeholder:"DIR"`
}

// leastSilent is some signs of life long: a worker that is only slow keeps its
// studies.
const leastSilent = 3 * time.Second

// slots is how many studies are read at once.
func (f workFlags) slots() (int, error) {
	cores := runtime.GOMAXPROCS(0)
	if share, ok := strings.CutSuffix(f.Cores, "%"); ok {
		percent, err := strconv.ParseFloat(share, 64)
		if err != nil || percent <= 0 || percent > 100 {
			return 0, usage("--cores %s is no share above 0%% and up to 100%%", f.Cores)
		}
		return max(1, int(float64(cores)*percent/100)), nil
	}
	n, err := strconv.Atoi(f.Cores)
	if err != nil || n < 0 || n > maxThreads {
		return 0, usage("--cores %s is neither a number of cores nor a share such as 50%%", f.Cores)
	}
	return n, nil
}

// shelf is where models are looked for: in the data folder too.
func (f rescoreFlags) shelf() *shelf {
	s := newShelf(f.Models)
	s.data = f.Data
	return s
}

func (f workFlags) check() error {
	switch {
	case f.Memory < minWorkerMiB:
		return usage("--worker-memory-mib is %d; the runtime and the model alone need %d", f.Memory, minWorkerMiB)
	case f.ReadLimit <= 0:
		return usage("--read-limit must be above 0")
	case f.Silent < leastSilent:
		return usage("--silent must be at least %s", leastSilent)
	}
	return newShelf(f.Models).check()
}

// station works rescorings: the ledger, the queue and the worker processes of one
// machine.
type station struct {
	ledger  *rescorings.Ledger
	shelf   *shelf
	sources *sourceRack
	worker  *rescore.Worker
	service *rescore.Service
	pool    *worker.Pool
	queue   *jobs.Rescorings
	handOut *handOut
	live    rescore.Live
	host    string
	slots   int
	silent  time.Duration
	// works is as in stationOptions.
	works bool
	log   *slog.Logger

	tending sync.WaitGroup
	stop    context.CancelFunc
}

// tend begins to work whatever is in the ledger; plan says whether inputs are
// listed here too.
func (s *station) tend(ctx context.Context, plan bool) error {
	if s.queue != nil {
		if err := s.queue.Start(ctx); err != nil {
			return err
		}
	}
	ctx, s.stop = context.WithCancel(ctx)
	if s.queue != nil {
		s.tending.Go(func() {
			s.worker.Tend(ctx, rescore.TendOptions{
				Slots: s.slots, Host: s.host, Program: program(), Serve: s.queue.Serve, Dead: s.silent, Alive: s.silent / signs,
			})
		})
	}
	if plan {
		s.tending.Go(func() { s.worker.PlanAll(ctx, s.home(), time.Second) })
	}
	return nil
}

// home is the Rescoring.Home of what is worked here: "" for any in a data folder of
// which the lock says that no other process works it, whatever either host is called.
func (s *station) home() string {
	if s.ledger.Shared() {
		return s.host
	}
	return ""
}

// signs of life come this often in the time after which a silent worker counts as
// dead.
const signs = 6

// close lets what is read come to its end within the grace, or gives it back.
func (s *station) close(grace time.Duration) error {
	if s.stop != nil {
		s.stop()
		s.tending.Wait()
	}
	var errs []error
	if s.queue != nil {
		errs = append(errs, s.queue.Stop(context.Background(), grace, cleanupTime))
	}
	s.pool.Close()
	return errors.Join(append(errs, s.handOut.close(), s.sources.close(), closeLive(s.live), s.ledger.Close())...)
}

// stationOptions are what besides flags makes a station.
type stationOptions struct {
	log *slog.Logger
	// live is nil where no live studies are read on this machine.
	live rescore.Live
	// works is false for who only looks on and steers.
	works bool
	// relay makes the source of files that are on another machine; nil for none.
	relay func(relay.Spool) (*relay.Source, error)
	// insecure lets patients' data come in plaintext from another machine.
	insecure bool
}

func (f rescoreFlags) station(ctx context.Context, o stationOptions) (*station, error) {
	if err := f.workFlags.check(); err != nil {
		return nil, err
	}
	slots, err := f.slots()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	s := &station{shelf: f.shelf(), host: host, slots: slots, silent: f.Silent, works: o.works, log: o.log, live: o.live}
	if s.ledger, err = f.ledger(ctx, o); err != nil {
		return nil, errors.Join(err, closeLive(o.live))
	}
	s.pool = worker.NewPool(max(1, slots), worker.Options{Wall: f.ReadLimit, MemoryBytes: f.Memory << 20, Log: o.log})
	s.sources = &sourceRack{flags: f, home: s.home(), insecure: o.insecure, relay: o.relay, log: o.log}
	pseudonyms, err := triage.LoadPseudonyms(pseudonymKey(f.Data))
	if err != nil {
		return nil, errors.Join(err, s.close(0))
	}
	s.worker = rescore.NewWorker(rescore.WorkOptions{
		Ledger: s.ledger, Sources: s.sources, Readers: &pastReaders{s.shelf, s.pool, f.Onnxruntime}, Live: o.live,
		Name: host + "-" + uuid.NewString(), Log: o.log, Pseudonym: pseudonyms.Study,
	})
	s.service = rescore.NewService(s.ledger, s.sources, s.shelf, host, time.Now)
	if o.works && s.ledger.Shared() {
		s.service.ListsHere()
	}
	if !o.works || slots == 0 {
		return s, nil
	}
	s.queue, err = jobs.NewRescorings(s.ledger.Driver(), s.worker, jobs.RescoringOptions{Name: s.worker.Name, Slots: slots + fetchesAhead(slots), Log: o.log})
	if err != nil {
		return nil, errors.Join(err, s.close(0))
	}
	return s, nil
}

// fetchesAhead are studies that are fetched while all cores are at work, so that
// none waits for the next one.
func fetchesAhead(slots int) int { return slots + 1 }

func program() string { return "nafas " + buildVersion() }

// exists refuses a data folder that keeps no rescorings: one that is looked into must
// not be made by that, and its emptiness not be taken for an answer.
func (f ledgerFlags) exists() error {
	dsn, err := f.dsn()
	if err != nil || dsn != "" {
		return err
	}
	if _, err := os.Stat(filepath.Join(f.Data, rescorings.FileName)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s keeps no rescorings; --data names the folder that nafas rescore or nafas serve was begun with", f.Data)
	}
	return err
}

// ledger opens the ledger that the flags name.
func (f ledgerFlags) ledger(ctx context.Context, o stationOptions) (*rescorings.Ledger, error) {
	dsn, err := f.dsn()
	if err != nil {
		return nil, err
	}
	opt := rescorings.Options{Log: o.log, Works: o.works}
	if dsn != "" {
		return rescorings.OpenPostgres(ctx, dsn, opt)
	}
	return rescorings.OpenSQLite(ctx, f.Data, opt)
}

// liveOf watches the service of a data folder; nil where there never was one.
func liveOf(data string) (rescore.Live, error) {
	w, err := store.WatchLive(data)
	if err != nil || w == nil {
		return nil, err
	}
	return w, nil
}

func closeLive(l rescore.Live) error {
	if c, ok := l.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
