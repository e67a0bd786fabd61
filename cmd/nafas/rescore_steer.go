package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
	"nafas/internal/rpc"
)

// steer opens the ledger without working, and has f done.
func (f rescoreFlags) steer(s *streams, ctx context.Context, do func(*rescore.Service) error) error {
	if err := f.exists(); err != nil {
		return err
	}
	st, err := f.station(ctx, stationOptions{log: s.calm()})
	if err != nil {
		return err
	}
	err = do(st.service)
	return errors.Join(explained(err), st.close(0))
}

// explained says what to do about what cannot be.
func explained(err error) error {
	switch {
	case errors.Is(err, rescore.ErrNotFound):
		return fmt.Errorf("%w here; nafas rescore list shows all", err)
	case errors.Is(err, rescore.ErrNotPublished):
		return fmt.Errorf("%w: there is nothing to withdraw", err)
	case errors.Is(err, rescore.ErrState):
		return fmt.Errorf("%w: it is over; nafas rescore SOURCE begins a new one, which reads only what this one has no result of", err)
	}
	return asUsage(err)
}

type rescoreListCmd struct{ rescoreFlags }

// Run lists them.
func (c *rescoreListCmd) Run(s *streams, ctx kongContext) error {
	return c.steer(s, ctx, func(service *rescore.Service) error {
		all, err := service.List(ctx)
		if err != nil {
			return err
		}
		if s.format == "json" {
			for _, r := range all {
				if err := printJSON(s.out, rpc.RescoringProto(r)); err != nil {
					return err
				}
			}
			return nil
		}
		return printRescorings(s, all)
	})
}

var rescoringHeader = []string{
	"id", "name", "state", "model", "version", "source", "baseline", "studies", "studies_done", "inputs", "waiting", "scored", "unchanged",
	"skipped", "failed", "late", "created_at", "ended_at", "why", "erased",
}

func rescoringRow(r rescore.Rescoring) []string {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	t := r.Totals
	return []string{
		n(r.ID), r.Name, string(r.State), r.Model.Name, r.Model.Version, place(r.Source), r.Baseline, n(t.Studies), n(t.StudiesDone), n(t.Inputs),
		n(t.Waiting), n(t.Scored), n(t.Unchanged), n(t.Skipped), n(t.Failed), n(t.Late), moment(r.CreatedAt), moment(r.EndedAt), r.Why, n(t.Erased),
	}
}

// place is where the studies of a source are, in a word.
func place(s rescore.SourceSpec) string {
	return printable(s.Root + s.URL + s.Peer) // one of them
}

