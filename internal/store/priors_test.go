package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// needed asks what is to be done about a study as a prior.
func needed(t *testing.T, s *store.SQLite, uid string, at time.Time) triage.PriorNeed {
	t.Helper()
	need, err := s.NeedPrior(t.Context(), uid, at)
	require.NoError(t, err)
	return need
}

// fetchPrior has an archive send a study that was asked for as a prior, and
// reads it.
func fetchPrior(t *testing.T, s *store.SQLite, uid string, files ...string) {
	t.Helper()
	require.Equal(t, triage.PriorMissing, needed(t, s, uid, noon))
	recordAt(t, s, noon, triage.Submission{Complete: true, Priority: triage.RequestRoutine}, files...)
	require.NoError(t, s.PriorSent(t.Context(), uid, noon.Add(time.Second), true))
	readNow(t, s, uid)
}

func sendAt(t *testing.T, s *store.SQLite, at time.Time, complete bool, files ...string) {
	t.Helper()
	recordAt(t, s, at, triage.Submission{Complete: complete, Priority: triage.RequestRoutine}, files...)
}

// A prior is read, so that it can be compared with, and is no case to read: it
// is behind all others, and nobody is told of it.
func TestAPriorIsNoCase(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	record(t, s, true, "1.2/1/2/P/b/day 20250401")
	readNow(t, s, "1.2")
	fetchPrior(t, s, "1.1", "1.1/1/1/P/a/day 20250101")

	got := study(t, s, "1.1")
	require.True(t, got.PriorOnly)
	require.Equal(t, triage.Done, got.State)
	require.Equal(t, triage.PriorityNone, got.Priority)
	require.Equal(t, []string{"fetched to be compared with; not a case to read"}, triage.PriorityTexts(got.PriorityReasons))
	require.NotEqual(t, triage.PriorityTexts(got.PriorityReasons), triage.PriorityTextsIn(got.PriorityReasons, "fr"))
	require.Equal(t, []string{"waiting"}, deliveryStates(t, s), "of the study itself")

	job := readNow(t, s, "1.2")
	require.Equal(t, "1.1", job.Earlier.StudyUID, "it is what the study was waiting for")
	require.Equal(t, "1.1", study(t, s, "1.2").Comparison.EarlierStudyUID)
	require.False(t, study(t, s, "1.2").PriorOnly)
	require.Equal(t, []string{"replaced", "waiting"}, deliveryStates(t, s))
	list, err := s.Studies(t.Context(), triage.Query{Size: 10}, nil)
	require.NoError(t, err)
	require.Equal(t, "1.1", list[1].UID, "the last")
	require.True(t, list[1].PriorOnly)

	// It is forgotten after its days as others are, though nobody was told of it.
	require.Empty(t, kept(t, s, "1.1"))
}

// What keeps a prior from being read is nothing that a person has to look at.
func TestAPriorThatIsNotReadIsNoCase(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *store.SQLite){
		"refused": func(t *testing.T, s *store.SQLite) {
			token, job := startJob(t, s, "1.1")
			r := notRead("1.1", 0)
			r.Key, r.Priority = job.Key, triage.PriorityNotAssessed
			require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
		},
		"failed": func(t *testing.T, s *store.SQLite) {
			token, _ := startJob(t, s, "1.1")
			require.NoError(t, s.GiveUp(t.Context(), token, "1.1", noon, why, recipe))
		},
		"cancelled": func(t *testing.T, s *store.SQLite) {
			_, err := s.Cancel(t.Context(), "1.1", noon, refusal.New(triage.Cancelled, "", ""))
			require.NoError(t, err)
		},
		"held": func(t *testing.T, s *store.SQLite) { sendAt(t, s, noon, true, "1.1/1/2/Q/b/day 20250101") },
	} {
		t.Run(name, func(t *testing.T) {
			s := withDestinations(t, t.TempDir(), "A")
			require.Equal(t, triage.PriorMissing, needed(t, s, "1.1", noon))
			sendAt(t, s, noon, true, "1.1/1/1/P/a/day 20250101")
			require.NoError(t, s.PriorSent(t.Context(), "1.1", noon, true))
			end(t, s)
			got := study(t, s, "1.1")
			require.NotNil(t, got.NotAssessed)
			require.Equal(t, triage.PriorityNone, got.Priority)
			require.Empty(t, deliveryStates(t, s))
		})
	}
}

