package web_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"nafas/dicomio/refusal"
	"nafas/internal/audit"
	"nafas/internal/i18n"
	"nafas/internal/triage"
	"nafas/internal/web"
	"nafas/internal/web/api"
)

// paths are all endpoints that need a role, and the role.
var paths = []struct{ method, path, role string }{
	{"GET", "/api/worklist", "read"}, {"GET", "/api/again", "read"}, {"GET", "/api/again/7", "read"}, {"GET", "/api/events", "read"}, {"GET", "/api/about", "read"}, {"GET", "/api/quality", "read"},
	{"GET", "/api/reviews.csv", "read"}, {"GET", "/api/studies/1.2", "read"}, {"GET", "/api/studies/1.2/outlines", "read"},
	{"GET", "/api/studies/1.2/events", "read"}, {"GET", "/api/studies/1.2/review", "read"}, {"POST", "/api/studies/1.2/review", "review"},
	{"GET", "/api/studies/1.2/series/1.3/findings/1/thumbnail", "read"}, {"GET", "/api/studies/1.2/earlier/1/thumbnail", "read"},
}

func TestEveryEndpointNeedsItsRole(t *testing.T) {
	b := newBench(t)
	for _, one := range paths {
		for _, roles := range []string{"submit", "read", "review"} {
			if roles == one.role && roles != "review" { // who reviews must be allowed to read
				continue
			}
			res, _ := b.ask(one.method, one.path, "somebody:"+roles, nil)
			require.Equal(t, http.StatusForbidden, res.StatusCode, "%s %s by %s", one.method, one.path, roles)
		}
	}
	res, _ := b.ask("POST", "/api/studies/1.2/review", "somebody:read,review", nil)
	require.NotEqual(t, http.StatusForbidden, res.StatusCode)
	require.Equal(t, len(paths), web.Endpoints(b.web), "an endpoint that this test does not know")
	require.Empty(t, b.trail.said(), "nobody saw anything")
}

func TestProblems(t *testing.T) {
	b := newBench(t)
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		"/api/nothing":                                              {http.StatusNotFound, "not_found"},
		"/api/worklist?limit=501":                                   {http.StatusBadRequest, "invalid"},
		"/api/worklist?limit=x":                                     {http.StatusBadRequest, "invalid"},
		"/api/worklist?offset=-1":                                   {http.StatusBadRequest, "invalid"},
		"/api/worklist?state=lost":                                  {http.StatusBadRequest, "invalid"},
		"/api/worklist?priority=red":                                {http.StatusBadRequest, "invalid"},
		"/api/worklist?review=late":                                 {http.StatusBadRequest, "invalid"},
		"/api/events?cursor=x":                                      {http.StatusBadRequest, "invalid"},
		"/api/quality?from=yesterday":                               {http.StatusBadRequest, "invalid"},
		"/api/quality?from=2026-02-02&to=2026-02-01":                {http.StatusBadRequest, "invalid"},
		"/api/studies/1.2":                                          {http.StatusNotFound, "not_found"},
		"/api/studies/1.2/outlines":                                 {http.StatusNotFound, "not_found"},
		"/api/studies/1.2/review":                                   {http.StatusNotFound, "not_found"},
		"/api/studies/1.2/events":                                   {http.StatusNotFound, "not_found"},
		"/api/studies/1.2/series/1.3/findings/0/thumbnail":          {http.StatusBadRequest, "invalid"},
		"/api/studies/1.2/series/1.3/findings/1/thumbnail":          {http.StatusNotFound, "not_found"},
		"/api/studies/1.2/earlier/x/thumbnail":                      {http.StatusBadRequest, "invalid"},
		"/api/studies/1.2/earlier/1/thumbnail":                      {http.StatusNotFound, "not_found"},
		"/api/studies/" + url.PathEscape("../../etc") + "/outlines": {http.StatusNotFound, "not_found"},
	} {
		require.Equal(t, want.code, b.refused(want.status, http.MethodGet, path, everybody, nil).Code, path)
	}
	res, _ := b.ask(http.MethodDelete, "/api/worklist", everybody, nil)
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	b.refused(http.StatusBadRequest, http.MethodPost, "/api/studies/1.2/review", everybody, map[string]any{"id": "x", "name": "secret"})
	b.refused(http.StatusRequestEntityTooLarge, http.MethodPost, "/api/studies/1.2/review", everybody, map[string]any{"id": strings.Repeat("x", 1<<17)})
	r, err := http.NewRequest(http.MethodPost, b.http.URL+"/api/studies/1.2/review", strings.NewReader("id=1"))
	require.NoError(t, err)
	r.Header.Set("Test-Reader", everybody)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, http.StatusUnsupportedMediaType, answer.StatusCode)
}

