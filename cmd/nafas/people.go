package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"nafas/internal/access"
	"nafas/internal/access/provider"
	"nafas/internal/access/session"
	"nafas/internal/audit"
	"nafas/internal/config"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// people are those who sign in, and the trail of what everybody does.
type people struct {
	// sessions lets people in; nil without an HTTP listener.
	sessions *session.Sessions
	// trail is what whoever gives out images records in.
	trail *audit.Accesses
	// log is under it.
	log     *audit.Trail
	sending sync.WaitGroup
	end     context.CancelFunc
}

// peopleOf makes them ready; stop ends them. Nobody is asked yet: a provider and a
// collector may be down.
func (f serviceFlags) peopleOf(db *store.SQLite, file config.File, tokens *access.Tokens, log *slog.Logger) (*people, error) {
	pseudonyms, err := triage.LoadPseudonyms(pseudonymKey(f.Data))
	if err != nil {
		return nil, err
	}
	p := &people{log: audit.NewTrail(db.Books(), pseudonyms.Study)}
	o, err := f.sessionOptions(file.Web, tokens)
	if err != nil {
		return nil, err
	}
	o.Book, o.Audit, o.Log = db.Books(), p.log, log
	if file.Web.OIDC != nil {
		warnReadable(log, "web: oidc: client-secret-file", file.Web.OIDC.ClientSecretFile)
	}
	if file.Audit.Syslog != nil {
		warnReadable(log, "audit: syslog: key", file.Audit.Syslog.Key)
	}
	warnReadable(log, "--tls-key", f.TLSKey)
	p.sessions = session.New(o)
	p.trail = audit.NewAccesses(p.log, p.sessions.Address)
	return p, p.send(file.Audit, db.Installation(), log)
}

// warnReadable says of a file with a secret that everybody on this machine may read
// it. Some systems mount secrets so: it is no reason to refuse.
func warnReadable(log *slog.Logger, what, path string) {
	if path == "" {
		return
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o004 != 0 {
		log.Warn("a file with a secret can be read by every user of this machine: chmod o-r", "setting", what, "file", path)
	}
}

func (f serviceFlags) sessionOptions(w config.Web, tokens *access.Tokens) (session.Options, error) {
	o := session.Options{
		Idle: time.Duration(w.Session.Idle), Absolute: time.Duration(w.Session.Absolute), Public: w.Public(),
		MayBeOpen: tokens == nil && w.OIDC == nil && w.PublicURL == "" && (access.Loopback(f.HTTP.Listen) || f.Insecure),
	}
	var err error
	if o.Proxies, err = w.ProxyNetworks(); err != nil {
		return o, usageError{err}
	}
	if w.OIDC != nil {
		made, err := providerOf(*w.OIDC)
		if err != nil {
			return o, err
		}
		o.Provider = made
	}
	return o, nil
}

// providerOf reads the client's secret, and asks nobody.
func providerOf(o config.OIDC) (*provider.Provider, error) {
	options := provider.Options{
		Name: o.Name, Issuer: o.Issuer, ClientID: o.ClientID, RedirectURL: o.RedirectURL, Scopes: o.Scopes,
		NameClaim: o.NameClaim, RolesClaim: o.RolesClaim, Roles: o.Granted(),
	}
	if options.Name == "" {
		if u, err := url.Parse(o.Issuer); err == nil {
			options.Name = u.Hostname()
		}
	}
	if o.ClientSecretFile != "" {
		text, err := os.ReadFile(o.ClientSecretFile)
		if err != nil {
			return nil, usage("web: oidc: client-secret-file: %w", err)
		}
		if options.ClientSecret = strings.TrimSpace(string(text)); options.ClientSecret == "" {
			return nil, usage("web: oidc: client-secret-file: %s is empty", o.ClientSecretFile)
		}
	}
	return provider.New(options), nil
}

// send begins to send the trail, where somebody collects it.
func (p *people) send(a config.Audit, installation string, log *slog.Logger) error {
	if a.Syslog == nil {
		return nil
	}
	encryption, err := a.Syslog.Client().Config()
	if err != nil {
		return usage("audit: syslog: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.end = cancel
	sender := audit.Sender{Address: a.Syslog.Address, TLS: encryption, Source: auditSource(a.Site, installation), Log: log}
	p.sending.Go(func() { sender.Run(ctx, p.log) })
	return nil
}

// auditSource is this process.
func auditSource(site, installation string) audit.Source {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return audit.Source{Site: site, ID: "nafas-" + installation, Host: host, Process: strconv.Itoa(os.Getpid())}
}

// began records that the service starts.
func (p *people) began(ctx context.Context) error {
	return p.log.Record(ctx, audit.Event{Kind: audit.Started, Who: shellUser(), Detail: "nafas serve " + buildVersion()})
}

// stop records that the service stops, and sends no more; what is not sent goes
// out after the next start. It may be called twice, and on nil.
func (p *people) stop(ctx context.Context, log *slog.Logger) {
	if p == nil {
		return
	}
	if err := p.log.Record(ctx, audit.Event{Kind: audit.Stopped, Who: shellUser(), Detail: "nafas serve " + buildVersion()}); err != nil {
		log.ErrorContext(ctx, "the stop is not in the audit trail", "error", err)
	}
	p.close()
}

// close ends the sending.
func (p *people) close() {
	if p != nil && p.end != nil {
		p.end()
		p.sending.Wait()
	}
}

// checkHTTP refuses an exposure that nobody asked for. It looks into the data
// folder for users.
func (f serviceFlags) checkHTTP(ctx context.Context, web config.Web) error {
	if f.HTTP.Listen == "" {
		return nil
	}
	users, err := store.AnyAccount(ctx, f.Data)
	if err != nil {
		return err
	}
	if err := (access.Exposure{
		Address: f.HTTP.Listen, TLS: f.tlsFiles(), Tokens: f.Tokens != "", People: users || web.OIDC != nil, Insecure: f.Insecure,
	}).Check(); err != nil {
		return usageError{fmt.Errorf("--http-listen: %w. Users (nafas user add) and an OpenID Connect provider count as tokens do", err)}
	}
	return nil
}

// gate is who may ask over DICOMweb.
func (p *people) gate(f serviceFlags, tokens *access.Tokens) access.Gate {
	return access.Gate{
		Tokens: tokens, Visitors: p.sessions, Admit: p.trail.Admit,
		NeedToken: !access.Loopback(f.HTTP.Listen) && !f.Insecure && f.TLSClientCA == "",
	}
}
