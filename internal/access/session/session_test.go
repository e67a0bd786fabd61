package session_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
	"nafas/internal/access/account"
	"nafas/internal/access/session"
	"nafas/internal/audit"
	"nafas/internal/store"
	"nafas/internal/web/api"
)

const password = "correct horse battery"

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// heard keeps what the trail was told.
type heard struct {
	mu     sync.Mutex
	events []audit.Event
	fail   error
}

func (h *heard) Record(_ context.Context, e audit.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil {
		return h.fail
	}
	h.events = append(h.events, e)
	return nil
}

func (h *heard) kinds() (out []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		word := string(e.Kind)
		if e.Outcome != audit.Success {
			word += " failed"
		}
		out = append(out, strings.TrimSpace(word+" "+e.Who.Name))
	}
	return out
}

// house is a service with its real books.
type house struct {
	t     *testing.T
	books *store.Books
	clock *clock
	trail *heard
	mux   *http.ServeMux
	s     *session.Sessions
}

func newHouse(t *testing.T, change ...func(*session.Options)) *house {
	t.Helper()
	books, err := store.OpenBooks(t.Context(), t.TempDir(), store.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	h := &house{t: t, books: books, clock: &clock{at: time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)}, trail: &heard{}, mux: http.NewServeMux()}
	o := session.Options{Book: books, Audit: h.trail, MayBeOpen: true, Now: h.clock.now, Look: 5 * time.Millisecond, Log: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&o)
	}
	h.s = session.New(o)
	h.s.Mount(h.mux)
	told := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := session.Who(r.Context())
		require.True(t, ok)
		_, _ = io.WriteString(w, p.Name)
	})
	h.mux.Handle("/api/read", h.s.Require(access.RoleRead, told))
	h.mux.Handle("/api/review", h.s.Require(access.RoleReview, told))
	h.mux.Handle("GET /dicom-web/studies", access.Gate{Visitors: h.s}.Everybody(access.RoleRead, told))
	h.mux.Handle("GET /api/events", h.s.Require(access.RoleRead, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})))
	return h
}

func (h *house) add(name string, roles ...access.Role) {
	h.t.Helper()
	hash, err := account.NewHasher().Hash(h.t.Context(), password)
	require.NoError(h.t, err)
	require.NoError(h.t, h.books.AddAccount(h.t.Context(), account.Account{
		Name: name, Display: "Dr " + name, Roles: roles, Hash: hash, CreatedAt: h.clock.now(), ChangedAt: h.clock.now(),
	}))
}

// browser keeps cookies, and what Me said.
type browser struct {
	*house
	cookies map[string]*http.Cookie
	csrf    string
	from    string
	https   bool
}

func (h *house) browser() *browser {
	return &browser{house: h, cookies: map[string]*http.Cookie{}, from: "192.0.2.7:1234", https: true}
}

func (b *browser) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	base := "http://localhost"
	if b.https {
		base = "https://nafas.example"
	}
	r := httptest.NewRequestWithContext(b.t.Context(), method, base+path, strings.NewReader(body))
	r.RemoteAddr = b.from
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

func (b *browser) signIn(name, with string) *httptest.ResponseRecorder {
	b.t.Helper()
	body, err := json.Marshal(api.SignIn{Name: name, Password: with})
	require.NoError(b.t, err)
	w := b.do(http.MethodPost, "/api/sign-in", string(body))
	if w.Code == http.StatusOK {
		b.csrf = decode[api.Me](b.t, w.Body).CSRF
	}
	return w
}

func decode[T any](t *testing.T, body *bytes.Buffer) (out T) {
	t.Helper()
	require.NoError(t, json.Unmarshal(body.Bytes(), &out), body.String())
	return out
}

func (b *browser) problem(w *httptest.ResponseRecorder, status int) api.Problem {
	b.t.Helper()
	require.Equal(b.t, status, w.Code, w.Body.String())
	p := decode[api.Problem](b.t, w.Body)
	require.NotEmpty(b.t, p.Detail)
	return p
}

