package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/internal/triage/review"
)

// headed is an image of a study of which the header says something.
func headed(study, name, id, accession, description string) triage.IntakeFile {
	return headedIn(study, 1, name, id, accession, description)
}

// headedIn is one of the study's nth series.
func headedIn(study string, n int, name, id, accession, description string) triage.IntakeFile {
	series := fmt.Sprintf("%s.%d", study, n)
	return instanceOf(study, series, series+".1", "CT", triage.Description{Study: triage.Attributes{
		"PatientName": name, "PatientID": id, "AccessionNumber": accession, "StudyDescription": description, "StudyDate": "20260102",
	}})
}

// read finishes a reading of a study: findings as many, the first so many flagged.
func read(t testing.TB, s *store.SQLite, study string, p triage.Priority, findings, flagged int, others ...refusal.Reason) {
	t.Helper()
	r := triage.StudyReading{StudyUID: study, Recipe: recipe, State: triage.Done, Priority: p}
	result := &triage.Result{StudyUID: study, SeriesUID: study + ".1", Key: "key of " + study}
	for i := range findings {
		f := triage.Finding{SOPInstanceUID: study + ".1.1"}
		f.Rank, f.Flagged = i+1, i < flagged
		result.Findings = append(result.Findings, f)
	}
	r.Series = []triage.Series{{UID: study + ".1", Result: result}}
	for i, reason := range others {
		r.Series = append(r.Series, triage.Series{UID: fmt.Sprintf("%s.%d", study, i+2), NotRead: refusal.New(reason, "remedy", "found")})
	}
	var token triage.Token
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `
		UPDATE river_job SET state = 'running', attempt = attempt + 1
		WHERE kind = 'read' AND state = 'available' AND json_extract(args, '$.study_uid') = ? RETURNING id, attempt`, study).Scan(&token.JobID, &token.Attempt))
	job, err := s.StartReading(t.Context(), token, study, noon, recipe)
	require.NoError(t, err)
	r.Key = job.Key
	require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
}

func submit(t testing.TB, s *store.SQLite, at time.Time, files ...triage.IntakeFile) {
	t.Helper()
	_, err := s.Record(t.Context(), triage.Intake{
		Submission: triage.Submission{Complete: true, Priority: triage.RequestRoutine}, At: at, QuietUntil: at, Recipe: recipe, Files: files,
	})
	require.NoError(t, err)
}

func listedUIDs(t *testing.T, s *store.SQLite, q triage.Listing) []string {
	t.Helper()
	q.Limit = max(q.Limit, 1)
	if q.Limit == 1 {
		q.Limit = 100
	}
	list, total, _, err := s.List(t.Context(), q)
	require.NoError(t, err)
	out := []string{}
	for _, l := range list {
		out = append(out, l.UID)
	}
	if q.Offset == 0 && len(out) < q.Limit {
		require.Len(t, out, total)
	}
	return out
}

func TestTheWorklistIsSearched(t *testing.T) {
	s := openFor(t, t.TempDir())
	defer s.Close()
	submit(t, s, noon,
		headed("1.1", "MÜLLER^Jürgen", "P-17", "A1", "Thorax nativ"), headed("1.2", "عَلِي^محمد", "P-18", "A2", "Scanner thoracique sans injection"),
		headed("1.3", "Yamada^Tarou=山田^太郎", "Q-19", "", "CT CHEST"))
	for name, c := range map[string]struct {
		search string
		want   []string
	}{
		"nothing":                  {"", []string{"1.1", "1.2", "1.3"}},
		"without accents":          {"muller", []string{"1.1"}},
		"with accents":             {"jürgen MÜLLER", []string{"1.1"}},
		"part of a word":           {"Thora", []string{"1.1", "1.2"}},
		"every word":               {"thora scanner", []string{"1.2"}},
		"words of two studies":     {"muller scanner", []string{}},
		"no Arabic vowels":         {"علي", []string{"1.2"}},
		"an identifier":            {"p-1", []string{"1.1", "1.2"}},
		"an accession number":      {"a2", []string{"1.2"}},
		"a UID":                    {"1.3", []string{"1.3"}},
		"ideographs":               {"山田", []string{"1.3"}},
		"signs of SQL":             {`%' OR "1"="1`, []string{}},
		"a name's separator":       {"muller^jurgen", []string{"1.1"}},
		"more words than searched": {"m u l l e r j n zzz", []string{"1.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.ElementsMatch(t, c.want, listedUIDs(t, s, triage.Listing{Search: c.search}))
		})
	}
}

