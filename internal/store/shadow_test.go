package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/inference/suggest"
	"nafas/internal/registry"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// shadowRecipe is what the shadow model reads with.
var shadowRecipe = triage.Recipe{ModelSHA256: "sha of silent", ConfigSHA256: "config"}

// inShadow is a store with a live model, whose results have recipe's, and one in
// shadow.
func inShadow(t *testing.T, dir string, destinations ...triage.Destination) (*store.SQLite, registry.Model) {
	t.Helper()
	s, err := store.Open(t.Context(), dir, store.Options{Log: silent(), Destinations: destinations})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	live, quiet := detector("live", ""), detector("silent", "")
	live.SHA256 = recipe.ModelSHA256
	require.NoError(t, put(t, s, live))
	require.NoError(t, put(t, s, quiet))
	activate(t, s, live)
	require.NoError(t, s.Models().StartShadow(t.Context(), quiet.SHA256, amina, noon))
	return s, quiet
}

// shadowJobs are the studies that wait to be read in shadow.
func shadowJobs(t *testing.T, s *store.SQLite) (uids []string) {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), `SELECT args, priority, queue FROM river_job WHERE kind = 'shadow' AND finalized_at IS NULL ORDER BY id`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var args, queue string
		var priority int
		require.NoError(t, rows.Scan(&args, &priority, &queue))
		require.Equal(t, 3, priority)
		require.Equal(t, registry.Queue, queue)
		var j registry.Job
		require.NoError(t, json.Unmarshal([]byte(args), &j))
		uids = append(uids, j.StudyUID)
	}
	return uids
}

// caseOf takes the oldest job.
func caseOf(t *testing.T, s *store.SQLite, uid string, m registry.Model) (triage.Token, registry.Case) {
	t.Helper()
	token := begin(t, s, "shadow")
	c, err := s.Models().Case(t.Context(), token, registry.Job{StudyUID: uid, Model: m.SHA256}, shadowRecipe)
	require.NoError(t, err)
	return token, c
}

// readShadow has the oldest job done.
func readShadow(t *testing.T, s *store.SQLite, uid string, m registry.Model, r triage.StudyReading) registry.Case {
	t.Helper()
	token, c := caseOf(t, s, uid, m)
	require.NotNil(t, c.Reading)
	o := registry.Outcome{Job: registry.Job{StudyUID: uid, Model: m.SHA256}, Key: c.Reading.Key, Against: c.Against, Live: c.Live, At: noon, Reading: &r}
	require.NoError(t, s.Models().Keep(t.Context(), token, o))
	ended(t, s, token)
	return c
}

func ended(t *testing.T, s *store.SQLite, token triage.Token) {
	t.Helper()
	_, err := s.DB().ExecContext(t.Context(), `UPDATE river_job SET state = 'completed', finalized_at = '2026-03-01 12:00:00.000' WHERE id = ?`, token.JobID)
	require.NoError(t, err)
}

func shadowRows(t *testing.T, s *store.SQLite) (uids []string) {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), `SELECT uid FROM study JOIN shadow_reading ON study_id = id ORDER BY uid`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var uid string
		require.NoError(t, rows.Scan(&uid))
		uids = append(uids, uid)
	}
	return uids
}

func pairs(t *testing.T, s *store.SQLite, m registry.Model) (out []registry.Pair, p registry.Pairing) {
	t.Helper()
	p, err := s.Models().Pairs(t.Context(), m.SHA256, "", func(p registry.Pair) error {
		out = append(out, p)
		return nil
	})
	require.NoError(t, err)
	return out, p
}

