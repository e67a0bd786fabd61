package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	nafasv1 "nafas/proto/nafas/v1"
)

// disclaimer ends every table: what is read by people says what it is.
const disclaimer = "Research use only. Every study is read by a radiologist; no mark does not exclude disease."

// printer writes results in the chosen format, one after the other, so that
// the first is there before the last is read.
type printer interface {
	result(*nafasv1.SeriesResult) error
	notRead(*nafasv1.SeriesNotRead) error
	close() error
}

func newPrinter(s *streams) printer {
	switch s.format {
	case "json":
		return &jsonPrinter{w: s.out}
	case "csv":
		return newCSVPrinter(s.out)
	default:
		return &tablePrinter{w: s.out, timings: s.verbose}
	}
}

// printJSON writes m as one line of protojson, fields without a value
// included, so that a reader need not know the defaults. The pass through
// encoding/json removes protojson's deliberately unstable white space.
func printJSON(w io.Writer, m proto.Message) error {
	raw, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(m)
	if err != nil {
		return err
	}
	var line bytes.Buffer
	if err := json.Compact(&line, raw); err != nil {
		return err
	}
	line.WriteByte('\n')
	_, err = w.Write(line.Bytes())
	return err
}

// jsonPrinter writes one document a line.
type jsonPrinter struct{ w io.Writer }

func (p *jsonPrinter) result(r *nafasv1.SeriesResult) error   { return printJSON(p.w, r) }
func (p *jsonPrinter) notRead(n *nafasv1.SeriesNotRead) error { return printJSON(p.w, n) }
func (p *jsonPrinter) close() error                           { return nil }

// csvPrinter writes one row a finding; a series without findings, or not
// read, has one row that says so.
type csvPrinter struct{ w *csv.Writer }

// What a row says of its series, of its finding, and of the study.
var (
	seriesHeader  = []string{"study_instance_uid", "series_instance_uid", "status", "model"}
	findingHeader = []string{
		"rank", "score", "flagged",
		"x_mm", "y_mm", "z_mm", "mean_diameter_mm", "side", "sop_instance_uid", "slice", "frame", "column", "row",
		"volume_mm3", "long_axis_mm", "short_axis_mm", "mean_diameter_measured_mm", "kind", "kind_confidence", "solid_diameter_mm",
		"mean_hu", "measured_by", "doubt", "lobe", "zone", "pleura_mm", "fissure_mm",
	}
	studyHeader = []string{"study_priority", "study_priority_reasons"}
)

// columns are all of a row.
var columns = slices.Concat(seriesHeader, findingHeader, changeHeader, suggestedColumns, studyHeader)

func newCSVPrinter(w io.Writer) *csvPrinter {
	p := &csvPrinter{w: csv.NewWriter(w)}
	_ = p.w.Write(columns) // the error comes with close
	return p
}

func (p *csvPrinter) row(words ...string) error {
	for len(words) < len(columns) {
		words = append(words, "")
	}
	return p.w.Write(words)
}

func (p *csvPrinter) result(r *nafasv1.SeriesResult) error {
	model := r.GetModel().GetName() + " " + r.GetModel().GetVersion()
	head := []string{r.GetStudyInstanceUid(), r.GetSeriesInstanceUid()}
	rest := func(f *nafasv1.Finding) []string {
		return slices.Concat(changeColumns(r.GetComparison(), f.GetChange()), categoryColumns(r.GetAssessment().GetCategories(), f.GetRank()),
			priorityColumns(r.GetStudyPriority(), r.GetStudyPriorityReasons()))
	}
	if len(r.GetFindings()) == 0 {
		if err := p.row(slices.Concat(head, []string{"read, no mark (does not exclude disease)", model}, make([]string, len(findingHeader)), rest(nil))...); err != nil {
			return err
		}
	}
	for _, f := range r.GetFindings() {
		if err := p.row(slices.Concat(head, []string{"read", model}, findingColumns(f), measuredColumns(f), placeColumns(f.GetPlace()), rest(f))...); err != nil {
			return err
		}
	}
	return p.gone(r)
}

