package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/rescore/tables"
)

type rescoreAgainCmd struct {
	rescoreFlags
	baselineFlag
	ID       int64 `arg:"" help:"Number of the rescoring."`
	Publish  bool  `help:"Show the list to readers too: the worklist of the review page offers it." xor:"publish"`
	Withdraw bool  `help:"Take the list away from readers, and print nothing." xor:"publish"`
}

// Run prints the studies that a reader should see, the most urgent first.
func (c *rescoreAgainCmd) Run(s *streams, ctx kongContext) error {
	if c.Withdraw {
		return c.steer(s, ctx, func(service *rescore.Service) error {
			if err := service.Withdraw(ctx, c.ID); err != nil {
				return err
			}
			fmt.Fprintf(s.err, "readers are no longer shown the list of rescoring %d\n", c.ID)
			return nil
		})
	}
	return c.looking(s, ctx, c.ID, c.Baseline, func(p passes, r rescore.Rescoring) error {
		changed, err := p.compared(ctx, r)
		if err != nil {
			return err
		}
		if changed == nil {
			return usage("rescoring %d was begun without a baseline: say --baseline live, or the number of another rescoring", r.ID)
		}
		if c.Publish {
			if err := p.publish(s, ctx, r, changed); err != nil {
				return err
			}
		}
		return printLookAgain(s, r, changed.LookAgain)
	})
}

// publish shows readers the list of a rescoring.
func (p passes) publish(s *streams, ctx context.Context, r rescore.Rescoring, c *compare.Comparison) error {
	list, err := p.station.service.Publish(ctx, rescore.PublishedList{
		Rescoring: r.ID, Name: r.Name, Model: r.Model, Baseline: r.Baseline, StudiesDone: r.Totals.StudiesDone, Studies: r.Totals.Studies,
		Whole: r.State == rescore.StateDone && c.Before.Waiting == 0 && c.After.Waiting == 0,
	}, compare.Entries(c.LookAgain))
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "published: readers are shown the list of rescoring %d, %d studies\n", r.ID, list.Entries)
	return nil
}

// printLookAgain prints a list; as CSV and JSON it is the table look_again of an
// export.
func printLookAgain(s *streams, r rescore.Rescoring, changes []compare.Change) error {
	format := map[string]tables.Format{"csv": tables.CSV, "json": tables.JSONL}[s.format]
	if format == "" {
		return printLookAgainTable(s, r.ID, changes)
	}
	w, err := tables.NewWriter(s.out, tables.LookAgain, format, tables.HeaderOf(r))
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := w.AddChange(c); err != nil {
			return err
		}
	}
	return w.Close()
}

func printLookAgainTable(s *streams, id int64, changes []compare.Change) error {
	if len(changes) == 0 {
		_, err := fmt.Fprintf(s.out, "no study is on the list of rescoring %d: none is newly flagged or dropped, none went up, and what was read before was read again\n%s\n", id, disclaimer)
		return err
	}
	rows := [][]string{{"PLACE", "STUDY", "DATE", "WHY", "SCORE", "PRIORITY", "LUNG-RADS", "REASON"}}
	for _, e := range compare.Entries(changes) {
		rows = append(rows, []string{
			strconv.Itoa(e.Place), e.StudyUID, e.StudyDate, strings.Join(e.Kinds, " "),
			twofold(e, func(said rescore.Said) string { return decimal(said.Score, 4) }),
			twofold(e, func(said rescore.Said) string { return said.Priority.Word() }),
			twofold(e, func(said rescore.Said) string { return said.LungRADS }), e.Reason,
		})
	}
	if err := writeColumns(s.out, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.out, disclaimer)
	return err
}

// twofold is what was said before, and after; a dash where that pass has no result,
// or nothing to say.
func twofold(e rescore.ListEntry, what func(rescore.Said) string) string {
	words := func(said *rescore.Said) string {
		if said == nil || what(*said) == "" {
			return "-"
		}
		return what(*said)
	}
	return words(e.Before) + " > " + words(e.After)
}
