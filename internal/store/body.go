package store

import (
	"database/sql"
	"encoding/json"
	"time"

	"nafas/dicomio/refusal"
	"nafas/inference/finding"
	"nafas/inference/volume"
	"nafas/internal/triage"
)

// The types of this file are what lies in JSON columns. They are written out
// field by field, so that renaming something in the domain does not make old
// rows unreadable.

type refusalBody struct {
	Reason refusal.Reason `json:"reason"`
	Found  string         `json:"found"`
	Remedy string         `json:"remedy,omitempty"`
}

func encodeRefusal(e *refusal.Error) (sql.NullString, error) {
	if e == nil {
		return sql.NullString{}, nil
	}
	found := e.Found
	if e.Err != nil {
		found += ": " + e.Err.Error()
	}
	b, err := json.Marshal(refusalBody{e.Reason, found, e.Remedy})
	return sql.NullString{String: string(b), Valid: true}, err
}

func decodeRefusal(s sql.NullString) (*refusal.Error, error) {
	if !s.Valid {
		return nil, nil
	}
	var b refusalBody
	if err := json.Unmarshal([]byte(s.String), &b); err != nil {
		return nil, err
	}
	return b.refusal(), nil
}

func (b refusalBody) refusal() *refusal.Error {
	return &refusal.Error{Reason: b.Reason, Found: b.Found, Remedy: b.Remedy}
}

type resultBody struct {
	Study    string        `json:"study"`
	Series   string        `json:"series"`
	Key      string        `json:"key"`
	Model    modelBody     `json:"model"`
	Runtime  runtimeBody   `json:"runtime"`
	Warnings []warningBody `json:"warnings,omitempty"`
	Notes    []string      `json:"notes,omitempty"`
	Findings []findingBody `json:"findings,omitempty"`
	Scan     scanBody      `json:"scan"`
	Timings  []timingBody  `json:"timings,omitempty"`
}

type modelBody struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

type runtimeBody struct {
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

type warningBody struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

type scanBody struct {
	Slices           int        `json:"slices"`
	Rows             int        `json:"rows"`
	Columns          int        `json:"columns"`
	SpacingMM        [3]float64 `json:"spacing_mm"`
	SliceThicknessMM float64    `json:"slice_thickness_mm"`
	Kernel           string     `json:"kernel"`
	Manufacturer     string     `json:"manufacturer"`
	LungVolumeML     float64    `json:"lung_volume_ml"`
}

type timingBody struct {
	Stage   string  `json:"stage"`
	Seconds float64 `json:"seconds"`
}

type findingBody struct {
	Rank           int        `json:"rank"`
	Score          float64    `json:"score"`
	Flagged        bool       `json:"flagged"`
	CenterLPSMM    [3]float64 `json:"center_lps_mm"`
	MeanDiameterMM float64    `json:"mean_diameter_mm"`
	Side           string     `json:"side,omitempty"`
	VoxelIndex     [3]float64 `json:"voxel_index"`
	// Measured is missing in rows of versions that measured nothing.
	Measured *measuredBody `json:"measured,omitempty"`
	// Place is missing in rows of versions that placed nothing.
	Place          *placeBody `json:"place,omitempty"`
	SOPInstanceUID string     `json:"sop_instance_uid"`
	Slice          int        `json:"slice"`
	Frame          int        `json:"frame,omitempty"`
	PixelColumn    float64    `json:"pixel_column"`
	PixelRow       float64    `json:"pixel_row"`
}

func encodeResult(r triage.Result) (string, error) {
	b := resultBody{
		Study: r.StudyUID, Series: r.SeriesUID, Key: r.Key,
		Model: modelBody(r.Model), Runtime: runtimeBody(r.Runtime),
		Notes: r.Notes, Scan: scanBody(r.Scan),
	}
	for _, w := range r.Warnings {
		b.Warnings = append(b.Warnings, warningBody(w))
	}
	for _, t := range r.Timings {
		b.Timings = append(b.Timings, timingBody{t.Stage, t.Wall.Seconds()})
	}
	for _, f := range r.Findings {
		b.Findings = append(b.Findings, encodeFinding(f))
	}
	out, err := json.Marshal(b)
	return string(out), err
}

func decodeResult(s string) (*triage.Result, error) {
	var b resultBody
	if err := json.Unmarshal([]byte(s), &b); err != nil {
		return nil, err
	}
	r := &triage.Result{
		StudyUID: b.Study, SeriesUID: b.Series, Key: b.Key,
		Model: triage.Model(b.Model), Runtime: triage.Runtime(b.Runtime),
		Notes: b.Notes, Scan: triage.Scan(b.Scan),
	}
	for _, w := range b.Warnings {
		r.Warnings = append(r.Warnings, triage.Warning(w))
	}
	for _, t := range b.Timings {
		r.Timings = append(r.Timings, triage.StageTime{Stage: t.Stage, Wall: time.Duration(t.Seconds * float64(time.Second))})
	}
	for _, f := range b.Findings {
		r.Findings = append(r.Findings, decodeFinding(f))
	}
	return r, nil
}

func encodeFinding(f triage.Finding) findingBody {
	return findingBody{
		Rank: f.Rank, Score: f.Score, Flagged: f.Flagged, CenterLPSMM: f.CenterLPSMM,
		MeanDiameterMM: f.MeanDiameterMM, Side: string(f.Side), VoxelIndex: f.VoxelIndex, Measured: encodeMeasured(f.Measured),
		Place:          encodePlace(f.Place),
		SOPInstanceUID: f.SOPInstanceUID, Slice: f.Slice, Frame: f.Frame,
		PixelColumn: f.PixelColumn, PixelRow: f.PixelRow,
	}
}

func decodeFinding(b findingBody) triage.Finding {
	return triage.Finding{
		Finding: finding.Finding{
			Rank: b.Rank, Score: b.Score, Flagged: b.Flagged, CenterLPSMM: volume.Vec3(b.CenterLPSMM),
			MeanDiameterMM: b.MeanDiameterMM, Side: finding.Side(b.Side), VoxelIndex: volume.Vec3(b.VoxelIndex),
		},
		Measured:       decodeMeasured(b.Measured),
		Place:          decodePlace(b.Place),
		SOPInstanceUID: b.SOPInstanceUID, Slice: b.Slice, Frame: b.Frame,
		PixelColumn: b.PixelColumn, PixelRow: b.PixelRow,
	}
}
