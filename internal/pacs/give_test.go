package pacs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"image/jpeg"
	"image/png"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
	"nafas/inference/finding"
	"nafas/inference/volume"
	"nafas/internal/access"
	"nafas/internal/pacs"
	"nafas/internal/store"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
	"nafas/internal/triage/review"
)

// slices are n instances of a study of a ramp of values.
func slices(t *testing.T, n int, o ctwriter.Options) [][]byte {
	t.Helper()
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{16, 8, n}, SpacingMM: [3]float64{1, 1, 1}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}, HU: make([]int16, 16*8*n)}
	for i := range v.HU {
		v.HU[i] = int16(i*37%3000 - 1000)
	}
	out, err := ctwriter.Instances(v, o)
	require.NoError(t, err)
	return out
}

// shelf is a data folder behind DICOMweb.
type shelf struct {
	t     *testing.T
	app   *triage.Service
	store *store.SQLite
	http  *httptest.Server
	said  *said
}

// said has a study with a result, as if it had been read.
type said struct {
	triage.Archive
	study    string
	delivery triage.Delivery
	image    []byte
	err      error
}

func (s *said) Report(_ context.Context, uid string) (triage.Delivery, []byte, error) {
	if uid != s.study {
		return triage.Delivery{}, nil, triage.ErrNoResult
	}
	return s.delivery, s.image, s.err
}

func (s *said) Search(ctx context.Context, q triage.Search) ([]triage.Found, error) {
	found, err := s.Archive.Search(ctx, q)
	for i := range found {
		if found[i].StudyUID == s.study {
			found[i].Said = triage.Said{Anything: true, Findings: len(s.delivery.Series.Result.Findings)}
		}
	}
	return found, err
}

func newShelf(t *testing.T, tokens *access.Tokens, files ...[]byte) *shelf {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	st, err := store.Open(t.Context(), t.TempDir(), store.Options{Log: log})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	s := &shelf{t: t, store: st, said: &said{Archive: st}, app: triage.New(st, st, triage.ReadHeader, nil, triage.Options{MinFreeBytes: 1, Log: log})}
	s.put(files...)
	web := pacs.NewWeb(func() (pacs.Sender, error) { return s.app.Inbox().Sender() }, access.Gate{Tokens: tokens}, log)
	web.GiveOut(pacs.Holdings{Archive: s.said, Reports: s.said, Language: "fr"})
	s.http = httptest.NewServer(web)
	t.Cleanup(s.http.Close)
	return s
}

func (s *shelf) put(files ...[]byte) {
	s.t.Helper()
	u, err := s.app.Begin(s.t.Context(), triage.Submission{})
	require.NoError(s.t, err)
	defer u.Abort()
	for i, f := range files {
		require.NoError(s.t, u.Put(s.t.Context(), strconv.Itoa(i), bytes.NewReader(f)))
	}
	_, err = u.Commit(s.t.Context())
	require.NoError(s.t, err)
}

// reads a result of the study of an image: findings as many.
func (s *shelf) result(image []byte, findings int) {
	s.t.Helper()
	h, err := triage.ReadHeader(image)
	require.NoError(s.t, err)
	result := &triage.Result{StudyUID: h.StudyUID, SeriesUID: h.SeriesUID, Key: "k", Model: triage.Model{Name: "m", Version: "1", SHA256: strings.Repeat("0", 64)}}
	for i := range findings {
		result.Findings = append(result.Findings, triage.Finding{SOPInstanceUID: h.SOPUID, Finding: finding.Finding{Rank: i + 1, Score: 0.9, MeanDiameterMM: 6}})
	}
	s.said.study, s.said.image = h.StudyUID, image
	s.said.delivery = triage.Delivery{
		Key: "k", Study: triage.Study{UID: h.StudyUID}, Series: triage.Series{UID: h.SeriesUID, Modality: "CT", Result: result},
	}
	located, err := s.store.Located(s.t.Context(), triage.Scope{StudyUID: h.StudyUID, SeriesUID: h.SeriesUID}, 0, 1000)
	require.NoError(s.t, err)
	for _, one := range located {
		s.said.delivery.Instances = append(s.said.delivery.Instances, triage.InstanceRef{SOPClassUID: one.SOPClassUID, SOPUID: one.SOPUID})
		s.said.delivery.Paths = append(s.said.delivery.Paths, one.Path)
		if one.SOPUID == h.SOPUID {
			s.said.delivery.Header = one.Path
		}
	}
}

