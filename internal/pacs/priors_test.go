package pacs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/match"
	"nafas/internal/pacs"
	"nafas/internal/triage"
)

// priors is a triage.Priors in memory: one study whose priors are sought.
type priors struct {
	of triage.Unsought
	// next is zero once they were looked for.
	next time.Time
	// needs are what is stored; sent what was asked for, and whether it all came.
	needs map[string]triage.PriorNeed
	sent  map[string]bool
}

func (p *priors) Unsought(_ context.Context, at, _ time.Time, _ int) ([]triage.Unsought, error) {
	if p.next.IsZero() || at.Before(p.next) {
		return nil, nil
	}
	return []triage.Unsought{p.of}, nil
}

func (p *priors) NeedPrior(_ context.Context, uid string, _ time.Time) (triage.PriorNeed, error) {
	return p.needs[uid], nil
}

func (p *priors) PriorSent(_ context.Context, uid string, _ time.Time, whole bool) error {
	p.sent[uid] = whole
	if whole {
		p.needs[uid] = triage.PriorHere
	}
	return nil
}

func (p *priors) Sought(context.Context, string, time.Time) error {
	p.next = time.Time{}
	return nil
}

func (p *priors) SeekLater(_ context.Context, _ string, failures int, next time.Time) error {
	p.of.Failures, p.next = failures, next
	return nil
}

// seeking is a Seeker with what it works on.
type seeking struct {
	*pacs.Seeker
	archive *holdings
	priors  *priors
	at      time.Time
	log     bytes.Buffer
}

// seek makes a Seeker for a study of 1 April 2025.
func seek(most int) *seeking {
	s := &seeking{
		archive: &holdings{studies: map[string]holding{}}, at: time.Date(2025, 4, 1, 8, 0, 0, 0, time.UTC),
		priors: &priors{
			of: triage.Unsought{StudyUID: "1.9", StudyDate: "20250401", Patients: []triage.Patient{
				{ID: "P1", Issuer: "HERE", Name: "Doe^Jane", BirthDate: "19500102"},
			}},
			next: time.Unix(1, 0), needs: map[string]triage.PriorNeed{}, sent: map[string]bool{},
		},
	}
	s.Seeker = pacs.NewSeeker(pacs.PriorRule{Every: time.Second, Years: 5, Most: most}, s.archive.dial, s.priors,
		func() time.Time { return s.at }, slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{ReplaceAttr: undated})))
	return s
}

// undated leaves the time of a log line out: its digits may look like a UID.
func undated(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// earlier puts a chest of the patient into the archive.
func (s *seeking) earlier(uid, date string, change ...func(h *holding)) {
	h := chest(uid, 100, 0)
	h.study.StudyDate, h.study.StudyTime = date, "1200"
	h.study.PatientID, h.study.IssuerOfPatientID, h.study.PatientName, h.study.PatientBirthDate = "P1", "HERE", "DOE^JANE^^", "19500102"
	for _, f := range change {
		f(&h)
	}
	s.archive.studies[uid] = h
}

func TestThePriorOfAStudyIsFetched(t *testing.T) {
	s := seek(1)
	s.earlier("1.1", "20230101")
	s.earlier("1.2", "20240101")
	s.earlier("1.9", "20250401") // itself
	require.NoError(t, s.Look(t.Context()))
	require.Equal(t, match.Query{Level: match.StudyLevel, PatientID: "P1", StudyDates: "20200401-20250331", Modality: "CT"}, s.archive.queries[0])
	require.Equal(t, []string{"1.2"}, s.archive.fetched, "the latest one alone")
	require.Equal(t, map[string]bool{"1.2": true}, s.priors.sent)
	asked := len(s.archive.queries)
	s.at = s.at.Add(time.Hour)
	require.NoError(t, s.Look(t.Context()))
	require.Len(t, s.archive.queries, asked, "looked for once")

	s = seek(2)
	for _, date := range []string{"20230101", "20240101", "20220101"} {
		s.earlier("1."+date, date)
	}
	require.NoError(t, s.Look(t.Context()))
	require.Equal(t, []string{"1.20240101", "1.20230101"}, s.archive.fetched)
}

func TestWhichPriorsAreFetched(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(h *holding)
		want   bool
	}{
		{"of the same patient", func(*holding) {}, true},
		{"of whom the archive says the ID alone", func(h *holding) {
			h.study.IssuerOfPatientID, h.study.PatientName, h.study.PatientBirthDate = "", "", ""
		}, true},
		{"of a stranger with the ID at another issuer", func(h *holding) { h.study.IssuerOfPatientID = "ELSEWHERE" }, false},
		{"of another name", func(h *holding) { h.study.PatientName = "Roe^Richard" }, false},
		{"of another birth date", func(h *holding) { h.study.PatientBirthDate = "19600102" }, false},
		{"of another ID, from an archive that heeds no key", func(h *holding) { h.study.PatientID = "P11" }, false},
		{"of which the archive does not say whose it is", func(h *holding) { h.study.PatientID = "" }, false},
		{"of the same day", func(h *holding) { h.study.StudyDate = "20250401" }, false},
		{"of a later day", func(h *holding) { h.study.StudyDate = "20250601" }, false},
		{"of long ago", func(h *holding) { h.study.StudyDate = "20190101" }, false},
		{"without a date", func(h *holding) { h.study.StudyDate = "" }, false},
		{"of another region", func(h *holding) { h.series[0].BodyPart = "HEAD" }, false},
		{"of which nothing is said", func(h *holding) { h.series[0].BodyPart = "" }, true},
		{"without CT", func(h *holding) { h.study.Modalities = []string{"MR"} }, false},
		{"without CT, as its series say", func(h *holding) { h.study.Modalities, h.series[0].Modalities = nil, []string{"MR"} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := seek(1)
			s.earlier("1.1", "20240101", c.change)
			require.NoError(t, s.Look(t.Context()))
			require.Equal(t, c.want, len(s.archive.fetched) == 1)
			require.True(t, s.priors.next.IsZero(), "and that was it")
		})
	}
}

