package pacs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"nafas/dicomio"
	"nafas/dicomio/dicomweb"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/internal/access"
	"nafas/internal/triage"
)

// GiveOut adds the services that give out: QIDO-RS and WADO-RS.
func (w *Web) GiveOut(h Holdings) {
	w.holdings = newLibrary(h)
	const study, series, instance = "/studies/{study}", "/series/{series}", "/instances/{instance}"
	for path, handler := range map[string]http.HandlerFunc{
		"/studies":                              w.search(triage.LevelStudy),
		"/series":                               w.search(triage.LevelSeries),
		"/instances":                            w.search(triage.LevelInstance),
		study + "/series":                       w.search(triage.LevelSeries),
		study + "/instances":                    w.search(triage.LevelInstance),
		study + series + "/instances":           w.search(triage.LevelInstance),
		study:                                   w.retrieve,
		study + series:                          w.retrieve,
		study + series + instance:               w.retrieve,
		study + "/metadata":                     w.metadata,
		study + series + "/metadata":            w.metadata,
		study + series + instance + "/metadata": w.metadata,
		study + series + instance + "/bulkdata/{path...}":       w.bulkdata,
		study + series + instance + "/frames/{frames}":          w.frames,
		study + series + instance + "/rendered":                 w.rendered,
		study + series + instance + "/frames/{frames}/rendered": w.rendered,
	} {
		w.mux.Handle("GET "+WebRoot+path, w.gate.Everybody(access.RoleRead, http.HandlerFunc(handler)))
	}
}

// root is the address of the services as the caller sees it. A proxy in front
// says whether it is encrypted there; whoever lies about that misleads himself.
func root(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host + WebRoot
}

func (o object) address(r *http.Request) string {
	return root(r) + "/studies/" + o.StudyUID + "/series/" + o.SeriesUID + "/instances/" + o.SOPUID
}

// scopeOf reads the UIDs of the path; false where it has answered.
func scopeOf(rw http.ResponseWriter, r *http.Request) (triage.Scope, bool) {
	in := triage.Scope{StudyUID: r.PathValue("study"), SeriesUID: r.PathValue("series"), SOPUID: r.PathValue("instance")}
	for _, uid := range []string{in.StudyUID, in.SeriesUID, in.SOPUID} {
		if uid != "" && !match.UID(uid) {
			http.Error(rw, "the path names something that is no UID: digits and dots, at most 64", http.StatusBadRequest)
			return in, false
		}
	}
	return in, true
}

// ranges is what the caller accepts.
func ranges(r *http.Request) []dicomweb.Range {
	return dicomweb.ParseAccept(r.Header.Values("Accept"), r.URL.Query()["accept"])
}

func acceptsJSON(rw http.ResponseWriter, r *http.Request) bool {
	if _, ok := dicomweb.Choose(ranges(r), []dicomweb.Offer{{Type: dicomweb.MediaTypeJSON}}); !ok {
		http.Error(rw, "this is given as "+dicomweb.MediaTypeJSON+" only", http.StatusNotAcceptable)
		return false
	}
	return true
}

// listed finds the objects of the path; false where it has answered.
func (w *Web) listed(rw http.ResponseWriter, r *http.Request) ([]object, bool) {
	in, ok := scopeOf(rw, r)
	if !ok {
		return nil, false
	}
	all, partial, err := w.holdings.list(r.Context(), in)
	if err != nil {
		w.fail(rw, r, err)
		return nil, false
	}
	w.warnings(rw, r, dicomweb.Query{}, partial)
	return all, true
}

// errNotAcceptable says what the caller could accept instead.
type errNotAcceptable struct{ instead string }

func (e errNotAcceptable) Error() string { return e.instead }

// fail answers with an error. Nothing of the body may have been written.
func (w *Web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	var refused *refusal.Error
	var form errNotAcceptable
	switch {
	case errors.Is(err, triage.ErrNotFound):
		http.Error(rw, "no such study, series or instance is stored here", http.StatusNotFound)
	case errors.Is(err, triage.ErrBusy):
		rw.Header().Set("Retry-After", "30")
		http.Error(rw, "others are served now; ask again later", http.StatusServiceUnavailable)
	case errors.As(err, &form):
		http.Error(rw, form.instead, http.StatusNotAcceptable)
	case errors.As(err, &refused):
		http.Error(rw, refused.Error(), http.StatusNotAcceptable)
	case r.Context().Err() != nil: // nobody hears it
	default:
		w.log.ErrorContext(r.Context(), "a DICOMweb request failed", "error", err)
		http.Error(rw, "internal error; the log of the service has more", http.StatusInternalServerError)
	}
}

