package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"nafas/internal/access"
)

// Times of an event stream. Its life is bounded, so that who may not look any more
// is asked at the next connection, which a browser makes by itself.
const (
	streamLife  = 5 * time.Minute
	streamBeat  = 15 * time.Second
	streamWrite = 10 * time.Second
	streamRetry = 2 * time.Second
)

// stream writes server-sent events (HTML Standard section 9.2). Who does not take
// them in time is dropped.
type stream struct {
	rw      http.ResponseWriter
	control *http.ResponseController
}

// mostOfOne are the streams of one reader: two for each page that is open.
const mostOfOne = 32

// readers counts the streams of each who has a name, so that none takes every
// place.
type readers struct {
	mu sync.Mutex
	by map[string]int
}

func (o *readers) come(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by == nil {
		o.by = map[string]int{}
	}
	if o.by[name] >= mostOfOne {
		return false
	}
	o.by[name]++
	return true
}

func (o *readers) leave(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by[name]--; o.by[name] <= 0 {
		delete(o.by, name)
	}
}

// place takes the place of a stream; leave gives it back.
func (w *Web) place(who access.Principal) (leave func(), err error) {
	full := busy("too many pages are open; close some")
	if who.By != access.Unnamed && !w.readers.come(who.Name) {
		return nil, full
	}
	gone := func() {
		if who.By != access.Unnamed {
			w.readers.leave(who.Name)
		}
	}
	select {
	case w.streams <- struct{}{}:
		return func() { <-w.streams; gone() }, nil
	default:
		gone()
		return nil, full
	}
}

// stream begins one; leave gives its place back.
func (w *Web) stream(rw http.ResponseWriter, of access.Principal) (s *stream, leave func(), err error) {
	if leave, err = w.place(of); err != nil {
		return nil, nil, err
	}
	h := rw.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy is not to wait for more
	s = &stream{rw, http.NewResponseController(rw)}
	if err := s.put(fmt.Sprintf("retry: %d\n\n", streamRetry.Milliseconds())); err != nil {
		leave()
		return nil, nil, err
	}
	return s, leave, nil
}

// send writes a message; id is the cursor from which who comes again goes on, ""
// leaves that as it was.
func (s *stream) send(id string, message any) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	return s.put(id + "data: " + string(data) + "\n\n")
}

// beat keeps proxies from closing a stream on which nothing happens, and finds out
// who has left.
func (s *stream) beat() error { return s.put(":\n\n") }

func (s *stream) put(text string) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := s.rw.Write([]byte(text)); err != nil {
		return err
	}
	if err := s.control.Flush(); err != nil {
		return err
	}
	// HTTP/2 ends a stream whose time has passed even where nothing is written.
	return s.control.SetWriteDeadline(time.Time{})
}