// Who sends a prior for itself has it read as others are: what is known of it
// is said again, with its priority, and delivered.
func TestAPriorThatIsSentForItself(t *testing.T) {
	const first, same = "1.1/1/1/P/a/day 20250101", "1.1/1/1/P/a/day 20250101"
	long := noon.Add(time.Hour)
	uploaded := func(t *testing.T, s *store.SQLite, at time.Time) {
		service := triage.New(s, s, header, nil, triage.Options{MinFreeBytes: 1, Log: silent(), Recipe: recipe, Now: func() time.Time { return at }})
		_, err := upload(t, service, same)
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		send func(t *testing.T, s *store.SQLite)
		want bool
	}{
		"the same bytes, long after":    {func(t *testing.T, s *store.SQLite) { sendAt(t, s, long, true, same) }, true},
		"another image, long after":     {func(t *testing.T, s *store.SQLite) { sendAt(t, s, long, true, "1.1/1/2/P/b/day 20250101") }, true},
		"while the archive may be late": {func(t *testing.T, s *store.SQLite) { sendAt(t, s, noon.Add(time.Minute), true, same) }, false},
		"at once, by an upload":         {func(t *testing.T, s *store.SQLite) { uploaded(t, s, noon.Add(time.Minute)) }, true},
		"at once, fetched by a rule for new studies": {func(t *testing.T, s *store.SQLite) {
			require.NoError(t, s.ForItself(t.Context(), "1.1"))
			sendAt(t, s, noon.Add(time.Minute), true, same)
		}, true},
		"while it is fetched again as a prior": {func(t *testing.T, s *store.SQLite) {
			require.NoError(t, s.PriorSent(t.Context(), "1.1", noon, true))
			_, err := s.DB().ExecContext(t.Context(), `UPDATE prior_study SET fetched_at = NULL`)
			require.NoError(t, err)
			sendAt(t, s, long, true, same)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := withDestinations(t, t.TempDir(), "A")
			fetchPrior(t, s, "1.1", first)
			c.send(t, s)
			got := study(t, s, "1.1")
			require.Equal(t, !c.want, got.PriorOnly)
			if !c.want {
				require.Equal(t, triage.Done, got.State)
				require.Zero(t, jobs(t, s))
				return
			}
			require.Equal(t, triage.Waiting, got.State)
			readNow(t, s, "1.1")
			got = study(t, s, "1.1")
			require.Equal(t, triage.PriorityHigh, got.Priority)
			require.Equal(t, []string{"waiting"}, deliveryStates(t, s))
			require.Equal(t, triage.PriorHere, needed(t, s, "1.1", long), "and it never is a prior alone again")
			require.False(t, study(t, s, "1.1").PriorOnly)
		})
	}
}

// An archive that sends one by one: the study settles after its quiet time.
func TestAPriorThatIsSentForItselfOneByOne(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	fetchPrior(t, s, "1.1", "1.1/1/1/P/a/day 20250101")
	long := noon.Add(time.Hour)
	sendAt(t, s, long, false, "1.1/1/1/P/a/day 20250101")
	require.Equal(t, triage.Receiving, study(t, s, "1.1").State)
	_, err := s.Settle(t.Context(), begin(t, s, "settle"), "1.1", long.Add(time.Hour), long.Add(time.Minute), recipe)
	require.NoError(t, err)
	readNow(t, s, "1.1")
	require.Equal(t, triage.PriorityHigh, study(t, s, "1.1").Priority)
	require.Equal(t, []string{"waiting"}, deliveryStates(t, s))
}

