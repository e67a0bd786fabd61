package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"nafas/dicomio/refusal"
	"nafas/internal/i18n"
	"nafas/internal/triage"
	"nafas/internal/web/api"
)

var priorityWords = map[triage.Priority]string{
	triage.PriorityUrgent: "urgent", triage.PriorityHigh: "high", triage.PriorityNotAssessed: "not_assessed",
	triage.PriorityRoutine: "routine", triage.PriorityNone: "none",
}

// mostThumbnails are shown of one study.
const mostThumbnails = 3

// row is a study of the worklist in a language.
func (w *Web) row(l triage.Listed, lang string) api.StudyRow {
	out := api.StudyRow{
		UID: l.UID, State: string(l.State), Priority: priorityWords[l.Priority], Reasons: reasonsOf(l.PriorityReasons, lang),
		RequestPriority: string(l.RequestPriority), ReceivedAt: l.ReceivedAt.UTC(), UpdatedAt: l.UpdatedAt.UTC(),
		Patient:   api.Patient{Name: personName(l.Name), ID: l.PatientID, BirthDate: l.BirthDate, Sex: l.Sex},
		StudyDate: l.StudyDate, StudyTime: l.StudyTime, Description: l.Description, Accession: l.Accession,
		Instances: l.Instances, Quarantined: l.Quarantined,
		HasResult: len(l.Results) > 0, Missed: l.Missed, Thumbnails: thumbnailsOf(l), NotAssessed: refusalOf(l.NotAssessed, lang),
		Review:     summaryOf(l.Review, w.presence.open(l.UID)),
		Deliveries: api.DeliveryCounts{Waiting: l.Waiting, Delivered: l.Delivered, Dead: l.Dead},
		ImagesGone: !l.ImagesGoneAt.IsZero(),
	}
	for _, r := range l.Results {
		out.Findings += r.Findings
		out.Flagged += r.Flagged
	}
	if l.State == triage.Running {
		out.Progress = w.heard.of(l.UID)
	}
	return out
}

func reasonsOf(list []triage.PriorityReason, lang string) []api.CodeText {
	out := make([]api.CodeText, len(list))
	for i, r := range list {
		out[i] = api.CodeText{Code: string(r.Code), Text: r.Words(lang)}
	}
	return out
}

// refusalOf is why in a language; nil stays nil. What was found stays English: it
// holds numbers and names that belong to the log of who looks for the fault.
func refusalOf(why *refusal.Error, lang string) *api.Refusal {
	if why == nil {
		return nil
	}
	text, ok := i18n.Reason(lang, string(why.Reason))
	if !ok {
		text = why.Found
	}
	out := &api.Refusal{Reason: string(why.Reason), Text: text, Found: why.Found, Remedy: why.Remedy}
	if words, ok := i18n.Remedy(lang, string(why.Reason)); ok && (lang != "en" || why.Remedy == "") {
		out.Remedy = words
		// The same in English would only be said twice.
		if english, _ := i18n.Remedy("en", string(why.Reason)); why.Remedy != english {
			out.RemedyExact = why.Remedy
		}
	}
	return out
}

func summaryOf(s triage.ReviewSummary, open []string) api.ReviewSummary {
	out := api.ReviewSummary{State: string(s.State), By: s.By.Display, Answered: s.Answered, Added: s.Added, Open: open}
	if !s.At.IsZero() {
		out.At = ptr(s.At.UTC())
	}
	return out
}

// thumbnailsOf are the best findings' of all series; where the images are gone
// there is nothing to show.
func thumbnailsOf(l triage.Listed) []api.Thumbnail {
	out := []api.Thumbnail{}
	if !l.ImagesGoneAt.IsZero() {
		return out
	}
	for rank := 1; len(out) < mostThumbnails; rank++ {
		before := len(out)
		for _, r := range l.Results {
			if rank <= r.Findings && len(out) < mostThumbnails {
				out = append(out, api.Thumbnail{SeriesUID: r.SeriesUID, Rank: rank, URL: thumbnailURL(l.UID, r.SeriesUID, r.Key, rank)})
			}
		}
		if len(out) == before {
			break
		}
	}
	return out
}

// thumbnailPath is the route of a finding's picture. key is the result's: another
// result has other pictures.
const thumbnailPath = "/api/studies/{study}/series/{series}/findings/{rank}/thumbnail"

func thumbnailURL(study, series, key string, rank int) string {
	return "/api/studies/" + url.PathEscape(study) + "/series/" + url.PathEscape(series) + "/findings/" + strconv.Itoa(rank) +
		"/thumbnail?key=" + url.QueryEscape(key[:min(len(key), keyShown)])
}

// keyShown are the digits of a key that tell results apart.
const keyShown = 16

// personName is a PN value (PS3.5 section 6.2.1) as people read it: its first
// group that says something, without separators.
func personName(pn string) string {
	for group := range strings.SplitSeq(pn, "=") {
		if words := strings.Fields(strings.ReplaceAll(group, "^", " ")); len(words) > 0 {
			return strings.Join(words, " ")
		}
	}
	return ""
}

func countersOf(t triage.Tally) api.Counters {
	out := api.Counters{
		Receiving: t.Receiving, Waiting: t.Waiting, Running: t.Running, ToReview: t.ToReview, NotAssessed: t.NotAssessed,
		Failed: t.Failed, SignedOff: t.SignedOff, UrgentToReview: t.UrgentToReview,
	}
	if !t.OldestUrgent.IsZero() {
		out.OldestUrgentAt = ptr(t.OldestUrgent.UTC())
	}
	return out
}

func ptr(t time.Time) *time.Time { return &t }
