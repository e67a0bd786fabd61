package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	nafasv1 "nafas/proto/nafas/v1"
)

// printTable prints rows below a header in the chosen format; documents are the rows
// as JSON has them.
func printTable[M proto.Message](s *streams, documents []M, header []string, row func(M) []string) error {
	if s.format == "json" {
		for _, d := range documents {
			if err := printJSON(s.out, d); err != nil {
				return err
			}
		}
		return nil
	}
	rows := [][]string{header}
	for _, d := range documents {
		rows = append(rows, row(d))
	}
	if s.format == "csv" {
		return writeCSV(s.out, rows)
	}
	return writeColumns(s.out, rows)
}

// writeColumns prints a table for people; the first row is its header.
func writeColumns(out io.Writer, rows [][]string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, row := range rows {
		line := strings.Join(row, "\t")
		if i == 0 {
			line = strings.ToUpper(line)
		}
		fmt.Fprintln(w, line)
	}
	return w.Flush()
}

func momentOf(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Format(time.RFC3339)
}

// enumWord is a value of an enum without its prefix.
func enumWord(value fmt.Stringer, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(value.String(), prefix))
}

func counted(n int64) string { return strconv.FormatInt(n, 10) }

func printServiceModels(s *streams, list []*nafasv1.ServiceModel) error {
	header := []string{
		"name", "version", "state", "shipped", "sha256", "installed_at", "installed_by", "changed_at", "changed_by",
		"shadow_waiting", "shadow_read", "shadow_failed", "license",
	}
	return printTable(s, list, header, func(m *nafasv1.ServiceModel) []string {
		sum := m.GetModel().GetSha256()
		if s.format == "table" {
			sum = fmt.Sprintf("%.12s", sum)
		}
		return []string{
			m.GetModel().GetName(), m.GetModel().GetVersion(), enumWord(m.GetState(), "MODEL_STATE_"), strconv.FormatBool(m.GetShipped()), sum,
			momentOf(m.GetInstalledAt()), m.GetInstalledBy(), momentOf(m.GetChangedAt()), m.GetChangedBy(),
			counted(m.GetShadowWaiting()), counted(m.GetShadowRead()), counted(m.GetShadowFailed()), m.GetLicense(),
		}
	})
}

func printModelEvents(s *streams, list []*nafasv1.ModelEvent) error {
	header := []string{"at", "who", "by", "action", "name", "version", "sha256", "before"}
	return printTable(s, list, header, func(e *nafasv1.ModelEvent) []string {
		sum, before := e.GetModel().GetSha256(), e.GetBefore().GetName()
		if s.format == "table" {
			sum = fmt.Sprintf("%.12s", sum)
		}
		if before != "" {
			before += ":" + e.GetBefore().GetVersion()
		}
		return []string{
			momentOf(e.GetAt()), e.GetWho(), e.GetBy(), enumWord(e.GetAction(), "MODEL_ACTION_"),
			e.GetModel().GetName(), e.GetModel().GetVersion(), sum, before,
		}
	})
}

// printModelComparison prints counts for people, and the studies that a reader should
// see; as CSV these alone.
func printModelComparison(s *streams, c *nafasv1.ModelComparison) error {
	if s.format == "json" {
		return printJSON(s.out, c)
	}
	rows := [][]string{{"study_instance_uid", "study_date", "score_live", "score_shadow", "priority_live", "priority_shadow", "reason"}}
	for _, l := range c.GetLookAgain() {
		rows = append(rows, []string{
			l.GetStudyInstanceUid(), l.GetStudyDate(), score(l.GetScoreBefore()), score(l.GetScoreAfter()),
			priorityWord(l.GetPriorityBefore()), priorityWord(l.GetPriorityAfter()), l.GetReason(),
		})
	}
	if s.format == "csv" {
		return writeCSV(s.out, rows)
	}
	if err := writeCounts(s.out, c); err != nil || len(rows) == 1 {
		return err
	}
	fmt.Fprintln(s.out, "\nStudies that a reader should see:")
	return writeColumns(s.out, rows)
}

func score(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }

func writeCounts(out io.Writer, c *nafasv1.ModelComparison) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s %s (live) and %s %s (shadow)\n", c.GetBefore().GetName(), c.GetBefore().GetVersion(), c.GetAfter().GetName(), c.GetAfter().GetVersion())
	line := func(what string, n int64) { fmt.Fprintf(w, "  %s\t%d\n", what, n) }
	line("studies read by both", c.GetBoth())
	line("  newly flagged", int64(len(c.GetNewlyFlagged())))
	line("  no longer flagged", int64(len(c.GetDropped())))
	line("  flagged by both", c.GetStillFlagged())
	line("  flagged by neither", c.GetStillNot())
	line("not read in shadow", int64(len(c.GetNotRead())))
	line("  of these, failed", c.GetFailed())
	line("findings, live", c.GetFindingsBefore())
	line("findings, shadow", c.GetFindingsAfter())
	for _, shift := range c.GetPriorities() {
		if shift.GetBefore() != shift.GetAfter() {
			line(fmt.Sprintf("priority %s, in shadow %s", shift.GetBefore(), shift.GetAfter()), shift.GetStudies())
		}
	}
	fmt.Fprintln(w, "Left out:")
	line("still to be read in shadow", c.GetWaiting())
	line("read again by the service since", c.GetChangedSince())
	line("read beside another live model", c.GetOtherLive())
	return w.Flush()
}
