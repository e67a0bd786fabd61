package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nafas/dicomio/match"
	"nafas/internal/config"
	"nafas/internal/rescore"
	"nafas/internal/rescore/sources"
	"nafas/internal/rpc"
	"nafas/internal/store/rescorings"
)

type rescoreCmd struct {
	Start  rescoreStartCmd  `cmd:"" default:"withargs" help:"Pass a model over past studies, and stay until it is through."`
	List   rescoreListCmd   `cmd:"" help:"List rescorings, the newest first."`
	Show   rescoreShowCmd   `cmd:"" help:"Show one rescoring, and why inputs were skipped or failed."`
	Pause  rescorePauseCmd  `cmd:"" help:"Have a rescoring wait; studies that are read just now are read to the end."`
	Resume rescoreResumeCmd `cmd:"" help:"Go on with a rescoring that was paused, or whose process ended."`
	Cancel rescoreCancelCmd `cmd:"" help:"End a rescoring; what was read is kept."`
	Limit  rescoreLimitCmd  `cmd:"" help:"Change when and how hard a rescoring works."`
	Report rescoreReportCmd `cmd:"" help:"Write what came of a rescoring as pages for people, in three languages."`
	Export rescoreExportCmd `cmd:"" help:"Write what became of every input, and every finding, as tables for other programs."`
	Erase  rescoreEraseCmd  `cmd:"" help:"Erase studies from all rescorings, and print a proof."`
	Again  rescoreAgainCmd  `cmd:"" help:"List the studies that a reader should look at again, and show readers that list."`
}

// rescoreFlags are what every verb about rescorings knows.
type rescoreFlags struct {
	ledgerFlags
	workFlags `group:"Work:"`
}

// limitFlags say when and how hard.
type limitFlags struct {
	Window     string  `help:"Work at these hours alone, by this machine's clock, such as 20:00-06:00." placeholder:"FROM-TO"`
	MaxFetches int     `help:"Studies that are fetched from a PACS at once; 0 for one by DICOM and two by DICOMweb." placeholder:"N"`
	MaxRate    float64 `help:"What is fetched from a PACS, MiB a second; 0 for no bound." name:"max-mib-per-second" placeholder:"N"`
}

func (f limitFlags) limits() rescore.Limits {
	return rescore.Limits{Window: f.Window, MaxFetches: f.MaxFetches, BytesPerSecond: bytesPerSecond(f.MaxRate)}
}

func bytesPerSecond(mib float64) int64 { return int64(mib * (1 << 20)) }

// sourceFlags say which studies of a source, and how it is reached.
type sourceFlags struct {
	From        string `help:"Of a PACS, studies from this date on (YYYYMMDD)." placeholder:"DATE"`
	To          string `help:"Of a PACS, studies up to this date (YYYYMMDD)." placeholder:"DATE"`
	Modality    string `help:"Of a PACS, studies with series of this modality. Default: CT, unless --studies names them." placeholder:"MODALITY"`
	Description string `help:"Of a PACS, studies with this description; * and ? stand for anything." placeholder:"TEXT"`
	Studies     string `help:"Of a PACS, the studies whose UIDs are in this file, one a line; - for standard input." placeholder:"FILE"`
	TokenFile   string `help:"File that holds the bearer token for a PACS's DICOMweb services." type:"path" name:"pacs-token-file" placeholder:"FILE"`
	CA          string `help:"CA that signed the PACS's certificate (PEM)." name:"pacs-tls-ca" type:"path" placeholder:"FILE"`
	TLS         bool   `help:"Encrypt associations with the PACS." name:"pacs-tls"`
	AE          string `help:"Our AE title, to which a PACS sends by C-MOVE; it must know where we listen." default:"NAFAS" placeholder:"TITLE"`
	Listen      string `help:"Where we listen for what a PACS sends by C-MOVE." default:"127.0.0.1:11113" placeholder:"HOST:PORT"`
}

