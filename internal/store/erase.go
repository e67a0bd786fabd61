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
	NotErased []string     `json:"not_erased"`
}

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
	return proof, s.searched(e)
}

// searched looks through the bytes of the database for the studies that were
// erased: a table that nobody thought of is found here and not by somebody else.
// Whoever calls it closes the database next: closing any handle of the file ends
// this process's locks on it (fcntl).
func (s *SQLite) searched(e Erasable) error {
	f, err := os.Open(filepath.Join(s.dir, databaseFile))
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
		for _, study := range e.Studies {
			if len(study.UID) >= shortestUID && stands(data, study.UID) {
				return errors.New("the UID of an erased study still stands in the database: please report that")
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
	proof := Proof{ErasedAt: at.UTC(), Installation: s.installation, PatientRecords: len(e.Patients), NotErased: notErased}
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

// notErased is what an erasure cannot reach.
var notErased = []string{
	"objects that were delivered to archives stay there: withdraw them there",
	"backups that were written before",
	"the log of the service, which names studies by pseudonyms only",
	"the audit trail's records of who did what and when, which name studies by pseudonyms only, and what was sent of them to a collector before",
	"copies that the file system or the disk keeps below the files: encrypt the disk",
	"files in quarantine that do not say whose they are",
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
	for _, statement := range []string{`PRAGMA secure_delete = ON`, `VACUUM`} {
		if _, err := s.write.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := s.emptyLog(ctx); err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, `UPDATE erasure SET finished_at = ? WHERE finished_at IS NULL`, micros(time.Now())); err != nil {
		return err
	}
	return s.emptyLog(ctx)
}

// emptyLog has the database's log written into it and cut to nothing.
func (s *SQLite) emptyLog(ctx context.Context) error {
	var busy, pages, done int
	if err := s.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &done); err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("somebody reads the database: end it and start nafas once, which finishes the erasure")
	}
	return nil
}
