package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"

	"nafas/inference/alter/pair"
	"nafas/inference/finding"
)

// report is what model robustness prints: robustness.json is this, in this
// order.
type report struct {
	Model       reportModel        `json:"model"`
	Series      []reportSeries     `json:"series"`
	Alterations []reportAlteration `json:"alterations"`
}

type reportModel struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

type reportSeries struct {
	UID string `json:"seriesInstanceUid"`
	// NotRead is why the unaltered series could not be read; the counts are
	// then of nothing.
	NotRead  string `json:"notRead,omitempty"`
	Findings int    `json:"findings"`
	Flagged  int    `json:"flagged"`
	Lesions  int    `json:"lesions"`
}

type reportRefusal struct {
	UID    string `json:"seriesInstanceUid"`
	Reason string `json:"reason"`
}

type reportAlteration struct {
	Name    string          `json:"name"`
	What    string          `json:"what"`
	Exact   bool            `json:"exact"`
	Read    int             `json:"read"`
	Refused []reportRefusal `json:"refused"`
	Strata  []reportStratum `json:"strata"`

	fates []fate
}

// reportStratum is pair.Count with names.
type reportStratum struct {
	Stratum        string  `json:"stratum"`
	Flagged        int     `json:"flagged"`
	StillListed    int     `json:"stillListed"`
	StillFlagged   int     `json:"stillFlagged"`
	SameRank       int     `json:"sameRank"`
	MeanRankChange float64 `json:"meanRankChange"`
	MeanShiftMM    float64 `json:"meanShiftMm"`
	Outside        int     `json:"outside"`
	NewFlagged     int     `json:"newFlagged"`
	Risen          int     `json:"risen"`
	Lesions        int     `json:"lesions"`
	LesionsBefore  int     `json:"lesionsFlaggedBefore"`
	LesionsAfter   int     `json:"lesionsFlaggedAfter"`
	LesionsBoth    int     `json:"lesionsFlaggedBoth"`
	LesionsRank    int     `json:"lesionsSameRank"`
	LesionsOutside int     `json:"lesionsOutside"`

	stratum pair.Stratum
	count   pair.Count
}

// fate is one finding of one series under one alteration.
type fate struct {
	uid string
	pair.Fate
	isNew bool
}

func (a *reportAlteration) add(uid string, c pair.Comparison) {
	a.Read++
	for i := range a.Strata {
		s := &a.Strata[i]
		s.count.Add(c, s.stratum)
		s.fill()
	}
	for _, f := range c.Fates {
		a.fates = append(a.fates, fate{uid: uid, Fate: f})
	}
	for _, f := range c.New {
		a.fates = append(a.fates, fate{uid: uid, Fate: pair.Fate{After: &f}, isNew: true})
	}
}

func (s *reportStratum) fill() {
	n := s.count
	s.Flagged, s.StillListed, s.StillFlagged, s.SameRank = n.Flagged, n.Found, n.Kept, n.SameRank
	if n.Found > 0 {
		s.MeanRankChange = round2(float64(n.RankSum) / float64(n.Found))
		s.MeanShiftMM = round2(n.ShiftSumMM / float64(n.Found))
	}
	s.Outside, s.NewFlagged, s.Risen = n.Outside, n.NewFlagged, n.Risen
	s.Lesions, s.LesionsBefore, s.LesionsAfter = n.Lesions, n.Before, n.After
	s.LesionsBoth, s.LesionsRank, s.LesionsOutside = n.Both, n.LesionSameRank, n.LesionsOutside
}

func round2(v float64) float64 { return float64(int(v*100+.5)) / 100 }

// save writes the report into a folder, where one is named.
func (t *trial) save(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(
		writeFile(filepath.Join(dir, "robustness.json"), t.report.json),
		writeFile(filepath.Join(dir, "robustness.csv"), t.report.csv),
		writeFile(filepath.Join(dir, "findings.csv"), t.report.findings),
	)
}

