package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/triage"
)

func TestNumbers(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A", "B")
	n, err := s.Numbers(t.Context())
	require.NoError(t, err)
	require.Equal(t, triage.Numbers{Studies: map[triage.State]int{}, Oldest: map[triage.RequestPriority]time.Time{}, Jobs: map[string]int{}}, n)

	finish(t, s, "1.1/1/1/P/x/", resultOf("1.1", "k1"))
	finish(t, s, "1.2/1/2/P/x/", resultOf("1.2", "k2"))
	for range 3 {
		token, d := next(t, s)
		require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, nil))
	}
	require.Empty(t, kept(t, s, "1.1"))
	service := tinyService(s)
	_, err = upload(t, service, "broken")
	require.NoError(t, err)
	recordAt(t, s, noon.Add(-time.Hour), triage.Submission{Complete: true, Priority: triage.RequestUrgent}, "1.3/1/3/P/x/")
	recordAt(t, s, noon.Add(-3*time.Hour), triage.Submission{Priority: triage.RequestRoutine}, "1.4/1/4/P/x/")
	recordAt(t, s, noon.Add(-2*time.Hour), triage.Submission{Priority: triage.RequestRoutine}, "1.5/1/5/P/x/")

	n, err = s.Numbers(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[triage.State]int{triage.Done: 2, triage.Waiting: 1, triage.Receiving: 2}, n.Studies)
	require.Equal(t, 1, n.WithoutImages)
	require.Equal(t, 1, n.Quarantined)
	require.Equal(t, map[triage.RequestPriority]time.Time{
		triage.RequestUrgent: noon.Add(-time.Hour), triage.RequestRoutine: noon.Add(-3 * time.Hour),
	}, n.Oldest)
	require.Equal(t, map[string]int{"read": 1, "settle": 2, "deliver": 1}, n.Jobs)
	require.Len(t, n.Deliveries, 3)
	require.Equal(t, triage.DeliveryNumber{Destination: "A", State: triage.DeliveryDelivered, Count: 2}, n.Deliveries[0])
	require.Equal(t, triage.DeliveryDelivered, n.Deliveries[1].State)
	require.Equal(t, triage.DeliveryNumber{Destination: "B", State: triage.DeliveryWaiting, Count: 1, Oldest: noon}, n.Deliveries[2])
}