func (s *shelf) get(path, accept string) (*http.Response, []byte) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.http.URL+"/dicom-web"+path, nil)
	require.NoError(s.t, err)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return res, body
}

type jsonSet map[string]struct {
	VR          string
	Value       []any
	BulkDataURI string
}

func (d jsonSet) text(tag string) string {
	v := d[tag].Value
	if len(v) == 0 {
		return ""
	}
	s, _ := v[0].(string)
	return s
}

func (s *shelf) search(path string) []jsonSet {
	s.t.Helper()
	res, body := s.get(path, "application/dicom+json")
	if res.StatusCode == http.StatusNoContent {
		return nil
	}
	require.Equal(s.t, http.StatusOK, res.StatusCode, "%s: %s", path, body)
	require.Equal(s.t, "application/dicom+json", res.Header.Get("Content-Type"))
	var out []jsonSet
	require.NoError(s.t, json.Unmarshal(body, &out))
	return out
}

// parts reads a multipart answer.
func (s *shelf) parts(path, accept string) (bodies [][]byte, types []string) {
	s.t.Helper()
	res, body := s.get(path, accept)
	require.Equal(s.t, http.StatusOK, res.StatusCode, "%s: %s", path, body)
	kind, parameters, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	require.NoError(s.t, err)
	require.Equal(s.t, "multipart/related", kind)
	for r := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]); ; {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return bodies, types
		}
		require.NoError(s.t, err)
		data, err := io.ReadAll(part)
		require.NoError(s.t, err)
		bodies, types = append(bodies, data), append(types, part.Header.Get("Content-Type"))
	}
}

func pathOf(t *testing.T, file []byte) string {
	t.Helper()
	h, err := triage.ReadHeader(file)
	require.NoError(t, err)
	return "/studies/" + h.StudyUID + "/series/" + h.SeriesUID + "/instances/" + h.SOPUID
}

func studyPath(t *testing.T, file []byte) string {
	t.Helper()
	path, _, _ := strings.Cut(pathOf(t, file), "/series")
	return path
}

func TestWhatIsStoredComesBackByteForByte(t *testing.T) {
	one := slices(t, 3, ctwriter.Options{Seed: "one"})
	other := slices(t, 2, ctwriter.Options{Seed: "other", TransferSyntax: part10.ImplicitLE})
	s := newShelf(t, nil, append(one, other...)...)
	got, _ := s.parts(studyPath(t, one[0]), `multipart/related; type="application/dicom"`)
	require.ElementsMatch(t, one, got)
	got, _ = s.parts(studyPath(t, other[0]), `multipart/related; type="application/dicom"; transfer-syntax=*`)
	require.ElementsMatch(t, other, got)
	got, _ = s.parts(strings.Split(pathOf(t, one[0]), "/instances")[0], "")
	require.ElementsMatch(t, one, got)
	got, _ = s.parts(pathOf(t, one[1]), "*/*")
	require.Equal(t, one[1:2], got)
	res, body := s.get(pathOf(t, one[1]), "application/dicom")
	require.Equal(t, "application/dicom", res.Header.Get("Content-Type"))
	require.Equal(t, one[1], body)
}

func TestABareDataSetIsGivenAsAFile(t *testing.T) {
	whole := slices(t, 1, ctwriter.Options{Seed: "bare", TransferSyntax: part10.ImplicitLE})[0]
	h, err := triage.ReadHeader(whole)
	require.NoError(t, err)
	meta, err := part10.Meta(h.SOPClassUID, h.SOPUID, part10.ImplicitLE)
	require.NoError(t, err)
	s := newShelf(t, nil, whole[len(meta):])
	_, got := s.get(pathOf(t, whole), "application/dicom")
	want, err := part10.Parse(whole, part10.DefaultLimits())
	require.NoError(t, err)
	given, err := part10.Parse(got, part10.DefaultLimits())
	require.NoError(t, err)
	require.Equal(t, "DICM", string(got[128:132]))
	require.Equal(t, want.Bytes[want.Pixel.Offset:], given.Bytes[given.Pixel.Offset:])
}

