package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// ErrNoMask says that no segment has a voxel, so that there is nothing to
// write.
var ErrNoMask = errors.New("no segmentation without a mask: leave the object out")

// maxPixelBytes bounds the pixel data of one object: 4096 frames of a
// segmentation at 512 x 512.
const maxPixelBytes = 128 << 20

// SEGInstance names the segmentation of this result. Its masks must be decided
// by the result: the name does not tell others apart.
func (r Result) SEGInstance() Reference { return Reference{segmentation, r.uid("seg")} }

// SEGSeries is the series of the segmentation.
func (r Result) SEGSeries() string { return r.uid("seg", "series") }

// SEG writes a binary segmentation (PS3.3 A.51) with a segment for each
// finding that has voxels, numbered from 1 in the order of rank, and a frame
// for each slice that a segment is in. ErrNoMask where there is no voxel; an
// error too where segments are none of the findings, masks are not within the
// grid, or there are more than 128 MiB of frames.
func (r Result) SEG(g Grid, segments []Segment) ([]byte, error) {
	if r.Source.FrameOfReferenceUID == "" {
		return nil, errors.New("no segmentation without a frame of reference of the images")
	}
	if err := g.check(r.Source); err != nil {
		return nil, err
	}
	segments, err := r.ordered(g, segments)
	if err != nil {
		return nil, err
	}
	frames := framesOf(segments)
	if len(frames) == 0 {
		return nil, ErrNoMask
	}
	packed, err := pack(g, segments, frames)
	if err != nil {
		return nil, err
	}
	var b part10.Builder
	l := r.Subject.Language(r.Language)
	r.imageHead(&b, object{
		instance: r.SEGInstance(), seriesUID: r.SEGSeries(), modality: "SEG", series: seriesSEG, description: "Segments of findings",
	}, l)
	r.segmentationImage(&b, g, segments, l)
	r.functionalGroups(&b, g, frames, l)
	return marshal(&b, &part10.Pixels{Native: packed})
}

// ordered are the segments that have voxels, by rank. Segments of one rank, or
// of none of the findings, have no name that the report knows.
func (r Result) ordered(g Grid, segments []Segment) ([]Segment, error) {
	var out []Segment
	seen := map[int]bool{}
	for _, s := range segments {
		rank := s.Finding.Rank
		if !slices.Contains(r.Findings, s.Finding) || r.NotAssessed != "" {
			return nil, fmt.Errorf("a segment of a finding %d, which the result does not have", rank)
		}
		if seen[rank] {
			return nil, fmt.Errorf("two segments of finding %d", rank)
		}
		seen[rank] = true
		if s.Making != DetectorSphere && (s.Making != MeasuredBody || s.Finding.Measured == nil) {
			return nil, fmt.Errorf("it is not said how the mask of finding %d was made", rank)
		}
		if err := s.Mask.check(g); err != nil {
			return nil, fmt.Errorf("finding %d: %w", rank, err)
		}
		if slices.Contains(s.Mask.In, true) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Segment) int { return cmp.Compare(a.Finding.Rank, b.Finding.Rank) })
	return out, nil
}

// segmentationImage writes the modules of the image (PS3.3 C.7.4.1, C.7.6.3,
// C.8.20.2).
func (r Result) segmentationImage(b *part10.Builder, g Grid, segments []Segment, l Language) {
	b.Text(tag.FrameOfReferenceUID, r.Source.FrameOfReferenceUID)
	indicator, _ := r.Subject.text(tag.PositionReferenceIndicator)
	b.Text(tag.PositionReferenceIndicator, indicator...)
	b.Text(tag.ImageType, "DERIVED", "PRIMARY")
	b.Text(tag.ContentLabel, "NAFAS")
	b.Text(tag.ContentDescription, notForDiagnosis)
	b.Text(tag.ContentCreatorName) // no person did
	b.Ints(tag.SamplesPerPixel, 1)
	b.Text(tag.PhotometricInterpretation, "MONOCHROME2")
	b.Ints(tag.PixelRepresentation, 0)
	b.Ints(tag.BitsAllocated, 1)
	b.Ints(tag.BitsStored, 1)
	b.Ints(tag.HighBit, 0)
	b.Ints(tag.Rows, g.Rows)
	b.Ints(tag.Columns, g.Columns)
	b.Text(tag.SegmentationType, "BINARY")
	items := make([]func(*part10.Builder), len(segments))
	for i, s := range segments {
		items[i] = func(b *part10.Builder) { r.segment(b, s, i+1, l) }
	}
	b.Sequence(tag.SegmentSequence, items...)
}

