package report_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/report"
)

// A note names each object once, in the tree and among the evidence under its
// series, and says in words what happened.
func TestARejectionNote(t *testing.T) {
	for l, want := range map[report.Language]string{report.English: "newer result", report.French: "plus récent", report.Arabic: "أحدث"} {
		r := result(t, l)
		old := older(r)
		second := older(func() report.Result { r := r; r.Key = "still older"; return r }())[1]
		second.SeriesUID = old[1].SeriesUID
		old = append(old, second, old[0]) // two in one series; one given twice
		data, err := r.Rejection(old)
		require.NoError(t, err)
		root := tree(t, data)
		require.Equal(t, "113001 DCM", root.concept)
		require.Equal(t, "2010", root.template)
		meaning, _ := root.elems.Sequence(tag.ConceptNameCodeSequence)[0].String(tag.CodeMeaning)
		require.Equal(t, "Rejected for Quality Reasons", meaning, "viewers know it by this")
		said, _ := root.find(row{"CONTAINS", "TEXT", "113012 DCM"}).elems.String(tag.TextValue)
		require.Contains(t, said, want)

		inTree := map[string]string{}
		for _, n := range root.children {
			if refs := n.elems.Sequence(tag.ReferencedSOPSequence); len(refs) == 1 {
				uid, _ := refs[0].String(tag.ReferencedSOPInstanceUID)
				require.Empty(t, inTree[uid])
				inTree[uid] = n.valueType
			}
		}
		require.Equal(t, map[string]string{
			old[0].SOPInstanceUID: "IMAGE", old[1].SOPInstanceUID: "COMPOSITE", old[2].SOPInstanceUID: "IMAGE", second.SOPInstanceUID: "COMPOSITE",
		}, inTree)

		evidence := root.elems.Sequence(tag.CurrentRequestedProcedureEvidenceSequence)
		require.Len(t, evidence, 1)
		series := evidence[0].Sequence(tag.ReferencedSeriesSequence)
		require.Len(t, series, 3)
		for _, s := range series {
			uid, _ := s.String(tag.SeriesInstanceUID)
			for _, ref := range s.Sequence(tag.ReferencedSOPSequence) {
				instance, _ := ref.String(tag.ReferencedSOPInstanceUID)
				class, _ := ref.String(tag.ReferencedSOPClassUID)
				require.True(t, slices.Contains(old, report.Predecessor{Reference: report.Reference{SOPClassUID: class, SOPInstanceUID: instance}, SeriesUID: uid}))
				delete(inTree, instance)
			}
		}
		require.Empty(t, inTree, "without evidence")
	}
}

// The name of a note depends on what it withdraws, and on nothing else that
// does not change its bytes.
func TestTheNameOfARejectionNote(t *testing.T) {
	r := result(t, report.English)
	old := older(r)
	all, err := r.Rejection(old)
	require.NoError(t, err)
	backwards := slices.Clone(old)
	slices.Reverse(backwards)
	again, err := r.Rejection(append(backwards, old[1]))
	require.NoError(t, err)
	require.Equal(t, all, again)
	f, err := part10.Parse(all, part10.DefaultLimits())
	require.NoError(t, err)
	uid, _ := f.String(tag.SOPInstanceUID)
	series, _ := f.String(tag.SeriesInstanceUID)
	require.Equal(t, r.RejectionInstance(old).SOPInstanceUID, uid)
	require.Equal(t, r.RejectionSeries(backwards), series)

	seen := map[string]bool{uid: true, series: true}
	for n := range old {
		fewer := old[:n]
		for _, name := range []string{r.RejectionInstance(fewer).SOPInstanceUID, r.RejectionSeries(fewer)} {
			require.False(t, seen[name])
			seen[name] = true
		}
	}
	for _, change := range []func(*report.Predecessor){
		func(p *report.Predecessor) { p.SeriesUID = "2.25.77" }, func(p *report.Predecessor) { p.SOPInstanceUID = "2.25.77" },
	} {
		other := slices.Clone(old)
		change(&other[0])
		require.False(t, seen[r.RejectionInstance(other).SOPInstanceUID])
	}
}

// A result that failed withdraws what an earlier one said.
func TestAFailureWithdrawsToo(t *testing.T) {
	r := failed(result(t, report.English))
	_, err := r.Rejection(older(result(t, report.English)))
	require.NoError(t, err)
}

// Nothing is withdrawn that is not an older object of ours.
func TestWhatCannotBeWithdrawn(t *testing.T) {
	r := result(t, report.English)
	for _, c := range []struct {
		name, want string
		old        []report.Predecessor
	}{
		{"nothing", "without an object", nil},
		{"an image of the study", "cannot be withdrawn", []report.Predecessor{{Reference: r.Source.Instances[0], SeriesUID: r.Source.SeriesUID}}},
		{"a report, which its successor names", "cannot be withdrawn", []report.Predecessor{{Reference: r.SRInstance(), SeriesUID: r.SRSeries()}}},
		{"something in the series of the images", "series of the images", []report.Predecessor{{Reference: older(r)[0].Reference, SeriesUID: r.Source.SeriesUID}}},
		{"its own segmentation", "own", []report.Predecessor{{Reference: r.SEGInstance(), SeriesUID: r.SEGSeries()}}},
		{"its own key images", "own", []report.Predecessor{{Reference: r.KOInstance(), SeriesUID: r.KOSeries()}}},
		{"its own capture", "own", []report.Predecessor{{Reference: r.SCInstance(), SeriesUID: r.SCSeries()}}},
		{"no series", "no series", []report.Predecessor{{Reference: older(r)[0].Reference}}},
		{"one object in two series", "twice", []report.Predecessor{older(r)[0], {Reference: older(r)[0].Reference, SeriesUID: "2.25.6"}}},
	} {
		_, err := r.Rejection(c.old)
		require.ErrorContains(t, err, c.want, c.name)
	}
}
