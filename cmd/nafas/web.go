package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"nafas/internal/access"
	"nafas/internal/config"
	"nafas/internal/pacs"
	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/internal/web"
	"nafas/internal/web/api"
)

// httpFlags are the settings of the HTTP listener.
type httpFlags struct {
	Listen string `help:"Address of the HTTP listener (the review page at /, DICOMweb under /dicom-web), such as 127.0.0.1:8080; none without it. TLS and tokens are those of gRPC." placeholder:"HOST:PORT"`
}

// httpListener is the HTTP side of a service.
type httpListener struct {
	server   *http.Server
	listener net.Listener
	tls      bool
	page     *web.Web
}

// listenHTTP opens the listener; nil where none is asked for.
func listenHTTP(ctx context.Context, s serviceFlags, settings config.Web, tokens *access.Tokens, who *people, app *triage.Service, db *store.SQLite, about api.About, log *slog.Logger) (*httpListener, error) {
	if s.HTTP.Listen == "" {
		return nil, nil
	}
	if err := s.checkHTTP(ctx, settings); err != nil {
		return nil, err
	}
	encryption, err := s.tlsFiles().ServerConfig()
	if err != nil {
		return nil, usageError{err}
	}
	ln, err := net.Listen("tcp", s.HTTP.Listen)
	if err != nil {
		return nil, fmt.Errorf("HTTP listener: %w", err)
	}
	uploads := func() (pacs.Sender, error) { return app.Inbox().Uploader() }
	images := pacs.NewWeb(uploads, who.gate(s, tokens), log)
	images.GiveOut(pacs.Holdings{Archive: db, Reports: app, Language: s.DICOM.Language, Complete: app.Described})
	page, err := web.New(web.Options{
		Studies: app, Lists: db, Archive: db, About: about, Log: log,
		Gate: who.sessions, Audit: who.trail, Admit: who.trail.Admit, Address: who.sessions.Address,
	})
	if err != nil {
		ln.Close()
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(pacs.WebRoot+"/", images)
	mux.Handle("/", page)
	// Without a time for writing: large instances and event streams take what they
	// take, and set one of their own.
	server := &http.Server{
		Handler:   mux,
		TLSConfig: encryption, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(page.Stop) // or open streams would keep it from ending
	return &httpListener{listener: ln, tls: encryption != nil, server: server, page: page}, nil
}

// describe looks at what an earlier version stored, so that it can be searched.
func (s *service) describe(ctx context.Context, app *triage.Service) {
	n, err := app.DescribeStored(ctx, s.store)
	if err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "looking at instances of an earlier version failed; the next start goes on", "error", err)
	}
	if n > 0 {
		s.log.InfoContext(ctx, "looked at instances of an earlier version", "instances", n)
	}
}

func (h *httpListener) serve() error {
	var err error
	if h.tls {
		err = h.server.ServeTLS(h.listener, "", "")
	} else {
		err = h.server.Serve(h.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// stop lets requests under way end until ctx does.
func (h *httpListener) stop(ctx context.Context) {
	h.page.Stop()
	if err := h.server.Shutdown(ctx); err != nil {
		_ = h.server.Close()
	}
}
