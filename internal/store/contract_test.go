package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// subject is a Store under the contract, with the part of a worker.
type subject struct {
	triage.Store
	// begin takes the oldest waiting job of a kind: running, next attempt.
	begin func(t *testing.T, kind string) triage.Token
	// rescue makes a running job wait again, as a queue does that takes its
	// worker for dead.
	rescue func(t *testing.T, token triage.Token)
	// waiting counts the jobs of a kind that have not ended.
	waiting func(t *testing.T, kind string) int
}

func TestSQLiteKeepsTheContract(t *testing.T) {
	contract(t, func(t *testing.T) subject {
		s := open(t, t.TempDir(), store.OS{})
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return subject{
			Store: s,
			begin: func(t *testing.T, kind string) triage.Token { return begin(t, s, kind) },
			rescue: func(t *testing.T, token triage.Token) {
				_, err := s.DB().ExecContext(t.Context(), `UPDATE river_job SET state = 'available' WHERE id = ? AND state = 'running'`, token.JobID)
				require.NoError(t, err)
			},
			waiting: func(t *testing.T, kind string) (n int) {
				require.NoError(t, s.DB().QueryRowContext(t.Context(),
					`SELECT count(*) FROM river_job WHERE kind = ? AND finalized_at IS NULL`, kind).Scan(&n))
				return n
			},
		}
	})
}

var (
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	why     = refusal.New(triage.Internal, "remedy", "found")
	errFake = errors.New("fake")
)

