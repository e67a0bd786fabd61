package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nafas/inference/froc"
	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	pages "nafas/internal/rescore/report"
	"nafas/internal/store"
	"nafas/internal/triage/quality"
	"nafas/models/manifest"
)

type rescoreReportCmd struct {
	rescoreFlags
	baselineFlag
	ID        int64    `arg:"" help:"Number of the rescoring."`
	Out       string   `help:"Folder for the report: report-N.en.html and so on." type:"path" default:"." placeholder:"DIR"`
	Languages []string `help:"Languages: en, fr, ar." default:"en,fr,ar" enum:"en,fr,ar"`
	Reviews   bool     `help:"Lay the findings on what readers recorded in the service of this data folder." default:"true" negatable:""`
}

// Run writes the report of a rescoring, one file a language.
func (c *rescoreReportCmd) Run(s *streams, ctx kongContext) error {
	return c.looking(s, ctx, c.ID, c.Baseline, func(p passes, r rescore.Rescoring) error {
		all, err := c.report(ctx, p, r)
		if err != nil {
			return err
		}
		for _, language := range c.Languages {
			path := filepath.Join(c.Out, fmt.Sprintf("report-%d.%s.html", r.ID, language))
			if err := writeReport(path, all, language); err != nil {
				return err
			}
			fmt.Fprintln(s.out, path)
		}
		return nil
	})
}

// writeReport writes a page that is whole, or none.
func writeReport(path string, r pages.Report, language string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var page strings.Builder
	if err := pages.Write(&page, r, language); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(page.String()), 0o644)
}

func (c *rescoreReportCmd) report(ctx context.Context, p passes, r rescore.Rescoring) (pages.Report, error) {
	out := pages.Report{Rescoring: r, Program: program(), At: time.Now(), Census: pages.Census{}}
	var months pages.Timeline
	after := months.After(compare.Of(r, out.Census.Of(p.rowsOf(ctx, r.ID))))
	before, end, err := p.baseline(ctx, r)
	if err != nil {
		return out, err
	}
	defer end()
	switch {
	case before == nil:
		err = after.Studies(func(compare.Study) error { return nil })
	default:
		out.Comparison, err = compare.Compare(ctx, months.Before(*before), after, compare.Options{})
	}
	if err != nil {
		return out, err
	}
	out.Periods = months.Periods()
	out.Points = p.points(r)
	if before != nil {
		out.PointsBefore = p.points(rescore.Rescoring{Model: before.Model, ModelFrom: before.Model.Name})
	}
	if c.Reviews {
		out.Agreement, err = p.agreement(ctx, r, out.Points)
	}
	return out, err
}

// points are the operating points of a rescoring's model, where it is here.
func (p passes) points(r rescore.Rescoring) []froc.Threshold {
	one, err := p.station.shelf.find(r)
	if err != nil {
		return nil
	}
	return thresholds(one.model.Points)
}

func thresholds(p manifest.Points) []froc.Threshold {
	return []froc.Threshold{{Name: "quarter", Score: p.Quarter}, {Name: "one", Score: p.One}, {Name: "four", Score: p.Four}}
}

// agreement lays the findings on what readers of the service said; nil where nobody
// signed anything off.
func (p passes) agreement(ctx context.Context, r rescore.Rescoring, points []froc.Threshold) (*compare.Agreement, error) {
	live, err := store.WatchLive(p.data)
	if err != nil || live == nil {
		return nil, err
	}
	defer live.Close()
	var signed []quality.Study
	err = live.Reviewed(ctx, func(s quality.Study) error {
		signed = append(signed, s)
		return nil
	})
	if err != nil || len(signed) == 0 {
		return nil, err
	}
	return compare.Agree(ctx, p.rowsOf(ctx, r.ID), signed, compare.AgreeOptions{Points: points})
}
