package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"

	"nafas/dicomio/ctwriter"
	"nafas/inference/finding"
	"nafas/inference/measure"
	"nafas/inference/volume"
	"nafas/internal/access"
	"nafas/internal/audit"
	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/internal/web"
	"nafas/internal/web/api"
)

// gate lets in whom a request names, with the roles that it names.
type gate struct{}

func (gate) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/sign-in", func(http.ResponseWriter, *http.Request) {})
}

func (gate) Require(role access.Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, roles, _ := strings.Cut(r.Header.Get("Test-Reader"), ":")
		given, err := access.ParseRoles(roles)
		p := access.Principal{Name: name, Display: "Dr " + name, Roles: given, By: access.ByPassword}
		if err != nil || !p.Has(role) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if name == "" {
			p = access.Principal{Name: "local", By: access.Unnamed}
		}
		next.ServeHTTP(w, r.WithContext(access.With(r.Context(), p)))
	})
}

// trail keeps events in memory.
type trail struct {
	mu     sync.Mutex
	events []audit.Event
	err    error
}

func (t *trail) Record(_ context.Context, e audit.Event) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return t.err
	}
	t.events = append(t.events, e)
	return nil
}

// said are the kinds and details of what was recorded, and by whom.
func (t *trail) said() (out []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.events {
		out = append(out, string(e.Kind)+" "+e.Detail+" by "+e.Who.Name+" of "+strings.Join(e.StudyUIDs, ","))
	}
	return out
}

// reader says of a study what it is told to.
type reader struct {
	findings func(job triage.ReadingJob) triage.StudyReading
}

func (r *reader) Read(_ context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
	progress(triage.Progress{StudyUID: job.StudyUID, Stage: "detect", Done: 1, Total: 2})
	if r.findings == nil {
		return triage.StudyReading{}, errors.New("nothing to say")
	}
	return r.findings(job), nil
}

// bench is the page over a real store.
type bench struct {
	*testing.T
	app    *triage.Service
	store  *store.SQLite
	reader *reader
	trail  *trail
	web    *web.Web
	http   *httptest.Server
	log    *bytes.Buffer
}

func newBench(t *testing.T, change ...func(*web.Options)) *bench {
	t.Helper()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	quiet := slog.New(slog.DiscardHandler)
	st, err := store.Open(t.Context(), t.TempDir(), store.Options{Log: quiet})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	b := &bench{T: t, store: st, reader: &reader{}, trail: &trail{}, log: &log}
	b.app = triage.New(st, st, triage.ReadHeader, b.reader, triage.Options{MinFreeBytes: 1, Log: quiet, Recipe: recipe})
	o := web.Options{
		Studies: b.app, Lists: st, Archive: st, Gate: gate{}, Audit: b.trail, Log: logger,
		Admit: func(_ *http.Request, p access.Principal) error {
			return b.trail.Record(t.Context(), audit.Event{Kind: "admit", Who: audit.Who{Name: p.Name}})
		},
		Address: func(*http.Request) string { return "192.0.2.1" },
		About: func() (api.About, error) {
			return api.About{Version: "v", Models: []api.AboutModel{{Accuracy: []api.Figure{}, Limits: []api.CodeText{}}}}, nil
		},
	}
	for _, f := range change {
		f(&o)
	}
	b.web, err = web.New(o)
	require.NoError(t, err)
	t.Cleanup(b.web.Stop)
	b.http = httptest.NewServer(b.web)
	t.Cleanup(b.http.Close)
	t.Cleanup(b.http.CloseClientConnections)
	return b
}

var recipe = triage.Recipe{ModelSHA256: "m", ConfigSHA256: "c"}

// send takes a study in, declared complete, and returns its UID.
func (b *bench) send(files ...[]byte) string {
	b.Helper()
	u, err := b.app.Begin(b.Context(), triage.Submission{Complete: true})
	require.NoError(b, err)
	defer u.Abort()
	for i, f := range files {
		require.NoError(b, u.Put(b.Context(), strconv.Itoa(i), bytes.NewReader(f)))
	}
	_, err = u.Commit(b.Context())
	require.NoError(b, err)
	h, err := triage.ReadHeader(files[0])
	require.NoError(b, err)
	return h.StudyUID
}

// read has the study that waits read.
func (b *bench) read(uid string) {
	b.Helper()
	var token triage.Token
	require.NoError(b, b.store.DB().QueryRowContext(b.Context(), `
		UPDATE river_job SET state = 'running', attempt = attempt + 1
		WHERE kind = 'read' AND finalized_at IS NULL AND json_extract(args, '$.study_uid') = ? RETURNING id, attempt`, uid).
		Scan(&token.JobID, &token.Attempt))
	require.NoError(b, b.app.Read(b.Context(), token, uid))
}

const everybody = "reader:read,review"

