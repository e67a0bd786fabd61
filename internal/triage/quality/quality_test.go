package quality_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/froc"
	"nafas/internal/triage/quality"
	"nafas/internal/triage/review"
)

func flagged(s quality.Standing) quality.Place { return quality.Place{Standing: s, Flagged: true} }

func rejected(c review.Cause) quality.Place {
	return quality.Place{Standing: quality.Rejected, Cause: c, Flagged: true}
}

func scan(uid string, places ...quality.Place) quality.Series {
	return quality.Series{UID: uid, Read: true, Scanner: "A", Kernel: "B70", Model: "m 1", ThicknessMM: 1, Places: places}
}

func study(series ...quality.Series) quality.Study { return quality.Study{Series: series} }

func TestCounts(t *testing.T) {
	thick := scan("2", flagged(quality.Accepted), rejected(review.CauseScar))
	thick.Scanner, thick.Kernel, thick.ThicknessMM, thick.Model = "", "B30", 5, "m 2"
	q := quality.Of([]quality.Study{
		study(scan("1", flagged(quality.Accepted), flagged(quality.Accepted), rejected(review.CauseVessel), rejected(review.CauseScar),
			flagged(quality.Unsure), flagged(quality.Unanswered), quality.Place{Standing: quality.Added},
			quality.Place{Standing: quality.Accepted}, quality.Place{Standing: quality.Rejected, Cause: review.CauseBone}, quality.Place{Standing: quality.Unanswered})),
		study(thick),
		study(scan("3")),
	})
	all := q.All
	require.Equal(t, []int{3, 8, 3, 3, 1, 1, 1}, []int{all.Scans, all.Marks, all.Accepted, all.Rejected, all.Unsure, all.Unanswered, all.Added},
		"what is not flagged does not count")
	require.Equal(t, 1.0, all.AcceptedPerScan.Value, "the scan without marks counts as a scan")
	require.Equal(t, 0.5, all.AcceptedShare.Value)
	require.Equal(t, 0.75, all.FoundShare.Value)
	require.Equal(t, []quality.CauseCount{{review.CauseScar, 2}, {review.CauseVessel, 1}}, q.Causes)
	names := func(list []quality.Stratum) (out []string) {
		for _, s := range list {
			out = append(out, fmt.Sprint(s.Name, " ", s.Scans, " ", s.Marks))
		}
		return out
	}
	require.Equal(t, []string{"A 2 6", "unknown 1 2"}, names(q.Scanners))
	require.Equal(t, []string{"B30 1 2", "B70 2 6"}, names(q.Kernels))
	require.Equal(t, []string{"up to 1 mm 2 6", "above 2.5 mm 1 2"}, names(q.Thickness))
	require.Equal(t, []string{"m 1 2 6", "m 2 1 2"}, names(q.Models))
}

func TestNothingIsNotZero(t *testing.T) {
	none := quality.Of(nil)
	require.Equal(t, quality.Stratum{}, none.All, "no value is known")
	require.NotNil(t, none.Causes)
	require.NotNil(t, none.Scanners)
	silent := quality.Of([]quality.Study{study(scan("1"))}).All
	require.True(t, silent.AcceptedPerScan.Known)
	require.False(t, silent.AcceptedShare.Known)
	require.False(t, silent.FoundShare.Known)
}

func TestIntervals(t *testing.T) {
	var studies []quality.Study
	for i := range 40 {
		places := []quality.Place{flagged(quality.Accepted)}
		if i%2 == 0 {
			places = append(places, rejected(review.CauseVessel))
		}
		studies = append(studies, study(scan(fmt.Sprint(i), places...)))
	}
	all := quality.Of(studies).All
	require.Equal(t, quality.Interval{Known: true, Value: 1, Low: 1, High: 1}, all.AcceptedPerScan, "every scan has one")
	require.Equal(t, 0.5, all.RejectedPerScan.Value)
	// The binomial's standard error sqrt(0.25/40) = 0.079; 1.96 of it.
	require.InDelta(t, 0.5-0.155, all.RejectedPerScan.Low, 0.03)
	require.InDelta(t, 0.5+0.155, all.RejectedPerScan.High, 0.03)
	require.Equal(t, all, quality.Of(studies).All, "the same again")
	// Wilson's interval of 40 out of 60, by hand: centre 0.6566, half 0.1161.
	require.InDelta(t, 0.5406, all.AcceptedShare.Low, 0.001)
	require.InDelta(t, 0.7727, all.AcceptedShare.High, 0.001)
	require.False(t, math.IsNaN(quality.Of(studies[:1]).All.RejectedPerScan.Low))
}

