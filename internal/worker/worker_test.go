package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"nafas/dicomio/refusal"
	"nafas/inference/finding"
	"nafas/inference/measure"
	"nafas/inference/volume"
	"nafas/internal/triage"
	"nafas/internal/worker"
)

// childEnv makes the test binary a worker process that behaves as it says.
const childEnv = "NAFAS_TEST_WORKER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childEnv); mode != "" {
		os.Exit(childMain(mode))
	}
	goleak.VerifyTestMain(m)
}

func childMain(mode string) int {
	err := worker.Main(context.Background(), func(context.Context) (triage.StudyReader, worker.Identity, error) {
		switch mode {
		case "unfit":
			return nil, worker.Identity{}, errors.New("the model's hash differs")
		case "mute":
			time.Sleep(time.Hour)
		case "stillborn":
			os.Exit(7)
		case "printing":
			fmt.Println("a library prints to stdout")
		}
		identity := worker.Identity{Model: triage.Model{Name: "fake"}}
		if model, ok := strings.CutPrefix(mode, "model "); ok {
			identity.Recipe.ModelSHA256 = model
		}
		if mode == "exchanged" {
			identity.Model.Version = strconv.Itoa(os.Getpid())
		}
		return fake{}, identity, nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// fake does what the study's UID says.
type fake struct{}

func (fake) Read(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
	fmt.Fprintln(os.Stderr, "reading")
	switch job.StudyUID {
	case "abort":
		// As a failed assertion in C does.
		_ = syscall.Kill(os.Getpid(), syscall.SIGABRT)
		time.Sleep(time.Hour)
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	case "exit":
		os.Exit(0)
	case "asked to end":
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
		time.Sleep(100 * time.Millisecond)
	case "error":
		return triage.StudyReading{}, errors.New("engine said no")
	case "tiles":
		for i := range 1000 {
			if err := ctx.Err(); err != nil {
				return triage.StudyReading{}, err
			}
			progress(triage.Progress{Stage: "onnx", Done: i, Total: 1000})
			time.Sleep(10 * time.Millisecond)
		}
	case "deaf":
		progress(triage.Progress{Stage: "onnx"})
		time.Sleep(time.Hour)
	case "greedy":
		var hold [][]byte
		for range 64 {
			hold = append(hold, bytes.Repeat([]byte{1}, 16<<20))
			time.Sleep(20 * time.Millisecond)
		}
		return triage.StudyReading{Notes: []string{strconv.Itoa(len(hold))}}, nil
	}
	return triage.StudyReading{
		StudyUID: job.StudyUID, State: triage.NotAssessed,
		Notes:       []string{strconv.Itoa(os.Getpid()), os.Getenv("GOMEMLIMIT")},
		NotAssessed: &refusal.Error{Reason: refusal.NoLung, Found: "found", Remedy: "remedy", Err: errors.New("cause")},
		Series:      []triage.Series{{UID: "1", Result: &triage.Result{Key: job.Files[0].Content.String(), Findings: []triage.Finding{found}}}},
	}, nil
}

// found is a finding with all that is measured.
var found = triage.Finding{
	Finding: finding.Finding{Rank: 1, Score: .5, MeanDiameterMM: 9}, SOPInstanceUID: "1.9", Slice: 4,
	Measured: &triage.Measurement{
		Measurement: measure.Measurement{
			VolumeMM3: 523.6, Slice: 5, Kind: measure.KindSolid, CenterLPSMM: volume.Vec3{1, 2, 3},
			LongAxisLPSMM: [2]volume.Vec3{{1, 2, 3}, {4, 5, 6}}, LongAxisMM: 10, MeanDiameterMM: 9.8,
		},
		Method: measure.Method, SOPInstanceUID: "1.10", Body: triage.Body{First: [3]int{1, 2, 3}, Size: [3]int{3, 3, 1}, Bits: []byte{255, 1}},
	},
}

func supervise(t *testing.T, mode string, change ...func(*worker.Options)) *worker.Supervisor {
	t.Helper()
	o := worker.Options{
		Command: func() (*exec.Cmd, error) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childEnv+"="+mode)
			return cmd, nil
		},
		Grace: 2 * time.Second,
		Log:   slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&o)
	}
	s := worker.New(o)
	t.Cleanup(s.Close)
	return s
}

