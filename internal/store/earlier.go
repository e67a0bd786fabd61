package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// earlierOf finds what a study is compared with; nil where nothing is stored. It
// looks at the days before it one by one, from the latest on, until one has a
// study that was read: one ID may name a whole archive.
func earlierOf(ctx context.Context, tx *sql.Tx, study int64) (*triage.Earlier, error) {
	of, err := examined(ctx, tx, study)
	if err != nil || of.StudyDate == "" {
		return nil, err
	}
	others, err := ofSamePatient(ctx, tx, study, of.Patients)
	if err != nil {
		return nil, err
	}
	others = slices.DeleteFunc(others, func(o other) bool { return o.date >= of.StudyDate })
	var picked *triage.Earlier
	for len(others) > 0 && (picked == nil || picked.SeriesUID == "") {
		last := len(others) - 1
		for last > 0 && others[last-1].date == others[last].date {
			last--
		}
		day := make([]triage.Examined, len(others)-last)
		for i, o := range others[last:] {
			if day[i], err = examined(ctx, tx, o.id); err != nil {
				return nil, err
			}
		}
		others = others[:last]
		if e := triage.PickEarlier(of, day); picked == nil || e != nil && e.SeriesUID != "" {
			picked = e
		}
	}
	if picked == nil || picked.SeriesUID == "" {
		return picked, nil
	}
	return picked, fetchEarlier(ctx, tx, picked)
}

// other is a study beside another one, perhaps of the same patient.
type other struct {
	id int64
	// date is YYYYMMDD; "" where it is not known.
	date string
	// patients are those of its records that are the other one's patient.
	patients []triage.Patient
}

// ofSamePatient lists the other studies with a record that is the same patient's
// as each of the records, the earliest first; whether all of a study's are says
// triage.PickEarlier. A study of nobody known has none.
func ofSamePatient(ctx context.Context, tx *sql.Tx, study int64, records []triage.Patient) ([]other, error) {
	people, err := samePeople(ctx, tx, records)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	ids, err := json.Marshal(slices.Collect(maps.Keys(people)))
	if err != nil {
		return nil, err
	}
	// The next study of a record is looked up in the index, since a study has
	// hundreds of instances.
	rows, err := tx.QueryContext(ctx, `
		WITH RECURSIVE people AS (SELECT value AS id FROM json_each(?1)), have AS (
			SELECT people.id, (SELECT min(i.study_id) FROM instance i WHERE i.patient_id = people.id) AS study FROM people
			UNION ALL SELECT have.id, (SELECT min(i.study_id) FROM instance i WHERE i.patient_id = have.id AND i.study_id > have.study) FROM have WHERE study IS NOT NULL
		), had AS (
			SELECT people.id, (SELECT min(g.study_id) FROM gone_instance g WHERE g.patient_id = people.id) AS study FROM people
			UNION ALL SELECT had.id, (SELECT min(g.study_id) FROM gone_instance g WHERE g.patient_id = had.id AND g.study_id > had.study) FROM had WHERE study IS NOT NULL
		)
		SELECT p.study, p.id, coalesce(h.study_date, k.study_date, '') AS date FROM (SELECT * FROM have UNION SELECT * FROM had) p
		LEFT JOIN study_header h ON h.study_id = p.study LEFT JOIN keeping k ON k.study_id = p.study
		WHERE p.study IS NOT NULL AND p.study <> ?2 ORDER BY date, p.study`, string(ids), study)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []other
	for rows.Next() {
		var o other
		var person int64
		if err := rows.Scan(&o.id, &person, &o.date); err != nil {
			return nil, err
		}
		if n := len(out); n == 0 || out[n-1].id != o.id {
			out = append(out, o)
		}
		last := &out[len(out)-1]
		last.patients = append(last.patients, people[person])
	}
	return out, rows.Err()
}

// samePeople are the records that are the same patient's as each of the given
// ones, by their row: of those with an ID or a birth date of theirs, without
// which nobody is known to be the same.
func samePeople(ctx context.Context, tx *sql.Tx, records []triage.Patient) (map[int64]triage.Patient, error) {
	out := map[int64]triage.Patient{}
	for _, r := range records {
		if err := addPeople(ctx, tx, r, out); err != nil {
			return nil, err
		}
	}
	maps.DeleteFunc(out, func(_ int64, p triage.Patient) bool { return !triage.SamePatients(records, []triage.Patient{p}) })
	return out, nil
}

func addPeople(ctx context.Context, tx *sql.Tx, like triage.Patient, out map[int64]triage.Patient) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT id, patient_id, issuer, name, birth_date FROM patient WHERE patient_id = ?1 AND ?1 <> ''
		UNION SELECT id, patient_id, issuer, name, birth_date FROM patient WHERE birth_date = ?2 AND ?2 <> ''`, like.ID, like.BirthDate)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var p triage.Patient
		if err := rows.Scan(&id, &p.ID, &p.Issuer, &p.Name, &p.BirthDate); err != nil {
			return err
		}
		out[id] = p
	}
	return rows.Err()
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
	next, err := mayFollow(ctx, tx, study)
	if err != nil {
		return err
	}
	compared, err := comparedWith(ctx, tx, study)
	if err != nil {
		return err
	}
	seen := map[int64]bool{study: true}
	for _, id := range append(next, compared...) {
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

// mayFollow lists the studies that this one may be the latest before: later ones
// of the patient, but for those that have another read one between.
func mayFollow(ctx context.Context, tx *sql.Tx, study int64) (out []int64, err error) {
	of, err := examined(ctx, tx, study)
	if err != nil || of.StudyDate == "" {
		return nil, err
	}
	others, err := ofSamePatient(ctx, tx, study, of.Patients)
	if err != nil {
		return nil, err
	}
	var between []triage.Examined
	for _, o := range others {
		if o.date <= of.StudyDate || slices.ContainsFunc(between, func(b triage.Examined) bool {
			return b.StudyDate < o.date && triage.SamePatients(b.Patients, o.patients)
		}) {
			continue
		}
		e, err := examined(ctx, tx, o.id)
		if err != nil {
			return nil, err
		}
		out = append(out, o.id)
		if e.Final && e.SeriesUID != "" {
			between = append(between, e)
		}
	}
	return out, nil
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
	if earlier.Holds(key, result) {
		return nil
	}
	// Also where it depends on nothing else than was read: what could not be
	// compared then may be now.
	_, moved, err := s.decide(ctx, tx, &r, decideOn{complete: true, corrected: true, at: at, recipe: recipe})
	if err != nil || !moved {
		return err
	}
	return saveStudy(ctx, tx, &r, at)
}
