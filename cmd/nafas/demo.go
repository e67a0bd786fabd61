package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"nafas/inference/phantom"
	"nafas/inference/volume"
	"nafas/internal/client"
	nafasv1 "nafas/proto/nafas/v1"
)

type demoCmd struct {
	engineFlags
	Path string `arg:"" optional:"" type:"path" help:"A series of yours; a synthetic chest where none is named."`
	Once bool   `help:"Exit when the result is printed."`
}

// Run does what a hospital's installation does, in one process and a
// temporary folder: write or find a series, start the service, send over gRPC,
// print.
func (c *demoCmd) Run(s *streams, ctx kongContext) error {
	work, err := os.MkdirTemp("", "nafas-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	path := c.Path
	var truth []phantom.Truth
	if path == "" {
		path = filepath.Join(work, "series")
		fmt.Fprintln(s.err, "writing a synthetic chest CT with known nodules")
		made, err := writePhantom(ctx, path, demoSpec())
		if err != nil {
			return err
		}
		truth = made.Nodules
	}
	svc, err := c.start(ctx, s, filepath.Join(work, "data"))
	if err != nil {
		return err
	}
	shown := c.show(s, ctx, svc.address(), path, truth)
	if shown == nil && !c.Once {
		fmt.Fprintf(s.err, "the study is on the review page: open http://%s in a browser\n"+
			"the service stays up on %s; try: nafas send --wait --address %s PATH (Ctrl-C ends it)\n",
			svc.httpAddress(), svc.address(), svc.address())
		shown = svc.wait(ctx)
	}
	if err := svc.stop(); shown == nil {
		shown = err
	}
	return shown
}

// demoGrace is short: the folder goes with the demo, so that nobody would see
// what a study in hand still yields.
const demoGrace = time.Second

// start fetches what is missing, so that the service itself need not.
func (c *demoCmd) start(ctx context.Context, s *streams, data string) (*service, error) {
	library, err := c.findLibrary(ctx, s, true)
	if err != nil {
		return nil, err
	}
	flags := defaultServiceFlags()
	flags.engineFlags = c.engineFlags
	flags.Onnxruntime, flags.Data, flags.Listen, flags.HTTP.Listen = library.Path, data, "127.0.0.1:0", "127.0.0.1:0"
	flags.Grace = demoGrace
	fmt.Fprintln(s.err, "starting the service")
	return startService(ctx, demoLogger(s), flags)
}

func (c *demoCmd) show(s *streams, ctx context.Context, address, path string, truth []phantom.Truth) error {
	conn, err := client.Dial(client.Options{Address: address})
	if err != nil {
		return err
	}
	defer conn.Close()
	studies, count, err := collectStudies(ctx, s, []string{path})
	if err != nil {
		return err
	}
	var files []client.File
	for _, study := range studies {
		files = append(files, study.Files...)
	}
	fmt.Fprintf(s.err, "sending %d files to %s\n", count, address)
	bar := newBar(s, count, "sending")
	var finals []*nafasv1.Study
	var report client.Report
	unreadable, err := conn.Follow(ctx, &nafasv1.UploadHeader{Complete: true}, files, bar.step, func(e *nafasv1.TriageSeriesResponse) error {
		switch {
		case e.GetReceipt() != nil:
			r := e.GetReceipt()
			report = client.Report{Accepted: int(r.GetAccepted()), Repeated: int(r.GetRepeatedInstances()), Refused: r.GetRefusals()}
		case e.GetProgress() != nil:
			bar.describe(e.GetProgress().GetStage())
			bar.set(int64(e.GetProgress().GetDone()), int64(e.GetProgress().GetTotal()))
		case e.GetStudy() != nil:
			finals = append(finals, e.GetStudy())
		}
		return nil
	})
	bar.finish()
	if err != nil {
		return err
	}
	report.Unreadable = unreadable
	refused := reportUpload(s, report)
	return printDemo(s, address, finals, truth, refused)
}

func printDemo(s *streams, address string, studies []*nafasv1.Study, truth []phantom.Truth, failed int) error {
	out := newPrinter(s)
	read := 0
	for _, study := range studies {
		ok, err := printStudy(s, out, study)
		if err != nil {
			return err
		}
		if ok {
			read++
		} else {
			failed++
		}
		if s.format != "table" {
			continue
		}
		if err := printTruth(s.out, study, truth); err != nil {
			return err
		}
	}
	if s.format == "table" {
		fmt.Fprintf(s.out, "Service: grpc://%s (nafas.v1.TriageService)\n", address)
	}
	if err := out.close(); err != nil {
		return err
	}
	return refusedError(failed, read)
}

// printTruth says of each planted nodule whether a finding lies in it: the
// centre strictly within half its diameter (the LUNA16 rule).
func printTruth(w io.Writer, study *nafasv1.Study, truth []phantom.Truth) error {
	if len(truth) == 0 {
		return nil
	}
	var findings []*nafasv1.Finding
	for _, series := range study.GetSeries() {
		findings = append(findings, series.GetResult().GetFindings()...)
	}
	fmt.Fprintln(w, "What was planted:")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "type\tplace\tdiameter mm\tcentre LPS mm\tresult\tdistance mm\t")
	hits := 0
	for _, n := range truth {
		c := n.CenterLPSMM
		result, distance := "missed", ""
		if f, d := nearest(findings, c); f != nil && d < n.DiameterMM/2 {
			hits++
			result, distance = fmt.Sprintf("hit, rank %d", f.GetRank()), fmt.Sprintf("%.1f", d)
		} else if f != nil {
			distance = fmt.Sprintf("%.1f", d)
		}
		fmt.Fprintf(t, "%s\t%s\t%.1f\t%.1f, %.1f, %.1f\t%s\t%s\t\n", n.Kind, n.Placement, n.DiameterMM, c[0], c[1], c[2], result, distance)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d of %d planted nodules are among the %d findings\n", hits, len(truth), len(findings))
	return err
}

func nearest(findings []*nafasv1.Finding, to volume.Vec3) (best *nafasv1.Finding, distanceMM float64) {
	for _, f := range findings {
		p := f.GetCenterLpsMm()
		d := volume.Vec3{p.GetX(), p.GetY(), p.GetZ()}.Sub(to).Norm()
		if best == nil || d < distanceMM {
			best, distanceMM = f, d
		}
	}
	return best, distanceMM
}

func priorityWord(p nafasv1.Priority) string {
	switch p {
	case nafasv1.Priority_PRIORITY_URGENT:
		return "urgent"
	case nafasv1.Priority_PRIORITY_HIGH:
		return "high"
	case nafasv1.Priority_PRIORITY_NOT_ASSESSED:
		return "not assessed"
	case nafasv1.Priority_PRIORITY_ROUTINE:
		return "routine"
	}
	return "none yet"
}

// demoLogger keeps the service quiet unless it has trouble.
func demoLogger(s *streams) *slog.Logger {
	level := slog.LevelWarn
	if s.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level}))
}
