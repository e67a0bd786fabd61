package froc

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// WriteMarks writes what ReadMarks reads, with diameter_mm.
func WriteMarks(w io.Writer, marks []Mark) error {
	rows := [][]string{{columnSeries, columnsPlace[0], columnsPlace[1], columnsPlace[2], columnScore, columnDiameter}}
	for _, m := range marks {
		rows = append(rows, []string{m.SeriesUID, plain(m.CenterLPSMM[0]), plain(m.CenterLPSMM[1]), plain(m.CenterLPSMM[2]),
			plain(m.Score), known(m.DiameterMM)})
	}
	return writeAll(w, rows)
}

// WriteScans writes what ReadScans reads.
func WriteScans(w io.Writer, scans []Scan) error {
	rows := [][]string{{columnSeries, columnThickness, columnSpacing, columnKernel, columnGroup}}
	for _, s := range scans {
		rows = append(rows, []string{s.SeriesUID, known(s.ThicknessMM), known(s.SpacingMM), s.Kernel, s.Group})
	}
	return writeAll(w, rows)
}

// WriteCurves writes every point of the curves: set, score, false marks per
// scan, sensitivity. The first point of a curve, where no mark counts, has no
// score.
func WriteCurves(w io.Writer, curves []Curve) error {
	rows := [][]string{{"excluded_findings", "score", "false_marks_per_scan", "sensitivity"}}
	for _, c := range curves {
		for _, p := range c.Points {
			rows = append(rows, []string{c.excluded(), Number(p.Score).String(),
				Number(p.FalseMarksPerScan).String(), Number(p.Sensitivity).String()})
		}
	}
	return writeAll(w, rows)
}

// WriteBands writes the curves at evenly spread rates with their intervals.
func WriteBands(w io.Writer, curves []Curve) error {
	rows := [][]string{{"excluded_findings", "false_marks_per_scan", "sensitivity", "low", "high"}}
	for _, c := range curves {
		for _, p := range c.Band {
			rows = append(rows, []string{c.excluded(), p.FalseMarksPerScan.String(), p.Sensitivity.String(),
				p.Interval[0].String(), p.Interval[1].String()})
		}
	}
	return writeAll(w, rows)
}

// excluded is what becomes of marks on excluded findings.
func (c Curve) excluded() string {
	if c.ExcludedFalse {
		return "false"
	}
	return "ignored"
}

// WriteStrata writes one row a stratum, after one for all: counts, CPM with its
// interval, and the sensitivity by rate.
func WriteStrata(w io.Writer, e *Evaluation) error {
	header := []string{"by", "stratum", "scans", "nodules", "detected", "false_marks_per_scan", "cpm", "cpm_low", "cpm_high"}
	for _, rate := range Rates() {
		header = append(header, "sensitivity_at_"+plain(rate))
	}
	rows := [][]string{header}
	for _, s := range slices.Concat([]Stratum{{By: "all", Name: "all", Performance: e.Performance}}, e.Strata) {
		row := []string{s.By, s.Name, strconv.Itoa(s.Scans), strconv.Itoa(s.Nodules), strconv.Itoa(s.Detected),
			s.FalseMarksPerScan.String(), s.CPM.String(), s.Intervals["cpm"][0].String(), s.Intervals["cpm"][1].String()}
		for _, p := range s.OperatingPoints {
			row = append(row, p.Sensitivity.String())
		}
		rows = append(rows, row)
	}
	return writeAll(w, rows)
}

// Inert is a cell of a table that a spreadsheet does not take for a formula: text
// that begins like one, as a kernel's name or a comment from elsewhere can, gets an
// apostrophe before it. Numbers stay as they are.
func Inert(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}

func writeAll(w io.Writer, rows [][]string) error {
	for _, row := range rows {
		for i := range row {
			row[i] = Inert(row[i])
		}
	}
	if err := csv.NewWriter(w).WriteAll(rows); err != nil {
		return fmt.Errorf("evaluation table: %w", err)
	}
	return nil
}

// plain is a number as short as it can be read back.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// known is a positive number, or nothing.
func known(v float64) string {
	if math.IsNaN(v) || v <= 0 {
		return ""
	}
	return plain(v)
}
