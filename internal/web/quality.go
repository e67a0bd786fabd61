package web

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"time"

	"nafas/internal/audit"
	"nafas/internal/i18n"
	"nafas/internal/triage"
	"nafas/internal/triage/quality"
	"nafas/internal/web/api"
)

// countingWait is how long a request waits for those before it.
const countingWait = 20 * time.Second

// oneByOne has requests wait for each other that read the reviews of all studies:
// who asks often takes no more than a core.
func (w *Web) oneByOne(ctx context.Context, read func(context.Context) error) error {
	waiting, cancel := context.WithTimeout(ctx, countingWait)
	defer cancel()
	select {
	case w.counting <- struct{}{}:
		defer func() { <-w.counting }()
		return read(ctx)
	case <-waiting.Done():
		return busy("others are having reviews counted; try again in a moment")
	}
}

// quality answers GET /api/quality.
func (w *Web) quality(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := periodOf(r.URL.Query())
	if err != nil {
		return nil, err
	}
	var q triage.Quality
	if err := w.oneByOne(r.Context(), func(ctx context.Context) (err error) {
		q, err = w.Studies.Quality(ctx, p)
		return err
	}); err != nil {
		return nil, err
	}
	v, lang := r.URL.Query(), languageOf(r)
	out := api.Quality{
		From: v.Get("from"), To: v.Get("to"), Signed: q.Signed, Done: q.Done, All: stratumOf(q.All, lang),
		Scanners: strataOf(q.Scanners, lang), Kernels: strataOf(q.Kernels, lang), Thickness: strataOf(q.Thickness, lang), Models: strataOf(q.Models, lang),
		Causes: []api.CauseCount{},
	}
	for _, c := range q.Causes {
		out.Causes = append(out.Causes, api.CauseCount{Cause: string(c.Cause), Count: c.Count})
	}
	return out, nil
}

// reviews answers GET /api/reviews.csv.
func (w *Web) reviews(rw http.ResponseWriter, r *http.Request) (any, error) {
	p, err := periodOf(r.URL.Query())
	if err != nil {
		return nil, err
	}
	// Whole before it begins: half a table looks like one.
	var table bytes.Buffer
	if err := w.oneByOne(r.Context(), func(ctx context.Context) error {
		studies, err := w.Studies.ExportReviews(ctx, p)
		if err != nil {
			return err
		}
		return quality.WriteAll(&table, studies)
	}); err != nil {
		return nil, err
	}
	if err := w.record(r, audit.Exported, "reviews.csv"); err != nil {
		return nil, err
	}
	rw.Header().Set("Content-Type", "text/csv; charset=utf-8")
	rw.Header().Set("Content-Disposition", `attachment; filename="reviews.csv"`)
	_, _ = rw.Write(table.Bytes()) // who left does not get it
	return nil, nil
}

// periodOf are the days from and to, both of which count; none is no bound. They
// are days of UTC, as all times of the page are.
func periodOf(v url.Values) (p triage.Period, err error) {
	day := func(name string) (time.Time, error) {
		text := v.Get(name)
		if text == "" {
			return time.Time{}, nil
		}
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return at, invalid("%s is a day, YYYY-MM-DD", name)
		}
		return at, nil
	}
	if p.After, err = day("from"); err != nil {
		return p, err
	}
	if p.Before, err = day("to"); err != nil || p.Before.IsZero() {
		return p, err
	}
	p.Before = p.Before.AddDate(0, 0, 1)
	if !p.After.Before(p.Before) {
		return p, invalid("from lies after to")
	}
	return p, nil
}

func strataOf(list []quality.Stratum, lang string) []api.Stratum {
	out := make([]api.Stratum, len(list))
	for i, s := range list {
		out[i] = stratumOf(s, lang)
	}
	return out
}

func stratumOf(s quality.Stratum, lang string) api.Stratum {
	name, ok := i18n.Stratum(lang, s.Name)
	if !ok {
		name = s.Name
	}
	return api.Stratum{
		Name: name, Scans: s.Scans, Marks: s.Marks, Accepted: s.Accepted, Rejected: s.Rejected, Unsure: s.Unsure,
		Unanswered: s.Unanswered, Added: s.Added,
		AcceptedPerScan: api.Interval(s.AcceptedPerScan), RejectedPerScan: api.Interval(s.RejectedPerScan),
		AcceptedShare: api.Interval(s.AcceptedShare), FoundShare: api.Interval(s.FoundShare),
	}
}
