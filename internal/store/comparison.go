package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"nafas/inference/prior"
	"nafas/internal/triage"
)

// comparisonBody is written out field by field like a result.
type comparisonBody struct {
	StudyUID    string          `json:"earlier_study"`
	SeriesUID   string          `json:"earlier_series,omitempty"`
	StudyDate   string          `json:"earlier_study_date"`
	Days        int             `json:"days"`
	Why         *refusalBody    `json:"why,omitempty"`
	Method      string          `json:"method,omitempty"`
	Refused     string          `json:"refused,omitempty"`
	NotCompared []prior.Reason  `json:"not_comparable,omitempty"`
	LungOverlap float64         `json:"lung_overlap,omitempty"`
	Current     []changeBody    `json:"current,omitempty"`
	Earlier     []goneBody      `json:"earlier,omitempty"`
	Findings    []findingBody   `json:"earlier_findings,omitempty"`
	InEarlier   []imagePlaceOut `json:"in_earlier,omitempty"`
	InCurrent   []imagePlaceOut `json:"in_current,omitempty"`
}

type changeBody struct {
	State              string         `json:"state"`
	Earlier            int            `json:"earlier"`
	EarlierCenterLPSMM [3]float64     `json:"earlier_center_lps_mm"`
	EarlierMeasured    *measuredBody  `json:"earlier_measured,omitempty"`
	DiameterChangeMM   float64        `json:"diameter_change_mm"`
	DiameterErrorMM    float64        `json:"diameter_error_mm"`
	Growth             *growthBody    `json:"growth,omitempty"`
	NoGrowth           []prior.Reason `json:"no_growth,omitempty"`
}

type growthBody struct {
	VolumeChange         float64 `json:"volume_change"`
	VolumeChangeLow      float64 `json:"volume_change_low"`
	VolumeChangeHigh     float64 `json:"volume_change_high"`
	DoublingsPerYear     float64 `json:"doublings_per_year"`
	DoublingsPerYearLow  float64 `json:"doublings_per_year_low"`
	DoublingsPerYearHigh float64 `json:"doublings_per_year_high"`
	DoublingDays         float64 `json:"doubling_days,omitempty"`
	DoublingDaysShort    float64 `json:"doubling_days_short,omitempty"`
	DoublingDaysLong     float64 `json:"doubling_days_long,omitempty"`
	Trend                string  `json:"trend,omitempty"`
}

type goneBody struct {
	State              string     `json:"state"`
	Current            int        `json:"current"`
	CurrentCenterLPSMM [3]float64 `json:"current_center_lps_mm"`
}

type imagePlaceOut struct {
	SOPInstanceUID string  `json:"sop_instance_uid,omitempty"`
	Slice          int     `json:"slice"`
	Frame          int     `json:"frame,omitempty"`
	PixelColumn    float64 `json:"pixel_column"`
	PixelRow       float64 `json:"pixel_row"`
}

func encodeComparison(c *triage.Comparison) (string, error) {
	b := comparisonBody{
		StudyUID: c.EarlierStudyUID, SeriesUID: c.EarlierSeriesUID, StudyDate: c.EarlierStudyDate, Days: c.Days,
		Method: c.Method, Refused: string(c.Refused), NotCompared: c.NotComparable, LungOverlap: c.LungOverlap,
	}
	if c.Why != nil {
		b.Why = &refusalBody{c.Why.Reason, c.Why.Found, c.Why.Remedy}
	}
	for _, change := range c.Current {
		b.Current = append(b.Current, encodeChange(change))
	}
	for _, e := range c.Earlier {
		b.Earlier = append(b.Earlier, goneBody{string(e.State), e.Current, e.CurrentCenterLPSMM})
	}
	for _, f := range c.EarlierFindings {
		b.Findings = append(b.Findings, encodeFinding(f))
	}
	for _, p := range c.InEarlier {
		b.InEarlier = append(b.InEarlier, imagePlaceOut(p))
	}
	for _, p := range c.InCurrent {
		b.InCurrent = append(b.InCurrent, imagePlaceOut(p))
	}
	out, err := json.Marshal(b)
	return string(out), err
}

