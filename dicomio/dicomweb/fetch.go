package dicomweb

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

// stall is how long a server may be silent while it answers with a study or a series.
const stall = 5 * time.Minute

// errStalled ends a request whose server is silent.
var errStalled = errors.New("the server was silent for too long")

// Fetch retrieves a whole study in the transfer syntaxes in which it is stored
// (WADO-RS, PS3.18 section 10.4), and hands on each Part 10 file as it comes.
// An error of each ends it. It returns how many were handed on; an error says
// that there may be more.
func (c *Client) Fetch(ctx context.Context, studyUID string, each func(io.Reader) error) (int, error) {
	return c.fetchWatched(ctx, c.base.JoinPath("studies", studyUID), each)
}

// FetchSeries is Fetch of one series.
func (c *Client) FetchSeries(ctx context.Context, studyUID, seriesUID string, each func(io.Reader) error) (int, error) {
	return c.fetchWatched(ctx, c.base.JoinPath("studies", studyUID, "series", seriesUID), each)
}

func (c *Client) fetchWatched(ctx context.Context, from *url.URL, each func(io.Reader) error) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(stall, func() { cancel(errStalled) })
	defer watchdog.Stop()
	n, err := c.fetch(ctx, from, func(r io.Reader) error { return each(&heard{r, watchdog}) })
	if err != nil && errors.Is(context.Cause(ctx), errStalled) {
		err = errStalled
	}
	return n, err
}

func (c *Client) fetch(ctx context.Context, from *url.URL, each func(io.Reader) error) (int, error) {
	rq, err := c.request(ctx, http.MethodGet, from, nil)
	if err != nil {
		return 0, err
	}
	rq.Header.Set("Accept", `multipart/related; type="application/dicom"; transfer-syntax=*`)
	res, err := c.send(rq)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusPartialContent {
		return 0, &StatusError{Status: res.StatusCode}
	}
	body, err := NewBody(res.Header.Get("Content-Type"), res.Body)
	if err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		part, err := body.Next()
		if err == io.EOF { // wrapped, it says that the end is missing
			if res.StatusCode == http.StatusPartialContent {
				err = &StatusError{Status: res.StatusCode}
			} else {
				err = nil
			}
			return n, err
		}
		if err != nil {
			return n, err
		}
		if err := each(part); err != nil {
			return n, err
		}
	}
}

// heard is a body that winds the watchdog up as it comes.
type heard struct {
	io.Reader
	watchdog *time.Timer
}

// Read implements io.Reader.
func (h *heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if n > 0 {
		h.watchdog.Reset(stall)
	}
	return n, err
}
