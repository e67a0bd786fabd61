package jobs_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/jobs"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// postman delivers to everybody but to silent, of whom it hears nothing; to
// slow it comes twice.
type postman struct {
	store  *store.SQLite
	visits atomic.Int32
}

func (p *postman) Deliver(ctx context.Context, t triage.Token, id int64) (time.Time, error) {
	d, err := p.store.Delivery(ctx, t, id)
	if err != nil {
		return time.Time{}, err
	}
	switch {
	case d.Destination == "silent":
		<-ctx.Done()
		return time.Time{}, ctx.Err()
	case d.Destination == "slow" && p.visits.Add(1) == 1:
		return time.Now().Add(10 * time.Millisecond), nil
	}
	return time.Time{}, p.store.Delivered(ctx, t, id, time.Now(), nil)
}

// A destination that is silent keeps nothing from the others, however many
// results wait for it.
func TestASilentDestinationDelaysNobodyElse(t *testing.T) {
	st, err := store.Open(t.Context(), t.TempDir(), store.Options{Log: silent(), Destinations: []triage.Destination{
		{Name: "silent"}, {Name: "quick"}, {Name: "slow"},
	}})
	require.NoError(t, err)
	s := &server{store: st, Service: triage.New(st, st, header, readerFunc(read), triage.Options{MinFreeBytes: 1, Log: silent()})}
	p := &postman{store: st}
	s.runner, err = jobs.New(st.Driver(), s.Service, jobs.Options{
		Poll: 20 * time.Millisecond, Log: silent(), Deliverer: p, Destinations: []string{"silent", "quick", "slow"},
	})
	require.NoError(t, err)
	require.NoError(t, s.runner.Start(t.Context()))
	defer s.close(t, time.Millisecond)
	uids := []string{"1.1", "1.2", "1.3", "1.4"}
	for _, uid := range uids {
		s.send(t, triage.Submission{Complete: true}, uid+"/1")
	}
	for _, uid := range uids {
		require.Eventually(t, func() bool {
			study, err := s.Study(t.Context(), uid)
			require.NoError(t, err)
			delivered := map[string]bool{}
			for _, d := range study.Deliveries {
				delivered[d.Destination] = d.State == triage.DeliveryDelivered
			}
			return delivered["quick"] && delivered["slow"] && !delivered["silent"]
		}, 20*time.Second, 20*time.Millisecond, uid)
	}
	require.EqualValues(t, len(uids)+1, p.visits.Load(), "come again, as it asked")
}
