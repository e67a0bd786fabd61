package sources_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
	"nafas/internal/rescore/sources"
)

// checkHoldings holds a listing to what is in an archive.
func checkHoldings(t testing.TB, l *listing, want []holding) {
	t.Helper()
	parts := map[string]rescore.Part{}
	for _, h := range want {
		for _, s := range h.series {
			date := strings.ReplaceAll(h.date, ".", "")
			if len(date) != 8 {
				date = ""
			}
			parts[h.uid+"/"+s.uid] = rescore.Part{StudyUID: h.uid, SeriesUID: s.uid, Modality: s.modality, StudyDate: date, Instances: max(s.says, len(s.files))}
		}
	}
	require.Equal(t, slices.Sorted(maps.Keys(parts)), slices.Sorted(maps.Keys(l.parts)))
	require.Equal(t, parts, l.parts)
	require.Zero(t, l.files)
}

// spread puts studies on days over thirty years, on busy days, on days to come,
// and on none.
func spread(i int) string {
	switch {
	case i%97 == 0:
		return ""
	case i%89 == 0:
		return time.Now().AddDate(0, 0, 20+i).Format("20060102")
	case i%83 == 0:
		return "19651224"
	case i%71 == 0:
		return "2003.02.01" // as ACR-NEMA wrote dates; the server takes it for none
	case i%2 == 0:
		return "20110101"
	}
	return time.Date(1985, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i*37%14000).Format("20060102")
}

// Whatever a server makes of limits and offsets, each study is listed once, with
// all its series in one batch.
func TestEveryStudyIsListedOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		server *fakeWeb
		n      int
	}{
		{"as asked for", &fakeWeb{}, 120},
		{"pages of 30", &fakeWeb{most: 30}, 250},
		{"no offsets", &fakeWeb{deaf: true}, 120},
		{"no offsets, and no more than 210 at once", &fakeWeb{deaf: true, most: 210}, 450}, // more than that on one day
		{"no search by date", &fakeWeb{loose: true}, 30},
		{"few", &fakeWeb{}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.server.holdings = many(c.n, spread)
			s := c.server.source(t, rescore.Query{})
			require.True(t, s.Whole())
			l := scanAll(t, s)
			if c.server.deaf && c.server.most > 0 {
				// What has no date is one question, and cannot be asked for in parts.
				dated := slices.DeleteFunc(slices.Clone(c.server.holdings), func(h holding) bool { return len(h.date) != 8 })
				for key := range l.parts {
					if l.parts[key].StudyDate == "" || l.parts[key].StudyDate == "20030201" {
						delete(l.parts, key)
					}
				}
				require.Greater(t, len(dated), 400)
				checkHoldings(t, l, dated)
				require.Equal(t, rescore.Failed, l.loose["studies without a date"].State, "and that is said")
				return
			}
			checkHoldings(t, l, c.server.holdings)
			require.Empty(t, l.loose)
			require.Empty(t, l.again)
			require.True(t, slices.Contains(c.server.asked, "/dicom-web/studies?"+firstQuestion), c.server.asked[0])
		})
	}
}

// An archive that names nothing at all is the wrong one, or does not let us search;
// one in which nothing fits is not.
func TestAnArchiveWithoutStudies(t *testing.T) {
	server := &fakeWeb{holdings: []holding{{uid: "1", date: "20190101", modalities: []string{"MR"}, series: []held{{uid: "1.1", modality: "MR", says: 9}}}}}
	pacs := startPACS(t, &fakePACS{holdings: server.holdings})
	for _, source := range []func(q rescore.Query) rescore.Source{
		func(q rescore.Query) rescore.Source { return server.source(t, q) },
		func(q rescore.Query) rescore.Source { return pacs.source(t, q) },
	} {
		err := source(rescore.Query{}).Scan(t.Context(), "", func(rescore.Batch) error { return errors.New("there is nothing") })
		require.ErrorContains(t, err, "no study with CT")
		require.Len(t, scanAll(t, source(rescore.Query{Modality: "MR"})).parts, 1)
		require.Empty(t, scanAll(t, source(rescore.Query{From: "20190101"})).parts)
		require.Empty(t, scanAll(t, source(rescore.Query{Description: "chest"})).parts)
	}
}

const firstQuestion = "ModalitiesInStudy=CT&StudyDate=-19691231&includefield=IssuerOfPatientID&includefield=StudyDescription&limit=1000"

