package dimse

import (
	"bytes"
	"errors"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/dimse/command"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
)

// Find asks for matches (C-FIND, study root). *Failure for every end but success
// (PS3.4 table C.4-1): what came before may not be all. match.ErrTooMany where more
// come than are taken; the association is over then.
func (c *Client) Find(q match.Query) ([]match.Entry, error) {
	var out []match.Entry
	err := c.FindEach(q, func(e match.Entry) error {
		if out = append(out, e); len(out) > match.MaxEntries {
			return match.ErrTooMany
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// FindEach is Find for any number of matches, which it hands on as they come. An
// error of each ends the association.
func (c *Client) FindEach(q match.Query, each func(match.Entry) error) error {
	ctx, ok := c.Context(StudyRootFind)
	if !ok {
		return ErrNoContext
	}
	data, err := identifier(q, ctx.TransferSyntax)
	if err != nil {
		return err
	}
	id, err := c.request(ctx, &command.Set{Field: command.CFindRQ, SOPClassUID: StudyRootFind}, bytes.NewReader(data))
	if err != nil {
		return err
	}
	var m *Message
	for {
		if m, err = c.response(id, c.timing.Answer, m); err != nil {
			return err
		}
		if s := m.Command.Status; s != command.Success && !s.IsPending() {
			return &Failure{Status: s, Comment: m.Command.Comment}
		} else if s == command.Success {
			return nil
		}
		elems, err := dataset(m)
		if err == nil {
			err = each(entry(elems))
		}
		if err != nil {
			return c.fail(err)
		}
	}
}

// identifier is what a query asks for, as a data set.
func identifier(q match.Query, transferSyntax string) ([]byte, error) {
	var b part10.Builder
	b.Text(tag.QueryRetrieveLevel, string(q.Level))
	b.Text(tag.PatientID, q.PatientID)
	b.Text(tag.IssuerOfPatientID, "")
	b.Text(tag.AccessionNumber, q.AccessionNumber)
	b.Text(tag.StudyDate, q.StudyDates)
	b.Text(tag.StudyTime, q.StudyTimes)
	b.Text(tag.StudyDescription, "")
	b.Text(tag.StudyInstanceUID, q.StudyUID)
	switch q.Level {
	case match.StudyLevel:
		b.Text(tag.PatientName, "")
		b.Text(tag.PatientBirthDate, "")
		b.Text(tag.ModalitiesInStudy, q.Modality)
		b.Text(tag.NumberOfStudyRelatedInstances, "")
	case match.SeriesLevel:
		b.Text(tag.Modality, q.Modality)
		b.Text(tag.SeriesInstanceUID, q.SeriesUID)
		b.Text(tag.SeriesDescription, "")
		b.Text(tag.BodyPartExamined, "")
		b.Text(tag.NumberOfSeriesRelatedInstances, "")
	case match.InstanceLevel:
		b.Text(tag.SeriesInstanceUID, q.SeriesUID)
		b.Text(tag.SOPInstanceUID, q.SOPUID)
		b.Text(tag.SOPClassUID, "")
	default:
		return nil, errors.New("a query without a level")
	}
	return marshal(&b, transferSyntax)
}

func entry(e part10.Elements) match.Entry {
	sets := e.Strings(tag.SpecificCharacterSet)
	text := func(t tag.Tag) string {
		for _, v := range e.Texts(t, sets) {
			return v
		}
		return ""
	}
	m := match.Entry{
		PatientID: text(tag.PatientID), IssuerOfPatientID: text(tag.IssuerOfPatientID),
		PatientName: text(tag.PatientName), PatientBirthDate: text(tag.PatientBirthDate),
		AccessionNumber: text(tag.AccessionNumber), StudyDate: text(tag.StudyDate), StudyTime: text(tag.StudyTime),
		StudyDescription: text(tag.StudyDescription), StudyUID: text(tag.StudyInstanceUID),
		SeriesUID: text(tag.SeriesInstanceUID), SeriesDescription: text(tag.SeriesDescription),
		BodyPart: text(tag.BodyPartExamined), SOPUID: text(tag.SOPInstanceUID), SOPClassUID: text(tag.SOPClassUID),
		Modalities: e.Strings(tag.ModalitiesInStudy),
	}
	if one := text(tag.Modality); one != "" {
		m.Modalities = []string{one}
	}
	for _, t := range []tag.Tag{tag.NumberOfStudyRelatedInstances, tag.NumberOfSeriesRelatedInstances} {
		if n, ok := e.Int(t); ok {
			m.Instances = n
		}
	}
	return m
}
