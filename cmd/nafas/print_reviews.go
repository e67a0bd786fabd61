package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"nafas/inference/froc"
	nafasv1 "nafas/proto/nafas/v1"
)

var reviewStates = map[string]nafasv1.ReviewState{
	"none": nafasv1.ReviewState_REVIEW_STATE_NONE, "begun": nafasv1.ReviewState_REVIEW_STATE_BEGUN,
	"signed": nafasv1.ReviewState_REVIEW_STATE_SIGNED, "outdated": nafasv1.ReviewState_REVIEW_STATE_OUTDATED,
}

// word is the name of an enum's value without its prefix; the unspecified one is
// nothing.
func word(value fmt.Stringer, prefix string) string {
	if w := strings.ToLower(strings.TrimPrefix(value.String(), prefix)); w != "unspecified" {
		return w
	}
	return ""
}

// printRows prints rows in the chosen format; header is nil where it was printed.
func printRows(s *streams, out io.Writer, header []string, rows [][]string) error {
	if s.format == "csv" {
		if header != nil {
			rows = append([][]string{header}, rows...)
		}
		return writeCSV(out, rows)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if header != nil {
		fmt.Fprintln(w, strings.ToUpper(strings.Join(header, "\t")))
	}
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// writeCSV writes rows in which nothing that somebody typed, or a sender wrote, is a
// formula.
func writeCSV(out io.Writer, rows [][]string) error {
	w := csv.NewWriter(out)
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = froc.Inert(cell)
		}
		if err := w.Write(safe); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func printReview(s *streams, r *nafasv1.Review) error {
	if s.format != "csv" {
		fmt.Fprintf(s.out, "%s; version %d, %d findings answered, %d added\n", signedText(r), r.GetVersion(), len(r.GetAnswers()), len(r.GetMarks()))
	}
	var rows [][]string
	for _, e := range r.GetEntries() {
		about, said := actionTexts(e.GetAction())
		undone := ""
		if e.GetUndone() {
			undone = "undone"
		}
		rows = append(rows, []string{
			strconv.FormatInt(e.GetNumber(), 10), e.GetAt().AsTime().Format(time.RFC3339), e.GetBy(), actionWord(e.GetAction()), about, said,
			beforeText(e), undone,
		})
	}
	return printRows(s, s.out, []string{"entry", "at", "by", "action", "of", "said", "instead_of", "undone"}, rows)
}

func signedText(r *nafasv1.Review) string {
	by := r.GetSignature()
	switch {
	case by == nil:
		return "not signed off"
	case r.GetOutdated():
		return fmt.Sprintf("signed off by %s at %s, and OUTDATED: what is said of the study is something else now",
			by.GetByDisplay(), by.GetAt().AsTime().Format(time.RFC3339))
	}
	return fmt.Sprintf("signed off by %s at %s", by.GetByDisplay(), by.GetAt().AsTime().Format(time.RFC3339))
}

func actionWord(a *nafasv1.ReviewAction) string {
	switch a.GetWhat().(type) {
	case *nafasv1.ReviewAction_Answer_:
		return "answer"
	case *nafasv1.ReviewAction_Add:
		return "add"
	case *nafasv1.ReviewAction_Change_:
		return "change"
	case *nafasv1.ReviewAction_Remove_:
		return "remove"
	case *nafasv1.ReviewAction_Sign_:
		return "sign"
	case *nafasv1.ReviewAction_Reopen_:
		return "reopen"
	case *nafasv1.ReviewAction_Undo_:
		return "undo"
	}
	return "unknown"
}

// actionTexts say what an action is about, and what it says.
func actionTexts(a *nafasv1.ReviewAction) (about, said string) {
	switch what := a.GetWhat().(type) {
	case *nafasv1.ReviewAction_Answer_:
		f := what.Answer.GetFinding()
		return fmt.Sprintf("finding %d of series %s", f.GetRank(), f.GetSeriesInstanceUid()), answerText(what.Answer.GetAnswer())
	case *nafasv1.ReviewAction_Add:
		return "mark " + a.GetId(), markText(what.Add)
	case *nafasv1.ReviewAction_Change_:
		return "mark " + what.Change.GetMarkId(), markText(what.Change.GetMark())
	case *nafasv1.ReviewAction_Remove_:
		return "mark " + what.Remove.GetMarkId(), ""
	case *nafasv1.ReviewAction_Undo_:
		return fmt.Sprintf("entry %d", what.Undo.GetNumber()), ""
	}
	return "study", ""
}

func answerText(a *nafasv1.ReviewAnswer) string {
	if a.GetVerdict() == nafasv1.Verdict_VERDICT_UNSPECIFIED {
		return "taken back"
	}
	return joined(word(a.GetVerdict(), "VERDICT_"), word(a.GetCause(), "CAUSE_"), word(a.GetKind(), "NODULE_KIND_"), a.GetCategory(), quoted(a.GetComment()))
}

func markText(m *nafasv1.ReviewMark) string {
	c := m.GetCenterLpsMm()
	return joined(fmt.Sprintf("%.1f mm at LPS (%.1f, %.1f, %.1f)", m.GetDiameterMm(), c.GetX(), c.GetY(), c.GetZ()),
		word(m.GetKind(), "NODULE_KIND_"), m.GetCategory(), quoted(m.GetComment()))
}

func beforeText(e *nafasv1.ReviewEntry) string {
	switch {
	case e.GetFromAnswer() != nil:
		return answerText(e.GetFromAnswer())
	case e.GetFromMark() != nil:
		return markText(e.GetFromMark())
	case e.GetFromSignature() != nil:
		return "signature of " + e.GetFromSignature().GetBy()
	}
	return ""
}

// quoted keeps a comment in one line.
func quoted(comment string) string {
	if comment == "" {
		return ""
	}
	return strconv.Quote(comment)
}

// joined are the words that are there.
func joined(words ...string) string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}

func printReviews(s *streams, list []*nafasv1.ReviewSummary, first bool) error {
	if s.format == "json" {
		for _, one := range list {
			if err := printJSON(s.out, one); err != nil {
				return err
			}
		}
		return nil
	}
	header := []string{"study_instance_uid", "received_at", "review", "answered", "added", "signed_by", "signed_at"}
	if !first {
		header = nil
	}
	var rows [][]string
	for _, one := range list {
		at := ""
		if one.GetSignedAt() != nil {
			at = one.GetSignedAt().AsTime().Format(time.RFC3339)
		}
		rows = append(rows, []string{
			one.GetStudyInstanceUid(), one.GetReceivedAt().AsTime().Format(time.RFC3339), word(one.GetState(), "REVIEW_STATE_"),
			strconv.Itoa(int(one.GetAnswered())), strconv.Itoa(int(one.GetAdded())), one.GetSignedBy(), at,
		})
	}
	return printRows(s, s.out, header, rows)
}

func printQuality(s *streams, q *nafasv1.GetQualityResponse) error {
	var rows [][]string
	add := func(by string, list ...*nafasv1.QualityStratum) {
		for _, x := range list {
			rows = append(rows, []string{
				by, x.GetName(), count(x.GetScans()), count(x.GetMarks()), count(x.GetAccepted()), count(x.GetRejected()), count(x.GetUnsure()),
				count(x.GetUnanswered()), count(x.GetAdded()), interval(x.GetAcceptedPerScan()), interval(x.GetRejectedPerScan()),
				interval(x.GetAcceptedShare()), interval(x.GetFoundShare()),
			})
		}
	}
	add("all", q.GetAll())
	add("scanner", q.GetScanners()...)
	add("kernel", q.GetKernels()...)
	add("thickness", q.GetThickness()...)
	add("model", q.GetModels()...)
	if s.format != "csv" {
		fmt.Fprintf(s.out, "%d studies are signed off, of %d with a result\n", q.GetSigned(), q.GetDone())
	}
	if err := printRows(s, s.out, []string{
		"by", "name", "scans", "marks", "accepted", "rejected", "unsure", "unanswered", "added", "accepted_per_scan", "rejected_per_scan", "accepted_share", "found_share",
	}, rows); err != nil || s.format == "csv" {
		return err
	}
	for _, c := range q.GetCauses() {
		fmt.Fprintf(s.out, "rejected as %s: %d\n", word(c.GetCause(), "CAUSE_"), c.GetCount())
	}
	_, err := fmt.Fprintln(s.out, "Marks are flagged findings. What no reader answered or added is in no count of nodules: found_share is no sensitivity against a reference.")
	return err
}

func count(n int32) string { return strconv.Itoa(int(n)) }

// interval is nothing where nothing counts.
func interval(i *nafasv1.QualityInterval) string {
	if i == nil {
		return ""
	}
	return fmt.Sprintf("%.3f (%.3f to %.3f)", i.GetValue(), i.GetLow(), i.GetHigh())
}