// priorityColumns are the last of a row: the study's priority, and the codes of
// its reasons.
func priorityColumns(p nafasv1.Priority, reasons []*nafasv1.PriorityReason) []string {
	var codes []string
	for _, r := range reasons {
		if r.GetCode() != "" && !slices.Contains(codes, r.GetCode()) {
			codes = append(codes, r.GetCode())
		}
	}
	if p == nafasv1.Priority_PRIORITY_UNSPECIFIED {
		return []string{"", strings.Join(codes, " ")}
	}
	return []string{priorityWord(p), strings.Join(codes, " ")}
}

// findingColumns are what the detector gave, and the image.
func findingColumns(f *nafasv1.Finding) []string {
	c := f.GetCenterLpsMm()
	return []string{
		strconv.Itoa(int(f.GetRank())), decimal(f.GetScore(), 4), strconv.FormatBool(f.GetFlagged()),
		decimal(c.GetX(), 2), decimal(c.GetY(), 2), decimal(c.GetZ(), 2), decimal(f.GetMeanDiameterMm(), 1),
		f.GetSide(), f.GetSopInstanceUid(), strconv.Itoa(int(f.GetSlice())), strconv.Itoa(int(f.GetFrame())),
		decimal(f.GetPixel().GetColumn(), 1), decimal(f.GetPixel().GetRow(), 1),
	}
}

// placeColumns stand before what changed.
func placeColumns(p *nafasv1.Place) []string {
	out := []string{p.GetLobe(), p.GetZone(), "", ""}
	if p != nil && p.PleuraMm != nil {
		out[2] = decimal(p.GetPleuraMm(), 1)
	}
	if p != nil && p.FissureMm != nil {
		out[3] = decimal(p.GetFissureMm(), 1)
	}
	return out
}

// where is a place in words: the lobe where it is sure, else the third of the
// lung, else the side.
func where(f *nafasv1.Finding) string {
	switch p := f.GetPlace(); {
	case p.GetLobe() != "":
		return p.GetLobe() + " lobe"
	case p.GetZone() != "" && f.GetSide() != "":
		return f.GetSide() + ", " + p.GetZone() + " third"
	}
	return f.GetSide()
}

// measuredColumns stand before the place. Where there is a doubt they hold what
// was measured all the same: whoever takes a number out of a table looks at who
// measured first.
func measuredColumns(f *nafasv1.Finding) []string {
	m := f.GetMeasurement()
	_, source := shownDiameter(f)
	by := []string{source, m.GetDoubt()}
	if m.GetVolumeMm3() == 0 {
		return append(make([]string, 8), by...)
	}
	solid := ""
	if m.GetKind() == nafasv1.NoduleKind_NODULE_KIND_PART_SOLID {
		solid = decimal(m.GetSolidDiameterMm(), 1)
	}
	return append([]string{
		decimal(m.GetVolumeMm3(), 1), decimal(m.GetLongAxis().GetLengthMm(), 1), decimal(m.GetShortAxis().GetLengthMm(), 1),
		decimal(m.GetMeanDiameterMm(), 1), kindWords[m.GetKind()], decimal(m.GetKindConfidence(), 3), solid, decimal(m.GetMeanHu(), 1),
	}, by...)
}

// shownDiameter is the diameter to show and who gave it; a service that measures
// nothing has the detector's alone.
func shownDiameter(f *nafasv1.Finding) (mm float64, by string) {
	if f.GetShownDiameterBy() == "" {
		return f.GetMeanDiameterMm(), "detector"
	}
	return f.GetShownDiameterMm(), f.GetShownDiameterBy()
}

// kindWords are the attenuation classes as people name them.
var kindWords = map[nafasv1.NoduleKind]string{
	nafasv1.NoduleKind_NODULE_KIND_SOLID:        "solid",
	nafasv1.NoduleKind_NODULE_KIND_PART_SOLID:   "part-solid",
	nafasv1.NoduleKind_NODULE_KIND_GROUND_GLASS: "ground-glass",
	nafasv1.NoduleKind_NODULE_KIND_CALCIFIED:    "calcified",
}

func (p *csvPrinter) notRead(n *nafasv1.SeriesNotRead) error {
	before := []string{n.GetStudyInstanceUid(), n.GetSeriesInstanceUid(), "not read: " + reasonWord(n.GetNotRead().GetReason())}
	return p.row(slices.Concat(before, make([]string, len(columns)-len(before)-len(studyHeader)),
		priorityColumns(n.GetStudyPriority(), n.GetStudyPriorityReasons()))...)
}