// What a version before has stored is found by its UIDs at once, and by the rest
// when it was looked at.
func TestStudiesOfAVersionBefore(t *testing.T) {
	ct := slices(t, 3, ctwriter.Options{Seed: "old", Description: "axial", Patient: ctwriter.Patient{Name: "Doe^Jane"}})
	s := newShelf(t, nil, ct...)
	for _, table := range []string{"study_header", "series_header", "instance_header"} {
		_, err := s.store.DB().ExecContext(t.Context(), "DELETE FROM "+table)
		require.NoError(t, err)
	}
	require.Len(t, s.search("/studies"), 1)
	require.Len(t, s.search(studyPath(t, ct[0])+"/instances"), 3)
	require.Empty(t, s.search("/studies?PatientName=Doe*"))

	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.app.DescribeStored(stopped, s.store)
	require.Error(t, err)
	require.False(t, s.app.Described())
	n, err := s.app.DescribeStored(t.Context(), s.store)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.True(t, s.app.Described())
	require.Len(t, s.search("/studies?PatientName=Doe*"), 1)
	require.Len(t, s.search("/series?SeriesDescription=axial"), 1)
	require.Len(t, s.search("/instances?InstanceNumber=2"), 1)
	n, err = s.app.DescribeStored(t.Context(), s.store)
	require.NoError(t, err)
	require.Zero(t, n, "once")
}

func TestWarnings(t *testing.T) {
	ct := slices(t, 1, ctwriter.Options{Seed: "w"})
	s := newShelf(t, nil, ct...)
	res, _ := s.get("/studies?fuzzymatching=true", "")
	require.Contains(t, res.Header.Get("Warning"), "fuzzymatching")
	res, _ = s.get("/studies", "")
	require.Empty(t, res.Header.Get("Warning"))
	complete := false
	web := pacs.NewWeb(nil, access.Gate{}, slog.New(slog.DiscardHandler))
	web.GiveOut(pacs.Holdings{Archive: s.said, Reports: s.said, Language: "en", Complete: func() bool { return complete }})
	for _, complete = range []bool{false, true} {
		rw := httptest.NewRecorder()
		web.ServeHTTP(rw, httptest.NewRequest(http.MethodGet, "/dicom-web/studies", nil))
		require.Equal(t, complete, rw.Header().Get("Warning") == "", "not everything is found yet")
	}
}

func TestAQueryFindsAtEachLevel(t *testing.T) {
	ct := slices(t, 3, ctwriter.Options{Seed: "q", Description: "axial", SeriesNumber: 4, Date: "20200102", Time: "101112",
		Patient: ctwriter.Patient{ID: "P1", Issuer: "I", Name: "Doe^Jane", BirthDate: "19600101"}})
	s := newShelf(t, nil, append(ct, slices(t, 1, ctwriter.Options{Seed: "r", Patient: ctwriter.Patient{Name: "Roe^Jim"}})...)...)
	path := studyPath(t, ct[0])
	require.Len(t, s.search("/studies"), 2)
	found := s.search("/studies?PatientName=DOE*&StudyDate=20200101-20200131&ModalitiesInStudy=CT&limit=5")
	require.Len(t, found, 1)
	study := found[0]
	require.Equal(t, s.http.URL+"/dicom-web"+path, study.text("00081190"))
	require.Equal(t, map[string]any{"Alphabetic": "Doe^Jane"}, study["00100010"].Value[0])
	require.Equal(t, "P1", study.text("00100020"))
	require.Equal(t, []any{3.0}, study["00201208"].Value)
	require.Equal(t, []any{1.0}, study["00201206"].Value)
	for _, required := range []string{"00080020", "00080030", "00080050", "00080056", "00080061", "00080090", "00081190", "00100010",
		"00100020", "00100030", "00100040", "0020000D", "00200010", "00201206", "00201208"} {
		require.Contains(t, study, required, "PS3.18 table 10.6.3-3")
	}

	series := s.search(path + "/series?SeriesNumber=04")
	require.Len(t, series, 1)
	require.Equal(t, "axial", series[0].text("0008103E"))
	require.Equal(t, []any{3.0}, series[0]["00201209"].Value)
	require.NotContains(t, series[0], "00100010", "the path names the study")
	require.Contains(t, s.search("/series?SeriesNumber=4")[0], "00100010", "no path names the study")
	require.Contains(t, s.search(path + "/series?includefield=PatientName")[0], "00100010", "it is asked for")

	instances := s.search(path + "/instances?InstanceNumber=2")
	require.Len(t, instances, 1)
	require.Equal(t, []any{8.0}, instances[0]["00280010"].Value)
	require.Len(t, s.search("/instances"), 4)
	require.Len(t, s.search("/instances?PatientID=P1&limit=2&offset=2"), 1)
	require.Empty(t, s.search("/studies?PatientName=nobody"))
	require.Len(t, s.search(strings.Split(pathOf(t, ct[0]), "/instances")[0]+"/instances"), 3)
}

