package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"nafas/internal/access"
	"nafas/internal/rescore/relay"
)

type workerCmd struct {
	rescoreFlags
	filesFlags `embed:"" prefix:"files-" group:"Files:"`
}

// filesFlags say where a worker has files that are on another machine.
type filesFlags struct {
	From      string `help:"Address of the nafas that hands out the files of a folder (--hand-out-listen), such as https://coordinator:8043; not needed where this machine sees the same folder." placeholder:"URL"`
	TokenFile string `help:"File that holds the bearer token for that." type:"path" placeholder:"FILE"`
	CA        string `help:"CA that signed its certificate (PEM)." name:"tls-ca" type:"path" placeholder:"FILE"`
	Insecure  bool   `help:"Fetch patients' data from another machine in plaintext."`
}

// relay makes the source of such files; nil where nothing is asked for.
func (f filesFlags) relay() (func(relay.Spool) (*relay.Source, error), error) {
	if f.From == "" {
		return nil, nil
	}
	if u, err := url.Parse(f.From); err == nil && u.Scheme == "http" && !f.Insecure && !access.Loopback(net.JoinHostPort(u.Hostname(), "80")) {
		return nil, usage("patients' data would come from %s in plaintext: use https://, or say --files-insecure on a network that is trusted", u.Host)
	}
	token, err := (connectFlags{TokenFile: f.TokenFile}).token()
	if err != nil {
		return nil, err
	}
	config, err := (access.ClientTLS{CA: f.CA}).Config()
	if err != nil {
		return nil, usageError{err}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = config
	to := func(spool relay.Spool) (*relay.Source, error) {
		return relay.NewSource(f.From, token, transport, spool)
	}
	if _, err := to(nil); err != nil {
		return nil, usageError{err}
	}
	return to, nil
}

// Run reads studies of rescorings that others began, until it is told to end.
func (c *workerCmd) Run(s *streams, ctx kongContext) error {
	dsn, err := c.dsn()
	if err != nil {
		return err
	}
	if dsn == "" {
		return usage("nafas worker takes its work from a PostgreSQL database: say --database-file, or set NAFAS_DATABASE; on one machine nafas rescore works by itself")
	}
	o := stationOptions{log: s.logger(), insecure: c.Insecure, works: true}
	if o.live, err = liveOf(c.Data); err != nil {
		return err
	}
	if o.relay, err = c.filesFlags.relay(); err != nil {
		return err
	}
	st, err := c.station(ctx, o)
	if err != nil {
		return err
	}
	if err := st.tend(ctx, false); err != nil {
		return errors.Join(err, st.close(0))
	}
	fmt.Fprintf(s.err, "reading studies of rescorings on %d cores as %s; interrupt to stop\n", st.slots, st.worker.Name)
	<-ctx.Done()
	return st.close(stopGrace)
}