func (p *csvPrinter) close() error {
	p.w.Flush()
	return p.w.Error()
}

func decimal(v float64, places int) string { return strconv.FormatFloat(v, 'f', places, 64) }

// reasonWord is the reason without the enum's prefix.
func reasonWord(r nafasv1.Reason) string { return r.String()[len("REASON_"):] }

// tablePrinter is for people.
type tablePrinter struct {
	w       io.Writer
	timings bool
	any     bool
}

func (p *tablePrinter) result(r *nafasv1.SeriesResult) error {
	p.any = true
	s := r.GetScan()
	fmt.Fprintf(p.w, "Series %s\n  %d slices of %dx%d, %.3g x %.3g x %.3g mm, model %s %s\n",
		r.GetSeriesInstanceUid(), s.GetSlices(), s.GetColumns(), s.GetRows(),
		s.GetSpacingMm().GetX(), s.GetSpacingMm().GetY(), s.GetSpacingMm().GetZ(),
		r.GetModel().GetName(), r.GetModel().GetVersion())
	for _, w := range r.GetWarnings() {
		fmt.Fprintf(p.w, "  warning %s: %s\n", w.GetCode(), w.GetText())
	}
	for _, n := range r.GetNotes() {
		fmt.Fprintf(p.w, "  note: %s\n", n)
	}
	if len(r.GetFindings()) == 0 {
		fmt.Fprintln(p.w, "  no mark above the threshold (does not exclude disease)")
	} else if err := p.findings(r.GetFindings(), r.GetComparison()); err != nil {
		return err
	}
	printComparison(p.w, r.GetComparison())
	printCategories(p.w, r.GetAssessment().GetCategories(), p.timings)
	if p.timings {
		for _, t := range r.GetTimings() {
			fmt.Fprintf(p.w, "  %-12s %8.3f s\n", t.GetStage(), t.GetSeconds())
		}
	}
	return nil
}

// findings of a series; where it was compared, with a column of what changed.
func (p *tablePrinter) findings(list []*nafasv1.Finding, c *nafasv1.Comparison) error {
	t := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	compared := c != nil && c.GetNotCompared() == nil && c.GetRefused() == ""
	since := ""
	if compared {
		since = "since " + c.GetEarlierStudyDate() + "\t"
	}
	fmt.Fprintln(t, "rank\tscore\tflagged\tdiameter mm\tby\tvolume mm3\tkind\t"+since+"where (estimated)\tslice\tcolumn\trow\tcentre LPS mm\t")
	for _, f := range list {
		c := f.GetCenterLpsMm()
		flagged := ""
		if f.GetFlagged() {
			flagged = "yes"
		}
		mm, by := shownDiameter(f)
		volume, kind := "", ""
		if m := f.GetMeasurement(); m.GetReliable() {
			volume, kind = decimal(m.GetVolumeMm3(), 0), kindWords[m.GetKind()]
		}
		if compared {
			since = changed(f.GetChange()) + "\t"
		}
		fmt.Fprintf(t, "%d\t%.4f\t%s\t%.1f\t%s\t%s\t%s\t%s%s\t%d\t%.0f\t%.0f\t%.1f, %.1f, %.1f\t\n",
			f.GetRank(), f.GetScore(), flagged, mm, by, volume, kind, since, where(f), f.GetSlice(),
			f.GetPixel().GetColumn(), f.GetPixel().GetRow(), c.GetX(), c.GetY(), c.GetZ())
	}
	return t.Flush()
}

func (p *tablePrinter) notRead(n *nafasv1.SeriesNotRead) error {
	p.any = true
	r := n.GetNotRead()
	what := "Series " + n.GetSeriesInstanceUid()
	if n.GetSeriesInstanceUid() == "" {
		what = "Study " + n.GetStudyInstanceUid()
	}
	_, err := fmt.Fprintf(p.w, "%s\n  NOT READ, %s: %s. %s\n", what, reasonWord(r.GetReason()), r.GetFound(), r.GetRemedy())
	return err
}

func (p *tablePrinter) close() error {
	if !p.any {
		return nil
	}
	_, err := fmt.Fprintln(p.w, disclaimer)
	return err
}
