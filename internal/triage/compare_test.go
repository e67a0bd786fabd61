package triage_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
	"nafas/inference/guideline"
	"nafas/inference/lung"
	"nafas/inference/measure"
	"nafas/inference/prior"
	"nafas/inference/suggest"
	"nafas/inference/volume"
	"nafas/internal/triage"
)

// withField is a pipeline that finds one thing and the lungs.
func withField(index volume.Vec3) pipelineFunc {
	find := at(index)
	return func(ctx context.Context, v *volume.Volume) (triage.Detected, error) {
		d, err := find(ctx, v)
		if err == nil {
			d.Field, err = lung.Find(ctx, v)
		}
		return d, err
	}
}

// comparer writes down what it is asked and pairs the only finding of each.
type comparer struct{ asked []exams }

type exams struct {
	current, earlier prior.Exam
	days             int
}

func (c *comparer) compare(_ context.Context, current, earlier prior.Exam, days int) (*prior.Comparison, error) {
	c.asked = append(c.asked, exams{current, earlier, days})
	return &prior.Comparison{
		Days:    days,
		Current: []prior.Change{{State: prior.Paired, EarlierCenterLPSMM: earlier.Findings[0].CenterLPSMM, EarlierMeasured: &measure.Measurement{VolumeMM3: 8, Mask: measure.Mask{Set: []uint8{1}}}}},
		Earlier: []prior.EarlierChange{{State: prior.Paired, CurrentCenterLPSMM: volume.Vec3{1e6, 0, 0}}},
	}, nil
}

func comparing(p triage.Pipeline, c *comparer) *triage.Reader {
	return triage.NewReader(p, model, triage.Runtime{}, triage.ReaderOptions{Parallel: 2, Compare: c.compare})
}

var patientA = ctwriter.Patient{ID: "A", Name: "A^B"}

// Studies that are read in one go are compared with each other, whatever the
// order in which they come.
func TestStudiesOfOneFolderAreCompared(t *testing.T) {
	index := volume.Vec3{12.3, 20.6, 17.4}
	now := items(t, chest(64, 2.5), ctwriter.Options{Seed: "a", Patient: patientA, Date: "20260301", Kernel: "B30f"})
	then := items(t, chest(100, 2), ctwriter.Options{Seed: "b", Patient: patientA, Date: "20251201", Kernel: "B70f", SliceThicknessMM: 2.5})
	other := items(t, chest(64, 2.5), ctwriter.Options{Seed: "c", Patient: ctwriter.Patient{ID: "C", Name: "C^D"}, Date: "20251201"})
	c := &comparer{}
	batch := readAll(t, comparing(withField(index), c), append(append(now, other...), then...))
	require.Len(t, batch.Studies, 3)
	require.Len(t, c.asked, 1)
	asked := c.asked[0]
	require.Equal(t, 90, asked.days)
	require.Equal(t, 64, asked.current.Volume.Size[2])
	require.Equal(t, 100, asked.earlier.Volume.Size[2])
	require.Equal(t, prior.SharpnessMedium, asked.current.Sharpness)
	require.Equal(t, prior.SharpnessLung, asked.earlier.Sharpness)
	require.InDelta(t, 2.5, asked.earlier.SliceThicknessMM, 1e-9)
	require.NotNil(t, asked.current.Field)
	require.NotNil(t, asked.earlier.Field)
	require.Equal(t, 5, asked.earlier.Findings[0].Measured.Mask.Voxels, "the body that was measured")

	var with []*triage.Comparison
	for _, s := range batch.Studies {
		if s.Comparison != nil {
			with = append(with, s.Comparison)
		}
	}
	require.Len(t, with, 1)
	got := with[0]
	require.Nil(t, got.Why)
	require.True(t, got.Compared())
	require.Equal(t, prior.Method, got.Method)
	require.Equal(t, "20251201", got.EarlierStudyDate)
	require.Len(t, got.EarlierFindings, 1)
	require.Empty(t, got.EarlierFindings[0].Measured.Body.Bits)
	require.Empty(t, got.Current[0].EarlierMeasured.Mask.Set)
	require.InDelta(t, 17, got.InEarlier[0].Slice, 0)
	require.InDelta(t, index[0], got.InEarlier[0].PixelColumn, .01)
	require.InDelta(t, index[1], got.InEarlier[0].PixelRow, .01)
	require.NotEmpty(t, got.InEarlier[0].SOPInstanceUID)
	require.Equal(t, triage.ImagePlace{}, got.InCurrent[0], "beyond the scan there is no image")
	require.Equal(t, prior.Paired, got.Of(1).State)
	require.Nil(t, got.Of(2))
}

// jobOn writes the files into a folder.
func jobOn(t *testing.T, in []source.Item) triage.ReadingJob {
	t.Helper()
	dir := t.TempDir()
	var out triage.ReadingJob
	for i, it := range in {
		data, err := it.Open()
		require.NoError(t, err)
		h, err := triage.ReadHeader(data)
		require.NoError(t, err)
		path := filepath.Join(dir, string(rune('a'+i/26))+string(rune('a'+i%26)))
		require.NoError(t, os.WriteFile(path, data, 0o600))
		out.StudyUID = h.StudyUID
		out.Files = append(out.Files, triage.ReadingFile{Path: path, Content: h.Content})
	}
	return out
}

