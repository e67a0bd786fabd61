package store_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// openFor opens a store whose results go to archives.
func openFor(t *testing.T, dir string, names ...string) *store.SQLite {
	t.Helper()
	var destinations []triage.Destination
	for _, n := range names {
		destinations = append(destinations, triage.Destination{Name: n})
	}
	s, err := store.Open(t.Context(), dir, store.Options{Log: silent(), Destinations: destinations})
	require.NoError(t, err)
	return s
}

// withDestinations is openFor for the rest of a test.
func withDestinations(t *testing.T, dir string, names ...string) *store.SQLite {
	t.Helper()
	s := openFor(t, dir, names...)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// finish records one more instance of a study and finishes a reading of it.
func finish(t *testing.T, s *store.SQLite, file string, r triage.StudyReading) {
	t.Helper()
	record(t, s, true, file)
	token := begin(t, s, "read")
	job, err := s.StartReading(t.Context(), token, r.StudyUID, noon, recipe)
	require.NoError(t, err)
	r.Key, r.Recipe = job.Key, recipe
	require.NoError(t, s.FinishReading(t.Context(), token, noon, r))
}

// next takes the oldest delivery that waits.
func next(t *testing.T, s *store.SQLite) (triage.Token, triage.Delivery) {
	t.Helper()
	token := begin(t, s, "deliver")
	var args string
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT args FROM river_job WHERE id = ?`, token.JobID).Scan(&args))
	var job triage.DeliverJob
	require.NoError(t, json.Unmarshal([]byte(args), &job))
	d, err := s.Delivery(t.Context(), token, job.DeliveryID)
	require.NoError(t, err)
	return token, d
}

func deliveryStates(t *testing.T, s *store.SQLite) (states []string) {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), `SELECT state FROM delivery ORDER BY id`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var state string
		require.NoError(t, rows.Scan(&state))
		states = append(states, state)
	}
	require.NoError(t, rows.Err())
	return states
}

func deliverJobs(t *testing.T, s *store.SQLite) (n int) {
	t.Helper()
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND finalized_at IS NULL`).Scan(&n))
	return n
}

// resultOf is a reading whose result has a key of its own.
func resultOf(study, key string) triage.StudyReading {
	r := reading(study)
	r.Series[0].Result.Key = key
	return r
}

func TestAResultGoesOnceToEachDestination(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A", "B")
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	require.Equal(t, []string{"waiting", "waiting"}, deliveryStates(t, s))
	require.Equal(t, 2, deliverJobs(t, s))

	token, d := next(t, s)
	require.Equal(t, "A", d.Destination)
	require.Equal(t, "1.2", d.Study.UID)
	require.Equal(t, "k1", d.Series.Result.Key)
	require.Equal(t, []triage.InstanceRef{{SOPClassUID: "1.2.840.10008.5.1.4.1.1.2", SOPUID: "1"}}, d.Instances)
	require.NotEmpty(t, d.Header)
	require.True(t, d.At.Equal(noon))
	sr := triage.InstanceRef{SOPClassUID: "sr", SOPUID: "2.25.1"}
	require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, []triage.InstanceRef{sr}))
	require.Equal(t, []string{"delivered", "waiting"}, deliveryStates(t, s))
	require.ErrorIs(t, s.Delivered(t.Context(), token, d.ID, noon, nil), triage.ErrFenced, "the job has ended")

	// Something else of the study comes in, our own report perhaps: what is
	// said of it stays the same.
	finish(t, s, "1.2/2/2/P/y/", resultOf("1.2", "k1"))
	require.Equal(t, []string{"delivered", "waiting"}, deliveryStates(t, s))

	// A new result replaces what waits, and names what was delivered.
	finish(t, s, "1.2/1/3/P/z/", resultOf("1.2", "k2"))
	require.Equal(t, []string{"delivered", "replaced", "waiting", "waiting"}, deliveryStates(t, s))
	require.Equal(t, 2, deliverJobs(t, s))
	_, d = next(t, s)
	require.Equal(t, "A", d.Destination)
	require.Equal(t, []triage.InstanceRef{sr}, d.Replaces)
	_, d = next(t, s)
	require.Equal(t, "B", d.Destination)
	require.Empty(t, d.Replaces)
}

func TestWithoutDestinationsNothingIsQueued(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	require.Empty(t, deliveryStates(t, s))
	require.Zero(t, deliverJobs(t, s))
}

func TestAFailureIsDeliveredToo(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	record(t, s, true, "1.2/1/1/P/x/")
	token := begin(t, s, "read")
	_, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	require.NoError(t, s.GiveUp(t.Context(), token, "1.2", noon, refusal.New(triage.WorkerCrashed, "", "three times"), recipe))
	_, d := next(t, s)
	require.Nil(t, d.Series.Result)
	require.Equal(t, "1", d.Series.UID, "the CT series, since none was read")
	require.Equal(t, triage.WorkerCrashed, d.Study.NotAssessed.Reason)
}

