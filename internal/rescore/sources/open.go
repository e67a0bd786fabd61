package sources

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse"
	"nafas/dicomio/match"
	"nafas/dicomio/source"
	"nafas/internal/access"
	"nafas/internal/config"
	"nafas/internal/rescore"
)

// Source is a rescore.Source that holds what it has opened until Close.
type Source interface {
	rescore.Source
	io.Closer
}

// The sources of this package.
var (
	_ Source = (*Folder)(nil)
	_ Source = (*Web)(nil)
	_ Source = (*DIMSE)(nil)
)

// Open makes the source that a specification describes. It reads the files of
// tokens and certificates, and asks nobody anything. The error says what to write
// instead.
func Open(spec rescore.SourceSpec, opt Options) (Source, error) {
	switch spec.Kind {
	case rescore.SourceFolder:
		return openFolder(spec, opt)
	case rescore.SourceWeb:
		return openWeb(spec, opt)
	case rescore.SourceDIMSE:
		return openDIMSE(spec, opt)
	}
	return nil, fmt.Errorf("%q is no kind of archive: %s, %s or %s", spec.Kind, rescore.SourceFolder, rescore.SourceWeb, rescore.SourceDIMSE)
}

// ParseSource makes a specification of what somebody writes for an archive: the
// path of a folder or a zip file, the base URL of DICOMweb services, or
// TITLE=HOST:PORT of a PACS. For the latter OwnAE and Listen are still to be set.
func ParseSource(text string) (rescore.SourceSpec, error) {
	scheme, _, isURL := strings.Cut(text, "://")
	if isURL {
		if scheme != "http" && scheme != "https" {
			return rescore.SourceSpec{}, fmt.Errorf("%s:// is no archive: give the path of a folder or a zip file, https://HOST/PATH of DICOMweb services, or TITLE=HOST:PORT of a PACS", scheme)
		}
		return rescore.SourceSpec{Kind: rescore.SourceWeb, URL: text}, nil
	}
	_, err := os.Stat(text)
	if err != nil {
		if _, _, peerErr := peerOf(text); peerErr == nil {
			return rescore.SourceSpec{Kind: rescore.SourceDIMSE, Peer: text}, nil
		}
		return rescore.SourceSpec{}, fmt.Errorf("%w; an archive is the path of a folder or a zip file, https://HOST/PATH of DICOMweb services, or TITLE=HOST:PORT of a PACS", err)
	}
	root, err := filepath.Abs(text)
	if err != nil {
		return rescore.SourceSpec{}, err
	}
	spec := rescore.SourceSpec{Kind: rescore.SourceFolder, Root: root}
	return spec, checkRoot(root)
}

// checkRoot refuses a file that is no archive, as far as it can be looked at now.
func checkRoot(root string) error {
	info, err := os.Stat(root)
	if err != nil || info.IsDir() {
		return nil
	}
	if source.IsDirectoryName(filepath.Base(root)) {
		return errors.New("the index of a medium (DICOMDIR) is no archive: give its folder")
	}
	f, err := os.Open(root)
	if err != nil {
		return nil
	}
	defer f.Close()
	head, err := headOf(f, 256)
	if err == nil && (!info.Mode().IsRegular() || source.Sniff(head) != source.KindZip) {
		return fmt.Errorf("%s is neither a folder nor a zip file", root)
	}
	return nil
}

func openFolder(spec rescore.SourceSpec, opt Options) (Source, error) {
	switch {
	case spec.Root == "":
		return nil, errors.New("which folder? The archive has no path")
	case spec.Query != (rescore.Query{}) || len(spec.Studies) > 0:
		return nil, errors.New("dates, modalities, descriptions and lists of studies are for a PACS: a folder is read whole")
	}
	if err := checkRoot(spec.Root); err != nil {
		return nil, err
	}
	return NewFolder(spec.Root, opt)
}

