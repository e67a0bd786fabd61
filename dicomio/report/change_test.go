package report_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/report"
	"nafas/inference/prior"
)

func TestWhatChangedIsSaid(t *testing.T) {
	before := &report.Compared{Date: "20251201", Days: 90}
	growing := &prior.Growth{VolumeChange: .87, VolumeChangeLow: .5, VolumeChangeHigh: 1.3, DoublingDays: 99.7, DoublingDaysShort: 75, DoublingDaysLong: 154, Trend: prior.TrendGrowing}
	endless := &prior.Growth{VolumeChange: .05, VolumeChangeLow: -.1, VolumeChangeHigh: .2, DoublingDays: 1279, DoublingDaysShort: 342, Trend: prior.TrendStable}
	for _, c := range []struct {
		change prior.Change
		want   string
	}{
		{prior.Change{State: prior.New}, "not seen there, new"},
		{prior.Change{State: prior.Unpaired}, "it cannot be said whether it was there"},
		{prior.Change{State: prior.Paired, DiameterChangeMM: 2.4, DiameterErrorMM: .7, Growth: growing},
			"mean diameter +2.4 mm (± 0.7), volume +87 % (+50 to +130 %), growing, volume doubling time 100 days (75 to 154)"},
		{prior.Change{State: prior.Paired, DiameterErrorMM: .7, Growth: endless},
			"mean diameter +0.0 mm (± 0.7), volume +5 % (-10 to +20 %), stable, volume doubling time 1279 days (342 or more)"},
		{prior.Change{State: prior.Paired, NoGrowth: []prior.Reason{prior.KernelDiffers, prior.NotMeasured}},
			"no growth by volume (another kernel, not measured in both)"},
	} {
		require.Equal(t, "Compared with the study of 2025-12-01, 90 days before: "+c.want+". Calculated, to be confirmed.",
			report.ChangeIn(report.English, before, &c.change))
	}
	paired := &prior.Change{State: prior.Paired}
	require.Empty(t, report.ChangeIn(report.English, nil, paired))
	require.Empty(t, report.ChangeIn(report.English, before, nil))
	require.Empty(t, report.ChangeIn(report.English, &report.Compared{Not: "why"}, paired))
	require.Empty(t, report.ChangeIn(report.English, &report.Compared{Refused: prior.LungsDiffer}, paired))
}

// French has a comma, Arabic a mark of direction before what holds figures and signs.
func TestFiguresOfAChange(t *testing.T) {
	before := &report.Compared{Date: "20251201", Days: 3}
	change := &prior.Change{State: prior.Paired, DiameterChangeMM: 2.4, DiameterErrorMM: .7, Growth: &prior.Growth{VolumeChange: .87, VolumeChangeLow: .5, VolumeChangeHigh: 1.3}}
	french, arabic := report.ChangeIn(report.French, before, change), report.ChangeIn(report.Arabic, before, change)
	require.Contains(t, french, "diamètre moyen +2,4 mm (± 0,7)")
	require.Contains(t, arabic, "متوسط القطر \u200e+2.4 mm (\u200e± 0.7)")
	require.Contains(t, arabic, "الحجم \u200e+87% (من \u200e+50 إلى \u200e+130%)")
	require.Contains(t, arabic, "(قبل 3 أيام)")
}

func TestWhatWasComparedIsSaid(t *testing.T) {
	for _, c := range []struct {
		compared report.Compared
		want     string
	}{
		{report.Compared{}, "Compared with the study of 2025-12-01, 90 days before."},
		{report.Compared{Gone: 1, Unpaired: 2}, "Compared with the study of 2025-12-01, 90 days before." +
			" Earlier findings that are not seen any more: 1. Earlier findings of which this cannot be said: 2."},
		{report.Compared{Not: "its images were deleted"}, "Not compared with the study of 2025-12-01, 90 days before: its images were deleted. Compare by eye."},
		{report.Compared{Refused: prior.LungsDiffer}, "Not compared with the study of 2025-12-01, 90 days before: the lungs could not be laid over each other. Compare by eye."},
	} {
		c.compared.Date, c.compared.Days = "20251201", 90
		require.Equal(t, c.want, c.compared.Sentence(report.English))
	}
}

