package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"nafas/internal/pacs"
	"nafas/internal/triage"
	"nafas/internal/web"
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
func (s *service) listenHTTP(ctx context.Context, p plan, app *triage.Service) (*httpListener, error) {
	f := s.flags
	if f.HTTP.Listen == "" {
		return nil, nil
	}
	if err := f.checkHTTP(ctx, p.settings.Web); err != nil {
		return nil, err
	}
	encryption, err := f.tlsFiles().ServerConfig()
	if err != nil {
		return nil, usageError{err}
	}
	page, err := s.page(app)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", f.HTTP.Listen)
	if err != nil {
		page.Stop()
		return nil, fmt.Errorf("HTTP listener: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle(pacs.WebRoot+"/", s.images(p, app))
	mux.Handle("/", page)
	// Without a time for writing: large instances and event streams take what they
	// take, and set one of their own.
	server := &http.Server{
		Handler:   s.observed(mux, p.security.Tokens, app),
		TLSConfig: encryption, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(page.Stop) // or open streams would keep it from ending
	return &httpListener{listener: ln, tls: encryption != nil, server: server, page: page}, nil
}

// images is DICOMweb.
func (s *service) images(p plan, app *triage.Service) http.Handler {
	uploads := func() (pacs.Sender, error) { return app.Inbox().Uploader() }
	images := pacs.NewWeb(uploads, s.people.gate(s.flags, p.security.Tokens), s.log)
	images.GiveOut(pacs.Holdings{Archive: s.store, Reports: app, Language: s.flags.DICOM.Language, Complete: app.Described})
	return images
}

// page is the review page.
func (s *service) page(app *triage.Service) (*web.Web, error) {
	return web.New(web.Options{
		Studies: app, Lists: s.store, Archive: s.store, About: s.about, Log: s.log,
		Gate: s.people.sessions, Audit: s.people.trail, Admit: s.people.trail.Admit, Address: s.people.sessions.Address,
	})
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
