package store_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/measure"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// A result that a version kept that measured nothing is read as it is.
func TestResultsWithoutMeasurements(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	sub := subject{Store: s, begin: func(t *testing.T, kind string) triage.Token { return begin(t, s, kind) }}
	require.NoError(t, s.FinishReading(t.Context(), startReading(t, sub, "1.2"), noon, reading("1.2")))
	_, err := s.DB().ExecContext(t.Context(), `UPDATE result SET body = ?`, `{
		"study": "1.2", "series": "1", "key": "key of 1.2", "model": {"name": "m", "version": "1", "sha256": "ab"}, "runtime": {},
		"findings": [{"rank": 1, "score": 0.75, "flagged": true, "center_lps_mm": [1, -2, 3], "mean_diameter_mm": 8.2, "side": "left",
			"voxel_index": [4, 5, 6], "sop_instance_uid": "1.9", "slice": 6, "pixel_column": 10, "pixel_row": 20}],
		"scan": {"slices": 64}}`)
	require.NoError(t, err)
	f := study(t, sub, "1.2").Series[0].Result.Findings[0]
	require.Equal(t, "1.9", f.SOPInstanceUID)
	require.Nil(t, f.Measured)
	mm, by := f.Diameter()
	require.Equal(t, 8.2, mm)
	require.Equal(t, triage.ByDetector, by)
}

// filledResult has a value of its own in every field, so that a field that is
// not kept shows.
func filledResult(t *testing.T) triage.Result {
	t.Helper()
	var r triage.Result
	n := 0
	fill(t, reflect.ValueOf(&r).Elem(), &n)
	return r
}

// filledAssessment is the same of an assessment.
func filledAssessment(t *testing.T) *triage.Assessment {
	t.Helper()
	var a triage.Assessment
	n := 0
	fill(t, reflect.ValueOf(&a).Elem(), &n)
	return &a
}

func fill(t *testing.T, v reflect.Value, n *int) {
	t.Helper()
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Int, reflect.Int64:
		// Whole seconds, in case it is a time.
		v.SetInt(int64(*n) * 1e9)
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.25)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(uint64(*n) % 256)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[measure.Mask]() {
			return // a result has the voxels as a Body
		}
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(t, v.Index(i), n)
		}
	case reflect.Interface:
		// the cause of a refusal, which is kept as a part of its text
	default:
		require.Fail(t, "a kind that the test does not know", v.Type())
	}
}

// A study that a version read which assessed nothing has no assessment, and the
// latest reading's is the one that is kept.
func TestAssessments(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	sub := subject{Store: s, begin: func(t *testing.T, kind string) triage.Token { return begin(t, s, kind) }}
	count := func() (n int) {
		require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM assessment`).Scan(&n))
		return n
	}
	require.NoError(t, s.FinishReading(t.Context(), startReading(t, sub, "1.2"), noon, reading("1.2")))
	require.Nil(t, study(t, sub, "1.2").Assessment)
	with := reading("1.2")
	with.Assessment = filledAssessment(t)
	require.NoError(t, s.FinishReading(t.Context(), startReading(t, sub, "1.2"), noon, with))
	require.Equal(t, with.Assessment, study(t, sub, "1.2").Assessment)
	said, err := s.Said(t.Context(), "1.2")
	require.NoError(t, err)
	require.Equal(t, with.Assessment, said.Study.Assessment, "what is delivered has it too")
	require.Equal(t, 1, count())
	_, err = s.DB().ExecContext(t.Context(), `UPDATE assessment SET body = '{"a later part": {"x": 1}}'`)
	require.NoError(t, err)
	require.Equal(t, &triage.Assessment{}, study(t, sub, "1.2").Assessment, "one without categories")
	require.NoError(t, s.FinishReading(t.Context(), startReading(t, sub, "1.2"), noon, reading("1.2")))
	require.Zero(t, count(), "the latest reading says nothing")
}
