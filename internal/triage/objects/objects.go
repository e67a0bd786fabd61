// Package objects makes the DICOM objects that say what is said of a study. It
// is where the application's results meet dicomio/report.
package objects

import (
	"errors"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/report"
	"nafas/internal/triage"
)

// Of makes what is said of a delivery's series, from an image of it.
func Of(one triage.Delivery, image []byte, l report.Language) (report.Result, error) {
	f, err := part10.Parse(image, part10.DefaultLimits())
	if err != nil {
		return report.Result{}, err
	}
	in, err := dicomio.Identify(f)
	if err != nil {
		return report.Result{}, err
	}
	r := report.Result{
		Subject: report.SubjectOf(f.Elements()), Key: one.Key, At: one.At, Language: l,
		Source: report.Source{SeriesUID: one.Series.UID, FrameOfReferenceUID: in.FrameOfReferenceUID},
	}
	for _, i := range one.Instances {
		r.Source.Instances = append(r.Source.Instances, report.Reference{SOPClassUID: i.SOPClassUID, SOPInstanceUID: i.SOPUID})
	}
	for _, i := range one.Replaces {
		if i.SOPClassUID == comprehensive3DSR {
			r.Replaces = append(r.Replaces, predecessor(i))
		}
	}
	result := one.Series.Result
	if result == nil {
		r.NotAssessed = one.Study.NotAssessed.Error()
		r.Algorithm = report.Algorithm{Name: "Nafas", Version: part10.ImplementationVersionName}
		return r, nil
	}
	r.Algorithm = report.Algorithm(result.Model)
	for _, found := range result.Findings {
		r.Findings = append(r.Findings, report.Finding{
			Finding: found.Finding, SOPInstanceUID: found.SOPInstanceUID, Frame: found.Frame,
			PixelColumn: found.PixelColumn, PixelRow: found.PixelRow,
		})
	}
	if r.Source.FrameOfReferenceUID == "" {
		return r, errors.New("the images have no frame of reference")
	}
	return r, nil
}

// comprehensive3DSR is the class of our reports (PS3.4 table B.5-1).
const comprehensive3DSR = "1.2.840.10008.5.1.4.1.1.88.34"

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
	SR Kind = "sr"
	KO Kind = "ko"
)

// Kinds are all, in the order in which they are sent.
var Kinds = []Kind{SR, KO}

// Read returns the contents of one of a delivery's Paths.
type Read func(path string) ([]byte, error)

// Make writes one object. triage.ErrNoResult where a result has none of its
// kind: there are key images of findings alone.
func Make(one triage.Delivery, read Read, k Kind, language string) ([]byte, error) {
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
	if k == SR {
		return r.SR()
	}
	if len(r.Findings) == 0 {
		return nil, triage.ErrNoResult
	}
	return r.KO()
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
