package access_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
)

// visitors know a cookie.
type visitors struct{ err error }

func (v visitors) Visitor(r *http.Request) (access.Principal, error) {
	c, err := r.Cookie("who")
	switch {
	case v.err != nil:
		return access.Principal{}, v.err
	case err != nil:
		return access.Principal{}, access.ErrNobody
	case c.Value == "clerk":
		return access.Principal{Name: "clerk", By: access.ByPassword}, nil
	}
	return access.Principal{Name: c.Value, Roles: []access.Role{access.RoleRead, access.RoleReview}, By: access.ByPassword}, nil
}

func TestGate(t *testing.T) {
	token, line, err := access.NewToken("pacs", []access.Role{access.RoleRead, access.RoleSubmit})
	require.NoError(t, err)
	weak, weakLine, err := access.NewToken("sender", []access.Role{access.RoleSubmit})
	require.NoError(t, err)
	tokens, err := access.LoadTokens(writeTokens(t, line+"\n"+weakLine+"\n"))
	require.NoError(t, err)
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	cookie := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "who", Value: name}) }
	}
	none := func(*http.Request) {}
	certified := func(r *http.Request) {
		r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{Subject: pkix.Name{CommonName: "modality"}}}}}
	}
	from := func(site string, as func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) { as(r); r.Header.Set("Sec-Fetch-Site", site) }
	}
	people := access.Gate{Visitors: visitors{}, NeedToken: true}
	both := access.Gate{Visitors: visitors{}, Tokens: tokens, NeedToken: true}
	for _, c := range []struct {
		name string
		gate access.Gate
		as   func(*http.Request)
		// read and submit are whom Everybody and Machines let in; a number where nobody.
		read, submit any
	}{
		{"nothing asked for", access.Gate{}, none, "?", "?"},
		{"a person, without tokens", people, cookie("amina"), "amina", 401},
		{"nobody, where people sign in", people, none, 401, 401},
		{"nobody on this machine, where people sign in", access.Gate{Visitors: visitors{}}, none, 401, "?"},
		{"a machine with a certificate", access.Gate{Visitors: visitors{}}, certified, "modality", "modality"},
		{"a person without the role", people, cookie("clerk"), 403, 401},
		{"a person, with tokens", both, cookie("amina"), "amina", 401},
		{"a machine", both, bearer(token), "pacs", "pacs"},
		{"a machine that may not read", both, bearer(weak), 403, "sender"},
		{"an unknown token beside a session", both, func(r *http.Request) { cookie("amina")(r); bearer("other")(r) }, 401, 401},
		{"a certificate is no token", both, certified, 401, 401},
		{"a picture in another site's page", people, from("cross-site", cookie("amina")), 403, 401},
		{"another site's page, where nothing is asked for", access.Gate{}, from("same-site", none), 403, 403},
		{"another site's page, and the browser's certificate", access.Gate{Visitors: visitors{}}, from("cross-site", certified), 403, 403},
		{"another site's page that was given a token", both, from("cross-site", bearer(token)), "pacs", "pacs"},
		{"sessions cannot be looked up", access.Gate{Visitors: visitors{err: io.ErrUnexpectedEOF}}, cookie("amina"), 503, "?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				who, ok := access.Who(r.Context())
				if !ok {
					who.Name = "?"
				}
				_, _ = io.WriteString(w, who.Name)
			})
			for _, side := range []struct {
				h    http.Handler
				want any
			}{{c.gate.Everybody(access.RoleRead, told), c.read}, {c.gate.Machines(access.RoleSubmit, told), c.submit}} {
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				c.as(r)
				w := httptest.NewRecorder()
				side.h.ServeHTTP(w, r)
				if code, refused := side.want.(int); refused {
					require.Equal(t, code, w.Code)
					continue
				}
				require.Equal(t, http.StatusOK, w.Code)
				require.Equal(t, side.want, w.Body.String())
			}
		})
	}
}

// Who cannot be recorded is not let in to read.
func TestAdmit(t *testing.T) {
	var seen []string
	fail := errors.New("disk full")
	g := access.Gate{Visitors: visitors{}, Admit: func(_ *http.Request, who access.Principal) error {
		seen = append(seen, who.Name)
		if who.Name == "karim" {
			return fail
		}
		return nil
	}}
	h := g.Everybody(access.RoleRead, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for name, want := range map[string]int{"amina": 200, "karim": 503, "clerk": 403} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "who", Value: name})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, want, w.Code, name)
	}
	require.ElementsMatch(t, []string{"amina", "karim"}, seen)
}

// A browser that does not say from which page it comes says so by Origin where a
// form is sent: nothing is stored for another site's page.
func TestFormsOfOtherSites(t *testing.T) {
	h := access.Gate{}.Machines(access.RoleSubmit, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for origin, want := range map[string]int{"": 200, "http://localhost:8080": 200, "http://localhost:3000": 403, "https://evil.example": 403, "null": 403} {
		r := httptest.NewRequest(http.MethodPost, "http://localhost:8080/dicom-web/studies", nil)
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, want, w.Code, origin)
	}
}
