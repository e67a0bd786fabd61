package sources_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/match"
	"nafas/internal/rescore"
	"nafas/internal/rescore/sources"
)

// holding is a study in an archive that is made up.
type holding struct {
	uid, date, time, description string
	// filed are the days by which it is found where those are not its date.
	filed      []string
	modalities []string
	series     []held
}

// found says whether one of the days by which it is found is looked for.
func (h holding) found(on func(date string) bool) bool {
	if h.filed == nil {
		return on(h.date)
	}
	return slices.ContainsFunc(h.filed, on)
}

// held is a series of it.
type held struct {
	uid, modality string
	// says is how many instances the archive says; -1 for nothing.
	says  int
	files [][]byte
}

// fakeWeb is a DICOMweb server that is made up, and does what it is told to do
// wrong.
type fakeWeb struct {
	mu       sync.Mutex
	holdings []holding
	// most it gives at once; 0: as many as asked for. deaf: it counts from no
	// offset. loose: it does not search by date.
	most        int
	deaf, loose bool
	// fault answers in place of the server, with a status that is not 0.
	fault func(r *http.Request, nth int) int
	// give changes what it sends of a series.
	give  func(files [][]byte, nth int) [][]byte
	body  func(http.ResponseWriter, *http.Request) bool
	asked []string
}

func (f *fakeWeb) client(t testing.TB) *dicomweb.Client {
	t.Helper()
	ts := httptest.NewServer(f)
	t.Cleanup(ts.Close)
	c, err := dicomweb.NewClient(ts.URL+"/dicom-web", "", nil)
	require.NoError(t, err)
	return c
}

func (f *fakeWeb) source(t testing.TB, q rescore.Query, studies ...string) *sources.Web {
	t.Helper()
	opt := options(t)
	opt.Pause = time.Millisecond
	return sources.NewWeb(f.client(t), q, studies, opt)
}

// questions are those whose path ends so.
func (f *fakeWeb) questions(end string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.asked {
		if path, _, _ := strings.Cut(a, "?"); strings.HasSuffix(path, end) {
			n++
		}
	}
	return n
}

