package objects_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio"
	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/report"
	"nafas/inference/finding"
	"nafas/inference/prior"
	"nafas/inference/volume"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
)

// stored is a delivery of one finding in a stack of slices 2 mm apart, and its
// files.
func stored(t *testing.T, o ctwriter.Options) (triage.Delivery, map[string][]byte) {
	t.Helper()
	const slices = 80
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{32, 24, slices}, SpacingMM: [3]float64{1, 1.5, 2}, OriginLPSMM: volume.Vec3{-10, 20, 100},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}, HU: make([]int16, 32*24*slices)}
	o.Seed = "objects"
	images, err := ctwriter.Instances(v, o)
	require.NoError(t, err)
	one := triage.Delivery{Key: "key", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	files := map[string][]byte{}
	for i, data := range images {
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		in, err := dicomio.Identify(f)
		require.NoError(t, err)
		path := fmt.Sprint("file ", i)
		files[path] = data
		one.Instances = append(one.Instances, triage.InstanceRef{SOPClassUID: in.SOPClassUID, SOPUID: in.SOPUID})
		one.Paths, one.Header = append(one.Paths, path), path
		one.Study.UID, one.Series.UID = in.StudyUID, in.SeriesUID
	}
	found := triage.Finding{SOPInstanceUID: one.Instances[10].SOPUID, PixelColumn: 16, PixelRow: 12}
	found.Finding = finding.Finding{
		Rank: 1, Score: 0.9, Flagged: true, MeanDiameterMM: 6, Side: finding.SideLeft, CenterLPSMM: volume.Vec3{6, 38, 120},
	}
	one.Series.Modality = "CT"
	one.Series.Result = &triage.Result{Key: "key", Model: triage.Model{Name: "m", Version: "1", SHA256: "aa"}, Findings: []triage.Finding{found}}
	return one, files
}

func reader(files map[string][]byte) objects.Read {
	return func(path string) ([]byte, error) {
		data, ok := files[path]
		if !ok {
			return nil, errors.New("no such file")
		}
		return data, nil
	}
}

func framesOf(t *testing.T, data []byte) int {
	t.Helper()
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	p, err := dicomio.OpenPicture(f)
	require.NoError(t, err)
	return p.NumberOfFrames()
}

func TestEveryKindIsMade(t *testing.T) {
	one, files := stored(t, ctwriter.Options{})
	one.Replaces = []triage.InstanceRef{
		{SOPClassUID: "1.2.840.10008.5.1.4.1.1.88.34", SOPUID: "2.25.1", SeriesUID: "2.25.11"},
		{SOPClassUID: "1.2.840.10008.5.1.4.1.1.66.4", SOPUID: "2.25.2", SeriesUID: "2.25.12"},
	}
	for kind, class := range map[objects.Kind]string{
		objects.SR: "1.2.840.10008.5.1.4.1.1.88.34", objects.KO: "1.2.840.10008.5.1.4.1.1.88.59",
		objects.SEG: "1.2.840.10008.5.1.4.1.1.66.4", objects.SC: "1.2.840.10008.5.1.4.1.1.7.4",
		objects.Reject: "1.2.840.10008.5.1.4.1.1.88.59",
	} {
		data, err := objects.Make(t.Context(), one, reader(files), kind, "fr")
		require.NoError(t, err, kind)
		study, ref, err := objects.Place(data)
		require.NoError(t, err)
		require.Equal(t, one.Study.UID, study)
		require.Equal(t, class, ref.SOPClassUID)
		require.NotEqual(t, one.Series.UID, ref.SeriesUID, "a series of its own")
		again, err := objects.Make(t.Context(), one, reader(files), kind, "fr")
		require.NoError(t, err)
		require.Equal(t, data, again)
		switch kind {
		case objects.SEG:
			require.Equal(t, 3, framesOf(t, data), "a sphere of 6 mm is in 3 slices 2 mm apart")
		case objects.SC:
			require.Equal(t, 1, framesOf(t, data))
		}
	}
}

func TestKindsThatAResultDoesNotHave(t *testing.T) {
	one, files := stored(t, ctwriter.Options{})
	_, err := objects.Make(t.Context(), one, reader(files), objects.Reject, "en")
	require.ErrorIs(t, err, triage.ErrNoResult, "nothing to withdraw")

	image, err := reader(files)(one.Header)
	require.NoError(t, err)
	r, err := objects.Of(one, image, report.English)
	require.NoError(t, err)
	own := r.KOInstance()
	one.Replaces = []triage.InstanceRef{{SOPClassUID: own.SOPClassUID, SOPUID: own.SOPInstanceUID, SeriesUID: "2.25.3"}}
	_, err = objects.Make(t.Context(), one, reader(files), objects.Reject, "en")
	require.ErrorIs(t, err, triage.ErrNoResult, "the same object, sent before, is not withdrawn")

	one.Series.Result.Findings = nil
	for _, kind := range []objects.Kind{objects.KO, objects.SEG, objects.SC} {
		_, err := objects.Make(t.Context(), one, reader(files), kind, "en")
		require.ErrorIs(t, err, triage.ErrNoResult, kind)
	}
	one.Header = ""
	_, err = objects.Make(t.Context(), one, reader(files), objects.SR, "en")
	require.ErrorIs(t, err, triage.ErrNoResult)
}

