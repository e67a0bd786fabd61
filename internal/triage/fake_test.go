package triage_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// file is what the tests send in place of a Part 10 file: the header in its
// first line, in the order of the fields.
type file struct {
	study, series, sop string
	patient, pixels    string
	// note is header text that nothing depends on, but for "day YYYYMMDD"; kernel is header text that
	// a reading depends on.
	note, kernel string
}

func (f file) bytes() string {
	return strings.Join([]string{f.study, f.series, f.sop, f.patient, f.pixels, f.note, f.kernel}, "|")
}

// readHeader is the fake of the guard: "bad|..." is not readable.
func readHeader(data []byte) (triage.Header, error) {
	p := strings.Split(string(data), "|")
	if len(p) != 7 {
		return triage.Header{}, refusal.New(refusal.Malformed, "send it again", "%d fields", len(p))
	}
	h := triage.Header{
		StudyUID: p[0], SeriesUID: p[1], SOPUID: p[2], SOPClassUID: "1.2.840.10008.5.1.4.1.1.2", Modality: "CT",
		Patient: triage.Patient{ID: p[3]},
		Pixels:  sha256.Sum256([]byte(p[0] + p[1] + p[4])),
		Content: sha256.Sum256([]byte(p[0] + p[1] + p[2] + p[4] + p[6])),
	}
	if day, ok := strings.CutPrefix(p[5], "day "); ok {
		h.Description.Study = triage.Attributes{"StudyDate": day}
	}
	if p[4] == "unsupported" {
		return h, refusal.New(refusal.Unsupported, "", "no decoder")
	}
	return h, nil
}

// readerFunc is a StudyReader.
type readerFunc func(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error)

func (f readerFunc) Read(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
	return f(ctx, job, progress)
}

// clock is a clock that the test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// bench is a service over a real store, whose jobs the test works by hand.
type bench struct {
	t *testing.T
	*triage.Service
	store *store.SQLite
	clock *clock
	dir   string
	read  func(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error)
}

var recipe = triage.Recipe{ModelSHA256: "model", ConfigSHA256: "config"}

func newBench(t *testing.T, change ...func(*triage.Options)) *bench {
	b := &bench{t: t, dir: t.TempDir(), clock: &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	var err error
	b.store, err = store.Open(t.Context(), b.dir, store.Options{Log: silent()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.store.Close()) })
	o := triage.Options{
		Recipe: recipe, Quiet: time.Minute, MinFreeBytes: 1, Now: b.clock.now,
		Log: silent(), Pseudonyms: triage.NewPseudonyms(make([]byte, 32)),
	}
	for _, c := range change {
		c(&o)
	}
	b.read = oneFinding
	b.Service = triage.New(b.store, b.store, readHeader, readerFunc(
		func(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
			return b.read(ctx, job, progress)
		}), o)
	return b
}

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// oneFinding reads the first series of a study into one flagged finding.
func oneFinding(_ context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
	progress(triage.Progress{Stage: "onnx", Done: 1, Total: 2})
	f := triage.Finding{SOPInstanceUID: "1.9"}
	f.Rank, f.Score, f.Flagged, f.MeanDiameterMM = 1, 0.9, true, 8
	var contents []triage.Sum
	for _, file := range job.Files {
		contents = append(contents, file.Content)
	}
	r := triage.StudyReading{State: triage.Done, Series: []triage.Series{{
		UID: "1.2.1", Result: &triage.Result{
			StudyUID: job.StudyUID, SeriesUID: "1.2.1", Key: triage.ResultKey("1.2.1", contents, recipe),
			Findings: []triage.Finding{f},
		},
	}}}
	r.Priority, r.PriorityReasons = triage.Ranking{}.Rank(*r.Series[0].Result, nil)
	return r, nil
}

// send uploads files and returns the receipt.
func (b *bench) send(sub triage.Submission, files ...file) triage.Receipt {
	b.t.Helper()
	var texts []string
	for _, f := range files {
		texts = append(texts, f.bytes())
	}
	return b.sendBytes(sub, texts...)
}

func (b *bench) sendBytes(sub triage.Submission, texts ...string) triage.Receipt {
	b.t.Helper()
	u, err := b.Begin(b.t.Context(), sub)
	require.NoError(b.t, err)
	defer u.Abort()
	for i, text := range texts {
		require.NoError(b.t, u.Put(b.t.Context(), fmt.Sprintf("file%d", i), strings.NewReader(text)))
	}
	r, err := u.Commit(b.t.Context())
	require.NoError(b.t, err)
	return r
}

func (b *bench) study(uid string) triage.Study {
	b.t.Helper()
	s, err := b.Study(b.t.Context(), uid)
	require.NoError(b.t, err)
	return s
}

// job is a queued job as the test sees it.
type job struct {
	kind, state string
	token       triage.Token
	study       string
}

// jobs lists the jobs that have not ended.
func (b *bench) jobs() []job {
	b.t.Helper()
	rows, err := b.store.DB().QueryContext(b.t.Context(), `
		SELECT id, kind, state, attempt, json_extract(args, '$.study_uid') FROM river_job
		WHERE finalized_at IS NULL ORDER BY priority, id`)
	require.NoError(b.t, err)
	defer rows.Close()
	var out []job
	for rows.Next() {
		var j job
		require.NoError(b.t, rows.Scan(&j.token.JobID, &j.kind, &j.state, &j.token.Attempt, &j.study))
		out = append(out, j)
	}
	require.NoError(b.t, rows.Err())
	return out
}

// begin takes a job as a worker does: it is running, in its next attempt.
func (b *bench) begin(kind string) job {
	b.t.Helper()
	for _, j := range b.jobs() {
		if j.kind == kind && j.state != "running" {
			_, err := b.store.DB().ExecContext(b.t.Context(), `UPDATE river_job SET state = 'running', attempt = attempt + 1 WHERE id = ?`, j.token.JobID)
			require.NoError(b.t, err)
			j.state = "running"
			j.token.Attempt++
			return j
		}
	}
	require.Fail(b.t, "no job", kind)
	return job{}
}

// again makes a running job wait for its next attempt.
func (b *bench) again(j job) {
	b.t.Helper()
	_, err := b.store.DB().ExecContext(b.t.Context(), `UPDATE river_job SET state = 'available' WHERE id = ? AND state = 'running'`, j.token.JobID)
	require.NoError(b.t, err)
}

// readNow works the next read job.
func (b *bench) readNow() error {
	j := b.begin("read")
	return b.Read(b.t.Context(), j.token, j.study)
}

var errTest = errors.New("test error")

func reader(f file) io.Reader { return strings.NewReader(f.bytes()) }