// What the shadow model says is kept beside the live result, which nothing of it
// touches: not the study, not its place in lists, not what is delivered.
func TestAShadowReadingChangesNothing(t *testing.T) {
	s, quiet := inShadow(t, t.TempDir(), triage.Destination{Name: "A"})
	finish(t, s, "1.2/1/1/P/x/day 20260102", resultOf("1.2", "k1"))
	require.Equal(t, []string{"1.2"}, shadowJobs(t, s))
	before, deliveries := study(t, s, "1.2"), deliveryStates(t, s)
	change, err := s.LastChange(t.Context())
	require.NoError(t, err)

	said := reading("1.2")
	said.Priority, said.PriorityReasons = triage.PriorityUrgent, []triage.PriorityReason{{Text: "large"}}
	said.Assessment = &triage.Assessment{Categories: &suggest.Suggestions{Method: "m"}}
	said.Series = append(said.Series, triage.Series{UID: "2", Modality: "CT", Instances: 3, NotRead: refusal.New(refusal.TooThick, "remedy", "found")})
	c := readShadow(t, s, "1.2", quiet, said)
	require.Len(t, c.Reading.Files, 1)
	require.Equal(t, recipe.ModelSHA256, c.Live)
	require.Equal(t, before, study(t, s, "1.2"))
	require.Equal(t, deliveries, deliveryStates(t, s))
	after, err := s.LastChange(t.Context())
	require.NoError(t, err)
	require.Equal(t, change, after, "nobody who watches is told")
	require.Empty(t, shadowJobs(t, s))

	got, pairing := pairs(t, s, quiet)
	require.Equal(t, registry.Pairing{Live: triage.Model{Name: "live", Version: "1.0.0", SHA256: "model"}}, pairing)
	require.Len(t, got, 1)
	require.Equal(t, "20260102", got[0].Date)
	require.Equal(t, triage.PriorityHigh, got[0].Live.Priority)
	require.Len(t, got[0].Live.Series, 1)
	want := said
	want.Key, want.Recipe = "", triage.Recipe{}
	require.Equal(t, &want, got[0].Shadow)
	all, err := s.Models().Models(t.Context())
	require.NoError(t, err)
	require.Equal(t, registry.Readings{Read: 1}, all[1].Readings)
}

// Only what the live model has a result of is read in shadow, and only by a model
// that is the shadow.
func TestWhatIsReadInShadow(t *testing.T) {
	s, quiet := inShadow(t, t.TempDir())
	finish(t, s, "1.1/1/1/P/x/", notRead("1.1", 1))
	require.Empty(t, shadowJobs(t, s), "nothing was read")
	fetchPrior(t, s, "1.3", "1.3/1/3/P/x/")
	require.Empty(t, shadowJobs(t, s), "a study that is compared with is no case")
	finish(t, s, "1.2/1/2/P/x/", resultOf("1.2", "k1"))
	require.Equal(t, []string{"1.2"}, shadowJobs(t, s))

	// More came: it will be read anew, and then in shadow.
	token, first := caseOf(t, s, "1.2", quiet)
	require.NotNil(t, first.Reading)
	record(t, s, true, "1.2/1/9/P/y/")
	o := registry.Outcome{Job: registry.Job{StudyUID: "1.2", Model: quiet.SHA256}, Against: first.Against, Live: first.Live, At: noon, Why: why}
	require.NoError(t, s.Models().Keep(t.Context(), token, o))
	require.Empty(t, shadowRows(t, s), "it says nothing of the study as it is now")
	c, err := s.Models().Case(t.Context(), token, o.Job, shadowRecipe)
	require.NoError(t, err)
	require.Equal(t, registry.Case{}, c)
	ended(t, s, token)
	readNow(t, s, "1.2")
	require.Equal(t, []string{"1.2"}, shadowJobs(t, s))

	token, c = caseOf(t, s, "1.2", quiet)
	require.NotEqual(t, first.Against, c.Against)
	o.Against = c.Against
	late := token
	late.Attempt++
	require.ErrorIs(t, s.Models().Keep(t.Context(), late, o), triage.ErrFenced)
	_, err = s.Models().Case(t.Context(), late, o.Job, shadowRecipe)
	require.ErrorIs(t, err, triage.ErrFenced)
	require.NoError(t, s.Models().Keep(t.Context(), token, o))
	require.Equal(t, []string{"1.2"}, shadowRows(t, s))
	got, _ := pairs(t, s, quiet)
	require.Equal(t, why, got[0].Why)
	require.Nil(t, got[0].Shadow)
	c, err = s.Models().Case(t.Context(), token, o.Job, shadowRecipe)
	require.NoError(t, err)
	require.Equal(t, registry.Case{}, c, "the same again is nothing to do")
	all, err := s.Models().Models(t.Context())
	require.NoError(t, err)
	require.Equal(t, registry.Readings{Waiting: 1, Failed: 1}, all[1].Readings, "the job is at its end, and has not ended")

	require.NoError(t, s.Models().StopShadow(t.Context(), quiet.SHA256, amina, noon))
	o.Reading, o.Why = &triage.StudyReading{State: triage.Done}, nil
	require.NoError(t, s.Models().Keep(t.Context(), token, o))
	got, _ = pairs(t, s, quiet)
	require.Equal(t, why, got[0].Why, "what comes after the end is not kept")
	finish(t, s, "1.4/1/4/P/x/", resultOf("1.4", "k4"))
	require.NotContains(t, shadowJobs(t, s), "1.4")
}

