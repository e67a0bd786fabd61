package sources_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore"
)

// misfiled is an archive whose studies are found by other days than it says.
func misfiled() []holding {
	out := many(8, func(int) string { return "20141106" })
	out[0].filed = []string{"20030718"} // long before what it says
	out[1].filed = []string{"20220301"} // long after
	out[2].filed = []string{""}         // by no day at all
	out[3].filed = []string{"20030718", "20141106", "20220301"}
	out[4].filed, out[4].date = []string{"20030718"}, ""
	out[5].filed = []string{"19500101"} // before what is asked for day by day
	return out
}

// Where the images of a study differ in their date, an archive may search by one
// and tell another. No study is lost for that, and none comes twice.
func TestStudiesThatAreFiledByAnotherDay(t *testing.T) {
	web, pacs := &fakeWeb{holdings: misfiled()}, &fakePACS{holdings: misfiled()}
	startPACS(t, pacs)
	sources := map[string]func(q rescore.Query) rescore.Source{
		"DICOMweb": func(q rescore.Query) rescore.Source { return web.source(t, q) },
		"DICOM":    func(q rescore.Query) rescore.Source { return pacs.source(t, q) },
	}
	for name, source := range sources {
		l := scanAll(t, source(rescore.Query{}))
		checkHoldings(t, l, misfiled())
		require.Empty(t, l.loose, name)
		require.Empty(t, l.again, name)
		for _, c := range []struct {
			q    rescore.Query
			want []int
		}{
			{rescore.Query{From: "20030101", To: "20031231"}, []int{0, 3, 4}},
			{rescore.Query{From: "20140101", To: "20141231"}, []int{3, 6, 7}},
			{rescore.Query{From: "20150101"}, []int{1, 3}},
		} {
			var want []string
			for _, i := range c.want {
				want = append(want, web.holdings[i].uid)
			}
			require.Equal(t, want, slices.Sorted(maps.Keys(scanAll(t, source(c.q)).studies())), "%s %v", name, c.q)
		}
		// Cut anywhere, it goes on and all of them come.
		all := scanAll(t, source(rescore.Query{}))
		for cut := range len(all.batches) {
			if cut == 0 {
				continue
			}
			first, second := newListing(), newListing()
			after := scan(t, source(rescore.Query{}), first, "", cut)
			scan(t, source(rescore.Query{}), second, after, 0)
			both := maps.Clone(first.studies())
			maps.Copy(both, second.studies())
			require.Len(t, both, len(misfiled()), "%s, cut after %s", name, after)
		}
	}
}
