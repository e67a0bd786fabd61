package session

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"nafas/internal/access"
	"nafas/internal/access/account"
	"nafas/internal/audit"
)

// ErrRefused says that the provider vouches for nobody: the code is none of its,
// or not for this browser.
var ErrRefused = errors.New("the provider vouches for nobody")

// Secrets bind an answer of the provider to the browser that asked: state against
// answers to somebody else's question, nonce against another's token, verifier
// (PKCE, RFC 7636) against a stolen code.
type Secrets struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

// started is what the browser keeps of a sign-in under way.
type started struct {
	Secrets
	To string    `json:"to"`
	At time.Time `json:"at"`
}

// startTime is how long a sign-in at the provider may take.
const startTime = 15 * time.Minute

// start is GET /auth/start?to=PATH: to the provider, and after it to a path of the
// page. Its cookie is Lax: the provider sends the browser back. A page of another
// site that leads here gets no further than the page, which asks: else it could sign
// in again who has signed out, or as whom the provider knows who is somebody else.
func (s *Sessions) start(w http.ResponseWriter, r *http.Request) {
	if access.ForeignPage(r) {
		s.redirect(w, r, ownPath(r.FormValue("to")))
		return
	}
	begun := started{Secrets{newSecret(), newSecret(), newSecret()}, ownPath(r.FormValue("to")), s.o.Now()}
	at, err := s.o.Provider.Start(r.Context(), begun.Secrets)
	if err != nil {
		s.o.Log.WarnContext(r.Context(), "the OpenID Connect provider does not answer", "error", err)
		s.away(w, r, "unavailable")
		return
	}
	text, err := json.Marshal(begun)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.setCookie(w, r, startCookie, base64.RawURLEncoding.EncodeToString(text), http.SameSiteLaxMode)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, at, http.StatusSeeOther)
}

// callback is GET /auth/callback: where the provider sends the browser.
func (s *Sessions) callback(w http.ResponseWriter, r *http.Request) {
	begun, ok := s.begun(r)
	s.setCookie(w, r, startCookie, "", http.SameSiteLaxMode)
	if !ok {
		s.away(w, r, "invalid")
		return
	}
	address := s.Address(r)
	key := account.ProviderPrefix + address // a name for each: nobody keeps others out
	if wait := s.limits.take(s.o.Now(), key, address); wait > 0 {
		s.away(w, r, "too_many")
		return
	}
	person, err := s.o.Provider.Finish(r.Context(), r.FormValue("code"), begun.Secrets)
	who := audit.Who{Name: person.Name, Display: person.Display, By: string(access.ByProvider), Address: address}
	switch {
	case errors.Is(err, ErrRefused):
		s.o.Log.WarnContext(r.Context(), "a sign-in by OpenID Connect was refused", "error", err)
		s.turnAway(w, r, who, "refused by the provider", "invalid")
		return
	case err != nil:
		s.limits.unused(key, address)
		s.o.Log.WarnContext(r.Context(), "the OpenID Connect provider does not answer", "error", err)
		s.away(w, r, "unavailable")
		return
	case len(person.Roles) == 0:
		s.turnAway(w, r, who, "no role here", "forbidden")
		return
	}
	s.limits.succeeded(key, address)
	if _, err := s.admit(w, r, account.Session{Name: person.Name, Display: person.Display, Roles: person.Roles}, ""); err != nil {
		s.o.Log.ErrorContext(r.Context(), "a session could not be kept", "error", err)
		s.away(w, r, "unavailable")
		return
	}
	s.redirect(w, r, ownPath(begun.To)) // the browser kept it: others may have had their hands on it
}

// begun is the sign-in that the browser is at.
func (s *Sessions) begun(r *http.Request) (begun started, ok bool) {
	c, err := r.Cookie(s.cookieName(r, startCookie))
	if err != nil {
		return begun, false
	}
	text, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || json.Unmarshal(text, &begun) != nil || begun.State == "" {
		return begun, false
	}
	age := s.o.Now().Sub(begun.At)
	// A browser has one of these, so that comparing tells nobody anything.
	return begun, begun.State == r.FormValue("state") && age >= 0 && age < startTime
}

func (s *Sessions) turnAway(w http.ResponseWriter, r *http.Request, who audit.Who, detail, code string) {
	if err := s.o.Audit.Record(r.Context(), audit.Event{Kind: audit.SignedIn, Outcome: audit.Minor, Who: who, Detail: detail}); err != nil {
		s.o.Log.ErrorContext(r.Context(), "a failed sign-in is not in the audit trail", "error", err)
	}
	s.away(w, r, code)
}

// away sends the browser to the page, which says in its language what is wrong:
// code is an api.Problem's.
func (s *Sessions) away(w http.ResponseWriter, r *http.Request, code string) {
	s.redirect(w, r, "/?problem="+url.QueryEscape(code))
}

func (s *Sessions) redirect(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// ownPath is a path of the page, "/" in place of anything else: who signs in wants
// no table downloaded, and not to begin anew.
func ownPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(to, "/") ||
		strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\t\r\n") {
		return "/"
	}
	for _, root := range []string{"/api", "/auth", "/dicom-web"} {
		if at := path.Clean(u.Path); at == root || strings.HasPrefix(at, root+"/") {
			return "/"
		}
	}
	return to
}