// broken ends a body that cannot be completed so that nobody takes it for a
// whole one.
func (w *Web) broken(r *http.Request, err error) {
	if r.Context().Err() == nil && !errors.Is(err, errGone) {
		w.log.ErrorContext(r.Context(), "a DICOMweb answer broke off", "error", err)
	}
	panic(http.ErrAbortHandler)
}

// errGone says that the caller does not take what is written.
var errGone = errors.New("the caller does not take the answer")

// readerIdle is how long a caller may take nothing.
const readerIdle = time.Minute

// steady writes to a caller who has to go on reading.
func (w *Web) steady(rw http.ResponseWriter) io.Writer {
	return &steady{rw, http.NewResponseController(rw)}
}

type steady struct {
	io.Writer
	control *http.ResponseController
}

// piece is what a reader has to take within its time: of a long value the whole
// may take a slow line longer.
const piece = 64 << 10

// Write implements io.Writer.
func (s *steady) Write(p []byte) (n int, err error) {
	for len(p) > piece {
		m, err := s.piece(p[:piece])
		if n += m; err != nil {
			return n, err
		}
		p = p[piece:]
	}
	m, err := s.piece(p)
	return n + m, err
}

func (s *steady) piece(p []byte) (int, error) {
	if err := s.control.SetWriteDeadline(time.Now().Add(readerIdle)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, errGone
	}
	n, err := s.Writer.Write(p)
	if err != nil {
		err = errGone
	}
	return n, err
}

// retrieve is WADO-RS of studies, series and instances (PS3.18 section 10.4):
// Part 10 files as they are stored. Where the caller names transfer syntaxes,
// what is stored in none of them is decoded, if it takes that.
func (w *Web) retrieve(rw http.ResponseWriter, r *http.Request) {
	all, ok := w.listed(rw, r)
	if !ok {
		return
	}
	accepted, single := ranges(r), r.PathValue("instance") != ""
	named := slices.ContainsFunc(accepted, func(a dicomweb.Range) bool { return a.TransferSyntax != "" && a.TransferSyntax != "*" })
	form, decode := dicomweb.Offer{}, make([]bool, len(all))
	if named {
		var err error
		if form, decode, err = w.holdings.encodings(r.Context(), accepted, all, single); err != nil {
			w.fail(rw, r, err)
			return
		}
	} else if form, ok = dicomweb.Choose(accepted, fileForms("", single)); !ok {
		w.fail(rw, r, errFileForm)
		return
	}
	form.TransferSyntax = "" // said by each file
	w.send(rw, r, form, all, decode)
}

var errFileForm = errNotAcceptable{`Part 10 files are given as multipart/related; type="application/dicom", one instance also as application/dicom; ` +
	`with transfer-syntax=* as they are stored, which may be in the only form there is`}

// fileForms are the forms of files in a transfer syntax.
func fileForms(transferSyntax string, single bool) []dicomweb.Offer {
	out := []dicomweb.Offer{{Type: dicomweb.MediaType, Multipart: true, TransferSyntax: transferSyntax, Plain: true}}
	if single {
		out = append(out, dicomweb.Offer{Type: dicomweb.MediaType, TransferSyntax: transferSyntax, Plain: true})
	}
	return out
}

// encodings decides, before anything is written, which objects are decoded.
func (l *library) encodings(ctx context.Context, accepted []dicomweb.Range, all []object, single bool) (form dicomweb.Offer, decode []bool, err error) {
	for _, o := range all {
		err := l.parsed(ctx, o, func(f *part10.File) error {
			offers := fileForms(f.TransferSyntax, single)
			if f.TransferSyntax != part10.ExplicitLE && decodable(f) {
				offers = append(offers, fileForms(part10.ExplicitLE, single)...)
			}
			chosen, ok := dicomweb.Choose(accepted, offers)
			if !ok {
				return errNotAcceptable{errFileForm.instead + "; this one is stored in " + f.TransferSyntax}
			}
			form = chosen
			decode = append(decode, chosen.TransferSyntax != f.TransferSyntax)
			return nil
		})
		if err != nil {
			return form, nil, err
		}
	}
	return form, decode, nil
}

func decodable(f *part10.File) bool {
	if f.Pixel == nil || !f.Pixel.Encapsulated {
		return true
	}
	p, err := dicomio.OpenPicture(f)
	return err == nil && p.Decodable() == nil
}

func (w *Web) send(rw http.ResponseWriter, r *http.Request, form dicomweb.Offer, all []object, decode []bool) {
	out := w.steady(rw)
	write := func(to io.Writer, i int) error {
		if decode[i] {
			return w.holdings.copyDecoded(r.Context(), to, all[i])
		}
		return w.holdings.copyStored(r.Context(), to, all[i])
	}
	if !form.Multipart {
		rw.Header().Set("Content-Type", form.ContentType())
		if err := write(out, 0); err != nil {
			w.broken(r, err)
		}
		return
	}
	parts := dicomweb.NewParts(out, form)
	rw.Header().Set("Content-Type", parts.ContentType())
	for i, o := range all {
		part, err := parts.Next("", o.address(r))
		if err == nil {
			err = write(part, i)
		}
		if err != nil {
			w.broken(r, err)
		}
	}
	if err := parts.Close(); err != nil {
		w.broken(r, err)
	}
}