func TestSignInAndOut(t *testing.T) {
	h := newHouse(t)
	h.add("amina", access.RoleRead, access.RoleReview)
	b := h.browser()
	require.Equal(t, api.SignInMethods{Password: true}, decode[api.SignInMethods](t, b.do(http.MethodGet, "/api/sign-in", "").Body))
	require.Equal(t, "signed_out", b.problem(b.do(http.MethodGet, "/api/me", ""), http.StatusUnauthorized).Code)
	require.Equal(t, http.StatusUnauthorized, b.do(http.MethodGet, "/dicom-web/studies", "").Code)

	w := b.signIn("Amina", password) // names are of any case
	require.Equal(t, http.StatusOK, w.Code)
	me := decode[api.Me](t, b.do(http.MethodGet, "/api/me", "").Body)
	require.Equal(t, api.Me{Name: "amina", Display: "Dr amina", Roles: []string{"read", "review"}, CSRF: b.csrf, IdleSeconds: 900}, me)
	c := b.cookies["__Host-nafas"]
	require.True(t, c.Secure && c.HttpOnly && c.Path == "/" && c.Domain == "" && c.SameSite == http.SameSiteStrictMode, c.String())
	require.Len(t, c.Value, 43, "256 bits")
	require.NotContains(t, c.Value, b.csrf)
	require.Equal(t, "amina", b.do(http.MethodGet, "/dicom-web/studies", "").Body.String())

	out := b.do(http.MethodPost, "/api/sign-out", "", session.CSRFHeader, b.csrf)
	require.Equal(t, http.StatusNoContent, out.Code)
	require.Equal(t, `"cache"`, out.Header().Get("Clear-Site-Data"), "kept pictures go with who saw them")
	require.Empty(t, b.cookies)
	b.cookies[c.Name] = c // a copy of the cookie opens nothing any more
	require.Equal(t, http.StatusUnauthorized, b.do(http.MethodGet, "/api/me", "").Code)
	require.Equal(t, []string{"sign-in amina", "sign-out amina"}, h.trail.kinds())
}

// Whoever plants a cookie before somebody signs in does not hold their session.
func TestSignInTakesANewID(t *testing.T) {
	h := newHouse(t)
	h.add("amina", access.RoleRead)
	b := h.browser()
	b.cookies["__Host-nafas"] = &http.Cookie{Name: "__Host-nafas", Value: "planted"}
	b.signIn("amina", password)
	first := b.cookies["__Host-nafas"]
	require.NotEqual(t, "planted", first.Value)
	b.signIn("amina", password)
	require.NotEqual(t, first.Value, b.cookies["__Host-nafas"].Value)
	old := h.browser()
	old.cookies[first.Name] = first
	require.Equal(t, http.StatusUnauthorized, old.do(http.MethodGet, "/api/me", "").Code, "the session before has ended")
}

func TestWithoutTLSTheCookieHasNoPrefix(t *testing.T) {
	h := newHouse(t)
	h.add("amina", access.RoleRead)
	b := h.browser()
	b.https = false
	b.signIn("amina", password)
	require.Contains(t, b.cookies, "nafas")
	require.False(t, b.cookies["nafas"].Secure)
	require.Equal(t, http.StatusOK, b.do(http.MethodGet, "/api/read", "").Code)
}

