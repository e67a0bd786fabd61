package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"nafas/internal/triage"
)

var _ triage.Outbox = (*SQLite)(nil)

// deliveryKey identifies what a reading says of a study: the result, or why no
// CT series of it was read. What else is in the study does not count: a report
// of ours that comes back must change nothing, or it would make another one.
func deliveryKey(reading triage.StudyReading) string {
	failed := "failed"
	for _, s := range reading.Series {
		if s.Result != nil && reading.Comparison != nil {
			return s.Result.Key + " after " + reading.Comparison.Key
		}
		if s.Result != nil {
			return s.Result.Key
		}
		if s.Modality == "CT" && s.NotRead != nil {
			failed += " " + s.UID + " " + string(s.NotRead.Reason)
		}
	}
	if why := reading.NotAssessed; why != nil {
		return failed + " " + string(why.Reason)
	}
	return ""
}

// saidOf is what the rows say of a study now.
func saidOf(ctx context.Context, tx *sql.Tx, r *studyRow) (triage.StudyReading, error) {
	said := triage.StudyReading{NotAssessed: r.notAssessed}
	var err error
	if said.Series, err = loadSeries(ctx, tx, r.id); err != nil {
		return said, err
	}
	said.Comparison, err = loadComparison(ctx, tx, r.id)
	return said, err
}

// saidAt is when what is said was stored: a result may be older than the
// reading that took it over, and younger than a comparison.
func saidAt(ctx context.Context, tx *sql.Tx, study int64, key string, otherwise time.Time) (int64, error) {
	result, earlier, _ := strings.Cut(key, " after ")
	var at int64
	err := tx.QueryRowContext(ctx, `
		SELECT max(r.created_at, coalesce((SELECT c.created_at FROM comparison c WHERE c.study_id = ?2 AND c.key = ?3), 0))
		FROM result r WHERE r.key = ?1`, result, study, earlier).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return micros(otherwise), nil
	}
	return at, err
}

// storedAt fills in when what a delivery says was stored; of a failure that is not
// known.
func storedAt(ctx context.Context, tx *sql.Tx, study int64, d *triage.Delivery) error {
	if d.Series.Result == nil {
		return nil
	}
	at, err := saidAt(ctx, tx, study, d.Key, d.At)
	d.StoredAt = fromMicros(at)
	return err
}

// Said implements triage.Store.
func (s *SQLite) Said(ctx context.Context, studyUID string) (triage.Delivery, error) {
	var d triage.Delivery
	err := s.inSnapshot(ctx, func(tx *sql.Tx) error {
		d = triage.Delivery{}
		row, err := loadStudy(ctx, tx, studyUID)
		if err != nil {
			return err
		}
		said, err := saidOf(ctx, tx, &row)
		if err != nil {
			return err
		}
		d.Key = deliveryKey(said)
		at, err := saidAt(ctx, tx, row.id, d.Key, fromMicros(row.updatedAt))
		if err != nil {
			return err
		}
		d.At = fromMicros(at)
		if err := s.deliveryStudy(ctx, tx, row.id, math.MaxInt64, &d); err != nil {
			return err
		}
		return storedAt(ctx, tx, row.id, &d)
	})
	return d, err
}

