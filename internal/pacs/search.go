package pacs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"nafas/dicomio"
	"nafas/dicomio/dicomweb"
	"nafas/dicomio/match"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
)

// mostFound bounds one answer to a search.
const mostFound = 5000

// The warnings of PS3.18 section 8.3.4, in its words where it has some.
const (
	warnFuzzy   = `The fuzzymatching parameter is not supported. Only literal matching has been performed.`
	warnCut     = `The number of results exceeded the maximum supported by the server. Additional results can be requested.`
	warnPending = `Studies of an earlier version are still being looked at: not all that fits may be found yet.`
	warnPartial = `Objects of the study's result could not be made.`
)

func warn(rw http.ResponseWriter, text string) {
	rw.Header().Add("Warning", `299 nafas "`+text+`"`)
}

// search is QIDO-RS (PS3.18 section 10.6).
func (w *Web) search(level triage.Level) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		in, ok := scopeOf(rw, r)
		if !ok {
			return
		}
		values, err := queryOf(r)
		var asked dicomweb.Query
		if err == nil {
			asked, err = dicomweb.ParseQuery(values)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		if !acceptsJSON(rw, r) {
			return
		}
		q := triage.Search{Level: level, In: in, Conditions: asked.Conditions, Made: objects.Made(), Offset: asked.Offset, Limit: mostFound}
		if asked.Limit > 0 {
			q.Limit = min(asked.Limit, mostFound)
		}
		found, partial, err := w.holdings.find(r.Context(), q)
		if errors.Is(err, triage.ErrNotSearched) {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		if err != nil {
			w.fail(rw, r, err)
			return
		}
		w.warnings(rw, r, asked, partial)
		if len(found) > q.Limit {
			found = found[:q.Limit]
			if asked.Limit == 0 || asked.Limit > mostFound {
				warn(rw, warnCut)
			}
		}
		w.writeFound(rw, r, answer{level: level, in: in, asked: asked, root: root(r)}, found)
	}
}

// queryOf is the query of the URL; url.URL.Query leaves out what it cannot read,
// and a condition that is left out finds everything.
func queryOf(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the query of the URL cannot be read: write % as %25 and ; as %3B")
	}
	return values, nil
}

func (w *Web) warnings(rw http.ResponseWriter, r *http.Request, asked dicomweb.Query, partial error) {
	if asked.Fuzzy {
		warn(rw, warnFuzzy)
	}
	if complete := w.holdings.Complete; complete != nil && !complete() {
		warn(rw, warnPending)
	}
	if partial != nil && r.Context().Err() == nil { // else nobody hears it
		w.log.ErrorContext(r.Context(), "objects of a result could not be made for a viewer", "error", partial)
		warn(rw, warnPartial)
	}
}

// find answers a search with up to one more than the limit. Within a study the
// objects of its result come first, so that pages stay in order; a search over
// all studies finds what is stored.
func (l *library) find(ctx context.Context, q triage.Search) (found []triage.Found, partial, err error) {
	for _, c := range q.Conditions {
		if c.Keyword == "StudyInstanceUID" && len(c.Values) == 1 && q.In.StudyUID == "" {
			q.In.StudyUID = c.Values[0]
		}
	}
	if q.Level != triage.LevelStudy && q.In.StudyUID != "" {
		if found, partial, err = l.findMade(ctx, q); err != nil {
			return nil, nil, err
		}
	}
	skipped := min(q.Offset, len(found))
	found = found[skipped:]
	if len(found) > q.Limit {
		return found, partial, nil
	}
	rest := q
	rest.Offset, rest.Limit = q.Offset-skipped, q.Limit+1-len(found)
	stored, err := l.Archive.Search(ctx, rest)
	if err != nil {
		return nil, nil, err
	}
	if q.Level == triage.LevelStudy {
		if partial, err = l.countMade(ctx, stored); err != nil {
			return nil, nil, err
		}
	}
	return append(found, stored...), partial, nil
}

// findMade finds the made objects of a study that fit: the study by what is
// stored of it, the rest by what the objects say.
func (l *library) findMade(ctx context.Context, q triage.Search) (found []triage.Found, partial, err error) {
	study := triage.Search{Level: triage.LevelStudy, In: triage.Scope{StudyUID: q.In.StudyUID}, Made: q.Made, Limit: 1}
	var below []match.Condition
	for _, c := range q.Conditions {
		if dicomio.OfStudy(c.Keyword) {
			study.Conditions = append(study.Conditions, c)
		} else {
			below = append(below, c)
		}
	}
	is, err := l.Archive.Search(ctx, study)
	if err != nil || len(is) == 0 || !is[0].Said.Anything {
		return nil, nil, err
	}
	all, partial := l.made(ctx, q.In.StudyUID)
	for _, m := range all {
		m.found.Headers.Study = is[0].Headers.Study
		fits := !slices.ContainsFunc(below, func(c match.Condition) bool { return !c.Matches(valueOf(m.found, c.Keyword)) })
		if fits && (q.In.SeriesUID == "" || q.In.SeriesUID == m.SeriesUID) {
			found = append(found, m.found)
		}
	}
	return found, partial, nil
}

func valueOf(f triage.Found, keyword string) string {
	switch keyword {
	case "SeriesInstanceUID":
		return f.SeriesUID
	case "SOPInstanceUID":
		return f.SOPUID
	case "SOPClassUID":
		return f.SOPClassUID
	case "Modality":
		return f.Modality
	}
	return f.Headers.Series[keyword] + f.Headers.Instance[keyword]
}