// Who stores by STOW-RS was not asked for anything, an association may have been.
func TestAPriorThatIsStoredOneByOneAtOnce(t *testing.T) {
	for _, own := range []bool{false, true} {
		s := withDestinations(t, t.TempDir())
		fetchPrior(t, s, "1.1", "1.1/1/1/P/a/day 20250101")
		inbox := triage.New(s, s, header, nil, triage.Options{
			MinFreeBytes: 1, Log: silent(), Recipe: recipe, Now: func() time.Time { return noon.Add(time.Minute) },
		}).Inbox()
		open := inbox.Sender
		if own {
			open = inbox.Uploader
		}
		sender, err := open()
		require.NoError(t, err)
		_, err = sender.Take(t.Context(), strings.NewReader("1.1/1/1/P/a/day 20250101"))
		require.NoError(t, err)
		require.NoError(t, inbox.Record(t.Context()))
		require.Equal(t, own, !study(t, s, "1.1").PriorOnly)
	}
}

// Sent for itself while it is read as a prior: what comes of that reading
// counts.
func TestAPriorThatIsSentForItselfWhileItIsRead(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	require.Equal(t, triage.PriorMissing, needed(t, s, "1.1", noon))
	sendAt(t, s, noon, true, "1.1/1/1/P/a/day 20250101")
	require.NoError(t, s.PriorSent(t.Context(), "1.1", noon, true))
	token, job := startJob(t, s, "1.1")
	sendAt(t, s, noon.Add(time.Hour), true, "1.1/1/1/P/a/day 20250101")
	require.NoError(t, s.FinishReading(t.Context(), token, noon, compared(job, reading("1.1"))))
	require.Equal(t, triage.PriorityHigh, study(t, s, "1.1").Priority)
	require.Equal(t, []string{"waiting"}, deliveryStates(t, s))
}

// Of a prior whose images were deleted a part says nothing new: it is a case when
// all of it is here again.
func TestADeletedPriorThatIsSentForItself(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	first, second := "1.1/1/1/P/a/day 20250101", "1.1/1/2/P/b/day 20250101"
	fetchPrior(t, s, "1.1", first, second)
	require.Empty(t, kept(t, s, "1.1"))
	sendAt(t, s, later.Add(time.Hour), true, first)
	require.True(t, study(t, s, "1.1").PriorOnly)
	require.Zero(t, jobs(t, s))
	sendAt(t, s, later.Add(2*time.Hour), true, second)
	require.False(t, study(t, s, "1.1").PriorOnly)
	readNow(t, s, "1.1")
	require.Equal(t, triage.PriorityHigh, study(t, s, "1.1").Priority)
	require.Equal(t, []string{"waiting"}, deliveryStates(t, s))
}

func TestWhichPriorsAreNeeded(t *testing.T) {
	long := noon.Add(time.Hour)
	forget := func(t *testing.T, s *store.SQLite) { require.Empty(t, kept(t, s, "1.1")) }
	fetched := func(t *testing.T, s *store.SQLite) { fetchPrior(t, s, "1.1", "1.1/1/1/P/a/day 20250101") }
	for _, c := range []struct {
		name  string
		make  func(t *testing.T, s *store.SQLite)
		want  triage.PriorNeed
		prior bool // from then on
	}{
		{"not stored", func(*testing.T, *store.SQLite) {}, triage.PriorMissing, true},
		{"stored for itself", func(t *testing.T, s *store.SQLite) { record(t, s, true, "1.1/1/1/P/a/") }, triage.PriorHere, false},
		{"fetched as a prior of another study", fetched, triage.PriorHere, true},
		{"of which the archive sent a part", func(t *testing.T, s *store.SQLite) {
			require.Equal(t, triage.PriorMissing, needed(t, s, "1.1", noon))
			sendAt(t, s, noon, false, "1.1/1/1/P/a/day 20250101")
			require.NoError(t, s.PriorSent(t.Context(), "1.1", noon, false))
		}, triage.PriorMissing, true},
		{"that is just coming, asked for by another study", func(t *testing.T, s *store.SQLite) {
			require.Equal(t, triage.PriorMissing, needed(t, s, "1.1", noon))
			require.NoError(t, s.PriorSent(t.Context(), "1.1", long, true))
		}, triage.PriorHere, true},
		{"that the archive only said to have sent", func(t *testing.T, s *store.SQLite) {
			require.Equal(t, triage.PriorMissing, needed(t, s, "1.1", noon))
			require.NoError(t, s.PriorSent(t.Context(), "1.1", noon, true))
		}, triage.PriorMissing, true},
		{"a prior whose images were deleted", func(t *testing.T, s *store.SQLite) { fetched(t, s); forget(t, s) }, triage.PriorMissing, true},
		{"a study whose images were deleted", func(t *testing.T, s *store.SQLite) {
			record(t, s, true, "1.1/1/1/P/a/day 20250101")
			readNow(t, s, "1.1")
			forget(t, s)
		}, triage.PriorMissing, false},
		{"in which nothing could be read", func(t *testing.T, s *store.SQLite) { finish(t, s, "1.1/1/1/P/a/", notRead("1.1", 0)) }, triage.PriorUseless, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := withDestinations(t, t.TempDir())
			c.make(t, s)
			require.Equal(t, c.want, needed(t, s, "1.1", long))
			sendAt(t, s, noon.Add(time.Minute), true, "1.1/1/1/P/a/day 20250101")
			require.Equal(t, c.prior, study(t, s, "1.1").PriorOnly)
		})
	}
}

