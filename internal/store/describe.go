package store

import (
	"context"
	"database/sql"
	"strings"

	"nafas/dicomio/match"
	"nafas/internal/triage"
)

// column is where an attribute is kept.
type column struct{ keyword, name string }

// The columns of study_header, series_header and instance_header.
var (
	studyHeader = []column{
		{"PatientName", "patient_name"}, {"PatientID", "patient_id"}, {"IssuerOfPatientID", "issuer_of_patient_id"},
		{"PatientBirthDate", "patient_birth_date"}, {"PatientSex", "patient_sex"}, {"StudyDate", "study_date"},
		{"StudyTime", "study_time"}, {"AccessionNumber", "accession_number"}, {"StudyID", "study_number"},
		{"StudyDescription", "study_description"}, {"ReferringPhysicianName", "referring_physician_name"},
		{"TimezoneOffsetFromUTC", "timezone"},
	}
	seriesHeader = []column{
		{"SeriesNumber", "series_number"}, {"SeriesDescription", "series_description"}, {"SeriesDate", "series_date"},
		{"SeriesTime", "series_time"}, {"BodyPartExamined", "body_part_examined"}, {"ProtocolName", "protocol_name"},
		{"Manufacturer", "manufacturer"}, {"PerformedProcedureStepStartDate", "step_start_date"},
		{"PerformedProcedureStepStartTime", "step_start_time"}, {"ScheduledProcedureStepID", "scheduled_step_id"},
		{"RequestedProcedureID", "requested_procedure_id"},
	}
	instanceHeader = []column{
		{"InstanceNumber", "instance_number"}, {"Rows", "rows"}, {"Columns", "columns"},
		{"BitsAllocated", "bits_allocated"}, {"NumberOfFrames", "number_of_frames"},
	}
	// names are kept a second time as they are compared, in the column with
	// _key behind its name.
	names = map[string]bool{"PatientName": true, "ReferringPhysicianName": true}
)

// place names an instance by the keys of its rows.
type place struct{ study, series, instance int64 }

// headerRow is a table that instances describe something in.
type headerRow struct {
	columns []column
	insert  string
}

var (
	studyRows    = newHeaderRow("study_header", "study_id", studyHeader)
	seriesRows   = newHeaderRow("series_header", "series_id", seriesHeader)
	instanceRows = newHeaderRow("instance_header", "", instanceHeader)
)

// newHeaderRow: key is the column beside instance_id, "" for none.
func newHeaderRow(table, key string, columns []column) headerRow {
	set := []string{"instance_id"}
	if key != "" {
		set = append(set, key)
	}
	for _, c := range columns {
		set = append(set, c.name)
		if names[c.keyword] {
			set = append(set, c.name+"_key")
		}
	}
	update := make([]string, len(set))
	for i, name := range set {
		update[i] = name + " = excluded." + name
	}
	// The earliest instance counts, in whatever order they are looked at.
	return headerRow{columns, `INSERT INTO ` + table + ` (` + strings.Join(set, ", ") + `) VALUES (` + marks(len(set)) + `)
		ON CONFLICT DO UPDATE SET ` + strings.Join(update, ", ") + ` WHERE excluded.instance_id <= instance_id`}
}

func (h headerRow) write(ctx context.Context, tx *sql.Tx, values triage.Attributes, keys ...any) error {
	args := keys
	for _, c := range h.columns {
		args = append(args, values[c.keyword])
		if names[c.keyword] {
			args = append(args, match.NameKey(values[c.keyword]))
		}
	}
	_, err := tx.ExecContext(ctx, h.insert, args...)
	return err
}

// describe writes what an instance says: of itself, and where it is the first
// of its study or series of these.
func describe(ctx context.Context, tx *sql.Tx, at place, d triage.Description) error {
	if err := studyRows.write(ctx, tx, d.Study, at.instance, at.study); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, searchable, at.study); err != nil {
		return err
	}
	if err := seriesRows.write(ctx, tx, d.Series, at.instance, at.series); err != nil {
		return err
	}
	return instanceRows.write(ctx, tx, d.Instance, at.instance)
}

// describeNew is describe for an instance that has just been added: those of its
// series that were added before it in this transaction have said the rest.
func (r *recording) describeNew(ctx context.Context, at place, d triage.Description) error {
	if r.described[at.series] {
		return instanceRows.write(ctx, r.tx, d.Instance, at.instance)
	}
	r.described[at.series] = true
	return describe(ctx, r.tx, at, d)
}

const locatedColumns = `i.id, s.uid, x.uid, i.sop_uid, i.sop_class, i.path`

const locatedFrom = ` FROM instance i JOIN series x ON x.id = i.series_id JOIN study s ON s.id = i.study_id `

func (s *SQLite) located(ctx context.Context, query string, args ...any) ([]triage.Located, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []triage.Located
	for rows.Next() {
		var l triage.Located
		if err := rows.Scan(&l.Number, &l.StudyUID, &l.SeriesUID, &l.SOPUID, &l.SOPClassUID, &l.Path); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// Undescribed implements triage.Archive.
func (s *SQLite) Undescribed(ctx context.Context, after int64, limit int) ([]triage.Located, error) {
	return s.located(ctx, `SELECT `+locatedColumns+locatedFrom+`
		WHERE i.id > ? AND NOT EXISTS (SELECT 1 FROM instance_header h WHERE h.instance_id = i.id)
		ORDER BY i.id LIMIT ?`, after, limit)
}

// Describe implements triage.Archive.
func (s *SQLite) Describe(ctx context.Context, list []triage.Described) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, one := range list {
			at := place{instance: one.Number}
			err := tx.QueryRowContext(ctx, `SELECT study_id, series_id FROM instance WHERE id = ? AND path = ?`, one.Number, one.Path).
				Scan(&at.study, &at.series)
			if err == sql.ErrNoRows {
				continue
			}
			if err != nil {
				return err
			}
			if err := describe(ctx, tx, at, one.Description); err != nil {
				return err
			}
		}
		return nil
	})
}
