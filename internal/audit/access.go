package audit

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"nafas/internal/access"
)

// Accesses records who gets images over DICOMweb, and who looks at what is known of
// studies: a study once an hour for each, not each of its thousands of frames. As a Recorder it passes everything on; a
// study that was opened on the page is not recorded again for its images.
type Accesses struct {
	Recorder
	// address is where a request came from.
	address func(*http.Request) string
	now     func() time.Time
	mu      sync.Mutex
	seen    map[accessed]time.Time
}

// accessed has the address: a token or a cookie that is used elsewhere is seen there.
type accessed struct{ who, by, address, studyUID string }

const (
	longestUID   = 64 // PS3.5 section 9.1
	accessAgain  = time.Hour
	mostAccesses = 20_000
)

// NewAccesses makes Accesses over a recorder.
func NewAccesses(to Recorder, address func(*http.Request) string) *Accesses {
	return &Accesses{Recorder: to, address: address, now: time.Now, seen: map[accessed]time.Time{}}
}

// Record implements Recorder.
func (a *Accesses) Record(ctx context.Context, e Event) error {
	if err := a.Recorder.Record(ctx, e); err != nil || e.Kind != Opened {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, uid := range e.StudyUIDs {
		a.note(accessed{e.Who.Name, e.Who.By, e.Who.Address, uid})
	}
	return nil
}

// Admit records that somebody was let in to what r asks for; it is an
// access.Gate's. The path names the study as "study"; without one it is a query.
func (a *Accesses) Admit(r *http.Request, who access.Principal) error {
	e := Event{Kind: Queried, Who: Who{Name: who.Name, Display: who.Display, By: string(who.By), Address: a.address(r)}}
	if uid := r.PathValue("study"); uid != "" {
		if !isUID(uid) {
			return nil // nothing is stored under it, and it may be a name
		}
		e.Kind, e.StudyUIDs, e.Detail = Transferred, []string{uid}, "DICOMweb"
		if person(who) {
			e.Kind = Opened
		}
	}
	return a.Seen(r.Context(), e)
}

// Seen records that somebody looks at a study, or at which there are, where that
// was not recorded within the hour.
func (a *Accesses) Seen(ctx context.Context, e Event) error {
	key := accessed{who: e.Who.Name, by: e.Who.By, address: e.Who.Address}
	if len(e.StudyUIDs) > 0 {
		key.studyUID = e.StudyUIDs[0]
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if at, ok := a.seen[key]; ok && a.now().Sub(at) < accessAgain {
		return nil
	}
	if err := a.Recorder.Record(ctx, e); err != nil {
		return err
	}
	a.note(key)
	return nil
}

// isUID says whether a text has the form of one.
func isUID(s string) bool { return len(s) <= longestUID && strings.Trim(s, "0123456789.") == "" }

func person(who access.Principal) bool {
	return who.By == access.ByPassword || who.By == access.ByProvider || who.By == access.Unnamed
}

// note remembers an access.
func (a *Accesses) note(key accessed) {
	now := a.now()
	if len(a.seen) >= mostAccesses {
		for k, at := range a.seen {
			if now.Sub(at) >= accessAgain {
				delete(a.seen, k)
			}
		}
	}
	if len(a.seen) >= mostAccesses { // rather twice than never
		clear(a.seen)
	}
	a.seen[key] = now
}
