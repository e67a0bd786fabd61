package report_test

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/report"
)

func TestTheSegmentation(t *testing.T) {
	for name := range stacks {
		r, g := resultOn(t, stack(t, name), report.French, usual()...)
		data, err := r.SEG(g, spheres(t, r, g))
		require.NoError(t, err)
		sr, err := r.SR()
		require.NoError(t, err)
		require.Empty(t, truth(g, r.Findings[3]), "one of the findings must be of the kind that has no voxel centre")
		require.NoError(t, checkSEG(r, g, tree(t, sr), parseSEG(t, data)), name)
	}
}

// All that checkSEG looks at matters to it: dciodvfy sees none of this.
func TestEveryFaultOfASegmentationIsSeen(t *testing.T) {
	r, g := resultOn(t, stack(t, "multi-frame"), report.English, usual()...)
	data, err := r.SEG(g, spheres(t, r, g))
	require.NoError(t, err)
	sr, err := r.SR()
	require.NoError(t, err)
	for name, breakIt := range map[string]func(*segFile){
		"another frame of reference":   func(s *segFile) { s.frameOfRef = "2.25.3" },
		"a segment is missing":         func(s *segFile) { s.segments = s.segments[1:] },
		"segment numbers exchanged":    func(s *segFile) { s.segments[0].number, s.segments[1].number = 2, 1 },
		"numbers from 0":               func(s *segFile) { s.segments[0].number = 0 },
		"another tracking UID":         func(s *segFile) { s.segments[1].trackingUID += "1" },
		"tracking UIDs exchanged":      func(s *segFile) { a, b := &s.segments[0].trackingUID, &s.segments[1].trackingUID; *a, *b = *b, *a },
		"no tracking identifier":       func(s *segFile) { s.segments[2].trackingID = "" },
		"no word of the sphere":        func(s *segFile) { s.segments[0].description = "" },
		"parameters of a segmentation": func(s *segFile) { s.segments[0].params = "sha256=1" },
		"a frame of another segment":   func(s *segFile) { s.frames[0].segment = 2 },
		"a frame moved":                func(s *segFile) { s.frames[1].position[2] += 0.01 },
		"frame positions exchanged":    func(s *segFile) { a, b := &s.frames[0].position, &s.frames[1].position; *a, *b = *b, *a },
		"another source frame":         func(s *segFile) { s.frames[0].sourceNumber++ },
		"another source image":         func(s *segFile) { s.frames[0].source.SOPInstanceUID = "2.25.4" },
		"dimensions from 0":            func(s *segFile) { s.frames[0].dimensions = []int{1, 0} },
		"an empty frame":               func(s *segFile) { clear(s.frame(0)) },
		"a frame too many": func(s *segFile) {
			s.frames = append(s.frames, s.frames[0])
			s.voxels = append(s.voxels, s.frame(0)...)
		},
		"a frame is missing": func(s *segFile) { s.frames = s.frames[:len(s.frames)-1] },
		"a voxel too many":   func(s *segFile) { s.frame(2)[0] = !s.frame(2)[0] },
		"rows and columns exchanged": func(s *segFile) {
			was := slices.Clone(s.frame(0))
			for at := range was {
				s.frame(0)[(at%s.columns)*s.rows+at/s.columns] = was[at]
			}
		},
		"frames that begin with a byte": func(s *segFile) {
			// As if each frame of 195 bits had been filled up to 200.
			padded := make([]bool, 0, len(s.frames)*200)
			for n := range s.frames {
				padded = append(append(padded, s.frame(n)...), make([]bool, 5)...)
			}
			s.voxels = padded
		},
		"the highest bit first": func(s *segFile) {
			for at := 0; at+8 <= len(s.voxels); at += 8 {
				slices.Reverse(s.voxels[at : at+8])
			}
		},
	} {
		broken := parseSEG(t, data)
		breakIt(&broken)
		require.Error(t, checkSEG(r, g, tree(t, sr), broken), name)
	}
}

