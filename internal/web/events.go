package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"nafas/internal/triage"
	"nafas/internal/web/api"
)

// How changes are told: those of a moment together, so that a study that changes
// often is told of once.
const (
	batchTime   = 200 * time.Millisecond
	batchSize   = 100
	countersGap = time.Second
)

// events answers GET /api/events.
func (w *Web) events(rw http.ResponseWriter, r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), streamLife)
	defer cancel()
	changes, err := w.Studies.Watch(ctx, cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("cursor")))
	if err != nil {
		return nil, err
	}
	came, unwatch := w.presence.watch()
	defer unwatch()
	s, leave, err := w.stream(rw, who(ctx))
	if err != nil {
		return nil, err
	}
	defer leave()
	b := &batch{w: w, stream: s, lang: languageOf(r), counters: true}
	// What goes wrong now ends the stream: who looks comes again.
	_ = b.follow(ctx, changes, came)
	return nil, nil
}

// batch is what is to be told to one page.
type batch struct {
	w      *Web
	stream *stream
	lang   string
	// studies that changed, in order, and the cursor behind the last of them.
	studies []string
	cursor  string
	// progress of studies since the last look.
	progress map[string]api.Progress
	// counters may have changed since they were counted.
	counters bool
	counted  time.Time
}

// follow tells until ctx ends, the server ends, or who looks has left.
func (b *batch) follow(ctx context.Context, changes <-chan triage.Event, came <-chan string) error {
	beat, look := time.NewTicker(streamBeat), time.NewTicker(batchTime)
	defer beat.Stop()
	defer look.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-b.w.ended:
			return nil
		case e, ok := <-changes:
			if !ok {
				return nil
			}
			if b.take(e); len(b.studies) >= batchSize {
				err = b.tell(ctx)
			}
		case uid := <-came:
			b.add(uid)
		case <-look.C:
			err = b.tell(ctx)
		case <-beat.C:
			err = b.stream.beat()
		}
		if err != nil {
			return err
		}
	}
}

func (b *batch) take(e triage.Event) {
	if p := e.Progress; p != nil {
		if b.progress == nil {
			b.progress = map[string]api.Progress{}
		}
		b.progress[p.StudyUID] = progressOf(*p)
		return
	}
	b.add(e.Study.UID)
	b.cursor, b.counters = e.Cursor, true
}

func (b *batch) add(uid string) {
	if !slices.Contains(b.studies, uid) {
		b.studies = append(b.studies, uid)
	}
}

// tell writes what has come together.
func (b *batch) tell(ctx context.Context) error {
	if err := b.tellStudies(ctx); err != nil {
		return err
	}
	for uid, p := range b.progress {
		if err := b.stream.send("", api.Event{ProgressOf: uid, Progress: &p}); err != nil {
			return err
		}
	}
	clear(b.progress)
	if now := time.Now(); b.counters && now.Sub(b.counted) >= countersGap {
		counters, err := b.w.counters(ctx)
		if err != nil {
			return err
		}
		b.counters, b.counted = false, now
		return b.stream.send("", api.Event{Counters: &counters})
	}
	return nil
}

// tellStudies: a study that is in the worklist no more is gone from it. The cursor
// stands with the last one alone: who comes again before that hears of all again.
func (b *batch) tellStudies(ctx context.Context) error {
	if len(b.studies) == 0 {
		return nil
	}
	list, err := b.w.rows.listed(ctx, b.w, b.studies, b.cursor)
	if err != nil {
		return err
	}
	rows := map[string]api.StudyRow{}
	for _, l := range list {
		rows[l.UID] = b.w.row(l, b.lang)
	}
	for i, uid := range b.studies {
		id, message := "", api.Event{Gone: uid}
		if row, ok := rows[uid]; ok {
			message = api.Event{Study: &row}
		}
		if i == len(b.studies)-1 {
			id = b.cursor
		}
		if err := b.stream.send(id, message); err != nil {
			return err
		}
	}
	b.studies = b.studies[:0]
	return nil
}
