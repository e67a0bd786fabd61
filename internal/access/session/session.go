// Package session lets people in over HTTP: it signs them in by password or by an
// OpenID Connect provider, knows them again by a cookie, and lets go of them when
// they leave or do nothing.
package session

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"nafas/internal/access"
	"nafas/internal/access/account"
	"nafas/internal/audit"
)

// Book keeps accounts and sessions. Any goroutine may call it.
type Book interface {
	// AnyAccount says whether there is a user, disabled or not.
	AnyAccount(ctx context.Context) (bool, error)
	// Account is the user of a name, or account.ErrUnknown.
	Account(ctx context.Context, name string) (account.Account, error)
	// Rehash replaces a password hash by a better one of the same password. It does
	// nothing where the hash is not from any more.
	Rehash(ctx context.Context, name, from, to string) error
	// OpenSession keeps a session. Where it is an account's it is account.ErrUnknown
	// unless the account is in force and has this password hash still.
	OpenSession(ctx context.Context, s account.Session, hash string) error
	// Session has the roles and the display name that are in force now. It is
	// account.ErrUnknown where there is none, or its account is not in force.
	Session(ctx context.Context, id [32]byte) (account.Session, error)
	// SeeSession says that its owner did something. No session is no error.
	SeeSession(ctx context.Context, id [32]byte, at time.Time) error
	// EndSession forgets it. No session is no error.
	EndSession(ctx context.Context, id [32]byte) error
	// EndSessions forgets those that were opened, or whose owners did something
	// last, before.
	EndSessions(ctx context.Context, openedBefore, seenBefore time.Time) error
}

// Provider is an OpenID Connect provider. Both calls may wait for it.
type Provider interface {
	// Name is what people know it by.
	Name() string
	// Start is where the browser goes to sign in.
	Start(ctx context.Context, secrets Secrets) (string, error)
	// Finish is whom the provider vouches for. ErrRefused where it vouches for
	// nobody; other errors say that it cannot be asked.
	Finish(ctx context.Context, code string, secrets Secrets) (account.Person, error)
}

// Options of New.
type Options struct {
	Book Book
	// Audit hears of everybody who comes, fails to, and goes.
	Audit audit.Recorder
	// Provider is nil where there is none.
	Provider Provider
	// MayBeOpen lets everybody in as long as there is no account: nobody else
	// reaches the listener, and there are neither tokens nor a provider.
	MayBeOpen bool
	// Public is the address in browsers where a proxy stands before the service; nil
	// without one.
	Public *url.URL
	// Proxies are where it may stand. Default: on this machine.
	Proxies []netip.Prefix
	// Idle ends a session without an action. Default 15 minutes.
	Idle time.Duration
	// Absolute ends every session. Default 10 hours.
	Absolute time.Duration
	// Look is how often it is looked whether a session is in force that a stream of
	// events hangs on. Default 5 seconds.
	Look time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log gets what fails. Default slog.Default.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&o.Idle, 15*time.Minute)
	def(&o.Absolute, 10*time.Hour)
	def(&o.Look, 5*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Proxies == nil {
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	return o
}

// Sessions lets people in.
type Sessions struct {
	o      Options
	hasher *account.Hasher
	limits *limits
	origin *http.CrossOriginProtection
	// process is the secret of those who are let in without a session.
	process string
}

var _ access.Visitors = (*Sessions)(nil)

// New makes Sessions.
func New(o Options) *Sessions {
	s := &Sessions{o: o.withDefaults(), hasher: account.NewHasher(), limits: newLimits(), origin: http.NewCrossOriginProtection(), process: newSecret()}
	if s.o.Public != nil {
		// An origin of a scheme and a host is what it takes.
		_ = s.origin.AddTrustedOrigin(s.o.Public.Scheme + "://" + s.o.Public.Host)
	}
	return s
}

// Mount adds what signs in and out: GET and POST /api/sign-in, POST
// /api/sign-out, GET /api/me, GET /auth/start and GET /auth/callback.
func (s *Sessions) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/sign-in", s.methods)
	mux.HandleFunc("POST /api/sign-in", s.signIn)
	mux.Handle("POST /api/sign-out", s.Require("", http.HandlerFunc(s.signOut)))
	mux.Handle("GET /api/me", s.Require("", http.HandlerFunc(s.me)))
	if s.o.Provider != nil {
		mux.HandleFunc("GET /auth/start", s.start)
		mux.HandleFunc("GET /auth/callback", s.callback)
	}
}

