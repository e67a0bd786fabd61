package web_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
	"nafas/internal/web"
	"nafas/internal/web/api"
)

// message is one of a stream.
type message[T any] struct {
	id   string
	data T
}

// follow reads a stream until the test ends.
func follow[T any](b *bench, path, by, last string) <-chan message[T] {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.http.URL+path, nil)
	require.NoError(b, err)
	r.Header.Set("Test-Reader", by)
	r.Header.Set("Last-Event-ID", last)
	res, err := http.DefaultClient.Do(r)
	require.NoError(b, err)
	require.Equal(b, http.StatusOK, res.StatusCode)
	require.Equal(b, "text/event-stream", res.Header.Get("Content-Type"))
	out := make(chan message[T], 1000)
	go func() {
		defer res.Body.Close()
		defer close(out)
		var m message[T]
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "id":
				m.id = value
			case "data":
				if json.Unmarshal([]byte(value), &m.data) == nil {
					out <- m
				}
				m = message[T]{}
			}
		}
	}()
	return out
}

// next is the first message of which something holds.
func next[T any](b *bench, from <-chan message[T], is func(T) bool) message[T] {
	b.Helper()
	for m := range from {
		if is(m.data) {
			return m
		}
	}
	require.Fail(b, "the stream ended")
	return message[T]{}
}

func TestTheWorklistIsLive(t *testing.T) {
	b := newBench(t)
	cursor := get[api.Worklist](b, "/api/worklist").Cursor
	live := follow[api.Event](b, "/api/events?cursor="+cursor+"&lang=fr", everybody, "")
	next(b, live, func(e api.Event) bool { return e.Counters != nil && e.Counters.ToReview == 0 })
	uid, _ := b.withResult("live", 2)
	done := next(b, live, func(e api.Event) bool { return e.Study != nil && e.Study.State == "done" })
	require.Equal(t, []any{uid, 2}, []any{done.data.Study.UID, done.data.Study.Findings})
	require.Contains(t, done.data.Study.Reasons[0].Text, "détection")
	require.NotEmpty(t, done.id)
	next(b, live, func(e api.Event) bool { return e.Counters != nil && e.Counters.ToReview == 1 })

	// Who comes again goes on behind what was heard.
	other, _ := b.withResult("later", 1)
	again := follow[api.Event](b, "/api/events?cursor="+cursor, everybody, done.id)
	require.Equal(t, other, next(b, again, func(e api.Event) bool { return e.Study != nil }).data.Study.UID)

	// What is there no more is gone.
	b.change(uid, `INSERT INTO prior_study (study_uid, wanted_at) VALUES (?, 0)`)
	require.Equal(t, uid, next(b, live, func(e api.Event) bool { return e.Gone != "" }).data.Gone)
}

func TestReadersSeeEachOther(t *testing.T) {
	b := newBench(t)
	uid, series := b.withResult("together", 1)
	page := get[api.StudyPage](b, "/api/studies/"+uid)
	key := page.Series[0].Result.Key
	list := follow[api.Event](b, "/api/events", everybody, "")
	path := "/api/studies/" + uid + "/events"
	anna := follow[api.StudyEvent](b, path, "anna:read,review", "")
	require.Zero(t, next(b, anna, func(e api.StudyEvent) bool { return e.Review != nil }).data.Review.Version)
	next(b, list, func(e api.Event) bool {
		return e.Study != nil && len(e.Study.Review.Open) == 1 && e.Study.Review.Open[0] == "Dr anna"
	})
	bela := follow[api.StudyEvent](b, path, "bela:read,review", "")
	next(b, anna, func(e api.StudyEvent) bool { return len(e.Open) == 2 })
	res, _ := b.ask(http.MethodPost, "/api/studies/"+uid+"/review", "anna:read,review", answer(key, series, 0, "agree"))
	require.Equal(t, http.StatusOK, res.StatusCode)
	heard := next(b, bela, func(e api.StudyEvent) bool { return e.Review != nil && e.Review.Version == 1 }).data
	require.Equal(t, "Dr anna", heard.Review.Answers[0].By)
	require.Zero(t, heard.Review.CanUndo, "another reader's action")
	require.Equal(t, page.Shows, heard.Shows, "an answer is no other result")

	b.change(uid, `UPDATE study SET state = 'failed' WHERE uid = ?`)
	next(b, anna, func(e api.StudyEvent) bool { return e.Shows != page.Shows })
	// Who was not there when it changed hears of it too.
	late := follow[api.StudyEvent](b, path, "late:read,review", "")
	first := next(b, late, func(api.StudyEvent) bool { return true }).data
	require.Equal(t, get[api.StudyPage](b, "/api/studies/"+uid).Shows, first.Shows)
	require.NotEqual(t, page.Shows, first.Shows)
}

// change alters a study behind the application's back, and wakes those who watch.
func (b *bench) change(uid, statement string) {
	b.Helper()
	for _, one := range []string{
		statement, `UPDATE installation SET last_change = last_change + 1 WHERE ? <> ''`,
		`UPDATE study SET change = (SELECT last_change FROM installation) WHERE uid = ?`,
	} {
		_, err := b.store.DB().ExecContext(b.Context(), one, uid)
		require.NoError(b, err)
	}
	b.withResult("wakes those who watch", 1)
}

// mostStreams are open at once; whoever comes then is told when to come again.
func TestStreamsAreCounted(t *testing.T) {
	b := newBench(t)
	uid, _ := b.withResult("many", 1)
	empty := web.FillStreams(b.web)
	for _, path := range []string{"/api/events", "/api/studies/" + uid + "/events"} {
		require.NotZero(t, b.refused(http.StatusServiceUnavailable, http.MethodGet, path, everybody, nil).RetryAfterSeconds)
	}
	require.Empty(t, get[api.Worklist](b, "/api/worklist").Studies[0].Review.Open, "who got no stream is not there")
	empty()
	live := follow[api.Event](b, "/api/events", everybody, "")
	next(b, live, func(e api.Event) bool { return e.Counters != nil })
}

// One reader does not take the places of all.
func TestNobodyTakesEveryStream(t *testing.T) {
	b := newBench(t)
	leave := web.OpenStreams(b.web, access.Principal{Name: "greedy", By: access.ByPassword})
	require.Len(t, leave, 32)
	b.refused(http.StatusServiceUnavailable, http.MethodGet, "/api/events", "greedy:read", nil)
	live := follow[api.Event](b, "/api/events", everybody, "")
	next(b, live, func(e api.Event) bool { return e.Counters != nil })
	leave[0]()
	live = follow[api.Event](b, "/api/events", "greedy:read", "")
	next(b, live, func(e api.Event) bool { return e.Counters != nil })
}

// A server that ends is not kept by open streams.
func TestStreamsEndWithTheServer(t *testing.T) {
	b := newBench(t)
	live := follow[api.Event](b, "/api/events", everybody, "")
	next(b, live, func(e api.Event) bool { return e.Counters != nil })
	b.web.Stop()
	for range live {
	}
}
