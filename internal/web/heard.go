package web

import (
	"context"
	"sync"
	"time"

	"nafas/internal/triage"
	"nafas/internal/web/api"
)

// heard is the latest progress of the studies that run.
type heard struct {
	mu sync.Mutex
	by map[string]api.Progress
}

func (h *heard) of(studyUID string) *api.Progress {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.by[studyUID]
	if !ok {
		return nil
	}
	return &p
}

func (h *heard) take(e triage.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case e.Progress != nil:
		if h.by == nil {
			h.by = map[string]api.Progress{}
		}
		h.by[e.Progress.StudyUID] = progressOf(*e.Progress)
	case e.Study.State != triage.Running:
		delete(h.by, e.Study.UID)
	}
}

func progressOf(p triage.Progress) api.Progress {
	return api.Progress{Stage: p.Stage, Done: p.Done, Total: p.Total}
}

// listen hears of the progress of studies until ctx ends, whoever watches.
func (w *Web) listen(ctx context.Context) {
	for ctx.Err() == nil {
		events, err := w.Studies.Watch(ctx, "")
		if err == nil {
			for e := range events {
				w.heard.take(e)
			}
		}
		select { // the store failed, and the log says so
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
