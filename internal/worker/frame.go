package worker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// maxFrameBytes is far above the largest real one, a job of some ten thousand
// instances.
const maxFrameBytes = 64 << 20

// message is one frame in either direction: a length of 4 bytes, big endian,
// then JSON.
type message struct {
	Type string `json:"type"`
	// ID is the job that the message belongs to.
	ID       int64                `json:"id,omitempty"`
	Job      *triage.ReadingJob   `json:"job,omitempty"`
	Progress *triage.Progress     `json:"progress,omitempty"`
	Reading  *triage.StudyReading `json:"reading,omitempty"`
	Identity *Identity            `json:"identity,omitempty"`
	Error    string               `json:"error,omitempty"`
}

// The messages. Parent to child: read, cancel. Child to parent: ready or
// unfit, once; then progress, and done, failed or cancelled for each read.
const (
	msgRead      = "read"
	msgCancel    = "cancel"
	msgReady     = "ready"
	msgUnfit     = "unfit"
	msgProgress  = "progress"
	msgDone      = "done"
	msgFailed    = "failed"
	msgCancelled = "cancelled"
)

// Identity is what a child reads with.
type Identity struct {
	Model   triage.Model
	Runtime triage.Runtime
	Recipe  triage.Recipe
}

func writeFrame(w io.Writer, m message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(body) > maxFrameBytes {
		return fmt.Errorf("a message of %d bytes is too long", len(body))
	}
	// One write, so that a frame is never torn by another goroutine's.
	frame := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body)))
	_, err = w.Write(append(frame, body...))
	return err
}

// readFrame returns io.EOF between frames and io.ErrUnexpectedEOF inside one.
func readFrame(r io.Reader) (message, error) {
	var m message
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return m, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxFrameBytes {
		return m, fmt.Errorf("a message of %d bytes is too long", n)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return m, err
	}
	return m, json.Unmarshal(body, &m)
}

// plain makes the refusals of a reading fit for JSON: the text of a cause
// joins what was found.
func plain(r triage.StudyReading) *triage.StudyReading {
	r.NotAssessed = plainRefusal(r.NotAssessed)
	series := make([]triage.Series, len(r.Series))
	for i, s := range r.Series {
		s.NotRead = plainRefusal(s.NotRead)
		series[i] = s
	}
	r.Series = series
	refused := make([]triage.RefusedFile, len(r.Refused))
	for i, f := range r.Refused {
		refused[i] = triage.RefusedFile{Name: f.Name, Err: plainRefusal(f.Err)}
	}
	r.Refused = refused
	return &r
}

func plainRefusal(e *refusal.Error) *refusal.Error {
	if e == nil || e.Err == nil {
		return e
	}
	return &refusal.Error{Reason: e.Reason, Found: e.Found + ": " + e.Err.Error(), Remedy: e.Remedy}
}