func TestOneModelReadsInShadow(t *testing.T) {
	s, quiet := inShadow(t, t.TempDir())
	k := s.Models()
	other := detector("other", "")
	require.NoError(t, put(t, s, other))
	wants(t, registry.NotNow, k.StartShadow(t.Context(), other.SHA256, amina, noon))
	wants(t, registry.NotNow, k.StartShadow(t.Context(), quiet.SHA256, amina, noon))
	wants(t, registry.NotNow, k.StartShadow(t.Context(), recipe.ModelSHA256, amina, noon))
	wants(t, registry.NotNow, k.StopShadow(t.Context(), other.SHA256, amina, noon))
	for _, uid := range []string{"1.1", "1.2"} {
		finish(t, s, uid+"/1/"+uid+".1/P"+uid+"/x/", resultOf(uid, "k"+uid))
	}
	require.Len(t, shadowJobs(t, s), 2)
	require.NoError(t, k.StopShadow(t.Context(), quiet.SHA256, amina, noon))
	require.Empty(t, shadowJobs(t, s), "nobody waits for a model that is not the shadow")
	require.Equal(t, registry.Installed, models(t, s)["silent"])
	require.NoError(t, k.StartShadow(t.Context(), quiet.SHA256, amina, noon))
	finish(t, s, "1.3/1/1.3/P/x/", resultOf("1.3", "k3"))
	activate(t, s, quiet)
	require.Empty(t, shadowJobs(t, s))
	require.NoError(t, k.StartShadow(t.Context(), recipe.ModelSHA256, amina, noon), "the one that was live")
	finish(t, s, "1.5/1/1.5/P/x/", resultOf("1.5", "k5"))
	require.Empty(t, shadowJobs(t, s), "it was still read by the one that is the shadow now")
	require.NoError(t, k.StopShadow(t.Context(), recipe.ModelSHA256, amina, noon))
	require.Equal(t, registry.Retired, models(t, s)["live"])
}

// Live studies go first: those that wait, are read, and are to be tried again.
func TestLiveStudiesWait(t *testing.T) {
	s, _ := inShadow(t, t.TempDir())
	waits := func() bool {
		is, err := s.Models().LiveWaits(t.Context())
		require.NoError(t, err)
		return is
	}
	require.False(t, waits())
	record(t, s, true, "1.2/1/1/P/x/")
	require.True(t, waits())
	token, job := startJob(t, s, "1.2")
	require.True(t, waits())
	_, err := s.DB().ExecContext(t.Context(), `UPDATE river_job SET state = 'retryable' WHERE id = ?`, token.JobID)
	require.NoError(t, err)
	require.True(t, waits())
	_, err = s.DB().ExecContext(t.Context(), `UPDATE river_job SET state = 'running' WHERE id = ?`, token.JobID)
	require.NoError(t, err)
	r := resultOf("1.2", "k")
	r.Key = job.Key
	require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
	require.Len(t, shadowJobs(t, s), 1)
	require.False(t, waits(), "one that waits in shadow is no live one")
}

