package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/i18n"
	"nafas/internal/rescore"
	"nafas/internal/triage"
	"nafas/internal/web"
	"nafas/internal/web/api"
)

// lists are what is published.
type lists struct {
	list    rescore.PublishedList
	entries []rescore.ListEntry
	err     error
}

func (l *lists) PublishedLists(context.Context) ([]rescore.PublishedList, error) {
	return []rescore.PublishedList{l.list}, l.err
}

func (l *lists) ListEntries(_ context.Context, id int64, offset, limit int) (rescore.PublishedList, []rescore.ListEntry, error) {
	if id != l.list.Rescoring {
		return rescore.PublishedList{}, nil, rescore.ErrNotPublished
	}
	from := min(offset, len(l.entries))
	return l.list, l.entries[from:min(from+limit, len(l.entries))], l.err
}

func withLists(l *lists) func(*web.Options) { return func(o *web.Options) { o.Again = l } }

func someLists(n int) *lists {
	l := &lists{list: rescore.PublishedList{
		Rescoring: 7, Name: "autumn", Model: triage.Model{Name: "m", Version: "2"}, Baseline: "live",
		PublishedAt: time.Date(2026, 11, 27, 22, 0, 0, 0, time.UTC), StudiesDone: 3, Studies: 4, Entries: n,
	}}
	for i := range n {
		l.entries = append(l.entries, rescore.ListEntry{
			Place: i + 1, StudyUID: fmt.Sprint("9.", i), StudyDate: "20240229", Kinds: []string{"newly_flagged"},
			Before: &rescore.Said{Priority: triage.PriorityRoutine}, After: &rescore.Said{Score: 0.9, Priority: triage.PriorityUrgent, LungRADS: "4B"},
		})
	}
	return l
}

func TestListsToLookAtAgain(t *testing.T) {
	l := someLists(1234)
	b := newBench(t, withLists(l))
	uid, _ := b.withResult("again", 2)
	l.entries[1].StudyUID = uid
	l.entries[2] = rescore.ListEntry{Place: 3, StudyUID: "8", Kinds: []string{"not_read_before"}, After: &rescore.Said{Priority: triage.PriorityHigh}, Reason: "NOT_IN_THIS_PASS"}
	l.entries[3] = rescore.ListEntry{Place: 4, StudyUID: "8.1", Kinds: []string{"read_before_not_now"}, Before: &rescore.Said{Priority: triage.PriorityHigh}, Reason: "skipped"}

	head := api.AgainList{
		Rescoring: 7, Name: "autumn", Model: "m", ModelVersion: "2", Baseline: "live", PublishedAt: l.list.PublishedAt, StudiesDone: 3, Studies: 4, Entries: 1234,
	}
	require.Equal(t, []api.AgainList{head}, get[api.AgainLists](b, "/api/again").Lists)
	page := get[api.AgainPage](b, "/api/again/7?limit=4&lang=en")
	require.Equal(t, head, page.List)
	require.Len(t, page.Entries, 4)
	first, here, now, gone := page.Entries[0], page.Entries[1], page.Entries[2], page.Entries[3]
	require.Equal(t, api.AgainEntry{
		Place: 1, StudyUID: "9.0", StudyDate: "20240229", Kinds: []string{"newly_flagged"},
		Before: &api.AgainSaid{Priority: "routine"}, After: &api.AgainSaid{Score: 0.9, Priority: "urgent", LungRADS: "4B"},
	}, first, "a study that the service does not have has no row")
	require.Equal(t, get[api.Worklist](b, "/api/worklist?lang=en").Studies[0], *here.Study, "one that it has is as in the worklist")
	require.Nil(t, now.Before)
	require.Equal(t, "NOT_IN_THIS_PASS", now.Reason.Code)
	require.Equal(t, "not among the studies of this pass", now.Reason.Text)
	require.Nil(t, gone.After)
	require.Equal(t, i18n.Rescoring("en").Accounts.States["skipped"], gone.Reason.Text)
	require.NotEqual(t, now.Reason.Text, get[api.AgainPage](b, "/api/again/7?limit=4&lang=ar").Entries[2].Reason.Text)

	var places []int
	for offset := 0; offset < 1500; offset += 500 {
		page := get[api.AgainPage](b, fmt.Sprint("/api/again/7?limit=500&offset=", offset))
		require.Equal(t, offset, page.Offset)
		for _, e := range page.Entries {
			places = append(places, e.Place)
		}
	}
	require.Len(t, places, 1234)
	for i, place := range places {
		require.Equal(t, i+1, place)
	}
	// What changes after the page was made is told from its cursor.
	later, _ := b.withResult("later", 1)
	for m := range follow[api.Event](b, "/api/events?cursor="+page.Cursor, everybody, "") {
		if m.data.Study != nil && m.data.Study.UID == later {
			break
		}
	}
}

func TestNoListToLookAtAgain(t *testing.T) {
	b := newBench(t)
	_, body := b.ask(http.MethodGet, "/api/again", everybody, nil)
	require.JSONEq(t, `{"lists": []}`, string(body), "without rescorings there are no lists")
	b.refused(http.StatusNotFound, http.MethodGet, "/api/again/7", everybody, nil)

	l := someLists(0)
	b = newBench(t, withLists(l))
	_, body = b.ask(http.MethodGet, "/api/again/7", everybody, nil)
	require.Contains(t, string(body), `"entries":[]`, "an empty list is none")
	for path, status := range map[string]int{
		"/api/again/8": http.StatusNotFound, "/api/again/x": http.StatusNotFound,
		"/api/again/7?limit=501": http.StatusBadRequest, "/api/again/7?offset=-1": http.StatusBadRequest,
	} {
		b.refused(status, http.MethodGet, path, everybody, nil)
	}
	l.err = errors.New("the database of somebody")
	for _, path := range []string{"/api/again", "/api/again/7"} {
		require.NotContains(t, b.refused(http.StatusInternalServerError, http.MethodGet, path, everybody, nil).Detail, "somebody", "an error is no empty list")
	}
}

// The page has words for everything that can have changed, in its languages.
func TestThePageHasWordsForWhatChanged(t *testing.T) {
	for _, language := range []string{"en", "fr", "ar"} {
		raw, err := os.ReadFile(filepath.Join("page", "src", "words", language+".json"))
		require.NoError(t, err)
		var words map[string]string
		require.NoError(t, json.Unmarshal(raw, &words))
		kinds := i18n.Rescoring(language).Again.Kinds
		require.NotEmpty(t, kinds)
		for kind, word := range kinds {
			// The page writes the apostrophe of print.
			require.Equal(t, strings.ReplaceAll(word, "'", "’"), words["again.kind."+kind], "%s %s", language, kind)
		}
	}
}
