package report

import (
	"slices"
	"strconv"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// Reference names one SOP instance.
type Reference struct{ SOPClassUID, SOPInstanceUID string }

func (r Reference) fill(b *part10.Builder) {
	b.Text(tag.ReferencedSOPClassUID, r.SOPClassUID)
	b.Text(tag.ReferencedSOPInstanceUID, r.SOPInstanceUID)
}

// fillFrame refers to a frame; 0 is the image itself.
func (r Reference) fillFrame(b *part10.Builder, frame int) {
	r.fill(b)
	if frame > 0 {
		b.Text(tag.ReferencedFrameNumber, strconv.Itoa(frame))
	}
}

// seriesOf are instances of one series.
type seriesOf struct {
	uid       string
	instances []Reference
}

// bySeries puts instances of one series together; series in the order of their
// first instance.
func bySeries(all []Predecessor) []seriesOf {
	var out []seriesOf
	for _, p := range all {
		i := slices.IndexFunc(out, func(s seriesOf) bool { return s.uid == p.SeriesUID })
		if i < 0 {
			i, out = len(out), append(out, seriesOf{uid: p.SeriesUID})
		}
		out[i].instances = append(out[i].instances, p.Reference)
	}
	return out
}

// all is the series that was read, with all of its images.
func (s Source) all() []seriesOf { return []seriesOf{{s.SeriesUID, s.Instances}} }

// fillSeries writes a Referenced Series Sequence; documents and images name
// the instances in it by different tags (PS3.3 tables 10-4 and C.12-8).
func fillSeries(b *part10.Builder, instances tag.Tag, all []seriesOf) {
	items := make([]func(*part10.Builder), len(all))
	for i, s := range all {
		items[i] = func(b *part10.Builder) {
			refs := make([]func(*part10.Builder), len(s.instances))
			for k, ref := range s.instances {
				refs[k] = ref.fill
			}
			b.Sequence(instances, refs...)
			b.Text(tag.SeriesInstanceUID, s.uid)
		}
	}
	b.Sequence(tag.ReferencedSeriesSequence, items...)
}

// hierarchy writes references to instances of this study (PS3.3 table C.17-3).
func (r Result) hierarchy(b *part10.Builder, t tag.Tag, all []seriesOf) {
	b.Sequence(t, func(b *part10.Builder) {
		fillSeries(b, tag.ReferencedSOPSequence, all)
		b.Text(tag.StudyInstanceUID, r.Subject.studyUID())
	})
}

// sourceImage fills an item of a Source Image Sequence.
func (s Slice) sourceImage(l Language) func(*part10.Builder) {
	return func(b *part10.Builder) {
		s.fillFrame(b, s.Frame)
		b.Sequence(tag.PurposeOfReferenceCodeSequence, processedImage.fill(l))
	}
}

// IsReport says whether it is a structured report: a newer one names those that
// it replaces, and they are not withdrawn.
func (r Reference) IsReport() bool { return r.SOPClassUID == comprehensive3DSR }
