package main

import (
	"context"
	"fmt"

	"nafas/internal/rescore"
	"nafas/internal/rescore/tables"
)

type rescoreExportCmd struct {
	rescoreFlags
	baselineFlag
	ID      int64    `arg:"" help:"Number of the rescoring."`
	Out     string   `help:"Folder for the tables; made where there is none." type:"path" required:"" placeholder:"DIR"`
	Formats []string `help:"Formats: parquet, csv, jsonl." default:"parquet,csv,jsonl" enum:"parquet,csv,jsonl"`
}

// Run writes the tables of a rescoring: its inputs, its findings and, with a
// baseline, the studies to look at again.
func (c *rescoreExportCmd) Run(s *streams, ctx kongContext) error {
	return c.looking(s, ctx, c.ID, c.Baseline, func(p passes, r rescore.Rescoring) error {
		names, err := c.export(ctx, p, r)
		for _, name := range names {
			fmt.Fprintln(s.out, name)
		}
		return err
	})
}

func (c *rescoreExportCmd) export(ctx context.Context, p passes, r rescore.Rescoring) ([]string, error) {
	var formats []tables.Format
	for _, f := range c.Formats {
		formats = append(formats, tables.Format(f))
	}
	out, err := tables.Create(c.Out, tables.HeaderOf(r), formats...)
	if err != nil {
		return nil, err
	}
	defer out.Discard()
	if err := p.station.service.Rows(ctx, r.ID, out.Add); err != nil {
		return nil, err
	}
	changed, err := p.compared(ctx, r)
	if err != nil {
		return nil, err
	}
	if changed != nil {
		if err := out.AddLookAgain(changed.LookAgain); err != nil {
			return nil, err
		}
	}
	return out.Complete()
}

// looking opens the ledger to look at one rescoring, beside a baseline where it is
// not to be the one that it was begun with.
func (f rescoreFlags) looking(s *streams, ctx context.Context, id int64, baseline string, do func(passes, rescore.Rescoring) error) error {
	if err := f.exists(); err != nil {
		return err
	}
	st, err := f.station(ctx, stationOptions{log: s.calm()})
	if err != nil {
		return err
	}
	defer st.close(0)
	r, err := st.service.Get(ctx, id)
	if err != nil {
		return explained(err)
	}
	if baseline != "" {
		if r.Baseline, err = st.service.Baseline(ctx, baseline); err != nil {
			return asUsage(err)
		}
	}
	if note := overOrNot(r); note != "" {
		fmt.Fprintln(s.err, "note:", note)
	}
	return do(passes{st, f.Data}, r)
}
