package registry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/registry"
	"nafas/internal/triage"
	"nafas/models/modelstest"
)

// The shadow reads after the live model and changes nothing of its results; the two
// are compared study by study.
func TestReadingInShadow(t *testing.T) {
	b := newBench(t)
	b.with("1.0.0")
	b.send("1.1")
	b.await("1.1")
	_, err := b.models.Compare(t.Context(), modelstest.Name+":1.0.0", "")
	require.Equal(t, registry.NotNow, kind(err))
	b.shadow("1.0.0")
	before := b.study("1.1")
	b.send("1.2")
	b.send("1.3")
	b.until(func() bool { return b.readings("1.0.0") == registry.Readings{Read: 2} }, "two readings in shadow")
	require.Equal(t, before, b.study("1.1"), "from the next study on")
	for _, uid := range []string{"1.2", "1.3"} {
		s := b.study(uid)
		require.Equal(t, "0.1.0", s.Series[0].Result.Model.Version)
		require.False(t, s.Series[0].Result.Findings[0].Flagged)
		require.Equal(t, before.Priority, s.Priority)
	}
	c, err := b.models.Compare(t.Context(), modelstest.Name+":1.0.0", "")
	require.NoError(t, err)
	require.Equal(t, "0.1.0", c.Live.Version)
	require.Equal(t, 2, c.Of.Both)
	require.Len(t, c.Of.NewlyFlagged, 2)
	require.Equal(t, "1.2", c.Of.NewlyFlagged[0].StudyUID)
	require.Len(t, c.Of.LookAgain, 2)
	require.Zero(t, c.Failed+c.Waiting+c.Changed+c.OtherLive)

	b.again()
	require.Equal(t, registry.Shadow, b.states()["1.0.0"], "it is the shadow after a restart")
	b.send("1.4")
	b.until(func() bool { return b.readings("1.0.0").Read == 3 }, "a third one")
	_, err = b.models.StopShadow(t.Context(), modelstest.Name+":1.0.0", amina)
	require.NoError(t, err)
	b.send("1.5")
	b.await("1.5")
	b.until(func() bool { return b.readings("1.0.0") == registry.Readings{Read: 3} }, "no fourth one")
}

// While a live study waits or is read, none begins in shadow; one that began does not
// keep a live one waiting.
func TestLiveStudiesGoFirst(t *testing.T) {
	b := newBench(t)
	b.with("1.0.0")
	b.shadow("1.0.0")
	live, shadow := make(chan string, 9), make(chan string, 9)
	letLive, letShadow := make(chan struct{}), make(chan struct{})
	b.workers.set("0.1.0", nil, held(live, letLive))
	b.workers.set("1.0.0", nil, held(shadow, letShadow))
	b.send("1.1")
	require.Equal(t, "1.1", <-live)
	b.send("1.2")
	letLive <- struct{}{}
	b.await("1.1")
	require.Equal(t, "1.2", <-live)
	b.until(func() bool { return b.readings("1.0.0").Waiting == 1 }, "one that waits in shadow")
	select {
	case uid := <-shadow:
		t.Fatalf("%s began in shadow beside a live study", uid)
	case <-time.After(300 * time.Millisecond): // many looks at the queue
	}
	letLive <- struct{}{}
	b.await("1.2")
	require.NotEmpty(t, <-shadow)
	b.send("1.3")
	require.Equal(t, "1.3", <-live, "it is read beside the one in shadow")
	close(letLive)
	b.await("1.3")
	close(letShadow)
	b.until(func() bool { return b.readings("1.0.0") == registry.Readings{Read: 3} }, "all in shadow")
}

// Whatever happens in shadow, the live result stands; what failed is counted.
func TestAShadowThatFails(t *testing.T) {
	b := newBench(t)
	b.with("1.0.0")
	b.shadow("1.0.0")
	tries := map[string]int{}
	b.workers.set("1.0.0", nil, func(_ context.Context, job triage.ReadingJob) (triage.StudyReading, error) {
		tries[job.StudyUID]++ // one at a time
		switch job.StudyUID {
		case "1.1":
			return triage.StudyReading{}, triage.ErrWorkerDied
		case "1.2":
			return triage.StudyReading{}, triage.ErrOverLimit
		case "1.3":
			if tries["1.3"] < 3 {
				return triage.StudyReading{}, errors.New("by chance")
			}
		}
		return triage.StudyReading{}, nil
	})
	for _, uid := range []string{"1.1", "1.2", "1.3"} {
		b.send(uid)
	}
	b.until(func() bool { return b.readings("1.0.0") == registry.Readings{Read: 1, Failed: 2} }, "their ends")
	require.Equal(t, map[string]int{"1.1": triage.MaxTrouble, "1.2": 1, "1.3": 3}, tries)
	for _, uid := range []string{"1.1", "1.2", "1.3"} {
		require.Equal(t, "0.1.0", b.await(uid))
	}
	c, err := b.models.Compare(t.Context(), modelstest.Name+":1.0.0", modelstest.Name+":0.1.0")
	require.NoError(t, err)
	require.Equal(t, 2, c.Failed)
	require.Equal(t, 1, c.Of.Both)
	require.Len(t, c.Of.NotRead, 2)
	require.Equal(t, []string{"WORKER_CRASHED", "LIMIT_EXCEEDED"}, []string{c.Of.NotRead[0].Reason, c.Of.NotRead[1].Reason})
}

// A study that is read in shadow while the service stops is read after the start, and
// one whose model is taken out is not.
func TestEndsOfAShadowReading(t *testing.T) {
	b := newBench(t)
	b.with("1.0.0")
	b.shadow("1.0.0")
	began := make(chan string, 9)
	b.workers.set("1.0.0", nil, held(began, nil))
	b.send("1.1")
	require.Equal(t, "1.1", <-began)
	stopping := time.Now()
	b.again()
	require.Less(t, time.Since(stopping), 10*time.Second, "the stop does not wait for it")
	require.Equal(t, "1.1", <-began)
	require.Equal(t, registry.Readings{Waiting: 1}, b.readings("1.0.0"))
	_, err := b.models.StopShadow(t.Context(), modelstest.Name+":1.0.0", amina)
	require.NoError(t, err)
	b.until(func() bool { return b.readings("1.0.0") == registry.Readings{} }, "its end")

	// The shadow that becomes live reads in shadow no more.
	b.shadow("1.0.0")
	b.send("1.2")
	require.Equal(t, "1.2", <-began)
	b.workers.set("1.0.0", nil, nil)
	b.activate("1.0.0")
	b.until(func() bool { return b.readings("1.0.0") == registry.Readings{} }, "its end")
	b.send("1.3")
	require.Equal(t, "1.0.0", b.await("1.3"))
	require.Equal(t, map[string]registry.State{"0.1.0": registry.Retired, "1.0.0": registry.Live}, b.states())
}
