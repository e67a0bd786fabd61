package web

import (
	"context"
	"sync"

	"nafas/internal/triage"
)

// rowsKept is how many studies are remembered: those of a few moments.
const rowsKept = 512

// rows remembers what was looked up for the event streams: a change is told to every
// page that is open, and looked up once. A study is remembered as of a cursor: what
// was read after that change is at least as new, and a later change has another one.
type rows struct {
	// mu is held while something is looked up, so that who asks for the same waits
	// for it.
	mu   sync.Mutex
	kept map[seenAt]triage.Listed
}

type seenAt struct{ study, cursor string }

// listed returns the studies as of a cursor or later, in no order; those that are in
// the worklist no more are missing. Nothing is remembered without a cursor.
func (r *rows) listed(ctx context.Context, w *Web, studies []string, cursor string) ([]triage.Listed, error) {
	if cursor == "" {
		return w.Studies.Listed(ctx, w.Lists, studies...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []triage.Listed
	var missing []string
	for _, uid := range studies {
		if l, ok := r.kept[seenAt{uid, cursor}]; ok {
			out = append(out, l)
		} else {
			missing = append(missing, uid)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	list, err := w.Studies.Listed(ctx, w.Lists, missing...)
	if err != nil {
		return nil, err
	}
	if r.kept == nil || len(r.kept)+len(list) > rowsKept {
		r.kept = map[seenAt]triage.Listed{}
	}
	for _, l := range list {
		r.kept[seenAt{l.UID, cursor}] = l
	}
	return append(out, list...), nil
}
