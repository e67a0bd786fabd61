package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"nafas/internal/rescore"
	"nafas/internal/store/rescorings"
	nafasv1 "nafas/proto/nafas/v1"
)

// What the shipped model takes on one core, all of the reading included, where nothing
// was read here yet: for a chest, whose lungs it reads on one grid however thick the
// slices are, and for a slice (docs/performance.md).
const chestCoreSeconds, sliceCoreSeconds = 7, 0.01

// previewOf says what a rescoring would read; nothing of it is kept.
func (f rescoreFlags) previewOf(ctx context.Context, rq rescore.Request, o stationOptions, progress func(files, studies int64)) (*nafasv1.RescoringPreview, error) {
	// What cannot be is found before hours of listing, and not after them.
	pace, err := f.pacing(ctx, rq, o)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "nafas-preview-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	scratch, err := rescorings.OpenSQLite(ctx, dir, rescorings.Options{Log: o.log})
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	f.Spool = dir
	rack := &sourceRack{flags: f, insecure: o.insecure, log: o.log}
	defer rack.close()
	source, err := rack.Open(ctx, rescore.Rescoring{ID: 1, Source: rq.Source, Limits: rq.Limits})
	if err != nil {
		return nil, &rescore.ErrRequest{Field: "source", Err: err}
	}
	p, err := rescore.Previewing{Scratch: scratch, Source: source, Progress: progress}.Preview(ctx)
	if err != nil {
		return nil, err
	}
	out := previewProto(p)
	out.Estimate = durationpb.New(pace.estimate(p))
	return out, nil
}

func previewProto(p rescore.Preview) *nafasv1.RescoringPreview {
	return &nafasv1.RescoringPreview{
		Studies: p.Studies, Series: p.Series, Files: p.Files, Bytes: p.Bytes, ReadSeries: p.ReadSeries, ReadSlices: p.ReadSlices,
		Skipped: p.Skipped, Failed: p.Failed,
	}
}

// pacing is how fast this machine reads, and for how much of the day.
type pacing struct {
	slots  int
	window rescore.Window
	// series is the time for one in the latest rescoring with the same model; 0 where
	// there is none.
	series time.Duration
}

// pacing refuses limits and a model that cannot be, as *rescore.ErrRequest.
func (f rescoreFlags) pacing(ctx context.Context, rq rescore.Request, o stationOptions) (pacing, error) {
	var out pacing
	err := rq.Limits.Check()
	if err == nil {
		out.window, err = rescore.ParseWindow(rq.Limits.Window)
	}
	if err != nil {
		return out, &rescore.ErrRequest{Field: "limits", Err: err}
	}
	if out.slots, err = f.slots(); err != nil {
		return out, err
	}
	out.series, err = f.paceBefore(ctx, rq, o)
	return out, err
}

// estimate is how long the reading takes on this machine's cores, within its window:
// by the pace so far, or else by what the shipped model takes.
func (g pacing) estimate(p rescore.Preview) time.Duration {
	seconds := (float64(p.ReadSeries)*chestCoreSeconds + float64(p.ReadSlices)*sliceCoreSeconds) / float64(max(1, g.slots))
	if g.series > 0 {
		seconds = g.series.Seconds() * float64(p.ReadSeries)
	}
	return time.Duration(seconds * 24 / g.window.HoursADay() * float64(time.Second)).Round(time.Second)
}

// paceBefore is the time for a series in the latest rescoring with the model that
// read some; 0 where there is none.
func (f rescoreFlags) paceBefore(ctx context.Context, rq rescore.Request, o stationOptions) (time.Duration, error) {
	model, _, _, err := f.shelf().Resolve(rq.Model, rq.Settings)
	if err != nil {
		return 0, &rescore.ErrRequest{Field: "model", Err: err}
	}
	if f.exists() != nil {
		return 0, nil // a preview makes no database
	}
	l, err := f.ledger(ctx, stationOptions{log: o.log})
	if err != nil {
		return 0, err
	}
	all, err := l.Rescorings(ctx)
	if err = errors.Join(err, l.Close()); err != nil {
		return 0, err
	}
	for _, r := range all {
		if r.Model == model && r.Totals.Scored > 0 && r.WorkedFor > 0 {
			return r.WorkedFor / time.Duration(r.Totals.Scored), nil
		}
	}
	return 0, nil
}

func printPreview(s *streams, p *nafasv1.RescoringPreview) error {
	if s.format == "json" {
		return printJSON(s.out, p)
	}
	rows := [][]string{{"what", "reason", "count"}}
	add := func(what, reason string, n int64) { rows = append(rows, []string{what, reason, fmt.Sprint(n)}) }
	add("studies", "", p.GetStudies())
	add("series", "", p.GetSeries())
	add("files", "", p.GetFiles())
	add("series to read", "", p.GetReadSeries())
	add("slices to read", "", p.GetReadSlices())
	for _, one := range []struct {
		what    string
		reasons map[string]int64
	}{{"skipped", p.GetSkipped()}, {"cannot be read", p.GetFailed()}} {
		for _, reason := range slices.Sorted(maps.Keys(one.reasons)) {
			add(one.what, reason, one.reasons[reason])
		}
	}
	if s.format == "csv" {
		return writeCSV(s.out, append(rows, []string{"seconds", "", fmt.Sprint(int64(p.GetEstimate().AsDuration().Seconds()))}))
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, row := range rows[1:] {
		fmt.Fprintf(w, "%s\t%s\t%s\n", row[0], row[1], row[2])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	size := ""
	if p.GetBytes() > 0 { // a PACS does not say
		size = fmt.Sprintf("%.1f GB of images; ", float64(p.GetBytes())/1e9)
	}
	if p.GetStudies() == 0 && len(p.GetSkipped())+len(p.GetFailed()) == 0 {
		_, err := fmt.Fprintf(s.out, "%s\n%s\n", nothingFits, disclaimer)
		return err
	}
	_, err := fmt.Fprintf(s.out, "%sabout %s on this machine's cores. Nothing was read.\n%s\n", size, spoken(p.GetEstimate().AsDuration()), disclaimer)
	return err
}
