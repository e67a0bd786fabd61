package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"

	"nafas/dicomio"
	"nafas/dicomio/source"
)

type benchCmd struct {
	engineFlags
	Path   string `arg:"" optional:"" type:"path" help:"A series to measure on; a synthetic chest of 260 slices where none is named."`
	Rounds int    `help:"How often everything is done; the table has the medians." default:"5"`
}

// Rows of the table beside those of the stages.
const (
	wholeReading = "whole reading"
	onnxWithin   = "  of it, ONNX Runtime"
	besideONNX   = "  of it, all else"
	onnxAlone    = "ONNX Runtime alone, the same tiles"
	allButONNX   = "whole reading less ONNX Runtime alone"
)

// stageFigures are the measurements of one stage over the rounds.
type stageFigures struct {
	name      string
	wall, cpu []float64
}

// benchTable keeps the stages in the order in which they first came.
type benchTable struct{ stages []*stageFigures }

func (t *benchTable) add(name string, wall, cpu float64) {
	for _, s := range t.stages {
		if s.name == name {
			s.wall, s.cpu = append(s.wall, wall), append(s.cpu, cpu)
			return
		}
	}
	t.stages = append(t.stages, &stageFigures{name, []float64{wall}, []float64{cpu}})
}

// lastCPU are the processor seconds that a stage took last.
func (t *benchTable) lastCPU(name string) float64 {
	for _, s := range t.stages {
		if s.name == name {
			return s.cpu[len(s.cpu)-1]
		}
	}
	return 0
}

// measure times f: wall seconds, and processor seconds of the whole process.
func (t *benchTable) measure(name string, f func() error) error {
	start, cpu := time.Now(), cpuSeconds()
	err := f()
	t.add(name, time.Since(start).Seconds(), cpuSeconds()-cpu)
	return err
}

func cpuSeconds() float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// Run measures the stages of a reading: figures to report, never a pass or a
// failure.
func (c *benchCmd) Run(s *streams, ctx kongContext) error {
	path := c.Path
	if path == "" {
		dir, err := os.MkdirTemp("", "nafas-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if _, err := writePhantom(ctx, dir, demoSpec()); err != nil {
			return err
		}
		path = dir
	}
	items, err := walkAll(ctx, s, []string{path})
	if err != nil {
		return err
	}
	c.tape = &tape{}
	engine, err := c.open(ctx, s, true)
	if err != nil {
		return err
	}
	defer engine.close()
	if err := c.record(ctx, engine, items); err != nil {
		return err
	}
	var table benchTable
	for range max(1, c.Rounds) {
		if err := c.round(ctx, engine, items, &table); err != nil {
			return err
		}
	}
	return table.print(s, len(items))
}

func (c *benchCmd) round(ctx context.Context, e *engine, items []source.Item, table *benchTable) error {
	if err := table.measure("files alone", func() error { return readAlone(items) }); err != nil {
		return err
	}
	if err := table.measure("parse, decode, assemble, one core", func() error { return assembleAlone(ctx, items) }); err != nil {
		return err
	}
	c.tape.cpu = 0
	if err := table.measure(wholeReading, func() error { return readWhole(ctx, e, items, table) }); err != nil {
		return err
	}
	within := c.tape.cpu
	table.add(onnxWithin, math.NaN(), within)
	table.add(besideONNX, math.NaN(), table.lastCPU(wholeReading)-within)
	if err := table.measure(onnxAlone, func() error { return c.tape.play(ctx) }); err != nil {
		return err
	}
	table.add(allButONNX, math.NaN(), table.lastCPU(wholeReading)-table.lastCPU(onnxAlone))
	return nil
}

// record reads once, and keeps what the networks were given.
func (c *benchCmd) record(ctx context.Context, e *engine, items []source.Item) error {
	c.tape.recording = true
	defer func() { c.tape.recording = false }()
	return readWhole(ctx, e, items, &benchTable{})
}

// readWhole reads the series as nafas triage does, and adds the time of each
// stage to the table.
func readWhole(ctx context.Context, e *engine, items []source.Item, table *benchTable) error {
	batch, err := e.reader.ReadStudies(ctx, items, nil)
	if err != nil {
		return err
	}
	read := false
	for _, r := range batch.Studies {
		for _, series := range r.Series {
			if series.Result == nil {
				continue
			}
			read = true
			for _, t := range series.Result.Timings {
				table.add("  "+t.Stage, t.Wall.Seconds(), 0)
			}
		}
	}
	if !read {
		return fmt.Errorf("no series could be read; try nafas triage on the same path")
	}
	return nil
}

func readAlone(items []source.Item) error {
	for _, item := range items {
		if _, err := item.Open(); err != nil {
			return err
		}
	}
	return nil
}

func assembleAlone(ctx context.Context, items []source.Item) error {
	inventory, err := dicomio.Load(ctx, items, dicomio.LoadOptions{Parallel: 1})
	if err != nil {
		return err
	}
	choice := dicomio.Choose(dicomio.Group(inventory.Instances))
	if len(choice.Usable) == 0 {
		return fmt.Errorf("no series can be read")
	}
	_, err = dicomio.Assemble(ctx, choice.Usable[0], dicomio.AssembleOptions{Parallel: 1})
	return err
}

func (t *benchTable) print(s *streams, files int) error {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%d files\twall s\tCPU s\tx files alone\n", files)
	alone := median(t.stages[0].wall)
	for _, stage := range t.stages {
		cpu := ""
		if m := median(stage.cpu); m > 0 {
			cpu = fmt.Sprintf("%.3f", m)
		}
		wall, times := "", ""
		if m := median(stage.wall); !math.IsNaN(m) {
			wall, times = fmt.Sprintf("%.3f", m), fmt.Sprintf("%.2f", m/alone)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", stage.name, wall, cpu, times)
	}
	fmt.Fprintf(w, "peak memory\t%.0f MiB\n", peakMiB())
	return w.Flush()
}

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return sorted[len(sorted)/2]
}

// peakMiB is the largest resident memory that this process had.
func peakMiB() float64 {
	raw, err := os.ReadFile(filepath.Join("/proc", "self", "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				return 0
			}
			return kib / 1024
		}
	}
	return 0
}