// Segments come in any order, those without voxels are left out, and the
// numbers have no gap.
func TestOrderAndEmptySegments(t *testing.T) {
	r, g := resultOn(t, stack(t, "single frames"), report.English, usual()...)
	all := spheres(t, r, g)
	data, err := r.SEG(g, all)
	require.NoError(t, err)
	slices.Reverse(all)
	again, err := r.SEG(g, all)
	require.NoError(t, err)
	require.Equal(t, data, again)

	// Slices of a mask without a voxel make no frame.
	for i, s := range all {
		m := &all[i].Mask
		area := m.Size[0] * m.Size[1]
		before, behind := m.First[2], len(g.Slices)-m.First[2]-m.Size[2]
		m.In = slices.Concat(make([]bool, before*area), s.Mask.In, make([]bool, behind*area))
		m.First[2], m.Size[2] = 0, len(g.Slices)
	}
	again, err = r.SEG(g, all)
	require.NoError(t, err)
	require.Equal(t, data, again)

	clear(all[2].Mask.In) // the finding of rank 2
	data, err = r.SEG(g, all)
	require.NoError(t, err)
	s := parseSEG(t, data)
	require.Len(t, s.segments, 3)
	for i, label := range []string{"Nafas 1", "Nafas 3", "Nafas 4"} {
		require.Equal(t, label, s.segments[i].label)
		require.Equal(t, i+1, s.segments[i].number)
	}
	for n := range s.frames {
		require.Contains(t, s.frame(n), true)
	}
}

// What a segment is it says in the language of the object.
func TestASegmentSaysWhatItIs(t *testing.T) {
	for l, want := range map[report.Language]string{report.English: "not a segmentation", report.French: "pas une segmentation", report.Arabic: "ليست تجزئة"} {
		r, g := resultOn(t, stack(t, "single frames"), l, usual()...)
		data, err := r.SEG(g, spheres(t, r, g))
		require.NoError(t, err)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		for _, item := range f.Elements().Sequence(tag.SegmentSequence) {
			said, _ := item.String(tag.SegmentDescription)
			require.Contains(t, said, want)
		}
		content, _ := f.Elements().String(tag.ContentDescription)
		require.Equal(t, "RESEARCH USE ONLY - NOT FOR DIAGNOSIS", content)
	}
}

// Images that went through a lossy compression once did so for ever.
func TestLossyImagesMakeLossyObjects(t *testing.T) {
	r, g := resultOn(t, stack(t, "single frames"), report.English, usual()...)
	var b part10.Builder
	b.Text(tag.StudyInstanceUID, "1.2.3")
	b.Text(tag.LossyImageCompression, "01")
	b.Text(tag.LossyImageCompressionRatio, "12.5")
	b.Text(tag.LossyImageCompressionMethod, "ISO_15444_1")
	elems, err := b.Elements()
	require.NoError(t, err)
	r.Subject = report.SubjectOf(elems)
	seg, err := r.SEG(g, spheres(t, r, g))
	require.NoError(t, err)
	sc, err := r.SC(g, pages(r, g))
	require.NoError(t, err)
	for _, data := range [][]byte{seg, sc} {
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		for of, want := range map[tag.Tag]string{tag.LossyImageCompression: "01", tag.LossyImageCompressionRatio: "12.5", tag.LossyImageCompressionMethod: "ISO_15444_1"} {
			got, _ := f.Elements().String(of)
			require.Equal(t, want, got)
		}
	}
}

