// Package config reads the settings file of a service: the systems that it
// sends results to, those that it fetches studies from, the rules by which
// studies get their priority, how people sign in, and where the audit trail goes.
// Everything else is a flag.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"nafas/internal/access"
	"nafas/internal/triage/priority"
)

// File is a settings file.
type File struct {
	Deliver []Destination `yaml:"deliver"`
	Poll    []Poll        `yaml:"poll"`
	// Priors is nil where none are fetched.
	Priors *Priors `yaml:"priors"`
	// Categories say which guidelines are asked about findings.
	Categories Categories `yaml:"categories"`
	// Priority is nil where the default rules are in force.
	Priority *Priority `yaml:"priority"`
	// Web says how people sign in.
	Web Web `yaml:"web"`
	// Audit says where the audit trail goes.
	Audit Audit `yaml:"audit"`
}

// Categories are what the site says of all its studies.
type Categories struct {
	// Guidelines are lung-rads, fleischner, bts, european, nelson, brock. Empty
	// means lung-rads, fleischner, bts and brock.
	Guidelines []string `yaml:"guidelines"`
	// Screening is yes where every exam belongs to a lung cancer screening, no
	// where none does; "" where that is not known.
	Screening string `yaml:"screening"`
}

// Said says whether anything is set.
func (c Categories) Said() bool { return len(c.Guidelines) > 0 || c.Screening != "" }

func (c Categories) check() error {
	for i, name := range c.Guidelines {
		if slices.Contains(c.Guidelines[:i], name) {
			return fmt.Errorf("guidelines: %s is there twice: name each once", name)
		}
	}
	if err := oneOf("guidelines", c.Guidelines, Guidelines); err != nil {
		return err
	}
	return oneOf("screening", some(c.Screening), []string{"yes", "no"})
}

// Priority says how studies get their priority.
type Priority struct {
	// Rules stand for the default ones.
	Rules priority.Rules `yaml:"rules"`
}

// Rules are those of the file; none where it has none.
func (f File) Rules() priority.Rules {
	if f.Priority == nil {
		return nil
	}
	return f.Priority.Rules
}

// Security is how a peer is reached.
type Security struct {
	// TLS encrypts; the paths of its files are absolute.
	TLS *TLS `yaml:"tls"`
	// Insecure allows plaintext to another machine.
	Insecure bool `yaml:"insecure"`
}