// segment describes one (PS3.3 table C.8.20-4). What it says of itself it says
// in words and, for programs, among the algorithm's parameters.
func (r Result) segment(b *part10.Builder, s Segment, number int, l Language) {
	b.Ints(tag.SegmentNumber, number)
	b.Text(tag.SegmentLabel, s.Finding.trackingID())
	said, name, version := words[l].sphere, r.Algorithm.Name, r.Algorithm.Version
	if s.Making == MeasuredBody {
		said = fmt.Sprintf(words[l].measured, s.Finding.Measured.Method)
		name, version = r.algorithmOf(s.Finding)
	}
	b.Text(tag.SegmentDescription, said)
	b.Text(tag.SegmentAlgorithmType, "AUTOMATIC")
	b.Text(tag.SegmentAlgorithmName, name)
	b.Sequence(tag.SegmentationAlgorithmIdentificationSequence, func(b *part10.Builder) {
		b.Sequence(tag.AlgorithmFamilyCodeSequence, artificialIntelligence.fill(l))
		b.Text(tag.AlgorithmName, name)
		b.Text(tag.AlgorithmVersion, version)
		b.Text(tag.AlgorithmParameters, "sha256="+r.Algorithm.SHA256+" mask="+string(s.Making))
		b.Text(tag.AlgorithmSource, manufacturer)
	})
	b.Text(tag.TrackingID, s.Finding.trackingID())
	b.Text(tag.TrackingUID, r.trackingUID(s.Finding))
	b.Sequence(tag.SegmentedPropertyCategoryCodeSequence, abnormalStructure.fill(l))
	b.Sequence(tag.SegmentedPropertyTypeCodeSequence, nodule.fill(l))
	b.Sequence(tag.AnatomicRegionSequence, func(b *part10.Builder) {
		lung.fill(l)(b)
		if side, ok := sideOf(s.Finding); ok {
			b.Sequence(tag.AnatomicRegionModifierSequence, side.fill(l))
		}
	})
}

// functionalGroups writes where the frames are, of which segment, and what
// they were made from (PS3.3 C.7.6.16, C.7.6.17, C.12.2).
func (r Result) functionalGroups(b *part10.Builder, g Grid, frames []frame, l Language) {
	b.Text(tag.NumberOfFrames, strconv.Itoa(len(frames)))
	dimension := r.uid("seg", "dimension")
	b.Sequence(tag.DimensionOrganizationSequence, func(b *part10.Builder) { b.Text(tag.DimensionOrganizationUID, dimension) })
	index := func(pointer, group tag.Tag) func(*part10.Builder) {
		return func(b *part10.Builder) {
			b.Text(tag.DimensionOrganizationUID, dimension)
			b.Ints(tag.DimensionIndexPointer, int(pointer.Group), int(pointer.Element))
			b.Ints(tag.FunctionalGroupPointer, int(group.Group), int(group.Element))
		}
	}
	b.Sequence(tag.DimensionIndexSequence,
		index(tag.ReferencedSegmentNumber, tag.SegmentIdentificationSequence),
		index(tag.ImagePositionPatient, tag.PlanePositionSequence))
	b.Sequence(tag.SharedFunctionalGroupsSequence, g.sharedGroups)
	items := make([]func(*part10.Builder), len(frames))
	for i, f := range frames {
		items[i] = func(b *part10.Builder) { g.frameGroups(b, f, l) }
	}
	b.Sequence(tag.PerFrameFunctionalGroupsSequence, items...)
	fillSeries(b, tag.ReferencedInstanceSequence, []seriesOf{{r.Source.SeriesUID, g.instancesOf(frames)}})
}

func (g Grid) sharedGroups(b *part10.Builder) {
	b.Sequence(tag.PixelMeasuresSequence, func(b *part10.Builder) {
		b.Numbers(tag.PixelSpacing, g.PixelSpacingMM[:]...)
		b.Numbers(tag.SliceThickness, g.SliceThicknessMM)
		if g.SliceSpacingMM > 0 {
			b.Numbers(tag.SpacingBetweenSlices, g.SliceSpacingMM)
		}
	})
	b.Sequence(tag.PlaneOrientationSequence, func(b *part10.Builder) {
		b.Numbers(tag.ImageOrientationPatient, append(g.RowDirection[:], g.ColumnDirection[:]...)...)
	})
}

func (g Grid) frameGroups(b *part10.Builder, f frame, l Language) {
	s := g.Slices[f.slice]
	b.Sequence(tag.FrameContentSequence, func(b *part10.Builder) { b.Ints(tag.DimensionIndexValues, f.segment+1, f.position) })
	b.Sequence(tag.PlanePositionSequence, func(b *part10.Builder) { b.Numbers(tag.ImagePositionPatient, s.PositionLPSMM[:]...) })
	b.Sequence(tag.SegmentIdentificationSequence, func(b *part10.Builder) { b.Ints(tag.ReferencedSegmentNumber, f.segment+1) })
	b.Sequence(tag.DerivationImageSequence, func(b *part10.Builder) {
		b.Sequence(tag.DerivationCodeSequence, segmentationOf.fill(l))
		b.Sequence(tag.SourceImageSequence, func(b *part10.Builder) {
			s.sourceImage(l)(b)
			b.Text(tag.SpatialLocationsPreserved, "YES")
		})
	})
}
