package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"nafas/internal/audit"
	"nafas/internal/store"
)

type auditCmd struct {
	List   auditListCmd   `cmd:"" help:"Print the audit trail: who did what, and to whose images. It is patient data."`
	Verify auditVerifyCmd `cmd:"" help:"Look whether the audit trail is whole."`
}

type auditListCmd struct {
	booksFlags
	From string `help:"From this day or time on: YYYY-MM-DD, or RFC 3339." placeholder:"TIME"`
	To   string `help:"To this day, or before this time." placeholder:"TIME"`
	As   string `help:"table, jsonl (an event a line) or xml (DICOM AuditMessage, a message a line)." enum:"table,jsonl,xml" default:"table"`
}

func pseudonymKey(data string) string { return filepath.Join(data, store.PseudonymKeyFile) }

// Run prints events, the oldest first, and records that it did.
func (c *auditListCmd) Run(s *streams, ctx kongContext) error {
	from, err := dayOrTime(c.From, false)
	if err != nil {
		return usage("--from: %w", err)
	}
	to, err := dayOrTime(c.To, true)
	if err != nil {
		return usage("--to: %w", err)
	}
	books, trail, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(s.out)
	err = trail.Record(ctx, audit.Event{Kind: audit.Read, Who: shellUser(), Detail: "nafas audit list"})
	if err == nil {
		print := c.printer(out)
		err = audit.Tell(ctx, books, 0, func(t audit.Told) (bool, error) {
			if t.At.Before(from) || !to.IsZero() && !t.At.Before(to) {
				return true, nil
			}
			return true, print(t)
		})
	}
	return errors.Join(err, out.Flush(), books.Close())
}

func (c *auditListCmd) printer(w io.Writer) func(audit.Told) error {
	switch c.As {
	case "jsonl":
		out := json.NewEncoder(w)
		return func(t audit.Told) error { return out.Encode(t) }
	case "xml":
		return func(t audit.Told) error {
			text, err := t.XML(auditSource("", filepath.Base(c.Data)))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w, "%s\n", text)
			return err
		}
	}
	return func(t audit.Told) error { return printEvent(w, t) }
}

// printEvent writes a line of the table.
func printEvent(w io.Writer, t audit.Told) error {
	outcome := "ok"
	if t.Outcome != audit.Success {
		outcome = "FAILED"
	}
	var about []string
	for _, s := range t.Studies {
		if s.Erased {
			about = append(about, s.Pseudonym+" (erased)")
			continue
		}
		about = append(about, fmt.Sprintf("%s of %q, ID %q", s.UID, s.PatientName, s.PatientID))
	}
	who := t.Who.Name
	if t.Who.Address != "" {
		who += " at " + t.Who.Address
	}
	_, err := fmt.Fprintf(w, "%6d  %s  %-10s %-6s  %-24s  %s\n", t.Number, t.At.Local().Format("2006-01-02 15:04:05"), t.Kind, outcome, who,
		strings.TrimSpace(strings.Join(append(about, t.Detail), "; ")))
	return err
}

// dayOrTime reads a day, its end where end is set, or a time; zero for "".
func dayOrTime(text string, end bool) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		if end {
			day = day.AddDate(0, 0, 1)
		}
		return day, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is no day as 2026-05-31, and no time as 2026-05-31T08:00:00Z", text)
	}
	return at, nil
}

type auditVerifyCmd struct {
	booksFlags
	Seen string `help:"A record that was the last one once, as an earlier verify printed it: it must still be there." placeholder:"NUMBER:SUM"`
}

// Run looks at every record; it fails where the trail is not whole.
func (c *auditVerifyCmd) Run(s *streams, ctx kongContext) error {
	var seen *audit.Head
	if c.Seen != "" {
		h, err := audit.ParseHead(c.Seen)
		if err != nil {
			return usage("--seen: %w", err)
		}
		seen = &h
	}
	books, _, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	verdict, err := audit.Verify(ctx, books, seen)
	if err = errors.Join(err, books.Close()); err != nil {
		return err
	}
	for _, f := range verdict.Faults {
		fmt.Fprintln(s.out, "FAULT:", f)
	}
	fmt.Fprintf(s.out, "%d records, the last one %s\n", verdict.Records, verdict.Head)
	if verdict.Erased > 0 {
		fmt.Fprintf(s.out, "%d mentions of studies whose patient was erased\n", verdict.Erased)
	}
	if len(verdict.Faults) > 0 {
		return errors.New("the audit trail is not whole: keep a copy of the data folder, and compare with what was sent to a collector or is in backups")
	}
	_, err = fmt.Fprintln(s.out, "whole. Write the last record down elsewhere; --seen finds it again")
	return err
}
