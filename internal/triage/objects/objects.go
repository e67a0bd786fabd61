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
		r.Replaces = append(r.Replaces, report.Predecessor{
			Reference: report.Reference{SOPClassUID: i.SOPClassUID, SOPInstanceUID: i.SOPUID}, SeriesUID: i.SeriesUID,
		})
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

// Languages that reports are written in.
var Languages = []string{string(report.English), string(report.French), string(report.Arabic)}

// Kind of an object.
type Kind string

// The kinds.
const (
	SR Kind = "sr"
	KO Kind = "ko"
)

// Make writes one object. triage.ErrNoResult where there are no findings to
// select images of.
func Make(one triage.Delivery, image []byte, k Kind, language string) ([]byte, error) {
	r, err := Of(one, image, report.Language(language))
	if err != nil {
		return nil, err
	}
	if k == KO {
		if len(r.Findings) == 0 {
			return nil, triage.ErrNoResult
		}
		return r.KO()
	}
	return r.SR()
}

// Place says where an object lies.
func Place(data []byte) (studyUID, seriesUID string, err error) {
	f, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil {
		return "", "", err
	}
	in, err := dicomio.Identify(f)
	if err != nil {
		return "", "", err
	}
	return in.StudyUID, in.SeriesUID, nil
}
