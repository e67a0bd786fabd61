package dimse

import (
	"bytes"
	"errors"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/dimse/command"
	"nafas/dicomio/part10"
)

// Level of a query or a retrieval (PS3.4 section C.6.2: the study root
// model).
type Level string

// The levels.
const (
	StudyLevel    Level = "STUDY"
	SeriesLevel   Level = "SERIES"
	InstanceLevel Level = "IMAGE"
)

// Query is what is looked for. Empty fields match everything; those that
// hold text may have the wildcards * and ? (PS3.4 section C.2.2.2).
type Query struct {
	Level Level
	// StudyDates is a date or a range, as DICOM writes them: 20260131,
	// 20260101-20260131, 20260101- (PS3.4 section C.2.2.2.5).
	StudyDates      string
	PatientID       string
	AccessionNumber string
	StudyUID        string
	SeriesUID       string
	SOPUID          string
	// Modality of the series; at the study level, of any of its series.
	Modality string
}

// Match is one answer. Fields that the peer did not return, or that are not of
// the level, are empty.
type Match struct {
	PatientID, IssuerOfPatientID string
	AccessionNumber              string
	StudyDate, StudyTime         string
	StudyDescription             string
	StudyUID                     string
	Modalities                   []string
	SeriesUID, SeriesDescription string
	// BodyPart is Body Part Examined of a series.
	BodyPart            string
	SOPUID, SOPClassUID string
	// Instances is how many there are in the study or series; 0 where the
	// peer does not say.
	Instances int
}

// maxMatches bounds what a peer may answer.
const maxMatches = 100_000

// Find asks for matches (C-FIND, study root).
func (c *Client) Find(q Query) ([]Match, error) {
	ctx, ok := c.Context(StudyRootFind)
	if !ok {
		return nil, ErrNoContext
	}
	data, err := q.marshal(ctx.TransferSyntax)
	if err != nil {
		return nil, err
	}
	id, err := c.request(ctx, &command.Set{Field: command.CFindRQ, SOPClassUID: StudyRootFind}, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var out []Match
	var m *Message
	for {
		if m, err = c.response(id, c.timing.Answer, m); err != nil {
			return nil, err
		}
		if !m.Command.Status.IsPending() {
			return out, outcome(m)
		}
		elems, err := dataset(m)
		if err != nil {
			return nil, c.fail(err)
		}
		if out = append(out, match(elems)); len(out) > maxMatches {
			return nil, c.fail(errors.New("the peer answered with more matches than are taken"))
		}
	}
}

func (q Query) marshal(transferSyntax string) ([]byte, error) {
	var b part10.Builder
	b.Text(tag.QueryRetrieveLevel, string(q.Level))
	b.Text(tag.PatientID, q.PatientID)
	b.Text(tag.IssuerOfPatientID, "")
	b.Text(tag.AccessionNumber, q.AccessionNumber)
	b.Text(tag.StudyDate, q.StudyDates)
	b.Text(tag.StudyTime, "")
	b.Text(tag.StudyDescription, "")
	b.Text(tag.StudyInstanceUID, q.StudyUID)
	switch q.Level {
	case StudyLevel:
		b.Text(tag.ModalitiesInStudy, q.Modality)
		b.Text(tag.NumberOfStudyRelatedInstances, "")
	case SeriesLevel:
		b.Text(tag.Modality, q.Modality)
		b.Text(tag.SeriesInstanceUID, q.SeriesUID)
		b.Text(tag.SeriesDescription, "")
		b.Text(tag.BodyPartExamined, "")
		b.Text(tag.NumberOfSeriesRelatedInstances, "")
	case InstanceLevel:
		b.Text(tag.SeriesInstanceUID, q.SeriesUID)
		b.Text(tag.SOPInstanceUID, q.SOPUID)
		b.Text(tag.SOPClassUID, "")
	default:
		return nil, errors.New("a query without a level")
	}
	return marshal(&b, transferSyntax)
}

func match(e part10.Elements) Match {
	sets := e.Strings(tag.SpecificCharacterSet)
	text := func(t tag.Tag) string { s, _ := e.String(t); return part10.DecodeText(sets, s) }
	m := Match{
		PatientID: text(tag.PatientID), IssuerOfPatientID: text(tag.IssuerOfPatientID),
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
