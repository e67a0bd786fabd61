package pacs

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/inference/volume"
	"nafas/internal/triage"
)

func sliceAs(t *testing.T, transferSyntax string) object {
	t.Helper()
	v := &volume.Volume{
		Grid: volume.Grid{Size: [3]int{64, 64, 1}, SpacingMM: [3]float64{1, 1, 1}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
		HU:   make([]int16, 64*64),
	}
	out, err := ctwriter.Instances(v, ctwriter.Options{Seed: "m", TransferSyntax: transferSyntax})
	require.NoError(t, err)
	return object{data: out[0]}
}

// A small file that inflates, or whose frames do, is counted by what it becomes.
func TestWhatFilesBecomeIsWithinTheMemoryOfAllRequests(t *testing.T) {
	l := newLibrary(Holdings{})
	free := func(n int64) (bytes bool) {
		if bytes = l.bytes.TryAcquire(n); bytes {
			l.bytes.Release(n)
		}
		return bytes
	}
	require.NoError(t, l.parsed(t.Context(), sliceAs(t, part10.ExplicitLE), func(f *part10.File) error {
		require.True(t, free(mostHeld-1<<20))
		return nil
	}))
	require.NoError(t, l.parsed(t.Context(), sliceAs(t, part10.DeflatedLE), func(f *part10.File) error {
		require.False(t, free(mostHeld-40<<20), "it may have inflated")
		return nil
	}))
	for _, syntax := range []string{part10.ExplicitLE, part10.DeflatedLE, part10.ExplicitBE} {
		seen := watched(func() {
			const frame = 2 * 64 * 64
			require.False(t, l.decoded.TryAcquire(mostHeld-2*frame+1), "the frame and the file of it: %s", syntax)
			require.True(t, l.decoded.TryAcquire(mostHeld-4*frame))
			l.decoded.Release(mostHeld - 4*frame)
		})
		require.NoError(t, l.copyDecoded(t.Context(), seen, sliceAs(t, syntax)))
	}
	require.True(t, free(mostHeld), "all is given back")
	require.True(t, l.decoded.TryAcquire(mostHeld), "all is given back")
}

// Where others hold all of it, one waits for a while, and is told to come later.
func TestWhoWaitsTooLong(t *testing.T) {
	l := newLibrary(Holdings{})
	l.patience = time.Millisecond
	require.True(t, l.bytes.TryAcquire(mostHeld))
	err := l.parsed(t.Context(), sliceAs(t, part10.ExplicitLE), func(*part10.File) error { return nil })
	require.ErrorIs(t, err, triage.ErrBusy)
	rw := httptest.NewRecorder()
	(&Web{}).fail(rw, httptest.NewRequest("GET", "/", nil), err)
	require.Equal(t, 503, rw.Code)
	require.NotEmpty(t, rw.Header().Get("Retry-After"))

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.turn(gone, l.bytes, 1), context.Canceled)
}

// watched is a writer that is told of each write.
type watched func()

func (w watched) Write(p []byte) (int, error) { w(); return len(p), nil }

// A value may be long and the line slow: what is bounded is the time in which a
// reader takes nothing.
func TestALongValueIsWrittenInPieces(t *testing.T) {
	rw := &hurrying{ResponseRecorder: httptest.NewRecorder()}
	n, err := (&Web{}).steady(rw).Write(make([]byte, 3*piece+1))
	require.NoError(t, err)
	require.Equal(t, 3*piece+1, n)
	require.Equal(t, 3*piece+1, rw.Body.Len())
	require.Equal(t, 4, rw.deadlines)
}

// hurrying counts deadlines.
type hurrying struct {
	*httptest.ResponseRecorder
	deadlines int
}

func (h *hurrying) SetWriteDeadline(time.Time) error { h.deadlines++; return nil }