// broken fails, or panics, with a patient's name.
type broken struct {
	web.Studies
	panics bool
}

func (f broken) Study(context.Context, string) (triage.Study, error) {
	if f.panics {
		panic("DOE^JANE")
	}
	return triage.Study{}, errors.New("no such column: DOE^JANE")
}

// What went wrong inside is in the log, and nothing of it in the answer; a request
// that panics is answered, and the server goes on.
func TestFaultsSayNothing(t *testing.T) {
	for _, panics := range []bool{false, true} {
		b := newBench(t, func(o *web.Options) { o.Studies = broken{o.Studies, panics} })
		res, body := b.ask(http.MethodGet, "/api/studies/1.2?search=DOE", everybody, nil)
		require.Equal(t, http.StatusInternalServerError, res.StatusCode)
		require.Contains(t, string(body), `"internal"`)
		require.NotContains(t, string(body), "DOE")
		require.Contains(t, b.log.String(), "GET /api/studies/{study}")
		require.NotContains(t, b.log.String(), "search=")
		if panics {
			require.NotContains(t, b.log.String(), "DOE", "in the log only what the program says")
		}
		res, _ = b.ask(http.MethodGet, "/api/about", everybody, nil)
		require.Equal(t, http.StatusOK, res.StatusCode)
	}
}

// The policy that keeps every foreign script, style and address out.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; " +
	"worker-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func TestSecurityHeadersAreOnEveryAnswer(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"/", "/studies/1.2", "/nothing", "/page/page.js", "/page/nothing.js", "/api/worklist", "/api/nothing", "/api/studies/9"} {
		res, _ := b.ask(http.MethodGet, path, everybody, nil)
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			require.Equal(t, want, res.Header.Get(name), "%s of %s", name, path)
		}
		require.NotEmpty(t, res.Header.Get("Permissions-Policy"))
		require.Empty(t, res.Header.Get("Strict-Transport-Security"), "not where there is no TLS")
		if strings.HasPrefix(path, "/api/") {
			require.Equal(t, "no-store", res.Header.Get("Cache-Control"), path)
		}
	}
	behind := httptest.NewTLSServer(b.web)
	defer behind.Close()
	res, err := behind.Client().Get(behind.URL)
	require.NoError(t, err)
	res.Body.Close()
	require.NotEmpty(t, res.Header.Get("Strict-Transport-Security"))
}

// The page itself keeps its policy: no script or style in it.
func TestThePageKeepsItsPolicy(t *testing.T) {
	b := newBench(t)
	res, body := b.ask(http.MethodGet, "/", "", nil)
	require.Equal(t, "text/html; charset=utf-8", res.Header.Get("Content-Type"))
	require.NotRegexp(t, `(?i)<style|\sstyle=|\son[a-z]+=|<script[^>]*>[^<]|https?://`, string(body))
}

