package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"nafas/inference/froc"
	"nafas/inference/froc/chart"
	"nafas/internal/triage"
)

// evaluationSchema is the version of evaluationDocument: fields are added,
// never changed.
const evaluationSchema = 1

// evaluationDocument is evaluation.json; docs/evaluate.md describes it.
type evaluationDocument struct {
	Schema   int    `json:"schema"`
	Protocol string `json:"protocol"`
	// Model is what read the series; null where a table of marks was given.
	Model    *evaluationModel   `json:"model"`
	Data     []evaluationData   `json:"data"`
	Settings evaluationSettings `json:"settings"`
	// Listed are the series that were to be read, 0 with a table of marks;
	// Missing those of them that could not be, and files that could not.
	Listed  int             `json:"listed"`
	Missing []missingSeries `json:"missing"`
	Notes   []string        `json:"notes"`
	froc.Evaluation
}

type evaluationModel struct {
	triage.Model
	Runtime triage.Runtime `json:"runtime"`
}

// MarshalJSON names the fields as the document does.
func (m evaluationModel) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{
		"name": m.Name, "version": m.Version, "sha256": m.SHA256,
		"runtime_version": m.Runtime.Version, "runtime_sha256": m.Runtime.SHA256,
	})
}

type evaluationData struct {
	Role   string `json:"role"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

type evaluationSettings struct {
	MostMarks int    `json:"most_marks"`
	Resamples int    `json:"resamples"`
	Seed      uint64 `json:"seed"`
	// ScansFrom: list (--series), tables (marks and nodules), read.
	ScansFrom string `json:"scans_from"`
}

func (d *evaluationDocument) note(text string, args ...any) {
	d.Notes = append(d.Notes, fmt.Sprintf(text, args...))
}

// write puts the results into a folder.
func (d *evaluationDocument) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	writers := map[string]func(io.Writer) error{
		"froc.csv":      func(w io.Writer) error { return froc.WriteCurves(w, d.Curves) },
		"froc_band.csv": func(w io.Writer) error { return froc.WriteBands(w, d.Curves) },
		"strata.csv":    func(w io.Writer) error { return froc.WriteStrata(w, &d.Evaluation) },
	}
	svg, png, err := chart.Curves(d.title(), d.Curves)
	switch {
	case errors.Is(err, chart.ErrNothing):
		d.note("nothing is drawn: there is no nodule")
	case err != nil:
		return err
	default:
		writers["froc.svg"] = func(w io.Writer) error { _, err := w.Write(svg); return err }
		writers["froc.png"] = func(w io.Writer) error { _, err := w.Write(png); return err }
	}
	writers["evaluation.json"] = func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(d)
	}
	for _, name := range evaluationFiles {
		path := filepath.Join(dir, name)
		if write := writers[name]; write == nil {
			err = os.Remove(path) // of an earlier evaluation
		} else {
			err = writeWhole(path, write)
		}
		if err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

func (d *evaluationDocument) title() string {
	what := "Marks"
	if d.Model != nil {
		what = d.Model.Name + " " + d.Model.Version
	}
	return fmt.Sprintf("%s: %d nodules in %d scans", what, d.Nodules, d.Scans)
}

func (d *evaluationDocument) print(s *streams, dir string) error {
	switch s.format {
	case "json":
		return json.NewEncoder(s.out).Encode(d)
	case "csv":
		return d.printCSV(s.out)
	default:
		return d.printTable(s.out, dir)
	}
}

// printCSV writes one measure a line.
func (d *evaluationDocument) printCSV(out io.Writer) error {
	w := csv.NewWriter(out)
	rows := [][]string{{"excluded_findings", "measure", "value", "low", "high"}}
	add := func(excluded string, p froc.Performance) {
		row := func(measure string, value froc.Number, b froc.Bounds) {
			rows = append(rows, []string{excluded, measure, value.String(), b[0].String(), b[1].String()})
		}
		row("cpm", p.CPM, p.Intervals["cpm"])
		for _, point := range p.OperatingPoints {
			row("sensitivity_at_"+point.FalseMarksPerScan.String(), point.Sensitivity, point.Interval)
		}
	}
	add("ignored", d.Performance)
	if d.WithoutExcluded != nil {
		add("false", *d.WithoutExcluded)
	}
	for _, t := range d.Thresholds {
		rows = append(rows,
			[]string{"ignored", "sensitivity_at_score_" + t.Score.String(), t.Sensitivity.String(), t.Interval[0].String(), t.Interval[1].String()},
			[]string{"ignored", "false_marks_per_scan_at_score_" + t.Score.String(), t.FalseMarksPerScan.String(),
				t.FalseMarksPerScanInterval[0].String(), t.FalseMarksPerScanInterval[1].String()})
	}
	return w.WriteAll(rows)
}

// printTable is for people.
func (d *evaluationDocument) printTable(out io.Writer, dir string) error {
	fmt.Fprintf(out, "%s (%d with nodules), %d found by a mark of any score\n", d.title(), d.ScansWithNodules, d.Detected)
	if d.Listed > 0 {
		fmt.Fprintf(out, "%d of %d series could be read\n", d.Scans, d.Listed)
	}
	m := d.Marks
	fmt.Fprintf(out, "%d marks: %d on nodules (%d of them not the best), %d on excluded findings, %d false, %d beyond the best of their scan\n\n",
		m.Total, m.OnNodules, m.Repeated, m.OnExcluded, m.False, m.Cut)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	d.printPoints(t)
	d.printThresholds(t)
	d.printStrata(t)
	if err := t.Flush(); err != nil {
		return err
	}
	if d.Diameter.Nodules > 0 {
		fmt.Fprintf(out, "Diameter of the mark less the nodule's: %s mm in the mean, %s mm off (%d nodules)\n",
			places(d.Diameter.MeanMM, 2), places(d.Diameter.MeanAbsoluteMM, 2), d.Diameter.Nodules)
	}
	if dir != "" {
		fmt.Fprintf(out, "Written to %s: %s\n", dir, strings.Join(evaluationFiles, ", "))
	}
	_, err := fmt.Fprintln(out, "Intervals are 95%, from resamples of scans; they have no width where all or none are found. Research use only.")
	return err
}

func (d *evaluationDocument) printPoints(w io.Writer) {
	header := "false marks a scan\ta nodule\tscore\tsensitivity\tinterval\t"
	if d.WithoutExcluded != nil {
		header += "excluded count as false\tinterval\t"
	}
	fmt.Fprintln(w, header)
	for i, p := range d.OperatingPoints {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t", p.FalseMarksPerScan, places(p.FalseMarksPerNodule, 2), places(p.Score, 4), places(p.Sensitivity, 3), span(p.Interval))
		if d.WithoutExcluded != nil {
			q := d.WithoutExcluded.OperatingPoints[i]
			fmt.Fprintf(w, "%s\t%s\t", places(q.Sensitivity, 3), span(q.Interval))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "mean (CPM)\t\t\t%s\t%s\t", places(d.CPM, 3), span(d.Intervals["cpm"]))
	if d.WithoutExcluded != nil {
		fmt.Fprintf(w, "%s\t%s\t", places(d.WithoutExcluded.CPM, 3), span(d.WithoutExcluded.Intervals["cpm"]))
	}
	fmt.Fprint(w, "\n\n")
}

func (d *evaluationDocument) printThresholds(w io.Writer) {
	if len(d.Thresholds) == 0 {
		return
	}
	fmt.Fprintln(w, "at score\tpoint\tfound\tsensitivity\tinterval\tWilson\tfalse marks a scan\tinterval\ta nodule\t")
	for _, t := range d.Thresholds {
		fmt.Fprintf(w, "%s\t%s\t%d of %d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", t.Score, t.Name, t.Detected, t.Nodules, places(t.Sensitivity, 3), span(t.Interval), span(t.Wilson),
			places(t.FalseMarksPerScan, 2), span(t.FalseMarksPerScanInterval), places(t.FalseMarksPerNodule, 2))
	}
	fmt.Fprintln(w)
}

func (d *evaluationDocument) printStrata(w io.Writer) {
	if len(d.Strata) == 0 {
		return
	}
	fmt.Fprintln(w, "by\tstratum\tscans\tfound\tCPM\tinterval\tat 1\tat 4\t")
	for _, s := range d.Strata {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d of %d\t%s\t%s\t%s\t%s\t\n", s.By, s.Name, s.Scans, s.Detected, s.Nodules, places(s.CPM, 3), span(s.Intervals["cpm"]),
			places(s.Sensitivity["1"], 3), places(s.Sensitivity["4"], 3))
	}
	fmt.Fprintln(w)
}

// places is a number for a table, a dash where it does not exist.
func places(n froc.Number, digits int) string {
	if n.String() == "" {
		return "-"
	}
	return decimal(float64(n), digits)
}

func span(b froc.Bounds) string {
	if b[0].String() == "" {
		return "-"
	}
	return places(b[0], 3) + "-" + places(b[1], 3)
}