func TestTheWorklistShowsWhatIsSaid(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A", "B")
	submit(t, s, noon, headed("1.1", "A^B", "P1", "A1", "d"))
	submit(t, s, noon.Add(time.Minute), headed("1.2", "C^D", "P2", "A2", "d"),
		headedIn("1.2", 2, "C^D", "P2", "A2", "d"), headedIn("1.2", 3, "C^D", "P2", "A2", "d"))
	submit(t, s, noon.Add(2*time.Minute), headed("1.3", "E^F", "P3", "A3", "d"))
	read(t, s, "1.2", triage.PriorityUrgent, 5, 2, refusal.MissingSlices, refusal.NotPreferred)
	require.Equal(t, []string{"1.2", "1.1", "1.3"}, listedUIDs(t, s, triage.Listing{}))
	require.Equal(t, []string{"1.1"}, listedUIDs(t, s, triage.Listing{Offset: 1, Limit: 2})[:1])
	require.Equal(t, []string{"1.1", "1.3"}, listedUIDs(t, s, triage.Listing{States: []triage.State{triage.Waiting}}))
	require.Equal(t, []string{"1.2"}, listedUIDs(t, s, triage.Listing{Priorities: []triage.Priority{triage.PriorityUrgent, triage.PriorityHigh}}))

	list, err := s.Listed(t.Context(), []string{"1.2", "1.9"})
	require.NoError(t, err)
	require.Len(t, list, 1)
	l := list[0]
	require.Equal(t, []triage.ListedResult{{SeriesUID: "1.2.1", Key: "key of 1.2", Findings: 5, Flagged: 2}}, l.Results)
	require.Equal(t, []string{"C^D", "P2", "20260102", "d", "A2"}, []string{l.Name, l.PatientID, l.StudyDate, l.Description, l.Accession})
	require.Equal(t, 1, l.Missed, "one was left for a better one")
	require.Equal(t, []int{2, 0, 0}, []int{l.Waiting, l.Delivered, l.Dead})
	require.Equal(t, triage.ReviewNone, l.Review.State)

	tally, err := s.Tally(t.Context())
	require.NoError(t, err)
	require.Equal(t, triage.Tally{Waiting: 2, ToReview: 1, UrgentToReview: 1, OldestUrgent: noon.Add(time.Minute)}, tally)

	_, err = s.Act(t.Context(), "1.2", noon, review.Reader{Name: "r", Display: "Dr R"}, 0,
		review.Action{ID: uuid.NewString(), Kind: review.KindSign, ResultKeys: []string{"key of 1.2"}})
	require.NoError(t, err)
	require.Equal(t, []string{"1.2"}, listedUIDs(t, s, triage.Listing{Reviews: []triage.ReviewState{triage.ReviewSigned, triage.ReviewOutdated}}))
	require.Equal(t, []string{"1.1", "1.3"}, listedUIDs(t, s, triage.Listing{Reviews: []triage.ReviewState{triage.ReviewNone}}))
	list, err = s.Listed(t.Context(), []string{"1.2"})
	require.NoError(t, err)
	require.Equal(t, "Dr R", list[0].Review.By.Display)
	tally, err = s.Tally(t.Context())
	require.NoError(t, err)
	require.Equal(t, triage.Tally{Waiting: 2, SignedOff: 1}, tally)
}

// What was fetched to be compared with is no case to read.
func TestPriorsAreNotInTheWorklist(t *testing.T) {
	s := openFor(t, t.TempDir())
	defer s.Close()
	_, err := s.NeedPrior(t.Context(), "1.1", noon)
	require.NoError(t, err)
	_, err = s.Record(t.Context(), triage.Intake{
		Submission: triage.Submission{Priority: triage.RequestRoutine}, At: noon, QuietUntil: noon, Recipe: recipe,
		Files: []triage.IntakeFile{headed("1.1", "A^B", "P1", "A1", "d")},
	})
	require.NoError(t, err)
	require.Empty(t, listedUIDs(t, s, triage.Listing{}))
	list, err := s.Listed(t.Context(), []string{"1.1"})
	require.NoError(t, err)
	require.Empty(t, list)
	tally, err := s.Tally(t.Context())
	require.NoError(t, err)
	require.Zero(t, tally)
}

// When the images are gone, so are their headers: who it was is still known, and
// found.
func TestTheWorklistKnowsStudiesWithoutImages(t *testing.T) {
	s := openFor(t, t.TempDir())
	defer s.Close()
	f := headed("1.1", "Müller^J", "P1", "A1", "d")
	f.Header.Patient = triage.Patient{ID: "P1", Name: "Müller^J", BirthDate: "19600102"}
	submit(t, s, noon, f)
	read(t, s, "1.1", triage.PriorityHigh, 1, 1)
	_, err := s.Forget(t.Context(), "1.1", noon.Add(100*24*time.Hour), triage.KeepRule{Done: time.Hour})
	require.NoError(t, err)
	require.Equal(t, []string{"1.1"}, listedUIDs(t, s, triage.Listing{Search: "muller p1"}))
	list, err := s.Listed(t.Context(), []string{"1.1"})
	require.NoError(t, err)
	require.False(t, list[0].ImagesGoneAt.IsZero())
	require.Equal(t, []string{"Müller^J", "P1", "19600102", "20260102"}, []string{list[0].Name, list[0].PatientID, list[0].BirthDate, list[0].StudyDate})
	require.Len(t, list[0].Results, 1)
}

// BenchmarkWorklist reads a page of 100 of 10,000 studies, with the counters.
func BenchmarkWorklist(b *testing.B) {
	s, err := store.Open(b.Context(), b.TempDir(), store.Options{Log: silent()})
	require.NoError(b, err)
	defer s.Close()
	var files []triage.IntakeFile
	for i := range 10000 {
		files = append(files, headed(fmt.Sprint("1.", i), fmt.Sprintf("NAME%d^GIVEN%d", i, i%97), fmt.Sprint("P", i), fmt.Sprint("A", i), "CT thorax"))
	}
	for part := range slices.Chunk(files, 500) {
		submit(b, s, noon, part...)
	}
	for i := range 2000 {
		read(b, s, fmt.Sprint("1.", i), triage.Priority(1+i%4), 5, 2)
	}
	for name, q := range map[string]triage.Listing{
		"first": {}, "last": {Offset: 9900}, "search": {Search: "name12 given"}, "nothing": {Search: "nobody"}, "filter": {States: []triage.State{triage.Done}, Reviews: []triage.ReviewState{triage.ReviewNone}},
	} {
		q.Limit = 100
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _, _, err := s.List(context.Background(), q)
				require.NoError(b, err)
			}
		})
	}
	b.Run("tally", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Tally(context.Background())
			require.NoError(b, err)
		}
	})
}