// contract is what every Store must do.
func contract(t *testing.T, open func(t *testing.T) subject) {
	for name, check := range map[string]func(t *testing.T, s subject){
		"unknown studies are not found":         contractUnknown,
		"a recorded instance is known":          contractKnown,
		"a job comes with its rows":             contractJobs,
		"a settle job is unique":                contractUniqueSettle,
		"a reading is kept whole":               contractReading,
		"only the owner writes":                 contractFence,
		"a replaced job writes nothing":         contractReplaced,
		"trouble is counted by kind":            contractTrouble,
		"giving up is final":                    contractGiveUp,
		"cancelling ends the job":               contractCancel,
		"results are found again by their key":  contractKnownResults,
		"changes have growing numbers":          contractChanges,
		"a settled study was quiet":             contractSettle,
		"a study that was read settles quietly": contractSettleRead,
		"lists have orders, filters and places": contractList,
		"a failed upload leaves nothing":        contractAtomic,
		"series are counted and not mixed up":   contractSeries,
		"what is quarantined is never readable": contractQuarantine,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

func study(t *testing.T, s triage.Store, uid string) triage.Study {
	t.Helper()
	out, err := s.Study(t.Context(), uid)
	require.NoError(t, err)
	return out
}

// startReading records a study and has its job running.
func startReading(t *testing.T, s subject, uid string) triage.Token {
	t.Helper()
	record(t, s, true, uid+"/1/"+uid+".1/P/x/")
	token := s.begin(t, "read")
	_, err := s.StartReading(t.Context(), token, uid, noon, recipe)
	require.NoError(t, err)
	return token
}

func contractUnknown(t *testing.T, s subject) {
	_, err := s.Study(t.Context(), "1.2")
	require.ErrorIs(t, err, triage.ErrNotFound)
	_, err = s.Cancel(t.Context(), "1.2", noon, why)
	require.ErrorIs(t, err, triage.ErrNotFound)
	known, err := s.Known(t.Context(), []string{"1"})
	require.NoError(t, err)
	require.Empty(t, known)
	n, err := s.LastChange(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
}

func contractKnown(t *testing.T, s subject) {
	r := record(t, s, false, "1.2/1/1/P/x/")
	require.Equal(t, []triage.RecordedFile{{Outcome: triage.Accept}}, r.Files)
	r = recordAt(t, s, noon, triage.Submission{Priority: triage.RequestRoutine}, "1.2/1/1/P/x/newer")
	require.Equal(t, []triage.RecordedFile{{Outcome: triage.NewVersion}}, r.Files)
	r = recordAt(t, s, noon.Add(1), triage.Submission{Priority: triage.RequestRoutine}, "1.2/1/1/P/x/newer")
	require.Equal(t, []triage.RecordedFile{{Outcome: triage.Repeat, Unused: true}}, r.Files)
	known, err := s.Known(t.Context(), []string{"1", "2"})
	require.NoError(t, err)
	require.Len(t, known, 1)
	require.Len(t, known["1"].Files, 2)
}

func contractJobs(t *testing.T, s subject) {
	record(t, s, false, "1.2/1/1/P/x/")
	require.Equal(t, 1, s.waiting(t, "settle"))
	require.Equal(t, triage.Receiving, study(t, s, "1.2").State)
	record(t, s, true, "1.3/1/2/P/x/")
	require.Equal(t, 1, s.waiting(t, "read"))
	require.Equal(t, triage.Waiting, study(t, s, "1.3").State)
	record(t, s, true, "1.3/1/2/P/x/")
	require.Equal(t, 1, s.waiting(t, "read"), "the same set is queued once")
}

func contractUniqueSettle(t *testing.T, s subject) {
	for i := range 5 {
		record(t, s, false, fmt.Sprintf("1.2/1/%d/P/x/", i))
	}
	require.Equal(t, 1, s.waiting(t, "settle"))
	token := s.begin(t, "settle")
	record(t, s, false, "1.2/1/9/P/x/")
	require.Equal(t, 1, s.waiting(t, "settle"), "one that runs looks again before it ends")
	_, err := s.Settle(t.Context(), token, "1.2", time.Now(), time.Now().Add(time.Hour), recipe)
	require.NoError(t, err)
	require.Zero(t, s.waiting(t, "settle"))
	record(t, s, false, "1.2/1/10/P/x/")
	require.Equal(t, 1, s.waiting(t, "settle"))
}

func contractReading(t *testing.T, s subject) {
	record(t, s, true, "1.2/1/1.2.1/P/x/")
	token := s.begin(t, "read")
	job, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	require.Equal(t, triage.Running, study(t, s, "1.2").State)
	r := reading("1.2")
	r.Key = job.Key
	full := filledResult(t)
	full.Key = "key"
	r.Series = []triage.Series{{UID: "1", Result: &full}}
	r.Assessment = filledAssessment(t)
	require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
	got := study(t, s, "1.2")
	require.Equal(t, []triage.PriorityReason{{Text: "why"}}, got.PriorityReasons)
	require.Equal(t, triage.PriorityHigh, got.Priority)
	require.Equal(t, full, *got.Series[0].Result)
	require.Equal(t, filledAssessment(t), got.Assessment)
	require.Zero(t, s.waiting(t, "read"), "the job ends with its result")
}

func contractFence(t *testing.T, s subject) {
	token := startReading(t, s, "1.2")
	s.rescue(t, token)
	late := func(name string, err error) {
		t.Helper()
		require.ErrorIs(t, err, triage.ErrFenced, name)
		require.NotEqual(t, triage.Done, study(t, s, "1.2").State)
		require.Nil(t, study(t, s, "1.2").Series[0].Result)
	}
	try := func(when string) {
		t.Helper()
		late(when+": finish", s.FinishReading(t.Context(), token, noon, reading("1.2")))
		late(when+": give up", s.GiveUp(t.Context(), token, "1.2", noon, why, recipe))
		_, err := s.Trouble(t.Context(), token, "1.2", noon, triage.TroubleCrash)
		late(when+": trouble", err)
		_, err = s.StartReading(t.Context(), token, "1.2", noon, recipe)
		late(when+": start", err)
	}
	try("rescued, waiting again")
	next := s.begin(t, "read")
	require.Equal(t, token.JobID, next.JobID)
	try("rescued, running again")
	job, err := s.StartReading(t.Context(), next, "1.2", noon, recipe)
	require.NoError(t, err)
	done := reading("1.2")
	done.Key = job.Key
	require.NoError(t, s.FinishReading(t.Context(), next, noon, done))
	require.ErrorIs(t, s.FinishReading(t.Context(), next, noon, reading("1.2")), triage.ErrFenced, "once is enough")
	require.ErrorIs(t, s.FinishReading(t.Context(), token, noon, reading("1.2")), triage.ErrFenced)
	require.Equal(t, triage.Done, study(t, s, "1.2").State)
}

func contractReplaced(t *testing.T, s subject) {
	token := startReading(t, s, "1.2")
	r := record(t, s, true, "1.2/1/1.2.2/P/y/")
	require.Equal(t, []int64{token.JobID}, r.Dropped)
	require.ErrorIs(t, s.FinishReading(t.Context(), token, noon, reading("1.2")), triage.ErrFenced)
	require.Equal(t, 1, s.waiting(t, "read"))
	require.NotEqual(t, token.JobID, s.begin(t, "read").JobID)
}

func contractTrouble(t *testing.T, s subject) {
	token := startReading(t, s, "1.2")
	for want := 1; want <= 3; want++ {
		n, err := s.Trouble(t.Context(), token, "1.2", noon, triage.TroubleCrash)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	n, err := s.Trouble(t.Context(), token, "1.2", noon, triage.TroubleError)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, triage.Waiting, study(t, s, "1.2").State)
}

func contractGiveUp(t *testing.T, s subject) {
	token := startReading(t, s, "1.2")
	require.NoError(t, s.GiveUp(t.Context(), token, "1.2", noon, &refusal.Error{Reason: triage.Internal, Found: "found", Remedy: "remedy", Err: errFake}, recipe))
	got := study(t, s, "1.2")
	require.Equal(t, triage.Failed, got.State)
	require.Equal(t, triage.PriorityNotAssessed, got.Priority)
	require.Equal(t, &refusal.Error{Reason: triage.Internal, Found: "found: fake", Remedy: "remedy"}, got.NotAssessed)
	require.Zero(t, s.waiting(t, "read"))
}

func contractCancel(t *testing.T, s subject) {
	token := startReading(t, s, "1.2")
	dropped, err := s.Cancel(t.Context(), "1.2", noon, why)
	require.NoError(t, err)
	require.Equal(t, []int64{token.JobID}, dropped)
	require.ErrorIs(t, s.FinishReading(t.Context(), token, noon, reading("1.2")), triage.ErrFenced)
	require.Zero(t, s.waiting(t, "read"))

	record(t, s, false, "1.3/1/9/P/x/")
	dropped, err = s.Cancel(t.Context(), "1.3", noon, why)
	require.NoError(t, err)
	require.Empty(t, dropped)
	require.Zero(t, s.waiting(t, "settle"))
	dropped, err = s.Cancel(t.Context(), "1.3", noon, why)
	require.NoError(t, err)
	require.Empty(t, dropped, "what is final stays")
}

func contractKnownResults(t *testing.T, s subject) {
	token := startReading(t, s, "1.2")
	require.NoError(t, s.FinishReading(t.Context(), token, noon, reading("1.2")))
	record(t, s, true, "1.2/2/1.2.9/P/y/")
	token = s.begin(t, "read")
	job, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	require.Contains(t, job.Known, "key of 1.2")
	require.Len(t, job.Files, 2)
	other := recipe
	other.ModelSHA256 = "another model"
	again, err := s.StartReading(t.Context(), token, "1.2", noon, other)
	require.NoError(t, err)
	require.Empty(t, again.Known)
	require.NotEqual(t, job.Key, again.Key)
}

func contractChanges(t *testing.T, s subject) {
	for _, uid := range []string{"1.1", "1.2", "1.3"} {
		record(t, s, true, uid+"/1/"+uid+".1/P/x/")
	}
	all, err := s.Changes(t.Context(), 0, 100)
	require.NoError(t, err)
	require.Len(t, all, 3)
	last, err := s.LastChange(t.Context())
	require.NoError(t, err)
	require.Equal(t, all[2].Number, last)

	_, err = s.StartReading(t.Context(), s.begin(t, "read"), "1.1", noon, recipe)
	require.NoError(t, err)
	after, err := s.Changes(t.Context(), last, 100)
	require.NoError(t, err)
	require.Len(t, after, 1)
	require.Equal(t, "1.1", after[0].Study.UID)
	require.Equal(t, triage.Running, after[0].Study.State)
	first, err := s.Changes(t.Context(), 0, 1)
	require.NoError(t, err)
	require.Equal(t, "1.2", first[0].Study.UID, "in the order of the latest change")
	record(t, s, true, "1.2/1/1.2.1/P/x/")
	now, err := s.LastChange(t.Context())
	require.NoError(t, err)
	require.Equal(t, after[0].Number, now, "a repeat changes nothing")
}

func contractSettle(t *testing.T, s subject) {
	recordAt(t, s, noon, triage.Submission{Priority: triage.RequestRoutine}, "1.2/1/1/P/x/")
	token := s.begin(t, "settle")
	settled, err := s.Settle(t.Context(), token, "1.2", noon, noon.Add(-time.Second), recipe)
	require.NoError(t, err)
	require.True(t, settled.NotBefore.Equal(noon))
	require.Equal(t, 1, s.waiting(t, "settle"))
	_, err = s.Settle(t.Context(), triage.Token{JobID: token.JobID, Attempt: token.Attempt + 1}, "1.2", noon, noon, recipe)
	require.ErrorIs(t, err, triage.ErrFenced)
	settled, err = s.Settle(t.Context(), token, "1.2", noon, noon, recipe)
	require.NoError(t, err)
	require.True(t, settled.NotBefore.IsZero())
	require.Zero(t, s.waiting(t, "settle"))
	require.Equal(t, 1, s.waiting(t, "read"))
}

// contractSettleRead: what was declared complete meanwhile and has been read
// is not read again, and nobody is told of a change.
func contractSettleRead(t *testing.T, s subject) {
	recordAt(t, s, noon, triage.Submission{Priority: triage.RequestRoutine}, "1.2/1/1/P/x/")
	recordAt(t, s, noon, triage.Submission{Priority: triage.RequestRoutine, Complete: true}, "1.2/1/2/P/y/")
	token := s.begin(t, "read")
	job, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	r := reading("1.2")
	r.Key = job.Key
	require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
	before, err := s.LastChange(t.Context())
	require.NoError(t, err)
	_, err = s.Settle(t.Context(), s.begin(t, "settle"), "1.2", noon, noon, recipe)
	require.NoError(t, err)
	after, err := s.LastChange(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, triage.Done, study(t, s, "1.2").State)
	require.Zero(t, s.waiting(t, "read")+s.waiting(t, "settle"))
	recordAt(t, s, noon, triage.Submission{Priority: triage.RequestRoutine}, "1.2/1/3/P/z/")
	require.Equal(t, 1, s.waiting(t, "settle"), "the next one has a settle job of its own")
}

func contractList(t *testing.T, s subject) {
	for i, uid := range []string{"1.1", "1.2", "1.3", "1.4"} {
		recordAt(t, s, noon.Add(time.Duration(i/2)*time.Hour), triage.Submission{Complete: true, Priority: triage.RequestRoutine}, uid+"/1/"+uid+".1/P/x/")
	}
	for _, uid := range []string{"1.1", "1.2"} {
		token := s.begin(t, "read")
		job, err := s.StartReading(t.Context(), token, uid, noon, recipe)
		require.NoError(t, err)
		r := reading(uid)
		r.Key = job.Key
		if uid == "1.1" {
			r.Priority = triage.PriorityRoutine
		}
		require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
	}
	for name, c := range map[string]struct {
		q     triage.Query
		after *triage.Key
		want  []string
	}{
		"worklist":       {q: triage.Query{}, want: []string{"1.2", "1.1", "1.3", "1.4"}},
		"worklist after": {q: triage.Query{}, after: &triage.Key{Priority: triage.PriorityHigh, ReceivedAt: noon, UID: "1.2"}, want: []string{"1.1", "1.3", "1.4"}},
		"newest":         {q: triage.Query{Order: triage.OrderReceivedDesc}, want: []string{"1.4", "1.3", "1.2", "1.1"}},
		"newest after":   {q: triage.Query{Order: triage.OrderReceivedDesc}, after: &triage.Key{ReceivedAt: noon.Add(time.Hour), UID: "1.3"}, want: []string{"1.2", "1.1"}},
		"oldest":         {q: triage.Query{Order: triage.OrderReceivedAsc}, want: []string{"1.1", "1.2", "1.3", "1.4"}},
		"oldest after":   {q: triage.Query{Order: triage.OrderReceivedAsc}, after: &triage.Key{ReceivedAt: noon, UID: "1.1"}, want: []string{"1.2", "1.3", "1.4"}},
		"by state":       {q: triage.Query{States: []triage.State{triage.Done}}, want: []string{"1.2", "1.1"}},
		"by priority":    {q: triage.Query{Priorities: []triage.Priority{triage.PriorityNone, triage.PriorityRoutine}}, want: []string{"1.1", "1.3", "1.4"}},
		"by time":        {q: triage.Query{After: noon.Add(time.Hour), Before: noon.Add(2 * time.Hour)}, want: []string{"1.3", "1.4"}},
	} {
		c.q.Size = 10
		studies, err := s.Studies(t.Context(), c.q, c.after)
		require.NoError(t, err, name)
		var got []string
		for _, study := range studies {
			got = append(got, study.UID)
			require.Empty(t, study.Series)
		}
		require.Equal(t, c.want, got, name)
	}
	few, err := s.Studies(t.Context(), triage.Query{Size: 3}, nil)
	require.NoError(t, err)
	require.Len(t, few, 3)
}

func contractAtomic(t *testing.T, s subject) {
	h, err := header([]byte("1.2/1/1/P/x/"))
	require.NoError(t, err)
	lost, err := header([]byte("1.2/1/2/P/x/"))
	require.NoError(t, err)
	_, err = s.Record(t.Context(), triage.Intake{
		Submission: triage.Submission{Complete: true, Priority: triage.RequestRoutine}, At: noon, Recipe: recipe,
		Files: []triage.IntakeFile{
			{Header: h, File: triage.StoredFile{Path: "a"}},
			// Taken for a repeat, and then it was none.
			{Header: lost, File: triage.StoredFile{}},
		},
	})
	require.Error(t, err)
	_, err = s.Study(t.Context(), "1.2")
	require.ErrorIs(t, err, triage.ErrNotFound)
	require.Zero(t, s.waiting(t, "read"))
}

func contractSeries(t *testing.T, s subject) {
	record(t, s, true, "1.2/1/1/P/x/", "1.2/1/2/P/y/", "1.2/2/3/P/z/", "1.3/1/4/P/w/")
	got := study(t, s, "1.2")
	require.Equal(t, 3, got.Instances)
	require.Equal(t, []triage.Series{{UID: "1", Modality: "CT", Instances: 2}, {UID: "2", Modality: "CT", Instances: 1}}, got.Series)
	require.Len(t, study(t, s, "1.3").Series, 1)

	token := s.begin(t, "read")
	_, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	r := reading("1.2")
	r.Series = append(r.Series, triage.Series{UID: "2", NotRead: refusal.New(refusal.Localizer, "", "a scout")})
	require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
	got = study(t, s, "1.2")
	require.NotNil(t, got.Series[0].Result)
	require.Nil(t, got.Series[0].NotRead)
	require.Equal(t, refusal.Localizer, got.Series[1].NotRead.Reason)
	require.Nil(t, study(t, s, "1.3").Series[0].Result)
}

func contractQuarantine(t *testing.T, s subject) {
	record(t, s, true, "1.2/1/1/P/x/")
	r := recordAt(t, s, noon, triage.Submission{Complete: true, Priority: triage.RequestRoutine}, "1.2/1/1/P/changed/")
	require.Equal(t, refusal.ChangedDuplicate, r.Files[0].Refusal.Reason)
	job, err := s.StartReading(t.Context(), s.begin(t, "read"), "1.2", noon, recipe)
	require.NoError(t, err)
	require.Len(t, job.Files, 1)
	got := study(t, s, "1.2")
	require.Equal(t, 1, got.Instances)
	require.Equal(t, 1, got.Quarantined)
}
