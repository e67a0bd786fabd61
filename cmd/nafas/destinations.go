package main

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse"
	"nafas/internal/access"
	"nafas/internal/config"
	"nafas/internal/deliver"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
)

// destinations are those that results go to, as the outbox knows them and as
// they are reached.
type destinations struct {
	outbox []triage.Destination
	byName map[string]deliver.Destination
}

func (d *destinations) add(where triage.Destination, how deliver.Destination) error {
	if _, twice := d.byName[where.Name]; twice {
		return usage("results go to %s twice: give each destination a name of its own", where.Name)
	}
	d.outbox = append(d.outbox, where)
	d.byName[where.Name] = how
	return nil
}

func (d *destinations) names() []string {
	out := make([]string, len(d.outbox))
	for i, o := range d.outbox {
		out[i] = o.Name
	}
	return out
}

// settings reads the settings file, where there is one.
func (f serviceFlags) settings() (config.File, error) { return loadSettings(f.Settings) }

func loadSettings(path string) (config.File, error) {
	if path == "" {
		return config.File{}, nil
	}
	file, err := config.Load(path)
	if err != nil {
		return config.File{}, usageError{err}
	}
	return file, nil
}

// destinations are those of the flags and of the settings file.
func (f serviceFlags) destinations(file []config.Destination) (*destinations, error) {
	out := &destinations{byName: map[string]deliver.Destination{}}
	if err := f.flaggedArchives(out); err != nil {
		return out, err
	}
	if err := f.flaggedServers(out); err != nil {
		return out, err
	}
	for _, d := range file {
		how, err := f.destination(d)
		if err != nil {
			return out, usage("%s, destination %s: %w", f.Settings, d.Name, err)
		}
		where := triage.Destination{Name: d.Name}
		for _, p := range d.Priorities {
			where.Priorities = append(where.Priorities, priorityNames[p])
		}
		if err := out.add(where, how); err != nil {
			return out, err
		}
	}
	return out, nil
}

// priorityNames are the words of config.Priorities.
var priorityNames = map[string]triage.Priority{
	"urgent": triage.PriorityUrgent, "high": triage.PriorityHigh,
	"routine": triage.PriorityRoutine, "not-assessed": triage.PriorityNotAssessed,
}

// flaggedArchives are those of --dicom-deliver, named by their titles.
func (f serviceFlags) flaggedArchives(out *destinations) error {
	remotes, err := f.DICOM.parseRemotes("--dicom-deliver", f.DICOM.Deliver)
	if err != nil {
		return err
	}
	for _, text := range f.DICOM.Deliver {
		title, _, _ := strings.Cut(text, "=")
		remote := remotes[title]
		if !f.DICOM.DeliverTLS && f.DICOM.DeliverCA == "" {
			if !access.Loopback(remote.Address) && !f.Insecure {
				return usage("results would go to %s in plaintext: give --dicom-deliver-tls, or say --insecure on a network that is trusted", remote.Address)
			}
		} else if remote.TLS, err = f.deliverTLS().Config(); err != nil {
			return usageError{err}
		}
		if err := out.add(triage.Destination{Name: title}, deliver.Destination{Remote: remote, Language: f.DICOM.Language}); err != nil {
			return err
		}
	}
	return nil
}

func (f serviceFlags) deliverTLS() access.ClientTLS {
	return access.ClientTLS{CA: f.DICOM.DeliverCA, Cert: f.TLSCert, Key: f.TLSKey}
}

// deliverToken is the variable of the bearer token; flags are seen by every
// user of the machine.
const deliverToken = "NAFAS_DICOM_DELIVER_TOKEN"

// flaggedServers are those of --dicom-deliver-web.
func (f serviceFlags) flaggedServers(out *destinations) error {
	for _, text := range f.DICOM.DeliverWeb {
		name, base, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return usage("--dicom-deliver-web %s: it is NAME=URL", text)
		}
		if u, err := url.Parse(base); err == nil && u.Scheme == "http" && !f.Insecure && !access.Loopback(net.JoinHostPort(u.Hostname(), "80")) {
			return usage("results would go to %s in plaintext: use https://, or say --insecure on a network that is trusted", u.Host)
		}
		client, err := webClient(base, os.Getenv(deliverToken), f.deliverTLS())
		if err != nil {
			return usage("--dicom-deliver-web %s: %w", text, err)
		}
		if err := out.add(triage.Destination{Name: name}, deliver.Destination{Web: client, Language: f.DICOM.Language}); err != nil {
			return err
		}
	}
	return nil
}

func webClient(base, token string, tls access.ClientTLS) (*dicomweb.Client, error) {
	config, err := tls.Config()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = config
	return dicomweb.NewClient(base, token, transport)
}

// webOf is a DICOMweb server of the settings file.
func webOf(base, tokenFile string, s config.Security) (*dicomweb.Client, error) {
	token, err := "", error(nil)
	if tokenFile != "" {
		if token, err = (connectFlags{TokenFile: tokenFile}).token(); err != nil {
			return nil, err
		}
	}
	return webClient(base, token, s.Client())
}

// destination is one of the settings file, which has been checked.
func (f serviceFlags) destination(d config.Destination) (deliver.Destination, error) {
	out := deliver.Destination{
		Language: d.Language, Confirm: deliver.Confirmation(d.Confirm), Patience: time.Duration(d.PatienceDays) * 24 * time.Hour,
	}
	if out.Language == "" {
		out.Language = f.DICOM.Language
	}
	for _, o := range d.Objects {
		out.Kinds = append(out.Kinds, objects.Kind(o))
	}
	var err error
	switch {
	case d.DICOM != "":
		if out.Confirm == deliver.ConfirmCommitment && f.DICOM.Listen == "" {
			return out, usage("confirm: commitment needs --dicom-listen, where the archive reports what it keeps")
		}
		out.Remote, err = f.remote(d.DICOM, d.Security)
	case d.Web != "":
		out.Web, err = webOf(d.Web, d.TokenFile, d.Security)
	default:
		out.Line, err = hl7Line(d)
	}
	return out, err
}

// remote is a DICOM peer of the settings file.
func (f serviceFlags) remote(text string, s config.Security) (dimse.Remote, error) {
	title, address, err := config.Title(text)
	if err != nil {
		return dimse.Remote{}, err
	}
	if len(f.DICOM.AE) == 0 {
		return dimse.Remote{}, usage("--dicom-ae is empty: it is the title that we call with")
	}
	out := dimse.Remote{Address: address, CalledAE: title, CallingAE: f.DICOM.AE[0]}
	if s.TLS != nil {
		out.TLS, err = s.Client().Config()
	}
	return out, err
}