// In the service the store says what is earlier. What is known of the study
// itself is taken over, and compared all the same.
func TestAStoredStudyIsCompared(t *testing.T) {
	index := volume.Vec3{12, 20, 17}
	c := &comparer{}
	r := comparing(withField(index), c)
	then := jobOn(t, items(t, chest(64, 2.5), ctwriter.Options{Seed: "b", Patient: patientA, Date: "20251201"}))
	before, err := r.Read(t.Context(), then, nil)
	require.NoError(t, err)
	require.Nil(t, before.Comparison)
	now := jobOn(t, items(t, chest(64, 2.5), ctwriter.Options{Seed: "a", Patient: patientA, Date: "20260301"}))
	now.Earlier = &triage.Earlier{StudyUID: then.StudyUID, SeriesUID: before.Series[0].UID, Days: 90, Files: then.Files, Result: before.Series[0].Result}
	first, err := r.Read(t.Context(), now, nil)
	require.NoError(t, err)
	require.True(t, first.Comparison.Compared())
	result := first.Series[0].Result
	require.Equal(t, now.Earlier.ComparisonKey(result.Key), first.Comparison.Key)

	// What another version measured is measured again, in the same images.
	old := *now.Earlier.Result
	old.Findings = slices.Clone(old.Findings)
	other := *old.Findings[0].Measured
	other.Method, other.VolumeMM3 = "radial border 0", 1
	old.Findings[0].Measured = &other
	of := now
	of.Earlier = &triage.Earlier{StudyUID: then.StudyUID, SeriesUID: now.Earlier.SeriesUID, Days: 90, Files: then.Files, Result: &old}
	_, err = r.Read(t.Context(), of, nil)
	require.NoError(t, err)
	require.NotEqual(t, 1., c.asked[1].earlier.Findings[0].Measured.VolumeMM3)
	c.asked = c.asked[:1]

	now.Known = map[string]triage.Result{result.Key: *result}
	again, err := comparing(pipelineFunc(nil), c).Read(t.Context(), now, nil)
	require.NoError(t, err, "the pipeline, which would panic, is not asked")
	require.Equal(t, first.Comparison, again.Comparison)
	require.Equal(t, c.asked[0].current.Findings, c.asked[1].current.Findings, "as it was when it was read")

	now.Compared = first.Comparison
	kept, err := comparing(pipelineFunc(nil), &comparer{}).Read(t.Context(), now, nil)
	require.NoError(t, err)
	require.Equal(t, first.Comparison, kept.Comparison, "what was compared is not compared again")
	gone := *now.Earlier
	gone.Files, gone.Why = nil, refusal.New(triage.PriorImagesDeleted, "", "deleted")
	now.Earlier, gone = &gone, *now.Earlier
	kept, err = comparing(pipelineFunc(nil), &comparer{}).Read(t.Context(), now, nil)
	require.NoError(t, err)
	require.Equal(t, first.Comparison, kept.Comparison, "and holds when the images are deleted, as the priority and the categories do")
	require.Equal(t, first.Assessment, kept.Assessment)
	now.Earlier, now.Compared = &gone, nil

	require.NoError(t, os.Remove(then.Files[3].Path))
	broken, err := r.Read(t.Context(), now, nil)
	require.NoError(t, err, "a prior that cannot be read does not cost the result")
	require.Equal(t, triage.PriorNotRead, broken.Comparison.Why.Reason)
	require.NotEqual(t, first.Comparison.Key, broken.Comparison.Key)
	require.Equal(t, result.Findings, broken.Series[0].Result.Findings)

	now.Earlier = &triage.Earlier{StudyUID: then.StudyUID, Days: 90, Why: triage.PickEarlier(
		triage.Examined{StudyUID: "now", StudyDate: "20260301", Patients: []triage.Patient{{ID: "A"}}},
		[]triage.Examined{{StudyUID: "x", StudyDate: "20251201", Patients: []triage.Patient{{ID: "A"}}, SeriesUID: "s", Gone: true, Final: true}}).Why}
	deleted, err := r.Read(t.Context(), now, nil)
	require.NoError(t, err)
	require.Equal(t, triage.PriorImagesDeleted, deleted.Comparison.Why.Reason)
	require.Equal(t, 90, deleted.Comparison.Days)
	require.Len(t, c.asked, 2)
}

// Ranks are those of one study: what a reader says of the margin of a finding is not
// taken for that of another one in the earlier study.
func TestFactsOfFindingsAreOfTheLatestStudy(t *testing.T) {
	now := items(t, chest(64, 2.5), ctwriter.Options{Seed: "a", Patient: patientA, Date: "20260301"})
	then := items(t, chest(64, 2.5), ctwriter.Options{Seed: "b", Patient: patientA, Date: "20251201"})
	age := 60
	r := triage.NewReader(withField(volume.Vec3{12, 20, 17}), model, triage.Runtime{}, triage.ReaderOptions{
		Parallel: 2, Compare: (&comparer{}).compare,
		Categories: triage.CategoryOptions{
			Guidelines: []suggest.Name{suggest.Brock}, Patient: guideline.Patient{AgeYears: &age, Sex: guideline.Male},
			Spiculated: map[int]guideline.Answer{1: guideline.Yes},
		},
	})
	batch := readAll(t, r, append(now, then...))
	require.Len(t, batch.Studies, 2)
	for _, s := range batch.Studies {
		missing := s.Assessment.Categories.Brock[0].Missing
		for _, fact := range []guideline.Fact{guideline.FactSpiculation, guideline.FactAge} {
			require.Equal(t, s.Comparison == nil, slices.Contains(missing, fact), fact)
		}
		require.NotContains(t, missing, guideline.FactSex)
	}
}
