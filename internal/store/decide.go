package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/riverqueue/river"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// decideOn is what decide is told.
type decideOn struct {
	complete, changed, corrected bool
	at, quietUntil               time.Time
	recipe                       triage.Recipe
}

// decide gathers the facts of a study, asks triage.Decide, and does what it
// says to the row and the jobs. moved: the row is not as it was.
func (s *SQLite) decide(ctx context.Context, tx *sql.Tx, r *studyRow, on decideOn) (dropped []int64, moved bool, err error) {
	if r.instances == 0 {
		return nil, false, nil
	}
	facts := triage.Facts{
		State: r.state, Complete: on.complete, Changed: on.changed, Corrected: on.corrected,
		ReadKey: r.readKey, JobKey: r.jobKey,
		Held: r.notAssessed != nil && r.notAssessed.Reason == refusal.PatientMismatch,
	}
	if facts.Patients, err = studyPatients(ctx, tx, r.id); err != nil {
		return nil, false, err
	}
	if facts.Partial, err = partial(ctx, tx, r.id); err != nil {
		return nil, false, err
	}
	if on.complete {
		if facts.Key, err = readingKey(ctx, tx, r.id, on.recipe); err != nil {
			return nil, false, err
		}
	}
	d := triage.Decide(facts)
	if d.Drop {
		if dropped, err = dropJob(ctx, tx, r, on.at, "replaced"); err != nil {
			return nil, false, err
		}
	}
	switch {
	case d.Hold != nil:
		moved = !facts.Held || d.Drop
		r.setNotAssessed(d.Hold)
	case d.State != r.state || d.Queue:
		moved = true
		r.reopen(d.State)
	}
	if d.Queue {
		if err := s.queueReading(ctx, tx, r, facts.Key, on.at); err != nil {
			return nil, false, err
		}
	}
	if d.Wait {
		waits, err := s.queueSettling(ctx, tx, r, on.quietUntil)
		if err != nil {
			return nil, false, err
		}
		moved = moved || waits
	}
	return dropped, moved, nil
}

