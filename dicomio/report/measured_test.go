package report_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/report"
	"nafas/inference/measure"
	"nafas/inference/volume"
)

// measuredBy is measure.Method as objects say it: name and version.
var measuredBy = [2]string{"radial border", "2"}

// everyKind are the kinds that a measurement tells, and one that it does not.
var everyKind = []measure.Kind{measure.KindSolid, measure.KindPartSolid, measure.KindGroundGlass, measure.KindCalcified, measure.KindUnknown}

// measured gives the first findings of a result measurements of these kinds.
func measured(r report.Result, kinds ...measure.Kind) report.Result {
	r.Key, r.Findings = "key of measurements", slices.Clone(r.Findings)
	for i, k := range kinds {
		f := &r.Findings[i]
		f.Measured = &report.Measured{Method: "radial border 2", Measurement: measure.Measurement{
			CenterLPSMM: f.CenterLPSMM.Add(volume.Vec3{.31, -.27, .12}), VolumeMM3: 214.3 + float64(i), LongAxisMM: 8.6, ShortAxisMM: 6.8,
			MeanDiameterMM: 7.7, MeanHU: -31.4, MinHU: -512, MaxHU: 88, Kind: k, KindConfidence: .9,
		}}
	}
	return r
}

// segments are masks of the findings that were measured, and spheres of the
// others.
func segments(t testing.TB, r report.Result, g report.Grid) []report.Segment {
	t.Helper()
	out := spheres(t, r, g)
	for i, f := range r.Findings {
		if f.Measured == nil {
			continue
		}
		out[i].Making = report.MeasuredBody
		// No ball: the first row of its box, and what lies below every second
		// voxel of it.
		m := &out[i].Mask
		for at := range m.In {
			m.In[at] = at/m.Size[0]%m.Size[1] == 0 || at%2 == 0
		}
	}
	return out
}

var rowsMeasured = []row{
	{"CONTAINS", "NUM", "118565006 SCT"},
	{"CONTAINS", "NUM", "103339001 SCT"},
	{"CONTAINS", "NUM", "103340004 SCT"},
	{"CONTAINS", "NUM", "112031 DCM"},
	{"CONTAINS", "CODE", "C41144 NCIt"},
	{"CONTAINS", "CODE", "112030 DCM"},
}

// checkMeasured says what of a group is not what was measured. Rows that nothing
// was measured for must not be there either.
func checkMeasured(r report.Result, f report.Finding, g *node) error {
	mm, mean, by := f.MeanDiameterMM, "373098007 SCT", [2]string{r.Algorithm.Name, r.Algorithm.Version}
	want := map[string]string{}
	if m := f.Measured; m != nil {
		mm, by = m.MeanDiameterMM, measuredBy
		want["118565006 SCT"], want["112031 DCM"] = fmt.Sprint(m.VolumeMM3, " mm3 UCUM"), fmt.Sprint(m.MeanHU, " [hnsf'U] UCUM")
		want["103339001 SCT"], want["103340004 SCT"] = fmt.Sprint(m.LongAxisMM, " mm UCUM"), fmt.Sprint(m.ShortAxisMM, " mm UCUM")
		want["C41144 NCIt"] = map[measure.Kind]string{
			measure.KindSolid: "RID50151 RADLEX", measure.KindCalcified: "RID50151 RADLEX",
			measure.KindPartSolid: "RID50152 RADLEX", measure.KindGroundGlass: "RID50153 RADLEX",
		}[m.Kind]
		if m.Kind == measure.KindCalcified {
			want["112030 DCM"] = "18115005 SCT"
		}
	}
	want["81827009 SCT"] = fmt.Sprint(mm, " mm UCUM")
	for _, of := range append(slices.Clone(rowsMeasured), row{"CONTAINS", "NUM", "81827009 SCT"}) {
		n := g.find(of)
		if n == nil || want[of.concept] == "" {
			if n != nil || want[of.concept] != "" {
				return fmt.Errorf("the row %v is there: %t", of, n != nil)
			}
			continue
		}
		got := ""
		if of.valueType == "CODE" {
			got = codeOf(n.elems.Sequence(tag.ConceptCodeSequence)[0])
		} else {
			value := n.elems.Sequence(tag.MeasuredValueSequence)[0]
			number, _ := value.String(tag.NumericValue)
			got = number + " " + codeOf(value.Sequence(tag.MeasurementUnitsCodeSequence)[0])
			for i, concept := range []string{"111001 DCM", "111003 DCM"} {
				name := n.find(row{"HAS CONCEPT MOD", "TEXT", concept})
				if name == nil {
					return fmt.Errorf("nobody gave %v", of)
				}
				if said, _ := name.elems.String(tag.TextValue); said != by[i] {
					return fmt.Errorf("%v was given by %s", of, said)
				}
			}
		}
		if got != want[of.concept] {
			return fmt.Errorf("%v is %s", of, got)
		}
		how := n.find(row{"HAS CONCEPT MOD", "CODE", "121401 DCM"})
		if averaged := of.concept == "81827009 SCT" || of.concept == "112031 DCM"; (how != nil) != averaged {
			return fmt.Errorf("%v has a derivation: %t", of, how != nil)
		}
		if how != nil && codeOf(how.elems.Sequence(tag.ConceptCodeSequence)[0]) != mean {
			return fmt.Errorf("%v has another derivation", of)
		}
	}
	return nil
}

