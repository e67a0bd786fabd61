package tables

import (
	"cmp"
	"time"

	"nafas/inference"
	"nafas/internal/rescore"
	"nafas/internal/triage"
)

// seriesRow is a row of Series.
type seriesRow struct {
	headed
	Path        *string  `parquet:"path" doc:"of a file that belongs to no series: below the source's root; the UIDs are null then"`
	StudyUID    *string  `parquet:"study_uid" doc:"Study Instance UID"`
	SeriesUID   *string  `parquet:"series_uid" doc:"Series Instance UID"`
	StudyDate   *Date    `parquet:"study_date,date" doc:"null too where the header has no valid date"`
	Modality    *string  `parquet:"modality,dict" doc:"as in DICOM: CT, MR, SR"`
	Instances   *int32   `parquet:"instances" doc:"that the source names or has"`
	State       string   `parquet:"state,dict" doc:"scored, unchanged, skipped, failed; waiting while the rescoring is not done"`
	Reason      *string  `parquet:"reason,dict" doc:"why it is skipped or failed: a code"`
	Found       *string  `parquet:"found" doc:"what was found, in English"`
	Remedy      *string  `parquet:"remedy,dict" doc:"what to do, in English"`
	Findings    *int32   `parquet:"findings" doc:"how many; null without a result, 0 where there are none"`
	Flagged     *bool    `parquet:"flagged" doc:"whether a finding reaches the model's point of 1 false mark per scan"`
	BestScore   *float64 `parquet:"best_score" doc:"the highest of the findings; null without one"`
	Priority    *string  `parquet:"priority,dict" doc:"of the study: routine, not_assessed, high, urgent"`
	ReasonCodes []string `parquet:"priority_reason_codes,list,optional" doc:"why, as codes"`
	ReasonTexts []string `parquet:"priority_reasons,list,optional" doc:"why, in English"`
	LungRADS    *string  `parquet:"lung_rads,dict" doc:"of the study: the category that is suggested, to be confirmed"`
	scanned
	WarningCodes []string `parquet:"warning_codes,list,optional" doc:"what makes the result less sure, as codes"`
	WarningTexts []string `parquet:"warnings,list,optional" doc:"the same in English"`
	timed
	RuntimeVersion *string    `parquet:"runtime_version,dict" doc:"of ONNX Runtime"`
	RuntimeSHA256  *string    `parquet:"runtime_sha256,dict" doc:"of its library, hex"`
	ResultKey      *string    `parquet:"result_key" doc:"equal keys: equal instances, model and configuration, and so findings"`
	At             *time.Time `parquet:"ended_at,timestamp(microsecond)" doc:"when it ended"`
	Worker         *string    `parquet:"worker,dict" doc:"who read it; null for who planned"`
}

// scanned are the columns of a triage.Scan.
type scanned struct {
	Manufacturer *string  `parquet:"manufacturer,dict" doc:"of the scanner"`
	Kernel       *string  `parquet:"kernel,dict" doc:"reconstruction kernel, as the scanner names it"`
	Slices       *int32   `parquet:"slices" doc:"of the volume that was read"`
	Rows         *int32   `parquet:"slice_rows" doc:"of a slice, in pixels"`
	Columns      *int32   `parquet:"slice_columns" doc:"of a slice, in pixels"`
	ThicknessMM  *float64 `parquet:"thickness_mm" doc:"slice thickness"`
	SpacingMM    *float64 `parquet:"spacing_mm" doc:"between slices"`
	RowMM        *float64 `parquet:"row_spacing_mm" doc:"between the centres of two rows"`
	ColumnMM     *float64 `parquet:"column_spacing_mm" doc:"between the centres of two columns"`
	LungVolumeML *float64 `parquet:"lung_volume_ml" doc:"of the lung field"`
}

