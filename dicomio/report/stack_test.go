package report_test

import (
	"fmt"
	"image"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/dicomio/report"
	"nafas/inference/finding"
	"nafas/inference/volume"
)

// stacks are series of 13 columns and 15 rows, so that a frame ends within a
// byte (195 bits), turned and tilted, with pixels that are no squares: nothing
// that is exchanged or upside down goes unseen.
var stacks = map[string]func(*volume.Volume, ctwriter.Options) ([][]byte, error){
	"single frames": ctwriter.Instances,
	"multi-frame": func(v *volume.Volume, o ctwriter.Options) ([][]byte, error) {
		data, err := ctwriter.Enhanced(v, o)
		return [][]byte{data}, err
	},
}

func stack(t testing.TB, name string) [][]byte { return stackOf(t, name, "Benaïssa^Zoé") }

// plain is a stack of a patient whose name is ASCII.
func plain(t testing.TB) [][]byte { return stackOf(t, "single frames", "Benaissa^Zoe") }

func stackOf(t testing.TB, name, patient string) [][]byte {
	t.Helper()
	cos, sin := math.Cos(0.3), math.Sin(0.3)
	row := volume.Vec3{cos, sin, 0}
	column := volume.Vec3{-sin * math.Cos(0.1), cos * math.Cos(0.1), math.Sin(0.1)}
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{13, 15, 7}, SpacingMM: [3]float64{0.75, 0.6, 2.5}, OriginLPSMM: volume.Vec3{-41.5, 12.25, -300},
		Axes: [3]volume.Vec3{row, column, row.Cross(column)},
	}, HU: make([]int16, 13*15*7)}
	out, err := stacks[name](v, ctwriter.Options{
		Seed: "stack", StudyUID: "2.25.20260301", Patient: ctwriter.Patient{ID: "P1", Issuer: "TEST", Name: patient, BirthDate: "19600101", Sex: "F"},
	})
	require.NoError(t, err)
	return out
}

// gridOf reads the grid from the files of a series.
func gridOf(t testing.TB, files [][]byte) report.Grid {
	t.Helper()
	var g report.Grid
	for _, data := range files {
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		top := f.Elements()
		g.Rows, _ = top.Int(tag.Rows)
		g.Columns, _ = top.Int(tag.Columns)
		ref := report.Reference{}
		ref.SOPClassUID, _ = top.String(tag.SOPClassUID)
		ref.SOPInstanceUID, _ = top.String(tag.SOPInstanceUID)
		if frames := top.Sequence(tag.PerFrameFunctionalGroupsSequence); len(frames) > 0 {
			shared := top.Sequence(tag.SharedFunctionalGroupsSequence)[0]
			measures(t, &g, shared.Sequence(tag.PixelMeasuresSequence)[0], shared.Sequence(tag.PlaneOrientationSequence)[0])
			for i, fr := range frames {
				at := floats(t, fr.Sequence(tag.PlanePositionSequence)[0], tag.ImagePositionPatient)
				g.Slices = append(g.Slices, report.Slice{Reference: ref, Frame: i + 1, PositionLPSMM: volume.Vec3(at)})
			}
			continue
		}
		measures(t, &g, top, top)
		g.Slices = append(g.Slices, report.Slice{Reference: ref, PositionLPSMM: volume.Vec3(floats(t, top, tag.ImagePositionPatient))})
	}
	g.SliceSpacingMM = g.Slices[1].PositionLPSMM.Sub(g.Slices[0].PositionLPSMM).Norm()
	return g
}

func measures(t testing.TB, g *report.Grid, spacing, orientation part10.Elements) {
	g.PixelSpacingMM = [2]float64(floats(t, spacing, tag.PixelSpacing))
	g.SliceThicknessMM = floats(t, spacing, tag.SliceThickness)[0]
	o := floats(t, orientation, tag.ImageOrientationPatient)
	g.RowDirection, g.ColumnDirection = volume.Vec3(o[:3]), volume.Vec3(o[3:])
}

func floats(t testing.TB, e part10.Elements, of tag.Tag) []float64 {
	t.Helper()
	var out []float64
	for _, s := range e.Strings(of) {
		v, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		out = append(out, v)
	}
	return out
}