// countMade adds the objects of results to what is counted of studies. They are
// only made where one of them may be stored already.
func (l *library) countMade(ctx context.Context, studies []triage.Found) (partial, err error) {
	for i := range studies {
		f := &studies[i]
		var modalities []string
		for _, m := range objects.All {
			if m.Exists(f.Said) {
				modalities = append(modalities, m.Modality)
			}
		}
		if slices.ContainsFunc(modalities, func(m string) bool { return slices.Contains(f.Modalities, m) }) {
			all, err := l.made(ctx, f.StudyUID)
			partial = errors.Join(partial, err)
			modalities = nil
			for _, m := range all {
				modalities = append(modalities, m.found.Modality)
			}
		}
		f.Series, f.Instances = f.Series+len(modalities), f.Instances+len(modalities)
		f.Modalities = append(f.Modalities, modalities...)
		slices.Sort(f.Modalities)
		f.Modalities = slices.Compact(f.Modalities)
	}
	return partial, nil
}

// answer is how findings are written.
type answer struct {
	level triage.Level
	// in is what the path names: it is not said again.
	in    triage.Scope
	asked dicomweb.Query
	// root is the address of the services.
	root string
}

func (w *Web) writeFound(rw http.ResponseWriter, r *http.Request, a answer, found []triage.Found) {
	if len(found) == 0 {
		rw.WriteHeader(http.StatusNoContent)
		return
	}
	rw.Header().Set("Content-Type", dicomweb.MediaTypeJSON)
	list := newList(w.steady(rw))
	for _, f := range found {
		if err := list.add(a.dataset(f)); err != nil {
			return // who left does not hear it
		}
	}
	_ = list.end()
}

// dataset is one finding (PS3.18 tables 10.6.3-3 to 10.6.3-5).
func (a answer) dataset(f triage.Found) dicomweb.Dataset {
	d := dicomweb.Dataset{}
	d.Set("SpecificCharacterSet", "ISO_IR 192")
	d.Set("InstanceAvailability", "ONLINE")
	d.Set("StudyInstanceUID", f.StudyUID)
	retrieve := a.root + "/studies/" + f.StudyUID
	if zone := f.Headers.Study["TimezoneOffsetFromUTC"]; zone != "" {
		d.Set("TimezoneOffsetFromUTC", zone)
	}
	a.put(d, f.Headers.Study, studyReturned, a.level == triage.LevelStudy || a.in.StudyUID == "")
	if a.level == triage.LevelStudy {
		d.Set("ModalitiesInStudy", strings.Join(f.Modalities, `\`))
		d.SetNumber("NumberOfStudyRelatedSeries", f.Series)
		d.SetNumber("NumberOfStudyRelatedInstances", f.Instances)
	}
	if a.level >= triage.LevelSeries {
		retrieve += "/series/" + f.SeriesUID
		d.Set("SeriesInstanceUID", f.SeriesUID)
		d.Set("Modality", f.Modality)
		a.put(d, f.Headers.Series, seriesReturned, a.level == triage.LevelSeries || a.in.SeriesUID == "")
		a.request(d, f.Headers.Series)
	}
	if a.level == triage.LevelSeries {
		d.SetNumber("NumberOfSeriesRelatedInstances", f.Instances)
	}
	if a.level == triage.LevelInstance {
		retrieve += "/instances/" + f.SOPUID
		d.Set("SOPClassUID", f.SOPClassUID)
		d.Set("SOPInstanceUID", f.SOPUID)
		a.put(d, f.Headers.Instance, []string{"InstanceNumber"}, true)
	}
	d.Set("RetrieveURL", retrieve)
	return d
}

// What is returned of each level, empty where the header says nothing; what
// else there is of it is returned where there is something.
var (
	studyReturned = []string{"StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "PatientName",
		"PatientID", "PatientBirthDate", "PatientSex", "StudyID"}
	seriesReturned = []string{"SeriesNumber"}
)

// put writes attributes of a level: all of them, or of a level that the path
// names those that were asked for.
func (a answer) put(d dicomweb.Dataset, values triage.Attributes, always []string, all bool) {
	asked := func(keyword string) bool {
		return all || a.asked.All || slices.Contains(a.asked.Include, keyword) ||
			slices.ContainsFunc(a.asked.Conditions, func(c match.Condition) bool { return c.Keyword == keyword })
	}
	for _, keyword := range always {
		if asked(keyword) {
			d.Set(keyword, "")
		}
	}
	for keyword, v := range values {
		if asked(keyword) && !ofRequest(keyword) {
			d.Set(keyword, v)
		}
	}
}

func ofRequest(keyword string) bool {
	return keyword == "ScheduledProcedureStepID" || keyword == "RequestedProcedureID"
}

func (a answer) request(d dicomweb.Dataset, series triage.Attributes) {
	item := dicomweb.Dataset{}
	for keyword, v := range series {
		if ofRequest(keyword) {
			item.Set(keyword, v)
		}
	}
	if len(item) > 0 && a.level == triage.LevelSeries {
		d.SetItem("RequestAttributesSequence", item)
	}
}

// list writes a JSON array, one data set at a time.
type list struct {
	w     writer
	begun bool
}

type writer interface{ Write([]byte) (int, error) }

func newList(w writer) *list { return &list{w: w} }

func (l *list) add(d dicomweb.Dataset) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	start := byte(',')
	if !l.begun {
		start = '['
	}
	l.begun = true
	_, err = l.w.Write(append([]byte{start}, body...))
	return err
}

func (l *list) end() error {
	text := "]"
	if !l.begun {
		text = "[]"
	}
	_, err := l.w.Write([]byte(text))
	return err
}
