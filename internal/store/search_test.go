package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/match"
	"nafas/dicomio/refusal"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// instanceOf is an instance with what it says of itself.
func instanceOf(study, series, sop, modality string, d triage.Description) triage.IntakeFile {
	h := triage.Header{StudyUID: study, SeriesUID: series, SOPUID: sop, SOPClassUID: "1.2.840.10008.5.1.4.1.1.2", Modality: modality,
		Patient: triage.Patient{ID: d.Study["PatientID"]}, Description: d}
	copy(h.Pixels[:], sop)
	f := triage.IntakeFile{Header: h, File: triage.StoredFile{Path: fmt.Sprint("instances/", sop, d), Bytes: 1}}
	copy(f.File.SHA256[:], fmt.Sprint(sop, d)+strings32)
	return f
}

func take(t *testing.T, s *store.SQLite, at time.Time, files ...triage.IntakeFile) {
	t.Helper()
	_, err := s.Record(t.Context(), triage.Intake{Submission: triage.Submission{Priority: triage.RequestRoutine}, At: at, QuietUntil: at, Recipe: recipe, Files: files})
	require.NoError(t, err)
}

func asked(t *testing.T, keyword, vr, value string) match.Condition {
	t.Helper()
	c, all, err := match.Parse(keyword, vr, value)
	require.NoError(t, err)
	require.False(t, all)
	return c
}

func uids(t *testing.T, s *store.SQLite, q triage.Search) (out []string) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	found, err := s.Search(t.Context(), q)
	require.NoError(t, err)
	for _, f := range found {
		out = append(out, []string{f.StudyUID, f.SeriesUID, f.SOPUID}[q.Level])
	}
	return out
}

// values that queries are held against: SQL must answer as dicomio/match does.
var searchValues = []struct{ keyword, vr, value string }{
	{"PatientName", "PN", "Doe^Jane"}, {"PatientName", "PN", "MÜLLER^[X]"}, {"PatientName", "PN", "Yamada^Tarou=山田^太郎=やまだ^たろう"},
	{"PatientID", "LO", "P1"}, {"PatientID", "LO", "p[1]*"}, {"AccessionNumber", "SH", "é77"},
	{"StudyDate", "DA", "20200115"}, {"StudyDate", "DA", "20201231"}, {"StudyTime", "TM", "1030"}, {"StudyTime", "TM", "103015.5"},
	{"StudyTime", "TM", "10:30:15"}, {"StudyTime", "TM", "235959.999999"}, {"PatientSex", "CS", "F"},
}

var searchQueries = map[string][]string{
	"PN": {"doe^jane", "DOE*", "müller^[x]", "müller^?x?", "*[*", "山田^太郎", "yamada*", "yamada^tarou=山田^太郎", "*=*", "doe", "?oe^jane"},
	"LO": {"P1", "p*", "P?", "p[1]?", "p[1]*", "[p]1", "*[1]*", "p1"},
	"SH": {"?77", "é77", "*7", "e77", "??77"},
	"DA": {"20200115", "20200101-20200131", "20200116-", "-20200114", "20201231-"},
	"TM": {"1030", "10", "1030-1031", "10-", "-1030", "-10", "103015-103015", "2359-", "103015.5"},
	"CS": {"F", "M", "M,F", `f\m`},
}

func TestSearchAnswersAsMatchingDoes(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer s.Close()
	for i, v := range searchValues {
		take(t, s, noon, instanceOf(fmt.Sprint("1.", i), fmt.Sprint("2.", i), fmt.Sprint("3.", i), "CT",
			triage.Description{Study: triage.Attributes{v.keyword: v.value}}))
	}
	hits := 0
	for i, v := range searchValues {
		for _, q := range searchQueries[v.vr] {
			c := asked(t, v.keyword, v.vr, q)
			got := uids(t, s, triage.Search{In: triage.Scope{StudyUID: fmt.Sprint("1.", i)}, Conditions: []match.Condition{c}})
			require.Equal(t, c.Matches(v.value), len(got) == 1, "%s %q of %q", v.keyword, q, v.value)
			hits += len(got)
		}
	}
	require.Greater(t, hits, 30, "the queries fit something")
}

