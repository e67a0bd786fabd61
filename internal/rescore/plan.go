package rescore

import (
	"context"
	"errors"
)

// Plan lists the inputs of a rescoring from where it stands, and ends its
// planning. It returns nil too where somebody paused or cancelled it meanwhile;
// errOthersPlan where another process lists them at the same time; another error
// where the source or the ledger is not there.
func (w *Worker) Plan(ctx context.Context, id int64) error {
	r, err := w.Ledger.Rescoring(ctx, id)
	if err != nil || r.Planned || r.State != StatePlanning {
		return err
	}
	source, err := w.Sources.Open(ctx, r)
	if err != nil {
		return err
	}
	at := r.Cursor
	err = source.Scan(ctx, at, func(b Batch) error {
		if err := w.Ledger.Plan(ctx, id, at, b); err != nil {
			return err
		}
		at = b.Cursor
		return nil
	})
	switch {
	case errors.Is(err, ErrNotNow):
		return nil
	case errors.Is(err, ErrState):
		return errOthersPlan
	case err != nil:
		return err
	}
	err = w.Ledger.EndPlanning(ctx, id, Readable, w.Now())
	if errors.Is(err, ErrNotNow) {
		return nil
	}
	return err
}

// errOthersPlan says that the cursor is not where this process left it.
var errOthersPlan = errors.New("another process lists the inputs")
