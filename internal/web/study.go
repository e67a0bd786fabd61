package web

import (
	"context"
	"net/http"
	"strings"

	"nafas/inference/guideline"
	"nafas/internal/audit"
	"nafas/internal/i18n"
	"nafas/internal/triage"
	"nafas/internal/triage/wording"
	"nafas/internal/web/api"
)

// study answers GET /api/studies/{study}.
func (w *Web) study(_ http.ResponseWriter, r *http.Request) (any, error) {
	ctx, uid, lang := r.Context(), r.PathValue("study"), languageOf(r)
	s, err := w.Studies.Study(ctx, uid)
	if err != nil {
		return nil, err
	}
	row, err := w.rowOf(ctx, s)
	if err != nil {
		return nil, err
	}
	heads, err := w.seriesHeads(ctx, uid)
	if err != nil {
		return nil, err
	}
	if err := w.record(r, audit.Opened, "review page", uid); err != nil {
		return nil, err
	}
	v := viewing{study: s, lang: lang}
	out := api.StudyPage{
		Study: w.row(row, lang), Shows: showsOf(s, row), Series: []api.SeriesView{}, Exam: v.exam(), Caveat: wording.Code(lang, guideline.CalculatedToBeConfirmed),
		Earlier: v.earlier(), Deliveries: []api.Delivery{},
	}
	for _, series := range s.Series {
		out.Series = append(out.Series, v.series(series, heads[series.UID]))
	}
	for _, d := range s.Deliveries {
		out.Deliveries = append(out.Deliveries, api.Delivery{
			Destination: d.Destination, State: string(d.State), Attempts: d.Attempts, Reason: d.Reason, UpdatedAt: d.UpdatedAt.UTC(),
		})
	}
	return out, nil
}

// rowOf is the study's row. One that is in no worklist, as it was fetched to be
// compared with, has what is known of itself.
func (w *Web) rowOf(ctx context.Context, s triage.Study) (triage.Listed, error) {
	list, err := w.Studies.Listed(ctx, w.Lists, s.UID)
	if err != nil || len(list) == 1 {
		return first(list), err
	}
	row := triage.Listed{Study: s, Review: triage.ReviewSummary{State: triage.ReviewNone}}
	found, err := w.Archive.Search(ctx, triage.Search{Level: triage.LevelStudy, In: triage.Scope{StudyUID: s.UID}, Limit: 1})
	if err != nil || len(found) == 0 {
		return row, err
	}
	h := found[0].Headers.Study
	row.Name, row.PatientID, row.BirthDate, row.Sex = h["PatientName"], h["PatientID"], h["PatientBirthDate"], h["PatientSex"]
	row.StudyDate, row.StudyTime, row.Description, row.Accession = h["StudyDate"], h["StudyTime"], h["StudyDescription"], h["AccessionNumber"]
	for _, series := range s.Series {
		if r := series.Result; r != nil {
			row.Results = append(row.Results, triage.ListedResult{SeriesUID: series.UID, Key: r.Key, Findings: len(r.Findings), Flagged: flagged(*r)})
		}
	}
	return row, nil
}

// showsOf names what the page shows of a study, and what readers say is not in it.
func showsOf(s triage.Study, row triage.Listed) string {
	parts := []string{string(s.State), priorityWords[s.Priority]}
	for _, r := range s.PriorityReasons {
		parts = append(parts, string(r.Code))
	}
	if s.NotAssessed != nil {
		parts = append(parts, string(s.NotAssessed.Reason))
	}
	for _, r := range row.Results {
		parts = append(parts, r.Key)
	}
	if s.Comparison != nil {
		parts = append(parts, s.Comparison.Key)
	}
	if !s.ImagesGoneAt.IsZero() {
		parts = append(parts, "images gone")
	}
	return strings.Join(parts, " ")
}

func first(list []triage.Listed) (l triage.Listed) {
	if len(list) > 0 {
		l = list[0]
	}
	return l
}

func flagged(r triage.Result) (n int) {
	for _, f := range r.Findings {
		if f.Flagged {
			n++
		}
	}
	return n
}

// mostSeries bounds what is looked up of one study.
const mostSeries = 1000

// seriesHeads are what the images say of their series.
func (w *Web) seriesHeads(ctx context.Context, uid string) (map[string]triage.Attributes, error) {
	found, err := w.Archive.Search(ctx, triage.Search{Level: triage.LevelSeries, In: triage.Scope{StudyUID: uid}, Limit: mostSeries})
	out := map[string]triage.Attributes{}
	for _, f := range found {
		out[f.SeriesUID] = f.Headers.Series
	}
	return out, err
}

// viewing puts a study into the words of the page.
type viewing struct {
	study triage.Study
	lang  string
}

func (v viewing) series(s triage.Series, head triage.Attributes) api.SeriesView {
	out := api.SeriesView{
		UID: s.UID, Number: head["SeriesNumber"], Modality: s.Modality, Description: head["SeriesDescription"], Instances: s.Instances,
		NotRead: refusalOf(s.NotRead, v.lang), Missed: s.NotRead != nil && triage.MayShowLungs(s.NotRead.Reason),
	}
	if s.Result != nil {
		out.Result = v.result(s.UID, *s.Result)
	}
	return out
}

func (v viewing) result(seriesUID string, r triage.Result) *api.ResultView {
	out := &api.ResultView{
		Key: r.Key, Model: api.ModelName(r.Model), Warnings: []api.CodeText{}, Notes: append([]string{}, r.Notes...),
		Scan: api.ScanView{
			Slices: r.Scan.Slices, Rows: r.Scan.Rows, Columns: r.Scan.Columns, SpacingMM: r.Scan.SpacingMM,
			SliceThicknessMM: r.Scan.SliceThicknessMM, Kernel: r.Scan.Kernel, Manufacturer: r.Scan.Manufacturer,
		},
		Findings: []api.FindingView{},
	}
	for _, warning := range r.Warnings {
		out.Warnings = append(out.Warnings, api.CodeText{Code: warning.Code, Text: warningIn(v.lang, warning)})
	}
	for i, f := range r.Findings {
		one := findingOf(f)
		one.ThumbnailURL = thumbnailURL(v.study.UID, seriesUID, r.Key, f.Rank)
		one.Change = v.change(i, f.Rank)
		one.Guidelines, one.BrockText = v.guidelines(f.Rank)
		if one.BrockText != nil {
			one.Brock = one.BrockText.Text
		}
		one.Reasons = v.reasons(f.Rank)
		out.Findings = append(out.Findings, one)
	}
	return out
}

// warningIn is a warning in a language: its meaning, and behind it the English
// text where that has numbers, which the meaning has not.
func warningIn(lang string, w triage.Warning) string {
	words, ok := i18n.Warning(lang, w.Code)
	if lang == "en" || !ok {
		return w.Text
	}
	if !strings.ContainsAny(w.Text, "0123456789") {
		return words
	}
	return words + " [" + w.Text + "]"
}

// reasons are the codes of the priority's rules that a finding satisfies.
func (v viewing) reasons(rank int) []string {
	out := []string{}
	for _, r := range v.study.PriorityReasons {
		for _, one := range r.Ranks {
			if one == rank && r.Code != "" {
				out = append(out, string(r.Code))
			}
		}
	}
	return out
}

// word is a term of the domain as the page has it.
func word[T ~string](term T) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(string(term))
}
