package store_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/inference/prior"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// startJob has the oldest waiting read job begin.
func startJob(t *testing.T, s *store.SQLite, uid string) (triage.Token, triage.ReadingJob) {
	t.Helper()
	token := begin(t, s, "read")
	job, err := s.StartReading(t.Context(), token, uid, noon, recipe)
	require.NoError(t, err)
	return token, job
}

// compared is what a reader says of a job: compared with whatever is earlier.
func compared(job triage.ReadingJob, r triage.StudyReading) triage.StudyReading {
	r.Key, r.Recipe = job.Key, recipe
	if e := job.Earlier; e != nil {
		r.Comparison = &triage.Comparison{
			EarlierStudyUID: e.StudyUID, Key: e.ComparisonKey(r.Series[0].Result.Key), Method: "m", Why: e.Why,
			Comparison: prior.Comparison{Days: e.Days},
		}
	}
	return r
}

// readNow has the oldest waiting read job done.
func readNow(t *testing.T, s *store.SQLite, uid string) triage.ReadingJob {
	t.Helper()
	token, job := startJob(t, s, uid)
	require.NoError(t, s.FinishReading(t.Context(), token, noon, compared(job, reading(uid))))
	return job
}

// jobs counts the read jobs that have not ended.
func jobs(t *testing.T, s *store.SQLite) (n int) {
	t.Helper()
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'read' AND finalized_at IS NULL`).Scan(&n))
	return n
}

func TestAStudyIsComparedWithTheLatestBeforeIt(t *testing.T) {
	s := openFor(t, t.TempDir())
	record(t, s, true, "1.1/1/1/P/a/day 20250101")
	require.Nil(t, readNow(t, s, "1.1").Earlier, "the first")
	record(t, s, true, "1.2/1/2/P/b/day 20250401", "1.2/2/3/P/c/day 20250401")
	readNow(t, s, "1.2")
	record(t, s, true, "1.3/1/4/P/d/day 20250601")
	job := readNow(t, s, "1.3")
	require.NotNil(t, job.Earlier)
	require.Equal(t, "1.2", job.Earlier.StudyUID)
	require.Equal(t, "1", job.Earlier.SeriesUID)
	require.Equal(t, "20250401", job.Earlier.StudyDate)
	require.Equal(t, 61, job.Earlier.Days)
	require.Len(t, job.Earlier.Files, 1, "of the series that was read alone")
	require.Equal(t, "key of 1.2", job.Earlier.Result.Key)
	got := study(t, s, "1.3").Comparison
	require.Equal(t, "1.2", got.EarlierStudyUID)
	require.Equal(t, 61, got.Days)
	require.Zero(t, jobs(t, s), "nothing is read again for it")

	record(t, s, true, "1.4/1/5/Q/e/day 20250701")
	require.Nil(t, readNow(t, s, "1.4").Earlier, "another patient's")
	record(t, s, true, "1.5/1/6/P/f/")
	require.Nil(t, readNow(t, s, "1.5").Earlier, "without a date there is no earlier")
	record(t, s, true, "1.6/1/7/P/g/day 20250601")
	require.Equal(t, "1.2", readNow(t, s, "1.6").Earlier.StudyUID, "of the same day is not before")
}

// A prior that comes late has the later study read again, which keeps its place
// in the worklist meanwhile; what was known of it is taken over.
func TestAPriorThatComesLateIsComparedWith(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	record(t, s, true, "1.2/1/2/P/b/day 20250401")
	readNow(t, s, "1.2")
	first := study(t, s, "1.2")
	record(t, s, true, "1.1/1/1/P/a/day 20250101")
	readNow(t, s, "1.1")
	again := study(t, s, "1.2")
	require.Equal(t, triage.Waiting, again.State)
	require.Equal(t, first.Priority, again.Priority, "it keeps its place")
	job := readNow(t, s, "1.2")
	require.Equal(t, "1.1", job.Earlier.StudyUID)
	require.Contains(t, job.Known, "key of 1.2")
	require.Zero(t, jobs(t, s))
	require.Equal(t, []string{"replaced", "waiting", "waiting"}, deliveryStates(t, s), "the destination is told of the change")
	_, d := next(t, s) // of the prior
	require.Equal(t, "1.1", d.Study.UID)
	_, d = next(t, s)
	require.Equal(t, "1.2", d.Study.UID)
	require.NotNil(t, d.Series.Result, "with the result")
	require.NotNil(t, d.Study.Comparison, "and what changed, of which its report speaks")
	require.Equal(t, "1.1", d.Study.Comparison.EarlierStudyUID)
	said, err := s.Said(t.Context(), "1.2")
	require.NoError(t, err)
	require.Equal(t, d.Study.Comparison, said.Study.Comparison, "the report that is asked for says the same")
	require.Len(t, d.Paths, 1, "and its images")

	record(t, s, true, "1.0/1/0/P/z/day 20240101")
	readNow(t, s, "1.0")
	require.Equal(t, "1.0", readNow(t, s, "1.1").Earlier.StudyUID, "the one between is compared with it")
	require.Zero(t, jobs(t, s), "and the last one has its prior still")
}

// A prior that is read while the later study is: the later one was read without
// it, so that it is read again and does not wait for ever.
func TestAPriorThatIsReadMeanwhile(t *testing.T) {
	s := openFor(t, t.TempDir())
	record(t, s, true, "1.2/1/2/P/b/day 20250401")
	later, job := startJob(t, s, "1.2")
	require.Nil(t, job.Earlier)
	record(t, s, true, "1.1/1/1/P/a/day 20250101")
	readNow(t, s, "1.1")
	require.NoError(t, s.FinishReading(t.Context(), later, noon, compared(job, reading("1.2"))))
	require.Equal(t, triage.Waiting, study(t, s, "1.2").State)
	require.Equal(t, "1.1", readNow(t, s, "1.2").Earlier.StudyUID)
	require.Equal(t, triage.Done, study(t, s, "1.2").State)
}

// What cannot be compared with is still a prior, with the reason; what shows no
// chest is none.
func TestAPriorThatWasNotRead(t *testing.T) {
	for _, c := range []struct {
		reason refusal.Reason
		prior  bool
	}{{refusal.TooThick, true}, {refusal.NoLung, false}, {refusal.NotCT, false}} {
		s := openFor(t, t.TempDir())
		record(t, s, true, "1.1/1/1/P/a/day 20250101")
		token, job := startJob(t, s, "1.1")
		r := notRead("1.1", 0)
		r.Key, r.Series[0].NotRead = job.Key, refusal.New(c.reason, "", "found")
		require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
		record(t, s, true, "1.2/1/2/P/b/day 20250401")
		e := readNow(t, s, "1.2").Earlier
		require.Equal(t, c.prior, e != nil, c.reason)
		if c.prior {
			require.Equal(t, triage.PriorNotAssessed, e.Why.Reason)
			require.Equal(t, triage.PriorNotAssessed, study(t, s, "1.2").Comparison.Why.Reason)
		}
	}
}

// A prior whose reading fails after the later study was read: the later one is
// not the first any more.
func TestAPriorThatFailsLate(t *testing.T) {
	s := openFor(t, t.TempDir())
	record(t, s, true, "1.2/1/2/P/b/day 20250401")
	readNow(t, s, "1.2")
	record(t, s, true, "1.1/1/1/P/a/day 20250101")
	token, _ := startJob(t, s, "1.1")
	require.NoError(t, s.GiveUp(t.Context(), token, "1.1", noon, refusal.New(triage.WorkerCrashed, "", "three times"), recipe))
	require.Equal(t, triage.PriorNotAssessed, readNow(t, s, "1.2").Earlier.Why.Reason)
}

// The images of a prior are deleted after their days: what was said of it
// stays, and so does that it is there.
func TestAPriorWhoseImagesAreGone(t *testing.T) {
	s := openFor(t, t.TempDir())
	record(t, s, true, "1.1/1/1/P/a/day 20250101")
	readNow(t, s, "1.1")
	record(t, s, true, "1.2/1/2/P/b/day 20250401")
	readNow(t, s, "1.2")
	kept, err := s.Forget(t.Context(), "1.1", noon.Add(48*time.Hour), triage.KeepRule{Done: time.Hour})
	require.NoError(t, err)
	require.Empty(t, kept)
	record(t, s, true, "1.2/1/2/P/b/day 20250401")
	require.Zero(t, jobs(t, s), "what was compared holds")
	require.Nil(t, study(t, s, "1.2").Comparison.Why)

	record(t, s, true, "1.3/1/3/P/c/day 20250101")
	require.Nil(t, readNow(t, s, "1.3").Earlier, "the deleted one was of that very day")
	e := readNow(t, s, "1.2").Earlier
	require.Equal(t, "1.3", e.StudyUID, "another one of that day has its images")
	require.Nil(t, e.Why)

	record(t, s, true, "1.0/1/0/Q/z/day 20240101")
	readNow(t, s, "1.0")
	_, err = s.Forget(t.Context(), "1.0", noon.Add(48*time.Hour), triage.KeepRule{Done: time.Hour})
	require.NoError(t, err)
	record(t, s, true, "1.9/1/9/Q/y/day 20250101")
	e = readNow(t, s, "1.9").Earlier
	require.Equal(t, triage.PriorImagesDeleted, e.Why.Reason)
	require.Equal(t, 366, e.Days)
	require.Empty(t, e.Files)
}

// The images of a prior come again, after a study could not be compared with
// them: now it can.
func TestAPriorWhoseImagesComeAgain(t *testing.T) {
	for name, send := range map[string]func(t *testing.T, s *store.SQLite, files ...string){
		"declared complete": func(t *testing.T, s *store.SQLite, files ...string) { record(t, s, true, files...) },
		"one by one": func(t *testing.T, s *store.SQLite, files ...string) {
			for _, f := range files {
				sendAt(t, s, noon, false, f)
			}
			settled, err := s.Settle(t.Context(), begin(t, s, "settle"), "1.1", noon.Add(time.Hour), noon.Add(time.Hour), recipe)
			require.NoError(t, err)
			require.Zero(t, settled.NotBefore)
			readNow(t, s, "1.1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openFor(t, t.TempDir())
			prior := []string{"1.1/1/1/P/a/day 20250101", "1.1/1/2/P/b/day 20250101"}
			record(t, s, true, prior...)
			readNow(t, s, "1.1")
			_, err := s.Forget(t.Context(), "1.1", noon.Add(48*time.Hour), triage.KeepRule{Done: time.Hour})
			require.NoError(t, err)
			record(t, s, true, "1.2/1/3/P/c/day 20250401")
			require.Equal(t, triage.PriorImagesDeleted, readNow(t, s, "1.2").Earlier.Why.Reason)
			send(t, s, prior...)
			require.Nil(t, readNow(t, s, "1.2").Earlier.Why)
			require.Nil(t, study(t, s, "1.2").Comparison.Why)
			require.Zero(t, jobs(t, s))
		})
	}
}

// A prior that is held, since it has two patients, is nobody's prior.
func TestAPriorThatIsHeld(t *testing.T) {
	s := openFor(t, t.TempDir())
	record(t, s, true, "1.1/1/1/P/a/day 20250101")
	readNow(t, s, "1.1")
	record(t, s, true, "1.2/1/2/P/b/day 20250401")
	readNow(t, s, "1.2")
	record(t, s, true, "1.1/1/3/Q/c/day 20250101")
	require.Equal(t, refusal.PatientMismatch, study(t, s, "1.1").NotAssessed.Reason)
	require.Nil(t, readNow(t, s, "1.2").Earlier)
	require.Nil(t, study(t, s, "1.2").Comparison)
}

// One ID may name a whole archive, as that of people who want no name. What a
// study that comes does not change is left as it is, also where a version that
// compared nothing read it.
func TestWhatAStudyIsNotTheNextBeforeIsLeftAlone(t *testing.T) {
	s := openFor(t, t.TempDir())
	for _, month := range []string{"03", "01", "02", "05", "06"} {
		record(t, s, true, "1."+month+"/1/"+month+"/P/"+month+"/day 2025"+month+"01")
		token, _ := startJob(t, s, "1."+month)
		r := resultOf("1."+month, "key of 1."+month)
		r.Key, r.Recipe = "read by an earlier version", recipe
		require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
		_, err := s.DB().ExecContext(t.Context(), `UPDATE river_job SET state = 'completed', finalized_at = '2026-01-01 00:00:00.000' WHERE finalized_at IS NULL`)
		require.NoError(t, err)
		_, err = s.DB().ExecContext(t.Context(), `UPDATE study SET state = 'done', job_id = NULL, job_key = ''`)
		require.NoError(t, err)
	}
	record(t, s, true, "1.12/1/12/P/z/day 20251201")
	require.Equal(t, "1.06", readNow(t, s, "1.12").Earlier.StudyUID)
	require.Zero(t, jobs(t, s), "it comes before none")
	record(t, s, true, "1.04/1/04/P/y/day 20250401")
	require.Equal(t, "1.03", readNow(t, s, "1.04").Earlier.StudyUID)
	require.Equal(t, 1, jobs(t, s), "it comes before one")
	require.Equal(t, "1.04", readNow(t, s, "1.05").Earlier.StudyUID)
	require.Equal(t, "1.05", readNow(t, s, "1.06").Earlier.StudyUID, "which was never compared with what is before it")
	require.Zero(t, jobs(t, s))
}

// A prior that turns out to be another patient's is taken back.
func TestAPriorThatIsCorrectedAway(t *testing.T) {
	s := openFor(t, t.TempDir())
	record(t, s, true, "1.1/1/1/P/a/day 20250101")
	readNow(t, s, "1.1")
	record(t, s, true, "1.2/1/2/P/b/day 20250401")
	readNow(t, s, "1.2")
	recordAt(t, s, noon.Add(time.Hour), triage.Submission{Complete: true}, "1.1/1/1/Q/a/day 20250101")
	readNow(t, s, "1.1")
	require.Nil(t, readNow(t, s, "1.2").Earlier)
	require.Nil(t, study(t, s, "1.2").Comparison)
}

// Who cancels an analysis, as whoever sends a study again and leaves does, does
// not lose the result of a study that was only to be compared.
func TestACancelledComparison(t *testing.T) {
	s := openFor(t, t.TempDir())
	sendAt(t, s, noon, true, "1.2/1/2/P/b/day 20250401")
	readNow(t, s, "1.2")
	sendAt(t, s, noon, true, "1.1/1/1/P/a/day 20250101")
	readNow(t, s, "1.1")
	first := study(t, s, "1.2")
	require.Equal(t, triage.Waiting, first.State)
	_, err := s.Cancel(t.Context(), "1.2", noon, refusal.New(triage.Cancelled, "", ""))
	require.NoError(t, err)
	got := study(t, s, "1.2")
	require.Equal(t, triage.Done, got.State)
	require.Nil(t, got.NotAssessed)
	require.Equal(t, first.Priority, got.Priority)
	require.Zero(t, jobs(t, s))
	sendAt(t, s, noon, true, "1.2/1/2/P/b/day 20250401")
	require.Equal(t, "1.1", readNow(t, s, "1.2").Earlier.StudyUID, "sent again it is compared")

	// New images are another matter: nothing is said of them.
	sendAt(t, s, noon.Add(time.Hour), true, "1.2/1/3/P/c/day 20250401")
	_, err = s.Cancel(t.Context(), "1.2", noon, refusal.New(triage.Cancelled, "", ""))
	require.NoError(t, err)
	require.Equal(t, triage.NotAssessed, study(t, s, "1.2").State)
}

// The report that takes a comparison back is the latest one, though the result
// in it is as old as the first.
func TestAComparisonIsTakenBack(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	read := func(uid string, at time.Time) {
		token, job := startJob(t, s, uid)
		require.NoError(t, s.FinishReading(t.Context(), token, at, compared(job, reading(uid))))
	}
	require.Equal(t, triage.PriorMissing, needed(t, s, "1.1", noon))
	sendAt(t, s, noon, true, "1.1/1/1/P/a/day 20250101")
	read("1.1", noon)
	sendAt(t, s, noon, true, "1.2/1/2/P/b/day 20250401")
	read("1.2", noon.Add(time.Hour))
	token, first := next(t, s)
	require.Equal(t, noon.Add(time.Hour), first.At)
	require.NoError(t, s.Delivered(t.Context(), token, first.ID, noon, nil))
	sendAt(t, s, noon.Add(2*time.Hour), true, "1.1/1/3/Q/c/day 20250101")
	read("1.2", noon.Add(3*time.Hour))
	_, second := next(t, s)
	require.Nil(t, second.Study.Comparison)
	require.Equal(t, noon.Add(3*time.Hour), second.At)
}

func TestAComparisonIsKeptWhole(t *testing.T) {
	s := openFor(t, t.TempDir())
	record(t, s, true, "1.1/1/1/P/a/day 20250101")
	readNow(t, s, "1.1")
	record(t, s, true, "1.2/1/2/P/b/day 20250401")
	token, job := startJob(t, s, "1.2")
	var full triage.Comparison
	n := 0
	fill(t, reflect.ValueOf(&full).Elem(), &n)
	full.EarlierStudyUID = "1.1"
	r := compared(job, reading("1.2"))
	r.Comparison = &full
	require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
	require.Equal(t, full, *study(t, s, "1.2").Comparison)
	said, err := s.Said(t.Context(), "1.2")
	require.NoError(t, err)
	require.NotNil(t, said.Study.Comparison, "reports say what changed, too")
	require.Equal(t, full, *said.Study.Comparison)
}
