package froc_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/froc"
	"nafas/inference/volume"
)

const markHeader = "seriesuid,coordX,coordY,coordZ,probability\n"

func TestReadMarks(t *testing.T) {
	marks, repeated, err := froc.ReadMarks("m.csv", strings.NewReader(
		"\xef\xbb\xbfprobability, coordZ,coordY,coordX,seriesuid,diameter_mm,note\n0.5,3,2,-1.5,1.2.3,7.5,x\n-2e3,3,2,1,1.2.3,,y\n0.5,3,2,-1.5,1.2.3,7.5,z\n"))
	require.NoError(t, err)
	require.Equal(t, 1, repeated)
	require.Equal(t, []froc.Mark{
		{SeriesUID: "1.2.3", CenterLPSMM: volume.Vec3{-1.5, 2, 3}, Score: 0.5, DiameterMM: 7.5},
		{SeriesUID: "1.2.3", CenterLPSMM: volume.Vec3{1, 2, 3}, Score: -2000},
	}, marks[:2])

	marks, _, err = froc.ReadMarks("m.csv", strings.NewReader(markHeader))
	require.NoError(t, err)
	require.Empty(t, marks, "a detector that marks nothing has an empty table")
}

func TestReadMarksRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", "", "m.csv is empty: it needs a header"},
		{"a missing column", "seriesuid,coordX,coordY,coordZ\n", "line 1: no column probability"},
		{"a column twice", "seriesuid,coordX,coordX,coordY,coordZ,probability\n", `"coordX" twice`},
		{"a score that is no number", markHeader + "1,0,0,0,0.5\n1,0,0,0,nan\n", `m.csv line 3: probability "nan" is not a finite number`},
		{"an infinite place", markHeader + "1,0,inf,0,0.5\n", `line 2: coordY "inf"`},
		{"a missing score", markHeader + "1,0,0,0,\n", "line 2: probability is empty"},
		{"a missing field", markHeader + "1,0,0,0\n", "line 2: wrong number of fields"},
		{"a missing series", markHeader + ",0,0,0,1\n", "line 2: seriesuid is empty"},
		{"a quote that never ends", markHeader + "\"1,0,0,0,1\n", "line 2"},
		{"a negative size", "seriesuid,coordX,coordY,coordZ,probability,diameter_mm\n1,0,0,0,1,-3\n", "diameter_mm -3 is negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := froc.ReadMarks("m.csv", strings.NewReader(c.text))
			require.ErrorIs(t, err, froc.ErrInput)
			require.ErrorContains(t, err, c.want)
		})
	}
}

const noduleHeader = "seriesuid,coordX,coordY,coordZ,diameter_mm\n"

func TestReadNodules(t *testing.T) {
	nodules, others, err := froc.ReadNodules("a.csv", strings.NewReader(
		"seriesuid,coordX,coordY,coordZ,diameter_mm,role,kind,placement\n1,0,0,0,5,nodule,solid,pleura\n1,9,0,0,-1,,,\n1,0,0,0,-7,mimic,vessel,\n"))
	require.NoError(t, err)
	require.Equal(t, []froc.Nodule{
		{SeriesUID: "1", DiameterMM: 5, Kind: "solid", Placement: "pleura"},
		{SeriesUID: "1", CenterLPSMM: volume.Vec3{9, 0, 0}, DiameterMM: froc.UnknownDiameterMM},
	}, nodules, "a mimic is no nodule")

	twice := noduleHeader + "1,0,0,0,5\n1,0,0,0,5\n"
	require.Equal(t, 1, others)
	_, _, err = froc.ReadNodules("a.csv", strings.NewReader(twice))
	require.ErrorContains(t, err, "a.csv line 3: the same nodule as in line 2")
	excluded, err := froc.ReadExcluded("e.csv", strings.NewReader(twice))
	require.NoError(t, err)
	require.Len(t, excluded, 2)
	excluded, err = froc.ReadExcluded("e.csv", strings.NewReader(
		"seriesuid,coordX,coordY,coordZ,diameter_mm,role\n1,0,0,0,5,known\n1,9,0,0,7,mimic\n1,20,0,0,7,nodule\n"))
	require.NoError(t, err)
	require.Len(t, excluded, 3, "whatever stands among the excluded is passed over")
	for _, d := range []string{"0", "-2", ""} {
		_, _, err = froc.ReadNodules("a.csv", strings.NewReader(noduleHeader+"1,0,0,0,"+d+"\n"))
		require.ErrorIs(t, err, froc.ErrInput, d)
	}
}

