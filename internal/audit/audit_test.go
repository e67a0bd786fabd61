package audit_test

import (
	"context"
	"database/sql"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
	"nafas/internal/audit"
	"nafas/internal/store"

	_ "modernc.org/sqlite"
)

const uid = "1.2.826.0.1.3680043.10.1234.1"

// shelf is a trail in the books of a data folder.
type shelf struct {
	dir   string
	books *store.Books
	trail *audit.Trail
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{dir: t.TempDir()}
	var err error
	s.books, err = store.OpenBooks(t.Context(), s.dir, store.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.books.Close()) })
	s.trail = audit.NewTrail(s.books, func(uid string) string { return "pseudonym-of-" + uid[len(uid)-1:] })
	return s
}

// forge does to the database what nobody may.
func (s *shelf) forge(t *testing.T, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "nafas.db"))
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range statements {
		_, err = db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

func (s *shelf) told(t *testing.T) (out []audit.Told) {
	t.Helper()
	require.NoError(t, audit.Tell(t.Context(), s.books, 0, func(e audit.Told) (bool, error) {
		out = append(out, e)
		return true, nil
	}))
	return out
}

func (s *shelf) record(t *testing.T, n int) {
	t.Helper()
	for range n {
		require.NoError(t, s.trail.Record(t.Context(), audit.Event{
			Kind: audit.Opened, Who: audit.Who{Name: "amina", By: "password"}, StudyUIDs: []string{uid},
		}))
	}
}

var unlocked = []string{"DROP TRIGGER audit_event_grows", "DROP TRIGGER audit_event_stays", "DROP TRIGGER audit_event_remains", "DROP TRIGGER audit_identity_stays"}

func TestTheDatabaseRefusesChanges(t *testing.T) {
	s := newShelf(t)
	s.record(t, 3)
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "nafas.db"))
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range []string{
		"UPDATE audit_event SET body = '{}' WHERE number = 2",
		"DELETE FROM audit_event WHERE number = 3",
		"INSERT OR REPLACE INTO audit_event (number, body, previous, sum) SELECT 2, '{}', previous, sum FROM audit_event WHERE number = 1",
		"INSERT INTO audit_event (number, body, previous, sum) SELECT 5, '{}', previous, sum FROM audit_event WHERE number = 1",
		"INSERT INTO audit_event (body, previous, sum) SELECT '{}', previous, sum FROM audit_event WHERE number = 1",
		"UPDATE audit_identity SET study = '{}'",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.ErrorContains(t, err, "only grows", statement)
	}
	v, err := audit.Verify(t.Context(), s.books, nil)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
	require.EqualValues(t, 3, v.Records)
}

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		name  string
		forge []string
		want  string
	}{
		{"whole", nil, ""},
		{"a record changed", []string{`UPDATE audit_event SET body = replace(body, 'amina', 'karim') WHERE number = 2`}, "record 2 was changed"},
		{"who changed with a sum of its own", []string{`UPDATE audit_event SET sum = x'00' WHERE number = 2`}, "record 2 was changed"},
		{"a record taken out", []string{`DELETE FROM audit_event WHERE number = 2`}, "record 2 is missing"},
		{"several", []string{`DELETE FROM audit_event WHERE number < 4`}, "records 1 to 3 are missing"},
		{"the last ones cut off", []string{`DELETE FROM audit_event WHERE number > 3`}, "records 4 to 5 are missing at the end"},
		{"all", []string{`DELETE FROM audit_event`}, "records 1 to 5 are missing at the end"},
		{"cut off, and the counter set back", []string{`DELETE FROM audit_event WHERE number > 3`, `UPDATE sqlite_sequence SET seq = 3 WHERE name = 'audit_event'`}, "record 5 is missing, or another one than was seen"},
		{"exchanged", []string{`UPDATE audit_event SET number = -number`, `UPDATE audit_event SET number = 5 WHERE number = -4`, `UPDATE audit_event SET number = 4 WHERE number = -5`, `UPDATE audit_event SET number = -number WHERE number < 0`}, "record 4 does not follow record 3"},
		{"another patient", []string{`UPDATE audit_identity SET study = replace(study, '"patientId":""', '"patientId":"other"')`}, "whose study record 1 is about was changed"},
		{"whose it is taken out", []string{`DELETE FROM audit_identity`}, "no erasure took it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShelf(t)
			s.record(t, 5)
			before, err := audit.Verify(t.Context(), s.books, nil)
			require.NoError(t, err)
			require.Empty(t, before.Faults)
			seen, err := audit.ParseHead(before.Head.String())
			require.NoError(t, err)
			require.Equal(t, before.Head, seen)
			s.forge(t, append(unlocked, c.forge...)...)
			v, err := audit.Verify(t.Context(), s.books, &seen)
			require.NoError(t, err)
			if c.want == "" {
				require.Empty(t, v.Faults)
				return
			}
			require.Contains(t, strings.Join(v.Faults, "\n"), c.want)
		})
	}
}