// Wherever planning is killed, going on gives the rest, and no study twice.
func TestAListGoesOnWhereItWasCut(t *testing.T) {
	server := fakeWeb{holdings: many(100, spread)}
	s := server.source(t, rescore.Query{})
	all := scanAll(t, s)
	require.Greater(t, len(all.batches), 10)
	for _, cut := range []int{1, 2, 3, len(all.batches) / 2, len(all.batches) - 2, len(all.batches) - 1} {
		l := newListing()
		after := scan(t, s, l, "", cut)
		require.Equal(t, all.batches[cut-1], after)
		scan(t, server.source(t, rescore.Query{}), l, after, 0)
		checkHoldings(t, l, server.holdings)
		for key := range l.again {
			require.Equal(t, "20030201", l.parts[key].StudyDate, "but what has an odd date, of which nobody knows")
		}
	}
	nothing := newListing()
	scan(t, s, nothing, all.batches[len(all.batches)-1], 0)
	require.Empty(t, nothing.parts)
	require.Error(t, s.Scan(context.Background(), "no day", func(rescore.Batch) error { return nil }))
}

func TestAQueryNarrows(t *testing.T) {
	server := fakeWeb{holdings: []holding{
		{uid: "1", date: "20190101", description: "CT CHEST", modalities: []string{"CT"}, series: []held{{uid: "1.1", modality: "CT", says: 9}}},
		{uid: "2", date: "20190630", description: "Thorax low dose", modalities: []string{"CT", "PT"}, series: []held{{uid: "2.1", modality: "PT", says: 9}, {uid: "2.2", modality: "CT", says: 8}}},
		{uid: "3", date: "20191231", description: "Head", modalities: []string{"CT"}, series: []held{{uid: "3.1", modality: "CT", says: 9}}},
		{uid: "4", date: "", description: "chest", modalities: []string{"CT"}, series: []held{{uid: "4.1", modality: "CT", says: 9}}},
		{uid: "5", date: "20190701", description: "chest", modalities: []string{"MR"}, series: []held{{uid: "5.1", modality: "MR", says: 9}}},
	}}
	for _, c := range []struct {
		name string
		q    rescore.Query
		want []string
	}{
		{"all CT", rescore.Query{}, []string{"1", "2", "3", "4"}},
		{"from", rescore.Query{From: "20190630"}, []string{"2", "3"}},
		{"to", rescore.Query{To: "20190630"}, []string{"1", "2"}},
		{"one day", rescore.Query{From: "20190630", To: "20190630"}, []string{"2"}},
		{"days that are long past", rescore.Query{To: "19600101"}, nil},
		{"a description, in any case", rescore.Query{Description: "*chest*"}, []string{"1", "4"}},
		{"another modality", rescore.Query{Modality: "MR"}, []string{"5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := scanAll(t, server.source(t, c.q))
			require.Equal(t, c.want, slices.Sorted(maps.Keys(l.studies())))
		})
	}
	// A server that says no modalities is asked for the series.
	for i := range server.holdings {
		server.holdings[i].modalities = nil
	}
	server.fault = func(r *http.Request, _ int) int {
		q := r.URL.Query()
		q.Del("ModalitiesInStudy")
		r.URL.RawQuery = q.Encode()
		return 0
	}
	require.Equal(t, []string{"1", "2", "3", "4"}, slices.Sorted(maps.Keys(scanAll(t, server.source(t, rescore.Query{})).studies())))
}

func TestAListOfStudies(t *testing.T) {
	server := fakeWeb{holdings: many(50, spread)}
	var list []string
	for i := range 45 {
		list = append(list, fmt.Sprintf("1.2.%d", i))
	}
	list = append(list, "9.9.9")
	s := server.source(t, rescore.Query{}, list...)
	l := scanAll(t, s)
	checkHoldings(t, l, server.holdings[:45])
	require.Len(t, l.loose, 1)
	gone := l.loose["study 9.9.9"]
	require.Equal(t, rescore.Failed, gone.State)
	require.Equal(t, rescore.ReasonGone, gone.Reason)
	require.Equal(t, []string{"1.2.19", "1.2.39", "9.9.9"}, l.batches)
	rest := newListing()
	scan(t, s, rest, "1.2.19", 0)
	require.Len(t, rest.studies(), 25)
	require.Error(t, s.Scan(context.Background(), "1.2.77", func(rescore.Batch) error { return nil }), "no study of the list")
}

