// Package relay hands the files of a rescoring to workers on other machines:
// multipart/related of DICOM files over HTTP, as WADO-RS gives them (PS3.18
// section 10.4), by the study of a rescoring.
package relay

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/match"
	"nafas/dicomio/refusal"
	"nafas/internal/access"
	"nafas/internal/rescore"
)

// Ledger is what a handler must know of a rescoring.
type Ledger interface {
	Rescoring(ctx context.Context, id int64) (rescore.Rescoring, error)
	Parts(ctx context.Context, id int64, studyUID string) ([]rescore.Part, error)
}

// filesHeader says how many files a study has; a body that was cut short has
// fewer.
const filesHeader = "Nafas-Files"

// troubleHeader, with this value, is in a reply about trouble that no study has to do
// with, such as a full disk here: no proxy on the way says that.
const troubleHeader, troubleHere = "Nafas-Trouble", "not-of-this-study"

// refused is the body of a reply about a study that this study alone is to blame
// for.
type refused struct {
	Reason, Found, Remedy string
}

// handler hands out studies.
type handler struct {
	ledger  Ledger
	sources rescore.Sources
	log     *slog.Logger
}

// Handler answers GET /rescorings/{id}/studies/{study}, and GET
// /rescorings/{id}/probe, which says whether the source of a rescoring is there at
// all, to machines that may read. GET /probe is what workers of earlier versions ask.
func Handler(gate access.Gate, l Ledger, s rescore.Sources, log *slog.Logger) http.Handler {
	h := &handler{l, s, log}
	mux := http.NewServeMux()
	mux.Handle("GET /probe", gate.Machines(access.RoleRead, http.HandlerFunc(h.probe)))
	mux.Handle("GET /rescorings/{id}/probe", gate.Machines(access.RoleRead, http.HandlerFunc(h.probeSource)))
	mux.Handle("GET /rescorings/{id}/studies/{study}", gate.Machines(access.RoleRead, http.HandlerFunc(h.study)))
	return mux
}

func (h *handler) probe(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// probeSource probes the source itself: that this process answers says nothing of a
// share that it has lost.
func (h *handler) probeSource(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		http.Error(w, "not the number of a rescoring", http.StatusBadRequest)
		return
	}
	source, _, err := h.open(r.Context(), id)
	if err == nil {
		err = source.Probe(r.Context())
	}
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *handler) study(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if uid := r.PathValue("study"); err != nil || !match.UID(uid) {
		http.Error(w, "neither the number of a rescoring nor a UID", http.StatusBadRequest)
		return
	}
	files, release, err := h.fetch(r.Context(), id, r.PathValue("study"))
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	defer release()
	parts := dicomweb.NewParts(w, dicomweb.Offer{Type: dicomweb.MediaType, Multipart: true})
	w.Header().Set("Content-Type", parts.ContentType())
	w.Header().Set(filesHeader, strconv.Itoa(len(files)))
	for _, f := range files {
		if err := send(parts, f); err != nil {
			h.log.WarnContext(r.Context(), "a study could not be handed out to its end", "rescoring", id, "error", plain(err))
			// The status is out; a connection that breaks off is all that is left to say.
			panic(http.ErrAbortHandler)
		}
	}
	if err := parts.Close(); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// plain is an error without a path in it.
func plain(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func (h *handler) fetch(ctx context.Context, id int64, studyUID string) ([]rescore.Fetched, func(), error) {
	source, r, err := h.open(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	parts, err := h.ledger.Parts(ctx, id, studyUID)
	if err != nil {
		return nil, nil, err
	}
	return source.Fetch(ctx, rescore.Case{Rescoring: r, StudyUID: studyUID, Parts: parts})
}

func (h *handler) open(ctx context.Context, id int64) (rescore.Source, rescore.Rescoring, error) {
	r, err := h.ledger.Rescoring(ctx, id)
	if err != nil {
		return nil, r, err
	}
	source, err := h.sources.Open(ctx, r)
	return source, r, err
}

func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var why *refusal.Error
	switch {
	case errors.As(err, &why):
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusGone)
		// Who left needs no answer.
		_ = json.NewEncoder(w).Encode(refused{string(why.Reason), why.Found, why.Remedy})
	case errors.Is(err, rescore.ErrNotFound):
		http.Error(w, "no such study of a rescoring", http.StatusNotFound)
	default:
		h.log.WarnContext(r.Context(), "a study cannot be handed out", "error", plain(err))
		if errors.Is(err, rescore.ErrSpool) || errors.Is(err, rescore.ErrNotThisStudy) {
			w.Header().Set(troubleHeader, troubleHere)
		}
		http.Error(w, "the study cannot be handed out now", http.StatusServiceUnavailable)
	}
}

func send(parts *dicomweb.Parts, f rescore.Fetched) error {
	in, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := parts.Next("", (&url.URL{Path: f.Name}).EscapedPath())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}
