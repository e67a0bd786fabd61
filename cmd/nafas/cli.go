package main

import (
	"io"
	"log/slog"
	"runtime"
)

// cli is the command line. Every flag has a NAFAS_* variable.
type cli struct {
	Format  string `help:"How results are printed: table, json or csv." enum:"table,json,csv" default:"table"`
	Verbose bool   `short:"v" help:"Print timings and more of what is done, on standard error."`

	Send    sendCmd    `cmd:"" help:"Send series to a service."`
	Model   modelCmd   `cmd:"" help:"List, verify and train models."`
	Token   tokenCmd   `cmd:"" help:"Make a bearer token for a service."`
	Health  healthCmd  `cmd:"" help:"Ask a service whether it takes studies in."`
	Version versionCmd `cmd:"" help:"Print versions."`
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

func defaultThreads() int { return runtime.GOMAXPROCS(0) }

// engineFlags choose what reads a series.
type engineFlags struct {
	Model       string `help:"Model: a shipped name or a folder with a model.yaml." placeholder:"NAME|DIR"`
	Onnxruntime string `help:"Path of libonnxruntime.so (1.24 or newer)." type:"path" placeholder:"FILE"`
	Threads     int    `help:"Processor cores to use." default:"${cores}"`
}