func TestRequestsThatAreRefused(t *testing.T) {
	ct := slices(t, 1, ctwriter.Options{Seed: "q"})
	s := newShelf(t, nil, ct...)
	path := pathOf(t, ct[0])
	for _, c := range []struct {
		path, accept string
		status       int
		says, why    string
	}{
		{"/studies?PatientNam=x", "", 400, "PatientNam", "a typing error"},
		{"/studies?SeriesNumber=1", "", 400, "SeriesNumber", "of another level"},
		{"/studies?PatientID=50%", "", 400, "%25", "a condition that cannot be read is not one less"},
		{"/studies?AccessionNumber=A;B", "", 400, "%3B", "the same"},
		{path + "/rendered?window=1,2;3", "", 400, "%3B", "another picture than was asked for"},
		{"/studies/abc/series", "", 400, "UID", "no UID"},
		{"/studies/1.2.3", "", 404, "stored", "unknown study"},
		{path[:len(path)-1] + "999", "", 404, "stored", "unknown instance"},
		{"/studies/1.2.3/metadata", "", 404, "stored", "unknown study"},
		{"/studies", "application/dicom+xml", 406, "application/dicom+json", "XML"},
		{path, "image/png", 406, "application/dicom", "a picture of a file"},
		{path + "/metadata", "application/dicom", 406, "json", "a file of metadata"},
		{path + "/frames/0", "", 400, "from 1", "frames count from 1"},
		{path + "/frames/1,x", "", 400, "from 1", "no number"},
		{path + "/frames/2", "", 404, "1 frames", "past the last"},
		{path + "/frames/1", "image/jls", 406, "octet-stream", "not stored so"},
		{path + "/rendered", "image/gif", 406, "image/png", "another picture"},
		{path + "/rendered?window=1,2", "", 400, "window", "half a window"},
		{path + "/rendered?window=1,0,linear", "", 400, "width", "no width"},
		{path + "/rendered?window=1,100,sigmoid", "", 400, "LINEAR", "another function"},
		{path + "/rendered?viewport=0,5", "", 400, "viewport", "no width"},
		{path + "/rendered?viewport=1,2,3,4,5,6", "", 400, "viewport", "a part"},
		{path + "/rendered?annotation=patient", "", 400, "annotation", "text on pictures"},
		{path + "/rendered?quality=0", "", 400, "quality", "out of range"},
		{path + "/frames/1,1/rendered", "", 400, "one frame", "two pictures"},
		{path + "/bulkdata/00100010", "", 404, "", "no binary value"},
	} {
		res, body := s.get(c.path, c.accept)
		require.Equal(t, c.status, res.StatusCode, "%s: %s: %s", c.path, c.why, body)
		require.Contains(t, string(body), c.says, c.why)
	}
}

func TestMetadataNameWhereTheRestIs(t *testing.T) {
	ct := slices(t, 3, ctwriter.Options{Seed: "m", Patient: ctwriter.Patient{Name: "Doe^Jane"}})
	s := newShelf(t, nil, ct...)
	require.Len(t, s.search(studyPath(t, ct[0])+"/metadata"), 3)
	one := s.search(pathOf(t, ct[1]) + "/metadata")
	require.Len(t, one, 1)
	require.Equal(t, []any{16.0}, one[0]["00280011"].Value)
	uri, ok := strings.CutPrefix(one[0]["7FE00010"].BulkDataURI, s.http.URL+"/dicom-web")
	require.True(t, ok)
	whole, _ := s.parts(uri, "")
	frame, types := s.parts(pathOf(t, ct[1])+"/frames/1", `multipart/related; type=application/octet-stream; transfer-syntax=*`)
	require.Equal(t, frame, whole)
	require.Equal(t, "application/octet-stream; transfer-syntax="+part10.ExplicitLE, types[0])
	f, err := part10.Parse(ct[1], part10.DefaultLimits())
	require.NoError(t, err)
	require.Equal(t, f.Bytes[f.Pixel.Offset:f.Pixel.Offset+f.Pixel.Length], frame[0])
	_, alone := s.get(pathOf(t, ct[1])+"/frames/1", "application/octet-stream")
	require.Equal(t, frame[0], alone)
}