// spec turns the argument and the flags into a source.
func (f sourceFlags) spec(source string, in io.Reader) (rescore.SourceSpec, error) {
	spec, err := sources.ParseSource(source)
	if err != nil {
		return spec, usageError{err}
	}
	spec.Query = f.query()
	spec.TokenFile, spec.CA, spec.TLS, spec.OwnAE, spec.Listen = f.TokenFile, f.CA, f.TLS, f.AE, f.Listen
	if spec.Kind == rescore.SourceFolder {
		if f.From != "" || f.To != "" || f.Modality != "" || f.Description != "" || f.Studies != "" {
			return spec, usage("--from, --to, --modality, --description and --studies choose studies of a PACS; a folder is read as a whole")
		}
		spec = rescore.SourceSpec{Kind: spec.Kind, Root: spec.Root}
	}
	if f.Studies == "" {
		return spec, nil
	}
	spec.Studies, err = readUIDs(f.Studies, in)
	return spec, err
}

// query is what is asked of a PACS. A list of studies stands for itself.
func (f sourceFlags) query() rescore.Query {
	q := rescore.Query{From: f.From, To: f.To, Modality: f.Modality, Description: f.Description}
	if q.Modality == "" && f.Studies == "" {
		q.Modality = "CT"
	}
	return q
}

// readUIDs reads one UID a line; empty lines and those that begin with # are
// passed over.
func readUIDs(name string, in io.Reader) ([]string, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	var out []string
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !match.UID(line) {
			return nil, usage("%s, line %d: not a UID", name, n)
		}
		out = append(out, line)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, usage("%s names no study", name)
	}
	return out, nil
}

type rescoreStartCmd struct {
	rescoreFlags
	limitFlags  `group:"Limits:"`
	sourceFlags `group:"PACS:"`
	Source      string       `arg:"" help:"A folder or zip file; the base URL of a PACS's DICOMweb services; or a PACS's AE title and where it listens." placeholder:"FOLDER|URL|TITLE=HOST:PORT"`
	Model       string       `help:"Model: a shipped name, one that is installed in the service of --data, or a folder with a model.yaml. Default: the live one of that service, else the shipped one." placeholder:"NAME|DIR"`
	Baseline    string       `help:"What to compare with in reports: live for what the service of this data folder said, or the number or name of another rescoring." placeholder:"live|N|NAME"`
	Name        string       `help:"A name for people." placeholder:"TEXT"`
	Settings    string       `help:"Settings file (YAML) of a service: its rules of priorities, and which guidelines are asked." type:"existingfile" placeholder:"FILE"`
	DryRun      bool         `help:"Say what would be read, what would be skipped and why, and how long it would take; read nothing."`
	HandOut     handOutFlags `embed:"" prefix:"hand-out-" group:"Other machines:"`
	Insecure    bool         `help:"Fetch patients' data from another machine in plaintext."`
	Detach      bool         `help:"Begin it and leave the work to the service or to nafas worker."`
}

func (c *rescoreStartCmd) request() (rescore.Request, error) {
	spec, err := c.spec(c.Source, os.Stdin)
	if err != nil {
		return rescore.Request{}, err
	}
	file, err := loadSettings(c.Settings)
	if err != nil {
		return rescore.Request{}, err
	}
	if err := c.checkBaseline(); err != nil {
		return rescore.Request{}, err
	}
	rq := rescore.Request{Name: c.Name, Model: c.Model, Baseline: c.Baseline, Source: spec, Limits: c.limits()}
	rq.Settings, err = pastSettings(file)
	return rq, err
}

// checkBaseline refuses a comparison with a service that never was, before days of
// reading and not after them.
func (c *rescoreStartCmd) checkBaseline() error {
	if c.Baseline != rescore.BaselineLive {
		return nil
	}
	live, err := liveOf(c.Data)
	if err == nil && live == nil {
		return usage("--baseline live compares with what the service of a data folder said, and %s is of none: name that folder with --data", c.Data)
	}
	return errors.Join(err, closeLive(live))
}

