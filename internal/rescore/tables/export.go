package tables

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
)

// Export is a folder that is filled with the tables of one rescoring. Its files
// have other names until all of them are whole and on disk.
type Export struct {
	dir     string
	header  Header
	formats []Format
	parts   []*part
	// looked says that LookAgain was begun.
	looked bool
}

// part is one file of an export on its way.
type part struct {
	*Writer
	file *os.File
	name string
}

// ErrThere: a table of that name is in the folder.
var ErrThere = errors.New("is there already: name another folder, or take it away")

// Create begins an export of Series and Findings into a folder, which is made. No
// formats means all. Discard must be called in the end.
func Create(dir string, h Header, formats ...Format) (*Export, error) {
	if len(formats) == 0 {
		formats = Formats()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	e := &Export{dir: dir, header: h, formats: formats}
	for _, t := range []Table{Series, Findings} {
		if err := e.begin(t); err != nil {
			return nil, errors.Join(err, e.Discard())
		}
	}
	return e, nil
}

func (e *Export) begin(t Table) error {
	for _, f := range e.formats {
		name := filepath.Join(e.dir, FileName(t, f))
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return err
			}
			return fmt.Errorf("%s %w", name, ErrThere)
		}
		file, err := os.CreateTemp(e.dir, "."+FileName(t, f)+".part-*")
		if err != nil {
			return err
		}
		p := &part{file: file, name: name}
		e.parts = append(e.parts, p)
		// A table is for whoever may look into its folder.
		if err := file.Chmod(0o644); err != nil {
			return err
		}
		if p.Writer, err = NewWriter(file, t, f, e.header); err != nil {
			return err
		}
	}
	return nil
}

// Add writes an input into all tables; it has the form that
// rescore.Ledger.Rows asks for.
func (e *Export) Add(r rescore.Row) error {
	for _, p := range e.parts {
		if err := p.Add(r); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(p.name), err)
		}
	}
	return nil
}

// AddLookAgain adds the table of the studies that a reader should see. Without it
// there is none: an empty one would say that there is nothing to look at again.
func (e *Export) AddLookAgain(changes []compare.Change) error {
	if e.looked {
		return errors.New("the studies to look at again are there already")
	}
	e.looked = true
	if err := e.begin(LookAgain); err != nil {
		return err
	}
	for _, c := range changes {
		for _, p := range e.parts {
			if err := p.AddChange(c); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(p.name), err)
			}
		}
	}
	return nil
}

// Complete ends the tables, makes them durable, and only then gives them their
// names, which it returns. After an error no other table gets its name.
func (e *Export) Complete() ([]string, error) {
	for _, p := range e.parts {
		if err := errors.Join(p.Close(), p.file.Sync(), p.file.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(p.name), err)
		}
	}
	var names []string
	for _, p := range e.parts {
		if err := os.Rename(p.file.Name(), p.name); err != nil {
			return nil, err
		}
		names = append(names, p.name)
	}
	e.parts = nil
	return names, synced(e.dir)
}

// synced makes the names of a folder durable.
func synced(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Discard takes away what is not complete; after Complete it does nothing.
func (e *Export) Discard() error {
	var errs []error
	for _, p := range e.parts {
		_ = p.file.Close() // it may be closed already
		if err := os.Remove(p.file.Name()); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	e.parts = nil
	return errors.Join(errs...)
}