// A comparison is of studies that nothing changed in since, beside one live model.
func TestPairsAreOfTheSameStudies(t *testing.T) {
	s, quiet := inShadow(t, t.TempDir())
	none, pairing := pairs(t, s, quiet)
	require.Empty(t, none)
	require.Empty(t, pairing.Live)
	for _, uid := range []string{"1.2", "1.10", "1.3"} {
		finish(t, s, uid+"/1/"+uid+".1/P"+uid+"/x/", resultOf(uid, "k"+uid))
		readShadow(t, s, uid, quiet, reading(uid))
	}
	record(t, s, true, "1.3/1/1.3.9/P1.3/y/")
	readNow(t, s, "1.3")
	got, pairing := pairs(t, s, quiet)
	require.Equal(t, []string{"1.10", "1.2"}, []string{got[0].UID, got[1].UID}, "by the bytes of the UID")
	require.Len(t, got, 2)
	require.Equal(t, 1, pairing.Changed)
	p, err := s.Models().Pairs(t.Context(), quiet.SHA256, "another", func(registry.Pair) error { t.Error("none"); return nil })
	require.NoError(t, err)
	require.Equal(t, 3, p.OtherLive)
}

// Erasing a patient takes what was said in shadow, and the jobs; also where it was
// said by a study of his that another one was compared with.
func TestErasingWhatWasReadInShadow(t *testing.T) {
	dir := t.TempDir()
	s, quiet := inShadow(t, dir)
	service := triage.New(s, s, named, nil, triage.Options{MinFreeBytes: 1, Log: silent(), Recipe: recipe})
	uids := []string{"2.25.900100000000000000", "2.25.900200000000000000"}
	for i, uid := range uids {
		who := []string{"ID1^A^Noor^19500101", "ID2^B^Noor^19500101"}[i]
		_, err := upload(t, service, uid+"/1/"+uid+".1/"+who+"/"+uid+"/day 2025010"+uid[8:9])
		require.NoError(t, err)
		job := readNow(t, s, uid)
		if i == 1 {
			require.Equal(t, uids[0], job.Earlier.StudyUID)
		}
		token, c := caseOf(t, s, uid, quiet)
		said := compared(*c.Reading, reading(uid))
		said.Series[0].Result.StudyUID = uid
		require.NoError(t, s.Models().Keep(t.Context(), token, registry.Outcome{
			Job: registry.Job{StudyUID: uid, Model: quiet.SHA256}, Against: c.Against, Live: c.Live, At: noon, Reading: &said,
		}))
	}
	require.Len(t, shadowRows(t, s), 2)
	found, err := s.Erasable(t.Context(), store.Whose{ID: "ID1"}, named)
	require.NoError(t, err)
	require.Len(t, found.Studies, 1)
	_, err = s.Erase(t.Context(), found, later, pseudonym)
	require.NoError(t, err)
	require.Empty(t, shadowRows(t, s), "the second one's priority came from the first one's images")
	require.NoError(t, s.Close())
	require.Empty(t, traces(t, dir, uids[0]))
}

// Images that are past their days go, whether they were read in shadow or not, and
// what was said stays, as the live result does.
func TestForgettingAndShadows(t *testing.T) {
	s, quiet := inShadow(t, t.TempDir())
	for _, uid := range []string{"1.1", "1.2"} {
		finish(t, s, uid+"/1/"+uid+".1/P"+uid+"/x/", resultOf(uid, "k"+uid))
	}
	readShadow(t, s, "1.1", quiet, reading("1.1"))
	for _, uid := range []string{"1.1", "1.2"} {
		why, err := s.Forget(t.Context(), uid, noon.Add(48*time.Hour), oneDay)
		require.NoError(t, err)
		require.Empty(t, why, "a study that waits for the shadow is kept no longer")
	}
	token, c := caseOf(t, s, "1.2", quiet)
	require.Nil(t, c.Reading)
	require.Equal(t, store.ShadowImagesGone, c.Why.Reason)
	require.NoError(t, s.Models().Keep(t.Context(), token, registry.Outcome{
		Job: registry.Job{StudyUID: "1.2", Model: quiet.SHA256}, Against: c.Against, Live: c.Live, At: noon, Why: c.Why,
	}))
	require.Equal(t, []string{"1.1", "1.2"}, shadowRows(t, s))
	got, _ := pairs(t, s, quiet)
	require.Len(t, got, 2)
	require.NotNil(t, got[0].Shadow)
}
