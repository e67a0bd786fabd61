package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"

	"nafas/internal/i18n"
	"nafas/internal/rescore"
	"nafas/internal/triage"
	"nafas/internal/web/api"
)

// Again is what the page is told of published lists of studies to look at again;
// rescore.Service is one.
type Again interface {
	PublishedLists(ctx context.Context) ([]rescore.PublishedList, error)
	ListEntries(ctx context.Context, id int64, offset, limit int) (rescore.PublishedList, []rescore.ListEntry, error)
}

// againLists answers GET /api/again.
func (w *Web) againLists(_ http.ResponseWriter, r *http.Request) (any, error) {
	out := api.AgainLists{Lists: []api.AgainList{}}
	if w.Again == nil {
		return out, nil
	}
	all, err := w.Again.PublishedLists(r.Context())
	for _, l := range all {
		out.Lists = append(out.Lists, againListOf(l))
	}
	return out, err
}

func againListOf(l rescore.PublishedList) api.AgainList {
	return api.AgainList{
		Rescoring: l.Rescoring, Name: l.Name, Model: l.Model.Name, ModelVersion: l.Model.Version, Baseline: l.Baseline,
		PublishedAt: l.PublishedAt.UTC(), StudiesDone: l.StudiesDone, Studies: l.Studies, Whole: l.Whole, Entries: l.Entries,
	}
}

// againPage answers GET /api/again/RESCORING.
func (w *Web) againPage(_ http.ResponseWriter, r *http.Request) (any, error) {
	v := r.URL.Query()
	offset, err := number(v, "offset", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	limit, err := number(v, "limit", 1, triage.MostListed)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.PathValue("rescoring"), 10, 64)
	if err != nil || w.Again == nil {
		return nil, notFound("there is no such list")
	}
	list, entries, err := w.Again.ListEntries(r.Context(), id, offset, cmp.Or(limit, triage.DefaultPageSize))
	if errors.Is(err, rescore.ErrNotPublished) {
		return nil, notFound("this list is not published, or was withdrawn")
	}
	if err != nil {
		return nil, err
	}
	out := api.AgainPage{List: againListOf(list), Offset: offset, Entries: make([]api.AgainEntry, len(entries))}
	here, cursor, err := w.here(r.Context(), entries)
	if err != nil {
		return nil, err
	}
	out.Cursor = cursor
	lang := languageOf(r)
	for i, e := range entries {
		out.Entries[i] = againEntryOf(e, lang)
		if l, ok := here[e.StudyUID]; ok {
			row := w.row(l, lang)
			out.Entries[i].Study = &row
		}
	}
	return out, nil
}

// here are those of the studies that the worklist has, by UID, and the cursor of a
// moment before they were looked up: what changes since is told from there.
func (w *Web) here(ctx context.Context, entries []rescore.ListEntry) (map[string]triage.Listed, string, error) {
	_, _, cursor, err := w.Studies.List(ctx, w.Lists, triage.Listing{Limit: 1})
	if err != nil {
		return nil, "", err
	}
	uids := make([]string, len(entries))
	for i, e := range entries {
		uids[i] = e.StudyUID
	}
	list, err := w.Studies.Listed(ctx, w.Lists, uids...)
	if err != nil {
		return nil, "", err
	}
	out := map[string]triage.Listed{}
	for _, l := range list {
		out[l.UID] = l
	}
	return out, cursor, nil
}

func againEntryOf(e rescore.ListEntry, lang string) api.AgainEntry {
	out := api.AgainEntry{
		Place: e.Place, StudyUID: e.StudyUID, StudyDate: e.StudyDate, Kinds: append([]string{}, e.Kinds...),
		Before: againSaidOf(e.Before), After: againSaidOf(e.After),
	}
	if e.Reason != "" {
		out.Reason = &api.CodeText{Code: e.Reason, Text: againReason(lang, e.Reason)}
	}
	return out
}

func againSaidOf(s *rescore.Said) *api.AgainSaid {
	if s == nil {
		return nil
	}
	return &api.AgainSaid{Score: s.Score, Priority: priorityWords[s.Priority], LungRADS: s.LungRADS}
}

// againReason is a reason, or the state of an input, in words.
func againReason(lang, code string) string {
	if words, ok := i18n.Reason(lang, code); ok {
		return words
	}
	return cmp.Or(i18n.Rescoring(lang).Accounts.States[code], code)
}
