package dicomweb_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/match"
)

// archive answers searches with pages of so many studies, and a study with the
// given body.
type archive struct {
	studies, most int
	// deaf: it does not count from an offset. warns: it says that there are more.
	deaf, warns bool
	// moves: the list loses its first study with every question. obeys: it keeps to
	// the limit.
	moves, obeys bool
	asked        []string
	status       int
	boundary     string
	body         string
	accept       string
}

func (a *archive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked = append(a.asked, r.URL.Path+"?"+r.URL.RawQuery)
	a.accept = r.Header.Get("Accept")
	if a.body != "" {
		w.Header().Set("Content-Type", "multipart/related; type=application/dicom; boundary="+a.boundary)
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
		return
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	if a.deaf {
		from = 0
	}
	if a.moves {
		from += len(a.asked)
	}
	most := a.most
	if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); a.obeys {
		most = min(most, limit)
	}
	var page []string
	for n := from; n < a.studies && len(page) < most; n++ {
		page = append(page, fmt.Sprintf(`{"0020000D": {"vr": "UI", "Value": ["1.%d"]}, "00100020": {"vr": "LO", "Value": ["P%d "]},
			"00080061": {"vr": "CS", "Value": ["CT", "SR"]}, "00201208": {"vr": "IS", "Value": [%q]}, "00201209": {"vr": "IS", "Value": [7]},
			"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^John", "Phonetic": "do"}]}, "00100030": {"vr": "DA", "Value": ["19500102"]}, "00081030": {"vr": "LO"}}`, n, n, strconv.Itoa(n+300)))
	}
	if a.warns && (a.deaf || len(page) > 0 && from+len(page) < a.studies) {
		w.Header().Set("Warning", "299 test: There are 7 additional results that can be requested")
	}
	if len(page) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_, _ = io.WriteString(w, "["+strings.Join(page, ",")+"]")
}

func (a *archive) client(t *testing.T) *dicomweb.Client {
	t.Helper()
	ts := httptest.NewServer(a)
	t.Cleanup(ts.Close)
	c, err := dicomweb.NewClient(ts.URL+"/pacs", "", nil)
	require.NoError(t, err)
	return c
}

// Whatever a server makes of limit and offset, everything is found once.
func TestFindingInPages(t *testing.T) {
	for _, c := range []struct {
		name string
		archive
		want int
	}{
		{"none", archive{studies: 0, most: 10}, 0},
		{"one page", archive{studies: 3, most: 10}, 3},
		{"pages that are smaller than asked for", archive{studies: 7, most: 3}, 7},
		{"a server without offsets", archive{studies: 7, most: 10, deaf: true}, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := c.client(t).Find(t.Context(), match.Query{
				Level: match.StudyLevel, Modality: "CT", StudyDates: "20260101-", PatientID: "P*",
			})
			require.NoError(t, err)
			require.Len(t, found, c.want)
			require.Contains(t, c.asked[0], "/pacs/studies?")
			require.Contains(t, c.asked[0], "ModalitiesInStudy=CT")
			require.Contains(t, c.asked[0], "StudyDate=20260101-")
			require.Contains(t, c.asked[0], "PatientID=P%2A")
			if c.want > 0 {
				require.Equal(t, match.Entry{StudyUID: "1.2", PatientID: "P2", PatientName: "Doe^John==do", PatientBirthDate: "19500102", Modalities: []string{"CT", "SR"}, Instances: 302}, found[2])
			}
		})
	}
}

func TestFindingInAStudy(t *testing.T) {
	a := &archive{studies: 1, most: 1}
	c := a.client(t)
	found, err := c.Find(t.Context(), match.Query{Level: match.SeriesLevel, StudyUID: "1.2.3", Modality: "CT"})
	require.NoError(t, err)
	require.Contains(t, a.asked[0], "/pacs/studies/1.2.3/series?")
	require.Contains(t, a.asked[0], "includefield=BodyPartExamined")
	require.Equal(t, 7, found[0].Instances, "of the series, here as a number")
	for _, q := range []match.Query{
		{}, {Level: match.SeriesLevel}, {Level: match.InstanceLevel, StudyUID: "1"}, {Level: match.InstanceLevel, SeriesUID: "1"},
	} {
		_, err := c.Find(t.Context(), q)
		require.Error(t, err, q)
	}
}

// pages are what Pages hands on.
func pages(t *testing.T, c *dicomweb.Client) (uids []string, err error) {
	t.Helper()
	err = c.Pages(t.Context(), match.Query{Level: match.StudyLevel}, func(some []match.Entry) error {
		for _, e := range some {
			uids = append(uids, e.StudyUID)
		}
		return nil
	})
	return uids, err
}

