package guideline_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	g "nafas/inference/guideline"
)

// screened is a patient for whom every condition of Lung-RADS is said.
var screened = g.Patient{Screening: g.Yes, KnownLungCancer: g.No}

// seen is a nodule by its mean diameter, compared with a prior where its state
// needs one.
func seen(t g.Type, s g.State, meanMM float64) g.Nodule {
	n := g.Nodule{Type: t, State: s, MeanMM: meanMM}
	if s != g.Baseline && s != g.StateUnknown {
		n.Prior = &g.Prior{Days: 365}
	}
	return n
}

// part is a part-solid nodule; inside is its solid part's own state.
func part(s, inside g.State, totalMM, solidMM float64) g.Nodule {
	n := seen(g.PartSolid, s, totalMM)
	n.SolidPartMM, n.SolidPartState = solidMM, inside
	return n
}

func lungRADS(t *testing.T, n g.Nodule) g.Suggestion {
	t.Helper()
	s, err := g.LungRADS(n, screened)
	require.NoError(t, err)
	require.Equal(t, g.CalculatedToBeConfirmed, s.Caveat)
	require.Equal(t, g.LungRADS2022, s.Guideline)
	return s
}

// Every row of the facts sheet's table, on both sides of each bound.
func TestLungRADSByDiameter(t *testing.T) {
	for _, c := range []struct {
		why  string
		n    g.Nodule
		want g.Category
		rule string
	}{
		{"solid at baseline, the smallest", seen(g.Solid, g.Baseline, 0.1), "2", "LR.SOLID.SIZE.2"},
		{"solid at baseline below 6", seen(g.Solid, g.Baseline, 5.9), "2", "LR.SOLID.SIZE.2"},
		{"solid at baseline from 6", seen(g.Solid, g.Baseline, 6), "3", "LR.SOLID.SIZE.3"},
		{"solid at baseline below 8", seen(g.Solid, g.Baseline, 7.9), "3", "LR.SOLID.SIZE.3"},
		{"solid at baseline from 8", seen(g.Solid, g.Baseline, 8), "4A", "LR.SOLID.SIZE.4A"},
		{"solid at baseline below 15", seen(g.Solid, g.Baseline, 14.9), "4A", "LR.SOLID.SIZE.4A"},
		{"solid at baseline from 15", seen(g.Solid, g.Baseline, 15), "4B", "LR.SOLID.SIZE.4B"},
		{"unchanged is classed by size too: below 6", seen(g.Solid, g.Stable, 5.9), "2", "LR.SOLID.SIZE.2"},
		{"unchanged, from 6", seen(g.Solid, g.Stable, 6), "3", "LR.SOLID.SIZE.3"},
		{"unchanged, from 8", seen(g.Solid, g.Stable, 8), "4A", "LR.SOLID.SIZE.4A"},
		{"unchanged, from 15", seen(g.Solid, g.Stable, 15), "4B", "LR.SOLID.SIZE.4B"},

		{"new solid below 4", seen(g.Solid, g.New, 3.9), "2", "LR.SOLID.NEW.2"},
		{"new solid from 4", seen(g.Solid, g.New, 4), "3", "LR.SOLID.NEW.3"},
		{"new solid below 6", seen(g.Solid, g.New, 5.9), "3", "LR.SOLID.NEW.3"},
		{"new solid from 6", seen(g.Solid, g.New, 6), "4A", "LR.SOLID.NEW.4A"},
		{"new solid below 8", seen(g.Solid, g.New, 7.9), "4A", "LR.SOLID.NEW.4A"},
		{"new solid from 8", seen(g.Solid, g.New, 8), "4B", "LR.SOLID.NEW.4B"},

		{"growing solid below 8", seen(g.Solid, g.Growing, 7.9), "4A", "LR.SOLID.GROWING.4A"},
		{"growing solid from 8", seen(g.Solid, g.Growing, 8), "4B", "LR.SOLID.GROWING.4B"},

		{"part-solid at baseline below 6", part(g.Baseline, "", 5.9, 5), "2", "LR.PARTSOLID.SIZE.2"},
		{"part-solid from 6, the part below 6", part(g.Baseline, "", 6, 5.9), "3", "LR.PARTSOLID.SIZE.3"},
		{"a large one with a small part", part(g.Baseline, "", 25, 5.9), "3", "LR.PARTSOLID.SIZE.3"},
		{"the part from 6", part(g.Baseline, "", 12, 6), "4A", "LR.PARTSOLID.SIZE.4A"},
		{"the part below 8", part(g.Baseline, "", 12, 7.9), "4A", "LR.PARTSOLID.SIZE.4A"},
		{"the part from 8", part(g.Baseline, "", 12, 8), "4B", "LR.PARTSOLID.SIZE.4B"},
		{"part-solid unchanged", part(g.Stable, g.Stable, 12, 7.9), "4A", "LR.PARTSOLID.SIZE.4A"},

		{"new part-solid below 6", part(g.New, "", 5.9, 3.9), "3", "LR.PARTSOLID.NEW.3"},
		{"new part-solid below 6 with 4 mm of solid part fits two rows", part(g.New, "", 5.9, 4), "4B", "LR.PARTSOLID.NEW.4B.SMALL"},
		{"new part-solid from 6, the part below 4", part(g.New, "", 6, 3.9), "4A", "LR.PARTSOLID.NEW.4A"},
		{"new part-solid from 6, the part from 4", part(g.New, "", 6, 4), "4B", "LR.PARTSOLID.NEW.4B"},

		{"the solid part is new, below 4", part(g.Stable, g.New, 12, 3.9), "4A", "LR.PARTSOLID.PART.4A"},
		{"the solid part is new, from 4", part(g.Stable, g.New, 12, 4), "4B", "LR.PARTSOLID.PART.4B"},
		{"the solid part grows, below 4", part(g.Growing, g.Growing, 12, 3.9), "4A", "LR.PARTSOLID.PART.4A"},
		{"the solid part grows, from 4", part(g.Growing, g.Growing, 12, 4), "4B", "LR.PARTSOLID.PART.4B"},
		{"the solid part grows in a small nodule", part(g.Growing, g.Growing, 5, 2), "4A", "LR.PARTSOLID.PART.4A"},

		{"non-solid at baseline below 30", seen(g.NonSolid, g.Baseline, 29.9), "2", "LR.NONSOLID.SMALL.2"},
		{"non-solid new below 30", seen(g.NonSolid, g.New, 29.9), "2", "LR.NONSOLID.SMALL.2"},
		{"non-solid growing below 30", seen(g.NonSolid, g.Growing, 29.9), "2", "LR.NONSOLID.SMALL.2"},
		{"non-solid at baseline from 30", seen(g.NonSolid, g.Baseline, 30), "3", "LR.NONSOLID.LARGE.3"},
		{"non-solid new from 30", seen(g.NonSolid, g.New, 30), "3", "LR.NONSOLID.LARGE.3"},
		{"non-solid stable from 30", seen(g.NonSolid, g.Stable, 30), "2", "LR.NONSOLID.LARGE.2"},
		{"non-solid slowly growing from 30", seen(g.NonSolid, g.SlowlyGrowing, 30), "2", "LR.NONSOLID.LARGE.2"},

		{"slow growth of a solid nodule", seen(g.Solid, g.SlowlyGrowing, 5), "4B", "LR.SLOW.4B"},
		{"slow growth of a part-solid nodule", part(g.SlowlyGrowing, g.Stable, 9, 2), "4B", "LR.SLOW.4B"},
		{"slow growth of the solid part", part(g.Stable, g.SlowlyGrowing, 9, 2), "4B", "LR.SLOW.4B"},

		{"benign calcification or fat", seen(g.CalcifiedBenign, g.Baseline, 12), "1", "LR.BENIGN.1"},
		{"also where it was not measured", seen(g.CalcifiedBenign, g.Baseline, 0), "1", "LR.BENIGN.1"},
		{"benign but growing", seen(g.CalcifiedBenign, g.Growing, 12), "1", "LR.BENIGN.1.GROWING"},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := lungRADS(t, c.n)
			require.Empty(t, s.Withheld)
			require.Equal(t, c.want, s.Category)
			require.Equal(t, c.rule, s.Rule)
			require.NotEmpty(t, s.Now)
		})
	}
}

