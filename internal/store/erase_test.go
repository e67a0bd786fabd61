package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/inference/suggest"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// named takes "study/series/sop/id^issuer^name^birth date/pixels/note" for a file; what
// begins with "half" says whose it is and is not readable.
func named(data []byte) (triage.Header, error) {
	h, err := header(data)
	if err != nil {
		return h, err
	}
	who := strings.Split(h.Patient.ID+"^^^", "^")
	h.Patient = triage.Patient{ID: who[0], Issuer: who[1], Name: who[2], BirthDate: who[3]}
	if strings.HasSuffix(string(data), "unreadable") {
		return h, refusal.New(refusal.Unsupported, "", "no decoder")
	}
	return h, nil
}

// traces lists where in a folder one of the words stands.
func traces(t *testing.T, dir string, words ...string) (found []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, word := range words {
			if bytes.Contains(data, []byte(word)) || strings.Contains(path, word) {
				found = append(found, strings.TrimPrefix(path, dir)+": "+word)
			}
		}
		return err
	}))
	return found
}

// pseudonym names a study in a proof.
func pseudonym(uid string) string { return "study" + string(rune('a'+len(uid))) }

// ofNoor is all that is of the patient to be erased: three studies, one without
// images, one in quarantine alone; an older version of somebody else's; a file
// that nobody can read.
func ofNoor(t *testing.T, dir string) *store.SQLite {
	t.Helper()
	s, err := store.Open(t.Context(), dir, store.Options{Log: silent(), Destinations: []triage.Destination{{Name: "A"}}})
	require.NoError(t, err)
	service := triage.New(s, s, named, nil, triage.Options{MinFreeBytes: 1, Log: silent(), Now: func() time.Time { return later }})
	for _, files := range [][]string{
		{"2.25.9001/2.25.9002/2.25.9003/ID77^HOSP^Noor/x/", "2.25.9001/2.25.9002/2.25.9004/ID77^HOSP^Noor/y/"},
		{"2.25.9001/2.25.9002/2.25.9003/ID77^HOSP^Noor/x/newer", "2.25.9001/2.25.9002/2.25.9003/ID77^HOSP^Noor/changed/"},
		{"2.25.9011/2.25.9012/2.25.9013/ID77^HOSP^Noor/z/"},
		{"2.25.9021/2.25.9022/2.25.9023/ID77^HOSP^Noor/q/unreadable"},
		{"2.25.7001/2.25.7002/2.25.7003/ID77^HOSP^Noor/x/"}, // sent under the wrong name first
		{"2.25.7001/2.25.7002/2.25.7003/ID5^HOSP^Somebody/x/"},
		{"2.25.7001/2.25.7002/2.25.7004/ID77^HOSP^Noor/q/unreadable"},
		{"rubbish \x10\x00\x20\x00LO\x04\x00ID77 of Noor"},
		{"rubbish \x10\x00\x20\x00\x06\x00\x00\x00ID77A  of another"},
	} {
		_, err := upload(t, service, files...)
		require.NoError(t, err)
	}
	// The second study has a result, was delivered, and has no images any more.
	for _, uid := range []string{"2.25.9001", "2.25.9011"} {
		var token triage.Token
		require.NoError(t, s.DB().QueryRowContext(t.Context(), `
			UPDATE river_job SET state = 'running', attempt = 1 WHERE kind = 'read' AND json_extract(args, '$.study_uid') = ? AND finalized_at IS NULL
			RETURNING id, attempt`, uid).Scan(&token.JobID, &token.Attempt))
		job, err := s.StartReading(t.Context(), token, uid, noon, recipe)
		require.NoError(t, err)
		r := resultOf(uid, "key of "+uid)
		r.Key, r.Series[0].UID, r.Series[0].Result.Findings[0].SOPInstanceUID = job.Key, uid[:8]+"2", "2.25.9003"
		r.Assessment = &triage.Assessment{Categories: &suggest.Suggestions{Method: "assessed Noor"}}
		require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
	}
	for range 2 {
		token, d := next(t, s)
		require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, []triage.InstanceRef{{SOPUID: "2.25.9099"}}))
	}
	forgotten, err := s.Forget(t.Context(), "2.25.9011", later.Add(2*day), oneDay)
	require.NoError(t, err)
	require.Empty(t, forgotten)
	_, err = s.Bury(t.Context())
	require.NoError(t, err)
	// Priors were looked for: one is stored, and another one never came.
	require.NoError(t, s.Sought(t.Context(), "2.25.9001", noon))
	require.Equal(t, triage.PriorMissing, needed(t, s, "2.25.9031", noon))
	_, err = s.DB().ExecContext(t.Context(), `INSERT INTO prior_study VALUES ('2.25.9011', 1, 1, 1)`)
	require.NoError(t, err)
	// A crash left a file without a row, a moment ago.
	orphan := filepath.Join(dir, "instances", "ab", "abcd", "orphan.dcm")
	require.NoError(t, os.MkdirAll(filepath.Dir(orphan), 0o700))
	require.NoError(t, os.WriteFile(orphan, []byte("Noor"), 0o600))
	return s
}

