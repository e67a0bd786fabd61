package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"nafas/internal/triage"
	"nafas/internal/web/api"
)

// searchHeader has what is searched for. In an address, which proxies and browsers
// keep, a name does not count: who asks so is refused.
const searchHeader = "X-Nafas-Search"

// worklist answers GET /api/worklist.
func (w *Web) worklist(_ http.ResponseWriter, r *http.Request) (any, error) {
	q, err := listingOf(r.URL.Query())
	if err != nil {
		return nil, err
	}
	if search := r.Header.Get(searchHeader); search != "" {
		if q.Search, err = url.PathUnescape(search); err != nil {
			return nil, invalid("the header %s is not percent-encoded", searchHeader)
		}
	}
	list, total, cursor, err := w.Studies.List(r.Context(), w.Lists, q)
	if err != nil {
		return nil, err
	}
	counters, err := w.counters(r.Context())
	if err != nil {
		return nil, err
	}
	out := api.Worklist{Total: total, Offset: q.Offset, Studies: make([]api.StudyRow, len(list)), Counters: counters, Cursor: cursor}
	lang := languageOf(r)
	for i, l := range list {
		out.Studies[i] = w.row(l, lang)
	}
	return out, nil
}

func listingOf(v url.Values) (q triage.Listing, err error) {
	if v.Has("search") {
		return q, invalid("what is searched for goes in the header %s: an address is kept on its way", searchHeader)
	}
	if q.Offset, err = number(v, "offset", 0, 1<<30); err != nil {
		return q, err
	}
	if q.Limit, err = number(v, "limit", 1, triage.MostListed); err != nil {
		return q, err
	}
	if q.States, err = words(v["state"], "state", triage.Receiving, triage.Waiting, triage.Running, triage.Done, triage.NotAssessed, triage.Failed); err != nil {
		return q, err
	}
	if q.Reviews, err = words(v["review"], "review", triage.ReviewStates...); err != nil {
		return q, err
	}
	for _, word := range v["priority"] {
		p, ok := priorityOf(word)
		if !ok {
			return q, invalid("%q is no priority: urgent, high, not_assessed, routine, none", word)
		}
		q.Priorities = append(q.Priorities, p)
	}
	return q, nil
}

// number is a parameter between two bounds; 0 where it is not given.
func number(v url.Values, name string, least, most int) (int, error) {
	text := v.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, invalid("%s is a number from %d to %d", name, least, most)
	}
	return n, nil
}

// words are parameters of a list of words.
func words[T ~string](given []string, name string, known ...T) ([]T, error) {
	var out []T
next:
	for _, word := range given {
		for _, k := range known {
			if word == string(k) {
				out = append(out, k)
				continue next
			}
		}
		return nil, invalid("%q is no %s: %v", word, name, known)
	}
	return out, nil
}

func priorityOf(word string) (triage.Priority, bool) {
	for p, w := range priorityWords {
		if w == word {
			return p, true
		}
	}
	return 0, false
}

// tally keeps the counters for a moment: many pages ask for them at once.
type tally struct {
	mu sync.Mutex
	at time.Time
	is api.Counters
}

// tallyTime is how old counters may be.
const tallyTime = time.Second

func (w *Web) counters(ctx context.Context) (api.Counters, error) {
	w.tally.mu.Lock()
	defer w.tally.mu.Unlock()
	if now := w.Now(); now.Sub(w.tally.at) >= tallyTime {
		t, err := w.Lists.Tally(ctx)
		if err != nil {
			return api.Counters{}, err
		}
		w.tally.at, w.tally.is = now, countersOf(t)
	}
	return w.tally.is, nil
}
