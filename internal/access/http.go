package access

import (
	"net/http"
	"strings"
)

// Bearer lets HTTP callers with a role through (RFC 6750); everybody where
// tokens is nil.
func Bearer(tokens *Tokens, role Role, next http.Handler) http.Handler {
	if tokens == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
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