// Each finding says what was measured of it and by what; one that could not be
// measured has the detector's size, and says that too.
func TestMeasuredRows(t *testing.T) {
	r, _ := resultOn(t, stack(t, "single frames"), report.French, append(usual(), usual()[:2]...)...)
	r = measured(r, everyKind...)
	data, err := r.SR()
	require.NoError(t, err)
	root := tree(t, data)
	require.NoError(t, checkRows(root))
	groups := root.find(rows1500[len(rows1500)-1]).children
	require.Len(t, groups, len(everyKind)+1)
	for i, g := range groups {
		require.NoError(t, checkMeasured(r, r.Findings[i], g))
	}
	// Every row, and every name below one, matters to the check.
	calcified := 3
	for at := range groups[calcified].children {
		broken := tree(t, data).find(rows1500[len(rows1500)-1]).children[calcified]
		n := broken.children[at]
		if !slices.Contains(append(rowsMeasured, rows1411[10]), row{n.relationship, n.valueType, n.concept}) {
			continue
		}
		for below := range n.children {
			kept := n.children
			n.children = slices.Delete(slices.Clone(kept), below, below+1)
			require.Error(t, checkMeasured(r, r.Findings[calcified], broken), n.concept)
			n.children = kept
		}
		broken.children = slices.Delete(broken.children, at, at+1)
		require.Error(t, checkMeasured(r, r.Findings[calcified], broken), n.concept)
	}
}

// The surface of a measured finding is the sphere of its volume about its
// centroid, so that the numbers of a group do not contradict it.
func TestTheSurfaceOfAMeasuredFinding(t *testing.T) {
	r := measured(result(t, report.English), measure.KindSolid)
	data, err := r.SR()
	require.NoError(t, err)
	g := tree(t, data).find(rows1500[len(rows1500)-1]).children[0]
	points, err := g.find(row{"CONTAINS", "SCOORD3D", "121231 DCM"}).elems.Floats(tag.GraphicData)
	require.NoError(t, err)
	m, spanned := r.Findings[0].Measured, 1.
	for axis := range 3 {
		lo, hi := math.Inf(1), math.Inf(-1)
		for p := range 6 {
			lo, hi = min(lo, points[3*p+axis]), max(hi, points[3*p+axis])
		}
		require.InDelta(t, m.CenterLPSMM[axis], (lo+hi)/2, 1e-3)
		spanned *= (hi - lo) / 2
	}
	require.InEpsilon(t, m.VolumeMM3, 4./3*math.Pi*spanned, 1e-3)
}