func TestThePage(t *testing.T) {
	b := newBench(t)
	_, index := b.ask(http.MethodGet, "/", "", nil)
	for _, path := range []string{"/studies/1.2.3", "/again/7", "/quality", "/about", "/sign-in"} {
		res, body := b.ask(http.MethodGet, path, "", nil)
		require.Equal(t, http.StatusOK, res.StatusCode, path)
		require.Equal(t, index, body, path)
	}
	for _, path := range []string{"/other", "/studies/1/2", "/again", "/page/", "/page/../web.go", "/page/%2e%2e/web.go"} {
		res, _ := b.ask(http.MethodGet, path, "", nil)
		require.Equal(t, http.StatusNotFound, res.StatusCode, path)
	}

	plain, body := b.ask(http.MethodGet, "/page/page.js", "", nil) // Go asks for gzip and unpacks by itself
	require.Equal(t, "text/javascript; charset=utf-8", plain.Header.Get("Content-Type"))
	require.Equal(t, "no-cache", plain.Header.Get("Cache-Control"))
	ask := func(header, value string) *http.Response {
		r, err := http.NewRequest(http.MethodGet, b.http.URL+"/page/page.js", nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Encoding", "identity")
		r.Header.Set(header, value)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	small := ask("Accept-Encoding", "br, gzip;q=0.8")
	require.Equal(t, "gzip", small.Header.Get("Content-Encoding"))
	z, err := gzip.NewReader(small.Body)
	require.NoError(t, err)
	unpacked, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Equal(t, body, unpacked)
	whole := ask("Accept-Encoding", "gzip;q=0")
	require.Empty(t, whole.Header.Get("Content-Encoding"))
	require.NotEqual(t, whole.Header.Get("ETag"), small.Header.Get("ETag"), "two encodings are two things")
	require.Equal(t, http.StatusNotModified, ask("If-None-Match", `"other", `+whole.Header.Get("ETag")).StatusCode)
	require.Equal(t, http.StatusOK, ask("If-None-Match", `"other"`).StatusCode)
}

// A list in an answer is never null: the page goes through it without asking.
func TestNoListIsNull(t *testing.T) {
	b := newBench(t)
	uid, series := b.withResult("nulls", 0)
	other, _ := b.withResult("filled", 2)
	for _, path := range []string{
		"/api/worklist", "/api/worklist?offset=99", "/api/about", "/api/quality", "/api/studies/" + uid, "/api/studies/" + other,
		"/api/studies/" + uid + "/outlines", "/api/studies/" + other + "/outlines", "/api/studies/" + uid + "/review",
	} {
		res, body := b.ask(http.MethodGet, path, everybody, nil)
		require.Equal(t, http.StatusOK, res.StatusCode, path)
		require.NotContains(t, string(body), "null", path)
	}
	require.NotEmpty(t, series)
}

func TestTheWorklistSpeaksTheLanguageOfTheRequest(t *testing.T) {
	b := newBench(t)
	uid, _ := b.withResult("language", 2)
	said := map[string]string{}
	for _, l := range []string{"en", "fr", "ar"} {
		list := get[api.Worklist](b, "/api/worklist?lang="+l)
		require.Len(t, list.Studies, 1)
		row := list.Studies[0]
		require.Equal(t, uid, row.UID)
		require.Equal(t, []any{"done", true, 2, 1, slicesOf}, []any{row.State, row.HasResult, row.Findings, row.Flagged, row.Instances})
		require.Len(t, row.Thumbnails, 2)
		require.NotEmpty(t, row.Reasons)
		require.Empty(t, said[row.Reasons[0].Text])
		said[row.Reasons[0].Text] = l
	}
	list := get[api.Worklist](b, "/api/worklist?state=done&review=none&priority="+get[api.Worklist](b, "/api/worklist").Studies[0].Priority)
	require.Equal(t, 1, list.Total)
	require.Equal(t, 1, list.Counters.ToReview)
	require.NotEmpty(t, list.Cursor)
	require.Empty(t, get[api.Worklist](b, "/api/worklist?review=signed").Studies)
}

// What to do about a refusal is said in the language of the request; what was
// found, and what this refusal in particular asks for, stay exact.
func TestRefusalsSpeakTheLanguageOfTheRequest(t *testing.T) {
	b := newBench(t)
	uid, _ := b.withResult("refused", 1)
	same, _ := i18n.Remedy("en", string(refusal.Unsupported))
	for stored, exact := range map[string]string{"install libopenjp2-7": "install libopenjp2-7", "": "", same: ""} {
		_, err := b.store.DB().ExecContext(t.Context(), `UPDATE study SET state = 'not_assessed', not_assessed = ?`,
			`{"reason": "`+string(refusal.Unsupported)+`", "found": "transfer syntax 1.2.3", "remedy": "`+stored+`"}`)
		require.NoError(t, err)
		for _, l := range []string{"fr", "ar"} {
			want, _ := i18n.Remedy(l, string(refusal.Unsupported))
			for _, why := range []*api.Refusal{
				get[api.Worklist](b, "/api/worklist?lang="+l).Studies[0].NotAssessed, get[api.StudyPage](b, "/api/studies/"+uid+"?lang="+l).Study.NotAssessed,
			} {
				require.Equal(t, []string{want, "transfer syntax 1.2.3", exact}, []string{why.Remedy, why.Found, why.RemedyExact})
			}
		}
		english := get[api.Worklist](b, "/api/worklist?lang=en").Studies[0].NotAssessed
		if stored == "" {
			stored, _ = i18n.Remedy("en", string(refusal.Unsupported))
		}
		require.Equal(t, []string{stored, ""}, []string{english.Remedy, english.RemedyExact})
	}
}

// Of a study with images of two patients nobody is told findings, wherever they
// stand.
func TestFindingsOfAHeldStudyAreWithheld(t *testing.T) {
	b := newBench(t)
	uid, series := b.withResult("held", 2)
	thumbnail := get[api.Worklist](b, "/api/worklist").Studies[0].Thumbnails[0].URL
	res, _ := b.ask(http.MethodGet, thumbnail, everybody, nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	_, err := b.store.DB().ExecContext(t.Context(), `UPDATE study SET state = 'not_assessed', not_assessed = ?`,
		`{"reason": "`+string(refusal.PatientMismatch)+`", "found": "f", "remedy": "r"}`)
	require.NoError(t, err)
	row := get[api.Worklist](b, "/api/worklist").Studies[0]
	require.False(t, row.HasResult)
	require.Empty(t, row.Thumbnails)
	require.Zero(t, row.Findings)
	require.Equal(t, string(refusal.PatientMismatch), row.NotAssessed.Reason)
	page := get[api.StudyPage](b, "/api/studies/"+uid)
	require.Nil(t, page.Series[0].Result)
	require.Empty(t, page.Exam)
	b.refused(http.StatusNotFound, http.MethodGet, thumbnail, everybody, nil)
	b.refused(http.StatusNotFound, http.MethodGet, "/api/studies/"+uid+"/outlines", everybody, nil)
	require.NotEmpty(t, series)
}

// What is not recorded is not shown.
func TestOpeningIsRecorded(t *testing.T) {
	b := newBench(t, func(o *web.Options) {
		all := audit.NewAccesses(o.Audit, o.Address)
		o.Audit, o.Admit = all, all.Admit
	})
	uid, _ := b.withResult("audit", 1)
	get[api.StudyPage](b, "/api/studies/"+uid)
	res, _ := b.ask(http.MethodGet, "/api/reviews.csv", everybody, nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, []string{"open review page by reader of " + uid, "export reviews.csv by reader of "}, b.trail.said())
	require.Equal(t, "192.0.2.1", b.trail.events[0].Who.Address)

	// Whose studies there are is shown to nobody whom the trail does not know.
	thumbnail := get[api.Worklist](b, "/api/worklist").Studies[0].Thumbnails[0].URL
	get[api.Worklist](b, "/api/worklist")
	b.ask(http.MethodGet, thumbnail, everybody, nil)
	follow[api.Event](b, "/api/events", everybody, "")
	require.Equal(t, []string{"query  by reader of "}, b.trail.said()[2:], "once in a while for each")

	b.trail.err = errors.New("the disk is full")
	for _, path := range []string{"/api/worklist", "/api/again", "/api/again/7", "/api/events", thumbnail, "/api/studies/" + uid, "/api/studies/" + uid + "/outlines", "/api/studies/" + uid + "/review", "/api/reviews.csv"} {
		require.Equal(t, "unavailable", b.refused(http.StatusServiceUnavailable, http.MethodGet, path, "late:read", nil).Code, path)
	}
	b.refused(http.StatusServiceUnavailable, http.MethodPost, "/api/studies/"+uid+"/review", everybody, api.ReviewAction{Kind: "sign"})
}

// Who sends a body byte by byte, or less of it than it said, does not keep the
// connection, whether it may ask or not.
func TestSlowBodiesEnd(t *testing.T) {
	defer web.SetBodyTime(50 * time.Millisecond)()
	b := newBench(t)
	for _, line := range []string{"POST /api/studies/1.2/review", "POST /api/sign-in", "GET /api/nothing", "GET /", "GET /page/nothing"} {
		for _, by := range []string{"", everybody} {
			c, err := net.Dial("tcp", b.http.Listener.Addr().String())
			require.NoError(t, err)
			_, err = fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: localhost\r\nTest-Reader: %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", line, by)
			require.NoError(t, err)
			// Else this waits until the test is over.
			_, err = io.Copy(io.Discard, c)
			require.NoError(t, errors.Join(err, c.Close()), line)
		}
	}
}

// counted knows how many ask at once.
type counted struct {
	web.Studies
	now, most atomic.Int32
}

func (c *counted) Quality(ctx context.Context, p triage.Period) (triage.Quality, error) {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	time.Sleep(5 * time.Millisecond)
	return c.Studies.Quality(ctx, p)
}

// Who asks for the reviews of all studies again and again takes one core.
func TestReviewsAreCountedOneByOne(t *testing.T) {
	var c counted
	b := newBench(t, func(o *web.Options) { c.Studies = o.Studies; o.Studies = &c })
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			r, err := http.NewRequest(http.MethodGet, b.http.URL+"/api/quality", nil)
			assert.NoError(t, err)
			r.Header.Set("Test-Reader", everybody)
			res, err := http.DefaultClient.Do(r)
			if err == nil {
				res.Body.Close()
			}
			assert.NoError(t, err)
		})
	}
	all.Wait()
	require.EqualValues(t, 1, c.most.Load())
}
