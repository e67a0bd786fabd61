package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"nafas/internal/access"
	"nafas/internal/metrics"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// observed puts what an operator asks beside the services of the HTTP
// listener: /metrics, /healthz and /readyz.
func (s *service) observed(next http.Handler, tokens *access.Tokens, app *triage.Service) http.Handler {
	s.metrics.Watch(metrics.Source{
		Numbers: app.Numbers, Disk: app.Disk, Inbox: app.Inbox().Waiting, Worker: s.workers.Counts,
	})
	mux := http.NewServeMux()
	mux.Handle("/", next)
	mux.Handle("GET /metrics", metricsGuard(s.flags.HTTP.Listen, tokens, s.metrics.Handler()))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := ready(r.Context(), app, s.store); err != nil {
			w.Header().Set("Retry-After", "60")
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "takes studies in")
	})
	return mux
}

// metricsGuard: on this machine anybody may look; beyond it, and by a proxy on this
// machine, whoever has a token to read, and nobody where there are no tokens.
func metricsGuard(listen string, tokens *access.Tokens, next http.Handler) http.Handler {
	beyond := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "metrics need tokens where other machines reach them: start serve with --tokens", http.StatusForbidden)
	}))
	if tokens != nil {
		beyond = access.Bearer(tokens, access.RoleRead, next)
	}
	if !access.Loopback(listen) {
		return beyond
	}
	here := access.OwnName(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
			beyond.ServeHTTP(w, r)
			return
		}
		here.ServeHTTP(w, r)
	})
}

// readyTime bounds the answer to /readyz.
const readyTime = 5 * time.Second

// ready says why nothing is taken in, in words that may be shown to anybody.
func ready(ctx context.Context, app *triage.Service, db *store.SQLite) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	disk, err := app.Disk()
	switch {
	case err != nil:
		return errors.New("the data folder does not answer")
	case disk.Full():
		return errors.New("the disk is nearly full")
	}
	if _, err := db.LastChange(ctx); err != nil {
		return errors.New("the database does not answer")
	}
	return nil
}
