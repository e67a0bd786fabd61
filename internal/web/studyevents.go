package web

import (
	"context"
	"net/http"
	"time"

	"nafas/internal/triage/review"
	"nafas/internal/web/api"
)

// studyEvents answers GET /api/studies/{study}/events. Who holds it open has the
// study on the screen.
func (w *Web) studyEvents(rw http.ResponseWriter, r *http.Request) (any, error) {
	uid := r.PathValue("study")
	ctx, cancel := context.WithTimeout(r.Context(), streamLife)
	defer cancel()
	if _, err := w.Studies.Study(ctx, uid); err != nil {
		return nil, err
	}
	changes, err := w.Studies.Watch(ctx, "")
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
	defer w.presence.come(uid, reader(ctx).Display)()
	seen := newSeen(w, uid, reader(ctx))
	if err := seen.tell(ctx, s); err != nil {
		return nil, nil
	}
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for err == nil {
		select {
		case <-ctx.Done():
			return nil, nil
		case <-w.ended:
			return nil, nil
		case <-beat.C:
			err = s.beat()
		case changed := <-came:
			if changed == uid {
				err = s.send("", api.StudyEvent{Shows: seen.shows, Open: w.presence.open(uid)})
			}
		case e, ok := <-changes:
			if !ok {
				return nil, nil
			}
			if e.Progress == nil && e.Study.UID == uid {
				err = seen.tell(ctx, s)
			}
		}
	}
	return nil, nil
}

// seen is what the page was told last of the study that it has open.
type seen struct {
	w       *Web
	uid     string
	who     review.Reader
	version int64
	shows   string
}

func newSeen(w *Web, uid string, who review.Reader) *seen {
	return &seen{w: w, uid: uid, who: who, version: -1}
}

// tell says what the study shows now, and the review where somebody said something.
func (s *seen) tell(ctx context.Context, to *stream) error {
	state, err := s.w.Studies.Review(ctx, s.uid)
	if err != nil {
		return err
	}
	study, err := s.w.Studies.Study(ctx, s.uid)
	if err != nil {
		return err
	}
	row, err := s.w.rowOf(ctx, study)
	if err != nil {
		return err
	}
	s.shows = showsOf(study, row)
	message := api.StudyEvent{Shows: s.shows, Open: s.w.presence.open(s.uid)}
	if state.Version != s.version {
		is := reviewOf(state, s.who)
		message.Review = &is
	}
	s.version = state.Version
	return to.send("", message)
}
