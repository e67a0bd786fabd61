package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"nafas/internal/access"
	"nafas/internal/audit"
	"nafas/internal/triage"
	"nafas/internal/web/api"
)

// Studies is what the page is told of studies; triage.Service is one.
type Studies interface {
	Study(ctx context.Context, uid string) (triage.Study, error)
	List(ctx context.Context, from triage.Lists, q triage.Listing) (list []triage.Listed, total int, cursor string, err error)
	Listed(ctx context.Context, from triage.Lists, uids ...string) ([]triage.Listed, error)
	Watch(ctx context.Context, cursor string) (<-chan triage.Event, error)
	Report(ctx context.Context, studyUID string) (triage.Delivery, []byte, error)
	ReadFile(path string) ([]byte, error)
	Reviews
}

// Gate lets in who may come in: session.Sessions is one.
type Gate interface {
	// Mount adds the routes of signing in and out.
	Mount(mux *http.ServeMux)
	// Require lets those with the role through to next, whom access.Who then names,
	// and answers the others with a Problem.
	Require(role access.Role, next http.Handler) http.Handler
}

// Options are what a Web is made of.
type Options struct {
	Studies Studies
	Lists   triage.Lists
	Archive triage.Archive
	Gate    Gate
	// Again may be nil, and is set before anything is asked: then there are no lists.
	Again Again
	// Audit keeps who opened, reviewed and exported what.
	Audit audit.Recorder
	// Admit hears of who looks at a part of a study that is not its page, before the
	// answer: its error keeps them out (audit.Accesses).
	Admit func(*http.Request, access.Principal) error
	// Address is the IP address that a request came from.
	Address func(*http.Request) string
	// About is what the page says of this program and its model, which may become
	// another one.
	About func() (api.About, error)
	Log   *slog.Logger
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Web serves the page and what it asks under /api.
type Web struct {
	Options
	mux     http.Handler
	files   map[string]*file
	heard   heard
	tally   tally
	streams chan struct{}
	readers readers
	// counting is held by who has all reviews read and counted.
	counting chan struct{}
	presence presence
	pictures pictures
	outlines outlines
	// ended is closed when open streams are to end.
	ended chan struct{}
	stop  context.CancelFunc
	rows  rows
}

// mostStreams bounds the event streams that are open at once: every change is written
// to each of them.
const mostStreams = 512

// New makes a Web. Stop ends it.
func New(o Options) (*Web, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	files, err := pageFiles(built)
	if err != nil {
		return nil, err
	}
	w := &Web{Options: o, files: files, streams: make(chan struct{}, mostStreams), counting: make(chan struct{}, 1), ended: make(chan struct{})}
	w.pictures.init()
	w.outlines.init()
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	go w.listen(ctx)
	go func() { // so that the first who comes does not wait for it
		for _, f := range files {
			f.packed()
		}
	}()
	w.mux = w.guarded(w.routes())
	return w, nil
}

// Stop ends the open event streams and what listens for them, so that a server
// can end.
func (w *Web) Stop() {
	select {
	case <-w.ended:
	default:
		close(w.ended)
	}
	w.stop()
}

// ServeHTTP implements http.Handler.
func (w *Web) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.mux.ServeHTTP(rw, r) }

// needs lets through who has a role besides that of reading: whatever is answered
// tells of studies.
func (w *Web) needs(role access.Role, next http.Handler) http.Handler {
	if role == access.RoleRead {
		return next
	}
	return w.Gate.Require(role, next)
}

func (w *Web) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, path := range []string{"/{$}", "/studies/{study}", "/again/{rescoring}", "/quality", "/about", "/sign-in"} {
		mux.HandleFunc("GET "+path, w.index)
	}
	mux.HandleFunc("GET /page/{name...}", w.asset)
	w.Gate.Mount(mux)
	for pattern, e := range w.endpoints() {
		mux.Handle(pattern, w.Gate.Require(access.RoleRead, w.needs(e.role, w.answering(e))))
	}
	mux.HandleFunc("/api/", func(rw http.ResponseWriter, r *http.Request) {
		w.refuse(rw, http.StatusNotFound, api.Problem{Code: "not_found", Detail: "there is no such endpoint, or it has no such method"})
	})
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		http.Error(rw, "there is no such page; the worklist is at /", http.StatusNotFound)
	})
	return mux
}

// endpoint answers requests of those who have a role.
type endpoint struct {
	role access.Role
	// answer writes the answer itself where it returns nil, nil; an error becomes a
	// Problem.
	answer func(rw http.ResponseWriter, r *http.Request) (any, error)
}

// endpoints are the routes that need a role. What Gate mounts needs none.
func (w *Web) endpoints() map[string]endpoint {
	return map[string]endpoint{
		"GET /api/worklist":                 {access.RoleRead, w.listing(w.worklist)},
		"GET /api/events":                   {access.RoleRead, w.listing(w.events)},
		"GET /api/again":                    {access.RoleRead, w.listing(w.againLists)},
		"GET /api/again/{rescoring}":        {access.RoleRead, w.listing(w.againPage)},
		"GET /api/about":                    {access.RoleRead, w.about},
		"GET /api/quality":                  {access.RoleRead, w.quality},
		"GET /api/reviews.csv":              {access.RoleRead, w.reviews},
		"GET /api/studies/{study}":          {access.RoleRead, w.study},
		"GET /api/studies/{study}/outlines": {access.RoleRead, w.admitted(w.outline)},
		"GET /api/studies/{study}/events":   {access.RoleRead, w.admitted(w.studyEvents)},
		"GET /api/studies/{study}/review":   {access.RoleRead, w.admitted(w.reviewed)},
		"POST /api/studies/{study}/review":  {access.RoleReview, w.act},
		"GET " + thumbnailPath:              {access.RoleRead, w.listing(w.thumbnail)},
		"GET " + earlierThumbnailPath:       {access.RoleRead, w.admitted(w.earlierThumbnail)},
	}
}

func (w *Web) about(http.ResponseWriter, *http.Request) (any, error) { return w.About() }