// timed are the wall times of stages; null for one that did not run. Those of an
// unchanged series are of the pass that read it.
type timed struct {
	ReadS        *float64 `parquet:"read_s" doc:"wall time of reading the files, in seconds. This and the next: null where the stage did not run; of an unchanged series, when it was read"`
	DecodeS      *float64 `parquet:"decode_s" doc:"of decoding pixels"`
	AssembleS    *float64 `parquet:"assemble_s" doc:"of making the volume"`
	LungS        *float64 `parquet:"lung_s" doc:"of finding the lungs"`
	PrepareS     *float64 `parquet:"prepare_s" doc:"of bringing them to the model's grid"`
	ONNXS        *float64 `parquet:"onnx_s" doc:"of the network"`
	PostprocessS *float64 `parquet:"postprocess_s" doc:"of its output"`
	RefineS      *float64 `parquet:"refine_s" doc:"of looking again"`
	MeasureS     *float64 `parquet:"measure_s" doc:"of measuring findings"`
	PlaceS       *float64 `parquet:"place_s" doc:"of placing them in the lung"`
	OtherS       *float64 `parquet:"other_s" doc:"stages that have no column"`
	TotalS       *float64 `parquet:"total_s" doc:"all stages"`
}

func seriesRowOf(h Header, r rescore.Row) seriesRow {
	row := seriesRow{
		headed: h.columns(), Path: text(r.Path), StudyUID: text(r.StudyUID), SeriesUID: text(r.SeriesUID), StudyDate: dateOf(r.StudyDate),
		Modality: text(r.Modality), State: string(r.State), Reason: text(r.Reason), Found: text(r.Found), Remedy: text(r.Remedy),
		At: moment(r.At), Worker: text(r.Worker),
	}
	if r.SeriesUID != "" {
		row.Instances = count(r.Instances)
	}
	if r.Result != nil {
		row.result(*r.Result)
	}
	if v := r.Verdict; v != nil {
		row.Priority, row.LungRADS = of(v.Priority.Word()), text(v.LungRADS)
		row.ReasonCodes, row.ReasonTexts = []string{}, []string{}
		for _, reason := range v.Reasons {
			row.ReasonCodes = append(row.ReasonCodes, valid(string(reason.Code)))
			row.ReasonTexts = append(row.ReasonTexts, valid(reason.Text))
		}
	}
	return row
}

func (row *seriesRow) result(r triage.Result) {
	row.Findings, row.Flagged = count(len(r.Findings)), of(false)
	for i, f := range r.Findings {
		if i == 0 || f.Score > *row.BestScore {
			row.BestScore = of(f.Score)
		}
		*row.Flagged = *row.Flagged || f.Flagged
	}
	row.scanned, row.timed = scannedOf(r.Scan), timedOf(r.Timings)
	row.WarningCodes, row.WarningTexts = []string{}, []string{}
	for _, w := range r.Warnings {
		row.WarningCodes, row.WarningTexts = append(row.WarningCodes, valid(w.Code)), append(row.WarningTexts, valid(w.Text))
	}
	row.RuntimeVersion, row.RuntimeSHA256, row.ResultKey = text(r.Runtime.Version), text(r.Runtime.SHA256), text(r.Key)
}

func scannedOf(s triage.Scan) scanned {
	return scanned{
		Manufacturer: text(s.Manufacturer), Kernel: text(s.Kernel),
		Slices: countKnown(s.Slices), Rows: countKnown(s.Rows), Columns: countKnown(s.Columns),
		ThicknessMM: length(s.SliceThicknessMM), SpacingMM: length(s.SpacingMM[2]), RowMM: length(s.SpacingMM[1]), ColumnMM: length(s.SpacingMM[0]),
		LungVolumeML: length(s.LungVolumeML),
	}
}

func timedOf(stages []triage.StageTime) timed {
	var t timed
	columns := map[string]**float64{
		"read": &t.ReadS, "decode": &t.DecodeS, "assemble": &t.AssembleS,
		inference.StageLung: &t.LungS, inference.StagePrepare: &t.PrepareS, inference.StageONNX: &t.ONNXS,
		inference.StagePostprocess: &t.PostprocessS, inference.StageRefine: &t.RefineS, inference.StageMeasure: &t.MeasureS, inference.StagePlace: &t.PlaceS,
	}
	add := func(to **float64, s float64) {
		if *to == nil {
			*to = of(0.0)
		}
		**to += s
	}
	for _, stage := range stages {
		add(cmp.Or(columns[stage.Stage], &t.OtherS), stage.Wall.Seconds())
		add(&t.TotalS, stage.Wall.Seconds())
	}
	return t
}