// ask sends a request by somebody and returns the answer.
func (b *bench) ask(method, path, by string, body any) (*http.Response, []byte) {
	b.Helper()
	var text io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		require.NoError(b, err)
		text = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(b.Context(), method, b.http.URL+path, text)
	require.NoError(b, err)
	r.Header.Set("Test-Reader", by)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	require.NoError(b, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(b, err)
	return res, data
}

// get reads what an endpoint answers.
func get[T any](b *bench, path string) T {
	b.Helper()
	res, data := b.ask(http.MethodGet, path, everybody, nil)
	require.Equal(b, http.StatusOK, res.StatusCode, "%s: %s", path, data)
	var out T
	require.NoError(b, json.Unmarshal(data, &out))
	return out
}

// refused is the Problem that an endpoint answers with.
func (b *bench) refused(status int, method, path, by string, body any) api.Problem {
	b.Helper()
	res, data := b.ask(method, path, by, body)
	require.Equal(b, status, res.StatusCode, "%s: %s", path, data)
	require.Equal(b, "application/json", res.Header.Get("Content-Type"))
	require.Equal(b, "no-store", res.Header.Get("Cache-Control"))
	var p api.Problem
	require.NoError(b, json.Unmarshal(data, &p))
	require.NotEmpty(b, p.Detail)
	return p
}

// way is how the rows and columns of a scan lie in the patient.
type way struct {
	row, column volume.Vec3
}

// supine is head first, on the back, as most scans are.
var supine = way{volume.Vec3{1, 0, 0}, volume.Vec3{0, 1, 0}}

const (
	columns, rows, slicesOf = 96, 80, 80
)

// chest is a scan in which a ball of 8 mm lies at a place in the patient, and right
// of it, towards the patient's left, a long bar; the rest is air.
func chest(t *testing.T, seed string, w way, modify func(int, []*dicom.Element) []*dicom.Element) (files [][]byte, grid volume.Grid, at volume.Vec3) {
	t.Helper()
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{columns, rows, slicesOf}, SpacingMM: [3]float64{0.75, 0.75, 2}, OriginLPSMM: volume.Vec3{-20, 15, -100},
		Axes: [3]volume.Vec3{w.row, w.column, w.row.Cross(w.column)},
	}, HU: make([]int16, columns*rows*slicesOf)}
	at = v.Grid.ToLPS(volume.Vec3{40, 36, 38})
	for k := range slicesOf {
		for j := range rows {
			for i := range columns {
				d := v.Grid.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)}).Sub(at)
				hu := int16(-1000)
				if d.Norm() <= 4 || d[0] > 10 && d[0] < 14 && d[1] > -8 && d[1] < 8 {
					hu = 100
				}
				v.HU[(k*rows+j)*columns+i] = hu
			}
		}
	}
	files, err := ctwriter.Instances(v, ctwriter.Options{Seed: seed, Modify: modify})
	require.NoError(t, err)
	return files, v.Grid, at
}

// found says of a chest that its ball was found and measured: a body of 3 x 2 x 2
// voxels around it.
func found(files [][]byte, at volume.Vec3, findings int) func(job triage.ReadingJob) triage.StudyReading {
	return func(job triage.ReadingJob) triage.StudyReading {
		h, _ := triage.ReadHeader(files[38])
		var contents []triage.Sum
		for _, f := range job.Files {
			contents = append(contents, f.Content)
		}
		r := triage.Result{
			StudyUID: job.StudyUID, SeriesUID: h.SeriesUID, Key: triage.ResultKey(h.SeriesUID, contents, recipe),
			Model: triage.Model{Name: "m", Version: "1", SHA256: "m"},
		}
		for i := range findings {
			f := triage.Finding{
				Finding:        finding.Finding{Rank: i + 1, Score: 0.9, Flagged: i == 0, CenterLPSMM: at, MeanDiameterMM: 8, Side: finding.SideLeft},
				SOPInstanceUID: h.SOPUID, Slice: 38, PixelColumn: 40, PixelRow: 36,
			}
			if i == 0 {
				f.Measured = &triage.Measurement{
					Measurement: measure.Measurement{CenterLPSMM: at, VolumeMM3: 268, MeanDiameterMM: 8.1, LongAxisMM: 8.2, ShortAxisMM: 8, Kind: measure.KindPartSolid},
					Method:      "method 1", Body: triage.Body{First: [3]int{39, 36, 38}, Size: [3]int{3, 2, 2}, Bits: []byte{0xff, 0x0f}},
				}
				f.Place = &finding.Place{Side: finding.SideLeft, Lobe: finding.LobeLeftUpper, Zone: finding.ZoneUpper, PleuraMM: 12, Estimated: true}
			}
			r.Findings = append(r.Findings, f)
		}
		out := triage.StudyReading{StudyUID: job.StudyUID, State: triage.Done, Series: []triage.Series{{UID: h.SeriesUID, Result: &r}}}
		out.Priority, out.PriorityReasons = triage.Ranking{}.Rank(r, nil)
		return out
	}
}

// withResult takes a chest in and has it read.
func (b *bench) withResult(seed string, findings int) (uid, series string) {
	b.Helper()
	files, _, at := chest(b.T, seed, supine, nil)
	uid = b.send(files...)
	b.reader.findings = found(files, at, findings)
	b.read(uid)
	h, err := triage.ReadHeader(files[0])
	require.NoError(b, err)
	return uid, h.SeriesUID
}
