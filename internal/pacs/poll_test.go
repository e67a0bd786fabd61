package pacs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse"
	"nafas/dicomio/match"
	"nafas/internal/pacs"
	"nafas/internal/triage"
)

// holdings is an archive: studies by UID, and what it was asked.
type holdings struct {
	studies map[string]holding
	queries []match.Query
	fetched []string
	refuse  error
	broken  error
	// unlisted is why it does not list series.
	unlisted error
}

type holding struct {
	study  match.Entry
	series []match.Entry
}

func (h *holdings) dial(context.Context) (pacs.Archive, error) {
	if h.broken != nil {
		return nil, h.broken
	}
	return h, nil
}

func (h *holdings) Find(_ context.Context, q match.Query) (out []match.Entry, err error) {
	h.queries = append(h.queries, q)
	if q.Level == match.SeriesLevel {
		if h.unlisted != nil {
			return nil, h.unlisted
		}
		return h.studies[q.StudyUID].series, nil
	}
	for _, s := range h.studies {
		out = append(out, s.study)
	}
	return out, nil
}

func (h *holdings) Fetch(_ context.Context, study match.Entry) (pacs.Counts, error) {
	if h.refuse != nil {
		return pacs.Counts{Failed: 3}, h.refuse
	}
	h.fetched = append(h.fetched, study.StudyUID)
	return pacs.Counts{Sent: 3}, nil
}

func (h *holdings) Close() error { return nil }
func (h *holdings) Abort()       {}

// ledger is a triage.Ledger in memory.
type ledger map[string]triage.Polled

func (l ledger) Polled(context.Context, string) (map[string]triage.Polled, error) {
	out := map[string]triage.Polled{}
	for k, v := range l {
		out[k] = v
	}
	return out, nil
}

func (l ledger) Remember(_ context.Context, _ string, list []triage.Polled) error {
	for _, p := range list {
		l[p.StudyUID] = p
	}
	return nil
}

func (l ledger) ForItself(_ context.Context, uid string) error {
	l["for itself "+uid] = triage.Polled{StudyUID: "for itself " + uid, SeenAt: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	return nil
}

func (l ledger) Unlist(_ context.Context, _ string, since time.Time) error {
	for k, p := range l {
		if p.SeenAt.Before(since) {
			delete(l, k)
		}
	}
	return nil
}

// chest is a study with so many CT images and so many other objects.
func chest(uid string, ct, others int) holding {
	h := holding{
		study:  match.Entry{StudyUID: uid, Modalities: []string{"CT"}, Instances: ct + others},
		series: []match.Entry{{SeriesUID: uid + ".1", Modalities: []string{"CT"}, BodyPart: "CHEST", Instances: ct}},
	}
	if others > 0 {
		h.series = append(h.series, match.Entry{SeriesUID: uid + ".2", Modalities: []string{"SR"}, Instances: others})
	}
	return h
}

type looking struct {
	*pacs.Poller
	at time.Time
}

func look(t *testing.T, h *holdings, l ledger) *looking {
	t.Helper()
	out := &looking{at: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	out.Poller = pacs.NewPoller(pacs.Rule{Name: "archive", Every: time.Minute, Days: 2, Region: pacs.Region{Words: []string{"kopf-hals-thx"}}},
		h.dial, l, func() time.Time { return out.at }, slog.New(slog.DiscardHandler))
	return out
}

func (l *looking) again(t *testing.T) {
	t.Helper()
	l.at = l.at.Add(time.Minute)
	require.NoError(t, l.Look(t.Context()))
}

func TestAStudyIsFetchedWhenItHasStoppedGrowing(t *testing.T) {
	h := &holdings{studies: map[string]holding{"1.2": chest("1.2", 100, 0)}}
	p := look(t, h, ledger{})
	p.again(t)
	require.Equal(t, "20260228-20260302", h.queries[0].StudyDates, "yesterday to tomorrow")
	require.Empty(t, h.fetched, "it may still be coming in")
	h.studies["1.2"] = chest("1.2", 200, 0)
	p.again(t)
	require.Empty(t, h.fetched)
	p.again(t)
	require.Equal(t, []string{"1.2"}, h.fetched)
	for range 3 {
		p.again(t)
	}
	require.Len(t, h.fetched, 1, "once")

	// Our results are stored beside it: nothing is to be read again.
	h.studies["1.2"] = chest("1.2", 200, 2)
	for range 3 {
		p.again(t)
	}
	require.Len(t, h.fetched, 1)

	// A late series is.
	h.studies["1.2"] = chest("1.2", 300, 2)
	p.again(t)
	require.Len(t, h.fetched, 1)
	p.again(t)
	require.Len(t, h.fetched, 2)
}

// An archive that counts the instances of series alone says too when a study
// grows.
func TestAStudyOfWhichOnlySeriesAreCounted(t *testing.T) {
	uncounted := func(ct int) holding {
		out := chest("1.2", ct, 0)
		out.study.Instances = 0
		return out
	}
	h := &holdings{studies: map[string]holding{"1.2": uncounted(100)}}
	p := look(t, h, ledger{})
	p.again(t)
	h.studies["1.2"] = uncounted(200)
	p.again(t)
	require.Empty(t, h.fetched, "it grows")
	for range 3 {
		p.again(t)
	}
	require.Len(t, h.fetched, 1)
	h.studies["1.2"] = uncounted(300)
	for range 3 {
		p.again(t)
	}
	require.Len(t, h.fetched, 2)
}

func TestWhatALookRemembersSurvivesARestart(t *testing.T) {
	h := &holdings{studies: map[string]holding{"1.2": chest("1.2", 100, 0)}}
	l := ledger{}
	first := look(t, h, l)
	first.again(t)
	require.NotContains(t, l, "for itself 1.2")
	first.again(t)
	require.Len(t, h.fetched, 1)
	require.Contains(t, l, "for itself 1.2", "it is a case to read from now on, whatever it was")
	second := look(t, h, l)
	second.at = first.at
	second.again(t)
	require.Len(t, h.fetched, 1)

	delete(h.studies, "1.2")
	second.at = second.at.AddDate(0, 0, 30)
	second.again(t)
	require.Empty(t, l, "what the archive does not name any more is forgotten")
}

func TestWhichStudiesAreFetched(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(h *holding)
		want   bool
	}{
		{"a chest", func(*holding) {}, true},
		{"a head", func(h *holding) { h.series[0].BodyPart = "HEAD" }, false},
		{"a head whose description says chest", func(h *holding) { h.series[0].BodyPart, h.study.StudyDescription = "HEAD", "TDM THORACIQUE" }, true},
		{"in Arabic", func(h *holding) {
			h.series[0].BodyPart, h.study.StudyDescription = "X", "تصوير مقطعي للصدر"
		}, true},
		{"a word of the site's own", func(h *holding) { h.series[0].BodyPart, h.series[0].SeriesDescription = "NECK", "Kopf-Hals-THX" }, true},
		{"of which nothing is said", func(h *holding) { h.series[0].BodyPart = "" }, true},
		{"without CT", func(h *holding) { h.series[0].Modalities = []string{"MR"} }, false},
		{"with series of which the archive does not say what they are", func(h *holding) { h.series[0].Modalities = nil }, true},
		{"of which the archive says that it has no CT", func(h *holding) { h.study.Modalities = []string{"MR", "SR"} }, false},
		{"of which the archive says no modalities", func(h *holding) { h.study.Modalities = nil }, true},
		{"of which the archive says no numbers", func(h *holding) { h.study.Instances, h.series[0].Instances = 0, 0 }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			one := chest("1.2", 100, 0)
			c.change(&one)
			h := &holdings{studies: map[string]holding{"1.2": one}}
			p := look(t, h, ledger{})
			for range 4 {
				p.again(t)
			}
			require.Equal(t, c.want, len(h.fetched) == 1, h.fetched)
		})
	}
	h := &holdings{studies: map[string]holding{"1.2": chest("1.2", 100, 0)}}
	h.studies["1.2"].series[0].BodyPart = "HEAD"
	p := pacs.NewPoller(pacs.Rule{Name: "all", Every: time.Minute, Days: 1, Region: pacs.Region{AnyRegion: true}}, h.dial, ledger{}, time.Now, slog.New(slog.DiscardHandler))
	require.NoError(t, p.Look(t.Context()))
	require.NoError(t, p.Look(t.Context()))
	require.Len(t, h.fetched, 1)
}

