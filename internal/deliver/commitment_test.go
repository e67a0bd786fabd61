package deliver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse"
	"nafas/internal/deliver"
	"nafas/internal/triage"
)

func keeper(t *testing.T, a *archive) deliver.Destination {
	t.Helper()
	a.stored = map[string][]byte{}
	to := start(t, a, sr, ko, dimse.StorageCommitment)
	to.Confirm = deliver.ConfirmCommitment
	return to
}

func TestADestinationIsAskedToKeepWhatItTook(t *testing.T) {
	o, image := waiting(t)
	a := &archive{}
	to := keeper(t, a)
	require.NoError(t, run(t, o, image, to))
	require.Empty(t, o.delivered, "what was not promised is not delivered")
	require.True(t, o.again.After(time.Now()))
	require.Len(t, a.asked, 1)
	require.Len(t, a.asked[0].References, 2)
	require.Equal(t, a.asked[0].TransactionUID, o.one.Sent.TransactionUID)
	require.Contains(t, a.stored, a.asked[0].References[0].SOPInstanceUID)

	// Until the report comes nothing is sent or asked again.
	a.stored = map[string][]byte{}
	require.NoError(t, run(t, o, image, to))
	require.Len(t, a.asked, 1)
	require.Empty(t, a.stored)
	require.Empty(t, o.delivered)

	o.one.Sent.Answered = true
	require.NoError(t, run(t, o, image, to))
	require.Zero(t, o.again)
	require.Len(t, o.delivered, 2)
	require.Empty(t, a.stored)
}

func TestADestinationThatForgetsToReportIsAskedAgain(t *testing.T) {
	o, image := waiting(t)
	a := &archive{}
	to := keeper(t, a)
	require.NoError(t, run(t, o, image, to))
	first := a.asked[0].TransactionUID
	o.one.Sent.AskedAt = time.Now().Add(-time.Hour)
	a.stored = map[string][]byte{}
	require.NoError(t, run(t, o, image, to))
	require.Len(t, a.asked, 2)
	require.NotEqual(t, first, a.asked[1].TransactionUID)
	require.Empty(t, a.stored, "it has the objects")

	o.one.QueuedAt = time.Now().Add(-8 * 24 * time.Hour)
	require.Error(t, run(t, o, image, to))
	require.True(t, o.dead)
	require.Contains(t, o.reasons[0], "never said that it keeps them")
}

func TestADestinationThatDoesNotKeep(t *testing.T) {
	o, image := waiting(t)
	a := &archive{}
	to := keeper(t, a)
	require.NoError(t, run(t, o, image, to))
	o.one.Sent.Answered, o.one.Sent.Refused = true, o.one.Sent.Objects[:1]
	require.Error(t, run(t, o, image, to))
	require.Contains(t, o.reasons[0], "does not keep them")
	require.Empty(t, o.delivered)

	a.stored = map[string][]byte{}
	require.NoError(t, run(t, o, image, to))
	require.Len(t, a.stored, 2, "they are sent again")
	require.Len(t, a.asked, 2)
}

func TestARequestThatIsRefusedIsMadeAgain(t *testing.T) {
	o, image := waiting(t)
	a := &archive{refuses: true}
	to := keeper(t, a)
	require.Error(t, run(t, o, image, to))
	require.Contains(t, o.reasons[0], "the peer answered")
	require.NotContains(t, o.reasons[0], "Smith")
	require.Empty(t, o.one.Sent.TransactionUID, "no report is awaited")
	a.refuses, a.stored = false, map[string][]byte{}
	require.NoError(t, run(t, o, image, to))
	require.Empty(t, a.stored)
	require.Len(t, a.asked, 2)

	// One that knows no storage commitment at all.
	o, image = waiting(t)
	to = start(t, &archive{stored: map[string][]byte{}}, sr, ko)
	to.Confirm = deliver.ConfirmCommitment
	require.ErrorIs(t, run(t, o, image, to), dimse.ErrNoContext)
	require.Len(t, o.acknowledged, 2)
}

func TestADestinationWhoseWordHasToDo(t *testing.T) {
	o, image := waiting(t)
	to := startLiar(t)
	to.Confirm = deliver.ConfirmNothing
	require.NoError(t, run(t, o, image, to))
	require.Len(t, o.delivered, 2)
}

var _ triage.Outbox = (*outbox)(nil)
