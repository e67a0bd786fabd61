package pacs

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/part10"
)

func TestRecentFilesAreReadOnceAndBounded(t *testing.T) {
	var r recent
	reads := 0
	load := func() (*part10.File, error) { reads++; return &part10.File{}, nil }
	get := func(path string, size int64) {
		_, err := r.get(path, size, load)
		require.NoError(t, err)
	}
	get("a", leastKept)
	get("a", leastKept)
	require.Equal(t, 1, reads)
	get("small", leastKept-1)
	get("small", leastKept-1)
	get("", leastKept) // made, not stored
	require.Equal(t, 4, reads)
	get("b", mostKept-leastKept)
	require.LessOrEqual(t, r.bytes, int64(mostKept))
	get("a", leastKept)
	get("c", leastKept) // b is the one not used for longest
	get("a", leastKept)
	require.Equal(t, 6, reads)
	require.NotContains(t, r.files, "b")

	broken := errors.New("broken")
	_, err := r.get("d", leastKept, func() (*part10.File, error) { return nil, broken })
	require.ErrorIs(t, err, broken)
	get("d", leastKept) // a failure is not kept
	require.Equal(t, 7, reads)

	for _, f := range r.files {
		f.used = time.Now().Add(-2 * keptUnused)
	}
	r.expire()
	require.Empty(t, r.files)
	require.Zero(t, r.bytes)
	require.Nil(t, r.timer)
}
