package session

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"mime"
	"net/http"
	"strconv"
	"time"

	"nafas/internal/access"
	"nafas/internal/access/account"
	"nafas/internal/audit"
	"nafas/internal/web/api"
)

// longestBody of a sign-in, in bytes.
const longestBody = 8 << 10

// methods is GET /api/sign-in.
func (s *Sessions) methods(w http.ResponseWriter, r *http.Request) {
	open, err := s.open(r.Context())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	any, err := s.o.Book.AnyAccount(r.Context())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	out := api.SignInMethods{Open: open, Password: any}
	if s.o.Provider != nil {
		out.Provider = s.o.Provider.Name()
	}
	answer(w, http.StatusOK, out)
}

// signIn is POST /api/sign-in. An unknown name, a wrong password and a disabled
// account take the same work and get the same answer.
func (s *Sessions) signIn(w http.ResponseWriter, r *http.Request) {
	if s.origin.Check(r) != nil {
		refuse(w, http.StatusForbidden, "forbidden", "sign-in came from another page")
		return
	}
	asked, ok := readSignIn(w, r)
	if !ok {
		refuse(w, http.StatusBadRequest, "invalid", "send a JSON object with name and password, as application/json")
		return
	}
	name, err := account.Name(asked.Name)
	if err != nil {
		name = "" // nobody's: goes the same way
	}
	address := s.Address(r)
	if wait := s.limits.take(s.o.Now(), name, address); wait > 0 {
		tooMany(w, wait)
		return
	}
	kept, err := s.password(r.Context(), name, asked.Password)
	switch {
	case errors.Is(err, account.ErrBusy):
		s.limits.unused(name, address)
		tooMany(w, 2*time.Second)
		return
	case isUnknown(err):
		s.failed(w, r, audit.Who{Name: kept.Name, Display: kept.Display, By: string(access.ByPassword), Address: address})
		return
	case err != nil:
		s.limits.unused(name, address)
		s.broken(w, r, err)
		return
	}
	s.limits.succeeded(name, address)
	s.enter(w, r, account.Session{Name: kept.Name, Account: true, Display: kept.Display, Roles: kept.Roles}, kept.Hash)
}

func readSignIn(w http.ResponseWriter, r *http.Request) (asked api.SignIn, ok bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return asked, false
	}
	err = json.NewDecoder(http.MaxBytesReader(w, r.Body, longestBody)).Decode(&asked)
	return asked, err == nil
}

// password is the account, or account.ErrUnknown with as much of it as there is.
func (s *Sessions) password(ctx context.Context, name, password string) (account.Account, error) {
	kept, err := s.o.Book.Account(ctx, name)
	if err != nil && !isUnknown(err) {
		return kept, err
	}
	ok, outdated, err := s.hasher.Check(ctx, password, kept.Hash)
	if err != nil {
		return kept, err
	}
	if !ok || kept.Disabled {
		return kept, account.ErrUnknown
	}
	if outdated {
		return s.rehash(ctx, kept, password)
	}
	return kept, nil
}

// rehash brings a hash up to the cost of today.
func (s *Sessions) rehash(ctx context.Context, kept account.Account, password string) (account.Account, error) {
	better, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return kept, err
	}
	if err := s.o.Book.Rehash(ctx, kept.Name, kept.Hash, better); err != nil {
		return kept, err
	}
	kept.Hash = better
	return kept, nil
}

// failed answers who could not sign in. The trail names accounts only: what is
// typed for a name can be a password.
func (s *Sessions) failed(w http.ResponseWriter, r *http.Request, who audit.Who) {
	detail := "wrong password, or disabled"
	if who.Name == "" {
		detail = "no user of the name"
	}
	if err := s.o.Audit.Record(r.Context(), audit.Event{Kind: audit.SignedIn, Outcome: audit.Minor, Who: who, Detail: detail}); err != nil {
		s.broken(w, r, err)
		return
	}
	refuse(w, http.StatusUnauthorized, "invalid", "name or password is wrong, or the user is disabled")
}

