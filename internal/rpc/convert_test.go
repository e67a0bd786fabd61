package rpc_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"nafas/dicomio/refusal"
	"nafas/inference/finding"
	"nafas/inference/measure"
	"nafas/inference/volume"
	"nafas/internal/rpc"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

// declaredReasons reads every constant of type Reason from the source of a
// package, so that a reason added there and forgotten on the wire is found.
func declaredReasons(t *testing.T, dir string) []refusal.Reason {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var reasons []refusal.Reason
	for _, path := range paths {
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Type == nil || len(spec.Values) != 1 || !isReason(spec.Type) {
				return true
			}
			word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			reasons = append(reasons, refusal.Reason(word))
			return true
		})
	}
	return reasons
}

func isReason(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "Reason"
	case *ast.SelectorExpr:
		return e.Sel.Name == "Reason"
	}
	return false
}

func TestEveryReasonIsOnTheWire(t *testing.T) {
	reasons := append(declaredReasons(t, "../../dicomio/refusal"), declaredReasons(t, "../triage")...)
	require.Greater(t, len(reasons), 20, "the constants were not found")
	for _, r := range reasons {
		require.Equal(t, "REASON_"+string(r), rpc.ReasonProto(r).String())
	}
	require.Len(t, reasons, len(nafasv1.Reason_name)-1, "the enum holds a reason that nothing declares")
}

func TestUnknownReasonNeverLooksLikeNone(t *testing.T) {
	require.Equal(t, nafasv1.Reason_REASON_INTERNAL, rpc.ReasonProto("NEWER"))
}

// The names in JSON are an interface from the first day.
func TestResultJSONNames(t *testing.T) {
	result := triage.Result{
		StudyUID: "1.2", SeriesUID: "1.2.3",
		Model:    triage.Model{Name: "m", Version: "1", SHA256: "ab"},
		Warnings: []triage.Warning{{Code: "THICK_SLICES", Text: "3 mm"}},
		Timings:  []triage.StageTime{{Stage: "onnx", Wall: 1500 * time.Millisecond}},
		Findings: []triage.Finding{{
			Finding: finding.Finding{
				Rank: 1, Score: 0.75, Flagged: true, MeanDiameterMM: 8.2,
				CenterLPSMM: volume.Vec3{1, -2, 3}, Side: finding.SideLeft,
			},
			SOPInstanceUID: "1.2.3.4", Slice: 7, PixelColumn: 10, PixelRow: 20,
			Measured: &triage.Measurement{
				Measurement: measure.Measurement{
					CenterLPSMM: volume.Vec3{1.5, -2, 3}, VolumeMM3: 523.6, VolumeError: .12, Slice: 8,
					LongAxisLPSMM: [2]volume.Vec3{{1, 2, 3}, {4, 6, 3}}, LongAxisMM: 5, ShortAxisLPSMM: [2]volume.Vec3{{7, 8, 3}, {8, 8, 3}}, ShortAxisMM: 1,
					MeanDiameterMM: 3, MeanHU: -20.5, MinHU: -300, MaxHU: 60, Kind: measure.KindPartSolid, KindConfidence: .9,
					SolidVolumeMM3: 65.4, SolidDiameterMM: 5.1, Seen: .875,
				},
				Method: "method 1", SOPInstanceUID: "1.2.3.5", Frame: 2,
				Body: triage.Body{Size: [3]int{1, 1, 1}, Bits: []byte{1}},
			},
			Place: &finding.Place{
				Side: finding.SideLeft, Lobe: finding.LobeLeftUpper, Zone: finding.ZoneMiddle, Estimated: true,
				PleuraMM: 0, Juxtapleural: true, FissureMM: 2.5, FissureSeen: true, Perifissural: true,
			},
		}, {
			Finding:  finding.Finding{Rank: 2, MeanDiameterMM: 6},
			Measured: &triage.Measurement{Measurement: measure.Measurement{Doubt: measure.DoubtFaint}, Method: "method 1"},
			Place:    &finding.Place{PleuraMM: 9, FissureMM: 9},
		}, {
			Finding: finding.Finding{Rank: 3, MeanDiameterMM: 5},
		}},
	}
	raw, err := protojson.Marshal(rpc.ResultProto(result))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"studyInstanceUid": "1.2", "seriesInstanceUid": "1.2.3",
		"model": {"name": "m", "version": "1", "sha256": "ab"}, "runtime": {},
		"warnings": [{"code": "THICK_SLICES", "text": "3 mm"}],
		"scan": {"spacingMm": {}},
		"timings": [{"stage": "onnx", "seconds": 1.5}],
		"findings": [{
			"rank": 1, "score": 0.75, "flagged": true, "meanDiameterMm": 8.2, "side": "left",
			"centerLpsMm": {"x": 1, "y": -2, "z": 3},
			"sopInstanceUid": "1.2.3.4", "slice": 7, "pixel": {"column": 10, "row": 20},
			"shownDiameterMm": 3, "shownDiameterBy": "measured",
			"measurement": {
				"method": "method 1", "reliable": true, "centerLpsMm": {"x": 1.5, "y": -2, "z": 3},
				"volumeMm3": 523.6, "volumeError": 0.12, "meanDiameterMm": 3,
				"longAxis": {"lengthMm": 5, "fromLpsMm": {"x": 1, "y": 2, "z": 3}, "toLpsMm": {"x": 4, "y": 6, "z": 3}},
				"shortAxis": {"lengthMm": 1, "fromLpsMm": {"x": 7, "y": 8, "z": 3}, "toLpsMm": {"x": 8, "y": 8, "z": 3}},
				"kind": "NODULE_KIND_PART_SOLID", "kindConfidence": 0.9, "solidVolumeMm3": 65.4, "solidDiameterMm": 5.1,
				"meanHu": -20.5, "minHu": -300, "maxHu": 60, "seenShare": 0.875,
				"sopInstanceUid": "1.2.3.5", "slice": 8, "frame": 2
			},
			"place": {
				"lobe": "left upper", "zone": "middle", "estimated": true, "pleuraMm": 0, "juxtapleural": true,
				"fissureMm": 2.5, "perifissural": true
			}
		}, {
			"rank": 2, "meanDiameterMm": 6, "centerLpsMm": {}, "pixel": {}, "shownDiameterMm": 6, "shownDiameterBy": "detector",
			"measurement": {"method": "method 1", "doubt": "FAINT"}, "place": {}
		}, {
			"rank": 3, "meanDiameterMm": 5, "centerLpsMm": {}, "pixel": {}, "shownDiameterMm": 5, "shownDiameterBy": "detector"
		}]
	}`, string(raw))
}

func TestAPriorIsNamedOnTheWire(t *testing.T) {
	p, reasons := triage.RankPrior()
	out, err := protojson.Marshal(rpc.StudyProto(triage.Study{PriorOnly: true, Priority: p, PriorityReasons: reasons}))
	require.NoError(t, err)
	require.JSONEq(t, `true`, field(t, out, "priorOnly"))
	require.JSONEq(t, `[{"code": "PRIOR_ONLY", "text": "fetched to be compared with; not a case to read"}]`, field(t, out, "reasons"))
	require.False(t, rpc.StudyProto(triage.Study{}).GetPriorOnly())
}

func field(t *testing.T, object []byte, name string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(object, &fields))
	return string(fields[name])
}
