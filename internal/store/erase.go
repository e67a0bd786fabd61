package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"nafas/internal/triage"
)

// Proof says what an erasure did. It names nobody.
type Proof struct {
	ErasedAt     time.Time `json:"erased_at"`
	Installation string    `json:"installation"`
	// Studies are pseudonyms, as in the log.
	Studies        []string `json:"studies"`
	PatientRecords int      `json:"patient_records"`
	// TrailOf are pseudonyms of other studies that the audit trail knew as the
	// patient's, before they were corrected.
	TrailOf   []string `json:"audit_identity_of_other_studies,omitempty"`
	Instances int      `json:"instances"`
	// ReviewEntries are what readers said of the studies.
	ReviewEntries int `json:"review_entries"`
	// Files are the SHA-256 of every file that was removed.
	Files     []triage.Sum `json:"removed_files_sha256"`
	Delivered int          `json:"deliveries_that_stay_at_their_destination"`
	// Rescorings are what was taken out of them, by where they are kept.
	Rescorings []RescoringsErasure `json:"rescorings,omitempty"`
	NotErased  []string            `json:"not_erased"`
}

// RescoringsErasure says what was taken out of the rescorings of one database. It
// names nobody.
type RescoringsErasure struct {
	// KeptIn is "rescore.db" or "PostgreSQL".
	KeptIn     string             `json:"kept_in"`
	Rescorings []RescoringErasure `json:"rescorings"`
	// Results are those of all its rescorings: they share them.
	Results int64 `json:"results"`
}

// RescoringErasure says what was taken out of one rescoring.
type RescoringErasure struct {
	// Rescoring is its number.
	Rescoring int64 `json:"rescoring"`
	Studies   int64 `json:"studies"`
	// Inputs are the series of the studies, and files that belong to none.
	Inputs int64 `json:"inputs"`
	// ListEntries were shown to readers; Listed are UIDs of its source's list.
	ListEntries int64 `json:"published_list_entries"`
	Listed      int64 `json:"listed_by_the_source"`
}

// Empty says that nothing was there.
func (e RescoringsErasure) Empty() bool { return len(e.Rescorings) == 0 && e.Results == 0 }

// Erase deletes all that is stored of a patient: rows first, in one transaction
// that lists the files and keeps the proof, then the files, then what is left of
// the rows in free pages and in the log of the database. A start finishes what a
// crash left. name names studies in the proof.
func (s *SQLite) Erase(ctx context.Context, e Erasable, at time.Time, name func(studyUID string) string) (Proof, error) {
	guard, err := flock(filepath.Join(s.dir, backupLock), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, ErrInUse) {
		return Proof{}, errors.New("a backup of the data folder is being written: wait for its end")
	}
	if err != nil {
		return Proof{}, err
	}
	defer guard.Close()
	// Files of uploads that nobody was told of.
	if _, err := s.removeOrphans(ctx, time.Now()); err != nil {
		return Proof{}, err
	}
	var proof Proof
	if err := s.inTx(ctx, func(tx *sql.Tx) error {
		proof, err = s.eraseRows(ctx, tx, e, at, name)
		return err
	}); err != nil {
		return proof, err
	}
	if _, err := s.buryAll(ctx); err != nil {
		return proof, err
	}
	if err := s.finishErasures(ctx); err != nil {
		return proof, err
	}
	var uids []string
	for _, study := range e.Studies {
		uids = append(uids, study.UID)
	}
	return proof, Searched(filepath.Join(s.dir, databaseFile), uids)
}

// Searched looks through the bytes of a database for the studies that were
// erased: a table that nobody thought of is found here and not by somebody else.
// Whoever calls it closes the database next: closing any handle of the file ends
// this process's locks on it (fcntl).
func Searched(path string, studyUIDs []string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	const longest = 64 + 2 // a UID (PS3.5 section 9.1) with what is before and behind it
	buf := make([]byte, 1<<20)
	for kept := 1; ; { // a zero stands before the first byte, and behind the last
		n, err := io.ReadFull(f, buf[kept:len(buf)-1])
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		data := buf[:kept+n]
		if last {
			data = append(data, 0)
		}
		for _, uid := range studyUIDs {
			if len(uid) >= shortestUID && stands(data, uid) {
				return fmt.Errorf("the UID of an erased study still stands in %s: please report that", filepath.Base(path))
			}
		}
		if last {
			return nil
		}
		kept = copy(buf, data[len(data)-longest:])
	}
}

// stands says whether a UID is in data, within its first and last byte, and not
// as a part of another one.
func stands(data []byte, uid string) bool {
	part := func(b byte) bool { return b == '.' || '0' <= b && b <= '9' }
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte(uid))
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(uid)
		if start > 0 && end < len(data) && !part(data[start-1]) && !part(data[end]) {
			return true
		}
		from = end
	}
}