// enter opens a session of a new ID and answers with Me.
func (s *Sessions) enter(w http.ResponseWriter, r *http.Request, opened account.Session, hash string) {
	v, err := s.admit(w, r, opened, hash)
	switch {
	case isUnknown(err): // the password has changed just now
		refuse(w, http.StatusUnauthorized, "invalid", "name or password is wrong, or the user is disabled")
	case err != nil:
		s.broken(w, r, err)
	default:
		answer(w, http.StatusOK, s.meOf(v))
	}
}

// admit opens a session and gives its cookie. One that the browser had ends.
func (s *Sessions) admit(w http.ResponseWriter, r *http.Request, opened account.Session, hash string) (visit, error) {
	ctx := r.Context()
	now := s.o.Now()
	secret := newSecret()
	opened.ID, opened.CreatedAt, opened.SeenAt = idOf(secret), now, now
	if err := s.o.Book.EndSessions(ctx, now.Add(-s.o.Absolute), now.Add(-s.o.Idle)); err != nil {
		return visit{}, err
	}
	if err := s.o.Book.OpenSession(ctx, opened, hash); err != nil {
		return visit{}, err
	}
	who := audit.Who{Name: opened.Name, Display: opened.Display, By: string(opened.By()), Address: s.Address(r)}
	if err := s.o.Audit.Record(ctx, audit.Event{Kind: audit.SignedIn, Who: who}); err != nil {
		return visit{}, errors.Join(err, s.o.Book.EndSession(ctx, opened.ID))
	}
	if before := s.presented(r); before != "" {
		if err := s.o.Book.EndSession(ctx, idOf(before)); err != nil {
			return visit{}, err
		}
	}
	s.setCookie(w, r, sessionCookie, secret, http.SameSiteStrictMode)
	p := access.Principal{Name: opened.Name, Display: opened.Display, Roles: opened.Roles, By: opened.By()}
	return visit{who: p, secret: secret, session: opened}, nil
}

// signOut is POST /api/sign-out.
func (s *Sessions) signOut(w http.ResponseWriter, r *http.Request) {
	v := visitOf(r.Context())
	if v.who.By != access.Unnamed {
		if err := s.o.Book.EndSession(r.Context(), v.session.ID); err != nil {
			s.broken(w, r, err)
			return
		}
		if err := s.o.Audit.Record(r.Context(), audit.Event{Kind: audit.SignedOut, Who: s.Actor(r)}); err != nil {
			s.o.Log.ErrorContext(r.Context(), "a sign-out is not in the audit trail", "error", err)
		}
		s.setCookie(w, r, sessionCookie, "", http.SameSiteStrictMode)
	}
	// Pictures that the browser has kept go with who saw them (W3C Clear Site Data;
	// browsers heed it over TLS and on localhost).
	w.Header().Set("Clear-Site-Data", `"cache"`)
	w.WriteHeader(http.StatusNoContent)
}

// me is GET /api/me.
func (s *Sessions) me(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, s.meOf(visitOf(r.Context())))
}

func (s *Sessions) meOf(v visit) api.Me {
	out := api.Me{
		Name: v.who.Name, Display: v.who.Display, Roles: []string{}, Open: v.who.By == access.Unnamed,
		CSRF: csrfOf(v.secret), IdleSeconds: int(s.o.Idle / time.Second),
	}
	for _, role := range account.Roles {
		if v.who.Has(role) {
			out.Roles = append(out.Roles, string(role))
		}
	}
	return out
}

// Actor is who sends r, as the audit trail names them.
func (s *Sessions) Actor(r *http.Request) audit.Who {
	p, _ := access.Who(r.Context())
	return audit.Who{Name: p.Name, Display: p.Display, By: string(p.By), Address: s.Address(r)}
}

// broken answers where the book or the trail fails.
func (s *Sessions) broken(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		s.o.Log.ErrorContext(r.Context(), "a session could not be looked up or kept", "error", err)
	}
	refuse(w, http.StatusServiceUnavailable, "unavailable", "the service cannot look up who you are now: try again, and see its log")
}

func tooMany(w http.ResponseWriter, wait time.Duration) {
	seconds := int(math.Ceil(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	answer(w, http.StatusTooManyRequests, api.Problem{
		Code: "too_many", Detail: "too many tries to sign in: wait", RetryAfterSeconds: seconds,
	})
}

func refuse(w http.ResponseWriter, status int, code, detail string) {
	answer(w, status, api.Problem{Code: code, Detail: detail})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who left does not hear it
}