func TestRefusedSignIn(t *testing.T) {
	h := newHouse(t)
	h.add("amina", access.RoleRead)
	h.add("former", access.RoleRead)
	require.NoError(t, h.books.ChangeAccount(t.Context(), "former", func(a *account.Account) { a.Disabled = true }))
	var bodies []string
	for _, c := range []struct{ name, with string }{{"amina", "wrong horse battery"}, {"former", password}, {"nobody", password}, {"no name at all", password}, {"", ""}} {
		b := h.browser()
		w := b.signIn(c.name, c.with)
		bodies = append(bodies, w.Body.String())
		require.Equal(t, "invalid", b.problem(w, http.StatusUnauthorized).Code, c.name)
		require.Empty(t, b.cookies)
	}
	require.Len(t, slices.Compact(bodies), 1, "the answer does not say what was wrong")
	require.Equal(t, []string{"sign-in failed amina", "sign-in failed former", "sign-in failed", "sign-in failed", "sign-in failed"}, h.trail.kinds(),
		"what is typed for a name can be a password")
	for _, e := range h.trail.events {
		require.Equal(t, "192.0.2.7", e.Who.Address)
	}
	b := h.browser()
	require.Equal(t, http.StatusBadRequest, b.do(http.MethodPost, "/api/sign-in", `name=amina`, "Content-Type", "application/x-www-form-urlencoded").Code)
	require.Equal(t, http.StatusBadRequest, b.do(http.MethodPost, "/api/sign-in", `{`).Code)
	require.Equal(t, http.StatusForbidden, b.do(http.MethodPost, "/api/sign-in", `{}`, "Sec-Fetch-Site", "cross-site").Code)
}

func TestRoles(t *testing.T) {
	h := newHouse(t)
	h.add("reader", access.RoleRead)
	b := h.browser()
	b.signIn("reader", password)
	require.Equal(t, http.StatusOK, b.do(http.MethodGet, "/api/read", "").Code)
	require.Equal(t, "forbidden", b.problem(b.do(http.MethodGet, "/api/review", ""), http.StatusForbidden).Code)
	// What is given holds from the next sign-in, since the change ended this one.
	require.NoError(t, h.books.ChangeAccount(t.Context(), "reader", func(a *account.Account) { a.Roles = []access.Role{access.RoleAdmin} }))
	require.Equal(t, http.StatusUnauthorized, b.do(http.MethodGet, "/api/review", "").Code)
	b.signIn("reader", password)
	require.Equal(t, http.StatusOK, b.do(http.MethodGet, "/api/review", "").Code)
	require.Equal(t, []string{"read", "review", "admin"}, decode[api.Me](t, b.do(http.MethodGet, "/api/me", "").Body).Roles)
}

func TestSessionsEnd(t *testing.T) {
	minute := time.Minute
	for _, c := range []struct {
		name string
		// do goes on for as long as the session is said to last.
		do    func(b *browser)
		alive bool
	}{
		{"nothing is done", func(b *browser) { b.clock.pass(15 * minute) }, false},
		{"something is done in time", func(b *browser) {
			b.clock.pass(14 * minute)
			b.do(http.MethodGet, "/api/read", "")
			b.clock.pass(14 * minute)
		}, true},
		{"what no hand caused does not count", func(b *browser) {
			for range 15 {
				b.clock.pass(minute)
				b.do(http.MethodGet, "/api/read", "", session.PassiveHeader, "1")
			}
		}, false},
		{"images do not count", func(b *browser) {
			for range 15 {
				b.clock.pass(minute)
				b.do(http.MethodGet, "/dicom-web/studies", "")
			}
		}, false},
		{"nor does what is refused", func(b *browser) {
			for range 15 {
				b.clock.pass(minute)
				b.do(http.MethodGet, "/api/review", "")
				b.do(http.MethodPost, "/api/read", "{}")
			}
		}, false},
		{"the longest day ends", func(b *browser) {
			for range 60 {
				b.clock.pass(10 * minute)
				b.do(http.MethodGet, "/api/read", "")
			}
		}, false},
		{"an hour before it does not", func(b *browser) {
			for range 54 {
				b.clock.pass(10 * minute)
				b.do(http.MethodGet, "/api/read", "")
			}
		}, true},
		{"disabled", func(b *browser) {
			require.NoError(b.t, b.books.ChangeAccount(b.t.Context(), "amina", func(a *account.Account) { a.Disabled = true }))
		}, false},
		{"another password", func(b *browser) {
			require.NoError(b.t, b.books.ChangeAccount(b.t.Context(), "amina", func(a *account.Account) { a.Hash = "other" }))
		}, false},
		{"removed", func(b *browser) {
			require.NoError(b.t, b.books.RemoveAccount(b.t.Context(), "amina", b.clock.now()))
			b.add("other", access.RoleRead) // else everybody is let in
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.add("amina", access.RoleRead)
			b := h.browser()
			require.Equal(t, http.StatusOK, b.signIn("amina", password).Code)
			c.do(b)
			want := http.StatusUnauthorized
			if c.alive {
				want = http.StatusOK
			}
			require.Equal(t, want, b.do(http.MethodGet, "/api/read", "").Code)
			require.Equal(t, want, b.do(http.MethodGet, "/dicom-web/studies", "").Code)
		})
	}
}

