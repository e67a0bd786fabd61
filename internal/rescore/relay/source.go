package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// Source has the files of the studies of one rescoring from the machine that listed
// them.
type Source struct {
	rescoring int64
	base      *url.URL
	token     string
	client    *http.Client
	spool     Spool
}

// Spool makes a folder for what is fetched together; remove removes it.
type Spool func() (dir string, remove func(), err error)

var _ rescore.Source = (*Source)(nil)

// NewSource makes a source of a Handler's base URL, for one rescoring (For). token is a bearer token, or
// ""; transport is nil for the default one; files are kept in spool while their
// study is read.
func NewSource(base, token string, transport http.RoundTripper, spool Spool) (*Source, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is no address such as https://coordinator:8043", base)
	}
	return &Source{base: u, token: token, spool: spool, client: &http.Client{
		Transport: transport,
		// A credential goes to the origin that it was given for.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// For is this source for a rescoring.
func (s *Source) For(rescoring int64) *Source {
	of := *s
	of.rescoring = rescoring
	return &of
}

// Scan implements rescore.Source: only the machine with the files lists them.
func (s *Source) Scan(context.Context, string, func(rescore.Batch) error) error {
	return errors.New("the inputs are listed by the machine that has the files")
}

// Whole implements rescore.Source.
func (s *Source) Whole() bool { return false }

// Probe implements rescore.Source: whether the other machine has the source.
func (s *Source) Probe(ctx context.Context) error {
	reply, err := s.get(ctx, s.of("probe")...)
	if err != nil {
		return err
	}
	return reply.Body.Close()
}

// of is a path below that of the rescoring.
func (s *Source) of(path ...string) []string {
	return append([]string{"rescorings", strconv.FormatInt(s.rescoring, 10)}, path...)
}

func (s *Source) get(ctx context.Context, path ...string) (*http.Response, error) {
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base.JoinPath(path...).String(), nil)
	if err != nil {
		return nil, err
	}
	if s.token != "" {
		rq.Header.Set("Authorization", "Bearer "+s.token)
	}
	reply, err := s.client.Do(rq)
	if err != nil {
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err // without the address, which names the study
		}
		return nil, err
	}
	if reply.StatusCode/100 == 2 {
		return reply, nil
	}
	defer reply.Body.Close()
	return nil, refusalOf(reply)
}

// mostReply bounds what is read of a reply that is an error.
const mostReply = 64 << 10

func refusalOf(reply *http.Response) error {
	var why refused
	if reply.StatusCode == http.StatusGone &&
		json.NewDecoder(io.LimitReader(reply.Body, mostReply)).Decode(&why) == nil && why.Reason != "" {
		return &refusal.Error{Reason: refusal.Reason(why.Reason), Found: why.Found, Remedy: why.Remedy}
	}
	if reply.Header.Get(troubleHeader) == troubleHere {
		return fmt.Errorf("%w: the machine with the files answered %s; its log says why", rescore.ErrNotThisStudy, reply.Status)
	}
	return fmt.Errorf("the machine with the files answered %s", reply.Status)
}

// Fetch implements rescore.Source.
func (s *Source) Fetch(ctx context.Context, c rescore.Case) ([]rescore.Fetched, func(), error) {
	reply, err := s.get(ctx, s.of("studies", c.StudyUID)...)
	if err != nil {
		return nil, nothing, err
	}
	defer reply.Body.Close()
	dir, release, err := s.spool()
	if err != nil {
		return nil, nothing, err
	}
	files, err := receive(reply, dir)
	if err != nil {
		release()
		return nil, nothing, err
	}
	return files, release, nil
}

func nothing() {}

// receive writes the parts of a reply into a folder.
func receive(reply *http.Response, dir string) ([]rescore.Fetched, error) {
	_, params, err := mime.ParseMediaType(reply.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, errors.New("the machine with the files sends something else than a study")
	}
	var out []rescore.Fetched
	for parts := multipart.NewReader(reply.Body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		f := rescore.Fetched{Name: nameOf(part), Path: filepath.Join(dir, strconv.Itoa(len(out))+".dcm")}
		if err := keep(f.Path, part); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	if want := reply.Header.Get(filesHeader); want != strconv.Itoa(len(out)) {
		return nil, fmt.Errorf("%d of %s files came", len(out), want)
	}
	return out, nil
}

// nameOf is for people; it opens nothing.
func nameOf(part *multipart.Part) string {
	location := part.Header.Get("Content-Location")
	name, err := url.PathUnescape(strings.TrimPrefix(location, "./"))
	if err != nil {
		return location
	}
	return name
}

func keep(path string, part io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	w := &spooled{w: f}
	_, err = io.Copy(w, part)
	if w.err != nil {
		err = w.err
	}
	return errors.Join(err, f.Close())
}

// spooled tells errors of the spool from those of the network.
type spooled struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (s *spooled) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		s.err = fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	return n, err
}
