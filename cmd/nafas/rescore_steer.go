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
	if !r.State.Final() && r.Limits != (rescore.Limits{}) {
		fmt.Fprintf(s.out, "\n%s\n", limitsOf(r))
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
	waits := r.Limits.Window != "" && waitsForHours(r, now)
	switch {
	case len(at) == 0 && waits:
		return fmt.Sprintf("nobody is at it: nafas rescore resume %d goes on at its hours, %s", r.ID, r.Limits.Window)
	case len(at) == 0:
		return fmt.Sprintf("nobody is at it: nafas rescore resume %d goes on", r.ID)
	case waits:
		return fmt.Sprintf("it waits for its hours, %s; nafas rescore limit %d --window changes them", r.Limits.Window, r.ID)
	}
	slots := 0
	for _, w := range at {
		slots += w.Slots
	}
	return fmt.Sprintf("%s at it, on %s", many(len(at), "worker is", "workers are"), many(slots, "core", "cores"))
}

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
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
	ID         int64    `arg:"" help:"Number of the rescoring."`
	Window     *string  `help:"Work at these hours alone, by this machine's clock, such as 20:00-06:00; --window= for always." placeholder:"FROM-TO"`
	MaxFetches *int     `help:"Studies that are fetched from a PACS at once; 0 for one by DICOM and two by DICOMweb." placeholder:"N"`
	MaxRate    *float64 `help:"What is fetched from a PACS, MiB a second; 0 for no bound." name:"max-mib-per-second" placeholder:"N"`
}

// Run changes the limits that are named, and says which hold then.
func (c *rescoreLimitCmd) Run(s *streams, ctx kongContext) error {
	if c.Window == nil && c.MaxFetches == nil && c.MaxRate == nil {
		return usage("say which limit: --window, --max-fetches or --max-mib-per-second; the others stay")
	}
	return c.steer(s, ctx, func(service *rescore.Service) error {
		r, err := service.Get(ctx, c.ID)
		if err != nil {
			return err
		}
		if r, err = service.Limit(ctx, c.ID, c.changed(r.Limits)); err != nil {
			return err
		}
		if err := printRescoring(s, r); err != nil || s.format != "table" {
			return err
		}
		_, err = fmt.Fprintf(s.out, "\n%s\n", limitsOf(r))
		return err
	})
}

// changed are limits with those that are named.
func (c *rescoreLimitCmd) changed(l rescore.Limits) rescore.Limits {
	if c.Window != nil {
		l.Window = *c.Window
	}
	if c.MaxFetches != nil {
		l.MaxFetches = *c.MaxFetches
	}
	if c.MaxRate != nil {
		l.BytesPerSecond = bytesPerSecond(*c.MaxRate)
	}
	return l
}

// limitsOf says which limits hold.
func limitsOf(r rescore.Rescoring) string {
	l := r.Limits
	out := []string{"at any hour"}
	if l.Window != "" {
		out[0] = "at " + l.Window
	}
	if l.MaxFetches > 0 {
		out = append(out, fmt.Sprintf("%d studies from a PACS at once", l.MaxFetches))
	}
	if l.BytesPerSecond > 0 {
		out = append(out, fmt.Sprintf("%.4g MiB a second", float64(l.BytesPerSecond)/(1<<20)))
	}
	return "it works " + strings.Join(out, ", ")
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
