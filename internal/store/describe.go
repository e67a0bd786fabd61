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

// describe writes what an instance says: of itself, and where it is the first
// of its study or series of these.
func describe(ctx context.Context, tx *sql.Tx, at place, d triage.Description) error {
	for _, row := range []struct {
		table, key string
		id         int64
		columns    []column
		values     triage.Attributes
	}{
		{"study_header", "study_id", at.study, studyHeader, d.Study},
		{"series_header", "series_id", at.series, seriesHeader, d.Series},
		{"instance_header", "", at.instance, instanceHeader, d.Instance},
	} {
		set := []string{"instance_id"}
		args := []any{at.instance}
		if row.key != "" {
			set, args = append(set, row.key), append(args, row.id)
		}
		for _, c := range row.columns {
			set, args = append(set, c.name), append(args, row.values[c.keyword])
			if names[c.keyword] {
				set, args = append(set, c.name+"_key"), append(args, match.NameKey(row.values[c.keyword]))
			}
		}
		update := make([]string, len(set))
		for i, name := range set {
			update[i] = name + " = excluded." + name
		}
		// The earliest instance counts, in whatever order they are looked at.
		if _, err := tx.ExecContext(ctx, `INSERT INTO `+row.table+` (`+strings.Join(set, ", ")+`) VALUES (`+marks(len(set))+`)
			ON CONFLICT DO UPDATE SET `+strings.Join(update, ", ")+` WHERE excluded.instance_id <= instance_id`, args...); err != nil {
			return err
		}
	}
	return nil
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