func TestCSRF(t *testing.T) {
	h := newHouse(t)
	h.add("amina", access.RoleRead)
	b, other := h.browser(), h.browser()
	b.signIn("amina", password)
	other.signIn("amina", password)
	require.NotEqual(t, b.csrf, other.csrf, "the token is one session's")
	for _, c := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"the page's own", []string{session.CSRFHeader, b.csrf, "Sec-Fetch-Site", "same-origin", "Origin", "https://nafas.example"}, 200},
		{"a program's", []string{session.CSRFHeader, b.csrf}, 200},
		{"no token", []string{"Sec-Fetch-Site", "same-origin"}, 403},
		{"another session's token", []string{session.CSRFHeader, other.csrf}, 403},
		{"another site's page", []string{session.CSRFHeader, b.csrf, "Sec-Fetch-Site", "cross-site"}, 403},
		{"a page of a neighbour", []string{session.CSRFHeader, b.csrf, "Sec-Fetch-Site", "same-site"}, 403},
		{"an old browser on another page", []string{session.CSRFHeader, b.csrf, "Origin", "https://evil.example"}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
				require.Equal(t, c.want, b.do(method, "/api/read", "{}", c.headers...).Code, method)
			}
		})
	}
}

// What a page of another site asks for, as a picture in it or by a link, is not
// given: the browser adds the cookie where that page is on another port of this
// machine, and needs none in the open door.
func TestOtherSitesReadNothing(t *testing.T) {
	open := newHouse(t)
	named := newHouse(t)
	named.add("amina", access.RoleRead)
	b := named.browser()
	b.signIn("amina", password)
	for _, who := range []*browser{open.browser(), b} {
		for _, path := range []string{"/api/read", "/api/me", "/api/events", "/dicom-web/studies"} {
			for _, site := range []string{"cross-site", "same-site"} {
				require.Equal(t, http.StatusForbidden, who.do(http.MethodGet, path, "", "Sec-Fetch-Site", site).Code, "%s from %s", path, site)
			}
			if path == "/api/events" {
				continue // goes on
			}
			for _, site := range []string{"same-origin", "none", ""} {
				require.Equal(t, http.StatusOK, who.do(http.MethodGet, path, "", "Sec-Fetch-Site", site).Code, "%s from %q", path, site)
			}
		}
	}
}

