package main

import (
	"io"
	"log/slog"
	"runtime"
)

// cli is the command line. Every flag has a NAFAS_* variable.
type cli struct {
	Format  string `help:"How results are printed: table, json or csv." enum:"table,json,csv" default:"table"`
	Verbose bool   `short:"v" help:"Print the time of each stage, and log more on standard error."`

	Demo       demoCmd       `cmd:"" help:"Show everything: write a synthetic chest CT (or take yours), send it to a server, print ranked findings."`
	Serve      serveCmd      `cmd:"" help:"Run the service."`
	Send       sendCmd       `cmd:"" help:"Send series to a service."`
	Fetch      fetchCmd      `cmd:"" help:"Have an archive send studies to a service (C-FIND, C-MOVE)."`
	Report     reportCmd     `cmd:"" help:"Get what a service says of a study, as a DICOM object, FHIR, HL7 or JSON."`
	Categories categoriesCmd `cmd:"" help:"Ask the guidelines about a study that a service has read, with facts that images do not show."`
	Deliveries deliveriesCmd `cmd:"" help:"See what became of results on their way, and try dead ones again."`
	Reviews    reviewsCmd    `cmd:"" help:"See what readers said of studies, measure the detector by it, and write it as tables."`
	Rescore    rescoreCmd    `cmd:"" help:"Pass a model over years of past studies, and see what changed."`
	Worker     workerCmd     `cmd:"" help:"Read studies of rescorings that other machines began."`
	Triage     triageCmd     `cmd:"" help:"Read series without a service: one result per series."`
	Evaluate   evaluateCmd   `cmd:"" help:"Measure a detector by LUNA16's protocol: from tables of marks, or on series that it reads first."`
	Phantom    phantomCmd    `cmd:"" help:"Write a synthetic chest CT with known nodules as a DICOM series."`
	Model      modelCmd      `cmd:"" help:"List, verify and train models; install, compare and activate those of a running service."`
	Runtime    runtimeCmd    `cmd:"" help:"Get the ONNX Runtime library."`
	Bench      benchCmd      `cmd:"" help:"Measure each stage on this machine."`
	Backup     backupCmd     `cmd:"" help:"Copy the data folder of a service into one file, while it runs."`
	Restore    restoreCmd    `cmd:"" help:"Make a data folder from a backup."`
	Erase      eraseCmd      `cmd:"" help:"Erase a patient from the data folder of a service that is stopped, and print a proof."`
	Config     configCmd     `cmd:"" help:"Check the settings of a service before it starts."`
	User       userCmd       `cmd:"" help:"Say who may sign in to the review page with a password."`
	Audit      auditCmd      `cmd:"" help:"See who did what, and whether that record is whole."`
	Token      tokenCmd      `cmd:"" help:"Make a bearer token for a service."`
	Health     healthCmd     `cmd:"" help:"Ask a service whether it takes studies in."`
	Version    versionCmd    `cmd:"" help:"Print versions."`

	WorkerChild workerChildCmd `cmd:"" hidden:"" help:"The process that reads studies for serve."`
}

// streams are where a verb writes: data on out; progress and logs on err.
type streams struct {
	out, err io.Writer
	format   string
	verbose  bool
}

func (s *streams) logger() *slog.Logger {
	level := slog.LevelInfo
	if s.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level}))
}

// calm is the log of a verb that shows its progress itself: warnings and errors,
// and the rest where it is asked for.
func (s *streams) calm() *slog.Logger {
	level := slog.LevelWarn
	if s.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level}))
}

func defaultThreads() int { return runtime.GOMAXPROCS(0) }