// Kinds are said in the language of the report.
func TestKindsInEveryLanguage(t *testing.T) {
	for l, want := range map[report.Language][]string{
		report.English: {"solid pulmonary nodule", "part-solid pulmonary nodule", "non-solid pulmonary nodule", "calcification"},
		report.French:  {"nodule pulmonaire solide", "partiellement solide", "verre dépoli", "Calcification"},
		report.Arabic:  {"عُقيدة رئوية صلبة", "صلبة جزئيًا", "الزجاج المطحون", "تكلّس"},
	} {
		r, _ := resultOn(t, stack(t, "single frames"), l, usual()...)
		data, err := measured(r, everyKind[:4]...).SR()
		require.NoError(t, err)
		for _, words := range want {
			require.Contains(t, string(data), words)
		}
	}
}

// A segment says of itself whether it was measured, and by what.
func TestMeasuredSegments(t *testing.T) {
	for l, want := range map[report.Language][2]string{
		report.English: {"border that a program measured (radial border 2)", "not a segmentation"},
		report.French:  {"contour mesuré par un logiciel (radial border 2)", "pas une segmentation"},
		report.Arabic:  {"الحدود التي قاسها برنامج (radial border 2)", "ليست تجزئة"},
	} {
		r, g := resultOn(t, stack(t, "multi-frame"), l, usual()...)
		r = measured(r, measure.KindSolid, measure.KindPartSolid)
		list := segments(t, r, g)
		data, err := r.SEG(g, list)
		require.NoError(t, err)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		items := f.Elements().Sequence(tag.SegmentSequence)
		require.Len(t, items, 4)
		for i, item := range items {
			by := measuredBy
			if i >= 2 {
				by = [2]string{r.Algorithm.Name, r.Algorithm.Version}
			}
			said, _ := item.String(tag.SegmentDescription)
			require.Contains(t, said, want[i/2])
			name, _ := item.String(tag.SegmentAlgorithmName)
			require.Equal(t, by[0], name)
			algorithm := item.Sequence(tag.SegmentationAlgorithmIdentificationSequence)[0]
			name, _ = algorithm.String(tag.AlgorithmName)
			version, _ := algorithm.String(tag.AlgorithmVersion)
			require.Equal(t, by, [2]string{name, version})
			parameters, _ := algorithm.String(tag.AlgorithmParameters)
			require.Contains(t, parameters, "mask="+[]string{"measured border", "sphere of the detector"}[i/2])
		}
		// The voxels are those of the masks.
		s := parseSEG(t, data)
		n := 0
		for i, one := range list {
			for k := range one.Mask.Size[2] {
				shown := s.frame(n)
				require.Equal(t, i+1, s.frames[n].segment)
				area := one.Mask.Size[0] * one.Mask.Size[1]
				for at, in := range one.Mask.In[k*area : (k+1)*area] {
					row, column := one.Mask.First[1]+at/one.Mask.Size[0], one.Mask.First[0]+at%one.Mask.Size[0]
					require.Equal(t, in, shown[row*g.Columns+column])
				}
				n++
			}
		}
		require.Len(t, s.frames, n)
	}
	r, g := resultOn(t, stack(t, "single frames"), report.English, usual()...)
	list := spheres(t, r, g)
	list[0].Making = report.MeasuredBody
	_, err := r.SEG(g, list)
	require.ErrorContains(t, err, "not said how", "nobody measured it")
}

// The picture has the measured size, and a ring about what was measured.
func TestMeasuredCaptions(t *testing.T) {
	r, g := resultOn(t, stack(t, "single frames"), report.English, usual()...)
	r = measured(r, measure.KindPartSolid)
	data, err := r.SC(g, pages(r, g))
	require.NoError(t, err)
	text := ""
	for _, page := range framesOf(t, data) {
		text += strings.Join(linesOf(page, g), "") + " "
	}
	require.Contains(t, text, "1: left lung, part-solid, 7.7 mm (measured), 214 mm3, detector score 0.9312")
	require.Contains(t, text, "2: right lung, 5.0 mm (detector)")
}