func studyPatients(ctx context.Context, tx *sql.Tx, study int64) ([]triage.Patient, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT patient_id, issuer, name, birth_date FROM patient
		WHERE id IN (SELECT patient_id FROM instance WHERE study_id = ? UNION SELECT patient_id FROM gone_instance WHERE study_id = ?)`,
		study, study)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []triage.Patient
	for rows.Next() {
		var p triage.Patient
		if err := rows.Scan(&p.ID, &p.Issuer, &p.Name, &p.BirthDate); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func readingKey(ctx context.Context, tx *sql.Tx, study int64, r triage.Recipe) (string, error) {
	earlier, err := earlierOf(ctx, tx, study)
	if err != nil {
		return "", err
	}
	return readingKeyAfter(ctx, tx, study, r, earlier)
}

func readingKeyAfter(ctx context.Context, tx *sql.Tx, study int64, r triage.Recipe, earlier *triage.Earlier) (string, error) {
	files, err := studyFiles(ctx, tx, study)
	if err != nil {
		return "", err
	}
	contents := make([]triage.Sum, len(files))
	for i, f := range files {
		contents[i] = f.Content
	}
	return triage.ReadingKey(contents, r, earlier), nil
}

// studyFiles are the current versions, in the order of arrival.
func studyFiles(ctx context.Context, tx *sql.Tx, study int64) ([]triage.ReadingFile, error) {
	return filesOf(ctx, tx, `study_id = ?`, study)
}

func filesOf(ctx context.Context, tx *sql.Tx, where string, id int64) ([]triage.ReadingFile, error) {
	rows, err := tx.QueryContext(ctx, `SELECT path, content FROM instance WHERE `+where+` ORDER BY id`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []triage.ReadingFile
	for rows.Next() {
		var f triage.ReadingFile
		if err := rows.Scan(&f.Path, sumOf(&f.Content)); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// maxAttempts is River's bound, which must never be what ends a job: its end
// would leave the study waiting for ever. triage.Service counts for itself.
const maxAttempts = 10000

// queueReading inserts the read job that owns the study from now on.
func (s *SQLite) queueReading(ctx context.Context, tx *sql.Tx, r *studyRow, key string, at time.Time) error {
	priority := triage.PriorityLive2
	if r.request == triage.RequestUrgent {
		priority = triage.PriorityUrgent1
	}
	res, err := s.jobs.InsertTx(ctx, tx, triage.ReadJob{StudyUID: r.uid}, &river.InsertOpts{
		Queue: triage.QueueRead, Priority: priority, MaxAttempts: maxAttempts,
	})
	if err != nil {
		return err
	}
	r.jobID, r.jobKey = res.Job.ID, key
	return tx.QueryRowContext(ctx, `INSERT INTO reading (job_id, study_id, key, created_at) VALUES (?, ?, ?, ?) RETURNING id`,
		r.jobID, r.id, key, micros(at)).Scan(&r.readingID)
}

// queueSettling makes sure that a settle job is on its way. One that is
// running counts: it looks at the time of the last arrival in the transaction
// that ends it.
func (s *SQLite) queueSettling(ctx context.Context, tx *sql.Tx, r *studyRow, when time.Time) (inserted bool, err error) {
	if r.settleJobID != 0 {
		var n int
		if err := tx.QueryRowContext(ctx, `
			SELECT count(*) FROM river_job
			WHERE id = ? AND finalized_at IS NULL AND kind = ? AND json_extract(args, '$.study_uid') = ?`,
			r.settleJobID, triage.SettleJob{}.Kind(), r.uid).Scan(&n); err != nil || n > 0 {
			return false, err
		}
	}
	res, err := s.jobs.InsertTx(ctx, tx, triage.SettleJob{StudyUID: r.uid}, &river.InsertOpts{
		Queue: triage.QueueSettle, ScheduledAt: when, MaxAttempts: maxAttempts,
	})
	if err != nil {
		return false, err
	}
	r.settleJobID = res.Job.ID
	return true, nil
}

// hurry moves a job that did not start yet to the front.
func hurry(ctx context.Context, tx *sql.Tx, job int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE river_job SET priority = ? WHERE id = ? AND finalized_at IS NULL`, triage.PriorityUrgent1, job)
	return err
}

// dropJob takes the study away from its read job. A job that runs loses its
// fence, and is returned so that it can be stopped.
func dropJob(ctx context.Context, tx *sql.Tx, r *studyRow, at time.Time, outcome string) (running []int64, err error) {
	if r.jobID == 0 {
		return nil, nil
	}
	var state string
	if err := tx.QueryRowContext(ctx, `SELECT coalesce((SELECT state FROM river_job WHERE id = ?), '')`, r.jobID).Scan(&state); err != nil {
		return nil, err
	}
	if state == "running" {
		running = []int64{r.jobID}
	}
	return running, r.endReading(ctx, tx, "cancelled", outcome, at)
}

// riverTime is how River writes a time in SQLite (its driver's timeString).
const riverTime = "2006-01-02 15:04:05.000"

// endJob ends a job in the transaction that makes it needless. What River
// itself says of the job afterwards changes nothing any more, since it only
// ends jobs that are running.
func endJob(ctx context.Context, tx *sql.Tx, job int64, state string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE river_job SET state = ?, finalized_at = ? WHERE id = ? AND finalized_at IS NULL`,
		state, at.UTC().Format(riverTime), job)
	return err
}

// endReading ends the study's read job and says what came of it.
func (r *studyRow) endReading(ctx context.Context, tx *sql.Tx, jobState, outcome string, at time.Time) error {
	if err := endJob(ctx, tx, r.jobID, jobState, at); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE reading SET outcome = ?, finished_at = ? WHERE id = ?`, outcome, micros(at), r.readingID)
	r.jobID, r.jobKey, r.readingID = 0, "", 0
	return err
}