// shortestUID is what may stand anywhere: "1.2" does, in other UIDs.
const shortestUID = 20

func (s *SQLite) eraseRows(ctx context.Context, tx *sql.Tx, e Erasable, at time.Time, name func(string) string) (Proof, error) {
	proof := Proof{ErasedAt: at.UTC(), Installation: s.installation, PatientRecords: len(e.Patients), NotErased: NotErased, Rescorings: e.Rescorings}
	// Tables refer to each other; at the end nothing may be left that refers to
	// what is gone.
	if _, err := tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = ON`); err != nil {
		return proof, err
	}
	compared, err := comparedWithErased(ctx, tx, e)
	if err != nil {
		return proof, err
	}
	for _, study := range e.Studies {
		proof.Studies = append(proof.Studies, name(study.UID))
		proof.Instances += study.Instances
		if err := eraseStudy(ctx, tx, study, &proof); err != nil {
			return proof, err
		}
	}
	for _, id := range e.quarantine { // those of the studies are gone already
		if err := proof.remove(ctx, tx, "quarantine", "id = ?", id); err != nil {
			return proof, err
		}
	}
	for _, id := range e.versions {
		if err := proof.remove(ctx, tx, "instance_file", "id = ?", id); err != nil {
			return proof, err
		}
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE study SET quarantined = (SELECT count(*) FROM quarantine q WHERE q.study_uid = study.uid) WHERE quarantined > 0`); err != nil {
		return proof, err
	}
	// Whose priors they are that never came is not known.
	if _, err := tx.ExecContext(ctx, `DELETE FROM prior_study WHERE NOT EXISTS (SELECT 1 FROM study s WHERE s.uid = prior_study.study_uid)`); err != nil {
		return proof, err
	}
	if err := erasePatients(ctx, tx, e); err != nil {
		return proof, err
	}
	if err := proof.eraseTrail(ctx, tx, e, name); err != nil {
		return proof, err
	}
	if err := s.readWithout(ctx, tx, compared, at); err != nil {
		return proof, err
	}
	body, err := json.Marshal(proof)
	if err != nil {
		return proof, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO erasure (erased_at, proof) VALUES (?, ?)`, micros(at), string(body))
	return proof, err
}

// comparedWithErased lists the studies that stay, and of which something is said
// by one that goes: under another ID one person may have both.
func comparedWithErased(ctx context.Context, tx *sql.Tx, e Erasable) ([]int64, error) {
	var out []int64
	for _, study := range e.Studies {
		compared, err := comparedWith(ctx, tx, study.id)
		if err != nil {
			return nil, err
		}
		out = append(out, compared...)
	}
	return slices.DeleteFunc(out, func(id int64) bool {
		return slices.ContainsFunc(e.Studies, func(s ErasableStudy) bool { return s.id == id })
	}), nil
}

// readWithout has studies read again at the next start: what they were compared
// with is gone.
func (s *SQLite) readWithout(ctx context.Context, tx *sql.Tx, studies []int64, at time.Time) error {
	for _, id := range studies {
		r, err := scanStudy(tx.QueryRowContext(ctx, `SELECT `+studyColumns+` FROM study WHERE id = ?`, id).Scan)
		if err != nil {
			return err
		}
		r.readKey = ""
		if _, err := s.queueSettling(ctx, tx, &r, at); err != nil {
			return err
		}
		if err := saveStudy(ctx, tx, &r, at); err != nil {
			return err
		}
	}
	return nil
}

// NotErased is what an erasure cannot reach.
var NotErased = []string{
	"objects that were delivered to archives stay there: withdraw them there",
	"backups that were written before",
	"the log of the service, which names studies by pseudonyms only",
	"the audit trail's records of who did what and when, which name studies by pseudonyms only, and what was sent of them to a collector before",
	"copies that the file system or the disk keeps below the files: encrypt the disk",
	"files in quarantine that do not say whose they are",
	"tables, reports and lists of rescorings that were written to files, and the archives that rescorings read: another rescoring finds the patient there again",
	"files of a rescoring that belong to no series and do not have a UID of the patient's studies in their path",
	"rescorings in a PostgreSQL database that was not named, and what PostgreSQL keeps of deleted rows in its files until they are vacuumed, in its log, its replicas and its backups",
}

// remove lists files of a table and deletes their rows.
func (p *Proof) remove(ctx context.Context, tx *sql.Tx, table, where string, args ...any) error {
	rows, err := tx.QueryContext(ctx, `SELECT sha256 FROM `+table+` WHERE `+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var sum triage.Sum
		if err := rows.Scan(sumOf(&sum)); err != nil {
			return err
		}
		p.Files = append(p.Files, sum)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, statement := range []string{
		`INSERT INTO doomed (path) SELECT path FROM ` + table + ` WHERE ` + where, `DELETE FROM ` + table + ` WHERE ` + where,
	} {
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
	}
	return nil
}

// Proofs are those of all erasures, the oldest first.
func (s *SQLite) Proofs(ctx context.Context) ([]Proof, error) {
	bodies, err := texts(ctx, s.read, `SELECT proof FROM erasure WHERE finished_at IS NOT NULL ORDER BY id`)
	if err != nil {
		return nil, err
	}
	out := make([]Proof, len(bodies))
	for i, body := range bodies {
		if err := json.Unmarshal([]byte(body), &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// eraseStudy deletes all rows of a study, in whatever table they are.
func eraseStudy(ctx context.Context, tx *sql.Tx, study ErasableStudy, proof *Proof) error {
	var delivered int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM delivery WHERE study_id = ? AND objects <> '[]'`, study.id).Scan(&delivered); err != nil {
		return err
	}
	proof.Delivered += delivered
	if err := proof.remove(ctx, tx, "instance_file", `instance_id IN (SELECT id FROM instance WHERE study_id = ?)`, study.id); err != nil {
		return err
	}
	if err := proof.remove(ctx, tx, "quarantine", `study_uid = ?`, study.UID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM river_job WHERE json_extract(args, '$.study_uid') = ?
			OR kind = ? AND json_extract(args, '$.delivery_id') IN (SELECT id FROM delivery WHERE study_id = ?)`,
		study.UID, triage.DeliverJob{}.Kind(), study.id); err != nil {
		return err
	}
	entries, err := eraseReview(ctx, tx, study.id)
	if err != nil {
		return err
	}
	proof.ReviewEntries += entries
	for column, value := range map[string]any{"study_id": study.id, "study_uid": study.UID} {
		tables, err := texts(ctx, tx, `
			SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = ?`, column)
		if err != nil {
			return err
		}
		for _, table := range tables {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf(`DELETE FROM %q WHERE %q = ?`, table, column), value); err != nil {
				return err
			}
		}
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM study WHERE id = ?`, study.id)
	return err
}