// The volumes of the table, in mm3, where there is no diameter.
func TestLungRADSByVolume(t *testing.T) {
	for _, c := range []struct {
		kind  g.Type
		state g.State
		mm3   float64
		want  g.Category
	}{
		{g.Solid, g.Baseline, 112, "2"}, {g.Solid, g.Baseline, 113, "3"}, {g.Solid, g.Baseline, 267, "3"}, {g.Solid, g.Baseline, 268, "4A"},
		{g.Solid, g.Baseline, 1766, "4A"}, {g.Solid, g.Baseline, 1767, "4B"},
		{g.Solid, g.New, 33, "2"}, {g.Solid, g.New, 34, "3"}, {g.Solid, g.New, 112, "3"}, {g.Solid, g.New, 113, "4A"},
		{g.Solid, g.New, 267, "4A"}, {g.Solid, g.New, 268, "4B"},
		{g.Solid, g.Growing, 267, "4A"}, {g.Solid, g.Growing, 268, "4B"},
		{g.NonSolid, g.Baseline, 14136, "2"}, {g.NonSolid, g.Baseline, 14137, "3"},
		{g.NonSolid, g.Stable, 14137, "2"}, {g.NonSolid, g.SlowlyGrowing, 14137, "2"},
		{g.Solid, g.Baseline, 112.4, "2"}, {g.Solid, g.Baseline, 112.5, "3"}, // read to whole mm3
	} {
		n := seen(c.kind, c.state, 0)
		n.VolumeMM3, n.VolumeReliable = c.mm3, true
		s := lungRADS(t, n)
		require.Equal(t, c.want, s.Category, "%s %s %v mm3", c.kind, c.state, c.mm3)
		require.Equal(t, g.Used{By: g.ByVolume, VolumeMM3: math.Round(c.mm3)}, s.Used)

		n.VolumeReliable = false
		s = lungRADS(t, n)
		require.Equal(t, g.FactsMissing, s.Withheld, "a volume that is not reliable is no size")
		require.Equal(t, []g.Fact{g.FactSize}, s.Missing)
	}
}