func mark(x float64, s quality.Standing) quality.Place {
	p := quality.Place{Standing: s, CenterLPSMM: [3]float64{x, -20.5, 30.25}, DiameterMM: 6.5, Kind: "solid", Category: "4A"}
	if s != quality.Added {
		p.Score, p.Flagged, p.Rank = 0.9-x/1000, true, int(x)
	}
	if s == quality.Rejected {
		p.Cause = review.CauseVessel
	}
	return p
}

// exported is a study of every kind of place, one whose reader drew on a series
// that was not read, and one that was not read at all.
func exported() []quality.Study {
	unsized := mark(60, quality.Accepted)
	unsized.DiameterMM = 0
	return []quality.Study{
		study(scan("1.1", mark(10, quality.Accepted), mark(20, quality.Rejected), mark(30, quality.Unsure), mark(40, quality.Unanswered), mark(50, quality.Added), unsized),
			quality.Series{UID: "1.2", Places: []quality.Place{mark(-70, quality.Added), mark(-70, quality.Added)}}),
		study(scan("2.1")),
		study(quality.Series{UID: "3.1", Places: []quality.Place{mark(80, quality.Added)}}),
	}
}

func written(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, write := range quality.Files(exported()) {
		var b bytes.Buffer
		require.NoError(t, write(&b))
		out[name] = b.String()
	}
	return out
}

func TestTablesAreReadByAnEvaluation(t *testing.T) {
	files := written(t)
	read := func(name string) io.Reader { return bytes.NewBufferString(files[name]) }
	nodules, others, err := froc.ReadNodules("", read(quality.NodulesFile))
	require.NoError(t, err)
	require.Zero(t, others)
	require.Len(t, nodules, 4, "accepted twice, added once, and once on the other series")
	require.Equal(t, froc.Nodule{SeriesUID: "1.1", CenterLPSMM: [3]float64{10, -20.5, 30.25}, DiameterMM: 6.5, Kind: "solid"}, nodules[0])
	for _, n := range nodules {
		require.Equal(t, "1.1", n.SeriesUID)
	}
	require.EqualValues(t, -70, nodules[3].CenterLPSMM[0], "what is on the right stays there")
	excluded, err := froc.ReadExcluded("", read(quality.ExcludedFile))
	require.NoError(t, err)
	require.Len(t, excluded, 2)
	scans, _, err := froc.ReadScans("", read(quality.SeriesFile))
	require.NoError(t, err)
	require.Equal(t, []froc.Scan{{SeriesUID: "1.1", ThicknessMM: 1, Kernel: "B70"}, {SeriesUID: "2.1", ThicknessMM: 1, Kernel: "B70"}}, scans,
		"a scan without findings is one, a series that was not read is none")
	marks, repeated, err := froc.ReadMarks("", read(quality.MarksFile))
	require.NoError(t, err)
	require.Zero(t, repeated)
	require.Len(t, marks, 5)
	e, err := froc.Evaluate(t.Context(), froc.Set{Scans: scans, Nodules: nodules, Excluded: excluded, Marks: marks}, froc.Options{})
	require.NoError(t, err)
	require.Equal(t, 4, e.Nodules)
	require.Equal(t, 2, e.Detected, "the accepted ones; the added ones were missed")

	reference := quality.Reference(exported()...)
	require.Equal(t, froc.Set{Scans: scans, Nodules: nodules, Excluded: excluded}, reference, "the same without a table")

	all, others, err := froc.ReadNodules("", read(quality.AllFile))
	require.NoError(t, err)
	require.Len(t, all, 5, "and the one of a study that was not read")
	require.Equal(t, 3, others)
}

func TestTheTableOfAll(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewBufferString(written(t)[quality.AllFile])).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+8)
	require.Equal(t, []string{"1.1", "20", "-20.5", "30.25", "6.5", "rejected", "solid", "rejected", "0.88", "true", "20", "4A", "vessel", "m 1", ""}, rows[2])
	require.Equal(t, []string{"1.1", "50", "-20.5", "30.25", "6.5", "nodule", "solid", "added", "", "", "", "4A", "", "m 1", ""}, rows[5])
	require.Equal(t, "-1", rows[6][4], "a size that is not known")
	require.Equal(t, []string{"1.2", "1.1"}, []string{rows[7][14], rows[7][0]}, "where it was drawn is said")
	require.Equal(t, "3.1", rows[8][0])
}
