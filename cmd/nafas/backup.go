package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"nafas/internal/store"
)

type backupCmd struct {
	Data string `help:"Data folder; a service may run on it." default:"nafas-data" type:"path"`
	databaseFlags
	Out string `short:"o" required:"" help:"File to write: a tar file, compressed by gzip. It is patient data." type:"path" placeholder:"FILE"`
}

// Run writes a backup under another name, and gives it its own when it is
// whole and durable.
func (c *backupCmd) Run(s *streams, ctx kongContext) error {
	dsn, err := c.dsn()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(c.Out); !errors.Is(err, fs.ErrNotExist) {
		return usage("%s is there already", c.Out)
	}
	part := c.Out + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	m, err := writeBackup(ctx, c.Data, filepath.Dir(c.Out), f)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := errors.Join(os.Rename(part, c.Out), store.OS{}.SyncDir(filepath.Dir(c.Out))); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(s.out, "%s: %d studies, %d files, every sum compared\n", c.Out, m.Studies, len(m.Files)); err != nil {
		return err
	}
	return ofRescorings(s.out, m, dsn != "")
}

// ofRescorings says which rescorings a backup holds. What is kept in PostgreSQL is
// not, and nobody should learn that from a restore.
func ofRescorings(w io.Writer, m store.Manifest, postgres bool) error {
	words := "rescorings: none are in this folder\n"
	if m.Rescorings() {
		words = "rescorings: those of this folder are in it (" + store.RescoringsFile + ")\n"
	}
	if postgres {
		words += "rescorings in PostgreSQL are NOT in it: back that database up by its own means, such as pg_dump\n"
	}
	_, err := io.WriteString(w, words)
	return err
}

func writeBackup(ctx context.Context, data, scratch string, f *os.File) (store.Manifest, error) {
	// Images that come compressed do not shrink, and others are to be saved in
	// time: the fastest level.
	zip, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return store.Manifest{}, err
	}
	m, err := store.Backup(ctx, data, scratch, zip)
	if err != nil {
		return m, err
	}
	return m, errors.Join(zip.Close(), f.Sync())
}

type restoreCmd struct {
	File string `arg:"" help:"A backup (nafas backup)." type:"existingfile"`
	Data string `help:"Data folder to make; empty, or not there." required:"" type:"path"`
}

// Run restores a backup; the next serve on the folder goes on from it.
func (c *restoreCmd) Run(s *streams, ctx kongContext) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	in, err := unzipped(f)
	if err != nil {
		return err
	}
	m, err := store.Restore(ctx, in, c.Data)
	if err != nil {
		return fmt.Errorf("nothing is restored: %w", err)
	}
	if _, err := fmt.Fprintf(s.out, "%s: %d studies and %d files of %s, every sum compared\n", c.Data, m.Studies, len(m.Files), m.StartedAt.Local().Format("2006-01-02 15:04:05")); err != nil {
		return err
	}
	if m.Rescorings() {
		_, err = fmt.Fprintln(s.out, "rescorings: those of the backup; nafas rescore resume goes on with them from there")
	}
	return err
}

// unzipped reads a tar file, whether or not somebody has unpacked it.
func unzipped(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<20)
	start, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(start, []byte{0x1f, 0x8b}) { // RFC 1952
		return in, nil
	}
	return gzip.NewReader(in)
}
