package report_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/report"
	"nafas/inference/finding"
)

var (
	allSides = []finding.Side{finding.SideLeft, finding.SideRight, finding.SideUnknown}
	allLobes = []finding.Lobe{finding.LobeRightUpper, finding.LobeRightMiddle, finding.LobeRightLower, finding.LobeLeftUpper, finding.LobeLeftLower, finding.LobeUnknown}
)

// placed gives the findings places, one of each lobe of their side in turn.
func placed(r report.Result) report.Result {
	r.Key, r.Findings = "key of places", slices.Clone(r.Findings)
	of := map[finding.Side][]finding.Lobe{}
	for _, l := range allLobes {
		of[l.Side()] = append(of[l.Side()], l)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		list := append(slices.Clone(of[f.Side]), finding.LobeUnknown)
		f.Place = &finding.Place{
			Side: f.Side, Lobe: list[i%len(list)], Zone: finding.ZoneUpper, Estimated: true, PleuraMM: 12.34, FissureSeen: true, FissureMM: 1.96, Perifissural: true,
		}
	}
	return r
}

// siteOf is what the first group of a report says of where its finding lies.
func siteOf(t *testing.T, r report.Result) (site, side, words string) {
	t.Helper()
	data, err := r.SR()
	require.NoError(t, err)
	root := tree(t, data)
	require.NoError(t, checkRows(root))
	g := root.find(rows1500[len(rows1500)-1]).children[0]
	n := g.find(row{"HAS CONCEPT MOD", "CODE", "363698007 SCT"})
	site = codeOf(n.elems.Sequence(tag.ConceptCodeSequence)[0])
	if of := n.find(row{"HAS CONCEPT MOD", "CODE", "272741003 SCT"}); of != nil {
		side = codeOf(of.elems.Sequence(tag.ConceptCodeSequence)[0])
	}
	if said := g.find(row{"CONTAINS", "TEXT", "121106 DCM"}); said != nil {
		words = strings.Join(said.elems.Texts(tag.TextValue, []string{"ISO_IR 192"}), "")
	}
	return site, side, words
}

func TestTheSiteIsTheLobe(t *testing.T) {
	const left, right, lung = "7771000 SCT", "24028007 SCT", "39607008 SCT"
	for _, c := range []struct {
		why        string
		side       finding.Side
		place      *finding.Place
		site, lies string
		words      string
	}{
		{"right upper", finding.SideRight, &finding.Place{Side: finding.SideRight, Lobe: finding.LobeRightUpper, Zone: finding.ZoneUpper, PleuraMM: 12.34}, "45653009 SCT", right,
			"Estimated place: right upper lobe, upper third of the lung, 12.3 mm from the pleura."},
		{"right middle", finding.SideRight, &finding.Place{Side: finding.SideRight, Lobe: finding.LobeRightMiddle, Zone: finding.ZoneMiddle, PleuraMM: 2, Juxtapleural: true}, "72481006 SCT", right,
			"Estimated place: right middle lobe, middle third of the lung, 2.0 mm from the pleura (juxtapleural)."},
		{"right lower", finding.SideRight, &finding.Place{Side: finding.SideRight, Lobe: finding.LobeRightLower, Zone: finding.ZoneLower}, "90572001 SCT", right,
			"Estimated place: right lower lobe, lower third of the lung, 0.0 mm from the pleura."},
		{"left upper", finding.SideLeft, &finding.Place{Side: finding.SideLeft, Lobe: finding.LobeLeftUpper, PleuraMM: 9, FissureSeen: true, FissureMM: 1, Perifissural: true}, "45653009 SCT", left,
			"Estimated place: left upper lobe, 9.0 mm from the pleura, 1.0 mm from a fissure (perifissural)."},
		{"left lower", finding.SideLeft, &finding.Place{Side: finding.SideLeft, Lobe: finding.LobeLeftLower, PleuraMM: 9, FissureSeen: true, FissureMM: 7}, "90572001 SCT", left,
			"Estimated place: left lower lobe, 9.0 mm from the pleura, 7.0 mm from a fissure."},
		{"fissures were not seen", finding.SideLeft, &finding.Place{Side: finding.SideLeft, Zone: finding.ZoneUpper, PleuraMM: 9}, lung, left,
			"Estimated place: left lung, upper third of the lung, 9.0 mm from the pleura."},
		{"in neither lung", finding.SideUnknown, &finding.Place{}, lung, "", ""},
		{"a result of an older version", finding.SideLeft, nil, lung, left, ""},
		{"a place of the other side", finding.SideLeft, &finding.Place{Side: finding.SideRight, Lobe: finding.LobeRightLower}, lung, left, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := result(t, report.English)
			r.Findings[0].Side, r.Findings[0].Place = c.side, c.place
			site, side, words := siteOf(t, r)
			require.Equal(t, []string{c.site, c.lies, c.words}, []string{site, side, words})
		})
	}
}

