package guideline_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	g "nafas/inference/guideline"
)

// person has every fact of the Brock model said.
func person(age int, sex g.Sex, family, emphysema g.Answer) g.Patient {
	return g.Patient{AgeYears: &age, Sex: sex, FamilyHistory: family, Emphysema: emphysema, Screening: g.Yes, KnownLungCancer: g.No}
}

// place is a nodule with every fact of the Brock model said.
func place(t g.Type, mm float64, upper g.Answer, count int, spiculated g.Answer) g.Nodule {
	return g.Nodule{Type: t, State: g.Baseline, LongMM: mm, UpperLobe: upper, Count: count, Spiculated: spiculated}
}

// The facts sheet's check cases, to the digits it gives.
func TestBrockCheckCases(t *testing.T) {
	for _, c := range []struct {
		why   string
		n     g.Nodule
		p     g.Patient
		x, p0 float64
	}{
		{"62 y man, 4 mm solid, count 4, nothing else", place(g.Solid, 4, g.No, 4, g.No), person(62, g.Male, g.No, g.No), -6.7892, 0.001125},
		{"62 y man, 6 mm solid, count 4", place(g.Solid, 6, g.No, 4, g.No), person(62, g.Male, g.No, g.No), -5.226656, 0.005343},
		{"60 y man, 8 mm solid, upper lobe, count 1", place(g.Solid, 8, g.Yes, 1, g.No), person(60, g.Male, g.No, g.No), -3.447295, 0.030850},
		{"60 y woman, all, 10 mm part-solid", place(g.PartSolid, 10, g.Yes, 1, g.Yes), person(60, g.Female, g.Yes, g.Yes), -0.469235, 0.384797},
		{"70 y woman, 15 mm solid", place(g.Solid, 15, g.Yes, 1, g.Yes), person(70, g.Female, g.No, g.Yes), 0.132904, 0.533177},
		{"55 y man, 5 mm non-solid, count 6", place(g.NonSolid, 5, g.No, 6, g.No), person(55, g.Male, g.No, g.No), -6.383541, 0.001686},
	} {
		r, err := g.Brock(c.n, c.p)
		require.NoError(t, err)
		require.True(t, r.Given(), c.why)
		require.InDelta(t, c.x, *r.X, 1e-6, c.why)
		require.InDelta(t, c.p0, *r.Probability, 1e-6, c.why)
		require.Equal(t, g.CalculatedToBeConfirmed, r.Caveat)
		require.Equal(t, []g.Unverified{g.UnverifiedBrockSize}, r.Unverified)
	}
}

// The other source has the same model uncentred, with the constant 0.2761.
func TestBrockIsItsUncentredForm(t *testing.T) {
	for _, mm := range []float64{1, 4, 9.3, 30} {
		r, err := g.Brock(place(g.PartSolid, mm, g.Yes, 3, g.Yes), person(71, g.Female, g.Yes, g.Yes))
		require.NoError(t, err)
		x := 0.2761 + 0.0287*71 + 0.6011 + 0.2961 + 0.2953 - 5.3854*math.Pow(mm/10, -0.5) + 0.3770 + 0.6581 - 0.0824*3 + 0.7729
		require.InDelta(t, x, *r.X, 1e-4)
	}
}

// What is not known is missing, and never taken as no.
func TestBrockNeedsEveryFact(t *testing.T) {
	full, who := place(g.Solid, 8, g.Yes, 1, g.No), person(60, g.Male, g.No, g.No)
	for fact, lacking := range map[g.Fact]func(*g.Nodule, *g.Patient){
		g.FactAge:         func(_ *g.Nodule, p *g.Patient) { p.AgeYears = nil },
		g.FactSex:         func(_ *g.Nodule, p *g.Patient) { p.Sex = "" },
		g.FactFamily:      func(_ *g.Nodule, p *g.Patient) { p.FamilyHistory = "" },
		g.FactEmphysema:   func(_ *g.Nodule, p *g.Patient) { p.Emphysema = "" },
		g.FactLongAxis:    func(n *g.Nodule, _ *g.Patient) { n.LongMM, n.MeanMM = 0, 8 },
		g.FactType:        func(n *g.Nodule, _ *g.Patient) { n.Type = "" },
		g.FactUpperLobe:   func(n *g.Nodule, _ *g.Patient) { n.UpperLobe = "" },
		g.FactCount:       func(n *g.Nodule, _ *g.Patient) { n.Count = 0 },
		g.FactSpiculation: func(n *g.Nodule, _ *g.Patient) { n.Spiculated = "" },
	} {
		n, p := full, who
		lacking(&n, &p)
		r, err := g.Brock(n, p)
		require.NoError(t, err)
		require.Equal(t, []g.Fact{fact}, r.Missing)
		require.Equal(t, g.FactsMissing, r.Withheld)
		require.Nil(t, r.Probability)
		require.Nil(t, r.X)
	}
	r, err := g.Brock(g.Nodule{Type: g.Solid, LongMM: 8}, g.Patient{})
	require.NoError(t, err)
	require.Equal(t, []g.Fact{g.FactAge, g.FactSex, g.FactFamily, g.FactEmphysema, g.FactUpperLobe, g.FactCount, g.FactSpiculation}, r.Missing,
		"what images alone do not give")
}

func TestBrockIsValidFrom1To30(t *testing.T) {
	for mm, want := range map[float64]g.Reason{0.9: g.SizeOutOfRange, 1: "", 30: "", 30.1: g.SizeOutOfRange} {
		r, err := g.Brock(place(g.Solid, mm, g.No, 1, g.No), person(60, g.Male, g.No, g.No))
		require.NoError(t, err)
		require.Equal(t, want, r.Withheld, "%v mm", mm)
		require.Equal(t, want == "", r.Given())
	}
	r, err := g.Brock(place(g.CalcifiedBenign, 8, g.No, 1, g.No), person(60, g.Male, g.No, g.No))
	require.NoError(t, err)
	require.Equal(t, g.TypeNotCovered, r.Withheld)
}

func TestBrockSaysForWhomItWasValidated(t *testing.T) {
	for screening, want := range map[g.Answer][]g.Assumption{g.Yes: nil, g.No: {g.AssumesSmoker}, g.Unsaid: {g.AssumesSmoker}} {
		p := person(60, g.Male, g.No, g.No)
		p.Screening = screening
		r, err := g.Brock(place(g.Solid, 8, g.No, 1, g.No), p)
		require.NoError(t, err)
		require.Equal(t, want, r.Assumptions)
	}
}