var noorsTraces = []string{"Noor", "ID77^", "2.25.90"}

func TestErasingAPatient(t *testing.T) {
	dir := t.TempDir()
	s := ofNoor(t, dir)
	require.NotEmpty(t, traces(t, dir, noorsTraces...))
	found, err := s.Erasable(t.Context(), store.Whose{ID: "ID77"}, named)
	require.NoError(t, err)
	require.Equal(t, []string{"HOSP"}, found.Issuers())
	require.Len(t, found.Studies, 3)
	require.Equal(t, 2, found.Quarantined, "rubbish, and one in another's study")
	require.Equal(t, 1, found.Versions)
	for _, study := range found.Studies {
		require.False(t, study.Shared, study.UID)
	}

	proof, err := s.Erase(t.Context(), found, noon, pseudonym)
	require.NoError(t, err)
	require.Len(t, proof.Studies, 3)
	require.Equal(t, 1, proof.PatientRecords)
	require.Equal(t, 2, proof.Instances)
	require.Len(t, proof.Files, 3+1+1+2+1, "versions, changed, unreadable, quarantine elsewhere, old version")
	require.Equal(t, 2, proof.Delivered)
	require.Empty(t, traces(t, dir, noorsTraces...), "while the database is open")
	require.NoError(t, s.Close())
	require.Empty(t, traces(t, dir, noorsTraces...))

	s = open(t, dir, store.OS{})
	defer func() { require.NoError(t, s.Close()) }()
	require.Len(t, fileSums(t, s), 2, "Somebody's image, and rubbish of another")
	other := study(t, s, "2.25.7001")
	require.Equal(t, 1, other.Instances)
	require.Zero(t, other.Quarantined)
	_, err = s.Study(t.Context(), "2.25.9001")
	require.ErrorIs(t, err, triage.ErrNotFound)
	var body string
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT proof FROM erasure WHERE finished_at IS NOT NULL`).Scan(&body))
	require.Contains(t, body, proof.Studies[0])
	again, err := s.Erasable(t.Context(), store.Whose{ID: "ID77"}, named)
	require.NoError(t, err)
	require.True(t, again.Empty())
}

func TestStudiesOfTwoPatientsAreShared(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	service := triage.New(s, s, named, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
	_, err := upload(t, service, "1.2/1/1/ID77^A^Noor/x/", "1.2/1/2/ID5^A^Somebody/y/", "1.3/1/3/ID77^B^Noor/x/")
	require.NoError(t, err)
	found, err := s.Erasable(t.Context(), store.Whose{ID: "ID77"}, named)
	require.NoError(t, err)
	require.Equal(t, []string{"A", "B"}, found.Issuers())
	issuer := "A"
	found, err = s.Erasable(t.Context(), store.Whose{ID: "ID77", Issuer: &issuer}, named)
	require.NoError(t, err)
	require.Len(t, found.Studies, 1)
	require.True(t, found.Studies[0].Shared)
	_, err = s.Erase(t.Context(), found, noon, pseudonym)
	require.NoError(t, err)
	require.Empty(t, traces(t, s.Dir(), "Somebody"), "the study went as a whole")
	require.NotEmpty(t, traces(t, s.Dir(), "Noor"), "B's is another patient")
}

// A study that stays does not go on saying what an erased one said of it.
func TestErasingWhatAStudyWasComparedWith(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	service := triage.New(s, s, named, nil, triage.Options{MinFreeBytes: 1, Log: silent(), Recipe: recipe})
	for _, uid := range []string{"1.1", "1.2"} {
		issuer := "HOSP" + uid
		_, err := upload(t, service, uid+"/1/"+uid+".1/ID"+uid+"^"+issuer+"^Noor^19500101/"+uid+"/day 2025010"+uid[2:])
		require.NoError(t, err)
		readNow(t, s, uid)
	}
	require.Equal(t, "1.1", study(t, s, "1.2").Comparison.EarlierStudyUID, "one person by name and day of birth")
	found, err := s.Erasable(t.Context(), store.Whose{ID: "ID1.1"}, named)
	require.NoError(t, err)
	require.Len(t, found.Studies, 1)
	_, err = s.Erase(t.Context(), found, later, pseudonym)
	require.NoError(t, err)
	require.Nil(t, study(t, s, "1.2").Comparison)
	_, err = s.Settle(t.Context(), begin(t, s, "settle"), "1.2", later, time.Now().Add(time.Hour), recipe)
	require.NoError(t, err)
	require.Nil(t, readNow(t, s, "1.2").Earlier, "its priority and categories are without it")
}

// TestErasingSurvivesLossOfPower lets the power go at every operation of the
// file system: either nothing is erased, or a start finishes it, and the proof
// is kept.
func TestErasingSurvivesLossOfPower(t *testing.T) {
	for k := 0; ; k++ {
		disk := newLossy()
		dir, left := t.TempDir(), t.TempDir()
		s := open(t, dir, disk)
		service := triage.New(s, s, named, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
		_, err := upload(t, service, "2.25.9001/2.25.9002/2.25.9003/ID77^^Noor/x/", "1.3/1/9/ID5^^Somebody/x/")
		require.NoError(t, err)
		found, err := s.Erasable(t.Context(), store.Whose{ID: "ID77"}, named)
		require.NoError(t, err)
		disk.ops, disk.failAfter = 0, k
		disk.lost = func() { disk.survivors(t, dir, left) }
		_, err = s.Erase(t.Context(), found, noon, pseudonym)
		whole := err == nil
		if disk.lost != nil {
			disk.survivors(t, dir, left)
		}
		require.NoError(t, s.Close())

		after := open(t, left, store.OS{})
		require.Len(t, fileSums(t, after), 1, "loss at operation %d", k)
		require.Empty(t, traces(t, left, noorsTraces...), "loss at operation %d: the start finished it", k)
		var proofs int
		require.NoError(t, after.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM erasure WHERE finished_at IS NOT NULL`).Scan(&proofs))
		require.Equal(t, 1, proofs)
		require.NoError(t, after.Close())
		if whole && k > 0 {
			require.Greater(t, k, 4)
			return
		}
	}
}