func encodeChange(c prior.Change) changeBody {
	b := changeBody{
		State: string(c.State), Earlier: c.Earlier, EarlierCenterLPSMM: c.EarlierCenterLPSMM,
		DiameterChangeMM: c.DiameterChangeMM, DiameterErrorMM: c.DiameterErrorMM, NoGrowth: c.NoGrowth,
	}
	if c.EarlierMeasured != nil {
		b.EarlierMeasured = encodeMeasured(&triage.Measurement{Measurement: *c.EarlierMeasured})
	}
	if g := c.Growth; g != nil {
		b.Growth = &growthBody{
			g.VolumeChange, g.VolumeChangeLow, g.VolumeChangeHigh,
			g.DoublingsPerYear, g.DoublingsPerYearLow, g.DoublingsPerYearHigh,
			g.DoublingDays, g.DoublingDaysShort, g.DoublingDaysLong, string(g.Trend),
		}
	}
	return b
}

func decodeComparison(key, body string) (*triage.Comparison, error) {
	var b comparisonBody
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		return nil, err
	}
	c := &triage.Comparison{
		EarlierStudyUID: b.StudyUID, EarlierSeriesUID: b.SeriesUID, EarlierStudyDate: b.StudyDate, Key: key, Method: b.Method,
		Comparison: prior.Comparison{Days: b.Days, Refused: prior.Reason(b.Refused), NotComparable: b.NotCompared, LungOverlap: b.LungOverlap},
	}
	if b.Why != nil {
		c.Why = b.Why.refusal()
	}
	for _, change := range b.Current {
		c.Current = append(c.Current, decodeChange(change))
	}
	for _, e := range b.Earlier {
		c.Earlier = append(c.Earlier, prior.EarlierChange{State: prior.State(e.State), Current: e.Current, CurrentCenterLPSMM: e.CurrentCenterLPSMM})
	}
	for _, f := range b.Findings {
		c.EarlierFindings = append(c.EarlierFindings, decodeFinding(f))
	}
	for _, p := range b.InEarlier {
		c.InEarlier = append(c.InEarlier, triage.ImagePlace(p))
	}
	for _, p := range b.InCurrent {
		c.InCurrent = append(c.InCurrent, triage.ImagePlace(p))
	}
	return c, nil
}

func decodeChange(b changeBody) prior.Change {
	c := prior.Change{
		State: prior.State(b.State), Earlier: b.Earlier, EarlierCenterLPSMM: b.EarlierCenterLPSMM,
		DiameterChangeMM: b.DiameterChangeMM, DiameterErrorMM: b.DiameterErrorMM, NoGrowth: b.NoGrowth,
	}
	if m := decodeMeasured(b.EarlierMeasured); m != nil {
		c.EarlierMeasured = &m.Measurement
	}
	if g := b.Growth; g != nil {
		c.Growth = &prior.Growth{
			VolumeChange: g.VolumeChange, VolumeChangeLow: g.VolumeChangeLow, VolumeChangeHigh: g.VolumeChangeHigh,
			DoublingsPerYear: g.DoublingsPerYear, DoublingsPerYearLow: g.DoublingsPerYearLow, DoublingsPerYearHigh: g.DoublingsPerYearHigh,
			DoublingDays: g.DoublingDays, DoublingDaysShort: g.DoublingDaysShort, DoublingDaysLong: g.DoublingDaysLong,
			Trend: prior.Trend(g.Trend),
		}
	}
	return c
}

// saveComparison keeps what a reading says; nil: nothing was compared.
func saveComparison(ctx context.Context, tx *sql.Tx, study int64, at time.Time, c *triage.Comparison) error {
	if c == nil {
		_, err := tx.ExecContext(ctx, `DELETE FROM comparison WHERE study_id = ?`, study)
		return err
	}
	body, err := encodeComparison(c)
	if err != nil {
		return err
	}
	// The same key means the same comparison, so the first one stays.
	_, err = tx.ExecContext(ctx, `
		INSERT INTO comparison (study_id, earlier_study_id, key, created_at, body)
		SELECT ?1, id, ?3, ?4, ?5 FROM study WHERE uid = ?2
		ON CONFLICT (study_id) DO UPDATE SET
			earlier_study_id = excluded.earlier_study_id, key = excluded.key, created_at = excluded.created_at, body = excluded.body
		WHERE key <> excluded.key`, study, c.EarlierStudyUID, c.Key, micros(at), body)
	return err
}

// loadComparison is what is kept of a study's; nil where there is none.
func loadComparison(ctx context.Context, tx *sql.Tx, study int64) (*triage.Comparison, error) {
	var key, body string
	err := tx.QueryRowContext(ctx, `SELECT key, body FROM comparison WHERE study_id = ?`, study).Scan(&key, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeComparison(key, body)
}

// comparedWith lists the studies that were compared with this one.
func comparedWith(ctx context.Context, tx *sql.Tx, study int64) (out []int64, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT study_id FROM comparison WHERE earlier_study_id = ?`, study)
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
