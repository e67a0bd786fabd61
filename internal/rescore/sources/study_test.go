package sources

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// TestAFullSpoolIsNoFaultOfAStudy: an archive is blamed for what it does not hand
// out, and never for this machine's disk.
func TestAFullSpoolIsNoFaultOfAStudy(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "/spool/000001.dcm", Err: unix.ENOSPC}
	require.ErrorIs(t, study(fmt.Errorf("%w: %w", rescore.ErrSpool, full)), rescore.ErrSpool)
	denied := &fs.PathError{Op: "open", Path: "/archive/name of a patient", Err: unix.EACCES}
	require.EqualValues(t, rescore.ReasonUnreadable, refusal.Of(study(denied)))
	broken := &fs.PathError{Op: "read", Path: "/archive/name of a patient", Err: unix.EIO}
	require.Equal(t, unix.EIO, study(broken), "without the path")
}