// Whatever a place says, no lobe is written of a side that is not the finding's.
func TestNoLobeOfTheOtherSide(t *testing.T) {
	for _, side := range allSides {
		for _, of := range allSides {
			for _, lobe := range allLobes {
				f := report.Finding{Finding: finding.Finding{Side: side}, Place: &finding.Place{Side: of, Lobe: lobe}}
				named := f.Lobe()
				require.True(t, named == finding.LobeUnknown || named == lobe && lobe.Side() == side, "%q of %q on the %q", named, lobe, side)
				for _, l := range []report.Language{report.English, report.French, report.Arabic} {
					said := report.PlaceIn(l, f)
					for _, other := range allLobes {
						if other != finding.LobeUnknown && other.Side() != side {
							require.NotContains(t, said, report.LobeIn(l, other))
						}
					}
				}
			}
		}
	}
}

func TestPlacesInEveryLanguage(t *testing.T) {
	for l, want := range map[report.Language]string{
		report.English: "Estimated place: left upper lobe, upper third of the lung, 12.3 mm from the pleura, 2.0 mm from a fissure (perifissural).",
		report.French:  "Localisation estimée : lobe supérieur gauche, tiers supérieur du poumon, à 12,3 mm de la plèvre, à 2,0 mm d'une scissure (péri-scissural).",
		report.Arabic:  "الموضع التقديري: الفص العلوي الأيسر، الثلث العلوي من الرئة، على بعد \u200e12.3 mm من الجنبة، على بعد \u200e2.0 mm من شق (حول الشق).",
	} {
		_, _, words := siteOf(t, placed(result(t, l)))
		require.Equal(t, want, words)
		for _, lobe := range allLobes {
			require.Equal(t, lobe == finding.LobeUnknown, report.LobeIn(l, lobe) == "", lobe)
		}
	}
}

// suggested has what guidelines suggest.
func suggested(r report.Result) report.Result {
	r.Key = "key of suggestions"
	r.Suggested = map[report.Language][]string{
		report.English: {"Calculated from AI measurements, to be confirmed by a radiologist.", "Lung-RADS 2022, exam: Lung-RADS 4A: suspicious."},
		report.French:  {"Calculé à partir de mesures par IA, à confirmer par un radiologue.", "Lung-RADS 2022, examen : Lung-RADS 4A : suspect."},
		report.Arabic:  {"محسوب من قياسات الذكاء الاصطناعي، ويلزم تأكيده من طبيب الأشعة.", "Lung-RADS 2022، الفحص: Lung-RADS 4A: مشتبه به."},
	}[r.Language]
	return r
}

// What guidelines suggest stands apart from the measurements, the caveat first.
func TestSuggestionsInAReport(t *testing.T) {
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		r := suggested(result(t, l))
		data, err := r.SR()
		require.NoError(t, err)
		root := tree(t, data)
		require.NoError(t, checkRows(root))
		words := root.find(row{"CONTAINS", "CONTAINER", "C0034375 UMLS"})
		require.NotNil(t, words)
		var said []string
		for _, c := range words.children {
			require.Equal(t, row{"CONTAINS", "TEXT", "121106 DCM"}, row{c.relationship, c.valueType, c.concept})
			said = append(said, c.elems.Texts(tag.TextValue, []string{"ISO_IR 192"})...)
		}
		require.Equal(t, r.Suggested, said)
		plain, other := r, r
		plain.Suggested = nil
		other.Suggested = r.Suggested[:1]
		require.NotEqual(t, plain.SRInstance(), r.SRInstance(), "other words, another object")
		require.NotEqual(t, other.SRInstance(), r.SRInstance())
		data, err = plain.SR()
		require.NoError(t, err)
		require.Nil(t, tree(t, data).find(row{"CONTAINS", "CONTAINER", "C0034375 UMLS"}))
		data, err = failed(r).SR()
		require.NoError(t, err)
		require.NotContains(t, string(data), r.Suggested[1], "a failure suggests nothing")
	}
}