// erasePatients deletes the patient's records, and others' that nothing refers
// to any more.
func erasePatients(ctx context.Context, tx *sql.Tx, e Erasable) error {
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM patient WHERE NOT EXISTS (SELECT 1 FROM instance i WHERE i.patient_id = patient.id)
			AND NOT EXISTS (SELECT 1 FROM gone_instance g WHERE g.patient_id = patient.id)`); err != nil {
		return err
	}
	for _, id := range e.patients {
		var left bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM patient WHERE id = ?)`, id).Scan(&left); err != nil {
			return err
		}
		if left {
			return errors.New("a study of the patient is not among those that are erased")
		}
	}
	return nil
}

// eraseTrail takes the patient out of what the audit trail knows of studies that
// are somebody else's now. Its records stay, with pseudonyms.
func (p *Proof) eraseTrail(ctx context.Context, tx *sql.Tx, e Erasable, name func(string) string) error {
	for _, patient := range e.Patients {
		const theirs = ` FROM audit_identity WHERE json_extract(study, '$.patientId') = ? AND json_extract(study, '$.issuer') = ? AND json_extract(study, '$.patientName') = ?`
		uids, err := texts(ctx, tx, `SELECT study_uid`+theirs, patient.ID, patient.Issuer, patient.Name)
		if err != nil {
			return err
		}
		for _, uid := range uids {
			p.TrailOf = append(p.TrailOf, name(uid))
		}
		if _, err := tx.ExecContext(ctx, `DELETE`+theirs, patient.ID, patient.Issuer, patient.Name); err != nil {
			return err
		}
	}
	return nil
}

// finishErasures takes what deleted rows left out of the free pages of the
// database and out of its log.
func (s *SQLite) finishErasures(ctx context.Context) error {
	var open bool
	if err := s.write.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM erasure WHERE finished_at IS NULL)`).Scan(&open); err != nil || !open {
		return err
	}
	if err := errors.Join(s.disk.SyncDir(s.Abs(inboxDir)), s.disk.SyncDir(s.Abs(spoolDir))); err != nil {
		return err
	}
	if err := Scrub(ctx, s.write); err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, `UPDATE erasure SET finished_at = ? WHERE finished_at IS NULL`, micros(time.Now())); err != nil {
		return err
	}
	return emptyLog(ctx, s.write)
}

// Scrub takes what deleted rows left out of the free pages of a SQLite database and
// out of its log. db has one connection, and nobody else uses the database.
func Scrub(ctx context.Context, db *sql.DB) error {
	for _, statement := range []string{`PRAGMA secure_delete = ON`, `VACUUM`} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return emptyLog(ctx, db)
}

// emptyLog has a database's log written into it and cut to nothing.
func emptyLog(ctx context.Context, db *sql.DB) error {
	var busy, pages, done int
	if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &done); err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("somebody reads the database: end that, and erase again or start nafas once, which finishes the erasure")
	}
	return nil
}
