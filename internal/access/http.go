package access

import (
	"net"
	"net/http"
	"strings"
)

// Bearer lets HTTP callers with a role through (RFC 6750). Where tokens is nil
// it lets everybody through, but on loopback only those that call this machine
// by a name of its own.
func Bearer(tokens *Tokens, role Role, next http.Handler) http.Handler {
	if tokens == nil {
		return ownName(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
		ok = ok && strings.EqualFold(scheme, "Bearer") // RFC 9110 section 11.1
		who, err := tokens.Check(token)
		switch {
		case !ok || err != nil:
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "a bearer token is needed (nafas token new)", http.StatusUnauthorized)
		case !who.Has(role):
			http.Error(w, "the token lacks the role "+string(role), http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func ownName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if foreignName(r) {
			http.Error(w, "called by a name that is not this machine's own: use localhost or the address, or tokens", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreignName: a page in a browser on this machine can have its own name lead to
// the loopback address, and would be let in as anybody is there.
func foreignName(r *http.Request) bool {
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
