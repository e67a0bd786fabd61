package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"nafas/inference/finding"
	"nafas/inference/froc"
	"nafas/internal/triage"
)

// readMarks reads every series, or takes what an earlier run kept of it, and
// writes the tables of marks and of series beside. What cannot be read is in
// the document, never a scan without marks.
func (c *evaluateCmd) readMarks(ctx context.Context, s *streams, truth *truthTables, set *froc.Set, doc *evaluationDocument) ([]froc.Threshold, error) {
	inputs, missing, err := c.inputs(ctx, s, truth)
	if err != nil {
		return nil, err
	}
	engine, err := c.open(ctx, s, true)
	if err != nil {
		return nil, err
	}
	defer engine.close()
	doc.Model = &evaluationModel{Model: engine.identity.Model, Runtime: engine.identity.Runtime}
	doc.Settings.ScansFrom = "read"
	r := seriesReader{engine: engine, streams: s,
		dir: filepath.Join(c.Out, "series", engine.identity.Model.SHA256[:min(16, len(engine.identity.Model.SHA256))])}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return nil, err
	}
	records, failed, err := r.readAll(ctx, inputs)
	if err != nil {
		return nil, err
	}
	doc.Missing = append(append(doc.Missing, missing...), failed...)
	doc.Listed = len(inputs) + len(missing)
	for _, m := range doc.Missing {
		fmt.Fprintf(s.err, "not read: %s %s\n", m.SeriesUID, m.Reason)
	}
	fmt.Fprintf(s.err, "%d of %d series read, %d of them by an earlier run\n", len(records), doc.Listed, r.known)
	if len(records) == 0 {
		return nil, refusedError(len(doc.Missing), 0)
	}
	set.Marks, set.Scans = nil, nil
	given := map[string]froc.Scan{}
	for _, scan := range truth.scans {
		given[scan.SeriesUID] = scan
	}
	for _, rec := range records {
		set.Scans = append(set.Scans, rec.scan(given[rec.SeriesUID]))
		set.Marks = append(set.Marks, rec.marks()...)
	}
	if err := c.writeRead(*set); err != nil {
		return nil, err
	}
	if len(doc.Missing) > 0 && !c.AllowMissing {
		fmt.Fprintf(s.err, "not evaluated: %d series or files could not be read. What was read is kept: mend them and run again, "+
			"or evaluate the rest with --allow-missing\n", len(doc.Missing))
	}
	return thresholds(engine.model.Points), nil
}