// Native code runs in the worker process alone: what only it can decode has no
// pictures, and all else.
func TestNoPicturesByNativeCode(t *testing.T) {
	one, files := stored(t, ctwriter.Options{
		TransferSyntax: part10.JPEG2000Lossless, Encode: func([]byte, int, int) ([]byte, error) { return []byte{0xff, 0x4f, 0xff, 0xd9}, nil },
	})
	_, err := objects.Make(t.Context(), one, reader(files), objects.SC, "en")
	require.ErrorIs(t, err, triage.ErrNoResult)
	_, err = objects.Make(t.Context(), one, reader(files), objects.SEG, "en")
	require.NoError(t, err)
}

// A file that is gone is an error, and never an object without it.
func TestAFileThatIsGone(t *testing.T) {
	one, files := stored(t, ctwriter.Options{})
	delete(files, "file 3")
	for _, kind := range []objects.Kind{objects.SEG, objects.SC} {
		_, err := objects.Make(t.Context(), one, reader(files), kind, "en")
		require.Error(t, err)
		require.NotErrorIs(t, err, triage.ErrNoResult)
	}
}

// A failure is said in the language of the report, which is English where the
// text of the images cannot be written in UTF-8.
func TestWhyIsSaidInTheLanguage(t *testing.T) {
	for _, c := range []struct {
		name, letter, language, want string
	}{
		{"English", "é", "en", "assessed: NO_LUNG: nothing"},
		{"French", "é", "fr", "aucun poumon trouvé [NO_LUNG: nothing"},
		{"Arabic", "é", "ar", "لم يُعثر على رئة [NO_LUNG"},
		{"Arabic, beside a name that does not decode", "\xff\xff", "ar", "assessed: NO_LUNG: nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, files := stored(t, ctwriter.Options{Patient: ctwriter.Patient{Name: "é"}})
			header := bytes.Replace(files[one.Header], []byte("é"), []byte(c.letter), 1)
			files[one.Header] = header
			one.Series.Result, one.Study.NotAssessed = nil, refusal.New(refusal.NoLung, "send the chest", "nothing")
			data, err := objects.Make(t.Context(), one, reader(files), objects.SR, c.language)
			require.NoError(t, err)
			require.Contains(t, string(data), c.want)
		})
	}
}

// The report says what the study was compared with, or why it was not.
func TestTheComparisonIsSaid(t *testing.T) {
	one, files := stored(t, ctwriter.Options{})
	one.Study.Comparison = &triage.Comparison{EarlierStudyDate: "20251201", Comparison: prior.Comparison{
		Days: 90, Current: []prior.Change{{State: prior.New}}, Earlier: []prior.EarlierChange{{State: prior.Gone}, {State: prior.Unpaired}, {State: prior.Paired}},
	}}
	r := objects.Said(one, report.English)
	require.Equal(t, &report.Compared{Date: "20251201", Days: 90, Gone: 1, Unpaired: 1}, r.Compared)
	require.Equal(t, prior.New, r.Findings[0].Change.State)
	data, err := objects.Make(t.Context(), one, reader(files), objects.SR, "en")
	require.NoError(t, err)
	require.Contains(t, string(data), "not seen there, new")
	one.Study.Comparison.Why = refusal.New(triage.PriorImagesDeleted, "send them", "they are gone")
	for language, want := range map[string]string{"en": "they are gone", "fr": "les images de l'examen antérieur ont été supprimées", "ar": "حُذفت صور الفحص السابق"} {
		data, err = objects.Make(t.Context(), one, reader(files), objects.SR, language)
		require.NoError(t, err)
		require.Contains(t, string(data), want)
	}
	require.Nil(t, objects.Said(one, report.English).Findings[0].Change)
}

// The report says what guidelines suggest, in its language; beside a name that
// does not decode in English.
func TestSuggestionsAreSaidInTheLanguage(t *testing.T) {
	for _, c := range []struct{ name, letter, language, want string }{
		{"English", "é", "en", "to be confirmed by a radiologist"},
		{"French", "é", "fr", "à confirmer par un radiologue"},
		{"Arabic", "é", "ar", "ويلزم تأكيده من طبيب الأشعة"},
		{"Arabic, beside a name that does not decode", "\xff\xff", "ar", "to be confirmed by a radiologist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, files := stored(t, ctwriter.Options{Patient: ctwriter.Patient{Name: "é"}})
			files[one.Header] = bytes.Replace(files[one.Header], []byte("é"), []byte(c.letter), 1)
			data, err := objects.Make(t.Context(), one, reader(files), objects.SR, c.language)
			require.NoError(t, err)
			require.NotContains(t, string(data), c.want, "a result of an older version")
			categories, err := triage.Categorise(one.Series.Result.Findings, nil, triage.CategoryOptions{})
			require.NoError(t, err)
			one.Study.Assessment = &triage.Assessment{Categories: categories}
			data, err = objects.Make(t.Context(), one, reader(files), objects.SR, c.language)
			require.NoError(t, err)
			require.Contains(t, string(data), c.want)
			require.Contains(t, string(data), "Lung-RADS 2022")
		})
	}
}
