package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"nafas/dicomio/dimse"
	"nafas/dicomio/pixel"
	"nafas/internal/access"
	"nafas/internal/pacs"
	"nafas/internal/triage"
)

// dicomFlags are the settings of the DICOM listener.
type dicomFlags struct {
	Listen       string   `help:"Address of the DICOM listener (C-ECHO, C-STORE, storage commitment), such as 127.0.0.1:11112; none without it." placeholder:"HOST:PORT"`
	AE           []string `help:"Our AE titles: others are not answered." default:"NAFAS" placeholder:"TITLE"`
	Calling      []string `help:"AE titles that may call; needed beyond loopback." placeholder:"TITLE"`
	From         []string `help:"Addresses that may connect, such as 10.1.2.3 or 10.1.0.0/16; needed beyond loopback." placeholder:"CIDR"`
	Peer         []string `help:"Where an AE title listens, to send it reports of storage commitment." placeholder:"TITLE=HOST:PORT"`
	Deliver      []string `help:"Send results to this archive: its AE title and where it listens. The first of --dicom-ae is our title." placeholder:"TITLE=HOST:PORT"`
	DeliverWeb   []string `help:"Send results to this DICOMweb server: a name of your choice and its base URL; the token in NAFAS_DICOM_DELIVER_TOKEN, where it wants one." name:"deliver-web" placeholder:"NAME=URL"`
	Language     string   `help:"Language of delivered reports: en, fr, ar." enum:"en,fr,ar" default:"en"`
	DeliverTLS   bool     `help:"Encrypt deliveries, and trust --dicom-deliver-ca besides the system's authorities." name:"deliver-tls"`
	DeliverCA    string   `help:"CA that signed the archives' certificates (PEM)." name:"deliver-ca" type:"path"`
	TLS          bool     `help:"Encrypt with the service's --tls-cert and --tls-key; with --tls-client-ca only peers with a certificate."`
	Associations int      `help:"Associations at once." default:"32"`
}

// dicomListener is the DICOM side of a service.
type dicomListener struct {
	server     *dimse.Server
	listener   net.Listener
	commitment *pacs.Commitment
}

// settings checks the flags.
func (f dicomFlags) settings(tls access.TLSFiles, insecure bool) (dimse.ServerConfig, map[string]dimse.Remote, error) {
	cfg := dimse.ServerConfig{CalledAEs: f.AE, CallingAEs: f.Calling, MaxAssociations: f.Associations, Offers: pacs.Offers(pixel.Known())}
	if f.Associations < 1 {
		return cfg, nil, usage("--dicom-associations must be above 0")
	}
	for _, title := range append(append([]string{}, f.AE...), f.Calling...) {
		if err := checkTitle(title); err != nil {
			return cfg, nil, err
		}
	}
	for _, text := range f.From {
		prefix, err := parsePrefix(text)
		if err != nil {
			return cfg, nil, err
		}
		cfg.Peers = append(cfg.Peers, prefix)
	}
	if err := f.exposure(tls, insecure); err != nil {
		return cfg, nil, err
	}
	if f.TLS {
		var err error
		if cfg.TLS, err = tls.ServerConfig(); err != nil {
			return cfg, nil, usageError{err}
		}
		if cfg.TLS == nil {
			return cfg, nil, usage("--dicom-tls needs --tls-cert and --tls-key")
		}
	}
	remotes, err := f.remotes()
	return cfg, remotes, err
}

// exposure refuses a listener that anybody, or nobody in particular, could
// reach.
func (f dicomFlags) exposure(tls access.TLSFiles, insecure bool) error {
	if _, _, err := net.SplitHostPort(f.Listen); err != nil {
		return usage("--dicom-listen is not HOST:PORT: %w", err)
	}
	if access.Loopback(f.Listen) {
		return nil
	}
	if len(f.AE) == 0 || len(f.Calling) == 0 || len(f.From) == 0 {
		return usage("%s can be reached from other machines: say who may call with --dicom-calling TITLE and --dicom-from ADDRESS, "+
			"or listen on 127.0.0.1", f.Listen)
	}
	if !f.TLS && !insecure {
		return usage("%s can be reached from other machines and would be plaintext: give --dicom-tls, "+
			"or say --insecure on a network that is trusted", f.Listen)
	}
	return nil
}

func (f dicomFlags) remotes() (map[string]dimse.Remote, error) {
	return f.parseRemotes("--dicom-peer", f.Peer)
}

func (f dicomFlags) parseRemotes(flag string, list []string) (map[string]dimse.Remote, error) {
	out := map[string]dimse.Remote{}
	for _, text := range list {
		title, address, ok := strings.Cut(text, "=")
		if _, _, err := net.SplitHostPort(address); !ok || err != nil {
			return nil, usage("%s %s: it is TITLE=HOST:PORT", flag, text)
		}
		if err := checkTitle(title); err != nil {
			return nil, err
		}
		if _, twice := out[title]; twice {
			return nil, usage("%s %s: the title is there twice", flag, text)
		}
		if len(f.AE) == 0 {
			return nil, usage("--dicom-ae is empty: it is the title that we call with")
		}
		out[title] = dimse.Remote{Address: address, CalledAE: title, CallingAE: f.AE[0]}
	}
	return out, nil
}

// checkTitle: an AE title has up to 16 characters, no backslash and no control
// characters (PS3.5 table 6.2-1).
func checkTitle(title string) error {
	bad := func(r rune) bool { return r < ' ' || r > '~' || r == '\\' }
	if title == "" || len(title) > 16 || strings.ContainsFunc(title, bad) || strings.TrimSpace(title) != title {
		return usage("%q is no AE title: 1 to 16 characters, no backslash, no space at its ends", title)
	}
	return nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return prefix, usage("--dicom-from %s: it is an address, or one with a length such as 10.1.0.0/16", text)
	}
	return prefix.Masked(), nil
}

// listenDICOM opens the listener; nil where none is asked for.
func listenDICOM(f dicomFlags, tls access.TLSFiles, insecure bool, app *triage.Service, log *slog.Logger) (*dicomListener, error) {
	if f.Listen == "" {
		return nil, nil
	}
	cfg, remotes, err := f.settings(tls, insecure)
	if err != nil {
		return nil, err
	}
	cfg.Log = log
	ln, err := net.Listen("tcp", f.Listen)
	if err != nil {
		return nil, fmt.Errorf("DICOM listener: %w", err)
	}
	d := &dicomListener{listener: ln, commitment: pacs.NewCommitment(app.Inbox().Promise, remotes, log)}
	d.server = dimse.NewServer(cfg, pacs.NewProvider(intakeOf(app), d.commitment, app.Answered, log))
	return d, nil
}

// intakeOf takes from archives, which may have been asked.
func intakeOf(app *triage.Service) pacs.Intake {
	return func() (pacs.Sender, error) { return app.Inbox().Sender() }
}

// stop ends what is open; the instance under way may be answered until ctx
// ends.
func (d *dicomListener) stop(ctx context.Context) {
	d.server.Shutdown(ctx)
	d.commitment.Close()
}
