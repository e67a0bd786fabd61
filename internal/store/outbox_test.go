package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/store"
	"nafas/internal/triage"
)

func TestOnlySomePrioritiesAreWanted(t *testing.T) {
	s, err := store.Open(t.Context(), t.TempDir(), store.Options{Log: silent(), Destinations: []triage.Destination{
		{Name: "all"}, {Name: "worst", Priorities: []triage.Priority{triage.PriorityUrgent, triage.PriorityHigh}},
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	with := func(key string, p triage.Priority) triage.StudyReading {
		r := resultOf("1.2", key)
		r.Priority = p
		return r
	}
	finish(t, s, "1.2/1/1/P/x/", with("k1", triage.PriorityRoutine))
	require.Equal(t, []string{"all"}, waitingFor(t, s))
	finish(t, s, "1.2/1/2/P/x/", with("k2", triage.PriorityHigh))
	require.Equal(t, []string{"all", "worst"}, waitingFor(t, s))
	finish(t, s, "1.2/1/3/P/x/", with("k3", triage.PriorityRoutine))
	require.Equal(t, []string{"all", "worst"}, waitingFor(t, s), "who was told of a finding is told that it is none any more")
}

func waitingFor(t *testing.T, s *store.SQLite) (names []string) {
	t.Helper()
	list, err := s.Deliveries(t.Context(), triage.DeliveryQuery{State: triage.DeliveryWaiting, Size: 100})
	require.NoError(t, err)
	for _, d := range list {
		names = append(names, d.Destination)
	}
	return names
}

// A destination that is out of the settings while a new result comes gets that
// one when it is back, and not the one that is no longer known.
func TestADestinationThatComesBack(t *testing.T) {
	dir := t.TempDir()
	s := openFor(t, dir, "A")
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	require.NoError(t, s.Close())
	s = openFor(t, dir, "B")
	finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k2"))
	require.Equal(t, []string{"B", "A"}, waitingFor(t, s))
	require.NoError(t, s.Close())
	s = withDestinations(t, dir, "A")
	for range 2 {
		if _, d := next(t, s); d.Destination == "A" {
			require.Equal(t, "k2", d.Key)
			require.NotNil(t, d.Series.Result)
		}
	}
}

// A dead letter of a destination that was out of the settings while a new result
// came: what is tried again is the new one.
func TestADeadLetterIsTriedAgainWithWhatIsSaidNow(t *testing.T) {
	dir := t.TempDir()
	s := openFor(t, dir, "A")
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	token, d := next(t, s)
	require.NoError(t, s.DeliveryFailed(t.Context(), token, d.ID, noon, triage.DeliveryFailure{Reason: "refused", Dead: true}))
	require.NoError(t, s.Close())
	s = openFor(t, dir, "B")
	finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k2"))
	require.NoError(t, s.Close())
	s = withDestinations(t, dir, "A")
	n, err := s.RetryDeliveries(t.Context(), "", "A", noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	for {
		if _, d := next(t, s); d.Destination == "A" {
			require.Equal(t, "k2", d.Key)
			require.NotNil(t, d.Series.Result)
			return
		}
	}
}

func queues(t *testing.T, s *store.SQLite) (out []string) {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), `
		SELECT j.queue FROM delivery d JOIN river_job j ON j.id = d.job_id WHERE d.state = 'waiting' ORDER BY d.id`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var q string
		require.NoError(t, rows.Scan(&q))
		out = append(out, q)
	}
	require.NoError(t, rows.Err())
	return out
}

// Each destination has a queue of its own; what waits for one that is taken out
// of the settings goes where it is declared dead in the end, and back.
func TestQueuesFollowTheSettings(t *testing.T) {
	dir := t.TempDir()
	a, b := triage.DeliverQueue("A"), triage.DeliverQueue("B")
	require.NotEqual(t, a, b)
	t.Run("new", func(t *testing.T) {
		s := withDestinations(t, dir, "A", "B")
		finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
		require.Equal(t, []string{a, b}, queues(t, s))
	})
	t.Run("taken out", func(t *testing.T) {
		require.Equal(t, []string{triage.QueueUndeliverable, b}, queues(t, withDestinations(t, dir, "B")))
	})
	t.Run("back", func(t *testing.T) {
		require.Equal(t, []string{a, b}, queues(t, withDestinations(t, dir, "A", "B")))
	})
}

func TestDeadDeliveriesAreTriedAgain(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A", "B")
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	for range 2 {
		token, d := next(t, s)
		require.NoError(t, s.DeliveryFailed(t.Context(), token, d.ID, noon, triage.DeliveryFailure{Reason: "refused", Dead: true}))
	}
	require.Equal(t, []string{"dead", "dead"}, deliveryStates(t, s))
	later := noon.Add(time.Hour)
	for _, c := range []struct {
		study, destination string
		want               int
	}{{"1.3", "", 0}, {"1.2", "C", 0}, {"1.2", "B", 1}, {"1.2", "B", 0}, {"", "", 1}} {
		n, err := s.RetryDeliveries(t.Context(), c.study, c.destination, later)
		require.NoError(t, err)
		require.Equal(t, c.want, n, c)
	}
	require.Equal(t, []string{"waiting", "waiting"}, deliveryStates(t, s))
	require.Equal(t, 2, deliverJobs(t, s))
	_, d := next(t, s)
	require.True(t, d.QueuedAt.Equal(later), "it has its patience anew")
	require.True(t, d.At.Equal(noon), "the objects are the same")

	// What a newer result has taken the place of stays where it is.
	token, d := next(t, s)
	require.NoError(t, s.DeliveryFailed(t.Context(), token, d.ID, noon, triage.DeliveryFailure{Reason: "refused", Dead: true}))
	finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k2"))
	n, err := s.RetryDeliveries(t.Context(), "", "", later)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestDeliveriesArePaged(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A", "B")
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	finish(t, s, "1.3/2/2/P/x/", resultOf("1.3", "k2"))
	first, err := s.Deliveries(t.Context(), triage.DeliveryQuery{Size: 3})
	require.NoError(t, err)
	require.Len(t, first, 3)
	rest, err := s.Deliveries(t.Context(), triage.DeliveryQuery{Size: 3, After: first[2].ID})
	require.NoError(t, err)
	require.Len(t, rest, 1)
	one, err := s.Deliveries(t.Context(), triage.DeliveryQuery{Size: 9, StudyUID: "1.3", Destination: "A"})
	require.NoError(t, err)
	require.Len(t, one, 1)
	require.Equal(t, "1.3", one[0].StudyUID)
	none, err := s.Deliveries(t.Context(), triage.DeliveryQuery{Size: 9, State: triage.DeliveryDead})
	require.NoError(t, err)
	require.Empty(t, none)
}

// A report of storage commitment finds its delivery, and only once.
func TestTheReportThatWasAskedFor(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	token, d := next(t, s)
	require.Nil(t, d.Sent)
	objects := []triage.InstanceRef{{SOPClassUID: "sr", SOPUID: "2.25.1"}, {SOPClassUID: "ko", SOPUID: "2.25.2"}}
	sent := triage.Sent{Objects: objects, TransactionUID: "2.25.77", AskedAt: noon}
	require.NoError(t, s.Sent(t.Context(), token, d.ID, sent))
	late := triage.Token{JobID: token.JobID, Attempt: token.Attempt + 1}
	require.ErrorIs(t, s.Sent(t.Context(), late, d.ID, sent), triage.ErrFenced)
	_, err := s.DB().ExecContext(t.Context(), `UPDATE river_job SET state = 'scheduled', scheduled_at = '2099-01-01 00:00:00.000' WHERE id = ?`, token.JobID)
	require.NoError(t, err)

	for _, uid := range []string{"", "2.25.78"} {
		found, err := s.Answered(t.Context(), triage.CommitmentReport{TransactionUID: uid, Committed: []string{"2.25.1", "2.25.2"}}, noon)
		require.NoError(t, err)
		require.False(t, found, "nobody asked for %q", uid)
	}
	found, err := s.Answered(t.Context(), triage.CommitmentReport{TransactionUID: "2.25.77", Committed: []string{"2.25.1"}}, noon)
	require.NoError(t, err)
	require.True(t, found)
	token, d = next(t, s)
	require.True(t, d.Sent.Answered, "the job is ready at once")
	require.Equal(t, objects[1:], d.Sent.Refused, "what a report does not mention is not promised")

	found, err = s.Answered(t.Context(), triage.CommitmentReport{TransactionUID: "2.25.77", Committed: []string{"2.25.1", "2.25.2"}}, noon)
	require.NoError(t, err)
	require.True(t, found)
	require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, objects))
	found, err = s.Answered(t.Context(), triage.CommitmentReport{TransactionUID: "2.25.77", Committed: []string{"2.25.1", "2.25.2"}}, noon)
	require.NoError(t, err)
	require.False(t, found, "it is delivered")
}
