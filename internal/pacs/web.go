package pacs

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse/command"
	"nafas/internal/access"
	"nafas/internal/triage"
)

// WebRoot is the path of the DICOMweb services.
const WebRoot = "/dicom-web"

// Web answers DICOMweb requests.
type Web struct {
	intake Intake
	gate   access.Gate
	log    *slog.Logger
	// idle is how long a sender may be silent within a body.
	idle time.Duration
	mux  *http.ServeMux
	// holdings is nil where nothing is given out.
	holdings *library
}

// senderIdle is Web's default for silent senders.
const senderIdle = time.Minute

// NewWeb makes a Web.
func NewWeb(intake Intake, gate access.Gate, log *slog.Logger) *Web {
	w := &Web{intake: intake, gate: gate, log: log, idle: senderIdle, mux: http.NewServeMux()}
	w.mux.Handle("POST "+WebRoot+"/studies", gate.Machines(access.RoleSubmit, http.HandlerFunc(w.store)))
	w.mux.Handle("POST "+WebRoot+"/studies/{study}", gate.Machines(access.RoleSubmit, http.HandlerFunc(w.store)))
	return w
}

// ServeHTTP implements http.Handler. Whatever is answered, errors too, is kept by
// nobody on the way, and shown in no page of another site.
func (w *Web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Referrer-Policy", "no-referrer")
	if r.ContentLength != 0 {
		// Also of who is refused: the rest of the body is waited for.
		_ = http.NewResponseController(rw).SetReadDeadline(time.Now().Add(w.idle)) // not in tests without a connection
	}
	w.mux.ServeHTTP(rw, r)
}

// mostParts bounds one request.
const mostParts = 50_000

// store is STOW-RS (PS3.18 section 10.5). Each instance is durable before the
// answer; one that is refused does not stop the others.
func (w *Web) store(rw http.ResponseWriter, r *http.Request) {
	sender, err := w.intake()
	if err != nil {
		rw.Header().Set("Retry-After", "60")
		http.Error(rw, "nothing is taken in now: the disk is nearly full", http.StatusServiceUnavailable)
		return
	}
	defer sender.End()
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		http.Error(rw, "send the body without Content-Encoding", http.StatusUnsupportedMediaType)
		return
	}
	body, err := dicomweb.NewBody(r.Header.Get("Content-Type"), &hurried{r.Body, http.NewResponseController(rw), w.idle})
	if err != nil {
		http.Error(rw, err.Error(), http.StatusUnsupportedMediaType)
		return
	}
	var all []dicomweb.Stored
	for {
		part, err := body.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, dicomweb.ErrMediaType) {
			http.Error(rw, err.Error(), http.StatusUnsupportedMediaType)
			return
		}
		if err != nil || len(all) == mostParts {
			http.Error(rw, "the body is broken, or has too many parts; what was stored before stays stored", http.StatusBadRequest)
			return
		}
		taken, err := sender.Take(r.Context(), part)
		if err != nil && !errors.Is(err, triage.ErrBusy) {
			w.log.Warn("DICOMweb instance not taken", "error", err)
			http.Error(rw, "the body broke off, or an instance could not be stored; send again", http.StatusInternalServerError)
			return
		}
		all = append(all, storedAs(taken, err))
	}
	w.answer(rw, all)
}

func storedAs(taken triage.Taken, err error) dicomweb.Stored {
	out := dicomweb.Stored{SOPClassUID: taken.Header.SOPClassUID, SOPInstanceUID: taken.Header.SOPUID}
	if status, _ := statusOf(taken, err); status != command.Success {
		out.Failure = uint16(status)
	}
	return out
}

// answer says what became of every instance: 200 where all were stored, 202
// where some were, 409 where none was.
func (w *Web) answer(rw http.ResponseWriter, all []dicomweb.Stored) {
	failed := 0
	for _, s := range all {
		if s.Failure != 0 {
			failed++
		}
	}
	data, err := dicomweb.StoreResponse(all)
	if err != nil {
		http.Error(rw, "internal error", http.StatusInternalServerError)
		return
	}
	status := http.StatusOK
	switch {
	case len(all) == 0:
		http.Error(rw, "the body holds no instance", http.StatusBadRequest)
		return
	case failed == len(all):
		status = http.StatusConflict
	case failed > 0:
		status = http.StatusAccepted
	}
	rw.Header().Set("Content-Type", dicomweb.MediaTypeJSON)
	rw.WriteHeader(status)
	_, _ = rw.Write(data) // who left does not hear it
}

// hurried ends the request of a sender that is silent for too long.
type hurried struct {
	io.Reader
	control *http.ResponseController
	idle    time.Duration
}

// Read implements io.Reader.
func (h *hurried) Read(p []byte) (int, error) {
	if err := h.control.SetReadDeadline(time.Now().Add(h.idle)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return h.Reader.Read(p)
}
