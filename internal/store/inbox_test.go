package store_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/store"
	"nafas/internal/triage"
)

// TestAcknowledgedOneByOneSurvivesLossOfPower lets the power go at every
// single operation of the file system in turn, while instances are taken one
// by one and recorded now and then.
func TestAcknowledgedOneByOneSurvivesLossOfPower(t *testing.T) {
	files := []string{"1.2/1/1/P/x/", "1.2/1/2/P/y/", "1.3/1/9/P/x/", "1.2/1/1/P/x/newer header", "1.2/1/2/P/y/"}
	total := 0
	for k := 0; ; k++ {
		acked, ops := losePowerOneByOne(t, files, k)
		if k == 0 {
			require.Equal(t, len(files), acked)
			total = ops
			continue
		}
		if k > total {
			break
		}
	}
	require.Greater(t, total, 30)
}

func losePowerOneByOne(t *testing.T, files []string, k int) (acked, ops int) {
	t.Helper()
	disk := newLossy()
	dir, left := t.TempDir(), t.TempDir()
	st := open(t, dir, disk)
	inbox := triage.New(st, st, header, nil, triage.Options{MinFreeBytes: 1, Log: silent()}).Inbox()
	sender, err := inbox.Sender()
	require.NoError(t, err)
	disk.ops, disk.failAfter = 0, k
	disk.lost = func() { disk.survivors(t, dir, left) }
	for i, f := range files {
		taken, err := sender.Take(t.Context(), strings.NewReader(f))
		if err != nil {
			require.ErrorIs(t, err, errPower)
			break
		}
		require.NotEqual(t, triage.Quarantine, taken.Outcome)
		acked++
		if i%2 == 1 {
			if err := inbox.Record(t.Context()); err != nil {
				require.ErrorIs(t, err, errPower)
				break
			}
		}
	}
	ops = disk.ops
	if disk.lost != nil {
		disk.survivors(t, dir, left)
	}
	require.NoError(t, st.Close())

	after := open(t, left, store.OS{})
	defer func() { require.NoError(t, after.Close()) }()
	require.NoError(t, triage.New(after, after, header, nil, triage.Options{MinFreeBytes: 1, Log: silent()}).Inbox().Recover(t.Context()))
	stored := fileSums(t, after)
	for _, f := range files[:acked] {
		require.True(t, stored[sha256.Sum256([]byte(f))], "loss at operation %d: %q was acknowledged", k, f)
	}
	return acked, ops
}