func TestSearchLevels(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer s.Close()
	study := func(name, date string) triage.Attributes {
		return triage.Attributes{"PatientName": name, "StudyDate": date, "StudyTime": "120000"}
	}
	number := func(n string) triage.Attributes { return triage.Attributes{"SeriesNumber": n} }
	for i, f := range []triage.IntakeFile{
		instanceOf("1.1", "2.1", "3.1", "CT", triage.Description{Study: study("A^B", "20200101"), Series: number("10"), Instance: triage.Attributes{"InstanceNumber": "2", "Rows": "512"}}),
		instanceOf("1.1", "2.1", "3.2", "CT", triage.Description{Study: study("Later^Name", "20200101"), Instance: triage.Attributes{"InstanceNumber": "1"}}),
		instanceOf("1.1", "2.2", "3.3", "SEG", triage.Description{Series: number("9")}),
		instanceOf("1.2", "2.3", "3.4", "CT", triage.Description{Study: study("C^D", "20200102"), Series: triage.Attributes{"ScheduledProcedureStepID": "S1"}}),
	} {
		take(t, s, noon.Add(time.Duration(i)*time.Second), f)
	}
	list := func(conditions ...match.Condition) []match.Condition { return conditions }
	for _, c := range []struct {
		q    triage.Search
		want []string
		why  string
	}{
		{triage.Search{}, []string{"1.2", "1.1"}, "what came last is first"},
		{triage.Search{Limit: 1, Offset: 1}, []string{"1.1"}, "the second page"},
		{triage.Search{Offset: 2}, nil, "past the end"},
		{triage.Search{Conditions: list(asked(t, "PatientName", "PN", "a^b"))}, []string{"1.1"}, "the first instance of a study describes it"},
		{triage.Search{Conditions: list(asked(t, "ModalitiesInStudy", "CS", "SEG"))}, []string{"1.1"}, "any of its series"},
		{triage.Search{Conditions: list(asked(t, "ModalitiesInStudy", "CS", "SEG,CT"))}, []string{"1.2", "1.1"}, "any of a list"},
		{triage.Search{Conditions: list(asked(t, "ModalitiesInStudy", "CS", "SR")), Made: []triage.Made{{Modality: "SR"}}}, nil, "nothing is said of them"},
		{triage.Search{Conditions: list(asked(t, "StudyInstanceUID", "UI", "1.2,1.9"))}, []string{"1.2"}, "a list of UIDs"},
		{triage.Search{Conditions: list(asked(t, "StudyDate", "DA", "20200101-20200102"), asked(t, "StudyTime", "TM", "1300-1130"))},
			nil, "date and time are one moment: past 12:00 of the first day, before 12:00 of the second"},
		{triage.Search{Conditions: list(asked(t, "StudyDate", "DA", "20200101-20200102"), asked(t, "StudyTime", "TM", "1300-1230"))},
			[]string{"1.2"}, "12:00 of the second day"},
		{triage.Search{Level: triage.LevelSeries, In: triage.Scope{StudyUID: "1.1"}}, []string{"2.2", "2.1"}, "by their numbers, as numbers"},
		{triage.Search{Level: triage.LevelSeries, Conditions: list(asked(t, "PatientName", "PN", "c*"), asked(t, "Modality", "CS", "CT"))}, []string{"2.3"}, "of both levels"},
		{triage.Search{Level: triage.LevelSeries, Conditions: list(asked(t, "ScheduledProcedureStepID", "SH", "S1"))}, []string{"2.3"}, "within a sequence"},
		{triage.Search{Level: triage.LevelInstance, In: triage.Scope{StudyUID: "1.1", SeriesUID: "2.1"}}, []string{"3.2", "3.1"}, "by their numbers"},
		{triage.Search{Level: triage.LevelInstance, Conditions: list(asked(t, "SOPInstanceUID", "UI", "3.4"))}, []string{"3.4"}, "over all studies"},
	} {
		require.Equal(t, c.want, uids(t, s, c.q), c.why)
	}
	_, err := s.Search(t.Context(), triage.Search{Conditions: list(asked(t, "SeriesNumber", "IS", "1")), Limit: 1})
	require.ErrorIs(t, err, triage.ErrNotSearched)

	found, err := s.Search(t.Context(), triage.Search{In: triage.Scope{StudyUID: "1.1"}, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"CT", "SEG"}, found[0].Modalities)
	require.Equal(t, [2]int{2, 3}, [2]int{found[0].Series, found[0].Instances})
	require.False(t, found[0].Said.Anything)
}