// A study of which a server does not say what it holds is a failure, where the
// server answers others; where it answers none, nothing is listed.
func TestServersThatDoNotAnswer(t *testing.T) {
	of := func(study string, status, times int) func(*http.Request, int) int {
		return func(r *http.Request, nth int) int {
			if strings.HasSuffix(r.URL.Path, "/"+study+"/series") && nth < times {
				return status
			}
			return 0
		}
	}
	for _, c := range []struct {
		name   string
		fault  func(*http.Request, int) int
		reason string
		err    string
	}{
		{"a moment", of("1.2.3", 500, 2), "", ""},
		{"always", of("1.2.3", 500, 99), rescore.ReasonUnreadable, ""},
		{"no such study", of("1.2.3", 404, 99), rescore.ReasonGone, ""},
		{"overloaded", of("1.2.3", 503, 99), "", "503"},
		{"who are you", of("1.2.3", 401, 99), "", "401"},
		{"nothing at all", func(r *http.Request, _ int) int {
			if strings.Contains(r.URL.Path, "/series") || r.URL.Query().Get("limit") == "1" {
				return 500
			}
			return 0
		}, "", "500"},
		{"another server", func(*http.Request, int) int { return 404 }, "", "404"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := fakeWeb{holdings: many(5, func(i int) string { return fmt.Sprintf("2010010%d", i+1) }), fault: c.fault}
			s := server.source(t, rescore.Query{})
			l := newListing()
			err := s.Scan(context.Background(), "", func(b rescore.Batch) error {
				l.add(t, b)
				return nil
			})
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				require.Empty(t, refusal.Of(err))
				require.Empty(t, l.batches)
				return
			}
			require.NoError(t, err)
			if c.reason == "" {
				require.Len(t, l.studies(), 5)
				require.Empty(t, l.loose)
				return
			}
			require.Len(t, l.studies(), 4)
			require.Equal(t, rescore.Failed, l.loose["study 1.2.3"].State)
			require.Equal(t, c.reason, l.loose["study 1.2.3"].Reason)
		})
	}
}

// What an archive says oddly is not passed over.
func TestOddAnswers(t *testing.T) {
	server := fakeWeb{holdings: []holding{
		{uid: "1", date: "20190101", modalities: []string{"CT"}},
		{uid: "2", date: "20190102", modalities: []string{"CT"}, series: []held{{uid: "2.1", modality: "CT", says: -1, files: make([][]byte, 7)}, {uid: "2.2", modality: "SR", says: -1}, {uid: "2.1", modality: "CT", says: 7}}},
		{uid: "no uid", date: "20190103", modalities: []string{"CT"}},
	}}
	l := scanAll(t, server.source(t, rescore.Query{}))
	require.Equal(t, map[string]rescore.Part{
		"2/2.1": {StudyUID: "2", SeriesUID: "2.1", Modality: "CT", StudyDate: "20190102", Instances: 7},
		"2/2.2": {StudyUID: "2", SeriesUID: "2.2", Modality: "SR", StudyDate: "20190102"},
	}, l.parts, "instances are counted where a series says no number")
	require.Equal(t, rescore.ReasonGone, l.loose["study 1"].Reason)
	require.Contains(t, l.loose["study 1"].Found, "no series")
	require.Len(t, l.loose, 2)
	for path, x := range l.loose {
		if path != "study 1" {
			require.Equal(t, string(refusal.Malformed), x.Reason)
			require.Contains(t, x.Found, "1 studies")
		}
	}
	// An archive that does not give the list of all: those without a date are
	// not known.
	server = fakeWeb{holdings: many(3, func(int) string { return "20190101" }), fault: func(r *http.Request, _ int) int {
		if q := r.URL.Query(); len(strings.Split(r.URL.Path, "/")) == 3 && q.Get("StudyDate") == "" && q.Get("limit") == "1000" {
			return 413
		}
		return 0
	}}
	l = scanAll(t, server.source(t, rescore.Query{}))
	require.Len(t, l.studies(), 3)
	require.Equal(t, rescore.ReasonUnreadable, l.loose["studies without a date"].Reason)
}

// chestStudy is a study with two CT series and a report, and its case.
func chestStudy(t testing.TB) (holding, rescore.Case) {
	t.Helper()
	h := heldOf(t,
		series{study: "w", name: "chest", modality: "CT", slices: 12}, series{study: "w", name: "bone", modality: "CT", slices: 5},
		series{study: "w", name: "sc", modality: "OT", class: classSC, slices: 2})
	c := rescore.Case{StudyUID: h.uid}
	for _, s := range h.series {
		c.Parts = append(c.Parts, rescore.Part{StudyUID: h.uid, SeriesUID: s.uid, Modality: s.modality, Instances: s.says})
	}
	return h, c
}

