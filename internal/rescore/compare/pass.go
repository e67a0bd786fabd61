package compare

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"nafas/inference/suggest"
	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// Pass is one pass, study by study.
type Pass struct {
	Label string
	Model triage.Model
	// Uncategorised says that Lung-RADS was not asked: a study without a category is
	// then no study whose category is none, and categories are not compared.
	Uncategorised bool
	// Studies hands on every study once, by the bytes of its UID from low to high.
	// Both passes of a comparison are read at the same time.
	Studies func(each func(Study) error) error
}

// Rows hands on every input of a pass with its end: those of one study together,
// by the bytes of its UID, as rescore.Ledger.Rows does. It ends with the error of
// each.
type Rows func(each func(rescore.Row) error) error

// ErrRows: the rows cannot be those of a pass.
var ErrRows = errors.New("rows of a pass")

// Of makes a rescoring one side of a comparison. Files that belong to no study are
// in no comparison.
func Of(r rescore.Rescoring, rows Rows) Pass {
	asked := len(r.Settings.Guidelines) == 0 || slices.Contains(r.Settings.Guidelines, string(suggest.LungRADS))
	return Pass{
		Label: cmp.Or(r.Name, Unnamed(fmt.Sprint(r.ID))), Model: r.Model,
		Uncategorised: !asked || r.Settings.Screening == "no",
		Studies:       rows.studies,
	}
}

// Unnamed is the label of a rescoring that nobody gave a name, by its number.
func Unnamed(number string) string { return "rescoring " + number }

// studies groups rows.
func (rows Rows) studies(each func(Study) error) error {
	var group []rescore.Row
	flush := func() error {
		if len(group) == 0 {
			return nil
		}
		s, err := StudyOf(group)
		group = group[:0]
		if err != nil {
			return err
		}
		return each(s)
	}
	err := rows(func(r rescore.Row) error {
		if r.StudyUID == "" {
			return nil
		}
		if len(group) > 0 && group[0].StudyUID != r.StudyUID {
			if err := flush(); err != nil {
				return err
			}
		}
		group = append(group, r)
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// StudyOf makes a study of the rows of its series. Of several series with a result
// the one counts that the verdict names, else the first. ErrRows where the rows are
// of two studies, where there are none, and where a scored series has no result:
// that would look like a scan in which nothing was found.
func StudyOf(rows []rescore.Row) (Study, error) {
	if len(rows) == 0 {
		return Study{}, fmt.Errorf("%w: a study without series", ErrRows)
	}
	best := 0
	s := Study{UID: rows[0].StudyUID}
	for i, r := range rows {
		if r.StudyUID != s.UID {
			return Study{}, fmt.Errorf("%w: the series of one study belong to two", ErrRows)
		}
		if read(r.State) && r.Result == nil {
			return Study{}, fmt.Errorf("%w: a series is %s and has no result", ErrRows, r.State)
		}
		s.Date = cmp.Or(s.Date, r.StudyDate)
		if standing(r) > standing(rows[best]) {
			best = i
		}
	}
	r := rows[best]
	s.State, s.Reason, s.SeriesUID = r.State, r.Reason, r.SeriesUID
	if !read(r.State) {
		s.SeriesUID = ""
		return s, nil
	}
	s.Scan, s.Findings, s.Reason = r.Result.Scan, r.Result.Findings, ""
	if r.Verdict != nil {
		s.Priority, s.LungRADS = r.Verdict.Priority, r.Verdict.LungRADS
	}
	return s, nil
}

func read(s rescore.SeriesState) bool { return s == rescore.Scored || s == rescore.Unchanged }

// standing orders the series of a study: the highest speaks for it.
func standing(r rescore.Row) int {
	switch {
	case read(r.State) && r.Verdict != nil && r.Verdict.SeriesUID == r.SeriesUID:
		return 5
	case read(r.State):
		return 4
	case r.State == rescore.Waiting:
		return 3
	case r.State == rescore.Failed:
		return 2
	}
	return 1
}

func (s Study) read() bool { return read(s.State) }

func (s Study) flagged() bool {
	return slices.ContainsFunc(s.Findings, func(f triage.Finding) bool { return f.Flagged })
}

// bestScore is 0 where nothing was found.
func (s Study) bestScore() float64 {
	best := 0.0
	for _, f := range s.Findings {
		best = max(best, f.Score)
	}
	return best
}
