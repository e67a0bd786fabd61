package web

import (
	"context"
	"net/http"

	"nafas/internal/access"
	"nafas/internal/audit"
	"nafas/internal/triage/review"
)

// who asks; access.Unnamed where nobody has a name.
func who(ctx context.Context) access.Principal {
	p, ok := access.Who(ctx)
	if !ok {
		p = access.Principal{By: access.Unnamed}
	}
	return p
}

// reader is who asks, as reviews name them.
func reader(ctx context.Context) review.Reader {
	p := who(ctx)
	if p.By == access.Unnamed {
		return review.Local
	}
	out := review.Reader{Name: p.Name, Display: p.Display}
	if out.Display == "" {
		out.Display = p.Name
	}
	return out
}

// record keeps what somebody does. What cannot be recorded is not to be done.
func (w *Web) record(r *http.Request, kind audit.Kind, detail string, studyUIDs ...string) error {
	p := who(r.Context())
	err := w.Audit.Record(r.Context(), audit.Event{
		Kind: kind, StudyUIDs: studyUIDs, Detail: detail,
		Who: audit.Who{Name: p.Name, Display: p.Display, By: string(p.By), Address: w.Address(r)},
	})
	return w.recorded(r, err)
}

func (w *Web) recorded(r *http.Request, err error) error {
	if err == nil {
		return nil
	}
	w.Log.ErrorContext(r.Context(), "the audit trail cannot be written, so that nothing is shown", "error", err)
	return busy("nothing is shown now, since it cannot be recorded; the log of the service has more")
}

// admitted has an endpoint about a part of a study recorded as opening it, once in
// a while for each who looks.
func (w *Web) admitted(answer func(http.ResponseWriter, *http.Request) (any, error)) func(http.ResponseWriter, *http.Request) (any, error) {
	return func(rw http.ResponseWriter, r *http.Request) (any, error) {
		if err := w.recorded(r, w.Admit(r, who(r.Context()))); err != nil {
			return nil, err
		}
		return answer(rw, r)
	}
}

// listing has an endpoint of the worklist, which shows whose studies there are,
// recorded as a query, once in a while for each who looks.
func (w *Web) listing(answer func(http.ResponseWriter, *http.Request) (any, error)) func(http.ResponseWriter, *http.Request) (any, error) {
	return func(rw http.ResponseWriter, r *http.Request) (any, error) {
		query := r.Clone(r.Context())
		query.SetPathValue("study", "") // its thumbnails are of the list, not of one study
		if err := w.recorded(r, w.Admit(query, who(r.Context()))); err != nil {
			return nil, err
		}
		return answer(rw, r)
	}
}
