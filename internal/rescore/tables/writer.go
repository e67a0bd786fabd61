package tables

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
)

// ErrRow: an input cannot be a row of a table.
var ErrRow = errors.New("row of a table")

// Writer writes one table in one format. What it wrote is whole only after Close
// returned nil.
type Writer struct {
	add    func(rescore.Row) error
	change func(compare.Change) error
	close  func() error
}

// NewWriter begins a table.
func NewWriter(w io.Writer, t Table, f Format, h Header) (*Writer, error) {
	out := &Writer{
		add:    func(rescore.Row) error { return nil },
		change: func(compare.Change) error { return nil },
	}
	switch t {
	case Series:
		e, err := newEncoder[seriesRow](w, t, f)
		if err != nil {
			return nil, err
		}
		out.add, out.close = func(r rescore.Row) error { return e.write(seriesRowOf(h, r)) }, e.close
	case Findings:
		e, err := newEncoder[findingRow](w, t, f)
		if err != nil {
			return nil, err
		}
		out.add, out.close = func(r rescore.Row) error { return each(findingRows(h, r), e.write) }, e.close
	case LookAgain:
		e, err := newEncoder[lookAgainRow](w, t, f)
		if err != nil {
			return nil, err
		}
		place := 0
		out.change, out.close = func(c compare.Change) error { place++; return e.write(lookAgainRowOf(h, place, c)) }, e.close
	default:
		return nil, fmt.Errorf("there is no table %q: the tables are %v", t, Tables())
	}
	return out, nil
}

func each[R any](rows []R, write func(R) error) error {
	for _, row := range rows {
		if err := write(row); err != nil {
			return err
		}
	}
	return nil
}

// Add writes what the table has of an input, which is nothing for LookAgain.
// ErrRow where an input is scored and has no result, which would look like a scan in
// which nothing was found, and where a number of a finding is none.
func (w *Writer) Add(r rescore.Row) error {
	scored := r.State == rescore.Scored || r.State == rescore.Unchanged
	if scored != (r.Result != nil) {
		return fmt.Errorf("%w: an input is %s and has a result: %v", ErrRow, r.State, r.Result != nil)
	}
	if scored && slices.ContainsFunc(r.Result.Findings, broken) {
		return fmt.Errorf("%w: a finding has a value that is no number", ErrRow)
	}
	return w.add(r)
}

func broken(f triage.Finding) bool {
	shown, _ := f.Diameter()
	return slices.ContainsFunc(append(f.CenterLPSMM[:], f.Score, f.MeanDiameterMM, shown, f.PixelColumn, f.PixelRow),
		func(v float64) bool { return number(v) == nil })
}

// AddChange writes the next study of LookAgain; nothing for other tables.
func (w *Writer) AddChange(c compare.Change) error { return w.change(c) }

// Close writes what a table ends with. It does not close what it writes to.
func (w *Writer) Close() error { return w.close() }
