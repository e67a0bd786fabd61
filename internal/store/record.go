package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// Known implements triage.Store.
func (s *SQLite) Known(ctx context.Context, sopUIDs []string) (map[string]triage.Known, error) {
	known := map[string]triage.Known{}
	err := s.inSnapshot(ctx, func(tx *sql.Tx) error {
		for _, uid := range sopUIDs {
			i, err := findInstance(ctx, tx, uid)
			if err != nil {
				return err
			}
			if i != nil {
				known[uid] = i.Known
			}
		}
		return nil
	})
	return known, err
}

// storedInstance is what intake compares a new file with.
type storedInstance struct {
	triage.Known
	id      int64
	series  int64
	patient int64
	content triage.Sum
}

func findInstance(ctx context.Context, tx *sql.Tx, sopUID string) (*storedInstance, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT i.id, i.series_id, i.patient_id, i.pixels, i.content, i.path, f.sha256
		FROM instance i JOIN instance_file f ON f.instance_id = i.id
		WHERE i.sop_uid = ?`, sopUID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out *storedInstance
	for rows.Next() {
		var i storedInstance
		var file triage.Sum
		if err := rows.Scan(&i.id, &i.series, &i.patient, sumOf(&i.Pixels), sumOf(&i.content), &i.Path, sumOf(&file)); err != nil {
			return nil, err
		}
		if out == nil {
			out = &i
		}
		out.Files = append(out.Files, file)
	}
	return out, rows.Err()
}

// recording is one Record on its way.
type recording struct {
	s       *SQLite
	tx      *sql.Tx
	in      triage.Intake
	studies map[string]*touched
	// order keeps the sequence of changes that of the files.
	order []*touched
	// described are the series that have a description from this recording on.
	described map[int64]bool
	now       int64
}

// touched is a study that something of the upload belongs to.
type touched struct {
	studyRow
	// changed: something that a reading or the patient check depends on.
	changed, content bool
	// corrected: a known instance names another patient, or its study another
	// order.
	corrected bool
	// own: something of it was sent for itself, not because we asked an archive
	// for a prior.
	own bool
	// seen: the row shows something else than before.
	seen bool
	// renewed: its days have begun anew.
	renewed bool
}

// Record implements triage.Store.
func (s *SQLite) Record(ctx context.Context, in triage.Intake) (triage.Recorded, error) {
	var out triage.Recorded
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		r := &recording{s: s, tx: tx, in: in, studies: map[string]*touched{}, described: map[int64]bool{}, now: micros(in.At)}
		out = triage.Recorded{}
		for _, f := range in.Files {
			done, err := r.file(ctx, f)
			if err != nil {
				return err
			}
			out.Files = append(out.Files, done)
		}
		for _, t := range r.order {
			dropped, err := r.conclude(ctx, t)
			if err != nil {
				return err
			}
			out.Dropped = append(out.Dropped, dropped...)
		}
		return nil
	})
	if err != nil {
		return triage.Recorded{}, err
	}
	return out, nil
}

// errRaced: a file was not kept because its bytes were known, and now they
// are not.
var errRaced = errors.New("the store changed while the upload was recorded")

func (r *recording) file(ctx context.Context, f triage.IntakeFile) (triage.RecordedFile, error) {
	if f.Refusal != nil {
		return r.quarantine(ctx, f, f.Refusal)
	}
	before, err := findInstance(ctx, r.tx, f.Header.SOPUID)
	if err != nil {
		return triage.RecordedFile{}, err
	}
	var known *triage.Known
	if before != nil {
		known = &before.Known
	}
	outcome, why := triage.Classify(known, f.Header.Pixels, f.File.SHA256)
	if outcome == triage.Quarantine {
		return r.quarantine(ctx, f, why)
	}
	t, err := r.study(ctx, f.Header.StudyUID, triage.Receiving)
	if err != nil {
		return triage.RecordedFile{}, err
	}
	t.own = t.own || f.ForItself || !t.asked(r.now)
	if outcome == triage.Repeat {
		if !t.renewed { // else a study that is sent again on its last day loses what was sent first
			t.renewed = true
			if err := renew(ctx, r.tx, t.id, r.now); err != nil {
				return triage.RecordedFile{}, err
			}
		}
		return triage.RecordedFile{Outcome: outcome, Unused: true}, r.restore(ctx, t, before, f)
	}
	if f.File.Path == "" {
		return triage.RecordedFile{}, errRaced
	}
	if outcome == triage.Accept {
		err = r.accept(ctx, t, f)
	} else {
		err = r.newVersion(ctx, t, before, f)
	}
	return triage.RecordedFile{Outcome: outcome}, err
}

// accept writes an instance that was not known.
func (r *recording) accept(ctx context.Context, t *touched, f triage.IntakeFile) error {
	patient, err := r.patient(ctx, f.Header.Patient)
	if err != nil {
		return err
	}
	series, err := r.series(ctx, t.id, f.Header)
	if err != nil {
		return err
	}
	res, err := r.tx.ExecContext(ctx, `
		INSERT INTO instance (sop_uid, sop_class, study_id, series_id, patient_id, content, path, pixels)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		f.Header.SOPUID, f.Header.SOPClassUID, t.id, series, patient, f.Header.Content[:], f.File.Path, f.Header.Pixels[:])
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return err
	}
	if _, err := r.tx.ExecContext(ctx, `DELETE FROM gone_instance WHERE study_id = ? AND sop_uid = ?`, t.id, f.Header.SOPUID); err != nil {
		return err
	}
	t.instances++
	t.changed, t.content, t.seen = true, true, true
	if err := r.describeNew(ctx, place{t.id, series, id}, f.Header.Description); err != nil {
		return err
	}
	return r.version(ctx, id, f.File)
}