func TestReadScans(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []froc.Scan
		refused    string
	}{
		{"without a header", "1.2\n1.3\n", []froc.Scan{{SeriesUID: "1.2"}, {SeriesUID: "1.3"}}, ""},
		{"with capitals", "SeriesUID\n1.2\n", []froc.Scan{{SeriesUID: "1.2"}}, ""},
		{"with one", "seriesuid\n1.2\n", []froc.Scan{{SeriesUID: "1.2"}}, ""},
		{"with more", "kernel,seriesuid,thickness_mm,spacing_mm\nB30f,1.2,2.5,2\n,1.3,,\n",
			[]froc.Scan{{SeriesUID: "1.2", ThicknessMM: 2.5, SpacingMM: 2, Kernel: "B30f"}, {SeriesUID: "1.3"}}, ""},
		{"a series twice", "1.2\n1.3\n1.2\n", nil, "s.csv line 3: series 1.2 is in line 1 already"},
		{"a series twice below a header", "seriesuid\n1.2\n1.2\n", nil, "s.csv line 3: series 1.2 is in line 2 already"},
		{"nothing", "", nil, "s.csv is empty"},
		{"a header alone", "seriesuid\n", nil, "lists no series"},
		{"columns without names", "1.2,2.5\n", nil, "needs a header"},
		{"a negative thickness", "seriesuid,thickness_mm\n1.2,-1\n", nil, "is negative"},
		{"a column state of another meaning", "seriesuid,state\n1.2,failed\n", []froc.Scan{{SeriesUID: "1.2"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, notRead, err := froc.ReadScans("s.csv", strings.NewReader(c.text))
			if c.refused != "" {
				require.ErrorIs(t, err, froc.ErrInput)
				require.ErrorContains(t, err, c.refused)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Zero(t, notRead)
		})
	}
}

// The tables of a rescoring have names of their own, and rows of what was not read.
func TestTablesOfARescoring(t *testing.T) {
	marks, _, err := froc.ReadMarks("findings.csv", strings.NewReader(
		"study_uid,series_uid,score,center_lps_x_mm,center_lps_y_mm,center_lps_z_mm,diameter_mm\n1,1.2,0.5,-1.5,2,3,7.5\n"))
	require.NoError(t, err)
	require.Equal(t, []froc.Mark{{SeriesUID: "1.2", CenterLPSMM: volume.Vec3{-1.5, 2, 3}, Score: 0.5, DiameterMM: 7.5}}, marks)
	marks, _, err = froc.ReadMarks("both.csv", strings.NewReader(
		"series_uid,seriesuid,score,probability,coordX,coordY,coordZ\n1,2,0.1,0.9,0,0,0\n"))
	require.NoError(t, err)
	require.Equal(t, []froc.Mark{{SeriesUID: "2", Score: 0.9}}, marks, "LUNA16's own names come first")
	_, _, err = froc.ReadNodules("findings.csv", strings.NewReader(
		"series_uid,center_lps_x_mm,center_lps_y_mm,center_lps_z_mm,diameter_mm\n1.2,0,0,0,7\n"))
	require.ErrorContains(t, err, "no column seriesuid", "what a detector exported is no truth")

	const header = "rescoring,state,series_uid,thickness_mm\n"
	scans, notRead, err := froc.ReadScans("series.csv", strings.NewReader(
		header+"1,skipped,,\n1,scored,1.2,1\n1,failed,1.3,\n1,unchanged,1.4,\n1,waiting,1.5,\n"))
	require.NoError(t, err)
	require.Equal(t, 3, notRead)
	require.Equal(t, []froc.Scan{{SeriesUID: "1.2", ThicknessMM: 1}, {SeriesUID: "1.4"}}, scans)
	for text, refused := range map[string]string{
		header + "1,failed,1.2,\n":  "no series that was read: 1 were not",
		header + "1,perhaps,1.2,\n": `line 2: state "perhaps"`,
		header + "1,scored,,\n":     "line 2: seriesuid is empty",
		header:                      "lists no series",
	} {
		_, _, err = froc.ReadScans("series.csv", strings.NewReader(text))
		require.ErrorIs(t, err, froc.ErrInput)
		require.ErrorContains(t, err, refused)
	}
}

func TestWrittenTablesAreReadBack(t *testing.T) {
	s := randomCase(5).set()
	s.Scans[0].Kernel, s.Scans[0].Group = `B30f, "sharp"`, "patient, one"
	var b bytes.Buffer
	require.NoError(t, froc.WriteMarks(&b, s.Marks))
	marks, _, err := froc.ReadMarks("m.csv", &b)
	require.NoError(t, err)
	require.Equal(t, s.Marks, marks)
	b.Reset()
	require.NoError(t, froc.WriteScans(&b, s.Scans))
	scans, _, err := froc.ReadScans("s.csv", &b)
	require.NoError(t, err)
	require.Equal(t, s.Scans, scans)
}

// TestLUNA16Tables evaluates perfect marks on the challenge's own tables.
func TestLUNA16Tables(t *testing.T) {
	dir := os.Getenv("NAFAS_TEST_DATA")
	if dir == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("NAFAS_TEST_DATA is not set")
		}
		t.Skip("NAFAS_TEST_DATA does not name a folder with LUNA16's tables")
	}
	read := func(name string) *bytes.Reader {
		data, err := os.ReadFile(filepath.Join(dir, "luna16", name))
		require.NoError(t, err)
		return bytes.NewReader(data)
	}
	var s froc.Set
	var err error
	s.Scans, _, err = froc.ReadScans("seriesuids.csv", read("seriesuids.csv"))
	require.NoError(t, err)
	s.Nodules, _, err = froc.ReadNodules("annotations.csv", read("annotations.csv"))
	require.NoError(t, err)
	s.Excluded, err = froc.ReadExcluded("annotations_excluded.csv", read("annotations_excluded.csv"))
	require.NoError(t, err)
	for _, n := range s.Nodules {
		s.Marks = append(s.Marks, froc.Mark{SeriesUID: n.SeriesUID, CenterLPSMM: n.CenterLPSMM, Score: 1})
	}
	for _, n := range s.Excluded {
		s.Marks = append(s.Marks, froc.Mark{SeriesUID: n.SeriesUID, CenterLPSMM: n.CenterLPSMM, Score: 0.5})
	}
	e, err := froc.Evaluate(t.Context(), s, froc.Options{MostMarks: -1, Draw: func(n int) froc.Resamples { return froc.Draw(1, 20, n) }})
	require.NoError(t, err)
	require.Equal(t, []int{888, 601, 1186, 35192}, []int{e.Scans, e.ScansWithNodules, e.Nodules, e.ExcludedFindings})
	require.EqualValues(t, 1, e.CPM)
	require.Zero(t, e.FalseMarks, "every mark lies on a nodule or on an excluded finding")
	require.Positive(t, e.WithoutExcluded.FalseMarks)
	var sizes []int
	for _, st := range e.Strata {
		if st.By == "diameter" {
			sizes = append(sizes, st.Nodules)
		}
	}
	require.Equal(t, []int{49, 453, 276, 127, 154, 127}, sizes, "the counts by diameter that are known of the data set")
}

