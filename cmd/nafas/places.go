package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"nafas/inference/froc"
)

// readPlaces reads tables of places in LUNA16's columns, by the rules of
// nafas evaluate.
func readPlaces(paths []string, read func(name string, r io.Reader) ([]froc.Nodule, error)) ([]froc.Nodule, error) {
	var out []froc.Nodule
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		rows, err := read(filepath.Base(path), f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, usage("%w", err)
		}
		out = append(out, rows...)
	}
	return out, nil
}

// noteStrangers says where none of a table's places lies in what is read.
func noteStrangers(s *streams, flag string, rows []froc.Nodule, isRead func(seriesUID string) bool) {
	for _, n := range rows {
		if isRead(n.SeriesUID) {
			return
		}
	}
	if len(rows) > 0 {
		fmt.Fprintf(s.err, "note: no place of %s is in these series: compare how the table writes their names\n", flag)
	}
}
