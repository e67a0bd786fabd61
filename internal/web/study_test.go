package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"nafas/inference/prior"
	"nafas/inference/volume"
	"nafas/internal/triage"
	"nafas/internal/web/api"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestAStudy(t *testing.T) {
	b := newBench(t)
	uid, series := b.withResult("study", 2)
	page := get[api.StudyPage](b, "/api/studies/"+uid)
	require.Equal(t, uid, page.Study.UID)
	require.Len(t, page.Series, 1)
	require.Equal(t, []any{series, "CT", slicesOf}, []any{page.Series[0].UID, page.Series[0].Modality, page.Series[0].Instances})
	require.NotEmpty(t, page.Caveat)
	require.Len(t, page.Series[0].Result.Findings, 2)
	f := page.Series[0].Result.Findings[0]
	require.Equal(t, []any{1, true, "left", "left_upper", "upper", 8.1, "measured", "part_solid"},
		[]any{f.Rank, f.Flagged, f.Side, f.Lobe, f.Zone, f.DiameterMM, f.DiameterBy, f.Measured.Kind})
	require.Equal(t, 12., *f.PleuraMM)
	require.Equal(t, 38, f.Image.Slice)
	b.picture(f.ThumbnailURL)
	second := page.Series[0].Result.Findings[1]
	require.Nil(t, second.Measured)
	require.Nil(t, second.PleuraMM)
	require.Equal(t, []any{8., "detector", ""}, []any{second.DiameterMM, second.DiameterBy, second.Lobe})
	require.Nil(t, page.Earlier)
}

// The earlier study's places are in its own coordinates, and its findings are shown
// by its own images.
func TestAStudyWithAnEarlierOne(t *testing.T) {
	b := newBench(t)
	before, _, at := chest(t, "before", supine, nil)
	earlier := b.send(before...)
	b.reader.findings = found(before, at, 1)
	b.read(earlier)
	files, _, now := chest(t, "now", supine, nil)
	uid := b.send(files...)
	old := found(before, at, 1)(triage.ReadingJob{StudyUID: earlier}).Series[0].Result.Findings
	b.reader.findings = func(job triage.ReadingJob) triage.StudyReading {
		r := found(files, now, 2)(job)
		r.Comparison = &triage.Comparison{
			EarlierStudyUID: earlier, EarlierSeriesUID: "s", EarlierStudyDate: "20250301", Key: "key of the comparison", EarlierFindings: old,
			Comparison: prior.Comparison{
				Days: 365, NotComparable: []prior.Reason{prior.KernelDiffers},
				Current: []prior.Change{
					{State: prior.Paired, Earlier: 0, EarlierCenterLPSMM: volume.Vec3{1, 2, 3}, DiameterChangeMM: 1.5, DiameterErrorMM: 0.5,
						Growth: &prior.Growth{VolumeChange: 0.5, VolumeChangeLow: -0.1, VolumeChangeHigh: 1.2, DoublingDays: 400, DoublingDaysShort: 300}},
					{State: prior.New, Earlier: -1, EarlierCenterLPSMM: volume.Vec3{4, 5, 6}, NoGrowth: []prior.Reason{prior.NotMeasured}},
				},
				Earlier: []prior.EarlierChange{{State: prior.Paired, Current: 0, CurrentCenterLPSMM: volume.Vec3{7, 8, 9}}},
			},
			InEarlier: []triage.ImagePlace{{SOPInstanceUID: "1.1", Slice: 7}, {}}, InCurrent: []triage.ImagePlace{{SOPInstanceUID: "1.2", Slice: 9}},
		}
		r.Comparison.EarlierSeriesUID = seriesOf(t, before)
		return r
	}
	b.read(uid)
	page := get[api.StudyPage](b, "/api/studies/"+uid)
	e := page.Earlier
	require.Equal(t, []any{earlier, "20250301", 365}, []any{e.StudyUID, e.StudyDate, e.Days})
	require.Equal(t, []string{"KERNEL_DIFFERS"}, e.NotComparable)
	require.Contains(t, e.Text, "2025-03-01")
	require.Nil(t, e.NotDone)
	require.Len(t, e.Findings, 1)
	require.Equal(t, []any{"paired", 1, 9, [3]float64{7, 8, 9}},
		[]any{e.Findings[0].State, e.Findings[0].CurrentRank, e.Findings[0].InCurrent.Slice, e.Findings[0].InCurrentLPSMM})
	b.picture(e.Findings[0].Finding.ThumbnailURL)
	paired, isNew := page.Series[0].Result.Findings[0].Change, page.Series[0].Result.Findings[1].Change
	require.Equal(t, []any{"paired", 1, [3]float64{1, 2, 3}, 7, 8.1, 1.5, 0.5},
		[]any{paired.State, paired.EarlierRank, paired.InEarlierLPSMM, paired.InEarlier.Slice, paired.EarlierDiameterMM, *paired.DiameterChangeMM, *paired.DiameterErrorMM})
	require.InDelta(t, 50, paired.Growth.VolumePct, 1e-9)
	require.InDelta(t, -10, paired.Growth.VolumePctLow, 1e-9)
	require.Equal(t, []any{400., 300.}, []any{*paired.Growth.DoublingDays, *paired.Growth.DoublingDaysShort})
	require.Nil(t, paired.Growth.DoublingDaysLong, "no end")
	require.Equal(t, []any{"new", 0, []string{"NOT_MEASURED"}}, []any{isNew.State, isNew.EarlierRank, isNew.NoGrowth})
	require.Nil(t, isNew.DiameterChangeMM)

	// The picture that is kept here goes with the images of the earlier study.
	_, err := b.store.Forget(t.Context(), earlier, noon.AddDate(99, 0, 0), triage.KeepRule{Done: 1})
	require.NoError(t, err)
	b.refused(http.StatusNotFound, http.MethodGet, e.Findings[0].Finding.ThumbnailURL, everybody, nil)
}