func job(uid string) triage.ReadingJob {
	return triage.ReadingJob{StudyUID: uid, Files: []triage.ReadingFile{{Path: "p", Content: triage.Sum{1, 2, 3}}}}
}

func nothing(triage.Progress) {}

func TestReadingComesBackWhole(t *testing.T) {
	s := supervise(t, "good")
	id, err := s.Start(t.Context())
	require.NoError(t, err)
	require.Equal(t, "fake", id.Model.Name)
	r, err := s.Read(t.Context(), job("1.2"), nothing)
	require.NoError(t, err)
	require.Equal(t, "1.2", r.StudyUID)
	require.Equal(t, triage.NotAssessed, r.State)
	require.Equal(t, &refusal.Error{Reason: refusal.NoLung, Found: "found: cause", Remedy: "remedy"}, r.NotAssessed)
	require.Equal(t, triage.Sum{1, 2, 3}.String(), r.Series[0].Result.Key)
	require.Equal(t, []triage.Finding{found}, r.Series[0].Result.Findings)
	require.Equal(t, strconv.Itoa(2<<30), r.Notes[1], "half of the memory limit is the child's soft limit")

	again, err := s.Read(t.Context(), job("1.3"), nothing)
	require.NoError(t, err)
	require.Equal(t, r.Notes[0], again.Notes[0], "the same child reads the next study")
}

func TestCrashCostsOneAttempt(t *testing.T) {
	s := supervise(t, "good")
	for _, how := range []string{"abort", "killed", "exit"} {
		t.Run(how, func(t *testing.T) {
			_, err := s.Read(t.Context(), job(how), nothing)
			require.ErrorIs(t, err, triage.ErrWorkerDied)
			_, err = s.Read(t.Context(), job("1.2"), nothing)
			require.NoError(t, err, "the next study has a new child")
		})
	}
}

func TestSignalsAreForTheParent(t *testing.T) {
	s := supervise(t, "good")
	_, err := s.Read(t.Context(), job("asked to end"), nothing)
	require.NoError(t, err)
}

func TestErrorLeavesTheChild(t *testing.T) {
	s := supervise(t, "good")
	_, err := s.Read(t.Context(), job("error"), nothing)
	require.ErrorContains(t, err, "engine said no")
	require.NotErrorIs(t, err, triage.ErrWorkerDied)
}