// compared has what changed: its first finding has grown, the rest is new.
func compared(r report.Result) report.Result {
	r.Key, r.FoundKey = "key of a comparison", r.Key
	r.Compared = &report.Compared{Date: "20251201", Days: 90, Gone: 1}
	for i := range r.Findings {
		r.Findings[i].Change = &prior.Change{State: prior.New}
	}
	r.Findings[0].Change = &prior.Change{State: prior.Paired, DiameterChangeMM: 2.4, DiameterErrorMM: .7, Growth: &prior.Growth{VolumeChange: .87, DoublingDays: 100, DoublingDaysShort: 75, Trend: prior.TrendGrowing}}
	return r
}

// texts of the comments right below an item.
func texts(n *node) (out []string) {
	for _, c := range n.children {
		if (row{c.relationship, c.valueType, c.concept}) == (row{"CONTAINS", "TEXT", "121106 DCM"}) {
			out = append(out, c.elems.Texts(tag.TextValue, []string{"ISO_IR 192"})...)
		}
	}
	return out
}

// What changed stands with each finding, and what was compared after all of
// them; a finding keeps its name through every comparison.
func TestChangesInAReport(t *testing.T) {
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		plain := result(t, l)
		r := compared(result(t, l))
		data, err := r.SR()
		require.NoError(t, err)
		root := tree(t, data)
		require.NoError(t, checkRows(root))
		words := root.find(row{"CONTAINS", "CONTAINER", "C0034375 UMLS"})
		require.NotNil(t, words)
		require.Equal(t, []string{r.Compared.Sentence(l)}, texts(words))
		group := root.find(row{"CONTAINS", "CONTAINER", "126010 DCM"}).children[0]
		require.Contains(t, texts(group), report.ChangeIn(l, r.Compared, r.Findings[0].Change))
		require.NotEqual(t, plain.SRInstance(), r.SRInstance(), "other words, another object")
		require.Equal(t, plain.TrackingUID(plain.Findings[0]), r.TrackingUID(r.Findings[0]))
		require.Contains(t, r.Sentences(l), r.Compared.Sentence(l), "where nothing was found, too")
	}
}

// Every word is there in every language, and none is left in another one.
func TestChangesAreSaidInEachLanguage(t *testing.T) {
	reasons := []prior.Reason{prior.ThicknessDiffers, prior.ThicknessTooLarge, prior.KernelDiffers, prior.KernelUnknown, prior.NotMeasured, prior.ShortInterval}
	said := map[string]report.Language{}
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		before := &report.Compared{Date: "20251201", Days: 90, Gone: 1, Unpaired: 1}
		all := []string{before.Sentence(l), report.Compared{Refused: prior.LungsDiffer}.Sentence(l)}
		for _, state := range []prior.State{prior.New, prior.Unpaired} {
			all = append(all, report.ChangeIn(l, before, &prior.Change{State: state}))
		}
		for _, trend := range []prior.Trend{prior.TrendGrowing, prior.TrendStable, prior.TrendShrinking, prior.TrendUnclear} {
			all = append(all, report.ChangeIn(l, before, &prior.Change{State: prior.Paired, DiameterErrorMM: 1, Growth: &prior.Growth{Trend: trend, DoublingDays: 1}}))
		}
		for _, r := range reasons {
			all = append(all, report.ChangeIn(l, before, &prior.Change{State: prior.Paired, NoGrowth: []prior.Reason{r}}))
		}
		for _, s := range all {
			require.NotContains(t, s, "()", l)
			require.NotContains(t, s, "%!", l)
			require.NotContains(t, s, ": .", l)
			other, twice := said[s]
			require.False(t, twice, "%s and %s: %s", l, other, s)
			said[s] = l
		}
	}
}
