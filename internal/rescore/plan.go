package rescore

import (
	"context"
	"errors"
)

// Plan lists the inputs of a rescoring from where it stands, and ends its
// planning. It returns nil too where somebody paused or cancelled it meanwhile, and
// outside of its window; errOthersPlan where another process lists them at the same
// time; another error where the source or the ledger is not there.
func (w *Worker) Plan(ctx context.Context, id int64) error {
	r, err := w.Ledger.Rescoring(ctx, id)
	if err != nil || r.Planned || r.State != StatePlanning {
		return err
	}
	if open, err := r.openAt(w.Now()); err != nil || !open {
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
		return w.stillOpen(ctx, id)
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

// stillOpen is ErrNotNow outside of the window of a rescoring: listing an archive
// costs it as much as reading does.
func (w *Worker) stillOpen(ctx context.Context, id int64) error {
	r, err := w.Ledger.Rescoring(ctx, id)
	if err != nil {
		return err
	}
	open, err := r.openAt(w.Now())
	if err == nil && !open {
		return ErrNotNow
	}
	return err
}

// errOthersPlan says that the cursor is not where this process left it.
var errOthersPlan = errors.New("another process lists the inputs")
