// Package objects makes the DICOM objects that say what is said of a study. It
// is where the application's results meet dicomio/report.
package objects

import (
	"context"
	"errors"
	"slices"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/report"
	"nafas/inference/prior"
	"nafas/internal/triage"
	"nafas/internal/triage/wording"
)

// Of makes what is said of a delivery's series, from an image of it.
func Of(one triage.Delivery, image []byte, l report.Language) (report.Result, error) {
	f, err := part10.Parse(image, part10.DefaultLimits())
	if err != nil {
		return report.Result{}, err
	}
	in, err := dicomio.Examine(f)
	if err != nil {
		return report.Result{}, err
	}
	subject := report.SubjectOf(f.Elements())
	r := Said(one, subject.Language(l))
	r.Subject, r.Language, r.Source.FrameOfReferenceUID = subject, l, in.FrameOfReferenceUID
	for _, i := range one.Instances {
		r.Source.Instances = append(r.Source.Instances, report.Reference{SOPClassUID: i.SOPClassUID, SOPInstanceUID: i.SOPUID})
	}
	for _, i := range one.Replaces {
		if p := predecessor(i); p.IsReport() {
			r.Replaces = append(r.Replaces, p)
		}
	}
	if s := r.Signature(); s != nil {
		s.Organisation = in.Institution
	}
	if one.Series.Result != nil && r.Source.FrameOfReferenceUID == "" {
		return r, errors.New("the images have no frame of reference")
	}
	return r, nil
}

// Said is what is said of a delivery's series, in a language, without what only
// an image knows.
func Said(one triage.Delivery, l report.Language) report.Result {
	r := report.Result{Key: one.Key, At: one.At, Source: report.Source{SeriesUID: one.Series.UID}, Review: reviewed(one)}
	result := one.Series.Result
	if result == nil {
		r.NotAssessed = Why(one.Study.NotAssessed, string(l))
		r.Algorithm = report.Algorithm{Name: "Nafas", Version: part10.ImplementationVersionName}
		return r
	}
	r.Algorithm, r.FoundKey = report.Algorithm(result.Model), result.Key
	r.Compared = compared(one.Study.Comparison, l)
	for _, found := range result.Findings {
		f := Finding(found)
		f.Change = one.Study.Comparison.Of(found.Rank)
		r.Findings = append(r.Findings, f)
	}
	for _, line := range wording.Of(string(l), one.Study.Assessment) {
		r.Suggested = append(r.Suggested, line.Text)
	}
	return r
}

// compared is what a study was compared with; nil where there is nothing.
func compared(c *triage.Comparison, l report.Language) *report.Compared {
	if c == nil {
		return nil
	}
	out := &report.Compared{Date: c.EarlierStudyDate, Days: c.Days, Refused: c.Refused}
	if c.Why != nil {
		out.Not = Why(c.Why, string(l))
	}
	for _, e := range c.Earlier {
		switch e.State {
		case prior.Gone:
			out.Gone++
		case prior.Unpaired:
			out.Unpaired++
		}
	}
	return out
}

// Finding is a finding as objects have it: what was measured of it only where
// that can be relied on.
func Finding(f triage.Finding) report.Finding {
	out := report.Finding{
		Finding: f.Finding, Place: f.Place, SOPInstanceUID: f.SOPInstanceUID, Frame: f.Frame, PixelColumn: f.PixelColumn, PixelRow: f.PixelRow,
	}
	if m := f.Reliable(); m != nil {
		out.Measured = &report.Measured{Measurement: m.Measurement, Method: m.Method}
	}
	return out
}

func predecessor(i triage.InstanceRef) report.Predecessor {
	return report.Predecessor{
		Reference: report.Reference{SOPClassUID: i.SOPClassUID, SOPInstanceUID: i.SOPUID}, SeriesUID: i.SeriesUID,
	}
}

// Languages that reports are written in.
var Languages = []string{string(report.English), string(report.French), string(report.Arabic)}

// Kind of an object.
type Kind string

// The kinds.
const (
	SR  Kind = "sr"
	KO  Kind = "ko"
	SEG Kind = "seg"
	SC  Kind = "sc"
	// Reject is a note that withdraws what was delivered before, reports
	// apart: a newer one names those.
	Reject Kind = "reject"
)

// Read returns the contents of one of a delivery's Paths.
type Read func(path string) ([]byte, error)

// Make writes one object. triage.ErrNoResult where a result has none of its
// kind: there are key images, segments and pictures of findings alone, no
// pictures where the images can only be decoded by native code, and notes only
// where there is something to withdraw.
func Make(ctx context.Context, one triage.Delivery, read Read, k Kind, language string) ([]byte, error) {
	if one.Header == "" {
		return nil, triage.ErrNoResult
	}
	image, err := read(one.Header)
	if err != nil {
		return nil, err
	}
	r, err := Of(one, image, report.Language(language))
	if err != nil {
		return nil, err
	}
	switch k {
	case SR:
		return r.SR()
	case Reject:
		return reject(one, r)
	}
	if len(r.Findings) == 0 {
		return nil, triage.ErrNoResult
	}
	if k == KO {
		return r.KO()
	}
	laid, err := layOut(ctx, one, read)
	if err != nil {
		return nil, err
	}
	if k == SC {
		return laid.capture(ctx, one, read, r)
	}
	segments, err := laid.segments(one, r)
	if err != nil {
		return nil, err
	}
	return r.SEG(laid.grid, segments)
}

// reject withdraws what was delivered before, and is not what is delivered
// now.
func reject(one triage.Delivery, r report.Result) ([]byte, error) {
	own := []report.Reference{r.KOInstance(), r.SEGInstance(), r.SCInstance()}
	var old []report.Predecessor
	for _, i := range one.Replaces {
		if p := predecessor(i); !p.IsReport() && !slices.Contains(own, p.Reference) {
			old = append(old, p)
		}
	}
	if len(old) == 0 {
		return nil, triage.ErrNoResult
	}
	return r.Rejection(old)
}

// Place says which object it is that Make wrote, and where it belongs.
func Place(data []byte) (studyUID string, ref triage.InstanceRef, err error) {
	f, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil {
		return "", ref, err
	}
	in, err := dicomio.Identify(f)
	if err != nil {
		return "", ref, err
	}
	return in.StudyUID, triage.InstanceRef{SOPClassUID: in.SOPClassUID, SOPUID: in.SOPUID, SeriesUID: in.SeriesUID}, nil
}