// ServeHTTP implements http.Handler.
func (f *fakeWeb) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	nth := 0
	for _, a := range f.asked {
		if strings.HasPrefix(a, r.URL.Path+"?") {
			nth++
		}
	}
	f.asked = append(f.asked, r.URL.Path+"?"+r.URL.RawQuery)
	f.mu.Unlock()
	if f.body != nil && f.body(w, r) {
		return
	}
	if f.fault != nil {
		if status := f.fault(r, nth); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	names := strings.Split(strings.TrimPrefix(r.URL.Path, "/dicom-web/studies"), "/")[1:]
	switch {
	case len(names) == 0:
		f.searchStudies(w, r.URL.Query())
	case len(names) == 2 && names[1] == "series":
		f.searchSeries(w, r.URL.Query(), names[0])
	case len(names) == 3:
		f.retrieve(w, names[0], names[2], nth)
	case len(names) == 4 && names[3] == "instances":
		f.searchInstances(w, r.URL.Query(), names[0], names[2])
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (f *fakeWeb) study(uid string) (holding, bool) {
	i := slices.IndexFunc(f.holdings, func(h holding) bool { return h.uid == uid })
	if i < 0 {
		return holding{}, false
	}
	return f.holdings[i], true
}

func wanted(asked url.Values, keyword, vr, value string) bool {
	text := asked.Get(keyword)
	if text == "" {
		return true
	}
	c, all, err := match.Parse(keyword, vr, text)
	return err == nil && (all || c.Matches(value))
}

func (f *fakeWeb) searchStudies(w http.ResponseWriter, asked url.Values) {
	var found []string
	for _, h := range f.holdings {
		if !wanted(asked, "StudyInstanceUID", "UI", h.uid) || !wanted(asked, "ModalitiesInStudy", "CS", strings.Join(h.modalities, `\`)) ||
			!f.loose && !h.found(func(date string) bool { return wanted(asked, "StudyDate", "DA", date) }) || !wanted(asked, "StudyTime", "TM", h.time) {
			continue
		}
		found = append(found, fmt.Sprintf(`{"0020000D": {"vr": "UI", "Value": [%q]}, "00080020": {"vr": "DA", "Value": [%q]}, "00081030": {"vr": "LO", "Value": [%q]}, "00080061": {"vr": "CS", "Value": [%s]}}`,
			h.uid, h.date, h.description, quoted(h.modalities)))
	}
	f.answer(w, asked, found)
}

func quoted(values []string) string {
	var out []string
	for _, v := range values {
		out = append(out, strconv.Quote(v))
	}
	return strings.Join(out, ",")
}

func (f *fakeWeb) searchSeries(w http.ResponseWriter, asked url.Values, study string) {
	h, ok := f.study(study)
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	var found []string
	for _, s := range h.series {
		count := ""
		if s.says >= 0 {
			count = fmt.Sprintf(`, "00201209": {"vr": "IS", "Value": [%d]}`, s.says)
		}
		found = append(found, fmt.Sprintf(`{"0020000E": {"vr": "UI", "Value": [%q]}, "00080060": {"vr": "CS", "Value": [%q]}%s}`, s.uid, s.modality, count))
	}
	f.answer(w, asked, found)
}

func (f *fakeWeb) searchInstances(w http.ResponseWriter, asked url.Values, study, series string) {
	var found []string
	for _, s := range f.seriesOf(study) {
		if s.uid == series {
			for i := range s.files {
				found = append(found, fmt.Sprintf(`{"00080018": {"vr": "UI", "Value": ["%s.%d"]}}`, series, i))
			}
		}
	}
	f.answer(w, asked, found)
}

func (f *fakeWeb) seriesOf(study string) []held {
	h, _ := f.study(study)
	return h.series
}

func (f *fakeWeb) answer(w http.ResponseWriter, asked url.Values, found []string) {
	offset, _ := strconv.Atoi(asked.Get("offset"))
	limit, _ := strconv.Atoi(asked.Get("limit"))
	if f.deaf {
		offset = 0
	}
	if f.most > 0 {
		limit = min(limit, f.most)
	}
	found = found[min(offset, len(found)):]
	found = found[:min(limit, len(found))]
	if len(found) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_, _ = fmt.Fprintf(w, "[%s]", strings.Join(found, ","))
}

func (f *fakeWeb) retrieve(w http.ResponseWriter, study, series string, nth int) {
	for _, s := range f.seriesOf(study) {
		if s.uid != series {
			continue
		}
		files := s.files
		if f.give != nil {
			files = f.give(slices.Clone(files), nth)
		}
		w.Header().Set("Content-Type", `multipart/related; type="application/dicom"; boundary=b`)
		for _, data := range files {
			_, _ = fmt.Fprintf(w, "--b\r\nContent-Type: application/dicom\r\n\r\n%s\r\n", data)
		}
		_, _ = fmt.Fprint(w, "--b--\r\n")
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

// many are studies of an archive, each with a CT series and a report, on days of
// which some have many.
func many(n int, date func(i int) string) (out []holding) {
	for i := range n {
		uid := fmt.Sprintf("1.2.%d", i)
		out = append(out, holding{
			uid: uid, date: date(i), time: fmt.Sprintf("%02d%02d00", i%24, i%60), modalities: []string{"CT", "SR"},
			series: []held{{uid: uid + ".1", modality: "CT", says: 100 + i%7}, {uid: uid + ".2", modality: "SR", says: 1}},
		})
	}
	return out
}

// heldOf are series of a study as an archive holds them.
func heldOf(t testing.TB, all ...series) holding {
	t.Helper()
	h := holding{uid: all[0].studyUID(), date: dateOf(all[0]), time: "120000", description: all[0].description}
	for _, s := range all {
		files := s.instances(t)
		h.series = append(h.series, held{uid: s.seriesUID(), modality: s.modality, says: len(files), files: files})
		if !slices.Contains(h.modalities, s.modality) {
			h.modalities = append(h.modalities, s.modality)
		}
	}
	return h
}