// FuzzRead feeds all readers: whatever they take in, Evaluate can count.
func FuzzRead(f *testing.F) {
	f.Add(markHeader+"1,0,0,0,1\n", noduleHeader+"1,0,0,0,-1\n", "seriesuid\n1\n")
	f.Add("", noduleHeader, "1\n2")
	f.Add(markHeader+"1,1e300,-1e300,0,1e308\n", noduleHeader+"1,0,0,0,1e308\n", "1")
	f.Fuzz(func(t *testing.T, marks, nodules, scans string) {
		m, _, err := froc.ReadMarks("m", strings.NewReader(marks))
		n, _, err2 := froc.ReadNodules("n", strings.NewReader(nodules))
		s, _, err3 := froc.ReadScans("s", strings.NewReader(scans))
		if err != nil || err2 != nil || err3 != nil {
			return
		}
		_, err = froc.Evaluate(t.Context(), froc.Set{Scans: s, Marks: m, Nodules: n, Excluded: n},
			froc.Options{Draw: func(n int) froc.Resamples { return froc.Draw(1, 3, n) }})
		if err != nil {
			t.Fatal(fmt.Errorf("read and not evaluated: %w", err))
		}
	})
}

// A kernel that a sender calls as a formula begins is text in every spreadsheet.
func TestNoCellIsAFormula(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, froc.WriteScans(&b, []froc.Scan{{SeriesUID: "1.2", Kernel: `=HYPERLINK("http://x")`}, {SeriesUID: "1.3", Kernel: "B30f"}}))
	require.Contains(t, b.String(), `,"'=HYPERLINK(""http://x"")"`)
	require.Contains(t, b.String(), ",B30f")
	for cell, want := range map[string]string{
		"": "", "text": "text", "-41.5": "-41.5", "-1": "-1", "+2": "+2", "=1+1": "'=1+1", "-1+1": "'-1+1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "ل": "ل",
	} {
		require.Equal(t, want, froc.Inert(cell))
	}
}
