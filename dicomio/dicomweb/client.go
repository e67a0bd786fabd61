package dicomweb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

// Client talks to one DICOMweb server. It sends its credentials to that
// server's own origin and follows no redirect.
type Client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// requestTimeout bounds one request.
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
		Transport: transport, Timeout: requestTimeout,
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
	status, answer, err := c.do(ctx, http.MethodPost, c.base.JoinPath("studies"), &body, contentType)
	if err != nil {
		return err
	}
	failed, parseErr := parseStoreResponse(answer)
	if status != http.StatusOK && status != http.StatusAccepted || len(failed) > 0 {
		return &StatusError{Status: status, Failed: failed}
	}
	if status == http.StatusAccepted && parseErr != nil {
		// 202 means that not everything was stored as it was sent; what, is
		// not said.
		return &StatusError{Status: status}
	}
	return nil
}

// Has says whether the server finds an instance (QIDO-RS, PS3.18 section 10.6).
func (c *Client) Has(ctx context.Context, studyUID, seriesUID, sopUID string) (bool, error) {
	u := c.base.JoinPath("studies", studyUID, "series", seriesUID, "instances")
	u.RawQuery = url.Values{"SOPInstanceUID": {sopUID}}.Encode()
	status, answer, err := c.do(ctx, http.MethodGet, u, nil, "")
	if err != nil {
		return false, err
	}
	if status == http.StatusNoContent || status == http.StatusNotFound {
		return false, nil
	}
	if status != http.StatusOK {
		return false, &StatusError{Status: status}
	}
	var found []map[string]struct {
		Value []any `json:"Value"`
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return false, fmt.Errorf("the answer to a search is no DICOM JSON: %w", err)
	}
	for _, f := range found {
		if v := f["00080018"].Value; len(v) == 1 && v[0] == any(sopUID) {
			return true, nil
		}
	}
	return false, nil
}

func (c *Client) do(ctx context.Context, method string, u *url.URL, body io.Reader, contentType string) (int, []byte, error) {
	rq, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return 0, nil, err
	}
	rq.Header.Set("Accept", MediaTypeJSON)
	if contentType != "" {
		rq.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		rq.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(rq)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return res.StatusCode, answer, err
}