// A corrected header changes what a study is found by, and the first one sent
// again changes it back.
func TestSearchFollowsTheCurrentVersion(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer s.Close()
	as := func(name string) triage.IntakeFile {
		return instanceOf("1.1", "2.1", "3.1", "CT", triage.Description{
			Study: triage.Attributes{"PatientName": name}, Series: triage.Attributes{"SeriesDescription": name}, Instance: triage.Attributes{"Rows": name}})
	}
	names := func() (out []string) {
		found, err := s.Search(t.Context(), triage.Search{Level: triage.LevelInstance, Limit: 10})
		require.NoError(t, err)
		require.Len(t, found, 1)
		h := found[0].Headers
		return []string{h.Study["PatientName"], h.Series["SeriesDescription"], h.Instance["Rows"]}
	}
	for _, name := range []string{"Wrong", "Right", "Wrong"} {
		take(t, s, noon, as(name))
		require.Equal(t, []string{name, name, name}, names())
	}
	located, err := s.Located(t.Context(), triage.Scope{SOPUID: "3.1"}, 0, 10)
	require.NoError(t, err)
	require.Equal(t, as("Wrong").File.Path, located[0].Path)

	// What was looked at in the meantime is of a version before.
	require.NoError(t, s.Describe(t.Context(), []triage.Described{{
		Located:     triage.Located{Number: located[0].Number, Path: as("Right").File.Path},
		Description: triage.Description{Study: triage.Attributes{"PatientName": "Late"}},
	}}))
	require.Equal(t, "Wrong", names()[0])
}

// What is said of a study is what a report of it would say.
func TestSearchKnowsWhatIsSaid(t *testing.T) {
	s := open(t, t.TempDir(), store.OS{})
	defer s.Close()
	said := func(uid string) triage.Said {
		found, err := s.Search(t.Context(), triage.Search{In: triage.Scope{StudyUID: uid}, Limit: 1})
		require.NoError(t, err)
		return found[0].Said
	}
	finish(t, s, "1.2/1/1/P/x/", resultOf("1.2", "k1"))
	require.Equal(t, triage.Said{Anything: true, Findings: 1}, said("1.2"))
	token := startReading(t, subject{Store: s, begin: func(t *testing.T, kind string) triage.Token { return begin(t, s, kind) }}, "1.3")
	require.NoError(t, s.GiveUp(t.Context(), token, "1.3", noon, refusal.New(refusal.NoUsableSeries, "", ""), recipe))
	require.Equal(t, triage.Said{Anything: true}, said("1.3"), "that it failed")
	made := []triage.Made{{Modality: "SR"}, {Modality: "KO", OfFindings: true}}
	for modality, want := range map[string]int{"SR": 2, "KO": 1, "MR": 0} {
		require.Len(t, uids(t, s, triage.Search{Conditions: []match.Condition{asked(t, "ModalitiesInStudy", "CS", modality)}, Made: made}), want, modality)
	}
	// Another patient in it: nobody knows whose findings they are.
	record(t, s, true, "1.2/1/9/OTHER/y/")
	require.Equal(t, refusal.PatientMismatch, study(t, s, "1.2").NotAssessed.Reason)
	require.False(t, said("1.2").Anything)
	require.Len(t, uids(t, s, triage.Search{}), 2, "it is listed even so")
}

// What images said of a patient goes with them, and does not stand in the way
// of what they say when they come again.
func TestSearchForgetsWithTheImages(t *testing.T) {
	s := withDestinations(t, t.TempDir())
	named := func(name string) triage.Description {
		return triage.Description{Study: triage.Attributes{"PatientID": "P", "PatientName": name}, Series: triage.Attributes{"SeriesNumber": "1"}}
	}
	take(t, s, noon, instanceOf("1.2", "1.2.1", "1.2.1.1", "CT", named("Old^Name")), instanceOf("1.2", "1.2.2", "1.2.2.1", "CT", named("Old^Name")))
	_, err := s.DB().ExecContext(t.Context(), `UPDATE study SET state = 'done', settle_job_id = NULL`)
	require.NoError(t, err)
	kept, err := s.Forget(t.Context(), "1.2", noon.AddDate(0, 0, 9), triage.KeepRule{Done: time.Hour})
	require.NoError(t, err)
	require.Empty(t, kept)
	for _, level := range []triage.Level{triage.LevelStudy, triage.LevelSeries, triage.LevelInstance} {
		require.Empty(t, uids(t, s, triage.Search{Level: level}))
	}
	var left int
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM study_header) + (SELECT count(*) FROM series_header)`).Scan(&left))
	require.Zero(t, left)

	take(t, s, noon.AddDate(0, 0, 9), instanceOf("1.2", "1.2.1", "1.2.1.1", "CT", named("New^Name")))
	require.Equal(t, []string{"1.2"}, uids(t, s, triage.Search{Conditions: []match.Condition{asked(t, "PatientName", "PN", "New^Name")}}))
	require.Equal(t, []string{"1.2.1"}, uids(t, s, triage.Search{Level: triage.LevelSeries}), "a series without images is none to retrieve")
}
