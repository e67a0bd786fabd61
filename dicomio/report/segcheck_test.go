package report_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/report"
	"nafas/inference/volume"
)

// segFile is a segmentation as it was written. dciodvfy does not see most of
// what makes it true, so that is held here.
type segFile struct {
	rows, columns int
	frameOfRef    string
	segments      []segSegment
	frames        []segFrame
	// voxels of all frames after one another.
	voxels []bool
}

type segSegment struct {
	number                                              int
	label, description, trackingID, trackingUID, params string
}

type segFrame struct {
	segment      int
	position     volume.Vec3
	dimensions   []int
	source       report.Reference
	sourceNumber int
}

func parseSEG(t testing.TB, data []byte) segFile {
	t.Helper()
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	e := f.Elements()
	var s segFile
	s.rows, _ = e.Int(tag.Rows)
	s.columns, _ = e.Int(tag.Columns)
	s.frameOfRef, _ = e.String(tag.FrameOfReferenceUID)
	for _, item := range e.Sequence(tag.SegmentSequence) {
		text := func(t tag.Tag) string { v, _ := item.String(t); return v }
		one := segSegment{label: text(tag.SegmentLabel), description: text(tag.SegmentDescription), trackingID: text(tag.TrackingID), trackingUID: text(tag.TrackingUID)}
		one.number, _ = item.Int(tag.SegmentNumber)
		one.params, _ = item.Sequence(tag.SegmentationAlgorithmIdentificationSequence)[0].String(tag.AlgorithmParameters)
		s.segments = append(s.segments, one)
	}
	for _, item := range e.Sequence(tag.PerFrameFunctionalGroupsSequence) {
		var one segFrame
		one.segment, _ = item.Sequence(tag.SegmentIdentificationSequence)[0].Int(tag.ReferencedSegmentNumber)
		one.position = volume.Vec3(floats(t, item.Sequence(tag.PlanePositionSequence)[0], tag.ImagePositionPatient))
		one.dimensions, _ = ints(item.Sequence(tag.FrameContentSequence)[0], tag.DimensionIndexValues)
		source := item.Sequence(tag.DerivationImageSequence)[0].Sequence(tag.SourceImageSequence)[0]
		one.source.SOPClassUID, _ = source.String(tag.ReferencedSOPClassUID)
		one.source.SOPInstanceUID, _ = source.String(tag.ReferencedSOPInstanceUID)
		one.sourceNumber, _ = source.Int(tag.ReferencedFrameNumber)
		s.frames = append(s.frames, one)
	}
	bytes := f.Bytes[f.Pixel.Offset : f.Pixel.Offset+f.Pixel.Length]
	for bit := range len(s.frames) * s.rows * s.columns {
		s.voxels = append(s.voxels, bytes[bit>>3]>>(bit&7)&1 == 1)
	}
	n, _ := e.Int(tag.NumberOfFrames)
	require.Equal(t, len(s.frames), n)
	return s
}

func ints(e part10.Elements, t tag.Tag) ([]int, bool) {
	for _, el := range e {
		if el.Tag == t {
			v, ok := el.Value.GetValue().([]int)
			return v, ok
		}
	}
	return nil, false
}

// frame is the voxels of one.
func (s segFile) frame(n int) []bool { return s.voxels[n*s.rows*s.columns : (n+1)*s.rows*s.columns] }

// truth is a finding's voxels by slice, worked out without the code under test.
func truth(g report.Grid, f report.Finding) map[int][]bool {
	out := map[int][]bool{}
	for k, s := range g.Slices {
		mask := make([]bool, g.Rows*g.Columns)
		for at := range mask {
			down, along := float64(at/g.Columns)*g.PixelSpacingMM[0], float64(at%g.Columns)*g.PixelSpacingMM[1]
			sum := 0.
			for axis := range 3 {
				d := s.PositionLPSMM[axis] + along*g.RowDirection[axis] + down*g.ColumnDirection[axis] - f.CenterLPSMM[axis]
				sum += d * d
			}
			mask[at] = sum <= f.MeanDiameterMM*f.MeanDiameterMM/4
		}
		if slices.Contains(mask, true) {
			out[k] = mask
		}
	}
	return out
}

// checkSEG says what of a segmentation is not as it must be.
func checkSEG(r report.Result, g report.Grid, sr *node, s segFile) error {
	if s.frameOfRef != r.Source.FrameOfReferenceUID {
		return fmt.Errorf("another frame of reference")
	}
	groups := sr.find(rows1500[len(rows1500)-1]).children
	if len(s.segments) != len(groups) {
		return fmt.Errorf("%d segments of %d findings", len(s.segments), len(groups))
	}
	for i, one := range s.segments {
		id, _ := groups[i].find(rows1411[0]).elems.String(tag.TextValue)
		uid, _ := groups[i].find(rows1411[1]).elems.String(tag.UID)
		switch {
		case one.number != i+1:
			return fmt.Errorf("segment %d has the number %d", i+1, one.number)
		case one.trackingID != id || one.trackingUID != uid || one.label != id:
			return fmt.Errorf("segment %d is tracked by another name than in the report", i+1)
		case one.description == "" || !strings.Contains(one.params, "sphere") || !strings.Contains(one.params, "no segmentation"):
			return fmt.Errorf("segment %d does not say what it is", i+1)
		}
	}
	return checkFrames(r, g, s)
}

func checkFrames(r report.Result, g report.Grid, s segFile) error {
	n := 0
	used := map[int]bool{}
	for _, f := range r.Findings {
		for k := range wanted(g, f) {
			used[k] = true
		}
	}
	order := slices.Sorted(maps.Keys(used))
	for i, f := range r.Findings {
		masks := wanted(g, f)
		for _, k := range slices.Sorted(maps.Keys(masks)) {
			if n == len(s.frames) {
				return fmt.Errorf("finding %d has no frame in slice %d", i+1, k)
			}
			fr, slice := s.frames[n], g.Slices[k]
			switch {
			case !slices.Contains(s.frame(n), true):
				return fmt.Errorf("frame %d is empty", n+1)
			case fr.segment != i+1:
				return fmt.Errorf("frame %d is of segment %d instead of %d", n+1, fr.segment, i+1)
			case fr.position.Sub(slice.PositionLPSMM).Norm() > 1e-6:
				return fmt.Errorf("frame %d is not where its slice is", n+1)
			case fr.source != slice.Reference || fr.sourceNumber != slice.Frame:
				return fmt.Errorf("frame %d was made from another image", n+1)
			case !slices.Equal(fr.dimensions, []int{i + 1, slices.Index(order, k) + 1}):
				return fmt.Errorf("frame %d has the place %v", n+1, fr.dimensions)
			case !slices.Equal(s.frame(n), masks[k]):
				return fmt.Errorf("frame %d has other voxels", n+1)
			}
			n++
		}
	}
	if n != len(s.frames) {
		return fmt.Errorf("%d frames more than slices", len(s.frames)-n)
	}
	return nil
}

// wanted is truth, and for what lies between voxels the nearest of them.
func wanted(g report.Grid, f report.Finding) map[int][]bool {
	masks := truth(g, f)
	if len(masks) > 0 {
		return masks
	}
	mask := make([]bool, g.Rows*g.Columns)
	mask[int(math.Round(f.PixelRow))*g.Columns+int(math.Round(f.PixelColumn))] = true
	for k, s := range g.Slices {
		if s.SOPInstanceUID == f.SOPInstanceUID && s.Frame == f.Frame {
			return map[int][]bool{k: mask}
		}
	}
	return nil
}
