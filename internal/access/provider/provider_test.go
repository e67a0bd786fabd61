package provider_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
	"nafas/internal/access/account"
	"nafas/internal/access/provider"
	"nafas/internal/access/session"
	"nafas/internal/audit"
	"nafas/internal/store"
	"nafas/internal/web/api"
)

var roles = map[string][]access.Role{"radiologists": {access.RoleRead, access.RoleReview}, "it": {access.RoleAdmin}}

// trail keeps what it is told.
type trail struct {
	mu     sync.Mutex
	events []audit.Event
}

func (h *trail) Record(_ context.Context, e audit.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
	return nil
}

// site is a service that people sign in to at the peer.
type site struct {
	*httptest.Server
	issuer string
	trail  *trail
	p      *provider.Provider
}

func newSite(t *testing.T) *site {
	t.Helper()
	mux := http.NewServeMux()
	s := &site{Server: httptest.NewServer(mux), trail: &trail{}}
	t.Cleanup(s.Close)
	s.issuer = startPeer(t, s.URL+"/auth/callback")
	s.p = provider.New(provider.Options{
		Name: "Hospital", Issuer: s.issuer, ClientID: clientID, ClientSecret: clientSecret, RedirectURL: s.URL + "/auth/callback",
		Scopes: []string{"profile", "groups"}, RolesClaim: "groups", Roles: roles,
	})
	books, err := store.OpenBooks(t.Context(), t.TempDir(), store.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	session.New(session.Options{Book: books, Audit: s.trail, Provider: s.p, Log: slog.New(slog.DiscardHandler)}).Mount(mux)
	return s
}

// start begins to sign in, and gives where the browser is sent.
func (s *site) start(t *testing.T, browser *http.Client, query string) string {
	t.Helper()
	return location(t, browser, s.URL+"/auth/start"+query)
}

func location(t *testing.T, browser *http.Client, at string) string {
	t.Helper()
	res, err := browser.Get(at)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	return res.Header.Get("Location")
}

func (s *site) me(t *testing.T, browser *http.Client) (me api.Me, ok bool) {
	t.Helper()
	res, err := browser.Get(s.URL + "/api/me")
	require.NoError(t, err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return me, false
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&me))
	return me, true
}

func TestSignInAtTheProvider(t *testing.T) {
	s := newSite(t)
	browser := newBrowser(t)
	at := s.start(t, browser, "?to=/studies/1.2.3")
	asked, err := url.Parse(at)
	require.NoError(t, err)
	require.Equal(t, "S256", asked.Query().Get("code_challenge_method"))
	require.Equal(t, "openid profile groups", asked.Query().Get("scope"))
	require.NotEmpty(t, asked.Query().Get("nonce"))

	back := signInAt(t, browser, at, "amina", s.URL)
	require.Equal(t, "/studies/1.2.3", location(t, browser, back))
	me, ok := s.me(t, browser)
	require.True(t, ok)
	require.Equal(t, "oidc:amina", me.Name)
	require.Equal(t, "Dr Amina Alaoui", me.Display)
	require.Equal(t, []string{"read", "review"}, me.Roles)

	// The way back leads nobody in twice, and in no other browser.
	require.Equal(t, "/?problem=invalid", location(t, browser, back))
	require.Equal(t, "/?problem=invalid", location(t, newBrowser(t), back))
	stolen := newBrowser(t)
	s.start(t, stolen, "")
	require.Equal(t, "/?problem=invalid", location(t, stolen, back), "a state of another browser")
	_, ok = s.me(t, stolen)
	require.False(t, ok)
	require.Len(t, s.trail.events, 1)
	require.Equal(t, audit.Who{Name: "oidc:amina", Display: "Dr Amina Alaoui", By: "provider", Address: "127.0.0.1"}, s.trail.events[0].Who)
}

func TestWhoHasNoRoleIsTurnedAway(t *testing.T) {
	s := newSite(t)
	browser := newBrowser(t)
	back := signInAt(t, browser, s.start(t, browser, ""), "clerk", s.URL)
	require.Equal(t, "/?problem=forbidden", location(t, browser, back))
	_, ok := s.me(t, browser)
	require.False(t, ok)
	require.Len(t, s.trail.events, 1)
	require.Equal(t, audit.Minor, s.trail.events[0].Outcome)
}

func TestFinishRefuses(t *testing.T) {
	s := newSite(t)
	secrets := session.Secrets{State: "state", Nonce: "nonce", Verifier: strings.Repeat("v", 43)}
	for _, c := range []struct {
		name   string
		change func(code *string, s *session.Secrets)
		ok     bool
	}{
		{"nothing changed", func(*string, *session.Secrets) {}, true},
		{"the code of nobody", func(code *string, _ *session.Secrets) { *code = "made up" }, false},
		{"no code", func(code *string, _ *session.Secrets) { *code = "" }, false},
		{"a code that was stolen", func(_ *string, s *session.Secrets) { s.Verifier = strings.Repeat("w", 43) }, false},
		{"a token of another sign-in", func(_ *string, s *session.Secrets) { s.Nonce = "other" }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, err := s.p.Start(t.Context(), secrets)
			require.NoError(t, err)
			back, err := url.Parse(signInAt(t, newBrowser(t), at, "chief", s.URL))
			require.NoError(t, err)
			code, with := back.Query().Get("code"), secrets
			c.change(&code, &with)
			person, err := s.p.Finish(t.Context(), code, with)
			if !c.ok {
				require.ErrorIs(t, err, session.ErrRefused)
				require.Zero(t, person)
				return
			}
			require.NoError(t, err)
			require.Equal(t, account.Person{Name: "oidc:chief", Display: "Pr Chief", Roles: []access.Role{access.RoleRead, access.RoleReview, access.RoleAdmin}}, person)
			_, err = s.p.Finish(t.Context(), code, with)
			require.ErrorIs(t, err, session.ErrRefused, "a code is good once")
		})
	}
}

// A provider that is down is asked again.
func TestProviderDown(t *testing.T) {
	var up sync.Mutex
	answers := false
	var issuer string
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		up.Lock()
		defer up.Unlock()
		if !answers {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": issuer, "authorization_endpoint": issuer + "/auth", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/keys"})
	}))
	defer peer.Close()
	issuer = peer.URL
	p := provider.New(provider.Options{Issuer: issuer, ClientID: clientID, RedirectURL: "http://127.0.0.1/auth/callback"})
	_, err := p.Start(t.Context(), session.Secrets{})
	require.Error(t, err)
	_, err = p.Finish(t.Context(), "code", session.Secrets{})
	require.Error(t, err)
	require.NotErrorIs(t, err, session.ErrRefused, "nobody was refused: it can be tried again")
	up.Lock()
	answers = true
	up.Unlock()
	require.Eventually(t, func() bool {
		_, err := p.Start(t.Context(), session.Secrets{})
		return err == nil
	}, 20*time.Second, 50*time.Millisecond)
}