// printable shows what would steer a terminal or break a table as its code.
func printable(text string) string {
	quoted := strconv.QuoteToGraphic(text)
	if plain := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(quoted[1 : len(quoted)-1]); plain == text {
		return text
	}
	return quoted
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func printRescorings(s *streams, all []rescore.Rescoring) error {
	if s.format == "csv" {
		rows := [][]string{rescoringHeader}
		for _, r := range all {
			rows = append(rows, rescoringRow(r))
		}
		return writeCSV(s.out, rows)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSTATE\tMODEL\tSTUDIES\tSCORED\tUNCHANGED\tSKIPPED\tFAILED\tWAITING\tSOURCE")
	for _, r := range all {
		t := r.Totals
		fmt.Fprintf(w, "%d\t%s\t%s %s\t%d of %d\t%d\t%d\t%d\t%d\t%d\t%s\n", r.ID, r.State, r.Model.Name, r.Model.Version,
			t.StudiesDone, t.Studies, t.Scored, t.Unchanged, t.Skipped, t.Failed, t.Waiting, place(r.Source))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.out, disclaimer)
	return err
}

type rescoreShowCmd struct {
	rescoreFlags
	ID int64 `arg:"" help:"Number of the rescoring."`
}

// Run shows one, with the reasons.
func (c *rescoreShowCmd) Run(s *streams, ctx kongContext) error {
	return c.steer(s, ctx, func(service *rescore.Service) error {
		r, err := service.Get(ctx, c.ID)
		if err != nil {
			return err
		}
		if err := printRescoring(s, r); err != nil || s.format != "table" {
			return err
		}
		at, err := service.Workers(ctx, r)
		if err != nil {
			return err
		}
		return printReasons(s, r, at)
	})
}

func printReasons(s *streams, r rescore.Rescoring, at []rescore.Sign) error {
	if r.State == rescore.StatePlanning || r.State == rescore.StateRunning {
		fmt.Fprintf(s.out, "\n%s\n", whoIsAtIt(r, at, time.Now()))
	}
	if left, known := rescore.Remaining(r); known && !r.State.Final() {
		fmt.Fprintf(s.out, "\nabout %s left, by the pace so far\n", spoken(left))
	}
	if r.Why != "" {
		fmt.Fprintf(s.out, "\n%s: %s\n", r.State, r.Why)
	}
	if r.Totals.Erased > 0 {
		fmt.Fprintf(s.out, "\n%d inputs were erased since, and are in none of these numbers\n", r.Totals.Erased)
	}
	if len(r.Totals.Reasons) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nREASON\tINPUTS\tMEANS")
	for _, reason := range slices.Sorted(maps.Keys(r.Totals.Reasons)) {
		fmt.Fprintf(w, "%s\t%d\t%s\n", reason, r.Totals.Reasons[reason], rescore.StateOf(refusal.Reason(reason)))
	}
	return w.Flush()
}

// whoIsAtIt says who reads, or that nobody does.
func whoIsAtIt(r rescore.Rescoring, at []rescore.Sign, now time.Time) string {
	if r.Limits.Window != "" && waitsForHours(r, now) {
		return fmt.Sprintf("it waits for its hours, %s; nafas rescore limit %d --window changes them", r.Limits.Window, r.ID)
	}
	if len(at) == 0 {
		return fmt.Sprintf("nobody is at it: nafas rescore resume %d goes on", r.ID)
	}
	slots := 0
	for _, w := range at {
		slots += w.Slots
	}
	return fmt.Sprintf("%d workers are at it, on %d cores", len(at), slots)
}

// waitsForHours says that a rescoring does not work at this time of day.
func waitsForHours(r rescore.Rescoring, now time.Time) bool {
	w, err := rescore.ParseWindow(r.Limits.Window)
	return err == nil && !w.Open(now)
}

type rescorePauseCmd struct {
	rescoreFlags
	ID int64 `arg:"" help:"Number of the rescoring."`
}

// Run has it wait.
func (c *rescorePauseCmd) Run(s *streams, ctx kongContext) error {
	return c.steer(s, ctx, func(service *rescore.Service) error {
		r, err := service.Pause(ctx, c.ID)
		if err != nil {
			return err
		}
		return printRescoring(s, r)
	})
}

type rescoreCancelCmd struct {
	rescoreFlags
	ID int64 `arg:"" help:"Number of the rescoring."`
}

// Run ends it.
func (c *rescoreCancelCmd) Run(s *streams, ctx kongContext) error {
	return c.steer(s, ctx, func(service *rescore.Service) error {
		r, err := service.Cancel(ctx, c.ID)
		if err != nil {
			return err
		}
		return printRescoring(s, r)
	})
}

type rescoreLimitCmd struct {
	rescoreFlags
	limitFlags
	ID int64 `arg:"" help:"Number of the rescoring."`
}

// Run changes the limits; what is not given has none.
func (c *rescoreLimitCmd) Run(s *streams, ctx kongContext) error {
	return c.steer(s, ctx, func(service *rescore.Service) error {
		r, err := service.Limit(ctx, c.ID, c.limits())
		if err != nil {
			return err
		}
		return printRescoring(s, r)
	})
}

type rescoreResumeCmd struct {
	rescoreFlags
	ID       int64        `arg:"" help:"Number of the rescoring."`
	HandOut  handOutFlags `embed:"" prefix:"hand-out-" group:"Other machines:"`
	Insecure bool         `help:"Fetch patients' data from another machine in plaintext."`
	Detach   bool         `help:"Leave the work to the service or to nafas worker."`
}

// Run goes on, and works or looks on until the end.
func (c *rescoreResumeCmd) Run(s *streams, ctx kongContext) error {
	if err := c.exists(); err != nil {
		return err
	}
	st, working, err := c.open(ctx, s, c.Insecure, c.Detach)
	if err != nil {
		return err
	}
	r, err := st.service.Resume(ctx, c.ID)
	if err != nil {
		return errors.Join(explained(err), st.close(0))
	}
	if c.Detach {
		return errors.Join(printRescoring(s, r), st.close(0))
	}
	if home := st.home(); home != "" && r.Home != home && !r.Planned {
		fmt.Fprintf(s.err, "%s lists the inputs of this rescoring; once it is silent for a minute, this machine does, where it has them\n", r.Home)
	}
	return c.stay(s, ctx, st, working, stayOptions{c.HandOut, c.Insecure}, c.ID)
}
