package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"nafas/dicomio/refusal"
	"nafas/inference/measure"
	"nafas/internal/rpc"
	"nafas/internal/triage"
	"nafas/internal/triage/priority"
)

// The names in JSON are an interface from the first day, and carry units.
func TestPriorityReasonJSONNames(t *testing.T) {
	all := priority.Rule{
		Name: "all", Level: priority.High, Point: priority.One, SizeMM: 8, SolidPartMM: 4,
		Kinds: []measure.Kind{measure.KindPartSolid}, UnlessKinds: []measure.Kind{measure.KindCalcified}, KindConfidence: 0.9,
		Changes: []priority.Change{priority.Growing}, DoublingDays: 400, GrownMM: 1.5, WithinDays: 366, Count: 2, Scan: []string{"THICK_SLICES"},
	}
	_, unread := triage.RankUnread(refusal.New(refusal.NoLung, "", "no air"))
	study := rpc.StudyProto(triage.Study{PriorityReasons: append([]triage.PriorityReason{
		{Text: "why", Reason: priority.Reason{
			Code: priority.FindingGrowing, Rule: all, Ranks: []int{1, 3}, LargestMM: 9.5, LargestMeasured: true, LargestSolidMM: 5,
			DoublingDays: 120, DoublingDaysShort: 88, DoublingDaysLong: 190, Kinds: []measure.Kind{measure.KindSolid}, Scan: []string{"THICK_SLICES"},
		}},
		{Text: "detector's", Reason: priority.Reason{Code: priority.FindingFlagged, Rule: priority.Rule{Name: "f", Level: priority.Urgent}, LargestMM: 5}},
		{Text: "of an earlier version"},
	}, unread...)})
	require.Equal(t, []string{"why", "detector's", "of an earlier version", "not read by Nafas: no air"}, study.GetPriorityReasons())
	for i, want := range []string{
		`{"code": "FINDING_GROWING", "text": "why", "findingRanks": [1, 3], "largestMm": 9.5, "largestBy": "measured", "largestSolidPartMm": 5,
			"doublingDays": 120, "doublingDaysShort": 88, "doublingDaysLong": 190, "kinds": ["NODULE_KIND_SOLID"], "scan": ["THICK_SLICES"],
			"rule": {"name": "all", "priority": "PRIORITY_HIGH", "operatingPoint": "one", "sizeAtLeastMm": 8, "solidPartAtLeastMm": 4,
				"kinds": ["NODULE_KIND_PART_SOLID"], "unlessKinds": ["NODULE_KIND_CALCIFIED"], "kindConfidence": 0.9, "changes": ["growing"],
				"doublingAtMostDays": 400, "grownAboveMm": 1.5, "withinDays": 366, "count": 2, "scan": ["THICK_SLICES"]}}`,
		`{"code": "FINDING_FLAGGED", "text": "detector's", "largestMm": 5, "largestBy": "detector", "rule": {"name": "f", "priority": "PRIORITY_URGENT"}}`,
		`{"text": "of an earlier version"}`,
		`{"code": "NOT_READ", "text": "not read by Nafas: no air", "notRead": "REASON_NO_LUNG"}`,
	} {
		got, err := protojson.Marshal(study.GetReasons()[i])
		require.NoError(t, err)
		require.JSONEq(t, want, string(got))
	}
}
