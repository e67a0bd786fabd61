package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"nafas/internal/jobs"
	"nafas/internal/rpc"
	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/internal/triage/review"
)

// fixedReader reads every study into three findings, the last of which is not
// flagged.
type fixedReader struct{}

func (fixedReader) Read(_ context.Context, job triage.ReadingJob, _ func(triage.Progress)) (triage.StudyReading, error) {
	r := triage.Result{
		StudyUID: job.StudyUID, SeriesUID: job.StudyUID + ".1", Key: "key of " + job.StudyUID,
		Model: triage.Model{Name: "m", Version: "1"}, Scan: triage.Scan{Manufacturer: "ACME", Kernel: "B70", SliceThicknessMM: 1},
	}
	for i := range 3 {
		var f triage.Finding
		f.Rank, f.Score, f.Flagged, f.MeanDiameterMM = i+1, 0.9-float64(i)/10, i < 2, 8
		f.CenterLPSMM = [3]float64{-40 - 20*float64(i), 5, 6}
		r.Findings = append(r.Findings, f)
	}
	return triage.StudyReading{StudyUID: job.StudyUID, Key: job.Key, State: triage.Done, Series: []triage.Series{{UID: r.SeriesUID, Result: &r}}}, nil
}

// reviewServer is a service in this process, without a detector. It returns its
// address and the application.
func reviewServer(t *testing.T) (string, *triage.Service) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	st, err := store.Open(t.Context(), t.TempDir(), store.Options{Log: log})
	require.NoError(t, err)
	app := triage.New(st, st, func(data []byte) (triage.Header, error) {
		uid := string(data)
		return triage.Header{
			StudyUID: uid, SeriesUID: uid + ".1", SOPUID: uid + ".1.1", SOPClassUID: "1.2.840.10008.5.1.4.1.1.2", Modality: "CT",
			Patient: triage.Patient{ID: uid}, Pixels: sha256.Sum256(data), Content: sha256.Sum256(data),
		}, nil
	}, fixedReader{}, triage.Options{Recipe: triage.Recipe{ModelSHA256: "m", ConfigSHA256: "c"}, MinFreeBytes: 1, Log: log})
	runner, err := jobs.New(st.Driver(), app, jobs.Options{Poll: 20 * time.Millisecond, Log: log})
	require.NoError(t, err)
	require.NoError(t, runner.Start(t.Context()))
	server := rpc.New(rpc.Options{Service: app, Log: log})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	server.SetReady()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		server.Shutdown(ctx)
		require.NoError(t, <-served)
		require.NoError(t, runner.Stop(ctx, time.Second, 5*time.Second))
		require.NoError(t, st.Close())
	})
	return listener.Addr().String(), app
}

// takeIn has a study read.
func takeIn(t *testing.T, app *triage.Service, uid string) {
	t.Helper()
	u, err := app.Begin(t.Context(), triage.Submission{Complete: true})
	require.NoError(t, err)
	defer u.Abort()
	require.NoError(t, u.Put(t.Context(), "a", strings.NewReader(uid)))
	_, err = u.Commit(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		study, err := app.Study(t.Context(), uid)
		return err == nil && study.State == triage.Done
	}, 30*time.Second, 10*time.Millisecond)
}