// queueDeliveries puts what is said of a study into the outbox of every
// destination that wants it and was not told the same last, in place of what
// still waits there. Studies without CT are none that anything is said of, and
// of a prior the archive that it came from knows all that it wants to.
func (s *SQLite) queueDeliveries(ctx context.Context, tx *sql.Tx, r *studyRow, key string, at time.Time) error {
	if r.priorOnly() {
		return nil
	}
	study, priority := r.id, r.priority
	var hasCT bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM series WHERE study_id = ? AND modality = 'CT')`, study).Scan(&hasCT); err != nil || !hasCT {
		return err
	}
	subject, err := subjectOf(ctx, tx, study)
	if err != nil {
		return err
	}
	absent, err := s.absentDestinations(ctx, tx, study)
	if err != nil {
		return err
	}
	told, err := toldReview(ctx, tx, study)
	if err != nil {
		return err
	}
	for _, destination := range slices.Concat(s.destinations, absent) {
		due, err := isDue(ctx, tx, study, priority, destination, key, subject, told)
		if err != nil {
			return err
		}
		if !due {
			continue
		}
		if err := s.queueDelivery(ctx, tx, study, destination.Name, key, subject, told, at); err != nil {
			return err
		}
	}
	return nil
}

// absentDestinations are those that something of a study waits for, and that are
// not among the settings (now): should one come back, it is told what is said
// then, not what is no longer known.
func (s *SQLite) absentDestinations(ctx context.Context, tx *sql.Tx, study int64) (out []triage.Destination, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT destination FROM delivery WHERE study_id = ? AND state = 'waiting'`, study)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d triage.Destination
		if err := rows.Scan(&d.Name); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(s.destinations, func(known triage.Destination) bool { return known.Name == d.Name }) {
			out = append(out, d)
		}
	}
	return out, rows.Err()
}

func (s *SQLite) queueDelivery(ctx context.Context, tx *sql.Tx, study int64, destination, key, subject string, told int64, at time.Time) error {
	said, err := sayAt(ctx, tx, study, destination, key, subject, told, at)
	if err != nil {
		return err
	}
	var id int64
	if err := tx.QueryRowContext(ctx, `
		INSERT INTO delivery (study_id, destination, key, state, created_at, queued_at, updated_at, subject, review)
		VALUES (?1, ?2, ?3, 'waiting', ?5, ?4, ?4, ?6, ?7) RETURNING id`,
		study, destination, key, micros(at), said, subject, told).Scan(&id); err != nil {
		return err
	}
	if err := replaceDeliveries(ctx, tx, study, destination, id, at); err != nil {
		return err
	}
	return s.queueDeliverJob(ctx, tx, id, destination)
}

// queueDeliverJob inserts the job that owns a delivery from now on.
func (s *SQLite) queueDeliverJob(ctx context.Context, tx *sql.Tx, id int64, destination string) error {
	res, err := s.jobs.InsertTx(ctx, tx, triage.DeliverJob{DeliveryID: id}, &river.InsertOpts{
		Queue: s.deliverQueue(destination), MaxAttempts: maxAttempts,
	})
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE delivery SET job_id = ? WHERE id = ?`, res.Job.ID, id)
	return err
}

// isDue says whether a destination is to be told something of a study: where
// it wants such studies or knows this one, and the latest that it was told, or
// is being told, is something else, or of somebody else, or less than what readers
// said that is told.
func isDue(ctx context.Context, tx *sql.Tx, study int64, priority triage.Priority, d triage.Destination, key, subject string, told int64) (bool, error) {
	var last, lastSubject, state string
	var lastTold int64
	err := tx.QueryRowContext(ctx, `SELECT key, subject, state, review FROM delivery WHERE study_id = ? AND destination = ? ORDER BY id DESC LIMIT 1`,
		study, d.Name).Scan(&last, &lastSubject, &state, &lastTold)
	if errors.Is(err, sql.ErrNoRows) {
		return d.Wants(priority), nil
	}
	corrected := lastSubject != "" && subject != "" && lastSubject != subject
	return last != key || corrected || lastTold != told || state == string(triage.DeliveryDead), err
}

// subjectOf is a sum of the patient and study attributes of a study, as its
// objects bear them; "" where they are not known (yet).
func subjectOf(ctx context.Context, tx *sql.Tx, study int64) (string, error) {
	values := make([]any, len(studyHeader))
	query := `SELECT `
	for i, c := range studyHeader {
		if i > 0 {
			query += `, `
		}
		query += c.name
		values[i] = new(string)
	}
	err := tx.QueryRowContext(ctx, query+` FROM study_header WHERE study_id = ?`, study).Scan(values...)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	h := sha256.New()
	for _, v := range values {
		fmt.Fprintf(h, "%q", *v.(*string))
	}
	return hex.EncodeToString(h.Sum(nil)), err
}

// sayAt is the time that the objects of a delivery bear, which is part of their
// UIDs: that of what is said, but where the destination was told something as
// late before, now: the object would not be the latest. So it is where the same
// is said again, and where a comparison is taken back. Where only readers said
// something since, it stays.
func sayAt(ctx context.Context, tx *sql.Tx, study int64, destination, key, subject string, told int64, now time.Time) (int64, error) {
	if at, same, err := saidTheSame(ctx, tx, study, destination, key, subject, told); err != nil || same {
		return at, err
	}
	at, err := saidAt(ctx, tx, study, key, now)
	if err != nil {
		return 0, err
	}
	var later bool
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM delivery WHERE study_id = ? AND destination = ? AND created_at >= ? AND state <> 'dead')`,
		study, destination, at).Scan(&later)
	if later {
		at = micros(now)
	}
	return at, err
}