// Who is who was let in by Require.
func Who(ctx context.Context) (access.Principal, bool) { return access.Who(ctx) }

// Named says whether who was let in has a name, and so can sign anything.
func Named(ctx context.Context) bool {
	p, ok := access.Who(ctx)
	return ok && p.By != access.Unnamed
}

// PassiveHeader is in requests that nobody's hand caused: they do not keep a
// session alive. Streams of events never do.
const PassiveHeader = "X-Nafas-Passive"

// CSRFHeader is in every request but GET and HEAD: Me's CSRF.
const CSRFHeader = "X-Nafas-CSRF"

// visit is a request that was let in.
type visit struct {
	who access.Principal
	// secret is the cookie's; the process's where everybody is let in.
	secret  string
	session account.Session
}

// open says whether everybody is let in now.
func (s *Sessions) open(ctx context.Context) (bool, error) {
	if !s.o.MayBeOpen {
		return false, nil
	}
	any, err := s.o.Book.AnyAccount(ctx)
	return !any && err == nil, err
}

// unnamed is everybody where everybody is let in.
var unnamed = access.Principal{Name: access.UnnamedName, Roles: []access.Role{access.RoleRead, access.RoleReview}, By: access.Unnamed}

// Visitor implements access.Visitors. It keeps no session alive: images are
// fetched ahead, without a hand.
func (s *Sessions) Visitor(r *http.Request) (access.Principal, error) {
	v, err := s.visit(r)
	return v.who, err
}

// visit is access.ErrNobody where nobody is let in, or an error of the book.
func (s *Sessions) visit(r *http.Request) (visit, error) {
	open, err := s.open(r.Context())
	switch {
	case err != nil:
		return visit{}, err
	case open && access.ForeignName(r):
		return visit{}, access.ErrNobody
	case open:
		return visit{who: unnamed, secret: s.process}, nil
	}
	secret := s.presented(r)
	if secret == "" {
		return visit{}, access.ErrNobody
	}
	v, err := s.inForce(r.Context(), idOf(secret))
	v.secret = secret
	return v, err
}

// inForce looks a session up, and ends it where its time is over.
func (s *Sessions) inForce(ctx context.Context, id [32]byte) (visit, error) {
	// The time is taken first: a session that is kept alive while it is looked up
	// would seem to have been idle.
	now := s.o.Now()
	kept, err := s.o.Book.Session(ctx, id)
	if isUnknown(err) {
		return visit{}, access.ErrNobody
	}
	if err != nil {
		return visit{}, err
	}
	who := access.Principal{Name: kept.Name, Display: kept.Display, Roles: kept.Roles, By: kept.By()}
	ended := ""
	switch {
	case now.Sub(kept.SeenAt) >= s.o.Idle:
		ended = "nothing done for too long"
	case now.Sub(kept.CreatedAt) >= s.o.Absolute:
		ended = "open for too long"
	default:
		return visit{who: who, session: kept}, nil
	}
	if err := s.o.Book.EndSession(ctx, id); err != nil {
		return visit{}, err
	}
	if err := s.o.Audit.Record(ctx, audit.Event{Kind: audit.SignedOut, Who: audit.Who{Name: who.Name, Display: who.Display, By: string(who.By)}, Detail: ended}); err != nil {
		s.o.Log.ErrorContext(ctx, "the end of a session is not in the audit trail", "error", err)
	}
	return visit{}, access.ErrNobody
}

// seen keeps a session alive; not every request writes.
func (s *Sessions) seen(ctx context.Context, v visit) error {
	now := s.o.Now()
	if v.who.By == access.Unnamed || now.Sub(v.session.SeenAt) < min(s.o.Idle/20, 30*time.Second) {
		return nil
	}
	return s.o.Book.SeeSession(ctx, v.session.ID, now)
}
