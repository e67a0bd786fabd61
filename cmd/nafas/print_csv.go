package main

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	nafasv1 "nafas/proto/nafas/v1"
)

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

func (p *csvPrinter) notRead(n *nafasv1.SeriesNotRead) error {
	before := []string{n.GetStudyInstanceUid(), n.GetSeriesInstanceUid(), "not read: " + reasonWord(n.GetNotRead().GetReason())}
	return p.row(slices.Concat(before, make([]string, len(columns)-len(before)-len(studyHeader)),
		priorityColumns(n.GetStudyPriority(), n.GetStudyPriorityReasons()))...)
}

func (p *csvPrinter) close() error {
	p.w.Flush()
	return p.w.Error()
}