// replaceDeliveries ends the older deliveries of a study that still wait.
func replaceDeliveries(ctx context.Context, tx *sql.Tx, study int64, destination string, newest int64, at time.Time) error {
	rows, err := tx.QueryContext(ctx, `
		UPDATE delivery SET state = 'replaced', updated_at = ?
		WHERE study_id = ? AND destination = ? AND state = 'waiting' AND id <> ? RETURNING coalesce(job_id, 0)`,
		micros(at), study, destination, newest)
	if err != nil {
		return err
	}
	var jobs []int64
	for rows.Next() {
		var job int64
		if err := rows.Scan(&job); err != nil {
			rows.Close()
			return err
		}
		jobs = append(jobs, job)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, job := range jobs {
		if err := endJob(ctx, tx, job, "cancelled", at); err != nil {
			return err
		}
	}
	return nil
}

// fencedDelivery returns the study of a delivery that is the token's, in this
// very attempt.
func fencedDelivery(ctx context.Context, tx *sql.Tx, t triage.Token, id int64) (d triage.Delivery, study, told int64, err error) {
	var created, queued int64
	var sent string
	err = tx.QueryRowContext(ctx, `
		SELECT d.study_id, d.destination, d.key, d.created_at, d.queued_at, d.sent, d.review FROM delivery d JOIN river_job j ON j.id = d.job_id
		WHERE d.id = ? AND d.job_id = ? AND d.state = 'waiting' AND j.state = 'running' AND j.attempt = ?`,
		id, t.JobID, t.Attempt).Scan(&study, &d.Destination, &d.Key, &created, &queued, &sent, &told)
	if errors.Is(err, sql.ErrNoRows) {
		return d, 0, 0, triage.ErrFenced
	}
	if err != nil {
		return d, 0, 0, err
	}
	d.ID, d.At, d.QueuedAt = id, fromMicros(created), fromMicros(queued)
	d.Sent, err = decodeSent(sent)
	return d, study, told, err
}

// Delivery implements triage.Outbox.
func (s *SQLite) Delivery(ctx context.Context, t triage.Token, id int64) (triage.Delivery, error) {
	var d triage.Delivery
	err := s.inSnapshot(ctx, func(tx *sql.Tx) error {
		var study, told int64
		var err error
		if d, study, told, err = fencedDelivery(ctx, tx, t, id); err != nil {
			return err
		}
		if err := s.deliveryStudy(ctx, tx, study, told, &d); err != nil {
			return err
		}
		if d.Replaces, err = deliveredBefore(ctx, tx, study, d); err != nil {
			return err
		}
		return storedAt(ctx, tx, study, &d)
	})
	return d, err
}

// deliveryStudy fills in the study, what readers said of it up to an entry of the
// review, its series and that one's instances: none while a CT image is gone.
func (s *SQLite) deliveryStudy(ctx context.Context, tx *sql.Tx, study, told int64, d *triage.Delivery) error {
	var uid string
	if err := tx.QueryRowContext(ctx, `SELECT uid FROM study WHERE id = ?`, study).Scan(&uid); err != nil {
		return err
	}
	row, err := loadStudy(ctx, tx, uid)
	if err != nil {
		return err
	}
	d.Study = row.study()
	if d.Review, err = reviewAt(ctx, tx, &row, told); err != nil {
		return err
	}
	if d.Study.Series, err = loadSeries(ctx, tx, study); err != nil {
		return err
	}
	if d.Study.Assessment, err = loadAssessment(ctx, tx, study); err != nil {
		return err
	}
	if d.Study.Comparison, err = loadComparison(ctx, tx, study); err != nil {
		return err
	}
	if d.Study.Deliveries, err = loadDeliveries(ctx, tx, study); err != nil {
		return err
	}
	if d.Study.ImagesGoneAt, err = goneAt(ctx, tx, study); err != nil {
		return err
	}
	d.Series = aboutSeries(d.Study.Series, d.Key)
	// An object of a part of the images would not be the one that was made of all.
	if is, err := imagesGone(ctx, tx, study); err != nil || is {
		return err
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT i.sop_class, i.sop_uid, i.path FROM instance i JOIN series s ON s.id = i.series_id
		WHERE s.study_id = ? AND s.uid = ? ORDER BY i.id`, study, d.Series.UID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var ref triage.InstanceRef
		var path string
		if err := rows.Scan(&ref.SOPClassUID, &ref.SOPUID, &path); err != nil {
			return err
		}
		d.Instances = append(d.Instances, ref)
		d.Paths = append(d.Paths, path)
	}
	if len(d.Paths) > 0 {
		d.Header = d.Paths[0] // by which study_header goes too
	}
	return rows.Err()
}

// aboutSeries is the series that a delivery is about.
func aboutSeries(list []triage.Series, key string) triage.Series {
	result, _, _ := strings.Cut(key, " after ")
	var most triage.Series
	for _, s := range list {
		if s.Result != nil && s.Result.Key == result {
			return s
		}
		if s.Modality == "CT" && s.Instances > most.Instances {
			most = s
		}
	}
	most.Result = nil
	return most
}

// deliveredBefore are the objects of the study that the destination
// acknowledged last.
func deliveredBefore(ctx context.Context, tx *sql.Tx, study int64, d triage.Delivery) ([]triage.InstanceRef, error) {
	var objects string
	err := tx.QueryRowContext(ctx, `
		SELECT objects FROM delivery WHERE study_id = ? AND destination = ? AND objects <> '[]' AND id < ?
		ORDER BY id DESC LIMIT 1`, study, d.Destination, d.ID).Scan(&objects)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var refs []triage.InstanceRef
	return refs, json.Unmarshal([]byte(objects), &refs)
}

// Delivered implements triage.Outbox.
func (s *SQLite) Delivered(ctx context.Context, t triage.Token, id int64, at time.Time, objects []triage.InstanceRef) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, _, _, err := fencedDelivery(ctx, tx, t, id); err != nil {
			return err
		}
		body, err := json.Marshal(objects)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE delivery SET state = 'delivered', attempts = attempts + 1, reason = '', objects = ?, sent = '', transaction_uid = '',
				updated_at = ? WHERE id = ?`,
			string(body), micros(at), id); err != nil {
			return err
		}
		return endJob(ctx, tx, t.JobID, "completed", at)
	})
}

// DeliveryFailed implements triage.Outbox.
func (s *SQLite) DeliveryFailed(ctx context.Context, t triage.Token, id int64, at time.Time, failure triage.DeliveryFailure) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, _, _, err := fencedDelivery(ctx, tx, t, id); err != nil {
			return err
		}
		state := triage.DeliveryWaiting
		if failure.Dead {
			state = triage.DeliveryDead
		}
		if _, err := tx.ExecContext(ctx, `UPDATE delivery SET state = ?, attempts = attempts + 1, reason = ?, updated_at = ? WHERE id = ?`,
			state, failure.Reason, micros(at), id); err != nil {
			return err
		}
		if len(failure.Acknowledged) > 0 {
			body, err := json.Marshal(failure.Acknowledged)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE delivery SET objects = ? WHERE id = ?`, string(body), id); err != nil {
				return err
			}
		}
		if !failure.Dead {
			return nil
		}
		return endJob(ctx, tx, t.JobID, "completed", at)
	})
}
