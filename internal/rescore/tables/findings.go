package tables

import (
	"cmp"

	"nafas/inference/finding"
	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// findingRow is a row of Findings.
type findingRow struct {
	headed
	StudyUID  string   `parquet:"study_uid" doc:"Study Instance UID"`
	SeriesUID string   `parquet:"series_uid" doc:"Series Instance UID"`
	StudyDate *Date    `parquet:"study_date,date" doc:"null where the header has no valid date"`
	Rank      int32    `parquet:"rank" doc:"1 is read first"`
	Score     float64  `parquet:"score" doc:"the detector's output in [0,1], to 1e-4; not a probability of malignancy"`
	Flagged   bool     `parquet:"flagged" doc:"at or above the model's point of 1 false mark per scan"`
	CenterX   float64  `parquet:"center_lps_x_mm" doc:"the detector's centre in the patient: towards the left"`
	CenterY   float64  `parquet:"center_lps_y_mm" doc:"towards the back"`
	CenterZ   float64  `parquet:"center_lps_z_mm" doc:"towards the head"`
	Side      *string  `parquet:"side,dict" doc:"left, right; null in neither lung"`
	Lobe      *string  `parquet:"lobe,dict" doc:"right upper, right middle, right lower, left upper, left lower; null where it is not sure"`
	Zone      *string  `parquet:"zone,dict" doc:"upper, middle, lower third of the lung's height"`
	Diameter  float64  `parquet:"diameter_mm" doc:"the mean diameter that is shown"`
	By        string   `parquet:"diameter_by,dict" doc:"who gave it: measured, detector"`
	Detector  float64  `parquet:"detector_diameter_mm" doc:"that of the detector"`
	Measured  *float64 `parquet:"measured_diameter_mm" doc:"mean of the axes; this and what follows of the measurement is null where that is not to be relied on"`
	MeasuredX *float64 `parquet:"measured_center_lps_x_mm" doc:"centre of the measured body, in the patient as above"`
	MeasuredY *float64 `parquet:"measured_center_lps_y_mm" doc:"the same"`
	MeasuredZ *float64 `parquet:"measured_center_lps_z_mm" doc:"the same"`
	Volume    *float64 `parquet:"volume_mm3" doc:"within the border"`
	Density   *string  `parquet:"density,dict" doc:"solid, part-solid, ground-glass, calcified"`
	Doubt     *string  `parquet:"doubt,dict" doc:"why the measurement is not to be relied on: a code; null where it is, and where nothing was measured"`
	SOPUID    *string  `parquet:"sop_instance_uid" doc:"the image that the centre is nearest to"`
	Slice     int32    `parquet:"slice" doc:"its place from 0 along the images' normal"`
	Frame     *int32   `parquet:"frame" doc:"from 1 in a multi-frame instance; null in others"`
	Column    float64  `parquet:"pixel_column" doc:"0 at the centre of the first column"`
	Row       float64  `parquet:"pixel_row" doc:"0 at the centre of the first row"`
}

// findingRows are none for an input without a result.
func findingRows(h Header, r rescore.Row) []findingRow {
	if r.Result == nil {
		return nil
	}
	var out []findingRow
	for _, f := range r.Result.Findings {
		row := findingRow{
			headed: h.columns(), StudyUID: valid(r.StudyUID), SeriesUID: valid(r.SeriesUID), StudyDate: dateOf(r.StudyDate),
			Rank: int32(f.Rank), Score: f.Score, Flagged: f.Flagged,
			CenterX: f.CenterLPSMM[0], CenterY: f.CenterLPSMM[1], CenterZ: f.CenterLPSMM[2],
			Side: word(f.Side), Detector: f.MeanDiameterMM,
			SOPUID: text(f.SOPInstanceUID), Slice: int32(f.Slice), Frame: countKnown(f.Frame), Column: f.PixelColumn, Row: f.PixelRow,
		}
		var by triage.DiameterBy
		row.Diameter, by = f.Diameter()
		row.By = string(by)
		row.place(f.Place)
		row.measurement(f)
		out = append(out, row)
	}
	return out
}

func (row *findingRow) place(p *finding.Place) {
	if p != nil {
		row.Side, row.Lobe, row.Zone = cmp.Or(row.Side, word(p.Side)), word(p.Lobe), word(p.Zone)
	}
}

func (row *findingRow) measurement(f triage.Finding) {
	if f.Measured != nil {
		row.Doubt = word(f.Measured.Doubt)
	}
	if m := f.Reliable(); m != nil {
		row.Measured, row.Volume, row.Density = number(m.MeanDiameterMM), number(m.VolumeMM3), word(m.Kind)
		row.MeasuredX, row.MeasuredY, row.MeasuredZ = number(m.CenterLPSMM[0]), number(m.CenterLPSMM[1]), number(m.CenterLPSMM[2])
	}
}
