package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/triage"
	"nafas/internal/web/api"
)

// Bounds of a request and of writing its answer.
const (
	mostBody   = 64 << 10
	answerTime = time.Minute
)

// bodyTime is how long a body may take.
var bodyTime = 30 * time.Second

// problem is an error with the answer that it becomes.
type problem struct {
	status int
	api.Problem
}

func (p *problem) Error() string { return p.Detail }

func invalid(format string, args ...any) error {
	return &problem{http.StatusBadRequest, api.Problem{Code: "invalid", Detail: fmt.Sprintf(format, args...)}}
}

func notFound(detail string) error {
	return &problem{http.StatusNotFound, api.Problem{Code: "not_found", Detail: detail}}
}

func busy(detail string) error {
	return &problem{http.StatusServiceUnavailable, api.Problem{Code: "unavailable", Detail: detail, RetryAfterSeconds: 10}}
}

// answering has an endpoint answer in JSON.
func (w *Web) answering(e endpoint) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			r.Body = http.MaxBytesReader(rw, r.Body, mostBody)
		}
		out, err := e.answer(rw, r)
		switch {
		case err != nil:
			w.fail(rw, r, err)
		case out != nil:
			w.write(rw, http.StatusOK, out)
		}
	})
}

// write answers in JSON.
func (w *Web) write(rw http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		w.Log.Error("an answer cannot be written as JSON", "error", err)
		http.Error(rw, "internal error", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = rw.Write(data) // who left does not hear it
}

func (w *Web) refuse(rw http.ResponseWriter, status int, p api.Problem) {
	if p.RetryAfterSeconds > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(p.RetryAfterSeconds))
	}
	w.write(rw, status, p)
}

// fail answers with what an error becomes.
func (w *Web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	var known *problem
	var refused *refusal.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		w.refuse(rw, known.status, known.Problem)
	case r.Context().Err() != nil: // who asked has left
	case errors.Is(err, triage.ErrNotFound):
		w.refuse(rw, http.StatusNotFound, api.Problem{Code: "not_found", Detail: "nothing is known of this study; it may have been erased"})
	case errors.Is(err, triage.ErrImagesGone):
		w.refuse(rw, http.StatusNotFound, api.Problem{Code: "not_found", Detail: "the images were deleted after their days; send the study again to see them"})
	case errors.Is(err, triage.ErrBadToken):
		w.refuse(rw, http.StatusBadRequest, api.Problem{Code: "invalid", Detail: "the cursor is not of this server; load the worklist again"})
	case errors.Is(err, triage.ErrBusy):
		w.refuse(rw, http.StatusServiceUnavailable, api.Problem{Code: "unavailable", Detail: triage.BusyText(err), RetryAfterSeconds: 60})
	case errors.As(err, &refused):
		w.refuse(rw, http.StatusNotFound, api.Problem{Code: "not_found", Detail: refused.Error()})
	case errors.As(err, &large):
		w.refuse(rw, http.StatusRequestEntityTooLarge, api.Problem{Code: "invalid", Detail: "the request is too large"})
	default:
		w.Log.ErrorContext(r.Context(), "a request of the page failed", "endpoint", r.Pattern, "error", err)
		w.refuse(rw, http.StatusInternalServerError, api.Problem{Code: "internal", Detail: "an error of the server; its log has more"})
	}
}

// contentPolicy allows what the page's own files do, and nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; " +
	"worker-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guarded puts the headers of security on every answer, and makes a panic an
// error that says nothing of what was going on.
func (w *Web) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		hurry(rw, r)
		seen := &watched{ResponseWriter: rw}
		defer func() {
			what := recover()
			if what == nil {
				return
			}
			if what == http.ErrAbortHandler {
				panic(what)
			}
			// Neither path nor query, and no value but the language's own: they may hold names.
			w.Log.Error("a request of the page panicked", "endpoint", r.Pattern, "panic", panicText(what), "stack", string(debug.Stack()))
			if seen.begun {
				panic(http.ErrAbortHandler) // half an answer is none
			}
			w.refuse(rw, http.StatusInternalServerError, api.Problem{Code: "internal", Detail: "an error of the server; its log has more"})
		}()
		next.ServeHTTP(seen, r)
	})
}

// panicText is what the log says of a panic.
func panicText(what any) string {
	if err, ok := what.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", what)
}

// hurry bounds how long the sender of a body, and whoever takes an answer, may
// keep a connection, before anybody knows who it is. Event streams set times of
// their own.
func hurry(rw http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(rw)
	_ = control.SetWriteDeadline(time.Now().Add(answerTime)) // not in tests without a connection
	if r.ContentLength != 0 {
		_ = control.SetReadDeadline(time.Now().Add(bodyTime))
	}
}

// watched knows whether an answer has begun.
type watched struct {
	http.ResponseWriter
	begun bool
}

func (w *watched) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
