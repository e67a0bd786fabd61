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

// check refuses an exposure that nobody asked for.
func (f httpFlags) check(s serviceFlags) error {
	if f.Listen == "" {
		return nil
	}
	exposure := access.Exposure{Address: f.Listen, TLS: s.tlsFiles(), Tokens: s.Tokens != "", Insecure: s.Insecure}
	if err := exposure.Check(); err != nil {
		return usageError{fmt.Errorf("--http-listen: %w", err)}
	}
	return nil
}

// listenHTTP opens the listener; nil where none is asked for.
func listenHTTP(s serviceFlags, tokens *access.Tokens, app *triage.Service, db *store.SQLite, about api.About, log *slog.Logger) (*httpListener, error) {
	if s.HTTP.Listen == "" {
		return nil, nil
	}
	if err := s.HTTP.check(s); err != nil {
		return nil, err
	}
	config, err := s.tlsFiles().ServerConfig()
	if err != nil {
		return nil, usageError{err}
	}
	ln, err := net.Listen("tcp", s.HTTP.Listen)
	if err != nil {
		return nil, fmt.Errorf("HTTP listener: %w", err)
	}
	uploads := func() (pacs.Sender, error) { return app.Inbox().Uploader() }
	dicom := pacs.NewWeb(uploads, tokens, log)
	dicom.GiveOut(pacs.Holdings{Archive: db, Reports: app, Language: s.DICOM.Language, Complete: app.Described})
	page, err := web.New(web.Options{Studies: app, Lists: db, Archive: db, Gate: web.Open(tokens), About: about, Log: log})
	if err != nil {
		ln.Close()
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(pacs.WebRoot+"/", dicom)
	mux.Handle("/", page)
	// Without a time for writing: large instances and event streams take what they
	// take, and set one of their own.
	server := &http.Server{
		Handler:   mux,
		TLSConfig: config, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(page.Stop) // or open streams would keep it from ending
	return &httpListener{listener: ln, tls: config != nil, server: server, page: page}, nil
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