// Without a user everybody on this machine is let in, until there is one.
func TestOpen(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	require.Equal(t, api.SignInMethods{Open: true}, decode[api.SignInMethods](t, b.do(http.MethodGet, "/api/sign-in", "").Body))
	me := decode[api.Me](t, b.do(http.MethodGet, "/api/me", "").Body)
	require.True(t, me.Open)
	require.Equal(t, []string{"read", "review"}, me.Roles)
	require.Equal(t, http.StatusForbidden, b.do(http.MethodPost, "/api/read", "{}").Code, "other pages have no token")
	require.Equal(t, http.StatusOK, b.do(http.MethodPost, "/api/read", "{}", session.CSRFHeader, me.CSRF).Code)
	require.Equal(t, "local", b.do(http.MethodGet, "/dicom-web/studies", "").Body.String())

	h.add("amina", access.RoleRead)
	require.Equal(t, http.StatusUnauthorized, b.do(http.MethodGet, "/api/me", "").Code)
	require.Equal(t, http.StatusUnauthorized, b.do(http.MethodGet, "/dicom-web/studies", "").Code)
	require.NoError(t, h.books.ChangeAccount(t.Context(), "amina", func(a *account.Account) { a.Disabled = true }))
	require.Equal(t, http.StatusUnauthorized, b.do(http.MethodGet, "/api/me", "").Code, "who locks the last user out lets nobody in")

	shut := newHouse(t, func(o *session.Options) { o.MayBeOpen = false }).browser()
	require.Equal(t, http.StatusUnauthorized, shut.do(http.MethodGet, "/api/me", "").Code)
}

func TestLimits(t *testing.T) {
	h := newHouse(t)
	h.add("amina", access.RoleRead)
	b := h.browser()
	for range 5 {
		require.Equal(t, http.StatusUnauthorized, b.signIn("amina", "wrong horse battery").Code)
	}
	w := b.signIn("amina", password)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	p := b.problem(w, http.StatusTooManyRequests)
	require.Equal(t, "too_many", p.Code)
	require.Equal(t, 1, p.RetryAfterSeconds)
	elsewhere := h.browser()
	elsewhere.from = "198.51.100.9:1"
	require.Equal(t, http.StatusTooManyRequests, elsewhere.signIn("amina", password).Code, "a name's pause is for every address")
	h.clock.pass(time.Second)
	require.Equal(t, http.StatusUnauthorized, b.signIn("amina", "wrong horse battery").Code)
	require.Equal(t, "2", b.signIn("amina", password).Header().Get("Retry-After"), "pauses double")
	h.clock.pass(2 * time.Second)
	require.Equal(t, http.StatusOK, b.signIn("amina", password).Code)
	for range 5 {
		require.Equal(t, http.StatusUnauthorized, b.signIn("amina", "wrong horse battery").Code, "who signed in begins anew")
	}
}

func TestLimitsOfAnAddress(t *testing.T) {
	h := newHouse(t)
	h.add("amina", access.RoleRead)
	b := h.browser()
	b.from = "[2001:db8::1]:1"
	tries := 0
	for ; tries < 100; tries++ {
		b.from = "[2001:db8::" + string(rune('a'+tries%6)) + "]:1" // one sender has them all
		if b.signIn("guess"+string(rune('a'+tries)), password).Code == http.StatusTooManyRequests {
			break
		}
	}
	require.Equal(t, 20, tries)
	require.Equal(t, http.StatusTooManyRequests, b.signIn("amina", password).Code)
	b.from = "[2001:db8:0:1::1]:1"
	require.Equal(t, http.StatusOK, b.signIn("amina", password).Code)
}

// The stream of events ends with the session, and keeps none alive.
func TestStreamsEndWithTheSession(t *testing.T) {
	disabled := func(h *house) {
		require.NoError(h.t, h.books.ChangeAccount(h.t.Context(), "amina", func(a *account.Account) { a.Disabled = true }))
	}
	for name, c := range map[string]struct {
		accept string
		end    func(h *house)
	}{
		"idle":     {"text/event-stream", func(h *house) { h.clock.pass(15 * time.Minute) }},
		"disabled": {"text/event-stream", disabled},
		"disabled, and does not say that it takes a stream": {"*/*", disabled},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.add("amina", access.RoleRead)
			b := h.browser()
			b.signIn("amina", password)
			h.clock.pass(14 * time.Minute)
			done := make(chan int)
			go func() {
				done <- b.do(http.MethodGet, "/api/events", "", "Accept", c.accept).Code
			}()
			select {
			case <-done:
				t.Fatal("the stream ended before the session")
			case <-time.After(100 * time.Millisecond):
			}
			c.end(h)
			select {
			case code := <-done:
				require.Equal(t, http.StatusOK, code)
			case <-time.After(10 * time.Second):
				t.Fatal("the stream goes on without its session")
			}
		})
	}
}