// Two processes, many goroutines: one chain.
func TestRecordsOfManyHoldEachOther(t *testing.T) {
	s := newShelf(t)
	beside, err := store.OpenBooks(t.Context(), s.dir, store.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, beside.Close()) }()
	trails := []*audit.Trail{s.trail, audit.NewTrail(beside, func(string) string { return "" })}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 10 {
				require.NoError(t, trails[i%2].Record(t.Context(), audit.Event{Kind: audit.SignedOut, Who: audit.Who{Name: "n"}}))
			}
		})
	}
	all.Wait()
	v, err := audit.Verify(t.Context(), s.books, nil)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
	require.EqualValues(t, 80, v.Records)
}

func TestWhoLeavesIsRecorded(t *testing.T) {
	s := newShelf(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, s.trail.Record(ctx, audit.Event{Kind: audit.Opened, Who: audit.Who{Name: "amina"}, StudyUIDs: []string{uid}}))
	require.Len(t, s.told(t), 1)
	require.Error(t, s.trail.Record(t.Context(), audit.Event{Kind: "something"}))
}

// What a reader of audit messages finds, by PS3.15 section A.5.
type message struct {
	XMLName xml.Name `xml:"AuditMessage"`
	Event   struct {
		Action  string `xml:"EventActionCode,attr"`
		At      string `xml:"EventDateTime,attr"`
		Outcome int    `xml:"EventOutcomeIndicator,attr"`
		ID      coded  `xml:"EventID"`
		Kind    coded  `xml:"EventTypeCode"`
	} `xml:"EventIdentification"`
	Who []struct {
		ID        string `xml:"UserID,attr"`
		Requestor bool   `xml:"UserIsRequestor,attr"`
		Point     string `xml:"NetworkAccessPointID,attr"`
		PointType string `xml:"NetworkAccessPointTypeCode,attr"`
		Role      coded  `xml:"RoleIDCode"`
	} `xml:"ActiveParticipant"`
	Source struct {
		ID   string `xml:"AuditSourceID,attr"`
		Site string `xml:"AuditEnterpriseSiteID,attr"`
	} `xml:"AuditSourceIdentification"`
	Objects []struct {
		ID   string `xml:"ParticipantObjectID,attr"`
		Type int    `xml:"ParticipantObjectTypeCode,attr"`
		Role int    `xml:"ParticipantObjectTypeCodeRole,attr"`
		Kind coded  `xml:"ParticipantObjectIDTypeCode"`
		Name string `xml:"ParticipantObjectName"`
	} `xml:"ParticipantObjectIdentification"`
}

type coded struct {
	Code   string `xml:"csd-code,attr"`
	Scheme string `xml:"codeSystemName,attr"`
}

