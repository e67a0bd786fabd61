package triage_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/refusal"
	"nafas/inference"
	"nafas/inference/finding"
	"nafas/inference/guideline"
	"nafas/inference/measure"
	"nafas/inference/prior"
	"nafas/inference/suggest"
	"nafas/inference/volume"
	"nafas/internal/triage"
)

// solid finds a measured nodule of 8.5 mm.
func solid(_ context.Context, v *volume.Volume) (triage.Detected, error) {
	return triage.Detected{Findings: []inference.Finding{{
		Finding: finding.Finding{Rank: 1, Score: .9, Flagged: true, MeanDiameterMM: 9, CenterLPSMM: v.ToLPS(volume.Vec3{10, 10, 10}), VoxelIndex: volume.Vec3{10, 10, 10}},
		Measured: &measure.Measurement{
			Kind: measure.KindSolid, KindConfidence: .97, LongAxisMM: 9, ShortAxisMM: 8, MeanDiameterMM: 8.5, VolumeMM3: 300, VolumeError: .1,
			Mask: measure.Mask{Size: [3]int{1, 1, 1}, Set: []uint8{1}, Voxels: 1},
		},
	}}}, nil
}

func readerOf(o triage.CategoryOptions) *triage.Reader {
	return triage.NewReader(pipelineFunc(solid), model, triage.Runtime{}, triage.ReaderOptions{Parallel: 2, Categories: o})
}

// A reading says what guidelines suggest, with age and sex of the images.
func TestAReadingHasCategories(t *testing.T) {
	for _, c := range []struct {
		why      string
		patient  ctwriter.Patient
		options  triage.CategoryOptions
		missing  []guideline.Fact
		withheld guideline.Reason // of Fleischner
	}{
		{"age and sex are the images'", ctwriter.Patient{BirthDate: "19600101", Sex: "F"}, triage.CategoryOptions{},
			[]guideline.Fact{guideline.FactFamily, guideline.FactEmphysema, guideline.FactUpperLobe, guideline.FactSpiculation}, ""},
		{"nothing is said of a patient of another sex", ctwriter.Patient{BirthDate: "19600101", Sex: "O"}, triage.CategoryOptions{},
			[]guideline.Fact{guideline.FactSex, guideline.FactFamily, guideline.FactEmphysema, guideline.FactUpperLobe, guideline.FactSpiculation}, ""},
		{"a child", ctwriter.Patient{BirthDate: "20200101", Sex: "M"}, triage.CategoryOptions{},
			[]guideline.Fact{guideline.FactFamily, guideline.FactEmphysema, guideline.FactUpperLobe, guideline.FactSpiculation}, guideline.Under35},
		{"what somebody says goes before", ctwriter.Patient{BirthDate: "20200101", Sex: "O"}, triage.CategoryOptions{Patient: guideline.Patient{AgeYears: years(50), Sex: guideline.Male}},
			[]guideline.Fact{guideline.FactFamily, guideline.FactEmphysema, guideline.FactUpperLobe, guideline.FactSpiculation}, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			batch := readAll(t, readerOf(c.options), items(t, chest(64, 2.5), ctwriter.Options{Seed: "c", Patient: c.patient}))
			s := batch.Studies[0].Assessment.Categories
			require.Equal(t, guideline.Category4A, s.Guidelines[0].Exam.Category)
			require.Equal(t, c.withheld, s.Guidelines[1].Exam.Withheld)
			require.Equal(t, c.missing, s.Brock[0].Missing)
		})
	}
}

func years(n int) *int { return &n }

// What was not read has no assessment.
func TestNoCategoriesWithoutAReading(t *testing.T) {
	batch := readAll(t, readerOf(triage.CategoryOptions{}), items(t, chest(2, 2.5), ctwriter.Options{Seed: "few"}))
	require.NotNil(t, batch.Studies[0].NotAssessed)
	require.Nil(t, batch.Studies[0].Assessment)
}

