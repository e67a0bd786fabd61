package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"nafas/internal/triage"
)

// Whose names the patient whose traces are to be erased. Issuer is nil where
// it does not matter.
type Whose struct {
	ID     string
	Issuer *string
}

func (w Whose) is(p triage.Patient) bool {
	return strings.TrimSpace(p.ID) == w.ID && (w.Issuer == nil || strings.TrimSpace(p.Issuer) == *w.Issuer)
}

// Erasable is all that is stored of a patient.
type Erasable struct {
	Whose Whose
	// Patients are the records with this ID: one person, unless an ID was given
	// twice.
	Patients []triage.Patient
	Studies  []ErasableStudy
	// Quarantined and Versions count files outside of these studies: in
	// quarantine, and older versions of instances that are another patient's
	// now.
	Quarantined, Versions int
	// Rescorings are what was taken out of them before, for the proof.
	Rescorings []RescoringsErasure

	patients, quarantine, versions []int64
}

// ErasableStudy is one study of the patient.
type ErasableStudy struct {
	UID         string
	State       triage.State
	ReceivedAt  time.Time
	Instances   int
	Quarantined int
	// ReviewEntries are what readers did in it.
	ReviewEntries int
	// Shared: instances of it name another patient too.
	Shared bool
	id     int64
}

// Empty says that nothing is stored of the patient.
func (e Erasable) Empty() bool {
	return len(e.Patients) == 0 && len(e.Studies) == 0 && e.Quarantined == 0 && e.Versions == 0
}

