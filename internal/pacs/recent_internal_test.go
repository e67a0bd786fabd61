package pacs

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsRecentIsLoadedOnceAndBounded(t *testing.T) {
	r := recent[string]{most: 10}
	loads := 0
	get := func(key string, size int64) {
		v, err := r.get(key, func() (string, int64, error) { loads++; return key, size, nil })
		require.NoError(t, err)
		require.Equal(t, key, v)
		require.LessOrEqual(t, r.bytes, r.most)
	}
	get("a", 4)
	get("a", 4)
	require.Equal(t, 1, loads)
	get("b", 6)
	get("a", 4)
	get("c", 6) // b is the one not used for longest
	get("a", 4)
	require.Equal(t, 3, loads)
	require.NotContains(t, r.kept, "b")
	get("large", 11)
	get("large", 11)
	require.Equal(t, 5, loads, "too large to be kept")
	require.Contains(t, r.kept, "a")

	broken := errors.New("broken")
	_, err := r.get("d", func() (string, int64, error) { return "", 0, broken })
	require.ErrorIs(t, err, broken)
	get("d", 1)
	require.Equal(t, 6, loads, "a failure is not kept")

	require.Panics(t, func() { _, _ = r.get("e", func() (string, int64, error) { panic("broken") }) })
	get("e", 1)
	require.Equal(t, 7, loads, "nor is what ended in a panic, as nothing")

	for _, one := range r.kept {
		one.used = time.Now().Add(-2 * keptUnused)
	}
	r.expire()
	require.Empty(t, r.kept)
	require.Zero(t, r.bytes)
	require.Nil(t, r.timer)
}