// What the site says is part of the recipe; what is said of one patient is not.
func TestTheSiteIsPartOfTheRecipe(t *testing.T) {
	usual := readerOf(triage.CategoryOptions{}).Recipe()
	require.NotEqual(t, usual, readerOf(triage.CategoryOptions{Guidelines: []suggest.Name{suggest.BTS}}).Recipe())
	require.NotEqual(t, usual, readerOf(triage.CategoryOptions{Patient: guideline.Patient{Screening: guideline.Yes}}).Recipe())
	require.Equal(t, usual, readerOf(triage.CategoryOptions{Patient: guideline.Patient{AgeYears: years(50), Emphysema: guideline.Yes}}).Recipe())
}

// A finding that is not there is no finding that somebody looked at.
func TestARankThatIsNone(t *testing.T) {
	_, err := triage.Categorise([]triage.Finding{{Finding: finding.Finding{Rank: 1}}}, nil, triage.CategoryOptions{Spiculated: map[int]guideline.Answer{2: guideline.Yes}})
	require.ErrorIs(t, err, guideline.ErrInput)
}

// Of a study that has two patients nobody knows whose suggestions they are.
func TestCategoriesOfAHeldStudyAreWithheld(t *testing.T) {
	study := triage.Study{
		NotAssessed: refusal.New(refusal.PatientMismatch, "", "two"), Series: []triage.Series{{Result: &triage.Result{}}},
		Assessment: &triage.Assessment{}, Comparison: &triage.Comparison{},
	}
	s := triage.New(oneStudy{study: study}, nil, nil, nil, triage.Options{})
	got, err := s.Study(t.Context(), "1.2")
	require.NoError(t, err)
	require.Nil(t, got.Assessment)
	require.Nil(t, got.Comparison, "it has findings of an earlier study of one of the two")
	_, err = s.SuggestCategories(t.Context(), "1.2", triage.CategoryOptions{})
	require.ErrorIs(t, err, triage.ErrNoResult)
}

// oneStudy is a store of one study.
type oneStudy struct {
	triage.Store
	study triage.Study
}

func (s oneStudy) Study(context.Context, string) (triage.Study, error) { return s.study, nil }

// What became of a finding since an earlier study decides; an earlier study that
// was not compared leaves it open.
func TestCategoriesAfterAComparison(t *testing.T) {
	m := &triage.Measurement{Measurement: measure.Measurement{
		Kind: measure.KindSolid, KindConfidence: .97, LongAxisMM: 9, ShortAxisMM: 8, MeanDiameterMM: 8.5, VolumeMM3: 300, VolumeError: .1,
	}}
	findings := []triage.Finding{{Finding: finding.Finding{Rank: 1, Flagged: true}, Measured: m}}
	before := m.Measurement
	before.LongAxisMM, before.ShortAxisMM, before.MeanDiameterMM, before.VolumeMM3 = 7, 6, 6.5, 140
	with := func(c prior.Change) *triage.Comparison {
		return &triage.Comparison{Comparison: prior.Comparison{Days: 200, Current: []prior.Change{c}}}
	}
	notCompared := &triage.Comparison{Why: refusal.New(triage.PriorNotRead, "", "x")}
	for _, c := range []struct {
		why      string
		compared *triage.Comparison
		earlier  bool
		category guideline.Category
		withheld guideline.Reason
	}{
		{"nothing earlier", nil, false, guideline.Category4A, ""},
		{"something earlier that nobody compared", nil, true, "", guideline.StateNotKnown},
		{"a comparison that could not be made", notCompared, false, "", guideline.StateNotKnown},
		{"new", with(prior.Change{State: prior.New}), false, guideline.Category4B, ""},
		{"grown by 2 mm", with(prior.Change{State: prior.Paired, EarlierMeasured: &before, Growth: &prior.Growth{}}), false, guideline.Category4B, ""},
		{"as it was", with(prior.Change{State: prior.Paired, EarlierMeasured: &m.Measurement, Growth: &prior.Growth{}}), false, guideline.Category4A, ""},
		{"not sure to be the same", with(prior.Change{State: prior.Unpaired}), false, "", guideline.StateNotKnown},
	} {
		t.Run(c.why, func(t *testing.T) {
			s, err := triage.Categorise(findings, c.compared, triage.CategoryOptions{Earlier: c.earlier})
			require.NoError(t, err)
			require.Equal(t, c.category, s.Guidelines[0].Exam.Category)
			require.Equal(t, c.withheld, s.Guidelines[0].Exam.Withheld)
			require.Equal(t, c.earlier || c.compared != nil, s.Earlier)

			// With other facts it is asked again about the same comparison.
			store := oneStudy{study: triage.Study{
				Series: []triage.Series{{Result: &triage.Result{Findings: findings}}}, Comparison: c.compared, Assessment: &triage.Assessment{Categories: s},
			}}
			again, err := triage.New(store, nil, nil, nil, triage.Options{}).SuggestCategories(t.Context(), "1.2", triage.CategoryOptions{})
			require.NoError(t, err)
			require.Equal(t, s, again)
		})
	}
}