// Issuers are those of the records, each once.
func (e Erasable) Issuers() []string {
	var out []string
	for _, p := range e.Patients {
		out = append(out, strings.TrimSpace(p.Issuer))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Erasable looks for a patient in every row and in quarantine. Nothing may be in
// the inbox, and no server may run.
func (s *SQLite) Erasable(ctx context.Context, whose Whose, headers triage.HeaderReader) (Erasable, error) {
	out := Erasable{Whose: whose}
	f := &search{s: s, headers: headers, out: &out, studies: map[string]bool{}}
	for _, part := range []func(context.Context) error{f.records, f.quarantined, f.versions, f.describe} {
		if err := part(ctx); err != nil {
			return out, err
		}
	}
	return out, nil
}

// search is a search for a patient.
type search struct {
	s       *SQLite
	headers triage.HeaderReader
	out     *Erasable
	// studies of the patient, by UID.
	studies map[string]bool
}

// records finds the patient's rows, and the studies with instances of his.
func (f *search) records(ctx context.Context) error {
	rows, err := f.s.read.QueryContext(ctx, `SELECT id, patient_id, issuer, name, birth_date FROM patient ORDER BY id`)
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
		if f.out.Whose.is(p) {
			f.out.Patients, f.out.patients = append(f.out.Patients, p), append(f.out.patients, id)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, id := range f.out.patients {
		uids, err := texts(ctx, f.s.read, `
			SELECT uid FROM study WHERE id IN (SELECT study_id FROM instance WHERE patient_id = ?1 UNION SELECT study_id FROM gone_instance WHERE patient_id = ?1)`, id)
		if err != nil {
			return err
		}
		for _, uid := range uids {
			f.studies[uid] = true
		}
	}
	return nil
}

// fileRow is a file that is looked into.
type fileRow struct {
	id    int64
	path  string
	study string
}

func (f *search) files(ctx context.Context, query string) ([]fileRow, error) {
	rows, err := f.s.read.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []fileRow
	for rows.Next() {
		var r fileRow
		if err := rows.Scan(&r.id, &r.path, &r.study); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// quarantined finds files of the patient in quarantine, as far as they say
// whose they are. A study of which nothing else is stored is his then.
func (f *search) quarantined(ctx context.Context) error {
	files, err := f.files(ctx, `SELECT id, path, study_uid FROM quarantine ORDER BY id`)
	if err != nil {
		return err
	}
	for _, q := range files {
		data, err := f.s.Read(q.path)
		if err != nil {
			return err
		}
		if !f.mentions(data) {
			continue
		}
		if q.study != "" {
			others, err := f.others(ctx, q.study)
			if err != nil {
				return err
			}
			if !others {
				f.studies[q.study] = true
			}
		}
		f.out.quarantine = append(f.out.quarantine, q.id)
		if !f.studies[q.study] {
			f.out.Quarantined++
		}
	}
	return nil
}

// versions finds older versions that were the patient's, of instances that are
// not.
func (f *search) versions(ctx context.Context) error {
	files, err := f.files(ctx, `
		SELECT f.id, f.path, s.uid FROM instance_file f JOIN instance i ON i.id = f.instance_id JOIN study s ON s.id = i.study_id
		WHERE f.path <> i.path ORDER BY f.id`)
	if err != nil {
		return err
	}
	for _, v := range files {
		if f.studies[v.study] {
			continue
		}
		data, err := f.s.Read(v.path)
		if err != nil {
			return err
		}
		if f.mentions(data) {
			f.out.versions = append(f.out.versions, v.id)
			f.out.Versions++
		}
	}
	return nil
}

// mentions says whether a file names the patient: in its header, or where that
// cannot be read in the bytes of its Patient ID (0010,0020), little endian with
// or without VR (PS3.5 section 7.1).
func (f *search) mentions(data []byte) bool {
	h, err := f.headers(data)
	if err == nil || h.Patient != (triage.Patient{}) {
		return f.out.Whose.is(h.Patient)
	}
	id := f.out.Whose.ID
	tag := []byte{0x10, 0x00, 0x20, 0x00}
	for rest := data; ; {
		at := bytes.Index(rest, tag)
		if at < 0 {
			return false
		}
		rest = rest[at+len(tag):]
		if len(rest) < 4 {
			return false
		}
		length := int(binary.LittleEndian.Uint32(rest))
		if string(rest[:2]) == "LO" {
			length = int(binary.LittleEndian.Uint16(rest[2:]))
		}
		if value := rest[4:]; length <= 64+2 && len(value) >= min(length, len(id)) {
			if strings.TrimRight(string(value[:min(length, len(value))]), " \x00") == id {
				return true
			}
		}
	}
}

// others says whether instances of a study name somebody else.
func (f *search) others(ctx context.Context, studyUID string) (bool, error) {
	rows, err := f.s.read.QueryContext(ctx, `
		SELECT p.patient_id, p.issuer, p.name, p.birth_date FROM patient p WHERE p.id IN (
			SELECT i.patient_id FROM instance i JOIN study s ON s.id = i.study_id WHERE s.uid = ?1
			UNION SELECT g.patient_id FROM gone_instance g JOIN study s ON s.id = g.study_id WHERE s.uid = ?1)`, studyUID)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var p triage.Patient
		if err := rows.Scan(&p.ID, &p.Issuer, &p.Name, &p.BirthDate); err != nil {
			return false, err
		}
		if !f.out.Whose.is(p) {
			return true, nil
		}
	}
	return false, rows.Err()
}

// describe fills in the studies.
func (f *search) describe(ctx context.Context) error {
	for uid := range f.studies {
		one := ErasableStudy{UID: uid}
		err := f.s.inSnapshot(ctx, func(tx *sql.Tx) error {
			row, err := loadStudy(ctx, tx, uid)
			if errors.Is(err, triage.ErrNotFound) {
				return nil // in quarantine alone
			}
			one.id, one.State, one.ReceivedAt = row.id, row.state, fromMicros(row.receivedAt)
			one.Instances, one.Quarantined = row.instances, row.quarantined
			if err != nil {
				return err
			}
			return tx.QueryRowContext(ctx, `SELECT count(*) FROM review_entry WHERE study_id = ?`, row.id).Scan(&one.ReviewEntries)
		})
		if err != nil {
			return err
		}
		if one.Shared, err = f.others(ctx, uid); err != nil {
			return err
		}
		f.out.Studies = append(f.out.Studies, one)
	}
	slices.SortFunc(f.out.Studies, func(a, b ErasableStudy) int { return strings.Compare(a.UID, b.UID) })
	return nil
}