// newVersion keeps a newer header beside the first; it is read from now on.
func (r *recording) newVersion(ctx context.Context, t *touched, before *storedInstance, f triage.IntakeFile) error {
	if err := r.current(ctx, t, before, f.Header, f.File.Path); err != nil {
		return err
	}
	return r.version(ctx, before.id, f.File)
}

// restore makes an earlier version current again where its bytes come once
// more: the sender's last word counts, and a study that was held for a wrong
// patient is freed by sending the right files.
func (r *recording) restore(ctx context.Context, t *touched, before *storedInstance, f triage.IntakeFile) error {
	var path string
	err := r.tx.QueryRowContext(ctx, `SELECT path FROM instance_file WHERE instance_id = ? AND sha256 = ?`,
		before.id, f.File.SHA256[:]).Scan(&path)
	if err != nil || path == before.Path {
		return err
	}
	return r.current(ctx, t, before, f.Header, path)
}

// current makes the file at path the version that is read.
func (r *recording) current(ctx context.Context, t *touched, before *storedInstance, h triage.Header, path string) error {
	patient, err := r.patient(ctx, h.Patient)
	if err != nil {
		return err
	}
	if _, err := r.tx.ExecContext(ctx, `UPDATE instance SET patient_id = ?, content = ?, path = ? WHERE id = ?`,
		patient, h.Content[:], path, before.id); err != nil {
		return err
	}
	was, err := subjectOf(ctx, r.tx, t.id)
	if err != nil {
		return err
	}
	if err := describe(ctx, r.tx, place{t.id, before.series, before.id}, h.Description); err != nil {
		return err
	}
	is, err := subjectOf(ctx, r.tx, t.id)
	if err != nil {
		return err
	}
	t.content = t.content || before.content != h.Content
	// A report that bears what was corrected takes the place of the one that
	// bears what was wrong.
	t.corrected = t.corrected || before.patient != patient || was != is
	t.changed = t.changed || t.content || t.corrected
	return nil
}

func (r *recording) version(ctx context.Context, instance int64, f triage.StoredFile) error {
	_, err := r.tx.ExecContext(ctx, `INSERT INTO instance_file (instance_id, sha256, path, bytes, received_at) VALUES (?, ?, ?, ?, ?)`,
		instance, f.SHA256[:], f.Path, f.Bytes, r.now)
	return err
}

// quarantine keeps what is not read. The same bytes again are kept once.
func (r *recording) quarantine(ctx context.Context, f triage.IntakeFile, why *refusal.Error) (triage.RecordedFile, error) {
	out := triage.RecordedFile{Outcome: triage.Quarantine, Refusal: why, Unused: true}
	if f.File.Path == "" {
		return out, errRaced
	}
	body, err := encodeRefusal(why)
	if err != nil {
		return out, err
	}
	res, err := r.tx.ExecContext(ctx, `
		INSERT INTO quarantine (study_uid, sop_uid, refusal, sha256, path, bytes, received_at)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING`,
		f.Header.StudyUID, f.Header.SOPUID, body, f.File.SHA256[:], f.File.Path, f.File.Bytes, r.now)
	if err != nil {
		return out, err
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return out, err
	}
	out.Unused = false
	if f.Header.StudyUID == "" {
		return out, nil
	}
	t, err := r.study(ctx, f.Header.StudyUID, triage.NotAssessed)
	if err != nil {
		return out, err
	}
	t.quarantined++
	t.seen = true
	return out, nil
}