// One study that the archive does not send keeps no other from coming, and is
// asked for again, less and less often.
func TestAnArchiveThatDoesNotSend(t *testing.T) {
	h := &holdings{studies: map[string]holding{"1.2": chest("1.2", 100, 0)}, refuse: &dimse.Failure{Status: 0xA801, Comment: "Smith^John"}}
	l := ledger{}
	p := look(t, h, l)
	p.again(t)
	p.again(t)
	require.Equal(t, 1, l["1.2"].Failures)
	next := l["1.2"].NextAt
	require.Equal(t, p.at.Add(2*time.Minute), next)
	p.again(t)
	require.Equal(t, 1, l["1.2"].Failures, "not yet again")
	p.again(t)
	require.Equal(t, 2, l["1.2"].Failures)
	h.refuse = nil
	for range 10 {
		p.again(t)
	}
	require.Len(t, h.fetched, 1)
	require.Zero(t, l["1.2"].Failures)

	h.refuse = errors.New("the association broke")
	h.studies["1.3"] = chest("1.3", 5, 0)
	p.again(t)
	p.at = p.at.Add(time.Minute)
	require.Error(t, p.Look(t.Context()))
	require.Equal(t, 1, l["1.3"].Failures, "remembered even so")
	h.broken = errors.New("refused")
	require.Error(t, p.Look(t.Context()))
}

// That we take in nothing for now is no failure of the archive's.
func TestWhenNothingIsTakenIn(t *testing.T) {
	h := &holdings{studies: map[string]holding{"1.2": chest("1.2", 100, 0)}, refuse: triage.ErrDiskFull}
	l := ledger{}
	p := look(t, h, l)
	p.again(t)
	p.at = p.at.Add(time.Minute)
	require.ErrorIs(t, p.Look(t.Context()), triage.ErrBusy)
	require.Zero(t, l["1.2"].Failures)
	h.refuse = nil
	p.again(t)
	require.Len(t, h.fetched, 1, "at the next look")
}

// A study of which an archive lists no series is no study without CT: it is put
// off, and keeps no other from coming.
func TestAnArchiveThatListsNoSeries(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		fails bool
	}{
		{"it refuses", &dicomweb.StatusError{Status: 500}, false},
		{"it answers with something else", errors.New("no DICOM JSON"), true},
		{"it names none", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			empty := chest("1.2", 100, 0)
			empty.series = nil
			h := &holdings{studies: map[string]holding{"1.2": empty}, unlisted: c.err}
			l := ledger{}
			p := look(t, h, l)
			p.again(t)
			p.at = p.at.Add(time.Minute)
			require.Equal(t, c.fails, p.Look(t.Context()) != nil)
			require.Equal(t, 1, l["1.2"].Failures)
			require.Equal(t, p.at.Add(2*time.Minute), l["1.2"].NextAt)
			p.again(t) // not yet again, so that others have their turn
			h.unlisted, h.studies["1.2"] = nil, chest("1.2", 100, 0)
			for range 3 {
				p.again(t)
			}
			require.Len(t, h.fetched, 1)
		})
	}
}