// place is a finding's centre as continuous column, row and slice.
type place struct {
	column, row, slice, diameterMM float64
	side                           finding.Side
}

// resultOn is a result of findings at the given places of a series.
func resultOn(t testing.TB, files [][]byte, l report.Language, places ...place) (report.Result, report.Grid) {
	t.Helper()
	r, g := result(t, l), gridOf(t, files)
	f, err := part10.Parse(files[0], part10.DefaultLimits())
	require.NoError(t, err)
	r.Subject, r.Source, r.Findings = report.SubjectOf(f.Elements()), report.Source{}, nil
	r.Source.SeriesUID, _ = f.Elements().String(tag.SeriesInstanceUID)
	r.Source.FrameOfReferenceUID, _ = f.Elements().String(tag.FrameOfReferenceUID)
	for _, s := range g.Slices {
		if s.Frame <= 1 {
			r.Source.Instances = append(r.Source.Instances, s.Reference)
		}
	}
	for i, p := range places {
		normal := g.RowDirection.Cross(g.ColumnDirection)
		at := g.Slices[0].PositionLPSMM.Add(g.RowDirection.Scale(p.column * g.PixelSpacingMM[1])).
			Add(g.ColumnDirection.Scale(p.row * g.PixelSpacingMM[0])).Add(normal.Scale(p.slice * g.SliceSpacingMM))
		key := g.Slices[int(math.Round(p.slice))]
		r.Findings = append(r.Findings, report.Finding{
			Finding: finding.Finding{
				Rank: i + 1, Score: 0.9312 - 0.1*float64(i), Flagged: i == 0, Side: p.side, MeanDiameterMM: p.diameterMM, CenterLPSMM: at,
			},
			SOPInstanceUID: key.SOPInstanceUID, Frame: key.Frame, PixelColumn: p.column, PixelRow: p.row,
		})
	}
	return r, g
}

// usual are findings of different kinds: one across slices, one that shares
// them, one that is cut off by the edge of the images, one so small that it
// lies between slices.
func usual() []place {
	return []place{
		{6.2, 7.4, 3.1, 6.4, finding.SideLeft}, {8, 4, 3.6, 5, finding.SideRight}, {0.4, 14.2, 1, 4.2, finding.SideUnknown}, {10.7, 2.6, 5.6, 1.6, finding.SideRight},
	}
}

// spheres are the segments of all findings.
func spheres(t testing.TB, r report.Result, g report.Grid) []report.Segment {
	t.Helper()
	var out []report.Segment
	for _, f := range r.Findings {
		s, err := g.Sphere(f)
		require.NoError(t, err)
		out = append(out, s)
	}
	return out
}

// pages are the key slices, each pixel of another grey.
func pages(r report.Result, g report.Grid) []report.Page {
	var out []report.Page
	for k, s := range g.Slices {
		shows := false
		for _, f := range r.Findings {
			shows = shows || f.SOPInstanceUID == s.SOPInstanceUID && f.Frame == s.Frame
		}
		if !shows {
			continue
		}
		p := image.NewGray(image.Rect(0, 0, g.Columns, g.Rows))
		for i := range p.Pix {
			p.Pix[i] = byte(20 + (i+17*k)%180)
		}
		out = append(out, report.Page{Slice: k, Number: 100 + k, Picture: p})
	}
	return out
}

// older are objects of a result that is no longer true.
func older(r report.Result) []report.Predecessor {
	r.Key = "an older key"
	return []report.Predecessor{
		{Reference: r.SEGInstance(), SeriesUID: r.SEGSeries()}, {Reference: r.KOInstance(), SeriesUID: r.KOSeries()}, {Reference: r.SCInstance(), SeriesUID: r.SCSeries()},
	}
}

// pictured are the objects that need the grid, by name.
func pictured(t testing.TB, r report.Result, g report.Grid, suffix string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	keep := func(name string, data []byte, err error) {
		require.NoError(t, err, name)
		out[fmt.Sprint(name, "-", suffix)] = data
	}
	data, err := r.SEG(g, segments(t, r, g))
	keep("seg", data, err)
	data, err = r.SC(g, pages(r, g))
	keep("sc", data, err)
	data, err = r.Rejection(older(r))
	keep("rejection", data, err)
	return out
}
