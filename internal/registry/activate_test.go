package registry_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/registry"
	"nafas/internal/triage"
	"nafas/models/modelstest"
)

// held has studies of a version wait until they are let go.
func held(began chan<- string, let <-chan struct{}) func(context.Context, triage.ReadingJob) (triage.StudyReading, error) {
	return func(ctx context.Context, job triage.ReadingJob) (triage.StudyReading, error) {
		began <- job.StudyUID
		select {
		case <-let:
			return triage.StudyReading{}, nil
		case <-ctx.Done():
			return triage.StudyReading{}, ctx.Err()
		}
	}
}

// A study in hand is read to its end by the model before, the next one by the new
// one, and the old process leaves after that and not before.
func TestActivatingWhileAStudyIsRead(t *testing.T) {
	b := newBench(t)
	b.with("1.0.0")
	began, let := make(chan string, 1), make(chan struct{})
	b.workers.set("0.1.0", nil, held(began, let))
	b.send("1.1")
	require.Equal(t, "1.1", <-began)
	b.send("1.2")
	b.activate("1.0.0")
	require.Equal(t, map[string]registry.State{"0.1.0": registry.Retired, "1.0.0": registry.Live}, b.states())
	require.Empty(t, b.workers.ended())
	require.Equal(t, triage.Running, b.study("1.1").State)
	close(let)
	require.Equal(t, "0.1.0", b.await("1.1"))
	require.Equal(t, "1.0.0", b.await("1.2"))
	b.until(func() bool { return len(b.workers.ended()) == 1 }, "the end of the process before")
	require.Equal(t, []string{"0.1.0"}, b.workers.ended())

	// What was read is not read again for a new model alone.
	m, err := b.models.RollBack(t.Context(), amina)
	require.NoError(t, err)
	require.Equal(t, "0.1.0", m.Version)
	b.workers.set("0.1.0", nil, nil)
	b.send("1.3")
	require.Equal(t, "0.1.0", b.await("1.3"))
	require.Equal(t, "1.0.0", b.await("1.2"))
}

// A model that does not start does not become live.
func TestActivatingWhatDoesNotWork(t *testing.T) {
	b := newBench(t)
	b.with("1.0.0")
	b.workers.set("1.0.0", errors.New("its self-test differs"), nil)
	for _, try := range []func() error{
		func() error {
			_, _, err := b.models.Activate(t.Context(), modelstest.Name+":1.0.0", amina)
			return err
		},
		func() error {
			_, _, err := b.models.StartShadow(t.Context(), modelstest.Name+":1.0.0", amina)
			return err
		},
	} {
		err := try()
		require.Equal(t, registry.Unfit, kind(err))
		require.ErrorContains(t, err, "its self-test differs")
	}
	require.Equal(t, map[string]registry.State{"0.1.0": registry.Live, "1.0.0": registry.Installed}, b.states())
	b.send("1.1")
	require.Equal(t, "0.1.0", b.await("1.1"))

	b.workers.set("1.0.0", nil, nil)
	b.activate("1.0.0")
	b.workers.set("0.1.0", errors.New("its self-test differs"), nil)
	_, err := b.models.RollBack(t.Context(), amina)
	require.ErrorContains(t, err, "The live model stays "+modelstest.Name+" 1.0.0")
	b.send("1.2")
	require.Equal(t, "1.0.0", b.await("1.2"))
	events, err := b.models.Events(t.Context())
	require.NoError(t, err)
	require.Equal(t, registry.ActionActivated, events[len(events)-1].Action, "what was refused is no event")
}
