package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"nafas/internal/access"
	"nafas/internal/rescore"
	"nafas/internal/rescore/relay"
)

// handOutFlags say where the files of a rescoring are handed to workers on other
// machines.
type handOutFlags struct {
	Listen   string `help:"Hand files to nafas worker on other machines here." placeholder:"HOST:PORT"`
	TLSCert  string `help:"Certificate for that (PEM)." name:"tls-cert" type:"path" placeholder:"FILE"`
	TLSKey   string `help:"Key for that (PEM)." name:"tls-key" type:"path" placeholder:"FILE"`
	Tokens   string `help:"File of hashed bearer tokens (nafas token new) that workers show." type:"path" placeholder:"FILE"`
	Insecure bool   `help:"Allow plaintext, or no token, beyond loopback."`
}

// handOut hands out files until close.
type handOut struct{ server *http.Server }

// Time limits of the listener. A study may take long to send; a header does not.
const (
	handOutHeader = 10 * time.Second
	handOutIdle   = time.Minute
)

// begin listens; nil where nothing is asked for.
func (f handOutFlags) begin(ledger relay.Ledger, sources rescore.Sources, log *slog.Logger) (*handOut, error) {
	if f.Listen == "" {
		return nil, nil
	}
	files := access.TLSFiles{Cert: f.TLSCert, Key: f.TLSKey}
	if err := (access.Exposure{Address: f.Listen, TLS: files, Tokens: f.Tokens != "", Insecure: f.Insecure}).Check(); err != nil {
		return nil, usageError{err}
	}
	var gate access.Gate
	var err error
	if f.Tokens != "" {
		if gate.Tokens, err = access.LoadTokens(f.Tokens); err != nil {
			return nil, usageError{err}
		}
	}
	config, err := files.ServerConfig()
	if err != nil {
		return nil, usageError{err}
	}
	listener, err := net.Listen("tcp", f.Listen)
	if err != nil {
		return nil, err
	}
	h := &handOut{&http.Server{
		Handler: relay.Handler(gate, ledger, sources, log), TLSConfig: config,
		ReadHeaderTimeout: handOutHeader, IdleTimeout: handOutIdle, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	log.Info("handing files to workers", "address", listener.Addr().String())
	go h.serve(listener, log)
	return h, nil
}

func (h *handOut) serve(l net.Listener, log *slog.Logger) {
	var err error
	if h.server.TLSConfig != nil {
		err = h.server.ServeTLS(l, "", "")
	} else {
		err = h.server.Serve(l)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		log.Error("no files are handed to workers any more", "error", err)
	}
}

// close lets what is sent come to its end for a moment.
func (h *handOut) close() error {
	if h == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), handOutHeader)
	defer cancel()
	if err := h.server.Shutdown(ctx); err != nil {
		return h.server.Close()
	}
	return nil
}