// What is stored counts, what nobody could read does not.
func TestAPriorThatIsStored(t *testing.T) {
	for _, c := range []struct {
		need triage.PriorNeed
		want []string
	}{{triage.PriorHere, nil}, {triage.PriorUseless, []string{"1.1"}}, {triage.PriorMissing, []string{"1.2"}}} {
		s := seek(1)
		s.earlier("1.1", "20230101")
		s.earlier("1.2", "20240101")
		s.priors.needs["1.2"] = c.need
		require.NoError(t, s.Look(t.Context()))
		require.Equal(t, c.want, s.archive.fetched)
	}
	s := seek(1)
	s.earlier("1.1", "20230101")
	s.earlier("1.2", "20240101", func(h *holding) { h.series[0].BodyPart = "HEAD" })
	s.priors.needs["1.2"] = triage.PriorHere
	require.NoError(t, s.Look(t.Context()))
	require.Equal(t, []string{"1.1"}, s.archive.fetched, "a head that is stored is no prior of a chest")
}

func TestAStudyOfNobodyKnownHasNoPriors(t *testing.T) {
	for name, of := range map[string]triage.Unsought{
		"no ID":                              {StudyUID: "1.9", StudyDate: "20250401", Patients: []triage.Patient{{Name: "Doe^Jane"}}},
		"an ID that would ask for everybody": {StudyUID: "1.9", StudyDate: "20250401", Patients: []triage.Patient{{ID: "P*"}}},
		"an ID that would ask for others":    {StudyUID: "1.9", StudyDate: "20250401", Patients: []triage.Patient{{ID: "P?"}}},
		"no date":                            {StudyUID: "1.9", StudyDate: "20259999", Patients: []triage.Patient{{ID: "P1"}}},
	} {
		s := seek(1)
		s.earlier("1.1", "20240101")
		s.priors.of = of
		require.NoError(t, s.Look(t.Context()), name)
		require.Empty(t, s.archive.queries, name)
		require.True(t, s.priors.next.IsZero(), name)
	}
}

// What an archive does not send it is asked for again, less and less often, and
// at last no more.
func TestAPriorThatIsNotSent(t *testing.T) {
	for name, refuse := range map[string]error{
		"refused": &dicomweb.StatusError{Status: 500}, "sent in part": fmt.Errorf("%w: 3 of 100", pacs.ErrShort),
	} {
		t.Run(name, func(t *testing.T) {
			s := seek(1)
			s.earlier("1.1", "20240101")
			s.archive.refuse = refuse
			require.NoError(t, s.Look(t.Context()))
			require.Equal(t, map[string]bool{"1.1": false}, s.priors.sent, "what comes now is not what was asked for")
			require.Equal(t, s.at.Add(time.Minute), s.priors.next)
			s.at = s.priors.next
			require.NoError(t, s.Look(t.Context()))
			require.Equal(t, s.at.Add(2*time.Minute), s.priors.next)
			s.archive.refuse = nil
			s.at = s.priors.next
			require.NoError(t, s.Look(t.Context()))
			require.Equal(t, []string{"1.1"}, s.archive.fetched)

			s = seek(1)
			s.earlier("1.1", "20240101")
			s.archive.refuse = refuse
			tries := 0
			for ; !s.priors.next.IsZero(); tries++ {
				require.Less(t, tries, 20)
				s.at = s.at.Add(time.Hour)
				require.NoError(t, s.Look(t.Context()))
			}
			require.Equal(t, 12, tries)
			require.Contains(t, s.log.String(), "not asked again")
			require.NotContains(t, s.log.String(), "P1", "no patient is in the log")
			require.NotContains(t, s.log.String(), "1.1", "and no study")
		})
	}
}

// An archive that is down costs nothing but time, and neither does a service
// that takes nothing in.
func TestAnArchiveOfPriorsThatIsDown(t *testing.T) {
	down := errors.New("connection refused")
	s := seek(1)
	s.earlier("1.1", "20240101")
	s.archive.broken = down
	require.ErrorIs(t, s.Look(t.Context()), down)
	s.archive.broken, s.archive.unlisted = nil, down
	for range 20 {
		s.at = s.at.Add(time.Hour)
		require.ErrorIs(t, s.Look(t.Context()), down)
	}
	require.Zero(t, s.priors.of.Failures, "nobody has refused anything")
	require.Equal(t, s.at.Add(time.Minute), s.priors.next, "others have their turn")

	s.archive.unlisted, s.archive.refuse = nil, triage.ErrBusy
	s.at = s.at.Add(time.Hour)
	require.ErrorIs(t, s.Look(t.Context()), triage.ErrBusy)
	require.Zero(t, s.priors.of.Failures)
	s.archive.refuse = nil
	require.NoError(t, s.Look(t.Context()))
	require.Equal(t, []string{"1.1"}, s.archive.fetched)

	s = seek(1)
	s.earlier("1.1", "20240101")
	s.archive.refuse = errors.New("the connection broke")
	require.Error(t, s.Look(t.Context()), "the conversation is over")
	require.Equal(t, 1, s.priors.of.Failures, "in the middle of a transfer it may be the study")
}