// TLS names PEM files. CA is trusted besides the system's; Cert and Key are
// ours, for mutual TLS.
type TLS struct {
	CA   string `yaml:"ca"`
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Client are the settings of a connection: the zero value without TLS.
func (s Security) Client() access.ClientTLS {
	if s.TLS == nil {
		return access.ClientTLS{}
	}
	return access.ClientTLS{CA: s.TLS.CA, Cert: s.TLS.Cert, Key: s.TLS.Key}
}

// Destination is one that results go to: exactly one of DICOM, Web and HL7 is
// set.
type Destination struct {
	// Name is what the outbox, the log and the metrics call it.
	Name string `yaml:"name"`
	// DICOM is an archive: TITLE@HOST:PORT.
	DICOM string `yaml:"dicom"`
	// Web is the base URL of a DICOMweb server.
	Web string `yaml:"web"`
	// TokenFile holds the bearer token for Web.
	TokenFile string `yaml:"token-file"`
	// HL7 is a system of reports that takes messages over MLLP: HOST:PORT.
	HL7      string `yaml:"hl7"`
	Security `yaml:",inline"`
	// Objects are sr, ko, seg, sc, reject. Empty means sr and ko.
	Objects []string `yaml:"objects"`
	// Priorities are urgent, high, routine, not-assessed. Empty means all.
	Priorities []string `yaml:"priorities"`
	// Language is en, fr or ar; "" means en.
	Language string `yaml:"language"`
	// Confirm is query, commitment or none; "" means query.
	Confirm string `yaml:"confirm"`
	// PatienceDays is after how many days without success a delivery is a dead
	// letter. 0 means 7.
	PatienceDays int `yaml:"patience-days"`
}

// Duration is written as Go does: 90s, 5m, 1h30m.
type Duration time.Duration

// UnmarshalYAML implements yaml.BytesUnmarshaler.
func (d *Duration) UnmarshalYAML(raw []byte) error {
	v, err := time.ParseDuration(strings.Trim(strings.TrimSpace(string(raw)), `"'`))
	*d = Duration(v)
	if err != nil {
		return fmt.Errorf("%s is no time such as 90s, 5m or 1h30m", bytes.TrimSpace(raw))
	}
	return nil
}

// The values that fields may have.
var (
	Objects       = []string{"sr", "ko", "seg", "sc", "reject"}
	Priorities    = []string{"urgent", "high", "routine", "not-assessed"}
	Languages     = []string{"en", "fr", "ar"}
	Confirmations = []string{"query", "commitment", "none"}
	Guidelines    = []string{"lung-rads", "fleischner", "bts", "european", "nelson", "brock"}
)

// maxBytes is far more than a settings file has.
const maxBytes = 1 << 20

// Load reads and checks a settings file. Its errors say where, and what to do.
// Relative paths in it are relative to its folder.
func Load(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return File{}, err
	}
	if len(raw) > maxBytes {
		return File{}, fmt.Errorf("%s is larger than a settings file: more than %d bytes", path, maxBytes)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return File{}, err
	}
	out, err := Parse(raw, dir)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

// Parse is Load of the contents of a file in the folder dir.
func Parse(raw []byte, dir string) (File, error) {
	var f File
	err := yaml.NewDecoder(bytes.NewReader(raw), yaml.DisallowUnknownField()).Decode(&f)
	if err != nil && !errors.Is(err, io.EOF) {
		return File{}, err
	}
	for i := range f.Deliver {
		d := &f.Deliver[i]
		d.within(dir)
		d.TokenFile = within(dir, d.TokenFile)
		if err := d.check(); err != nil {
			return File{}, fmt.Errorf("deliver, entry %d (%s): %w", i+1, d.Name, err)
		}
	}
	for i := range f.Poll {
		p := &f.Poll[i]
		p.within(dir)
		if err := p.check(); err != nil {
			return File{}, fmt.Errorf("poll, entry %d (%s): %w", i+1, p.Name, err)
		}
	}
	if p := f.Priors; p != nil {
		p.within(dir)
		if err := p.check(); err != nil {
			return File{}, fmt.Errorf("priors: %w", err)
		}
	}
	if err := f.Categories.check(); err != nil {
		return File{}, fmt.Errorf("categories: %w", err)
	}
	if f.Priority != nil {
		if err := f.Priority.Rules.Check(); err != nil {
			return File{}, fmt.Errorf("priority, %w", err)
		}
	}
	if o := f.Web.OIDC; o != nil {
		o.ClientSecretFile = within(dir, o.ClientSecretFile)
	}
	if err := f.Web.check(); err != nil {
		return File{}, fmt.Errorf("web: %w", err)
	}
	if s := f.Audit.Syslog; s != nil {
		for _, p := range []*string{&s.CA, &s.Cert, &s.Key} {
			*p = within(dir, *p)
		}
	}
	if err := f.Audit.check(); err != nil {
		return File{}, fmt.Errorf("audit: %w", err)
	}
	return f, f.unique()
}

func (s Security) within(dir string) {
	if s.TLS != nil {
		for _, p := range []*string{&s.TLS.CA, &s.TLS.Cert, &s.TLS.Key} {
			*p = within(dir, *p)
		}
	}
}

func within(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func (f File) unique() error {
	seen := map[string]bool{}
	for _, d := range f.Deliver {
		if seen[d.Name] {
			return fmt.Errorf("deliver: two entries are named %s; each needs a name of its own", d.Name)
		}
		seen[d.Name] = true
	}
	clear(seen)
	for _, p := range f.Poll {
		if seen[p.Name] {
			return fmt.Errorf("poll: two entries are named %s; each needs a name of its own", p.Name)
		}
		seen[p.Name] = true
	}
	return nil
}

// check refuses what could not work.
func (d Destination) check() error {
	ways := 0
	for _, w := range []string{d.DICOM, d.Web, d.HL7} {
		if w != "" {
			ways++
		}
	}
	switch {
	case d.Name == "" || len(d.Name) > 64:
		return errors.New("give it a name of 1 to 64 bytes")
	case ways != 1:
		return errors.New("give it exactly one of dicom, web and hl7")
	case d.TokenFile != "" && d.Web == "":
		return errors.New("token-file is for web")
	case d.HL7 != "" && (len(d.Objects) > 0 || d.Confirm != ""):
		return errors.New("objects and confirm are for dicom and web: an hl7 message is acknowledged or not")
	case d.Web != "" && d.Confirm == "commitment":
		return errors.New("storage commitment is for dicom; web has confirm: query")
	case d.PatienceDays < 0:
		return errors.New("patience-days must not be negative")
	case len(d.Objects) > 0 && !slices.Contains(d.Objects, "sr"):
		return errors.New("objects must have sr in it: the others only go with the report")
	}
	for _, err := range []error{
		oneOf("objects", d.Objects, Objects), oneOf("priorities", d.Priorities, Priorities),
		oneOf("language", some(d.Language), Languages), oneOf("confirm", some(d.Confirm), Confirmations),
	} {
		if err != nil {
			return err
		}
	}
	return d.checkAddress()
}

func (d Destination) checkAddress() error {
	switch {
	case d.DICOM != "":
		return d.plaintext("dicom", d.DICOM)
	case d.HL7 != "":
		if _, _, err := net.SplitHostPort(d.HL7); err != nil {
			return fmt.Errorf("hl7: %s is not HOST:PORT", d.HL7)
		}
		return d.refusePlaintext(d.HL7, d.TLS != nil)
	default:
		return d.checkWeb(d.Web)
	}
}

func (s Security) checkWeb(base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return fmt.Errorf("web: %s is no URL", base)
	}
	return s.refusePlaintext(net.JoinHostPort(u.Hostname(), "0"), u.Scheme == "https")
}

// plaintext checks an AE title and its address.
func (s Security) plaintext(field, title string) error {
	_, address, err := Title(title)
	if err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	return s.refusePlaintext(address, s.TLS != nil)
}

func (s Security) refusePlaintext(address string, encrypted bool) error {
	if encrypted || s.Insecure || access.Loopback(address) {
		return nil
	}
	return fmt.Errorf("patients' data would go to %s in plaintext: give it tls (web: https://), or insecure: true on a network that is trusted", address)
}

// Title takes TITLE@HOST:PORT apart.
func Title(s string) (title, address string, err error) {
	title, address, ok := strings.Cut(s, "@")
	_, _, addressErr := net.SplitHostPort(address)
	bad := func(r rune) bool { return r < ' ' || r > '~' || r == '\\' }
	if !ok || addressErr != nil || title == "" || len(title) > 16 || strings.ContainsFunc(title, bad) || strings.TrimSpace(title) != title {
		return "", "", fmt.Errorf("%s is not TITLE@HOST:PORT with a title of 1 to 16 characters", s)
	}
	return title, address, nil
}

func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func oneOf(field string, values, known []string) error {
	for _, v := range values {
		if !slices.Contains(known, v) {
			return fmt.Errorf("%s: %q is none of %s", field, v, strings.Join(known, ", "))
		}
	}
	return nil
}
