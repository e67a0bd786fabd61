package rescorings

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"nafas/internal/rescore"
)

// packFiles writes files into few bytes: of each the length of what its path has
// in common with the one before, the rest of the path, and how its size and its
// time differ from that one's, as varints; then all through deflate. nil for none.
// Measured on series of 300 files: 7 bytes a file where the names count up, 14
// where they are UIDs; with all rows and indexes of such studies, 18 in SQLite and
// 19 in PostgreSQL.
func packFiles(files []rescore.File) ([]byte, error) {
	if len(files) == 0 {
		return nil, nil
	}
	return deflate(lineUp(files))
}

// lineUp is packFiles before it is compressed.
func lineUp(files []rescore.File) []byte {
	raw := binary.AppendUvarint(nil, uint64(len(files)))
	var last rescore.File
	for _, f := range files {
		common := 0
		for common < len(f.Path) && common < len(last.Path) && f.Path[common] == last.Path[common] {
			common++
		}
		raw = binary.AppendUvarint(raw, uint64(common))
		raw = binary.AppendUvarint(raw, uint64(len(f.Path)-common))
		raw = append(raw, f.Path[common:]...)
		raw = binary.AppendVarint(raw, f.Size-last.Size)
		raw = binary.AppendVarint(raw, f.ModTime-last.ModTime)
		last = f
	}
	return raw
}

var errFiles = errors.New("the list of files of a series is damaged")

// unpackFiles reads what packFiles wrote.
func unpackFiles(packed []byte) ([]rescore.File, error) {
	if len(packed) == 0 {
		return nil, nil
	}
	raw, err := inflate(packed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFiles, err)
	}
	r := bytes.NewReader(raw)
	n, err := binary.ReadUvarint(r)
	if err != nil || n > uint64(len(raw)) {
		return nil, errFiles
	}
	out := make([]rescore.File, 0, n)
	var last rescore.File
	for range n {
		f, err := unpackFile(r, last)
		if err != nil {
			return nil, errFiles
		}
		out, last = append(out, f), f
	}
	return out, nil
}

func unpackFile(r *bytes.Reader, last rescore.File) (rescore.File, error) {
	common, err1 := binary.ReadUvarint(r)
	rest, err2 := binary.ReadUvarint(r)
	if err := errors.Join(err1, err2); err != nil || common > uint64(len(last.Path)) || rest > uint64(r.Len()) {
		return rescore.File{}, errFiles
	}
	path := make([]byte, rest)
	_, err3 := io.ReadFull(r, path)
	size, err4 := binary.ReadVarint(r)
	at, err5 := binary.ReadVarint(r)
	f := rescore.File{Path: last.Path[:common] + string(path), Size: last.Size + size, ModTime: last.ModTime + at}
	return f, errors.Join(err3, err4, err5)
}

// digestOf is the same for the same part alone. What a PACS says of a series may
// change while it is listed; it is one part.
func digestOf(p rescore.Part) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%q", text(p.SeriesUID))
	if len(p.Files) > 0 {
		fmt.Fprintf(h, " %q %d ", text(p.Modality), p.Instances)
		h.Write(lineUp(p.Files))
	}
	return h.Sum(nil)[:16]
}

// loadParts returns the series of a study, each merged out of its parts, in the
// order in which they were found, and how many parts there are.
func loadParts(ctx context.Context, t tx, study int64) (parts []rescore.Part, rows int64, err error) {
	at := map[string]int{}
	err = t.each(ctx, `
		SELECT s.uid, s.study_date, p.series_uid, p.modality, p.instances, p.files
		FROM part p JOIN study s ON s.id = p.study WHERE p.study = ? ORDER BY p.n`, func(r *sql.Rows) error {
		var p rescore.Part
		var packed []byte
		if err := r.Scan(&p.StudyUID, &p.StudyDate, &p.SeriesUID, &p.Modality, &p.Instances, &packed); err != nil {
			return err
		}
		var err error
		if p.Files, err = unpackFiles(packed); err != nil {
			return err
		}
		rows++
		i, known := at[p.SeriesUID]
		if !known {
			at[p.SeriesUID] = len(parts)
			parts = append(parts, p)
			return nil
		}
		whole := &parts[i]
		whole.Modality = rescore.ModalityOf(whole.Modality, p.Modality)
		whole.Instances += p.Instances
		whole.Files = append(whole.Files, p.Files...)
		return nil
	}, study)
	return parts, rows, err
}

// Parts implements rescore.Ledger.
func (l *Ledger) Parts(ctx context.Context, id int64, studyUID string) ([]rescore.Part, error) {
	var out []rescore.Part
	err := l.inSnapshot(ctx, func(ctx context.Context, t tx) error {
		var study int64
		err := t.row(ctx, `SELECT id FROM study WHERE rescoring = ? AND uid = ?`, id, studyUID).Scan(&study)
		if errors.Is(err, sql.ErrNoRows) {
			return rescore.ErrNotFound
		}
		if err != nil {
			return err
		}
		if out, _, err = loadParts(ctx, t, study); err == nil && len(out) == 0 {
			err = rescore.ErrNotFound
		}
		return err
	})
	return out, err
}

// fingerprintOf is the same for the same files of the same series: over the UIDs
// of the series, and path, size and time of each file. nil where it has a series
// without files: a PACS does not say whether instances changed.
func fingerprintOf(parts []rescore.Part) []byte {
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b rescore.Part) int { return cmp.Compare(a.SeriesUID, b.SeriesUID) })
	h := sha256.New()
	for _, p := range parts {
		if len(p.Files) == 0 {
			return nil
		}
		fmt.Fprintf(h, "%q %d\n", p.SeriesUID, len(p.Files))
		files := slices.Clone(p.Files)
		slices.SortFunc(files, func(a, b rescore.File) int { return cmp.Compare(a.Path, b.Path) })
		for _, f := range files {
			fmt.Fprintf(h, "%q %d %d\n", f.Path, f.Size, f.ModTime)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return h.Sum(nil)
}