func openWeb(spec rescore.SourceSpec, opt Options) (Source, error) {
	studies, err := checkQuery(spec)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(spec.URL)
	if err == nil && at.Scheme == "http" && !opt.Insecure && !access.Loopback(net.JoinHostPort(at.Hostname(), "80")) {
		return nil, fmt.Errorf("patients' data would come from %s in plaintext: use https://, or say --insecure on a network that is trusted", at.Host)
	}
	token := ""
	if spec.TokenFile != "" {
		raw, err := os.ReadFile(spec.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("token file: %w", err)
		}
		token = strings.TrimSpace(string(raw))
	}
	tls, err := access.ClientTLS{CA: spec.CA}.Config()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = tls
	client, err := dicomweb.NewClient(spec.URL, token, transport)
	if err != nil {
		return nil, err
	}
	return NewWeb(client, spec.Query, studies, opt), nil
}

func openDIMSE(spec rescore.SourceSpec, opt Options) (Source, error) {
	studies, err := checkQuery(spec)
	if err != nil {
		return nil, err
	}
	title, address, err := peerOf(spec.Peer)
	if err != nil {
		return nil, err
	}
	if _, _, err := config.Title(spec.OwnAE + "@127.0.0.1:104"); err != nil || strings.Contains(spec.OwnAE, "@") {
		return nil, fmt.Errorf("our AE title %q is none: 1 to 16 characters; the PACS must know it", spec.OwnAE)
	}
	if _, _, err := net.SplitHostPort(spec.Listen); err != nil {
		return nil, fmt.Errorf("the address on which the PACS reaches us is HOST:PORT, not %q", spec.Listen)
	}
	to := dimse.Remote{Address: address, CalledAE: title, CallingAE: spec.OwnAE}
	if spec.TLS || spec.CA != "" {
		if to.TLS, err = (access.ClientTLS{CA: spec.CA}).Config(); err != nil {
			return nil, err
		}
	}
	switch {
	case opt.Insecure:
	case to.TLS == nil && !access.Loopback(address):
		return nil, fmt.Errorf("what %s is asked for would go in plaintext: use TLS, or say --insecure on a network that is trusted", address)
	case opt.ListenTLS == nil && !access.Loopback(spec.Listen):
		return nil, fmt.Errorf("patients' data would come to %s in plaintext: give a certificate for TLS, or say --insecure on a network that is trusted", spec.Listen)
	}
	if opt.Spool != nil && len(opt.Decoded) == 0 {
		return nil, errors.New("a PACS that sends must be told which transfer syntaxes are decoded here")
	}
	return NewDIMSE(to, Own{AE: spec.OwnAE, Listen: spec.Listen}, spec.Query, studies, opt), nil
}

// peerOf takes TITLE=HOST:PORT apart.
func peerOf(text string) (title, address string, err error) {
	title, address, ok := strings.Cut(text, "=")
	if _, _, err := config.Title(title + "@" + address); !ok || err != nil || strings.Contains(title, "@") {
		return "", "", fmt.Errorf("%q is not TITLE=HOST:PORT with an AE title of 1 to 16 characters", text)
	}
	return title, address, nil
}

// checkQuery checks what is asked of a PACS, and returns its list of studies with
// each once.
func checkQuery(spec rescore.SourceSpec) ([]string, error) {
	q := spec.Query
	if len(spec.Studies) > 0 && q != (rescore.Query{}) {
		return nil, errors.New("either a list of studies, or dates, a modality and a description")
	}
	for _, at := range []string{q.From, q.To} {
		if _, err := time.Parse(day, at); at != "" && err != nil {
			return nil, fmt.Errorf("%q is no date: write YYYYMMDD", at)
		}
	}
	if q.From != "" && q.To != "" && q.From > q.To {
		return nil, fmt.Errorf("the dates from %s to %s are none", q.From, q.To)
	}
	if strings.Trim(q.Modality, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" || len(q.Modality) > 16 {
		return nil, fmt.Errorf("%q is no modality: one such as CT", q.Modality)
	}
	if _, _, err := match.Parse("StudyDescription", "LO", q.Description); err != nil {
		return nil, err
	}
	var out []string
	seen := map[string]bool{}
	for i, uid := range spec.Studies {
		if !match.UID(uid) {
			return nil, fmt.Errorf("number %d of the list of studies is no UID", i+1)
		}
		if !seen[uid] {
			seen[uid] = true
			out = append(out, uid)
		}
	}
	return out, nil
}