func TestAStudyIsRetrieved(t *testing.T) {
	h, c := chestStudy(t)
	server := fakeWeb{holdings: []holding{h}}
	s := server.source(t, rescore.Query{})
	got := fetched(t, s, c)
	require.Len(t, got, 17)
	require.Zero(t, server.questions("/series/"+h.series[2].uid), "what cannot be read is not fetched")
	c.Parts = append(c.Parts, c.Parts[0]) // listed twice
	require.Len(t, fetched(t, s, c), 17)
	h.series[0].files = append(h.series[0].files, series{study: "w", name: "chest", modality: "CT", slices: 13}.instances(t)[12])
	require.Len(t, fetched(t, s, c), 18, "what came since is read too")
	require.Len(t, server.holdings[0].series[0].files, 13)
}

// Servers that do not give what they named: a study is not read in part, and what
// is no study's fault is none.
func TestRetrievalsThatFail(t *testing.T) {
	other := series{study: "x", name: "other", modality: "CT", slices: 1}.instances(t)[0]
	atSeries := func(status, times int) func(*http.Request, int) int {
		return func(r *http.Request, nth int) int {
			if strings.Contains(r.URL.Path, "/series/") && nth < times {
				return status
			}
			return 0
		}
	}
	for _, c := range []struct {
		name   string
		server *fakeWeb
		want   refusal.Reason
		err    string // of no study's fault
		text   string
	}{
		{"one less", &fakeWeb{give: func(f [][]byte, _ int) [][]byte { return f[1:] }}, rescore.ReasonIncomplete, "", "11 of the 12 instances"},
		{"one less the first time", &fakeWeb{give: func(f [][]byte, nth int) [][]byte { return f[max(0, 1-nth):] }}, "", "", ""},
		{"nothing", &fakeWeb{give: func([][]byte, int) [][]byte { return nil }}, rescore.ReasonIncomplete, "", "0 of the 12"},
		{"one twice for another", &fakeWeb{give: func(f [][]byte, _ int) [][]byte { f[0] = f[1]; return f }}, rescore.ReasonIncomplete, "", "11 of the 12"},
		{"one of another study", &fakeWeb{give: func(f [][]byte, _ int) [][]byte { f[0] = other; return f }}, rescore.ReasonIncomplete, "", "and 1 of other series"},
		{"one that cannot be read: the reader says so", &fakeWeb{give: func(f [][]byte, _ int) [][]byte { f[0] = f[0][:300]; return f }}, "", "", ""},
		{"a part, as it says", &fakeWeb{body: func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/series/") {
				w.Header().Set("Content-Type", "multipart/related; type=application/dicom; boundary=b")
				w.WriteHeader(http.StatusPartialContent)
				_, _ = io.WriteString(w, "--b--\r\n")
				return true
			}
			return false
		}}, rescore.ReasonIncomplete, "", "0 of the 12"},
		{"gone", &fakeWeb{fault: atSeries(404, 99)}, rescore.ReasonGone, "", "no more"},
		{"gone for good", &fakeWeb{fault: atSeries(410, 99)}, rescore.ReasonGone, "", "no more"},
		{"not in this form", &fakeWeb{fault: atSeries(406, 99)}, rescore.ReasonUnreadable, "", "406"},
		{"another server", &fakeWeb{fault: func(*http.Request, int) int { return 404 }}, "", "404", ""},
		{"overloaded", &fakeWeb{fault: atSeries(503, 99)}, "", "503", ""},
		{"a fault of the server", &fakeWeb{fault: atSeries(500, 99)}, "", "500", ""},
		{"who are you", &fakeWeb{fault: atSeries(401, 99)}, "", "401", ""},
		{"a page to sign in", &fakeWeb{body: func(w http.ResponseWriter, r *http.Request) bool {
			_, _ = io.WriteString(w, "<html>")
			return true
		}}, "", "neither application/dicom", ""},
		{"a connection that breaks", &fakeWeb{body: func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", "multipart/related; type=application/dicom; boundary=b")
			_, _ = io.WriteString(w, "--b\r\nContent-Type: application/dicom\r\n\r\nhalf")
			return true
		}}, "", "EOF", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, study := chestStudy(t)
			c.server.holdings = []holding{h}
			opt := options(t)
			opt.Pause = time.Millisecond
			s := sources.NewWeb(c.server.client(t), rescore.Query{}, nil, opt)
			files, release, err := s.Fetch(context.Background(), study)
			require.NotNil(t, release)
			switch {
			case c.want != "":
				require.Equal(t, c.want, refusal.Of(err), "%v", err)
				require.ErrorContains(t, err, c.text)
			case c.err != "":
				require.ErrorContains(t, err, c.err)
				require.Empty(t, refusal.Of(err))
			default:
				require.NoError(t, err)
				require.Len(t, files, 17)
				require.NotEmpty(t, left(t, opt.Spool))
			}
			if err != nil {
				require.Empty(t, files)
			}
			release()
			require.Empty(t, left(t, opt.Spool), "nothing stays in the spool")
		})
	}
	dead := fakeWeb{}
	client := dead.client(t)
	h, study := chestStudy(t)
	dead.holdings = []holding{h}
	closed := fakeWeb{body: func(w http.ResponseWriter, _ *http.Request) bool {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
		return true
	}}
	_, release, err := sources.NewWeb(closed.client(t), rescore.Query{}, nil, options(t)).Fetch(context.Background(), study)
	release()
	require.Error(t, err)
	require.Empty(t, refusal.Of(err))
	_, release, err = sources.NewWeb(client, rescore.Query{}, nil, sources.Options{}).Fetch(context.Background(), study)
	release()
	require.ErrorContains(t, err, "spool")
	opt := options(t)
	opt.MaxStudyBytes = 3000
	_, release, err = sources.NewWeb(client, rescore.Query{}, nil, opt).Fetch(context.Background(), study)
	release()
	require.Equal(t, refusal.TooLarge, refusal.Of(err))
}

