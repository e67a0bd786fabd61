package sources

import (
	"context"
	"errors"
	"io"
	"net/http"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/match"
	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// Web is an archive that is asked by QIDO-RS and retrieved from by WADO-RS.
type Web struct {
	opt    Options
	client *dicomweb.Client
	catalogue
	*throttle
}

var _ rescore.Source = (*Web)(nil)

// webFetches are the studies that are fetched at once unless the limits say
// otherwise.
const webFetches = 2

// NewWeb asks a server for the studies of a query, or for those of a list.
func NewWeb(client *dicomweb.Client, q rescore.Query, studies []string, opt Options) *Web {
	opt = opt.withDefaults()
	w := &Web{opt: opt, client: client, throttle: newThrottle()}
	w.catalogue = catalogue{pacs: webPACS{client}, opt: opt, query: q, studies: studies}
	return w
}

// Whole implements rescore.Source.
func (w *Web) Whole() bool { return true }

// Close implements io.Closer.
func (w *Web) Close() error { return nil }

// Scan implements rescore.Source. Studies come by date, those without one last;
// the cursor is the last day that is done. With a list they come in its order, and
// the cursor is the last study.
func (w *Web) Scan(ctx context.Context, after string, each func(rescore.Batch) error) error {
	return w.scan(ctx, after, each)
}

// webPACS asks by QIDO-RS.
type webPACS struct{ *dicomweb.Client }

func (p webPACS) list(ctx context.Context, q match.Query, most int) ([]match.Entry, bool, error) {
	if most < match.MaxEntries {
		some, err := p.FindSome(ctx, q, most+1)
		if err != nil || len(some) > most {
			return nil, false, err
		}
	}
	all, err := p.Find(ctx, q)
	return all, err == nil && len(all) <= most, err
}

func (p webPACS) every(ctx context.Context, q match.Query, each func([]match.Entry) error) error {
	return p.Pages(ctx, q, each)
}

func (p webPACS) alive(ctx context.Context) error {
	_, err := p.FindSome(ctx, match.Query{Level: match.StudyLevel}, 1)
	if errors.Is(err, match.ErrTooMany) {
		err = nil
	}
	return err
}

// Fetch implements rescore.Source: series by series into the spool.
func (w *Web) Fetch(ctx context.Context, c rescore.Case) ([]rescore.Fetched, func(), error) {
	end, err := w.begin(ctx, c.Rescoring.Limits, webFetches)
	if err != nil {
		return nil, func() {}, err
	}
	defer end()
	return fetchSeries(ctx, w.opt, c, func(r *receipt, got *came) error { return w.series(ctx, r, got) })
}

func (w *Web) series(ctx context.Context, r *receipt, got *came) error {
	_, err := w.client.FetchSeries(ctx, got.study, got.series, func(from io.Reader) error {
		return r.take(w.reader(ctx, from), got)
	})
	var status *dicomweb.StatusError
	switch {
	case !errors.As(err, &status):
		return err
	case status.Status == http.StatusPartialContent:
		return errPartial
	case isMissing(err):
		return w.gone(ctx, got)
	case status.Status >= 500, status.Status < 400, !ofOne(err), status.Status == http.StatusRequestTimeout:
		return err
	}
	if down := w.alive(ctx); down != nil {
		return down
	}
	return refusal.New(rescore.ReasonUnreadable, "look into the log of the archive", "the archive does not give series %s: %v", got.series, err)
}

// gone makes sure that an archive that knows no series is one that answers.
func (w *Web) gone(ctx context.Context, got *came) error {
	if down := w.alive(ctx); down != nil {
		return down
	}
	return refusal.New(rescore.ReasonGone, "look whether the archive has it still, and plan again", "the archive has series %s no more", got.series)
}