// A hash of an earlier cost is made anew when its password is typed.
func TestRehash(t *testing.T) {
	h := newHouse(t)
	weak := weakHash(password)
	require.NoError(t, h.books.AddAccount(t.Context(), account.Account{Name: "amina", Display: "Dr A", Roles: []access.Role{access.RoleRead}, Hash: weak}))
	b := h.browser()
	require.Equal(t, http.StatusOK, b.signIn("amina", password).Code)
	a, err := h.books.Account(t.Context(), "amina")
	require.NoError(t, err)
	require.Contains(t, a.Hash, "$argon2id$v=19$m=19456,t=2,p=1$")
	require.Equal(t, http.StatusOK, b.signIn("amina", password).Code)
	require.Equal(t, http.StatusUnauthorized, b.signIn("amina", "wrong horse battery").Code)
}

// Who is not in the trail is not let in.
func TestNobodyEntersUnrecorded(t *testing.T) {
	h := newHouse(t)
	h.add("amina", access.RoleRead)
	h.trail.fail = io.ErrShortWrite
	b := h.browser()
	require.Equal(t, "unavailable", b.problem(b.signIn("amina", password), http.StatusServiceUnavailable).Code)
	require.Empty(t, b.cookies)
	require.Equal(t, "unavailable", b.problem(b.signIn("amina", "wrong horse battery"), http.StatusServiceUnavailable).Code)
}

// Behind a proxy the address is what that adds, and never what a client claims.
func TestAddressBehindAProxy(t *testing.T) {
	public, err := url.Parse("https://nafas.example")
	require.NoError(t, err)
	for _, c := range []struct {
		name, peer, forwarded string
		proxied               bool
		want                  string
	}{
		{"no proxy", "192.0.2.7:1", "203.0.113.9", false, "192.0.2.7"},
		{"the proxy", "127.0.0.1:1", "203.0.113.9", true, "203.0.113.9"},
		{"a client that claims more", "127.0.0.1:1", "10.0.0.1, 203.0.113.9", true, "203.0.113.9"},
		{"a proxy that says nothing", "127.0.0.1:1", "", true, "127.0.0.1"},
		{"somebody who is no proxy", "192.0.2.7:1", "203.0.113.9", true, "192.0.2.7"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.7]:1", "", false, "192.0.2.7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := session.Options{}
			if c.proxied {
				o.Public = public
			}
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.peer
			r.Header.Set("X-Forwarded-For", c.forwarded)
			require.Equal(t, c.want, session.New(o).Address(r))
		})
	}
}

// Behind a proxy that encrypts, cookies and origins are as browsers see them.
func TestBehindAProxy(t *testing.T) {
	public, err := url.Parse("https://nafas.example")
	require.NoError(t, err)
	h := newHouse(t, func(o *session.Options) { o.Public, o.MayBeOpen = public, false })
	h.add("amina", access.RoleRead)
	b := h.browser()
	b.https = false // as the proxy asks us
	require.Equal(t, http.StatusOK, b.signIn("amina", password).Code)
	require.Contains(t, b.cookies, "__Host-nafas")
	require.Equal(t, http.StatusOK, b.do(http.MethodPost, "/api/read", "{}", session.CSRFHeader, b.csrf, "Origin", "https://nafas.example").Code)
	require.Equal(t, http.StatusForbidden, b.do(http.MethodPost, "/api/read", "{}", session.CSRFHeader, b.csrf, "Origin", "https://evil.example").Code)
}

