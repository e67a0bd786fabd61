package store

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"strings"

	"nafas/dicomio/match"
	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

var _ triage.Archive = (*SQLite)(nil)

// Open implements triage.Archive.
func (f *Folder) Open(path string) (io.ReadCloser, int64, error) {
	file, err := os.Open(f.Abs(path))
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// Located implements triage.Archive.
func (s *SQLite) Located(ctx context.Context, in triage.Scope, after int64, limit int) ([]triage.Located, error) {
	w := where{conditions: []string{`i.id > ?`}, args: []any{after}}
	w.scope(in)
	return s.located(ctx, `SELECT `+locatedColumns+locatedFrom+w.String()+` ORDER BY i.id LIMIT ?`, append(w.args, limit)...)
}

// where collects conditions.
type where struct {
	conditions []string
	args       []any
}

func (w *where) add(condition string, args ...any) {
	w.conditions, w.args = append(w.conditions, condition), append(w.args, args...)
}

func (w *where) String() string { return ` WHERE ` + strings.Join(w.conditions, ` AND `) }

func (w *where) scope(in triage.Scope) {
	for _, one := range []struct{ column, uid string }{{"s.uid", in.StudyUID}, {"x.uid", in.SeriesUID}, {"i.sop_uid", in.SOPUID}} {
		if one.uid != "" {
			w.add(one.column+` = ?`, one.uid)
		}
	}
}

// searched are the attributes of a level, and of those above it, with the
// expressions that they are.
func searched(level triage.Level) map[string]string {
	out := map[string]string{"StudyInstanceUID": "s.uid"}
	add := func(table string, columns []column) {
		for _, c := range columns {
			out[c.keyword] = table + "." + c.name
		}
	}
	add("sh", studyHeader)
	if level >= triage.LevelSeries {
		out["SeriesInstanceUID"], out["Modality"] = "x.uid", "x.modality"
		add("xh", seriesHeader)
	}
	if level >= triage.LevelInstance {
		out["SOPInstanceUID"], out["SOPClassUID"] = "i.sop_uid", "i.sop_class"
		add("ih", instanceHeader)
	}
	return out
}

// said and findings are triage.Said of the study s: the rule of Said and of
// triage.Service.Report.
const (
	said = `(coalesce(json_extract(s.not_assessed, '$.reason'), '') <> '` + string(refusal.PatientMismatch) + `' AND NOT ` + goneCT + ` AND (
		EXISTS (SELECT 1 FROM series r WHERE r.study_id = s.id AND r.result_key IS NOT NULL) OR
		s.not_assessed IS NOT NULL AND EXISTS (SELECT 1 FROM series r WHERE r.study_id = s.id AND r.modality = 'CT')))`
	findings = `coalesce((SELECT json_array_length(b.body, '$.findings') FROM series r JOIN result b ON b.key = r.result_key
		WHERE r.study_id = s.id ORDER BY r.uid LIMIT 1), 0)`
)

// condition adds what an attribute must be. A combined condition of date and
// time is one of dates: times are bounds within the first and the last day.
func (w *where) condition(c match.Condition, expression string) {
	switch c.Form {
	case match.Date, match.Time:
		if c.Form == match.Time {
			bare := `replace(` + expression + `, ':', '')`
			w.add(expression + ` <> ''`)
			expression = `(` + bare + ` || substr('000000.000000', length(` + bare + `) + 1))`
		} else {
			w.add(expression + ` <> ''`)
		}
		if c.From != "" {
			w.add(expression+` >= ?`, c.From)
		}
		if c.To != "" {
			w.add(expression+` <= ?`, c.To)
		}
	case match.Name:
		expression += "_key"
		var any where
		for _, v := range c.Values {
			any.value(expression, v)
			any.add(expression+` GLOB ?`, glob(v)+"=*")
			any.add(expression+` GLOB ?`, "*="+glob(v))
			any.add(expression+` GLOB ?`, "*="+glob(v)+"=*")
		}
		w.either(any)
	default:
		var any where
		for _, v := range c.Values {
			any.value(expression, v)
		}
		w.either(any)
	}
}

func (w *where) value(expression, v string) {
	if match.Wild(v) {
		w.add(expression+` GLOB ?`, glob(v))
	} else {
		w.add(expression+` = ?`, v)
	}
}

// either adds conditions of which one suffices.
func (w *where) either(any where) {
	w.add(`(`+strings.Join(any.conditions, ` OR `)+`)`, any.args...)
}

// glob is a pattern for GLOB, to which brackets mean something too.
func glob(pattern string) string { return strings.ReplaceAll(pattern, "[", "[[]") }

// modalities asks for those of the whole study, with those of objects that are
// made.
func (w *where) modalities(c match.Condition, made []triage.Made) {
	var stored, any where
	stored.condition(c, "r.modality")
	any.add(`EXISTS (SELECT 1 FROM series r WHERE r.study_id = s.id AND `+strings.Join(stored.conditions, ` AND `)+`)`, stored.args...)
	for _, m := range made {
		switch {
		case !c.Matches(m.Modality):
		case m.OfFindings:
			any.add(said + ` AND ` + findings + ` > 0`)
		default:
			any.add(said)
		}
	}
	w.either(any)
}

// moments are date and time of one moment.
var moments = map[string]string{"StudyDate": "StudyTime", "PerformedProcedureStepStartDate": "PerformedProcedureStepStartTime"}

// combine makes one condition of ranges of a date and of its time (PS3.4
// C.2.2.2.5.3): from a moment to a moment. done are the keywords of both.
func (w *where) combine(all []match.Condition, expressions map[string]string) (done map[string]bool) {
	byKeyword := map[string]match.Condition{}
	for _, c := range all {
		byKeyword[c.Keyword] = c
	}
	done = map[string]bool{}
	for dateWord, timeWord := range moments {
		date, time := byKeyword[dateWord], byKeyword[timeWord]
		d, t := expressions[dateWord], expressions[timeWord]
		if !date.Range || !time.Range || d == "" {
			continue
		}
		done[dateWord], done[timeWord] = true, true
		bare := `replace(` + t + `, ':', '')`
		moment := `(` + d + ` || ` + bare + ` || substr('000000.000000', length(` + bare + `) + 1))`
		w.add(d + ` <> ''`)
		if date.From != "" {
			from := time.From
			if from == "" {
				from = "000000.000000"
			}
			w.add(moment+` >= ?`, date.From+from)
		}
		if date.To != "" {
			to := time.To
			if to == "" {
				to = "235959.999999"
			}
			w.add(moment+` <= ?`, date.To+to)
		}
	}
	return done
}

func (w *where) search(q triage.Search) error {
	w.add(`s.instances > 0`)
	if q.Level == triage.LevelSeries {
		w.add(`EXISTS (SELECT 1 FROM instance WHERE series_id = x.id)`)
	}
	w.scope(q.In)
	expressions := searched(q.Level)
	done := w.combine(q.Conditions, expressions)
	for _, c := range q.Conditions {
		expression, known := expressions[c.Keyword]
		switch {
		case done[c.Keyword]:
		case c.Keyword == "ModalitiesInStudy":
			w.modalities(c, q.Made)
		case !known:
			return fmt.Errorf("%s: %w", c.Keyword, triage.ErrNotSearched)
		default:
			w.condition(c, expression)
		}
	}
	return nil
}

// from are the tables of a level; columns are what Found is made of beside the
// headers; order is by index where much may be found.
var levels = map[triage.Level]struct{ from, columns, order, scoped string }{
	triage.LevelStudy: {
		from: `study s LEFT JOIN study_header sh ON sh.study_id = s.id`,
		columns: `s.uid, '', '', '', '',
			(SELECT coalesce(group_concat(modality, '\'), '') FROM (SELECT DISTINCT modality FROM series WHERE study_id = s.id AND modality <> '' ORDER BY 1)),
			(SELECT count(*) FROM series WHERE study_id = s.id), s.instances, ` + said + `, ` + findings,
		order: `s.received_at DESC, s.uid DESC`, scoped: `s.uid`,
	},
	triage.LevelSeries: {
		from: `series x JOIN study s ON s.id = x.study_id LEFT JOIN study_header sh ON sh.study_id = s.id
			LEFT JOIN series_header xh ON xh.series_id = x.id`,
		columns: `s.uid, x.uid, '', x.modality, '', '', 0, (SELECT count(*) FROM instance WHERE series_id = x.id), 0, 0`,
		order:   `x.id`, scoped: `CAST(xh.series_number AS INTEGER), x.id`,
	},
	triage.LevelInstance: {
		from: `instance i JOIN series x ON x.id = i.series_id JOIN study s ON s.id = i.study_id
			LEFT JOIN study_header sh ON sh.study_id = s.id LEFT JOIN series_header xh ON xh.series_id = x.id
			LEFT JOIN instance_header ih ON ih.instance_id = i.id`,
		columns: `s.uid, x.uid, i.sop_uid, x.modality, i.sop_class, '', 0, 0, 0, 0`,
		order:   `i.id`, scoped: `CAST(xh.series_number AS INTEGER), x.id, CAST(ih.instance_number AS INTEGER), i.id`,
	},
}

// headers are the header tables of a level.
func headers(level triage.Level) []headerTable {
	all := []headerTable{
		{"sh", studyHeader, func(f *triage.Found) *triage.Attributes { return &f.Headers.Study }},
		{"xh", seriesHeader, func(f *triage.Found) *triage.Attributes { return &f.Headers.Series }},
		{"ih", instanceHeader, func(f *triage.Found) *triage.Attributes { return &f.Headers.Instance }},
	}
	return all[:level+1]
}

type headerTable struct {
	alias   string
	columns []column
	into    func(*triage.Found) *triage.Attributes
}

// Search implements triage.Archive.
func (s *SQLite) Search(ctx context.Context, q triage.Search) ([]triage.Found, error) {
	var w where
	if err := w.search(q); err != nil {
		return nil, err
	}
	level := levels[q.Level]
	query := `SELECT ` + level.columns
	for _, h := range headers(q.Level) {
		for _, c := range h.columns {
			query += `, coalesce(` + h.alias + `.` + c.name + `, '')`
		}
	}
	order := level.order
	if q.In.StudyUID != "" {
		order = level.scoped
	}
	query += ` FROM ` + level.from + w.String() + ` ORDER BY ` + order + ` LIMIT ? OFFSET ?`
	rows, err := s.read.QueryContext(ctx, query, append(w.args, q.Limit, q.Offset)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []triage.Found
	for rows.Next() {
		f, err := scanFound(rows, q.Level)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

func scanFound(rows *sql.Rows, level triage.Level) (triage.Found, error) {
	var f triage.Found
	var modalities string
	into := []any{&f.StudyUID, &f.SeriesUID, &f.SOPUID, &f.Modality, &f.SOPClassUID,
		&modalities, &f.Series, &f.Instances, &f.Said.Anything, &f.Said.Findings}
	tables := headers(level)
	values := make([][]string, len(tables))
	for i, h := range tables {
		values[i] = make([]string, len(h.columns))
		for j := range values[i] {
			into = append(into, &values[i][j])
		}
	}
	if err := rows.Scan(into...); err != nil {
		return f, err
	}
	for i, h := range tables {
		attributes := triage.Attributes{}
		for j, c := range h.columns {
			if v := values[i][j]; v != "" {
				attributes[c.keyword] = v
			}
		}
		*h.into(&f) = attributes
	}
	if modalities != "" {
		f.Modalities = strings.Split(modalities, `\`)
	}
	return f, nil
}