func TestADeliveryThatFails(t *testing.T) {
	dir := t.TempDir()
	s := withDestinations(t, dir, "A")
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	token, d := next(t, s)
	require.NoError(t, s.DeliveryFailed(t.Context(), token, d.ID, noon, triage.DeliveryFailure{Reason: "down"}))
	require.Equal(t, []string{"waiting"}, deliveryStates(t, s))
	require.Equal(t, 1, deliverJobs(t, s), "it is tried again")

	late := triage.Token{JobID: token.JobID, Attempt: token.Attempt + 1}
	require.ErrorIs(t, s.DeliveryFailed(t.Context(), late, d.ID, noon, triage.DeliveryFailure{Reason: "late", Dead: true}), triage.ErrFenced)

	require.NoError(t, s.DeliveryFailed(t.Context(), token, d.ID, noon.Add(time.Hour), triage.DeliveryFailure{Reason: "refused", Dead: true}))
	require.Equal(t, []string{"dead"}, deliveryStates(t, s))
	require.Zero(t, deliverJobs(t, s))
	var attempts int
	var reason string
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT attempts, reason FROM delivery`).Scan(&attempts, &reason))
	require.Equal(t, 2, attempts)
	require.Equal(t, "refused", reason)

	// The same result again, read once more: it is tried again, with its time.
	finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k1"))
	require.Equal(t, []string{"dead", "waiting"}, deliveryStates(t, s))
	require.Equal(t, 1, deliverJobs(t, s))
	_, d = next(t, s)
	require.True(t, d.At.Equal(noon))
}

// notRead is a reading of a study whose CT series could not be read, with so
// many objects of ours in it.
func notRead(study string, own int) triage.StudyReading {
	why := refusal.New(refusal.NoUsableSeries, "", "none of %d series", 1+own)
	r := triage.StudyReading{StudyUID: study, Key: "any", Recipe: recipe, State: triage.NotAssessed, NotAssessed: why,
		Series: []triage.Series{{UID: "1", Modality: "CT", NotRead: refusal.New(refusal.MissingSlices, "", "3")}}}
	for i := range own {
		r.Series = append(r.Series, triage.Series{UID: fmt.Sprint("own", i), Modality: "SR", NotRead: refusal.New(refusal.OwnResult, "", "ours")})
	}
	return r
}

// A report on a failure that comes back makes no other one, and what is true
// again after something else is said again, as the latest.
func TestWhatIsSaidAgain(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	deliverNext := func(uid string) triage.Delivery {
		token, d := next(t, s)
		require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, []triage.InstanceRef{{SOPClassUID: "sr", SOPUID: uid, SeriesUID: "s" + uid}}))
		return d
	}
	finish(t, s, "1.2/1/1/P/x/", notRead("1.2", 0))
	deliverNext("1")
	for own := range 3 {
		finish(t, s, fmt.Sprintf("1.2/own%d/9%d/P/x/", own, own), notRead("1.2", own+1))
	}
	require.Equal(t, []string{"delivered"}, deliveryStates(t, s), "no report on reports")

	finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k1"))
	first := deliverNext("2")
	require.True(t, first.At.Equal(noon))
	finish(t, s, "1.2/1/3/P/z/", notRead("1.2", 0))
	deliverNext("3")
	recordAt(t, s, noon.Add(time.Hour), triage.Submission{Complete: true, Priority: triage.RequestRoutine}, "1.2/1/4/P/w/")
	token := begin(t, s, "read")
	_, err := s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	require.NoError(t, s.FinishReading(t.Context(), token, noon.Add(time.Hour), resultOf("1.2", "k1")))
	again := deliverNext("4")
	require.Equal(t, "k1", again.Key)
	require.True(t, again.At.Equal(noon.Add(time.Hour)), "later than what was said in between")
	require.Equal(t, []triage.InstanceRef{{SOPClassUID: "sr", SOPUID: "3", SeriesUID: "s3"}}, again.Replaces)
}

func TestStudiesWithoutCTAreNotReportedOn(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	record(t, s, true, "1.2/1/1/P/x/")
	_, err := s.DB().ExecContext(t.Context(), `UPDATE series SET modality = 'SR'`)
	require.NoError(t, err)
	token := begin(t, s, "read")
	_, err = s.StartReading(t.Context(), token, "1.2", noon, recipe)
	require.NoError(t, err)
	require.NoError(t, s.FinishReading(t.Context(), token, noon, notRead("1.2", 1)))
	require.Empty(t, deliveryStates(t, s))
}

// A data folder of before deliveries, and of before images were deleted, is
// brought up to date, with all that is in it. What a step of another number has
// made meanwhile stays: the numbers may have gaps.
func TestAFolderOfTheVersionBefore(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), dir, store.Options{Log: silent()})
	require.NoError(t, err)
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	for _, statement := range []string{
		`DROP TABLE delivery`, `DROP TABLE polled`, `DROP TABLE study_header`, `DROP TABLE series_header`, `DROP TABLE instance_header`,
		`DROP INDEX series_uid`, `DELETE FROM schema_version WHERE version > 1`,
		`DROP TABLE comparison`, `DROP INDEX instance_patient`, `DROP INDEX patient_birth_date`,
		`DROP TABLE prior_study`, `DROP TABLE prior_lookup`, `DROP INDEX study_last_instance`,
		`DROP TABLE review_summary`, `DROP TABLE review_entry`, `DROP TABLE review_erasing`,
		`DROP TABLE keeping`, `DROP TABLE assessment`, `DROP TABLE gone_instance`, `DROP TABLE doomed`, `DROP TABLE erasure`,
		`DROP TABLE result_brief`, `DROP INDEX study_tally`,
		`DROP TABLE session`, `DROP TABLE account`, `DROP TABLE audit_sent`, `DROP TABLE audit_identity`, `DROP TABLE audit_event`,
		`DROP TABLE shadow_reading`, `DROP TABLE model_file`, `DROP TABLE model`, `DROP TABLE model_event`, `DROP INDEX result_model`,
	} {
		_, err := s.DB().ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())

	s = withDestinations(t, dir, "A")
	require.Equal(t, 1, study(t, s, "1.2").Instances)
	list, err := s.Listed(t.Context(), []string{"1.2"})
	require.NoError(t, err)
	require.Equal(t, []triage.ListedResult{{SeriesUID: "1", Key: "k1", Findings: 1}}, list[0].Results)
	require.Empty(t, deliveryStates(t, s), "what was read before nobody asked to have delivered")
	finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k2"))
	require.Equal(t, []string{"waiting"}, deliveryStates(t, s))

	found, err := s.Search(t.Context(), triage.Search{Limit: 10})
	require.NoError(t, err)
	require.Len(t, found, 1, "it is found before it was looked at")
	undescribed, err := s.Undescribed(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, undescribed, 1, "what came before, and not what came since")
	require.Equal(t, "1", undescribed[0].SOPUID)
	token, d := next(t, s)
	require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, nil))
	kept, err := s.Forget(t.Context(), "1.2", time.Now().Add(48*time.Hour), triage.KeepRule{Done: 24 * time.Hour})
	require.NoError(t, err)
	require.Empty(t, kept, "what came before the upgrade is forgotten too")
}

// A step that is missing below the newest is made up for.
func TestAGapInTheStepsIsFilled(t *testing.T) {
	dir := t.TempDir()
	s := openFor(t, dir)
	for _, statement := range []string{`DROP TABLE delivery`, `DELETE FROM schema_version WHERE version IN (2, 4, 14)`} {
		_, err := s.DB().ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	s = withDestinations(t, dir, "A")
	finish(t, s, "1.2/1/2/P/y/", resultOf("1.2", "k2"))
	require.Equal(t, []string{"waiting"}, deliveryStates(t, s))
}

// Who corrects the accession number, or the patient, of a study whose result
// was delivered gets a report that bears the right one, in place of the other.
func TestACorrectionIsDelivered(t *testing.T) {
	s := withDestinations(t, t.TempDir(), "A")
	as := func(accession string) triage.IntakeFile {
		return instanceOf("1.2", "1", "1.1", "CT", triage.Description{Study: triage.Attributes{"PatientID": "P", "AccessionNumber": accession}})
	}
	readAgain := func(at time.Time) {
		token := begin(t, s, "read")
		job, err := s.StartReading(t.Context(), token, "1.2", at, recipe)
		require.NoError(t, err)
		reading := resultOf("1.2", "k1")
		reading.Key = job.Key
		require.NoError(t, s.FinishReading(t.Context(), token, at, reading))
	}
	readJobs := func() (n int) {
		require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'read' AND finalized_at IS NULL`).Scan(&n))
		return n
	}
	record := func(at time.Time, f triage.IntakeFile) {
		_, err := s.Record(t.Context(), triage.Intake{
			Submission: triage.Submission{Priority: triage.RequestRoutine, Complete: true}, At: at, QuietUntil: at, Recipe: recipe, Files: []triage.IntakeFile{f},
		})
		require.NoError(t, err)
	}
	record(noon, as("wrong"))
	readAgain(noon)
	token, d := next(t, s)
	require.NoError(t, s.Delivered(t.Context(), token, d.ID, noon, []triage.InstanceRef{{SOPClassUID: "sr", SOPUID: "2.25.1"}}))
	record(noon.Add(time.Minute), as("wrong"))
	require.Zero(t, readJobs()+deliverJobs(t, s), "the same again")

	later := noon.Add(time.Hour)
	record(later, as("right"))
	readAgain(later)
	require.Equal(t, []string{"delivered", "waiting"}, deliveryStates(t, s))
	_, d = next(t, s)
	require.Equal(t, "k1", d.Key, "the result is the same")
	require.True(t, d.At.Equal(later), "and the object another")
	require.Len(t, d.Replaces, 1)
}