func TestBigEndianFramesAreTurned(t *testing.T) {
	little := slices(t, 1, ctwriter.Options{Seed: "le"})
	big := slices(t, 1, ctwriter.Options{Seed: "be", TransferSyntax: part10.ExplicitBE})
	s := newShelf(t, nil, little[0], big[0])
	want, _ := s.parts(pathOf(t, little[0])+"/frames/1", "")
	got, _ := s.parts(pathOf(t, big[0])+"/frames/1", "")
	require.Equal(t, want, got)
}

// peers are one CT slice in the transfer syntaxes of the WG-04 image set.
func peers(t *testing.T) map[string][]byte {
	t.Helper()
	root := os.Getenv("NAFAS_TEST_DATA")
	if root == "" {
		require.NotEqual(t, "true", os.Getenv("CI"), "NAFAS_TEST_DATA is not set")
		t.Skip("NAFAS_TEST_DATA does not name the folder of real CT")
	}
	out := map[string][]byte{}
	for _, name := range []string{"RLE", "JPLL", "JLSL", "JLSN", "J2KR", "J2KI"} {
		data, err := os.ReadFile(filepath.Join(root, "dicom", "CT1_"+name+".dcm"))
		require.NoError(t, err)
		out[name] = data
	}
	return out
}

func TestFramesOfEveryTransferSyntax(t *testing.T) {
	files := peers(t)
	var all [][]byte
	for _, data := range files {
		all = append(all, data)
	}
	s := newShelf(t, nil, all...)
	want, _ := s.parts(pathOf(t, files["RLE"])+"/frames/1", "")
	for name, data := range files {
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		coded, err := f.Frames(1)
		require.NoError(t, err)
		path := pathOf(t, data) + "/frames/1"
		got, types := s.parts(path, `multipart/related; type=application/octet-stream; transfer-syntax=*`)
		require.Equal(t, coded, got, name)
		require.Equal(t, "application/octet-stream; transfer-syntax="+f.TransferSyntax, types[0])
		got, types = s.parts(path, `multipart/related; type="image/*"`)
		require.Equal(t, coded, got, name)
		require.Contains(t, types[0], "image/")

		if strings.HasPrefix(name, "J2K") {
			res, body := s.get(path, `multipart/related; type="application/octet-stream"`)
			require.Equal(t, http.StatusNotAcceptable, res.StatusCode)
			require.Contains(t, string(body), "transfer-syntax=*", "it says what helps")
			res, _ = s.get(pathOf(t, data)+"/rendered", "")
			require.Equal(t, http.StatusNotAcceptable, res.StatusCode)
			continue
		}
		got, _ = s.parts(path, "")
		require.Equal(t, len(want[0]), len(got[0]))
		if name != "JLSN" {
			require.Equal(t, want, got, "the lossless ones are one image: %s", name)
		}
		format := pixel.Format{TransferSyntax: f.TransferSyntax, Rows: 512, Columns: 512, BitsAllocated: 16, BitsStored: 16, HighBit: 15,
			PixelRepresentation: 1, SamplesPerPixel: 1}
		values := make([]uint16, 512*512)
		require.NoError(t, pixel.Decode(values, coded[0], format))
		cells := make([]byte, 2*len(values))
		for i, v := range values {
			binary.LittleEndian.PutUint16(cells[2*i:], v)
		}
		require.True(t, bytes.Equal(cells, got[0]), name)

		// The whole file in the only transfer syntax that a caller takes.
		file, _ := s.parts(pathOf(t, data), `multipart/related; type="application/dicom"; transfer-syntax=`+part10.ExplicitLE)
		plain, err := part10.Parse(file[0], part10.DefaultLimits())
		require.NoError(t, err)
		require.Equal(t, part10.ExplicitLE, plain.TransferSyntax)
		frames, err := plain.Frames(1)
		require.NoError(t, err)
		require.True(t, bytes.Equal(cells, frames[0]), name)
		file, _ = s.parts(pathOf(t, data), `multipart/related; type="application/dicom"; transfer-syntax=`+f.TransferSyntax)
		require.Equal(t, data, file[0], "by its name it is what is stored")
	}
	res, body := s.get(pathOf(t, files["J2KR"]), `multipart/related; type="application/dicom"; transfer-syntax=`+part10.ExplicitLE)
	require.Equal(t, http.StatusNotAcceptable, res.StatusCode)
	require.Contains(t, string(body), "transfer-syntax=*")
}