// A table that an erasure does not know is noticed.
func TestATableThatNobodyThoughtOf(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	service := triage.New(s, s, named, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
	uid := "1.2.826.0.1.3680043.8.498.1"
	_, err := upload(t, service, uid+"/1/1/ID77^^Noor/x/")
	require.NoError(t, err)
	found, err := s.Erasable(t.Context(), store.Whose{ID: "ID77"}, named)
	require.NoError(t, err)
	_, err = s.DB().ExecContext(t.Context(), `CREATE TABLE other (text TEXT)`)
	require.NoError(t, err)
	_, err = s.DB().ExecContext(t.Context(), `INSERT INTO other (text) VALUES (?)`, "about "+uid+"7")
	require.NoError(t, err)
	_, err = s.Erase(t.Context(), found, noon, pseudonym)
	require.NoError(t, err, "another study's")

	_, err = upload(t, service, uid+"/1/1/ID77^^Noor/x/")
	require.NoError(t, err)
	found, err = s.Erasable(t.Context(), store.Whose{ID: "ID77"}, named)
	require.NoError(t, err)
	_, err = s.DB().ExecContext(t.Context(), `INSERT INTO other (text) VALUES (?)`, "about "+uid)
	require.NoError(t, err)
	_, err = s.Erase(t.Context(), found, noon, pseudonym)
	require.ErrorContains(t, err, "report")
}

func TestNothingIsErasedUnderABackup(t *testing.T) {
	dir := t.TempDir()
	s := ofNoor(t, dir)
	found, err := s.Erasable(t.Context(), store.Whose{ID: "ID77"}, named)
	require.NoError(t, err)
	_, err = store.Backup(t.Context(), dir, t.TempDir(), &hook{Writer: &bytes.Buffer{}, f: func() {
		_, err := s.Erase(t.Context(), found, noon, pseudonym)
		require.ErrorContains(t, err, "backup")
	}})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}
