package store_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
)

// filledResult has a value of its own in every field, so that a field that is
// not kept shows.
func filledResult(t *testing.T) triage.Result {
	t.Helper()
	var r triage.Result
	n := 0
	fill(t, reflect.ValueOf(&r).Elem(), &n)
	return r
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
	case reflect.Struct:
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
	default:
		require.Fail(t, "a kind that the test does not know", v.Type())
	}
}
