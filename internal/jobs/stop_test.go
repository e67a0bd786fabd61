package jobs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
	"nafas/internal/store/rescorings"
	"nafas/internal/triage"
)

// A study in hand of a queue that was left before is given back too.
func TestStoppingGivesBackStudiesOfRecipesThatAreNoLongerServed(t *testing.T) {
	onEachLedger(t, func(t *testing.T, l *rescorings.Ledger) {
		rescoring(t, l, recipeA, 1)
		began, goOn := make(chan struct{}, 1), make(chan struct{})
		q := work(t, l, 1, func(ctx context.Context, _ rescore.Case) error {
			began <- struct{}{}
			select {
			case <-ctx.Done():
			case <-goOn: // so that a stop that hangs fails the test alone
			}
			return ctx.Err()
		})
		require.NoError(t, q.Serve([]triage.Recipe{recipeA}))
		<-began
		require.NoError(t, q.Serve(nil))
		time.Sleep(100 * time.Millisecond) // let the queue be left
		stopped := make(chan error, 1)
		go func() { stopped <- q.Stop(context.Background(), 0, 10*time.Second) }()
		select {
		case err := <-stopped:
			require.NoError(t, err)
		case <-time.After(20 * time.Second):
			close(goOn)
			require.NoError(t, <-stopped)
			require.Fail(t, "it waited for the study beyond its grace")
		}
	})
}