func TestReviewsFromServiceToEvaluation(t *testing.T) {
	address, app := reviewServer(t)
	amal := review.Reader{Name: "amal", Display: "Dr Amal"}
	act := func(uid string, a review.Action) {
		t.Helper()
		was, err := app.Review(t.Context(), uid)
		require.NoError(t, err)
		a.ID = uuid.NewString()
		_, err = app.Act(t.Context(), uid, amal, was.Version, a)
		require.NoError(t, err)
	}
	says := func(uid string, rank int, a review.Answer) {
		t.Helper()
		act(uid, review.Action{Kind: review.KindAnswer, Finding: &review.Ref{SeriesUID: uid + ".1", ResultKey: "key of " + uid, Rank: rank}, Answer: &a})
	}
	for _, uid := range []string{"1.2.1", "1.2.2", "1.2.3"} {
		takeIn(t, app, uid)
		says(uid, 1, review.Answer{Verdict: review.Agree})
	}
	says("1.2.1", 2, review.Answer{Verdict: review.Disagree, Cause: review.CauseOther, Comment: "two\nlines"})
	act("1.2.2", review.Action{Kind: review.KindAdd, Mark: &review.Mark{
		SeriesUID: "1.2.2.1", SOPInstanceUID: "1.2.2.1.1", CenterLPSMM: [3]float64{50, 1, 2}, DiameterMM: 5,
	}})
	for _, uid := range []string{"1.2.1", "1.2.2"} {
		act(uid, review.Action{Kind: review.KindSign, ResultKeys: []string{"key of " + uid}})
	}

	of := []string{"--address", address}
	cli := func(args ...string) string {
		t.Helper()
		code, out, stderr := nafas(t, append(args, of...)...)
		require.Zero(t, code, stderr)
		return out
	}
	shown := cli("reviews", "show", "1.2.1")
	require.Contains(t, shown, "signed off by Dr Amal")
	require.Contains(t, shown, `disagree, other, "two\nlines"`)
	require.Contains(t, cli("reviews", "show", "1.2.3"), "not signed off")
	require.Contains(t, cli("reviews", "show", "1.2.1", "--format", "json"), `"signature":{"by":"amal"`)

	require.Equal(t, 1+3, strings.Count(cli("reviews", "list", "--format", "csv"), "\n"))
	signed := cli("reviews", "list", "--state", "signed,outdated", "--format", "csv")
	require.Equal(t, 1+2, strings.Count(signed, "\n"))
	require.Contains(t, signed, ",signed,2,0,amal,")

	all := cli("reviews", "export")
	require.Equal(t, 1+3+3+1, strings.Count(all, "\n"))
	require.Contains(t, all, "1.2.2.1,50,1,2,5,nodule,,added,")
	require.Equal(t, 1, strings.Count(cli("reviews", "export", "--to", "2001-01-01"), "\n"))

	quality := cli("reviews", "quality")
	require.Contains(t, quality, "2 studies are signed off, of 3 with a result")
	require.Contains(t, quality, "ACME")
	require.Contains(t, quality, "rejected as other: 1")
	require.Contains(t, cli("reviews", "quality", "--format", "csv"), "all,,2,4,2,1,0,1,1,1.000 (1.000 to 1.000),0.500 (0.000 to 1.000),")
	require.Contains(t, cli("reviews", "quality", "--format", "json"), `"signed":2`)

	dir := filepath.Join(t.TempDir(), "truth")
	cli("reviews", "export", "--into", dir)
	code, out, stderr := nafas(t, "evaluate", "--marks", filepath.Join(dir, "marks.csv"), "--annotations", filepath.Join(dir, "annotations.csv"),
		"--excluded", filepath.Join(dir, "annotations_excluded.csv"), "--series", filepath.Join(dir, "seriesuids.csv"), "--format", "json")
	require.Zero(t, code, stderr)
	var got struct {
		Scans      int `json:"scans"`
		Nodules    int `json:"nodules"`
		Detected   int `json:"detected"`
		FalseMarks int `json:"false_marks"`
	}
	require.NoError(t, json.NewDecoder(strings.NewReader(out)).Decode(&got), out)
	require.Equal(t, []int{2, 3, 2, 1}, []int{got.Scans, got.Nodules, got.Detected, got.FalseMarks}, "two accepted, one added; one rejected")
}

func TestDaysOfReviewsAreChecked(t *testing.T) {
	for _, args := range [][]string{
		{"reviews", "quality", "--from", "1.3.2026"}, {"reviews", "export", "--from", "2026-03-02", "--to", "2026-03-01"},
		{"reviews", "list", "--state", "done"}, {"reviews"},
	} {
		code, _, stderr := nafas(t, args...)
		require.Equal(t, 2, code, stderr)
	}
	code, out, _ := nafas(t, "reviews", "export", "--into", t.TempDir(), "--address", "127.0.0.1:1")
	require.Equal(t, 1, code)
	require.Empty(t, out)
}
