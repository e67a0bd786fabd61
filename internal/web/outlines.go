package web

import (
	"errors"
	"net/http"
	"sync"

	"nafas/internal/triage"
	"nafas/internal/triage/objects"
	"nafas/internal/web/api"
)

// mostOutlines are the studies whose outlines are kept: a page asks for them when
// a study is opened, and readers go to and fro.
const mostOutlines = 32

// outlines keeps those of the latest studies, by the result's key. One study is
// looked at at a time: every header of a series is read for it.
type outlines struct {
	making chan struct{}

	mu    sync.Mutex
	by    map[string]api.Outlines
	order []string
}

func (o *outlines) init() { o.making, o.by = make(chan struct{}, 1), map[string]api.Outlines{} }

func (o *outlines) get(key string) (api.Outlines, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out, ok := o.by[key]
	return out, ok
}

func (o *outlines) put(key string, out api.Outlines) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.by[key]; !ok {
		o.order = append(o.order, key)
	}
	o.by[key] = out
	if len(o.order) > mostOutlines {
		delete(o.by, o.order[0])
		o.order = o.order[1:]
	}
}

// outline answers GET /api/studies/{study}/outlines.
func (w *Web) outline(_ http.ResponseWriter, r *http.Request) (any, error) {
	ctx := r.Context()
	d, _, err := w.Studies.Report(ctx, r.PathValue("study"))
	empty := api.Outlines{Findings: []api.FindingOutline{}}
	switch {
	case errors.Is(err, triage.ErrNoResult):
		return empty, nil
	case err != nil:
		return nil, err
	case d.Series.Result == nil || len(d.Series.Result.Findings) == 0:
		return empty, nil
	}
	key := d.Series.Result.Key
	if out, ok := w.outlines.get(key); ok {
		return out, nil
	}
	select {
	case w.outlines.making <- struct{}{}:
		defer func() { <-w.outlines.making }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if out, ok := w.outlines.get(key); ok { // made by another meanwhile
		return out, nil
	}
	list, err := objects.Outlines(ctx, d, w.Studies.ReadFile)
	if err != nil {
		return nil, err
	}
	out := outlinesOf(d.Series.UID, key, list)
	w.outlines.put(key, out)
	return out, nil
}

func outlinesOf(seriesUID, resultKey string, list []objects.Outline) api.Outlines {
	out := api.Outlines{Findings: []api.FindingOutline{}}
	for _, one := range list {
		f := api.FindingOutline{SeriesUID: seriesUID, ResultKey: resultKey, Rank: one.Rank, Slices: []api.SliceOutline{}}
		for _, s := range one.Slices {
			slice := api.SliceOutline{SOPInstanceUID: s.SOPInstanceUID, Frame: s.Frame, Polygons: [][][3]float64{}}
			for _, p := range s.Polygons {
				polygon := make([][3]float64, len(p))
				for i, point := range p {
					polygon[i] = point
				}
				slice.Polygons = append(slice.Polygons, polygon)
			}
			f.Slices = append(f.Slices, slice)
		}
		out.Findings = append(out.Findings, f)
	}
	return out
}