// copyStored copies a file as it is. Senders of bare data sets are let in
// (PS3.10 asks for more): those get the head that makes them files.
func (l *library) copyStored(ctx context.Context, to io.Writer, o object) error {
	file, size, err := l.open(o)
	if err != nil {
		return err
	}
	defer file.Close()
	head := make([]byte, fileHead)
	if _, err := io.ReadFull(file, head); err != nil {
		return err
	}
	if string(head[fileHead-4:]) != "DICM" {
		return l.copyDecoded(ctx, to, o)
	}
	n, err := io.Copy(to, io.MultiReader(bytes.NewReader(head), file))
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// fileHead is the preamble and the mark behind it (PS3.10 section 7.1).
const fileHead = 132

func (l *library) copyDecoded(ctx context.Context, to io.Writer, o object) error {
	return l.parsed(ctx, o, func(f *part10.File) error {
		var decoded int64
		if f.Pixel != nil {
			p, err := dicomio.OpenPicture(f)
			if err != nil {
				return err
			}
			decoded = int64(p.NumberOfFrames()) * max(p.DecodedBytes(), 2*int64(len(p.Coded(0)))) // frames and the file of them
		}
		return l.holding(ctx, decoded, func() error {
			if err := l.turn(ctx, l.decoding, 1); err != nil {
				return err
			}
			data, err := dicomio.Uncompressed(f)
			l.decoding.Release(1)
			if err != nil {
				return err
			}
			_, err = io.Copy(to, bytes.NewReader(data))
			return err
		})
	})
}

// metadata is WADO-RS metadata (PS3.18 section 10.4.1.1.2).
func (w *Web) metadata(rw http.ResponseWriter, r *http.Request) {
	if !acceptsJSON(rw, r) {
		return
	}
	all, ok := w.listed(rw, r)
	if !ok {
		return
	}
	rw.Header().Set("Content-Type", dicomweb.MediaTypeJSON)
	out := newList(w.steady(rw))
	for i, o := range all {
		var d dicomweb.Dataset
		err := w.holdings.parsed(r.Context(), o, func(f *part10.File) error {
			d = dicomweb.Metadata(f, o.address(r)+"/bulkdata")
			d.Set("RetrieveURL", o.address(r))
			d.Set("AvailableTransferSyntaxUID", f.TransferSyntax)
			return nil
		})
		if err != nil && i == 0 {
			rw.Header().Del("Content-Type")
			w.fail(rw, r, err)
			return
		}
		if err == nil {
			err = out.add(d)
		}
		if err != nil {
			w.broken(r, err)
		}
	}
	if err := out.end(); err != nil {
		w.broken(r, err)
	}
}

// bulkdata gives a binary value that metadata refers to; of pixel data, all
// frames.
func (w *Web) bulkdata(rw http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(r.PathValue("path"), "/")
	all, ok := w.listed(rw, r)
	if !ok {
		return
	}
	if dicomweb.IsPixelData(path) {
		w.giveFrames(rw, r, all[0], nil)
		return
	}
	form, ok := dicomweb.Choose(ranges(r), []dicomweb.Offer{{Type: dicomweb.MediaTypeOctets, Multipart: true}, {Type: dicomweb.MediaTypeOctets}})
	if !ok {
		w.fail(rw, r, errNotAcceptable{`this is given as application/octet-stream, alone or in multipart/related`})
		return
	}
	err := w.holdings.parsed(r.Context(), all[0], func(f *part10.File) error {
		value, ok := dicomweb.Bulk(f, path)
		if !ok {
			return triage.ErrNotFound
		}
		w.giveParts(rw, r, form, [][]byte{value})
		return nil
	})
	if err != nil {
		w.fail(rw, r, err)
	}
}

// giveParts writes values in a form, each as a part.
func (w *Web) giveParts(rw http.ResponseWriter, r *http.Request, form dicomweb.Offer, values [][]byte) {
	out := w.steady(rw)
	if !form.Multipart {
		rw.Header().Set("Content-Type", form.ContentType())
		_, _ = out.Write(values[0]) // who left does not hear it
		return
	}
	parts := dicomweb.NewParts(out, form)
	rw.Header().Set("Content-Type", parts.ContentType())
	for _, v := range values {
		part, err := parts.Next("", "")
		if err == nil {
			_, err = part.Write(v)
		}
		if err != nil {
			w.broken(r, err)
		}
	}
	if err := parts.Close(); err != nil {
		w.broken(r, err)
	}
}