func TestXML(t *testing.T) {
	told := audit.Told{
		Number: 1, At: time.Date(2026, 5, 4, 8, 0, 0, 5e6, time.UTC), Kind: audit.Opened,
		Who: audit.Who{Name: "amina", Display: "Dr \x01 <Amina>", Address: "192.0.2.7"},
		Studies: []audit.ToldStudy{
			{Study: audit.Study{UID: "1.2.3", PatientID: "A&1", Issuer: "H", PatientName: "Doe^Jane=أ"}, Pseudonym: "aaaa"},
			{Pseudonym: "bbbb", Erased: true},
		},
	}
	source := audit.Source{Site: "Hospital", ID: "nafas-1", Host: "triage1", Process: "42"}
	for _, c := range []struct {
		kind         audit.Kind
		event, sort  string
		action       string
		requestorIs  string
		serviceRole  string
		personIsRole string
	}{
		{audit.SignedIn, "110114", "110122", "E", "amina", "", ""},
		{audit.SignedOut, "110114", "110123", "E", "amina", "", ""},
		{audit.Opened, "110103", "", "R", "amina", "", ""},
		{audit.Reviewed, "110103", "", "U", "amina", "", ""},
		{audit.Exported, "110106", "", "R", "amina", "110153", "110152"},
		{audit.Transferred, "110104", "", "R", "amina", "110153", "110152"},
		{audit.Deleted, "110105", "", "D", "amina", "", ""},
		{audit.Queried, "110112", "", "E", "amina", "110152", "110153"},
		{audit.Administered, "110113", "110137", "E", "amina", "", ""},
		{audit.Configured, "110113", "110131", "E", "amina", "", ""},
		{audit.Read, "110101", "", "R", "amina", "", ""},
		{audit.Started, "110100", "110120", "E", "amina", "110150", ""},
		{audit.Stopped, "110100", "110121", "E", "amina", "110150", ""},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			told.Kind = c.kind
			text, err := told.XML(source)
			require.NoError(t, err)
			var m message
			require.NoError(t, xml.Unmarshal(text, &m))
			require.Equal(t, coded{c.event, "DCM"}, m.Event.ID)
			require.Equal(t, c.sort, m.Event.Kind.Code)
			require.Equal(t, c.action, m.Event.Action)
			require.Equal(t, "2026-05-04T08:00:00.005Z", m.Event.At)
			require.Len(t, m.Who, 2)
			require.Equal(t, c.requestorIs, m.Who[0].ID)
			require.True(t, m.Who[0].Requestor)
			require.Equal(t, "192.0.2.7", m.Who[0].Point)
			require.Equal(t, "2", m.Who[0].PointType)
			require.Equal(t, c.personIsRole, m.Who[0].Role.Code)
			require.Equal(t, c.serviceRole, m.Who[1].Role.Code)
			require.Equal(t, "Hospital", m.Source.Site)
			require.Len(t, m.Objects, 3, "two studies and the one patient that is known")
			require.Equal(t, "1.2.3", m.Objects[0].ID)
			require.Equal(t, [2]int{2, 3}, [2]int{m.Objects[0].Type, m.Objects[0].Role})
			require.Equal(t, coded{"110180", "DCM"}, m.Objects[0].Kind)
			require.Equal(t, "bbbb", m.Objects[1].ID)
			require.Equal(t, "99NAFAS", m.Objects[1].Kind.Scheme)
			require.Equal(t, "A&1^^^H", m.Objects[2].ID)
			require.Equal(t, "Doe^Jane=أ", m.Objects[2].Name)
			require.Equal(t, [2]int{1, 1}, [2]int{m.Objects[2].Type, m.Objects[2].Role})
			require.Equal(t, coded{"2", "RFC-3881"}, m.Objects[2].Kind)
		})
	}
	told.Kind, told.Outcome = audit.SignedIn, audit.Minor
	line, err := told.Syslog(source)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(line), "<84>1 2026-05-04T08:00:00.005Z triage1 nafas 42 DICOM+RFC3881 - \ufeff<AuditMessage>"), "%.120s", line)
}

// A study is recorded once an hour for each, not each of its images.
func TestAccesses(t *testing.T) {
	s := newShelf(t)
	address := "192.0.2.7"
	a := audit.NewAccesses(s.trail, func(*http.Request) string { return address })
	mux := http.NewServeMux()
	who := access.Principal{}
	admit := func(w http.ResponseWriter, r *http.Request) { require.NoError(t, a.Admit(r, who)) }
	mux.HandleFunc("GET /dicom-web/studies", admit)
	mux.HandleFunc("GET /dicom-web/studies/{study}/{rest...}", admit)
	get := func(path string) { mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil)) }
	for _, who = range []access.Principal{
		{Name: "amina", By: access.ByPassword}, {Name: "pacs", By: access.ByToken}, {Name: "amina", By: access.ByToken},
	} {
		for i := range 20 {
			get(fmt.Sprintf("/dicom-web/studies/%s/series/1/instances/%d", uid, i))
			get("/dicom-web/studies")
		}
		get("/dicom-web/studies/" + uid[:len(uid)-1] + "2/metadata")
		get("/dicom-web/studies/" + strings.Repeat("1", 65) + "/metadata")
		get("/dicom-web/studies/DOE%5EJANE/metadata") // no name gets into what nobody cleans
	}
	var got []string
	for _, e := range s.told(t) {
		line := string(e.Kind) + " " + e.Who.By
		for _, study := range e.Studies {
			line += " " + study.Pseudonym
		}
		got = append(got, line)
	}
	require.Equal(t, []string{
		"open password pseudonym-of-1", "query password", "open password pseudonym-of-2",
		"transfer token pseudonym-of-1", "query token", "transfer token pseudonym-of-2",
		"transfer token pseudonym-of-1", "query token", "transfer token pseudonym-of-2",
	}, got)

	// What was opened on the page is not opened again for its images.
	require.NoError(t, a.Record(t.Context(), audit.Event{Kind: audit.Opened, Who: audit.Who{Name: "karim", By: "password", Address: address}, StudyUIDs: []string{uid}}))
	who = access.Principal{Name: "karim", By: access.ByPassword}
	get("/dicom-web/studies/" + uid + "/metadata")
	require.Len(t, s.told(t), 10)

	// The same cookie from elsewhere may be in other hands.
	address = "198.51.100.9"
	get("/dicom-web/studies/" + uid + "/metadata")
	told := s.told(t)
	require.Len(t, told, 11)
	require.Equal(t, address, told[10].Who.Address)
}