func TestPicturesAreTheWindowOfTheValues(t *testing.T) {
	ct := slices(t, 1, ctwriter.Options{Seed: "r"})
	s := newShelf(t, nil, ct...)
	hu := func(x, y int) float64 { return float64((y*16+x)*37%3000 - 1000) }
	_, body := s.get(pathOf(t, ct[0])+"/rendered?window=40,400,linear", "image/png")
	img, err := png.Decode(bytes.NewReader(body))
	require.NoError(t, err)
	require.Equal(t, 16, img.Bounds().Dx())
	seen := map[uint32]bool{}
	for y := range 8 {
		for x := range 16 {
			// PS3.3 C.11.2.1.2.1, written out again.
			want := ((hu(x, y)-(40-0.5))/(400-1) + 0.5) * 255
			got, _, _, _ := img.At(x, y).RGBA()
			require.InDelta(t, min(max(want, 0), 255), float64(got>>8), 0.5001, "%d,%d", x, y)
			seen[got>>8] = true
		}
	}
	require.Greater(t, len(seen), 10)

	_, body = s.get(pathOf(t, ct[0])+"/frames/1/rendered?viewport=32,32", "image/jpeg")
	img, err = jpeg.Decode(bytes.NewReader(body))
	require.NoError(t, err)
	require.Equal(t, [2]int{32, 16}, [2]int{img.Bounds().Dx(), img.Bounds().Dy()}, "the shape stays")
	res, _ := s.get(pathOf(t, ct[0])+"/rendered", "")
	require.Equal(t, "image/jpeg", res.Header.Get("Content-Type"), "PS3.18 table 8.7.4-1")
}

// colour is a Secondary Capture in RGB of two rows and three columns.
func colour(t *testing.T, uid string, planar int, samples []byte) []byte {
	t.Helper()
	var b part10.Builder
	b.Text(tag.SOPClassUID, "1.2.840.10008.5.1.4.1.1.7")
	b.Text(tag.SOPInstanceUID, uid)
	b.Text(tag.StudyInstanceUID, "1.2.9")
	b.Text(tag.SeriesInstanceUID, "1.2.9.1")
	b.Text(tag.Modality, "OT")
	b.Text(tag.PhotometricInterpretation, "RGB")
	for at, n := range map[tag.Tag]int{tag.SamplesPerPixel: 3, tag.PlanarConfiguration: planar, tag.Rows: 2, tag.Columns: 3,
		tag.BitsAllocated: 8, tag.BitsStored: 8, tag.HighBit: 7, tag.PixelRepresentation: 0} {
		b.Ints(at, n)
	}
	elems, err := b.Elements()
	require.NoError(t, err)
	data, err := part10.Marshal(part10.ExplicitLE, dicom.Dataset{Elements: elems}, &part10.Pixels{Native: samples})
	require.NoError(t, err)
	return data
}

