package store_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/store"
	"nafas/internal/triage"
)

// What a version kept that gave reasons no codes is read as it is.
func TestReasonsOfEarlierVersions(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	sub := subject{Store: s, begin: func(t *testing.T, kind string) triage.Token { return begin(t, s, kind) }}
	require.NoError(t, s.FinishReading(t.Context(), startReading(t, sub, "1.2"), noon, reading("1.2")))
	for _, c := range []struct {
		name, kept string
		want       []triage.PriorityReason
	}{
		{"sentences", `["1 flagged finding; the largest is 9.0 mm (detector)", "it is \"large\""]`,
			[]triage.PriorityReason{{Text: "1 flagged finding; the largest is 9.0 mm (detector)"}, {Text: `it is "large"`}}},
		{"none", `[]`, []triage.PriorityReason{}},
	} {
		_, err := s.DB().ExecContext(t.Context(), `UPDATE study SET priority_reasons = ?`, c.kept)
		require.NoError(t, err)
		require.Equal(t, c.want, study(t, sub, "1.2").PriorityReasons, c.name)
		listed, err := s.Studies(t.Context(), triage.Query{Size: 1}, nil)
		require.NoError(t, err)
		require.Equal(t, c.want, listed[0].PriorityReasons, c.name)
	}
	_, err := s.DB().ExecContext(t.Context(), `UPDATE study SET priority_reasons = '[1]'`)
	require.NoError(t, err)
	_, err = s.Study(t.Context(), "1.2")
	require.Error(t, err, "neither a sentence nor a reason")
}

// A reason is kept whole.
func TestReasonsAreKept(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	sub := subject{Store: s, begin: func(t *testing.T, kind string) triage.Token { return begin(t, s, kind) }}
	r := reading("1.2")
	r.PriorityReasons = make([]triage.PriorityReason, 2)
	n := 0
	fill(t, reflect.ValueOf(&r.PriorityReasons[0]).Elem(), &n)
	r.PriorityReasons[1].Text = "only words"
	require.NoError(t, s.FinishReading(t.Context(), startReading(t, sub, "1.2"), noon, r))
	require.Equal(t, r.PriorityReasons, study(t, sub, "1.2").PriorityReasons)
}
