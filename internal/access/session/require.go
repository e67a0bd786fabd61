package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"nafas/internal/access"
)

type visitKey struct{}

func visitOf(ctx context.Context) visit {
	v, _ := ctx.Value(visitKey{}).(visit)
	return v
}

// Require lets people with a role through, "" with any: Who says who it is. It
// answers 401 and 403 with an api.Problem. What is not GET or HEAD must come
// from the page itself, with its token. What reads ends with the
// session, as streams of events do.
func (s *Sessions) Require(role access.Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if site := r.Header.Get("Sec-Fetch-Site"); site != "" && access.ForeignPage(r) {
			refuse(w, http.StatusForbidden, "forbidden", "asked for by a page of another site: open this one in a tab of its own")
			return
		}
		v, err := s.visit(r)
		switch {
		case errors.Is(err, access.ErrNobody):
			refuse(w, http.StatusUnauthorized, "signed_out", "sign in: POST /api/sign-in")
			return
		case err != nil:
			s.broken(w, r, err)
			return
		case !s.ownRequest(r, v):
			refuse(w, http.StatusForbidden, "forbidden", "the request did not come from the page: send its token, the csrf of GET /api/me, as "+CSRFHeader)
			return
		case role != "" && !v.who.Has(role):
			refuse(w, http.StatusForbidden, "forbidden", "you lack the role "+string(role)+": ask who administers the service")
			return
		}
		ctx := context.WithValue(access.With(r.Context(), v.who), visitKey{}, v)
		if reads(r) { // whatever it says that it accepts; what changes something comes to its end
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			defer cancel()
			go s.endWith(ctx, v, r, cancel)
		}
		if !stream(r) && r.Header.Get(PassiveHeader) == "" {
			if err := s.seen(ctx, v); err != nil {
				s.broken(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// ownRequest says whether what changes something was asked for by the page.
func (s *Sessions) ownRequest(r *http.Request, v visit) bool {
	return reads(r) || s.origin.Check(r) == nil && hmac.Equal([]byte(r.Header.Get(CSRFHeader)), []byte(csrfOf(v.secret)))
}

func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// csrfOf is the token of whoever holds a secret. It says nothing of the secret.
func csrfOf(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("nafas csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// stream says whether r asks for server-sent events.
func stream(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream")
}

// endWith cancels what hangs on a session when that ends, or somebody gets a name
// where nobody needed one, or the roles change.
func (s *Sessions) endWith(ctx context.Context, v visit, r *http.Request, cancel context.CancelFunc) {
	defer cancel()
	ticker := time.NewTicker(s.o.Look)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now, err := s.visit(r)
		if errors.Is(err, access.ErrNobody) {
			return
		}
		// A book that cannot be read now will be; the stream says nothing new then.
		if err == nil && !now.who.Has(v.who.Roles...) {
			return
		}
	}
}