// A list that a server does not give to its end is no list, and one that changes
// meanwhile is said to.
func TestListsThatAreNotWhole(t *testing.T) {
	for _, c := range []struct {
		name string
		archive
		found, paged error
	}{
		{"a page that is full, and no other", archive{studies: 2000, most: 1000, deaf: true}, match.ErrTooMany, match.ErrTooMany},
		{"a short page, more, and no other", archive{studies: 9, most: 3, deaf: true, warns: true}, match.ErrTooMany, match.ErrTooMany},
		{"pages of which each says that there are more", archive{studies: 9, most: 3, warns: true}, nil, nil},
		{"full pages", archive{studies: 2000, most: 1000, obeys: true}, nil, nil},
		{"an answer that is endless", archive{studies: 60_000, most: 60_000, deaf: true}, match.ErrTooMany, match.ErrTooMany},
		{"a list that loses its first", archive{studies: 40, most: 10, moves: true}, nil, dicomweb.ErrMoved},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := c.client(t)
			found, err := client.Find(t.Context(), match.Query{Level: match.StudyLevel})
			require.ErrorIs(t, err, c.found)
			if c.found != nil {
				require.Empty(t, found)
			}
			uids, err := pages(t, client)
			require.ErrorIs(t, err, c.paged)
			if c.paged == nil {
				require.Len(t, uids, c.studies)
			}
		})
	}
}

func TestPagesGiveEachOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 7, 9, 10} {
		a := archive{studies: n, most: 3}
		uids, err := pages(t, a.client(t))
		require.NoError(t, err)
		var want []string
		for i := range n {
			want = append(want, fmt.Sprintf("1.%d", i))
		}
		require.Equal(t, want, uids)
	}
	deaf := archive{studies: 7, most: 100, deaf: true}
	uids, err := pages(t, deaf.client(t))
	require.NoError(t, err)
	require.Len(t, uids, 7)
}

func TestFindingSome(t *testing.T) {
	a := archive{studies: 7, most: 100, obeys: true}
	c := a.client(t)
	some, err := c.FindSome(t.Context(), match.Query{
		Level: match.StudyLevel, StudyDates: "20260101", StudyTimes: "100000-105959",
	}, 3)
	require.NoError(t, err)
	require.Len(t, some, 3)
	require.Len(t, a.asked, 1)
	for _, asked := range []string{"limit=3", "StudyTime=100000-105959"} {
		require.Contains(t, a.asked[0], asked)
	}
}

// What a server does not answer names no patient: it may be logged.
func TestWhatIsAskedForIsNotInErrors(t *testing.T) {
	c, err := dicomweb.NewClient("http://127.0.0.1:1/", "", nil)
	require.NoError(t, err)
	_, err = c.Find(t.Context(), match.Query{Level: match.StudyLevel, PatientID: "SECRET"})
	require.ErrorContains(t, err, "refused")
	require.NotContains(t, err.Error(), "SECRET")
}

func TestFetching(t *testing.T) {
	part := func(text string) string { return "--b\r\nContent-Type: application/dicom\r\n\r\n" + text + "\r\n" }
	two := part("one") + part("two")
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   []string
		err    string
	}{
		{"a study", 200, two + "--b--\r\n", []string{"one", "two"}, ""},
		{"parts that do not say what they are", 200, "--b\r\n\r\none\r\n--b--", []string{"one"}, ""},
		{"one whose end is missing", 200, two, []string{"one"}, "EOF"},
		{"one that breaks off within a part", 200, two + "--b\r\nContent-Type: application/dicom\r\n\r\nthr", []string{"one", "two"}, "EOF"},
		{"a part of it, as the server says", 206, two + "--b--", []string{"one", "two"}, "206"},
		{"something else", 200, "--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--b--", nil, "neither"},
		{"none", 404, "no", nil, "404"},
		{"a server that is busy", 503, "no", nil, "503"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &archive{status: c.status, boundary: "b", body: c.body}
			var got []string
			take := func(r io.Reader) error {
				data, err := io.ReadAll(r)
				if err == nil {
					got = append(got, string(data))
				}
				return err
			}
			client := a.client(t)
			n, err := client.Fetch(t.Context(), "1.2.3", take)
			require.Equal(t, c.want, got)
			require.Equal(t, len(c.want), n)
			require.Equal(t, "/pacs/studies/1.2.3?", a.asked[0])
			got = nil
			n, ofSeries := client.FetchSeries(t.Context(), "1.2.3", "4.5", take)
			require.Equal(t, c.want, got)
			require.Equal(t, len(c.want), n)
			require.Equal(t, err, ofSeries)
			require.Equal(t, "/pacs/studies/1.2.3/series/4.5?", a.asked[1])
			require.Contains(t, a.accept, "transfer-syntax=*", "as it is stored")
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.err)
			}
		})
	}
}