// writeRead writes what was read as tables, and takes away what an earlier
// evaluation said of other marks.
func (c *evaluateCmd) writeRead(set froc.Set) error {
	for _, name := range evaluationFiles {
		if err := os.Remove(filepath.Join(c.Out, name)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	if err := writeWhole(filepath.Join(c.Out, marksFile), func(w io.Writer) error { return froc.WriteMarks(w, set.Marks) }); err != nil {
		return err
	}
	return writeWhole(filepath.Join(c.Out, scansFile), func(w io.Writer) error { return froc.WriteScans(w, set.Scans) })
}

// seriesReader reads series one after the other and keeps what each gave.
type seriesReader struct {
	engine  *engine
	streams *streams
	dir     string
	// known counts what was taken from an earlier run.
	known int
}

// seriesRecord is the file of one series that was read.
type seriesRecord struct {
	// Key is of all that decides the candidates; a record under another key is
	// not used.
	Key         string              `json:"key"`
	SeriesUID   string              `json:"series_uid"`
	Model       triage.Model        `json:"model"`
	ThicknessMM float64             `json:"thickness_mm"`
	SpacingMM   float64             `json:"spacing_mm"`
	Kernel      string              `json:"kernel"`
	Candidates  []finding.Candidate `json:"candidates"`
}

// scan is the series with what a list said of it, which goes before what was
// read.
func (r seriesRecord) scan(given froc.Scan) froc.Scan {
	// The spacing comes from positions: its last digits are rounding, which
	// would part equal scans at the strata's ends.
	s := froc.Scan{SeriesUID: r.SeriesUID, ThicknessMM: r.ThicknessMM, SpacingMM: math.Round(r.SpacingMM*1000) / 1000,
		Kernel: r.Kernel, Group: given.Group}
	if given.ThicknessMM > 0 {
		s.ThicknessMM = given.ThicknessMM
	}
	if given.SpacingMM > 0 {
		s.SpacingMM = given.SpacingMM
	}
	if given.Kernel != "" {
		s.Kernel = given.Kernel
	}
	return s
}

func (r seriesRecord) marks() (marks []froc.Mark) {
	for _, c := range r.Candidates {
		marks = append(marks, froc.Mark{SeriesUID: r.SeriesUID, CenterLPSMM: c.CenterLPSMM, Score: c.Score, DiameterMM: c.DiameterMM})
	}
	return marks
}

// readAll returns the records and the series that failed. The error is ctx's
// or the disk's.
func (r *seriesReader) readAll(ctx context.Context, inputs []evaluationInput) (records []seriesRecord, failed []missingSeries, err error) {
	bar := newBar(r.streams, len(inputs), "reading")
	defer bar.finish()
	for i, in := range inputs {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		key := r.key(in)
		path := filepath.Join(r.dir, key+".json")
		rec, ok := keptRecord(path, key, in.uid)
		if ok {
			r.known++
		} else {
			start := time.Now()
			if rec, err = r.read(ctx, in, key); err != nil {
				if ctx.Err() != nil {
					return nil, nil, ctx.Err()
				}
				failed = append(failed, missingSeries{in.uid, err.Error()})
				continue
			}
			if err := writeWhole(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(rec) }); err != nil {
				return nil, nil, err
			}
			if r.streams.verbose {
				fmt.Fprintf(r.streams.err, "%d of %d: %s, %d marks, %.1f s\n", i+1, len(inputs), in.uid, len(rec.Candidates), time.Since(start).Seconds())
			}
		}
		records = append(records, rec)
		bar.step()
	}
	return records, failed, nil
}

func (r *seriesReader) read(ctx context.Context, in evaluationInput, key string) (seriesRecord, error) {
	v, scan, err := in.load(ctx)
	if err != nil {
		return seriesRecord{}, err
	}
	out, err := r.engine.pipeline.Run(ctx, v, nil)
	if err != nil {
		return seriesRecord{}, err
	}
	return seriesRecord{Key: key, SeriesUID: in.uid, Model: r.engine.identity.Model, ThicknessMM: scan.ThicknessMM,
		SpacingMM: scan.SpacingMM, Kernel: scan.Kernel, Candidates: out.Candidates}, nil
}

// recordRevision changes with the form of a record.
const recordRevision = "1"

// key is of the series, its contents, the model, the library and the revision
// of the pipeline. It is a file name too: a UID is none.
func (r *seriesReader) key(in evaluationInput) string {
	id := r.engine.identity
	h := sha256.New()
	for _, part := range []string{recordRevision, in.uid, in.contents, id.Recipe.ModelSHA256, id.Recipe.ConfigSHA256, id.Runtime.SHA256} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// keptRecord takes up what an earlier run wrote. One that cannot be read, by a
// machine that lost power, is as if it were not there.
func keptRecord(path, key, uid string) (seriesRecord, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return seriesRecord{}, false
	}
	var rec seriesRecord
	if json.Unmarshal(data, &rec) != nil || rec.Key != key || rec.SeriesUID != uid {
		return seriesRecord{}, false
	}
	return rec, true
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone where all went well
	err = write(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// What was read, as tables.
const marksFile, scansFile = "marks.csv", "series.csv"

// evaluationFiles are what an evaluation writes into --out, in this order: with
// evaluation.json everything is there.
var evaluationFiles = []string{"froc.csv", "froc_band.csv", "strata.csv", "froc.svg", "froc.png", "evaluation.json"}