func seriesOf(t *testing.T, files [][]byte) string {
	t.Helper()
	h, err := triage.ReadHeader(files[0])
	require.NoError(t, err)
	return h.SeriesUID
}

func answer(key, series string, seen int64, verdict string) api.ReviewAction {
	return api.ReviewAction{
		ID: uuid.NewString(), Seen: seen, Kind: "answer", SeriesUID: series, ResultKey: key, Rank: 1,
		Answer: &api.Answer{Verdict: verdict, Kind: "ground_glass", Comment: "c"},
	}
}

func TestReviewing(t *testing.T) {
	b := newBench(t)
	uid, series := b.withResult("review", 1)
	key := get[api.StudyPage](b, "/api/studies/"+uid).Series[0].Result.Key
	path := "/api/studies/" + uid + "/review"
	do := func(by string, a api.ReviewAction) api.Review {
		t.Helper()
		res, body := b.ask(http.MethodPost, path, by, a)
		require.Equal(t, http.StatusOK, res.StatusCode, "%s", body)
		return get[api.Review](b, path)
	}
	const anna, bela = "anna:read,review", "bela:read,review"
	first := answer(key, series, 0, "agree")
	r := do(anna, first)
	require.Equal(t, []any{int64(1), "Dr anna", "ground_glass", "agree"}, []any{r.Version, r.Answers[0].By, r.Answers[0].Answer.Kind, r.Answers[0].Answer.Verdict})
	require.Equal(t, int64(1), do(anna, first).Version, "the same action again")

	// What stands for a study in the path, and is none, gets into no record.
	before := len(b.trail.said())
	for _, no := range []string{"DOE%5EJANE", strings.Repeat("1", 65)} {
		b.refused(http.StatusNotFound, http.MethodPost, "/api/studies/"+no+"/review", anna, first)
	}
	require.Len(t, b.trail.said(), before)

	// Somebody who has not seen that is told, and shown it.
	p := b.refused(http.StatusConflict, http.MethodPost, path, bela, answer(key, series, 0, "unsure"))
	require.Equal(t, "conflict", p.Code)
	require.Equal(t, "Dr anna", p.Review.Answers[0].By)
	r = do(bela, answer(key, series, 1, "unsure"))
	require.Equal(t, []string{"unsure", "agree"}, []string{r.History[1].Answer.Verdict, r.History[1].FromAnswer.Verdict})

	mark := api.ReviewAction{ID: uuid.NewString(), Seen: 2, Kind: "add", Mark: &api.Mark{
		SeriesUID: series, CenterLPSMM: [3]float64{1, 2, 3}, DiameterMM: 7, Kind: "part_solid",
		Image: api.ImagePlace{SOPInstanceUID: get[api.StudyPage](b, "/api/studies/"+uid).Series[0].Result.Findings[0].Image.SOPInstanceUID, Column: 4, Row: 5},
	}}
	r = do(bela, mark)
	require.Equal(t, []any{mark.ID, "Dr bela", "part_solid", 7.}, []any{r.Added[0].ID, r.Added[0].By, r.Added[0].Kind, r.Added[0].DiameterMM})

	sign := api.ReviewAction{ID: uuid.NewString(), Seen: 3, Kind: "sign", ResultKeys: []string{key}}
	require.Equal(t, "forbidden", b.refused(http.StatusForbidden, http.MethodPost, path, ":read,review", sign).Code, "nobody without a name signs")
	require.Equal(t, "invalid", b.refused(http.StatusBadRequest, http.MethodPost, path, anna, api.ReviewAction{ID: uuid.NewString(), Kind: "dance"}).Code)
	r = do(anna, sign)
	require.Equal(t, "Dr anna", r.Signed.By)
	row := get[api.Worklist](b, "/api/worklist?review=signed").Studies[0]
	require.Equal(t, []any{"signed", "Dr anna", 1, 1}, []any{row.Review.State, row.Review.By, row.Review.Answered, row.Review.Added})

	q := get[api.Quality](b, "/api/quality?from=2020-01-01&to=2100-01-01")
	require.Equal(t, []int{1, 1, 1, 1, 1}, []int{q.Signed, q.Done, q.All.Scans, q.All.Unsure, q.All.Added})
	for l, name := range map[string]string{"en": "unknown", "fr": "inconnu"} {
		require.Equal(t, name, get[api.Quality](b, "/api/quality?lang="+l).Kernels[0].Name)
	}
	require.Zero(t, get[api.Quality](b, "/api/quality?to=2020-01-01").Done)
	res, csv := b.ask(http.MethodGet, "/api/reviews.csv", anna, nil)
	require.Contains(t, res.Header.Get("Content-Disposition"), "reviews.csv")
	require.Contains(t, string(csv), "seriesuid,coordX,coordY,coordZ,diameter_mm")
	require.Contains(t, string(csv), series)

	said := b.trail.said()
	require.Contains(t, said, "review review: sign by anna of "+uid)
	require.Contains(t, said, "review review: answer, refused by bela of "+uid)
	require.Contains(t, said, "review review: unknown, refused by anna of "+uid)
}