// What a server that ended was fetching comes to its end with the next start.
func TestAFetchThatIsBrokenOff(t *testing.T) {
	dir := t.TempDir()
	s := openFor(t, dir)
	require.Equal(t, triage.PriorMissing, needed(t, s, "1.1", noon))
	require.NoError(t, s.Close())
	s = withDestinations(t, dir)
	sendAt(t, s, time.Now().Add(time.Hour), true, "1.1/1/1/P/a/day 20250101")
	require.False(t, study(t, s, "1.1").PriorOnly, "nobody asked for what comes an hour later")
}

func TestOfWhichStudiesPriorsAreSought(t *testing.T) {
	now := time.Now()
	unsought := func(t *testing.T, s *store.SQLite, at time.Time) (uids []string) {
		list, err := s.Unsought(t.Context(), at, now.Add(-time.Hour), 10)
		require.NoError(t, err)
		for _, u := range list {
			uids = append(uids, u.StudyUID)
		}
		return uids
	}
	s := withDestinations(t, t.TempDir())
	record(t, s, true, "1.1/1/1/P/a/day 20250401")
	list, err := s.Unsought(t.Context(), now, now.Add(-time.Hour), 10)
	require.NoError(t, err)
	require.Equal(t, []triage.Unsought{{StudyUID: "1.1", StudyDate: "20250401", Patients: []triage.Patient{{ID: "P"}}}}, list, "before it is read")
	readNow(t, s, "1.1")
	require.Equal(t, []string{"1.1"}, unsought(t, s, now))

	record(t, s, false, "1.2/1/2/P/b/day 20250402")
	record(t, s, true, "1.3/1/3/P/c/")
	require.Equal(t, triage.PriorMissing, needed(t, s, "1.4", now))
	record(t, s, true, "1.4/1/4/P/d/day 20250101")
	recordAt(t, s, noon, triage.Submission{Complete: true, Priority: triage.RequestRoutine}, "1.5/1/5/P/e/day 20250403")
	_, err = s.Record(t.Context(), triage.Intake{
		Submission: triage.Submission{Complete: true, Priority: triage.RequestRoutine}, At: now, Recipe: recipe,
		Files: []triage.IntakeFile{instanceOf("1.6", "1", "6", "MR", triage.Description{Study: triage.Attributes{"PatientID": "P", "StudyDate": "20250404"}})},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"1.1"}, unsought(t, s, now), "not of what is coming in, has no date, is a prior, came long ago, or is no CT")

	require.NoError(t, s.SeekLater(t.Context(), "1.1", 3, now.Add(time.Minute)))
	require.Empty(t, unsought(t, s, now))
	list, err = s.Unsought(t.Context(), now.Add(time.Minute), now.Add(-time.Hour), 10)
	require.NoError(t, err)
	require.Equal(t, 3, list[0].Failures)
	require.NoError(t, s.Sought(t.Context(), "1.1", now))
	require.Empty(t, unsought(t, s, now.Add(24*time.Hour)))
	require.NoError(t, s.Sought(t.Context(), "1.9", now), "one that was erased meanwhile")

	record(t, s, true, "1.1/1/1/Q/a/day 20250401")
	require.Equal(t, []string{"1.1"}, unsought(t, s, now), "it is another patient's now")
}