func TestWhatCannotBeSegmented(t *testing.T) {
	files := stack(t, "single frames")
	for _, c := range []struct {
		name, want string
		breakIt    func(*report.Result, *report.Grid, *[]report.Segment)
	}{
		{"a finding of another result", "does not have", func(_ *report.Result, _ *report.Grid, s *[]report.Segment) { (*s)[0].Finding.Rank = 9 }},
		{"a finding that was changed since", "does not have", func(_ *report.Result, _ *report.Grid, s *[]report.Segment) { (*s)[0].Finding.Side = "right" }},
		{"a result of a failure", "does not have", func(r *report.Result, _ *report.Grid, _ *[]report.Segment) { r.NotAssessed = "TOO_THICK: 10 mm" }},
		{"one finding twice", "two segments", func(_ *report.Result, _ *report.Grid, s *[]report.Segment) { *s = append(*s, (*s)[0]) }},
		{"nobody knows how it was made", "not said how", func(_ *report.Result, _ *report.Grid, s *[]report.Segment) { (*s)[0].Making = "" }},
		{"a mask before the grid", "not within", func(_ *report.Result, _ *report.Grid, s *[]report.Segment) { (*s)[0].Mask.First[1] = -1 }},
		{"a mask beyond the grid", "not within", func(_ *report.Result, _ *report.Grid, s *[]report.Segment) { (*s)[0].Mask.First[2] = 6 }},
		{"a mask far beyond", "not within", func(_ *report.Result, _ *report.Grid, s *[]report.Segment) {
			(*s)[0].Mask.First[0], (*s)[0].Mask.Size[0] = math.MaxInt, math.MaxInt
		}},
		{"voxels missing", "voxels in a box", func(_ *report.Result, _ *report.Grid, s *[]report.Segment) { (*s)[0].Mask.In = (*s)[0].Mask.In[1:] }},
		{"no frame of reference", "frame of reference", func(r *report.Result, _ *report.Grid, _ *[]report.Segment) { r.Source.FrameOfReferenceUID = "" }},
		{"no rows", "rows", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) { g.Rows = 0 }},
		{"directions that are none", "right angle", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) { g.ColumnDirection = g.RowDirection }},
		{"directions that are no numbers", "right angle", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) { g.RowDirection[0] = math.NaN() }},
		{"no spacing", "spacing", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) { g.PixelSpacingMM[1] = 0 }},
		{"no thickness", "thickness", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) { g.SliceThicknessMM = math.Inf(1) }},
		{"spacing upside down", "below 0", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) { g.SliceSpacingMM = -2 }},
		{"no slices", "without slices", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) { g.Slices = nil }},
		{"a slice of another series", "no image of its series", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) { g.Slices[2].SOPInstanceUID = "2.25.9" }},
		{"a slice of another class", "no image of its series", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) { g.Slices[2].SOPClassUID = "2.25.9" }},
		{"a slice twice", "twice", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) {
			g.Slices[2].Reference = g.Slices[1].Reference
		}},
		{"a slice nowhere", "no position", func(_ *report.Result, g *report.Grid, _ *[]report.Segment) { g.Slices[2].PositionLPSMM[0] = math.NaN() }},
	} {
		r, g := resultOn(t, files, report.English, usual()...)
		s := spheres(t, r, g)
		c.breakIt(&r, &g, &s)
		_, err := r.SEG(g, s)
		require.ErrorContains(t, err, c.want, c.name)
	}
	r, g := resultOn(t, files, report.English, usual()...)
	_, err := r.SEG(g, nil)
	require.ErrorIs(t, err, report.ErrNoMask)
	s := spheres(t, r, g)[:1]
	clear(s[0].Mask.In)
	_, err = r.SEG(g, s)
	require.ErrorIs(t, err, report.ErrNoMask)
}

func TestSpheresThatAreNone(t *testing.T) {
	r, g := resultOn(t, stack(t, "single frames"), report.English, usual()...)
	for _, c := range []struct {
		name, want string
		breakIt    func(*report.Finding)
	}{
		{"no diameter", "no diameter", func(f *report.Finding) { f.MeanDiameterMM = 0 }},
		{"a diameter without end", "no diameter", func(f *report.Finding) { f.MeanDiameterMM = math.Inf(1) }},
		{"beside the images", "not in the grid", func(f *report.Finding) { f.CenterLPSMM = f.CenterLPSMM.Sub(g.RowDirection.Scale(20)) }},
		{"beyond the last slice", "not in the grid", func(f *report.Finding) { f.CenterLPSMM[2] += 30 }},
		{"nowhere", "not in the grid", func(f *report.Finding) { f.CenterLPSMM[1] = math.NaN() }},
	} {
		f := r.Findings[0]
		c.breakIt(&f)
		_, err := g.Sphere(f)
		require.ErrorContains(t, err, c.want, c.name)
	}
}

// What is too large is refused before there is memory for it.
func TestMemoryIsBounded(t *testing.T) {
	r, g := resultOn(t, stack(t, "single frames"), report.English, usual()...)
	g.Rows, g.Columns, g.PixelSpacingMM = 60000, 60000, [2]float64{0.001, 0.001}
	f := r.Findings[0]
	f.CenterLPSMM = g.Slices[3].PositionLPSMM.Add(g.RowDirection.Scale(30)).Add(g.ColumnDirection.Scale(30))
	f.MeanDiameterMM = 50
	// 2.5e9 voxels a slice, and 450 MB a frame.
	mask := report.Mask{Size: [3]int{1, 1, 1}, In: []bool{true}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := g.Sphere(f)
	require.ErrorContains(t, err, "at most")
	_, err = r.SEG(g, []report.Segment{{Finding: r.Findings[0], Mask: mask, Making: report.DetectorSphere}})
	require.ErrorContains(t, err, "128 MiB")
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}