func TestPicturesInColour(t *testing.T) {
	byPixel := []byte{255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	byPlane := make([]byte, len(byPixel))
	for i, v := range byPixel {
		byPlane[i%3*6+i/3] = v
	}
	one, other := colour(t, "1.2.9.1.1", 0, byPixel), colour(t, "1.2.9.1.2", 1, byPlane)
	s := newShelf(t, nil, one, other)
	for _, data := range [][]byte{one, other} {
		_, body := s.get(pathOf(t, data)+"/rendered", "image/png")
		img, err := png.Decode(bytes.NewReader(body))
		require.NoError(t, err)
		for i := range 6 {
			r, g, b, _ := img.At(i%3, i/3).RGBA()
			require.Equal(t, byPixel[3*i:3*i+3], []byte{byte(r >> 8), byte(g >> 8), byte(b >> 8)})
		}
		res, _ := s.get(pathOf(t, data)+"/rendered?window=1,2,linear", "")
		require.Equal(t, http.StatusNotAcceptable, res.StatusCode)
		_, body = s.get(pathOf(t, data)+"/rendered?viewport=6,6", "image/png")
		img, err = png.Decode(bytes.NewReader(body))
		require.NoError(t, err)
		require.Equal(t, 4, img.Bounds().Dy())
	}
}

func TestResultsAreInstancesOfTheirStudy(t *testing.T) {
	const n, whole = 151, 151 + 4
	ct := slices(t, n, ctwriter.Options{Seed: "results", Patient: ctwriter.Patient{ID: "P1", Name: "Doe^Jane"}})
	s := newShelf(t, nil, ct...)
	s.result(ct[1], 2)
	path := studyPath(t, ct[0])
	require.Equal(t, []any{"CT", "KO", "OT", "SEG", "SR"}, s.search("/studies")[0]["00080061"].Value)
	require.Equal(t, []any{float64(whole)}, s.search("/studies")[0]["00201208"].Value)

	series := s.search(path + "/series")
	require.Len(t, series, 5)
	for _, kind := range objects.All {
		want, err := objects.Make(t.Context(), s.said.delivery, s.store.Read, kind.Kind, "fr")
		require.NoError(t, err)
		found := s.search(path + "/instances?Modality=" + kind.Modality)
		require.Len(t, found, 1)
		at, ok := strings.CutPrefix(found[0].text("00081190"), s.http.URL+"/dicom-web")
		require.True(t, ok)
		got, _ := s.parts(at, "")
		require.Equal(t, want, got[0], "what a report says, byte for byte")
		require.Equal(t, kind.Modality, s.search(at + "/metadata")[0].text("00080060"))
	}
	all, _ := s.parts(path, "")
	require.Len(t, all, whole)
	require.Len(t, s.search(path+"/metadata"), whole)
	require.Len(t, s.search("/series?StudyInstanceUID="+strings.TrimPrefix(path, "/studies/")), 5)
	require.Empty(t, s.search(path+"/series?Modality=SR&PatientName=nobody"))

	// Pages of all of them hold each once.
	seen := map[string]int{}
	for offset := range whole + 1 {
		for _, found := range s.search(path + "/instances?limit=1&offset=" + strconv.Itoa(offset)) {
			seen[found.text("00080018")]++
		}
	}
	require.Len(t, seen, whole)
	for _, n := range seen {
		require.Equal(t, 1, n)
	}

	// The report comes back from an archive: it is there once.
	sr, err := objects.Make(t.Context(), s.said.delivery, s.store.Read, objects.SR, "fr")
	require.NoError(t, err)
	s.put(sr)
	require.Len(t, s.search(path+"/instances"), whole)
	require.Equal(t, []any{float64(whole)}, s.search("/studies")[0]["00201208"].Value)
	all, _ = s.parts(path, "")
	require.Len(t, all, whole)

	// Without findings there are no key images.
	s.said.delivery.Key, s.said.delivery.Series.Result.Findings = "another", nil
	require.Empty(t, s.search(path+"/series?Modality=KO"))
	// What cannot be made does not hide what can be, nor what is stored, and is
	// said: here of a series that is too short for a grid.
	short := slices(t, 3, ctwriter.Options{Seed: "short"})
	s.put(short...)
	s.result(short[1], 1)
	res, body := s.get(studyPath(t, short[0])+"/series", "")
	require.Contains(t, res.Header.Get("Warning"), "could not be made")
	var found []jsonSet
	require.NoError(t, json.Unmarshal(body, &found))
	require.Len(t, found, 3, "the images, the report and the key images")
	path = studyPath(t, short[0])
	s.said.err = io.ErrUnexpectedEOF
	res, _ = s.get(path+"/series", "")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, res.Header.Get("Warning"), "could not be made")
}

