package tables_test

import (
	"time"

	"nafas/inference/finding"
	"nafas/inference/measure"
	"nafas/inference/volume"
	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/rescore/tables"
	"nafas/internal/triage"
	"nafas/internal/triage/priority"
)

var header = tables.HeaderOf(rescore.Rescoring{
	ID: 7, Name: "2019, again", Model: triage.Model{Name: "lungs", Version: "2.1", SHA256: "ab12"},
	Recipe: triage.Recipe{ModelSHA256: "ab12", ConfigSHA256: "cd34"},
})

// at is in another zone than UTC, with more than microseconds.
var at = time.Date(2026, 3, 1, 1, 2, 3, 123456789, time.FixedZone("", 2*60*60))

// measured is a finding with all that is known of one.
func measured() triage.Finding {
	return triage.Finding{
		Finding: finding.Finding{
			Rank: 1, Score: 0.9312, Flagged: true, CenterLPSMM: volume.Vec3{-42.25, 10.5, -301.75}, MeanDiameterMM: 7.4, Side: finding.SideRight,
		},
		Measured: &triage.Measurement{Measurement: measure.Measurement{
			CenterLPSMM: volume.Vec3{-42, 10, -301}, VolumeMM3: 268.5, MeanDiameterMM: 8.1, Kind: measure.KindPartSolid,
		}},
		Place:          &finding.Place{Side: finding.SideRight, Lobe: finding.LobeRightUpper, Zone: finding.ZoneUpper},
		SOPInstanceUID: "1.2.1.99", Slice: 98, Frame: 3, PixelColumn: 120.25, PixelRow: 0,
	}
}

// doubtful is one whose measurement is not to be relied on, in no lobe.
func doubtful() triage.Finding {
	f := measured()
	f.Rank, f.Score, f.Flagged, f.Side, f.Frame = 2, 0.3, false, finding.SideUnknown, 0
	f.Measured = &triage.Measurement{Measurement: measure.Measurement{Doubt: measure.DoubtCut, VolumeMM3: 9000, MeanDiameterMM: 26, Kind: measure.KindSolid}}
	f.Place = &finding.Place{Zone: finding.ZoneLower}
	return f
}

// old is one of a version that measured and placed nothing.
func old() triage.Finding {
	f := measured()
	f.Rank, f.Score, f.Flagged, f.Measured, f.Place, f.Side, f.Frame = 1, 0.5, true, nil, nil, finding.SideLeft, 0
	return f
}

// inputs are of every state, in the order of a ledger.
func inputs() []rescore.Row {
	scored := rescore.Row{
		Rescoring: 7, StudyUID: "1.2", SeriesUID: "1.2.1", Modality: "CT", StudyDate: "19650304", Instances: 300, State: rescore.Scored,
		Result: &triage.Result{
			StudyUID: "1.2", SeriesUID: "1.2.1", Key: "key", Runtime: triage.Runtime{Version: "1.30.0", SHA256: "ef56"},
			Warnings: []triage.Warning{{Code: "LOW_LUNG_VOLUME", Text: `Less than 1 l of "lung" < it is cut`}},
			Findings: []triage.Finding{measured(), doubtful()},
			Scan: triage.Scan{Slices: 300, Rows: 512, Columns: 500, SpacingMM: [3]float64{0.7, 0.6, 1.25}, SliceThicknessMM: 1,
				Kernel: "B70f", Manufacturer: "ACME, Inc.", LungVolumeML: 4321.5},
			Timings: []triage.StageTime{{Stage: "read", Wall: time.Second}, {Stage: "onnx", Wall: 1500 * time.Millisecond},
				{Stage: "polish", Wall: 250 * time.Millisecond}},
		},
		Verdict: &rescore.Verdict{SeriesUID: "1.2.1", Priority: triage.PriorityUrgent, LungRADS: "4A", Reasons: []triage.PriorityReason{
			{Reason: priority.Reason{Code: priority.FindingLarge}, Text: "1 flagged finding, 8 mm; measured"},
			{Reason: priority.Reason{Code: priority.ScanWeak}, Text: "less sure"},
		}},
		At: at, Worker: "w1",
	}
	silent := rescore.Row{
		Rescoring: 7, StudyUID: "1.3", SeriesUID: "1.3.1", Modality: "CT", StudyDate: "20240229", Instances: 40, State: rescore.Unchanged,
		Result:  &triage.Result{StudyUID: "1.3", SeriesUID: "1.3.1"},
		Verdict: &rescore.Verdict{SeriesUID: "1.3.1", Priority: triage.PriorityRoutine}, At: at, Worker: "w2",
	}
	earlier := silent
	earlier.StudyUID, earlier.SeriesUID, earlier.StudyDate = "1.4", "1.4.1", "2024"
	earlier.Result = &triage.Result{StudyUID: "1.4", SeriesUID: "1.4.1", Findings: []triage.Finding{old()}}
	return []rescore.Row{
		{Rescoring: 7, Path: "box/notes é.txt", State: rescore.Skipped, Reason: rescore.ReasonNotDICOM, Found: "no DICOM prefix", Remedy: "nothing", At: at},
		scored,
		{Rescoring: 7, StudyUID: "1.2", SeriesUID: "1.2.2", Modality: "CT", StudyDate: "19650304", Instances: 0, State: rescore.Failed,
			Reason: "MISSING_SLICES", Found: "a gap\nof 3 slices, \"here\"", Remedy: "send it again", At: at, Worker: "w1"},
		silent, earlier,
		{Rescoring: 7, StudyUID: "1.5", SeriesUID: "1.5.1", Modality: "MR", Instances: 7, State: rescore.Waiting},
	}
}

func changes() []compare.Change {
	return []compare.Change{
		{StudyUID: "1.2", SeriesUID: "1.2.1", Date: "19650304", Manufacturer: "ACME, Inc.", Kinds: []compare.Kind{compare.KindNewlyFlagged, compare.KindCategoryUp},
			ScoreBefore: 0.31, ScoreAfter: 0.9312, PriorityBefore: triage.PriorityRoutine, PriorityAfter: triage.PriorityUrgent, CategoryAfter: "4A"},
		{StudyUID: "1.6", SeriesUID: "1.6.1", Kinds: []compare.Kind{compare.KindReadNow}, ScoreAfter: 0.7, PriorityAfter: triage.PriorityHigh, Reason: "TOO_LARGE"},
		{StudyUID: "1.7", SeriesUID: "1.7.1", Kinds: []compare.Kind{compare.KindNotRead}, PriorityBefore: triage.PriorityRoutine, CategoryBefore: "3", Reason: "NOT_IN_THIS_PASS"},
	}
}
