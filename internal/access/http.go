package access

import (
	"errors"
	"net"
	"net/http"
	"strings"
)

// ErrNobody says that a request carries no session that is in force.
var ErrNobody = errors.New("nobody is signed in")

// Visitors know the people who have signed in to the page.
type Visitors interface {
	// Visitor is who sends r, or ErrNobody. Where everybody on this machine is let
	// in it is one without a name.
	Visitor(r *http.Request) (Principal, error)
}

// Gate says who may ask over HTTP.
type Gate struct {
	// Tokens is nil where none are given out.
	Tokens *Tokens
	// Visitors is nil where nobody can sign in.
	Visitors Visitors
	// NeedToken keeps machines without a token out: other machines reach the
	// listener, and none proves by a certificate who it is.
	NeedToken bool
	// Admit hears of everybody who is let in to read, before an answer; its error
	// keeps them out. nil where nobody wants to know.
	Admit func(*http.Request, Principal) error
}

// Machines lets callers with a role through by their bearer token (RFC 6750).
// Where there are no tokens it lets everybody through, but on loopback only
// those that call this machine by a name of its own.
func (g Gate) Machines(role Role, next http.Handler) http.Handler {
	switch {
	case g.Tokens != nil:
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.bearer(w, r, role, next) })
	case g.NeedToken:
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { needToken(w) })
	}
	return OwnName(certified(next))
}

// Everybody lets machines through as Machines does, and people with the role
// who have signed in. Where people can sign in, nobody without a name is let in
// beside them.
func (g Gate) Everybody(role Role, next http.Handler) http.Handler {
	next = g.told(next)
	if g.Visitors == nil {
		return g.Machines(role, next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" && g.Tokens != nil {
			g.bearer(w, r, role, next)
			return
		}
		if ForeignPage(r) {
			foreign(w)
			return
		}
		who, err := g.Visitors.Visitor(r)
		if machine, ok := certificate(r); err != nil && ok && g.Tokens == nil {
			who, err = machine, nil
		}
		switch {
		case errors.Is(err, ErrNobody):
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "sign in on the page, or send a bearer token (nafas token new)", http.StatusUnauthorized)
		case err != nil:
			http.Error(w, "sessions cannot be looked up now", http.StatusServiceUnavailable)
		case !who.Has(role):
			http.Error(w, "you lack the role "+string(role), http.StatusForbidden)
		default:
			next.ServeHTTP(w, r.WithContext(With(r.Context(), who)))
		}
	})
}

// told tells Admit who asks.
func (g Gate) told(next http.Handler) http.Handler {
	if g.Admit == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := Who(r.Context())
		if !ok {
			who = Principal{Name: UnnamedName, By: Unnamed}
		}
		if err := g.Admit(r, who); err != nil {
			http.Error(w, "nobody is let in now: what they do cannot be recorded (see the log of the service)", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Bearer is Machines of a gate that knows tokens alone.
func Bearer(tokens *Tokens, role Role, next http.Handler) http.Handler {
	return Gate{Tokens: tokens}.Machines(role, next)
}

func (g Gate) bearer(w http.ResponseWriter, r *http.Request, role Role, next http.Handler) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	ok = ok && strings.EqualFold(scheme, "Bearer") // RFC 9110 section 11.1
	who, err := g.Tokens.Check(token)
	switch {
	case !ok || err != nil:
		needToken(w)
	case !who.Has(role):
		http.Error(w, "the token lacks the role "+string(role), http.StatusForbidden)
	default:
		next.ServeHTTP(w, r.WithContext(With(r.Context(), who)))
	}
}

func needToken(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	http.Error(w, "a bearer token is needed (nafas token new)", http.StatusUnauthorized)
}

// certified names machines by the certificate that they showed.
func certified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if who, ok := certificate(r); ok {
			r = r.WithContext(With(r.Context(), who))
		}
		next.ServeHTTP(w, r)
	})
}

// certificate is whose client certificate was verified. The listener's
// authority signs it for machines that may do everything.
func certificate(r *http.Request) (Principal, bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return Principal{}, false
	}
	name := r.TLS.VerifiedChains[0][0].Subject.CommonName
	return Principal{Name: name, Roles: []Role{RoleSubmit, RoleRead}, By: ByCertificate}, true
}

// OwnName lets callers through that call this machine by a name of its own,
// where they come by loopback, and that no page of another site sends.
func OwnName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ForeignPage(r) {
			foreign(w)
			return
		}
		if ForeignName(r) {
			http.Error(w, "called by a name that is not this machine's own: use localhost or the address, or tokens", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ForeignPage says whether a browser sends r for a page of another origin (Fetch
// Metadata, section 2.1): as a picture in it, a form, or a link. Nothing that such
// a page asks for is answered to whoever comes without a token of their own: a
// browser adds the cookie to requests of pages under other ports of this machine,
// and the certificate to all. A machine, and a browser over plaintext beyond this
// machine, sends no such header; of the latter what changes something is known by
// its Origin.
func ForeignPage(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		return protection.Check(r) != nil
	}
	return true
}

var protection = http.NewCrossOriginProtection()

func foreign(w http.ResponseWriter) {
	http.Error(w, "asked for by a page of another site: open this one in a tab of its own", http.StatusForbidden)
}

// ForeignName: a page in a browser on this machine can have its own name lead to
// the loopback address, and would be let in as anybody is there.
func ForeignName(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !at.IP.IsLoopback() || r.TLS != nil {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return !strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") && net.ParseIP(strings.Trim(host, "[]")) == nil
}