// What a reader says is in the report that is given out next: the one from before
// is not kept, and its UID is not found any more.
func TestAReviewMakesAnotherReport(t *testing.T) {
	ct := slices(t, 20, ctwriter.Options{Seed: "review"})
	s := newShelf(t, nil, ct...)
	s.result(ct[1], 1)
	path := studyPath(t, ct[0])
	report := func() string {
		found := s.search(path + "/instances?Modality=SR")
		require.Len(t, found, 1)
		return found[0].text("00080018")
	}
	keys := func() string { return s.search(path + "/instances?Modality=KO")[0].text("00080018") }
	seen := map[string]bool{report(): true}
	key := keys()
	reader := review.Reader{Name: "zoe", Display: "Zoé"}
	for version := range int64(3) {
		said := review.Answer{Verdict: review.Agree}
		if version > 0 {
			said = review.Answer{Verdict: review.Disagree, Cause: review.CauseVessel}
		}
		series := s.said.delivery.Series
		s.said.delivery.Review = &review.State{Version: version + 1, Answers: map[review.Ref]review.Answered{
			{SeriesUID: series.UID, ResultKey: series.Result.Key, Rank: series.Result.Findings[0].Rank}: {Answer: said, By: reader},
		}}
		uid := report()
		require.False(t, seen[uid], "an older report after entry %d", version+1)
		seen[uid] = true
		require.Equal(t, key, keys(), "the key images are the program's")
	}
}

func TestGivingOutNeedsTheRoleRead(t *testing.T) {
	submit, line1, err := access.NewToken("gateway", []access.Role{access.RoleSubmit})
	require.NoError(t, err)
	read, line2, err := access.NewToken("reader", []access.Role{access.RoleRead})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(path, []byte(line1+"\n"+line2+"\n"), 0o600))
	tokens, err := access.LoadTokens(path)
	require.NoError(t, err)
	ct := slices(t, 1, ctwriter.Options{Seed: "t"})
	s := newShelf(t, tokens, ct...)
	one := pathOf(t, ct[0])
	for _, path := range []string{"/studies", "/series", "/instances", studyPath(t, ct[0]), studyPath(t, ct[0]) + "/series",
		studyPath(t, ct[0]) + "/metadata", one, one + "/metadata", one + "/frames/1", one + "/rendered", one + "/frames/1/rendered",
		one + "/bulkdata/7FE00010"} {
		for token, want := range map[string]int{"": 401, "guess": 401, submit: 403, read: 200} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.http.URL+"/dicom-web"+path, nil)
			require.NoError(t, err)
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			res, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			res.Body.Close()
			require.Equal(t, want, res.StatusCode, path)
			require.Empty(t, res.Header.Get("Access-Control-Allow-Origin"), "no other site reads it in a browser")
		}
	}
}

// No answer, an error neither, is kept by a browser or shown in another site's page.
func TestAnswersAreKeptAndShownNowhereElse(t *testing.T) {
	ct := slices(t, 1, ctwriter.Options{Seed: "k"})
	s := newShelf(t, nil, ct...)
	one := pathOf(t, ct[0])
	for _, path := range []string{"/studies", "/series?PatientName=x", "/nothing", "/studies/x", studyPath(t, ct[0]), one, one + "/metadata", one + "/frames/1",
		one + "/frames/9", one + "/rendered", one + "/bulkdata/7FE00010"} {
		res, err := http.Get(s.http.URL + "/dicom-web" + path)
		require.NoError(t, err)
		res.Body.Close()
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox", "Referrer-Policy": "no-referrer",
		} {
			require.Equal(t, want, res.Header.Get(name), "%s of %s", name, path)
		}
	}
}

// A page whose name leads to the loopback address does not get in as the
// machine's own programs do.
func TestOnLoopbackOnlyItsOwnNamesAreAnswered(t *testing.T) {
	s := newShelf(t, nil)
	port := strings.TrimPrefix(s.http.URL, "http://127.0.0.1")
	for host, want := range map[string]int{"evil.example" + port: 403, "evil.example": 403, "localhost" + port: 204, "LOCALHOST." + port: 204, "127.0.0.1" + port: 204, "[::1]" + port: 204} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.http.URL+"/dicom-web/studies", nil)
		require.NoError(t, err)
		r.Host = host
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, want, res.StatusCode, host)
	}
}

// A file that is damaged on the disk ends the answer early, so that nobody takes
// it for the whole.
func TestADamagedFileBreaksTheAnswer(t *testing.T) {
	ct := slices(t, 3, ctwriter.Options{Seed: "d"})
	s := newShelf(t, nil, ct...)
	located, err := s.store.Located(t.Context(), triage.Scope{}, 0, 10)
	require.NoError(t, err)
	require.NoError(t, os.Remove(s.store.Abs(located[1].Path)))
	for _, path := range []string{"", "/metadata"} {
		res, err := http.Get(s.http.URL + "/dicom-web" + studyPath(t, ct[0]) + path)
		if err != nil {
			continue
		}
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
		require.Error(t, err, path)
	}
}