// The sheet's sphere volumes: the cuts in mm and in mm3 are the same sizes.
func TestLungRADSVolumesAreThoseOfSpheres(t *testing.T) {
	for mm, mm3 := range map[float64]float64{4: 34, 6: 113, 8: 268, 10: 524, 15: 1767, 20: 4189, 30: 14137} {
		require.Equal(t, mm3, math.Round(math.Pi/6*mm*mm*mm))
	}
}

func TestLungRADSMeanOfTwoAxes(t *testing.T) {
	for _, c := range []struct {
		why         string
		long, short float64
		mean        float64
		want        g.Category
	}{
		{"to 0.1 mm, not to whole mm", 6.2, 5.6, 5.9, "2"},
		{"halves upwards", 6.0, 5.9, 6.0, "3"},
		{"exact although 0.1 has no exact binary form", 8.1, 7.7, 7.9, "3"},
		{"axes are read to 0.1 mm first", 6.04, 5.94, 6.0, "3"}, // 6.0 and 5.9
	} {
		s := lungRADS(t, g.Nodule{Type: g.Solid, State: g.Baseline, LongMM: c.long, ShortMM: c.short})
		require.Equal(t, c.mean, s.Used.MeanMM, c.why)
		require.Equal(t, c.want, s.Category, c.why)
	}
}

// A juxtapleural nodule is category 2 below 10 mm only with every part of the
// benign look said; else it is a solid nodule.
func TestLungRADSJuxtapleural(t *testing.T) {
	look := func(state g.State, mm float64, smooth g.Answer, shape g.Shape) g.Nodule {
		n := seen(g.Solid, state, mm)
		n.Juxtapleural, n.Smooth, n.Shape = g.Yes, smooth, shape
		return n
	}
	for _, c := range []struct {
		why     string
		n       g.Nodule
		want    g.Category
		missing []g.Fact
	}{
		{"below 10, oval", look(g.Baseline, 9.9, g.Yes, g.Oval), "2", nil},
		{"lentiform", look(g.Baseline, 9.9, g.Yes, g.Lentiform), "2", nil},
		{"triangular, new", look(g.New, 9.9, g.Yes, g.Triangular), "2", nil},
		{"from 10 as solid", look(g.Baseline, 10, g.Yes, g.Oval), "4A", nil},
		{"not smooth", look(g.Baseline, 9.9, g.No, g.Oval), "4A", nil},
		{"another shape", look(g.Baseline, 9.9, g.Yes, g.OtherShape), "4A", nil},
		{"growing", look(g.Growing, 9.9, g.Yes, g.Oval), "4B", nil},
		{"shape not said", look(g.Baseline, 9.9, g.Yes, ""), "4A", []g.Fact{g.FactShape}},
		{"margin not said", look(g.Baseline, 9.9, "", g.Oval), "4A", []g.Fact{g.FactShape}},
		{"margin not said, but the shape rules it out", look(g.Baseline, 9.9, "", g.OtherShape), "4A", nil},
	} {
		s := lungRADS(t, c.n)
		require.Equal(t, c.want, s.Category, c.why)
		require.Equal(t, c.missing, s.Missing, c.why)
	}
	for mm3, want := range map[float64]g.Category{523: "2", 524: "4A"} {
		n := look(g.Baseline, 0, g.Yes, g.Oval)
		n.VolumeMM3, n.VolumeReliable = mm3, true
		require.Equal(t, want, lungRADS(t, n).Category, "%v mm3", mm3)
	}
	n := look(g.Baseline, 7, g.Yes, g.Oval)
	n.Type = g.NonSolid
	require.Equal(t, "LR.NONSOLID.SMALL.2", lungRADS(t, n).Rule, "solid ones only")
}

