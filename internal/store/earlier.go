package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// earlierOf finds what a study is compared with; nil where nothing is stored.
func earlierOf(ctx context.Context, tx *sql.Tx, study int64) (*triage.Earlier, error) {
	of, err := examined(ctx, tx, study)
	if err != nil {
		return nil, err
	}
	others, err := mayBeSamePatient(ctx, tx, study)
	if err != nil {
		return nil, err
	}
	candidates := make([]triage.Examined, len(others))
	for i, other := range others {
		if candidates[i], err = examined(ctx, tx, other); err != nil {
			return nil, err
		}
	}
	picked := triage.PickEarlier(of, candidates)
	if picked == nil || picked.SeriesUID == "" {
		return picked, nil
	}
	return picked, fetchEarlier(ctx, tx, picked)
}

// mayBeSamePatient lists the studies of whom has the same ID or was born on the
// same day: triage.PickEarlier says who is the same. A study of nobody known has
// none.
func mayBeSamePatient(ctx context.Context, tx *sql.Tx, study int64) (out []int64, err error) {
	rows, err := tx.QueryContext(ctx, `
		WITH own AS (
			SELECT DISTINCT p.patient_id, p.birth_date FROM patient p WHERE p.id IN (
				SELECT patient_id FROM instance WHERE study_id = ?1 UNION SELECT patient_id FROM gone_instance WHERE study_id = ?1)
		), people AS (
			SELECT p.id FROM patient p JOIN own ON p.patient_id = own.patient_id AND own.patient_id <> ''
			UNION SELECT p.id FROM patient p JOIN own ON p.birth_date = own.birth_date AND own.birth_date <> ''
		)
		SELECT study_id FROM instance WHERE patient_id IN (SELECT id FROM people) AND study_id <> ?1
		UNION SELECT study_id FROM gone_instance WHERE patient_id IN (SELECT id FROM people) AND study_id <> ?1`, study)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// examined is a study as a prior, or as what is compared with one.
func examined(ctx context.Context, tx *sql.Tx, study int64) (triage.Examined, error) {
	var e triage.Examined
	var state triage.State
	var why sql.NullString
	err := tx.QueryRowContext(ctx, `
		SELECT s.uid, s.state, s.not_assessed, coalesce(h.study_date, k.study_date, ''), coalesce(h.study_time, '')
		FROM study s LEFT JOIN study_header h ON h.study_id = s.id LEFT JOIN keeping k ON k.study_id = s.id
		WHERE s.id = ?`, study).Scan(&e.StudyUID, &state, &why, &e.StudyDate, &e.StudyTime)
	if err != nil {
		return e, err
	}
	e.Final = state.Final()
	if e.Patients, err = studyPatients(ctx, tx, study); err != nil {
		return e, err
	}
	notAssessed, err := decodeRefusal(why)
	if err != nil {
		return e, err
	}
	if e.Final && notAssessed == nil {
		return e, readSeries(ctx, tx, study, &e)
	}
	if notAssessed != nil {
		e.NotRead, err = notReadReasons(ctx, tx, study, notAssessed)
	}
	return e, err
}

// readSeries finds the series that was read, and whether its images are all
// there.
func readSeries(ctx context.Context, tx *sql.Tx, study int64, e *triage.Examined) error {
	err := tx.QueryRowContext(ctx, `
		SELECT s.uid, EXISTS (SELECT 1 FROM gone_instance g WHERE g.series_id = s.id)
			OR NOT EXISTS (SELECT 1 FROM instance i WHERE i.series_id = s.id)
		FROM series s WHERE s.study_id = ? AND s.result_key IS NOT NULL ORDER BY s.uid LIMIT 1`, study).Scan(&e.SeriesUID, &e.Gone)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// notReadReasons are those of the series, else the study's own.
func notReadReasons(ctx context.Context, tx *sql.Tx, study int64, why *refusal.Error) ([]refusal.Reason, error) {
	series, err := loadSeries(ctx, tx, study)
	if err != nil {
		return nil, err
	}
	var out []refusal.Reason
	for _, s := range series {
		if s.NotRead != nil {
			out = append(out, s.NotRead.Reason)
		}
	}
	if len(out) == 0 {
		out = append(out, why.Reason)
	}
	return out, nil
}

// fetchEarlier adds the result, and the files where they are there.
func fetchEarlier(ctx context.Context, tx *sql.Tx, e *triage.Earlier) error {
	var series int64
	var body string
	if err := tx.QueryRowContext(ctx, `
		SELECT s.id, r.body FROM series s JOIN result r ON r.key = s.result_key JOIN study t ON t.id = s.study_id
		WHERE t.uid = ? AND s.uid = ?`, e.StudyUID, e.SeriesUID).Scan(&series, &body); err != nil {
		return err
	}
	var err error
	if e.Result, err = decodeResult(body); err != nil || e.Why != nil {
		return err
	}
	e.Files, err = filesOf(ctx, tx, `series_id = ?`, series)
	return err
}

// compareLater has the studies read again that are to be compared with this one,
// or were: what they are compared with is another one now. It follows every end
// of a reading, whatever became of it.
func (s *SQLite) compareLater(ctx context.Context, tx *sql.Tx, study int64, at time.Time, recipe triage.Recipe) error {
	others, err := mayBeSamePatient(ctx, tx, study)
	if err != nil {
		return err
	}
	compared, err := comparedWith(ctx, tx, study)
	if err != nil {
		return err
	}
	seen := map[int64]bool{study: true}
	for _, id := range append(others, compared...) {
		if seen[id] {
			continue
		}
		seen[id] = true
		if err := s.compareAgain(ctx, tx, id, at, recipe); err != nil {
			return err
		}
	}
	return nil
}

// compareAgain queues a study that was read where something else is its prior
// now. A change of nothing but the recipe is none of its business.
func (s *SQLite) compareAgain(ctx context.Context, tx *sql.Tx, study int64, at time.Time, recipe triage.Recipe) error {
	var uid string
	if err := tx.QueryRowContext(ctx, `SELECT uid FROM study WHERE id = ?`, study).Scan(&uid); err != nil {
		return err
	}
	r, err := loadStudy(ctx, tx, uid)
	if err != nil || r.state != triage.Done {
		return err
	}
	earlier, err := earlierOf(ctx, tx, study)
	if err != nil {
		return err
	}
	var key, result string
	if err := tx.QueryRowContext(ctx, `
		SELECT coalesce((SELECT key FROM comparison WHERE study_id = ?1), ''),
			coalesce((SELECT max(result_key) FROM series WHERE study_id = ?1), '')`, study).Scan(&key, &result); err != nil {
		return err
	}
	if key == earlier.ComparisonKey(result) {
		return nil
	}
	_, moved, err := s.decide(ctx, tx, &r, decideOn{complete: true, at: at, recipe: recipe})
	if err != nil || !moved {
		return err
	}
	return saveStudy(ctx, tx, &r, at)
}