// pastSettings are the part of a settings file that decides results.
func pastSettings(file config.File) (rescore.Settings, error) {
	o, err := (factFlags{}).within(file.Categories)
	if err != nil {
		return rescore.Settings{}, err
	}
	var s rescore.Settings
	if rules := file.Rules(); len(rules) > 0 {
		s.Rules = rules.Text()
	}
	flags := siteFlagsOf(o)
	s.Guidelines, s.Screening = flags.Guidelines, flags.Screening
	return s, nil
}

// Run begins a rescoring and works it, or has it previewed.
func (c *rescoreStartCmd) Run(s *streams, ctx kongContext) error {
	rq, err := c.request()
	if err != nil {
		return err
	}
	if c.DryRun {
		return c.preview(s, ctx, rq)
	}
	st, working, err := c.open(ctx, s, c.Insecure, c.Detach)
	if err != nil {
		return err
	}
	r, err := st.service.Start(ctx, rq)
	if err != nil {
		return errors.Join(asUsage(err), st.close(0))
	}
	fmt.Fprintf(s.err, "rescoring %d: %s %s\n", r.ID, r.Model.Name, r.Model.Version)
	if c.Detach {
		fmt.Fprintf(s.err, "begun; nafas rescore show %d says how far it is\n", r.ID)
		return errors.Join(printRescoring(s, r), st.close(0))
	}
	return c.stay(s, ctx, st, working, stayOptions{c.HandOut, c.Insecure}, r.ID)
}

// asUsage: what cannot be in a request is wrong use.
func asUsage(err error) error {
	var rq *rescore.ErrRequest
	if errors.As(err, &rq) {
		return usageError{err}
	}
	return err
}

// open opens the ledger to work, or, where another process works already or
// detached, only to steer it.
func (f rescoreFlags) open(ctx context.Context, s *streams, insecure, detached bool) (st *station, working bool, err error) {
	if !detached {
		st, err = f.working(ctx, s, insecure)
		if err == nil {
			return st, true, nil
		}
		if !errors.Is(err, rescorings.ErrInUse) {
			return nil, false, err
		}
		fmt.Fprintln(s.err, "another nafas process works on this data folder; it does the work, and this one looks on")
	}
	st, err = f.station(ctx, stationOptions{log: s.calm(), insecure: insecure})
	return st, false, err
}

// working opens the ledger to work; rescorings.ErrInUse where another process does.
func (f rescoreFlags) working(ctx context.Context, s *streams, insecure bool) (*station, error) {
	live, err := liveOf(f.Data)
	if err != nil {
		return nil, err
	}
	return f.station(ctx, stationOptions{log: s.calm(), insecure: insecure, works: true, live: live})
}

// stayOptions are what besides flags of every verb decides how work is done.
type stayOptions struct {
	handOut  handOutFlags
	insecure bool
}

// stay works, or looks on, until a rescoring is through.
func (f rescoreFlags) stay(s *streams, ctx context.Context, st *station, working bool, o stayOptions, id int64) (err error) {
	if st.handOut, err = o.handOut.begin(st.ledger, st.sources, st.log); err != nil {
		return errors.Join(err, st.close(0))
	}
	if working {
		if err := st.tend(ctx, true); err != nil {
			return errors.Join(err, st.close(0))
		}
	}
	var heir *station
	r, err := f.follow(s, ctx, st.service, id, func() (over bool, err error) {
		if working {
			return false, st.takeHome(ctx, s, id)
		}
		heir, err = f.inherit(ctx, s, o.insecure)
		return heir != nil, err
	})
	if ctx.Err() != nil && working {
		fmt.Fprintf(s.err, "stopping; nafas rescore resume %d goes on\n", id)
	}
	if closeErr := st.close(stopGrace); err == nil {
		err = closeErr
	}
	if heir != nil {
		if err != nil {
			return errors.Join(err, heir.close(0))
		}
		return f.stay(s, ctx, heir, true, o, id)
	}
	if err != nil {
		return err
	}
	if err := printRescoring(s, r); err != nil {
		return err
	}
	if r.State == rescore.StateDone && r.Totals.Inputs+r.Totals.Erased == 0 {
		fmt.Fprintln(s.err, nothingFits)
	}
	return ended(r)
}

