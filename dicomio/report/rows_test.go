package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/report"
)

// node is a content item as it was written. No validator sees that a tracking
// identifier or the finding is missing, so the rows are held here.
type node struct {
	relationship, valueType, concept, template string
	elems                                      part10.Elements
	children                                   []*node
}

func parseTree(e part10.Elements) *node {
	n := &node{elems: e}
	n.relationship, _ = e.String(tag.RelationshipType)
	n.valueType, _ = e.String(tag.ValueType)
	if name := e.Sequence(tag.ConceptNameCodeSequence); len(name) == 1 {
		n.concept = codeOf(name[0])
	}
	if t := e.Sequence(tag.ContentTemplateSequence); len(t) == 1 {
		n.template, _ = t[0].String(tag.TemplateIdentifier)
	}
	for _, c := range e.Sequence(tag.ContentSequence) {
		n.children = append(n.children, parseTree(c))
	}
	return n
}

func codeOf(e part10.Elements) string {
	value, _ := e.String(tag.CodeValue)
	scheme, _ := e.String(tag.CodingSchemeDesignator)
	return value + " " + scheme
}

// row is a mandatory row of a template (PS3.16).
type row struct{ relationship, valueType, concept string }

var rows1500 = []row{
	{"HAS CONCEPT MOD", "CODE", "121049 DCM"},
	{"HAS OBS CONTEXT", "CODE", "121005 DCM"},
	{"HAS OBS CONTEXT", "UIDREF", "121012 DCM"},
	{"HAS CONCEPT MOD", "CODE", "121058 DCM"},
	{"CONTAINS", "CONTAINER", "111028 DCM"},
	{"CONTAINS", "CONTAINER", "126010 DCM"},
}

var rows1411 = []row{
	{"HAS OBS CONTEXT", "TEXT", "112039 DCM"},
	{"HAS OBS CONTEXT", "UIDREF", "112040 DCM"},
	{"CONTAINS", "CODE", "276214006 SCT"},
	{"CONTAINS", "CODE", "121071 DCM"},
	{"HAS CONCEPT MOD", "CODE", "363698007 SCT"},
	{"HAS CONCEPT MOD", "TEXT", "111001 DCM"},
	{"HAS CONCEPT MOD", "TEXT", "111003 DCM"},
	{"HAS CONCEPT MOD", "CODE", "111000 DCM"},
	{"CONTAINS", "SCOORD3D", "121231 DCM"},
	{"CONTAINS", "UIDREF", "121232 DCM"},
	{"CONTAINS", "NUM", "81827009 SCT"},
	{"CONTAINS", "NUM", "111012 DCM"},
}

func (n *node) find(r row) *node {
	i := slices.IndexFunc(n.children, func(c *node) bool { return row{c.relationship, c.valueType, c.concept} == r })
	if i < 0 {
		return nil
	}
	return n.children[i]
}

// checkRows says which mandatory row a report lacks.
func checkRows(root *node) error {
	if root.template != "1500" || root.concept != "126000 DCM" {
		return fmt.Errorf("the root is %s of template %s", root.concept, root.template)
	}
	for _, r := range rows1500 {
		if root.find(r) == nil {
			return fmt.Errorf("no row %v", r)
		}
	}
	groups := root.find(rows1500[len(rows1500)-1]).children
	if len(groups) == 0 {
		return fmt.Errorf("no measurement group")
	}
	for _, g := range groups {
		if g.template != "1411" || g.concept != "125007 DCM" {
			return fmt.Errorf("a group is %s of template %s", g.concept, g.template)
		}
		for _, r := range rows1411 {
			if g.find(r) == nil {
				return fmt.Errorf("a group has no row %v", r)
			}
		}
	}
	return nil
}

func tree(t *testing.T, data []byte) *node {
	t.Helper()
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	return parseTree(f.Elements())
}

