package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"nafas/dicomio/match"
	"nafas/internal/audit"
	"nafas/internal/triage"
	"nafas/internal/triage/quality"
	"nafas/internal/triage/review"
	"nafas/internal/web/api"
)

// Reviews is what readers say of studies; triage.Service is one.
type Reviews interface {
	Review(ctx context.Context, studyUID string) (review.State, error)
	// Act returns the review as it is then, also with review.ErrConflict. Other
	// errors: triage.ErrNotFound, *review.InvalidError.
	Act(ctx context.Context, studyUID string, who review.Reader, seen int64, a review.Action) (review.State, error)
	Quality(ctx context.Context, p triage.Period) (triage.Quality, error)
	ExportReviews(ctx context.Context, p triage.Period) ([]quality.Study, error)
}

// reviewed answers GET /api/studies/{study}/review.
func (w *Web) reviewed(_ http.ResponseWriter, r *http.Request) (any, error) {
	state, err := w.Studies.Review(r.Context(), r.PathValue("study"))
	if err != nil {
		return nil, err
	}
	return reviewOf(state, reader(r.Context())), nil
}

// act answers POST /api/studies/{study}/review.
func (w *Web) act(_ http.ResponseWriter, r *http.Request) (any, error) {
	var asked api.ReviewAction
	if err := read(r, &asked); err != nil {
		return nil, err
	}
	ctx, uid, who, a := r.Context(), r.PathValue("study"), reader(r.Context()), actionOf(asked)
	if a.Kind == review.KindSign && !who.Named() {
		return nil, &problem{http.StatusForbidden, api.Problem{Code: "forbidden", Detail: "a study is signed off by somebody with a name: sign in as a user (nafas user add)"}}
	}
	// The trail, which nobody cleans, has no word of a client's own.
	if !match.UID(uid) {
		return nil, triage.ErrNotFound
	}
	what := "review: " + kindOfAction(a.Kind)
	if err := w.record(r, audit.Reviewed, what, uid); err != nil {
		return nil, err
	}
	state, err := w.Studies.Act(ctx, uid, who, asked.Seen, a)
	if err != nil {
		if other := w.record(r, audit.Reviewed, what+", refused", uid); other != nil {
			return nil, other
		}
	}
	var wrong *review.InvalidError
	switch {
	case errors.Is(err, review.ErrConflict):
		now := reviewOf(state, who)
		return nil, &problem{http.StatusConflict, api.Problem{Code: "conflict", Detail: review.ErrConflict.Error(), Review: &now}}
	case errors.As(err, &wrong):
		return nil, invalid("%s", wrong.Error())
	case err != nil:
		return nil, err
	}
	return reviewOf(state, who), nil
}

// kindOfAction is a kind as the audit trail has it, which holds no word of a
// client's own.
func kindOfAction(k review.Kind) string {
	switch k {
	case review.KindAnswer, review.KindAdd, review.KindChange, review.KindRemove, review.KindSign, review.KindReopen, review.KindUndo:
		return string(k)
	}
	return "unknown"
}

// read takes a body of JSON in.
func read(r *http.Request, into any) error {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		return &problem{http.StatusUnsupportedMediaType, api.Problem{Code: "invalid", Detail: "send the body as application/json"}}
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return err
		}
		return invalid("the body is not what is asked for: %s", jsonFault(err))
	}
	if d.More() {
		return invalid("the body goes on after its end")
	}
	return nil
}

// jsonFault says what is wrong without quoting values.
func jsonFault(err error) string {
	var field *json.UnmarshalTypeError
	switch {
	case errors.As(err, &field):
		return "the type of " + field.Field
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	return "it is no JSON of its kind"
}

// Kinds of nodules are spelt with _ for the page and with - in the program.
func kindIn(word string) string  { return strings.ReplaceAll(word, "_", "-") }
func kindOut(kind string) string { return strings.ReplaceAll(kind, "-", "_") }

func actionOf(a api.ReviewAction) review.Action {
	out := review.Action{ID: a.ID, Kind: review.Kind(a.Kind), MarkID: a.MarkID, ResultKeys: a.ResultKeys, Undoes: a.Undoes}
	if a.Answer != nil {
		out.Answer = &review.Answer{
			Verdict: review.Verdict(a.Answer.Verdict), Cause: review.Cause(a.Answer.Cause), Kind: kindIn(a.Answer.Kind),
			Category: a.Answer.Category, Comment: a.Answer.Comment,
		}
	}
	if a.SeriesUID != "" || a.ResultKey != "" || a.Rank != 0 {
		out.Finding = &review.Ref{SeriesUID: a.SeriesUID, ResultKey: a.ResultKey, Rank: a.Rank}
	}
	if m := a.Mark; m != nil {
		out.Mark = &review.Mark{
			SeriesUID: m.SeriesUID, CenterLPSMM: m.CenterLPSMM, DiameterMM: m.DiameterMM, SOPInstanceUID: m.Image.SOPInstanceUID,
			Frame: m.Image.Frame, PixelColumn: m.Image.Column, PixelRow: m.Image.Row,
			Kind: kindIn(m.Kind), Category: m.Category, Comment: m.Comment,
		}
	}
	return out
}