func TestLungRADSAirway(t *testing.T) {
	for _, c := range []struct {
		a    g.Airway
		want g.Category
		why  g.Reason
	}{
		{g.Airway{Level: g.Subsegmental, State: g.Baseline}, "2", ""},
		{g.Airway{Level: g.Subsegmental, State: g.Baseline, Infectious: g.Yes}, "0", ""},
		{g.Airway{Level: g.Subsegmental, State: g.Growing}, "", g.NoRow},
		{g.Airway{Level: g.Proximal, State: g.Baseline, Secretions: g.Yes}, "2", ""},
		{g.Airway{Level: g.Proximal, State: g.Baseline, Secretions: g.No}, "4A", ""},
		{g.Airway{Level: g.Proximal, State: g.Stable, Secretions: g.No}, "4B", ""},
		{g.Airway{Level: g.Proximal, State: g.Growing, Secretions: g.No}, "4B", ""},
		{g.Airway{Level: g.Proximal, State: g.New, Secretions: g.No}, "", g.NoRow},
		{g.Airway{Level: g.Proximal, State: g.Baseline}, "", g.FactsMissing},
		{g.Airway{State: g.Baseline}, "", g.FactsMissing},
		{g.Airway{Level: g.Proximal, Secretions: g.No}, "", g.StateNotKnown},
	} {
		s, err := g.LungRADSAirway(c.a, screened)
		require.NoError(t, err)
		require.Equal(t, c.want, s.Category, "%+v", c.a)
		require.Equal(t, c.why, s.Withheld, "%+v", c.a)
	}
	_, err := g.LungRADSAirway(g.Airway{Level: "tracheal"}, screened)
	require.ErrorIs(t, err, g.ErrInput)
}

func TestLungRADSCyst(t *testing.T) {
	for _, c := range []struct {
		wall  float64
		signs []g.CystSign
		want  g.Category
		why   g.Reason
		ask   []g.Question
	}{
		{1.9, nil, "", g.NotClassified, nil}, // thin
		{2, nil, "4A", "", nil},              // thick
		{2, []g.CystSign{g.CysticPartGrows}, "3", "", []g.Question{g.AskTwoRows}},
		{1.9, []g.CystSign{g.CysticPartGrows}, "", g.NotClassified, nil},
		{1, []g.CystSign{g.MultilocularAtFirst}, "4A", "", nil},
		{1, []g.CystSign{g.BecomesMultilocular}, "4A", "", nil},
		{3, []g.CystSign{g.WallGrows}, "4B", "", nil},
		{1, []g.CystSign{g.MultilocularAtFirst, g.MultilocularGrows}, "4B", "", nil},
		{1, []g.CystSign{g.MoreLoculesOrOpacity}, "4B", "", nil},
		{3, []g.CystSign{g.FluidInside}, "", g.NotClassified, nil},
		{3, []g.CystSign{g.SeveralCysts, g.WallGrows}, "", g.NotClassified, nil},
		{0, nil, "", g.FactsMissing, nil},
	} {
		s, err := g.LungRADSCyst(g.Cyst{WallMM: c.wall, Signs: c.signs}, screened)
		require.NoError(t, err)
		require.Equal(t, c.want, s.Category, "%v %v", c.wall, c.signs)
		require.Equal(t, c.why, s.Withheld, "%v %v", c.wall, c.signs)
		require.Equal(t, c.ask, s.NeedsRadiologist, "%v %v", c.wall, c.signs)
	}
	for _, c := range []g.Cyst{{WallMM: math.NaN()}, {WallMM: -1}, {Signs: []g.CystSign{"round"}}} {
		_, err := g.LungRADSCyst(c, screened)
		require.ErrorIs(t, err, g.ErrInput)
	}
}