// Two studies of one patient of which nobody compares the second: it is no first
// exam.
func TestAnEarlierStudyThatIsNotCompared(t *testing.T) {
	in := items(t, chest(64, 2.5), ctwriter.Options{Seed: "now", Patient: patientA, Date: "20260301"})
	in = append(in, items(t, chest(64, 2.5), ctwriter.Options{Seed: "then", Patient: patientA, Date: "20250301"})...)
	withheld := map[guideline.Reason]int{}
	for _, s := range readAll(t, readerOf(triage.CategoryOptions{}), in).Studies {
		withheld[s.Assessment.Categories.Guidelines[0].Exam.Withheld]++
	}
	require.Equal(t, map[guideline.Reason]int{"": 1, guideline.StateNotKnown: 1}, withheld)
}

// What is said of margins by their rank, and of the age, is said of the latest of
// the studies that are read in one go, and not of its prior.
func TestFactsAreOfTheLatestStudy(t *testing.T) {
	now := items(t, chest(64, 2.5), ctwriter.Options{Seed: "a", Patient: patientA, Date: "20260301"})
	then := items(t, chest(100, 2), ctwriter.Options{Seed: "b", Patient: patientA, Date: "20251201"})
	find := withField(volume.Vec3{12.3, 20.6, 17.4})
	onlyNow := pipelineFunc(func(ctx context.Context, v *volume.Volume) (triage.Detected, error) {
		d, err := find(ctx, v)
		if v.Size[2] == 100 {
			d.Findings = nil
		}
		return d, err
	})
	age := 61
	reader := func(o triage.CategoryOptions) *triage.Reader {
		return triage.NewReader(onlyNow, model, triage.Runtime{}, triage.ReaderOptions{Parallel: 2, Categories: o})
	}
	o := triage.CategoryOptions{Spiculated: map[int]guideline.Answer{1: guideline.Yes}, Patient: guideline.Patient{AgeYears: &age}}
	batch := readAll(t, reader(o), append(now, then...))
	require.Len(t, batch.Studies, 2)
	both := triage.NewReader(pipelineFunc(solid), model, triage.Runtime{}, triage.ReaderOptions{Parallel: 2, Categories: o})
	aged := 0
	for _, study := range readAll(t, both, append(now, then...)).Studies {
		if brock := study.Assessment.Categories.Brock[0]; !slices.Contains(brock.Missing, guideline.FactAge) {
			aged++
		}
	}
	require.Equal(t, 1, aged, "the age at one exam is none at another")

	o.Spiculated[2] = guideline.No
	_, err := reader(o).ReadStudies(t.Context(), append(now, then...), nil)
	require.ErrorContains(t, err, "no finding of rank 2")
}
