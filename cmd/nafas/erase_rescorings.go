package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"nafas/internal/rescore/sources"
	"nafas/internal/store"
	"nafas/internal/store/rescorings"
)

// pastLedgers are all places where rescorings are kept: the data folder's, and a
// PostgreSQL database where one is named.
type pastLedgers struct {
	data string
	// file is the database of the data folder; "" where it has none.
	file string
	open []*rescorings.Ledger
}

// openPast opens them to erase: nobody else works on those of the folder.
func openPast(ctx context.Context, data string, database databaseFlags, log *slog.Logger) (*pastLedgers, error) {
	dsn, err := database.dsn()
	if err != nil {
		return nil, err
	}
	p := &pastLedgers{data: data}
	if err := p.openFile(ctx, data, log); err != nil {
		return nil, err
	}
	if dsn != "" {
		l, err := rescorings.OpenPostgres(ctx, dsn, rescorings.Options{Log: log})
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.open = append(p.open, l)
	}
	return p, nil
}

func (p *pastLedgers) openFile(ctx context.Context, data string, log *slog.Logger) error {
	file := filepath.Join(data, store.RescoringsFile)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	l, err := rescorings.OpenSQLite(ctx, data, rescorings.Options{Log: log, Works: true})
	if errors.Is(err, rescorings.ErrInUse) {
		return fmt.Errorf("%w: stop the service or the rescoring first", err)
	}
	if err != nil {
		return err
	}
	p.file, p.open = file, []*rescorings.Ledger{l}
	return nil
}

// erasable says what is kept of some studies, by place; places without any are left
// out.
func (p *pastLedgers) erasable(ctx context.Context, uids []string) ([]store.RescoringsErasure, error) {
	var out []store.RescoringsErasure
	for _, l := range p.open {
		e, err := l.Erasable(ctx, uids)
		if err != nil {
			return nil, fmt.Errorf("nothing was erased: %w", err)
		}
		if !e.Empty() {
			out = append(out, e)
		}
	}
	return out, nil
}

// erase erases from every place, also where nothing is kept any more: an erasure
// may have been broken off. The ledgers are closed at the end.
func (p *pastLedgers) erase(ctx context.Context, uids []string) ([]store.RescoringsErasure, error) {
	out := []store.RescoringsErasure{}
	var errs []error
	for _, l := range p.open {
		e, err := l.Erase(ctx, uids, time.Now())
		if !e.Empty() && err == nil {
			out = append(out, e)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(append(errs, p.close(), emptySpools(p.data))...); err != nil || p.file == "" {
		return out, err
	}
	return out, store.Searched(p.file, uids)
}

// emptySpools removes images that a rescoring which was killed has fetched into the
// data folder. What a process has in hand it removes itself.
func emptySpools(data string) error {
	root := rescoreFlags{ledgerFlags: ledgerFlags{Data: data}}.spool()
	dirs, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var errs []error
	for _, dir := range dirs {
		spool, err := sources.OpenSpool(filepath.Join(root, dir.Name()))
		if err == nil {
			err = spool.Close()
		}
		if !errors.Is(err, sources.ErrSpoolInUse) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// close may be called again.
func (p *pastLedgers) close() error {
	var errs []error
	for _, l := range p.open {
		errs = append(errs, l.Close())
	}
	p.open = nil
	return errors.Join(errs...)
}

// listPast says what will go.
func listPast(w io.Writer, found []store.RescoringsErasure) {
	for _, e := range found {
		for _, r := range e.Rescorings {
			fmt.Fprintf(w, "rescoring %d (%s): %d studies with %d inputs, %d entries of the list for readers, %d UIDs of its source's list\n",
				r.Rescoring, e.KeptIn, r.Studies, r.Inputs, r.ListEntries, r.Listed)
		}
		fmt.Fprintf(w, "rescorings in %s: %d results\n", e.KeptIn, e.Results)
	}
}