// study finds a study, or makes it in the given state: NotAssessed where its
// first instance goes to quarantine, so that a study of which nothing could be
// taken in is on the worklist and not forgotten.
func (r *recording) study(ctx context.Context, uid string, state triage.State) (*touched, error) {
	if t := r.studies[uid]; t != nil {
		return t, nil
	}
	row, err := loadStudy(ctx, r.tx, uid)
	if errors.Is(err, triage.ErrNotFound) {
		row, err = r.newStudy(ctx, uid, state)
	}
	if err != nil {
		return nil, err
	}
	t := &touched{studyRow: row, seen: row.change == 0}
	r.studies[uid] = t
	r.order = append(r.order, t)
	return t, nil
}

func (r *recording) newStudy(ctx context.Context, uid string, state triage.State) (studyRow, error) {
	mark, err := markedPrior(ctx, r.tx, uid)
	if err != nil {
		return studyRow{}, err
	}
	row := studyRow{
		uid: uid, prior: mark, state: state, request: r.in.Priority,
		receivedAt: r.now, updatedAt: r.now, lastInstanceAt: r.now,
	}
	if state == triage.NotAssessed {
		row.setNotAssessed(refusal.New(refusal.NoUsableSeries, "send the study again, repaired",
			"no instance of the study could be taken in; see the instances in quarantine"))
	}
	number, err := nextChange(ctx, r.tx)
	if err != nil {
		return row, err
	}
	res, err := r.tx.ExecContext(ctx, `
		INSERT INTO study (uid, state, request_priority, received_at, updated_at, last_instance_at, change)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, uid, state, row.request, r.now, r.now, r.now, number)
	if err != nil {
		return row, err
	}
	row.id, err = res.LastInsertId()
	return row, err
}

func (r *recording) series(ctx context.Context, study int64, h triage.Header) (int64, error) {
	if _, err := r.tx.ExecContext(ctx, `INSERT INTO series (study_id, uid, modality) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		study, h.SeriesUID, h.Modality); err != nil {
		return 0, err
	}
	var id int64
	err := r.tx.QueryRowContext(ctx, `SELECT id FROM series WHERE study_id = ? AND uid = ?`, study, h.SeriesUID).Scan(&id)
	return id, err
}

func (r *recording) patient(ctx context.Context, p triage.Patient) (int64, error) {
	if _, err := r.tx.ExecContext(ctx, `INSERT INTO patient (patient_id, issuer, name, birth_date) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		p.ID, p.Issuer, p.Name, p.BirthDate); err != nil {
		return 0, err
	}
	var id int64
	err := r.tx.QueryRowContext(ctx, `SELECT id FROM patient WHERE patient_id = ? AND issuer = ? AND name = ? AND birth_date = ?`,
		p.ID, p.Issuer, p.Name, p.BirthDate).Scan(&id)
	return id, err
}

// conclude decides about one study of the upload and writes its row.
func (r *recording) conclude(ctx context.Context, t *touched) ([]int64, error) {
	if r.in.Priority == triage.RequestUrgent && t.request != triage.RequestUrgent {
		t.request, t.seen = triage.RequestUrgent, true
		if err := hurry(ctx, r.tx, t.jobID); err != nil {
			return nil, err
		}
	}
	if t.content {
		if err := returned(ctx, r.tx, t.id); err != nil {
			return nil, err
		}
	}
	if err := r.ordinary(ctx, t); err != nil {
		return nil, err
	}
	if t.changed {
		t.lastInstanceAt = r.now
	}
	if t.corrected {
		if err := seekAgain(ctx, r.tx, t.id); err != nil {
			return nil, err
		}
	}
	dropped, moved, err := r.s.decide(ctx, r.tx, &t.studyRow, decideOn{
		complete: r.in.Complete && t.instances > 0, changed: t.changed, corrected: t.corrected,
		at: r.in.At, quietUntil: r.in.QuietUntil, recipe: r.in.Recipe,
	})
	if err != nil {
		return nil, err
	}
	if !moved && !t.seen && !t.changed {
		return dropped, nil
	}
	if err := saveStudy(ctx, r.tx, &t.studyRow, r.in.At); err != nil {
		return nil, err
	}
	if t.changed && t.state.Final() {
		// It is held now, or its images are there again: that nothing is read does
		// not leave it the prior that it was.
		return dropped, r.s.compareLater(ctx, r.tx, t.id, r.in.At, r.in.Recipe)
	}
	return dropped, nil
}

// micros is a time as the database keeps it.
func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// sumOf scans a BLOB into a sum.
func sumOf(s *triage.Sum) sql.Scanner { return (*scanSum)(s) }

type scanSum triage.Sum

func (s *scanSum) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok || len(b) != len(s) {
		return fmt.Errorf("a sum of %d bytes is no SHA-256", len(b))
	}
	copy(s[:], b)
	return nil
}