// meeting is of so many who fetch at once; each waits for the others, and the last
// for one who may not come.
type meeting struct {
	want      int
	open      chan struct{}
	mu        sync.Mutex
	now, peak int
}

func newMeeting(want int) *meeting { return &meeting{want: want, open: make(chan struct{})} }

func (m *meeting) attend() {
	m.mu.Lock()
	m.now++
	m.peak = max(m.peak, m.now)
	last := m.now == m.want
	m.mu.Unlock()
	if last {
		select {
		case <-m.open:
		case <-time.After(100 * time.Millisecond):
			close(m.open)
		}
	}
	<-m.open
	m.mu.Lock()
	m.now--
	m.mu.Unlock()
}

// A limit of bytes per second holds from the next fetch on.
func TestFetchesAreThrottled(t *testing.T) {
	big := series{study: "big", name: "1", modality: "CT", slices: 100}
	h := heldOf(t, big)
	study := rescore.Case{StudyUID: h.uid, Parts: []rescore.Part{{StudyUID: h.uid, SeriesUID: h.series[0].uid, Modality: "CT", Instances: 100}}}
	// At a byte a second it would take longer than there is time: the limiter
	// says so at once.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	web := fakeWeb{holdings: []holding{h}}
	s := web.source(t, rescore.Query{})
	for _, speed := range []int64{0, 1, 0, 1 << 30, 1} {
		study.Rescoring.Limits.BytesPerSecond = speed
		files, release, err := s.Fetch(ctx, study)
		release()
		if speed == 1 {
			require.ErrorContains(t, err, "rate")
			require.Empty(t, refusal.Of(err))
			require.Empty(t, files)
			continue
		}
		require.NoError(t, err)
		require.Len(t, files, 100)
	}
}

// No more studies are fetched at once than the limits of the moment say.
func TestFetchesAreBounded(t *testing.T) {
	h, study := chestStudy(t)
	for most, want := range map[int]int{0: 2, 1: 1, 3: 3} {
		m := newMeeting(want)
		server := fakeWeb{holdings: []holding{h}, fault: func(r *http.Request, _ int) int {
			if strings.HasSuffix(r.URL.Path, "/series/"+h.series[0].uid) {
				m.attend()
			}
			return 0
		}}
		s := server.source(t, rescore.Query{})
		study.Rescoring.Limits.MaxFetches = most
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				_, release, err := s.Fetch(context.Background(), study)
				release()
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.Equal(t, want, m.peak, "%d fetches", most)
	}
	s := (&fakeWeb{}).source(t, rescore.Query{})
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("the window closed")
	cancel(why)
	_, release, err := s.Fetch(ctx, study)
	release()
	require.ErrorIs(t, err, why)
}