// idp vouches for amina.
type idp struct{ started int }

func (p *idp) Name() string { return "Hospital" }
func (p *idp) Start(_ context.Context, s session.Secrets) (string, error) {
	p.started++
	return "https://idp.example/?state=" + url.QueryEscape(s.State), nil
}
func (p *idp) Finish(context.Context, string, session.Secrets) (account.Person, error) {
	return account.Person{Name: "oidc:amina", Display: "Amina", Roles: []access.Role{access.RoleRead}}, nil
}

// Nobody is signed in by a page of another site: neither by leading the browser to
// the provider, which knows it still, nor by an answer that this browser did not ask
// for.
func TestOtherSitesSignNobodyIn(t *testing.T) {
	p := &idp{}
	h := newHouse(t, func(o *session.Options) { o.Provider = p })
	b := h.browser()
	for _, site := range []string{"cross-site", "same-site"} {
		w := b.do(http.MethodGet, "/auth/start?to=/studies/1.2", "", "Sec-Fetch-Site", site)
		require.Equal(t, "/studies/1.2", w.Header().Get("Location"))
	}
	require.Zero(t, p.started)
	start := b.do(http.MethodGet, "/auth/start?to=/api/reviews.csv", "", "Sec-Fetch-Site", "same-origin")
	state, err := url.Parse(start.Header().Get("Location"))
	require.NoError(t, err)
	mine := "/auth/callback?code=c&state=" + url.QueryEscape(state.Query().Get("state"))

	other := h.browser() // brings an answer that it did not ask for
	require.Equal(t, "/?problem=invalid", other.do(http.MethodGet, mine, "", "Sec-Fetch-Site", "cross-site").Header().Get("Location"))
	other.do(http.MethodGet, "/auth/start", "", "Sec-Fetch-Site", "none")
	require.Equal(t, "/?problem=invalid", other.do(http.MethodGet, mine, "").Header().Get("Location"))
	require.Equal(t, "/?problem=invalid", other.do(http.MethodGet, "/auth/callback?code=c&state=", "").Header().Get("Location"))
	require.Empty(t, h.trail.kinds())

	// The provider's own answer comes from another site, and the cookie's path is
	// looked at again.
	require.Equal(t, "/", b.do(http.MethodGet, mine, "", "Sec-Fetch-Site", "cross-site").Header().Get("Location"))
	require.Equal(t, []string{"sign-in oidc:amina"}, h.trail.kinds())
	require.Equal(t, "/?problem=invalid", b.do(http.MethodGet, mine, "").Header().Get("Location"), "an answer is good once")
}

// slowBook does something after a session was read and before that is told.
type slowBook struct {
	session.Book
	meanwhile func()
}

func (s *slowBook) Session(ctx context.Context, id [32]byte) (account.Session, error) {
	kept, err := s.Book.Session(ctx, id)
	if meanwhile := s.meanwhile; meanwhile != nil {
		s.meanwhile = nil
		meanwhile()
	}
	return kept, err
}

// TestALateLookEndsNoSession: one looks a session up and is held up, while its
// owner goes on.
func TestALateLookEndsNoSession(t *testing.T) {
	book := &slowBook{}
	h := newHouse(t, func(o *session.Options) { book.Book, o.Book = o.Book, book })
	h.add("amina", access.RoleRead)
	b := h.browser()
	require.Equal(t, http.StatusOK, b.signIn("amina", password).Code)
	book.meanwhile = func() {
		for range 2 {
			b.clock.pass(10 * time.Minute)
			require.Equal(t, http.StatusOK, b.do(http.MethodGet, "/api/read", "").Code)
		}
	}
	require.Equal(t, http.StatusOK, b.do(http.MethodGet, "/dicom-web/studies", "").Code)
	require.Equal(t, http.StatusOK, b.do(http.MethodGet, "/api/read", "").Code)
}