func TestCancelStopsBetweenTwoTiles(t *testing.T) {
	s := supervise(t, "good")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var once sync.Once
	began := time.Now()
	_, err := s.Read(ctx, job("tiles"), func(p triage.Progress) {
		require.Equal(t, "onnx", p.Stage)
		once.Do(cancel)
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(began), 2*time.Second)
	_, err = s.Read(t.Context(), job("1.2"), nothing)
	require.NoError(t, err)
}

func TestChildThatDoesNotStopIsKilled(t *testing.T) {
	s := supervise(t, "good", func(o *worker.Options) { o.Grace = 100 * time.Millisecond })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := s.Read(ctx, job("deaf"), func(triage.Progress) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Read(t.Context(), job("1.2"), nothing)
	require.NoError(t, err)
}

func TestLimits(t *testing.T) {
	s := supervise(t, "good", func(o *worker.Options) {
		o.Wall, o.Grace, o.MemoryBytes = 500*time.Millisecond, 100*time.Millisecond, 200<<20
	})
	_, err := s.Read(t.Context(), job("deaf"), nothing)
	require.ErrorIs(t, err, triage.ErrOverLimit)

	s = supervise(t, "good", func(o *worker.Options) { o.MemoryBytes = 200 << 20 })
	_, err = s.Read(t.Context(), job("greedy"), nothing)
	require.ErrorIs(t, err, triage.ErrOverLimit)
	require.ErrorContains(t, err, "memory")
	_, err = s.Read(t.Context(), job("1.2"), nothing)
	require.NoError(t, err)
}

func TestIdleChildLeaves(t *testing.T) {
	s := supervise(t, "good", func(o *worker.Options) { o.Idle = 50 * time.Millisecond })
	r, err := s.Read(t.Context(), job("1.2"), nothing)
	require.NoError(t, err)
	pid, err := strconv.Atoi(r.Notes[0])
	require.NoError(t, err)
	require.Eventually(t, func() bool { return syscall.Kill(pid, 0) != nil }, 10*time.Second, 10*time.Millisecond)
	r, err = s.Read(t.Context(), job("1.2"), nothing)
	require.NoError(t, err)
	require.NotEqual(t, strconv.Itoa(pid), r.Notes[0])
}

func TestChildThatCannotWork(t *testing.T) {
	for mode, want := range map[string]string{
		"unfit":     "the model's hash differs",
		"stillborn": "exit status 7",
		"mute":      "not ready within",
	} {
		t.Run(mode, func(t *testing.T) {
			s := supervise(t, mode, func(o *worker.Options) {
				o.Ready = 2 * time.Second
				if mode != "mute" {
					o.Ready = time.Minute
				}
			})
			_, err := s.Start(t.Context())
			require.ErrorContains(t, err, want)
			_, err = s.Read(t.Context(), job("1.2"), nothing)
			require.ErrorContains(t, err, want)
			require.ErrorIs(t, err, triage.ErrNoWorker, "the study would be blamed for it")
		})
	}
}

// Results are kept under the identity that the service started with.
func TestChildWithAnotherModelDoesNotRead(t *testing.T) {
	s := supervise(t, "exchanged")
	_, err := s.Start(t.Context())
	require.NoError(t, err)
	_, err = s.Read(t.Context(), job("killed"), nothing)
	require.ErrorIs(t, err, triage.ErrWorkerDied)
	_, err = s.Read(t.Context(), job("1.2"), nothing)
	require.ErrorIs(t, err, triage.ErrNoWorker)
	require.ErrorContains(t, err, "restart the service")
}

func TestWhatPrintsToStdoutDoesNotBreakTheProtocol(t *testing.T) {
	s := supervise(t, "printing")
	_, err := s.Read(t.Context(), job("1.2"), nothing)
	require.NoError(t, err)
}

func TestStderrGoesToTheLog(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	s := supervise(t, "good", func(o *worker.Options) {
		o.Log = slog.New(slog.NewTextHandler(lockedWriter{&mu, &log}, nil))
	})
	_, err := s.Read(t.Context(), job("1.2"), nothing)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return strings.Contains(log.String(), "line=reading")
	}, 10*time.Second, 10*time.Millisecond)
}

func TestClosedSupervisorReadsNothing(t *testing.T) {
	s := supervise(t, "good")
	s.Close()
	_, err := s.Read(t.Context(), job("1.2"), nothing)
	require.ErrorIs(t, err, worker.ErrClosed)
}

// TestChildDoesNotOutliveItsParent kills a parent that has no time to say
// goodbye: this test binary, as a supervisor of its own.
func TestChildDoesNotOutliveItsParent(t *testing.T) {
	if pid := os.Getenv("NAFAS_TEST_PARENT"); pid != "" {
		s := supervise(t, "good")
		r, err := s.Read(t.Context(), job("1.2"), nothing)
		require.NoError(t, err)
		fmt.Println("child", r.Notes[0])
		_, _ = s.Read(t.Context(), job("deaf"), nothing)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestChildDoesNotOutliveItsParent$")
	cmd.Env = append(os.Environ(), "NAFAS_TEST_PARENT=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var child int
	_, err = fmt.Fscanf(out, "child %d\n", &child)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(child, 0))
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool { return !alive(child) }, 10*time.Second, 10*time.Millisecond)
}

// alive tells a process from the remains that a container's init has not
// collected.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(after, "Z")
}

type lockedWriter struct {
	mu *sync.Mutex
	w  *bytes.Buffer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
