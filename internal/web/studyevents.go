package web

import (
	"context"
	"net/http"
	"time"

	"nafas/internal/web/api"
)

// studyEvents answers GET /api/studies/{uid}/events. Who holds it open has the
// study on the screen.
func (w *Web) studyEvents(rw http.ResponseWriter, r *http.Request) (any, error) {
	uid := r.PathValue("uid")
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
	s, leave, err := w.stream(rw)
	if err != nil {
		return nil, err
	}
	defer leave()
	defer w.presence.come(uid, w.Gate.Who(ctx).Display)()
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
		case who := <-came:
			if who == uid {
				err = s.send("", api.StudyEvent{Open: w.presence.open(uid)})
			}
		case e, ok := <-changes:
			if !ok {
				return nil, nil
			}
			if e.Progress == nil && e.Study.UID == uid {
				err = s.send(e.Cursor, api.StudyEvent{Changed: true, Open: w.presence.open(uid)})
			}
		}
	}
	return nil, nil
}