func TestEveryMandatoryRowIsThere(t *testing.T) {
	data, err := result(t, report.English).SR()
	require.NoError(t, err)
	require.NoError(t, checkRows(tree(t, data)))
	// Each of them matters to the check.
	remove := func(n *node, r row) {
		n.children = slices.DeleteFunc(n.children, func(c *node) bool { return row{c.relationship, c.valueType, c.concept} == r })
	}
	for _, r := range rows1500 {
		broken := tree(t, data)
		remove(broken, r)
		require.Error(t, checkRows(broken), r)
	}
	for _, r := range rows1411 {
		broken := tree(t, data)
		groups := broken.find(rows1500[len(rows1500)-1]).children
		remove(groups[1], r)
		require.Error(t, checkRows(broken), r)
	}
}

// The numbers are those of the findings, and the side is the patient's.
func TestTheNumbersOfAReport(t *testing.T) {
	r := result(t, report.French)
	data, err := r.SR()
	require.NoError(t, err)
	groups := tree(t, data).find(rows1500[len(rows1500)-1]).children
	require.Len(t, groups, 2)
	for i, g := range groups {
		f := r.Findings[i]
		value := func(n *node) string {
			measured := n.elems.Sequence(tag.MeasuredValueSequence)
			require.Len(t, measured, 1)
			s, _ := measured[0].String(tag.NumericValue)
			return s
		}
		require.Equal(t, "8.4", value(g.find(row{"CONTAINS", "NUM", "81827009 SCT"})))
		require.Equal(t, []string{"93.12", "53.12"}[i], value(g.find(row{"CONTAINS", "NUM", "111012 DCM"})))
		surface := g.find(row{"CONTAINS", "SCOORD3D", "121231 DCM"})
		points, err := surface.elems.Floats(tag.GraphicData)
		require.NoError(t, err)
		require.Len(t, points, 18)
		for axis := range 3 {
			sum, span := 0., 0.
			for p := range 6 {
				sum += points[3*p+axis]
				span = max(span, points[3*p+axis]-f.CenterLPSMM[axis])
			}
			require.InDelta(t, f.CenterLPSMM[axis], sum/6, 1e-3)
			require.InDelta(t, f.MeanDiameterMM/2, span, 1e-3)
		}
		frame, _ := surface.elems.String(tag.ReferencedFrameOfReferenceUID)
		require.Equal(t, r.Source.FrameOfReferenceUID, frame)
		side := g.find(row{"HAS CONCEPT MOD", "CODE", "363698007 SCT"}).find(row{"HAS CONCEPT MOD", "CODE", "272741003 SCT"})
		require.Equal(t, []string{"7771000 SCT", "24028007 SCT"}[i], codeOf(side.elems.Sequence(tag.ConceptCodeSequence)[0]))
	}
}

// A report without findings never says that a scan is clear, and a failure
// says that it is one.
func TestReportsWithoutFindings(t *testing.T) {
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		for name, r := range map[string]report.Result{"none": without(result(t, l)), "failed": failed(result(t, l))} {
			data, err := r.SR()
			require.NoError(t, err)
			root := tree(t, data)
			require.Nil(t, root.find(row{"CONTAINS", "CONTAINER", "126010 DCM"}))
			words := root.find(row{"CONTAINS", "CONTAINER", "C0034375 UMLS"})
			require.NotNil(t, words)
			said, _ := words.children[0].elems.String(tag.TextValue)
			flag, _ := root.elems.String(tag.CompletionFlag)
			if name == "failed" {
				require.Equal(t, "PARTIAL", flag)
				require.Contains(t, said, "MISSING_SLICES")
			} else {
				require.Equal(t, "COMPLETE", flag)
				require.Contains(t, said, "nafas-lung-1 0.2.0")
			}
			for _, never := range []string{"normal", "clear", "negative", "sain", "سليم"} {
				require.NotContains(t, strings.ToLower(said), never)
			}
		}
	}
}