const nothingFits = "No study of the source fits what was asked for (--from, --to, --modality, --description); nothing was read."

// takeHome takes a rescoring over whose host is gone by now.
func (st *station) takeHome(ctx context.Context, s *streams, id int64) error {
	taken, err := st.service.TakeHome(ctx, id)
	if taken {
		fmt.Fprintln(s.err, "the machine that listed the inputs of this rescoring has ended; this one does it now")
	}
	return err
}

// inherit opens the ledger to work where the process that did so has ended; nil
// where it has not. What it left would else wait for ever, with somebody looking on.
func (f rescoreFlags) inherit(ctx context.Context, s *streams, insecure bool) (*station, error) {
	st, err := f.working(ctx, s, insecure)
	if errors.Is(err, rescorings.ErrInUse) {
		return nil, nil
	}
	if err == nil {
		fmt.Fprintln(s.err, "the process that worked on this data folder has ended; this one does the work now")
	}
	return st, err
}

// stopGrace is how long studies in hand may take when the process is told to end.
const stopGrace = 20 * time.Second

// ended turns the end of a rescoring into the exit code.
func ended(r rescore.Rescoring) error {
	switch {
	case r.State == rescore.StatePaused:
		return fmt.Errorf("rescoring %d is paused (%s); nafas rescore resume %d goes on", r.ID, r.Why, r.ID)
	case r.State == rescore.StateCancelled:
		return fmt.Errorf("rescoring %d was cancelled", r.ID)
	case r.Totals.Failed > 0:
		return fmt.Errorf("%w: nafas rescore show %d says why, nafas rescore export %d which", errSomeFailed, r.ID, r.ID)
	}
	return nil
}

// follow shows how far a rescoring is until it is through or paused, or over says
// that there is nothing more to follow here.
func (f rescoreFlags) follow(s *streams, ctx context.Context, service *rescore.Service, id int64, over func() (bool, error)) (rescore.Rescoring, error) {
	show := newPace(s)
	defer show.finish()
	asked, answered := time.Now(), time.Now()
	for {
		r, err := service.Get(ctx, id)
		if err == nil {
			show.set(r)
		}
		through := err == nil && (r.State.Final() || r.State == rescore.StatePaused)
		if err == nil && !through && time.Since(asked) > inheritEvery {
			through, err = over()
			asked = time.Now()
		}
		switch {
		case through, errors.Is(err, rescore.ErrNotFound):
			return r, err
		case ctx.Err() != nil:
			return r, ctx.Err()
		case err == nil:
			answered = time.Now()
		case time.Since(answered) > ledgerPatience:
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(followEvery):
		}
	}
}

// ledgerPatience is how long a database may be away before who follows a rescoring
// gives up: with that the work ends too, which waits for the database as long.
const ledgerPatience = 5 * time.Minute

// followEvery is how often a rescoring that is followed is looked at, inheritEvery
// how often whether another process still works.
const followEvery, inheritEvery = 500 * time.Millisecond, 2 * time.Second

func (c *rescoreStartCmd) preview(s *streams, ctx context.Context, rq rescore.Request) error {
	bar := newBar(s, -1, "looking")
	p, err := c.previewOf(ctx, rq, stationOptions{log: s.calm(), insecure: c.Insecure}, func(files, studies int64) { bar.set(max(files, studies), -1) })
	bar.finish()
	if err != nil {
		return asUsage(err)
	}
	return printPreview(s, p)
}

// spool is the folder for what is fetched.
func (f rescoreFlags) spool() string {
	if f.Spool != "" {
		return f.Spool
	}
	return filepath.Join(f.Data, "rescore-spool")
}

// printRescoring prints one in the chosen format.
func printRescoring(s *streams, r rescore.Rescoring) error {
	if s.format == "json" {
		return printJSON(s.out, rpc.RescoringProto(r))
	}
	return printRescorings(s, []rescore.Rescoring{r})
}
