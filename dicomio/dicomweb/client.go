package dicomweb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"nafas/dicomio/match"
)

// Client talks to one DICOMweb server. It sends its credentials to that
// server's own origin and follows no redirect.
type Client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// requestTimeout bounds one request whose answer is short.
const requestTimeout = 5 * time.Minute

// NewClient makes a client of a server's base URL, such as
// https://pacs:8042/dicom-web. token is a bearer token, or "". transport is nil
// for the default one.
func NewClient(base, token string, transport http.RoundTripper) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		return nil, errors.New("a DICOMweb server is http:// or https://, a host and a path, without a user or a query")
	}
	return &Client{base: u, token: token, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// StatusError is an answer that is no success.
type StatusError struct {
	Status int
	// Failed are the instances that the answer names.
	Failed []Stored
}

// Error implements error.
func (e *StatusError) Error() string {
	if len(e.Failed) > 0 {
		return fmt.Sprintf("the server answered %d: %d instances not stored, the first for reason %04XH", e.Status, len(e.Failed), e.Failed[0].Failure)
	}
	return fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// Store stores Part 10 files (STOW-RS, PS3.18 section 10.5). *StatusError where
// any was not stored.
func (c *Client) Store(ctx context.Context, files [][]byte) error {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, f := range files {
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {MediaType}})
		if err != nil {
			return err
		}
		if _, err := part.Write(f); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	contentType := fmt.Sprintf(`multipart/related; type="%s"; boundary=%s`, MediaType, w.Boundary())
	answer, err := c.do(ctx, http.MethodPost, c.base.JoinPath("studies"), &body, contentType)
	if err != nil {
		return err
	}
	failed, parseErr := parseStoreResponse(answer.body)
	if answer.status != http.StatusOK && answer.status != http.StatusAccepted || len(failed) > 0 {
		return &StatusError{Status: answer.status, Failed: failed}
	}
	if answer.status == http.StatusAccepted && parseErr != nil {
		// 202 means that not everything was stored as it was sent; what, is
		// not said.
		return &StatusError{Status: answer.status}
	}
	return nil
}

// Has says whether the server finds an instance (QIDO-RS, PS3.18 section 10.6).
func (c *Client) Has(ctx context.Context, studyUID, seriesUID, sopUID string) (bool, error) {
	found, err := c.page(ctx, match.Query{Level: match.InstanceLevel, StudyUID: studyUID, SeriesUID: seriesUID, SOPUID: sopUID}, 0, pageEntries)
	if status := (&StatusError{}); errors.As(err, &status) && status.Status == http.StatusNotFound {
		return false, nil
	}
	return slices.ContainsFunc(found.entries, func(e match.Entry) bool { return e.SOPUID == sopUID }), err
}

// answer is a short one.
type answer struct {
	status int
	header http.Header
	// body is cut at maxAnswer.
	body []byte
}

func (c *Client) do(ctx context.Context, method string, u *url.URL, body io.Reader, contentType string) (answer, error) {
	rq, err := c.request(ctx, method, u, body)
	if err != nil {
		return answer{}, err
	}
	rq.Header.Set("Accept", MediaTypeJSON)
	if contentType != "" {
		rq.Header.Set("Content-Type", contentType)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	res, err := c.send(rq.WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return answer{res.StatusCode, res.Header, data}, err
}

func (c *Client) request(ctx context.Context, method string, u *url.URL, body io.Reader) (*http.Request, error) {
	rq, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err == nil && c.token != "" {
		rq.Header.Set("Authorization", "Bearer "+c.token)
	}
	return rq, err
}

// send leaves the address out of errors: what was asked for may name a patient.
func (c *Client) send(rq *http.Request) (*http.Response, error) {
	res, err := c.http.Do(rq)
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return res, err
}