// print prints the report in the chosen format.
func (t *trial) print(s *streams) error {
	switch s.format {
	case "json":
		return t.report.json(s.out)
	case "csv":
		return t.report.csv(s.out)
	}
	return t.report.table(s.out)
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

func (r *report) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

var robustnessHeader = []string{
	"alteration", "stratum", "read", "refused", "flagged", "still_listed", "still_flagged", "same_rank", "mean_rank_change", "mean_shift_mm",
	"outside", "new_flagged", "risen", "lesions", "lesions_flagged_before", "lesions_flagged_after", "lesions_flagged_both", "lesions_same_rank", "lesions_outside",
}

func (r *report) csv(w io.Writer) error {
	rows := [][]string{robustnessHeader}
	for _, a := range r.Alterations {
		for _, s := range a.Strata {
			row := []string{a.Name, s.Stratum}
			for _, n := range []any{a.Read, len(a.Refused), s.Flagged, s.StillListed, s.StillFlagged, s.SameRank, s.MeanRankChange, s.MeanShiftMM,
				s.Outside, s.NewFlagged, s.Risen, s.Lesions, s.LesionsBefore, s.LesionsAfter, s.LesionsBoth, s.LesionsRank, s.LesionsOutside} {
				row = append(row, fmt.Sprint(n))
			}
			rows = append(rows, row)
		}
	}
	return csv.NewWriter(w).WriteAll(rows)
}

// findings is one row a finding before, and one a finding that is new.
func (r *report) findings(w io.Writer) error {
	rows := [][]string{{
		"series_instance_uid", "alteration", "fate",
		"rank_before", "score_before", "flagged_before", "x_before_mm", "y_before_mm", "z_before_mm", "diameter_before_mm", "side_before",
		"rank_after", "score_after", "flagged_after", "x_after_mm", "y_after_mm", "z_after_mm", "diameter_after_mm", "side_after",
	}}
	for _, a := range r.Alterations {
		for _, f := range a.fates {
			var before *finding.Finding
			if !f.isNew {
				before = &f.Before
			}
			rows = append(rows, append(append([]string{f.uid, a.Name, f.word()}, words(before)...), words(f.After)...))
		}
	}
	return csv.NewWriter(w).WriteAll(rows)
}

func (f fate) word() string {
	switch {
	case f.isNew:
		return "new"
	case f.Outside:
		return "outside"
	case f.After == nil:
		return "lost"
	}
	return "kept"
}

func words(f *finding.Finding) []string {
	out := make([]string, 8)
	if f == nil {
		return out
	}
	number := func(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
	p := f.CenterLPSMM
	return []string{strconv.Itoa(f.Rank), number(f.Score, 4), strconv.FormatBool(f.Flagged),
		number(p[0], 2), number(p[1], 2), number(p[2], 2), number(f.MeanDiameterMM, 1), string(f.Side)}
}

// table says the most in one line an alteration: flagged findings that are
// still flagged, of all sizes and by stratum.
func (r *report) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "alteration\tread\trefused\tstill flagged")
	for _, s := range pair.Strata[1:] {
		fmt.Fprintf(t, "\t%s", s.Name)
	}
	fmt.Fprintln(t, "\tlisted\tsame rank\tshift mm\toutside\tnew flagged\tlesions before\tafter\tboth")
	for _, a := range r.Alterations {
		fmt.Fprintf(t, "%s\t%d\t%d", a.Name, a.Read, len(a.Refused))
		for _, s := range a.Strata {
			fmt.Fprintf(t, "\t%d/%d", s.StillFlagged, s.Flagged)
		}
		s := a.Strata[0]
		fmt.Fprintf(t, "\t%d/%d\t%d\t%.2f\t%d\t%d\t%d/%d\t%d\t%d\n", s.StillListed, s.Flagged, s.SameRank, s.MeanShiftMM, s.Outside,
			s.NewFlagged, s.LesionsBefore, s.Lesions, s.LesionsAfter, s.LesionsBoth)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s %s on %d series. %s\n", r.Model.Name, r.Model.Version, len(r.Series), disclaimer)
	return err
}
