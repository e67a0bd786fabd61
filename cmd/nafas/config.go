package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"nafas/dicomio/pixel"
	"nafas/internal/access/provider"
	"nafas/internal/access/session"
	"nafas/internal/config"
	"nafas/models"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Try every setting of serve, without serving."`
}

type configCheckCmd struct{ serviceFlags }

// Run tries what serve would need, all of it, and says of each whether it
// holds.
func (c *configCheckCmd) Run(s *streams, ctx kongContext) error {
	failed := false
	check := func(name string, err error, good string) {
		if err != nil {
			failed = true
			fmt.Fprintf(s.out, "%-10s FAILS: %v\n", name, err)
			return
		}
		fmt.Fprintf(s.out, "%-10s ok: %s\n", name, good)
	}
	if err := c.limits(); err != nil {
		check("limits", err, "")
	}
	if c.DICOM.Listen != "" {
		_, _, err := c.DICOM.settings(c.tlsFiles(), c.Insecure)
		check("dicom", err, c.DICOM.Listen+" as "+strings.Join(c.DICOM.AE, ", "))
	}
	note := func(name, text string) { fmt.Fprintf(s.out, "%-10s note: %s\n", name, text) }
	c.tryFile(ctx, check, note)
	_, err := c.security()
	tryAddress(ctx, "listener", err, c.Listen, c.exposureWords(), check, note)
	free, err := c.dataFolder()
	check("data", err, fmt.Sprintf("%s is writable, %d MiB free", c.Data, free>>20))
	if err == nil && free < c.MinFree<<20 {
		check("disk", fmt.Errorf("%d MiB are free; intake stops below %d", free>>20, c.MinFree), "")
	}
	if err := c.tryModel(ctx, note); err != nil {
		check("model", err, "")
	}
	e, err := c.open(ctx, s, false)
	if err != nil {
		check("engine", err, "")
	} else {
		defer e.close()
		check("library", nil, fmt.Sprintf("%s, version %s", e.library.Path, e.library.Version))
		check("model", nil, fmt.Sprintf("%s %s, its self-test holds here", e.model.Name, e.model.Version))
	}
	for _, syntax := range []string{jpeg2000Lossless} {
		if err := pixel.Supported(syntax); err != nil {
			note("codecs", err.Error())
		} else {
			check("codecs", nil, "JPEG 2000 through OpenJPEG; the others are built in")
		}
	}
	if failed {
		return errors.New("serve would not start with these settings")
	}
	return nil
}

// tryModel has the model tried that serve would read with: the one that was
// activated for the data folder, where one was.
func (c *configCheckCmd) tryModel(ctx context.Context, note noted) error {
	live, folder, err := recordedModel(ctx, c.Data)
	if err != nil || folder == "" || c.ActivateModel {
		return err
	}
	if c.Model != "" {
		if m, err := models.Open(c.Model); err != nil || m.SHA256() != live.SHA256 {
			note("model", fmt.Sprintf("--model is not used: %s %s was activated for %s; nafas model activate changes it while the service runs", live.Name, live.Version, c.Data))
		}
	}
	c.Model = folder
	return nil
}

// checked prints a line of a setting that was tried, noted one of what hinders no start.
type (
	checked func(name string, err error, good string)
	noted   func(name, text string)
)

// tryFile tries what the settings file says, section by section.
func (c *configCheckCmd) tryFile(ctx context.Context, check checked, note noted) {
	settings, err := c.settings()
	if err != nil || c.Settings != "" {
		check("settings", err, c.Settings)
	}
	c.tryWeb(ctx, settings.Web, check, note)
	if to := settings.Audit.Syslog; to != nil {
		_, err := to.Client().Config()
		check("audit", err, "sent to "+to.Address)
	}
	if o, err := siteFlags(settings.Categories).options(); err != nil || settings.Categories.Said() {
		check("categories", err, siteFlagsOf(o).said())
	}
	if c.rules = settings.Rules(); len(c.rules) > 0 {
		check("priority", nil, fmt.Sprintf("%d rules in place of the default ones", len(c.rules)))
	}
	if to, err := c.destinations(settings.Deliver); err != nil || len(to.outbox) > 0 {
		check("deliver", err, strings.Join(to.names(), ", "))
	}
	if polls, err := c.polls(settings.Poll); err != nil || len(polls) > 0 {
		check("poll", err, strings.Join(pollNames(polls), ", "))
	}
	if earlier, err := c.priors(settings.Priors); err != nil || earlier != nil {
		check("priors", err, earlier.words())
	}
}

// tryWeb tries the HTTP listener, and what is said of the page on it.
func (c *configCheckCmd) tryWeb(ctx context.Context, web config.Web, check checked, note noted) {
	if c.HTTP.Listen != "" {
		tryAddress(ctx, "http", c.checkHTTP(ctx, web), c.HTTP.Listen, c.exposureWords(), check, note)
	}
	if web.PublicURL != "" {
		check("web", nil, "people reach it at "+web.PublicURL)
	}
	if web.OIDC != nil {
		p, err := providerOf(*web.OIDC)
		check("web", err, "sign-in by "+web.OIDC.Issuer)
		if err == nil {
			tryProvider(ctx, p, note)
		}
	}
	if c.HTTP.Listen == "" && (web.PublicURL != "" || web.OIDC != nil) {
		note("web", "there is no page, since --http-listen is not given")
	}
}

// tryProvider asks the provider whether it is there. One that is down is no fault
// of the settings: the service asks it again for everybody who signs in.
func tryProvider(ctx context.Context, p *provider.Provider, note noted) {
	if _, err := p.Start(ctx, session.Secrets{}); err != nil {
		note("web", "the provider does not answer now, and nobody can sign in by it until it does: "+err.Error())
	}
}

const jpeg2000Lossless = "1.2.840.10008.1.2.4.90"

// tryAddress opens a listener that nothing was wrong with, and closes it again. A port
// in use is no fault of the settings: the service that they are for may be running.
func tryAddress(ctx context.Context, name string, wrong error, address, words string, check checked, note noted) {
	if wrong == nil {
		var config net.ListenConfig
		l, err := config.Listen(ctx, "tcp", address)
		switch {
		case errors.Is(err, unix.EADDRINUSE):
			note(name, address+" is in use now; serve starts when whatever holds it has left")
		case err != nil:
			wrong = err
		default:
			wrong = l.Close()
		}
	}
	check(name, wrong, address+" "+words)
}

func (f serviceFlags) exposureWords() string {
	words := "plaintext"
	if f.tlsFiles().Enabled() {
		words = "TLS"
	}
	if f.TLSClientCA != "" {
		words = "mutual TLS"
	}
	if f.Tokens != "" {
		return words + ", tokens"
	}
	return words + ", no tokens"
}

// dataFolder tries to write where serve would; it leaves nothing behind.
func (f serviceFlags) dataFolder() (free int64, err error) {
	dir := f.Data
	for {
		if _, err = os.Stat(dir); err == nil || !errors.Is(err, os.ErrNotExist) || filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir) // serve makes what is missing below
	}
	if err != nil {
		return 0, err
	}
	probe, err := os.CreateTemp(dir, ".nafas-check-")
	if err != nil {
		return 0, err
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return 0, err
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * st.Bsize, nil
}
