package dicomio

import (
	"slices"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/match"
	"nafas/dicomio/part10"
)

// Attributes are values of a data set by the keyword of the attribute (PS3.6
// chapter 6): in UTF-8, without padding, backslashes between several values.
// What is absent or empty is not in it.
type Attributes map[string]string

// Description is what an archive tells of an instance to who looks for it
// (PS3.18 tables 10.6.3-3 to 10.6.3-5), by level. Like Patient it is never
// logged and never part of an error.
type Description struct {
	Study, Series, Instance Attributes
}

// described are the attributes of a Description. Those of a sequence are of its
// first item.
var described = []struct {
	level    func(*Description) *Attributes
	sequence tag.Tag
	tags     []tag.Tag
}{
	{level: func(d *Description) *Attributes { return &d.Study }, tags: []tag.Tag{
		tag.PatientName, tag.PatientID, tag.IssuerOfPatientID, tag.PatientBirthDate, tag.PatientSex,
		tag.StudyDate, tag.StudyTime, tag.AccessionNumber, tag.StudyID, tag.StudyDescription,
		tag.ReferringPhysicianName, tag.TimezoneOffsetFromUTC,
	}},
	{level: func(d *Description) *Attributes { return &d.Series }, tags: []tag.Tag{
		tag.SeriesNumber, tag.SeriesDescription, tag.SeriesDate, tag.SeriesTime, tag.BodyPartExamined, tag.ProtocolName,
		tag.Manufacturer, tag.PerformedProcedureStepStartDate, tag.PerformedProcedureStepStartTime,
	}},
	{level: func(d *Description) *Attributes { return &d.Series }, sequence: tag.RequestAttributesSequence, tags: []tag.Tag{
		tag.ScheduledProcedureStepID, tag.RequestedProcedureID,
	}},
	{level: func(d *Description) *Attributes { return &d.Instance }, tags: []tag.Tag{
		tag.InstanceNumber, tag.Rows, tag.Columns, tag.BitsAllocated, tag.NumberOfFrames,
	}},
}

// Describe reads what a file says of itself to who looks for it.
func Describe(f *part10.File) Description {
	d := Description{Study: Attributes{}, Series: Attributes{}, Instance: Attributes{}}
	sets := f.Strings(tag.SpecificCharacterSet)
	for _, part := range described {
		elems := f.Elements()
		if part.sequence != (tag.Tag{}) {
			items := elems.Sequence(part.sequence)
			if len(items) == 0 {
				continue
			}
			elems = items[0]
		}
		into := *part.level(&d)
		for _, t := range part.tags {
			if v := describedValue(elems, t, sets); v != "" {
				info, err := tag.Find(t)
				if err == nil {
					into[info.Keyword] = v
				}
			}
		}
	}
	return d
}

// mostDescribed bounds a value, in bytes: the longest that is described is a
// name of five components in three groups (PS3.5 table 6.2-1).
const mostDescribed = 1024

func describedValue(elems part10.Elements, t tag.Tag, sets []string) string {
	raw := elems.Strings(t)
	if raw == nil {
		if n, ok := elems.Int(t); ok {
			return strconv.Itoa(n)
		}
		return ""
	}
	v := decodeText(sets, strings.Join(raw, `\`))
	if n, err := match.Integer(v); err == nil && (t == tag.SeriesNumber || t == tag.InstanceNumber || t == tag.NumberOfFrames) {
		return n
	}
	if len(v) > mostDescribed {
		v = strings.ToValidUTF8(v[:mostDescribed], "")
	}
	return strings.ReplaceAll(v, "\x00", "")
}

// OfStudy says whether an attribute is one of the patient or the study, as far
// as Describe knows it.
func OfStudy(keyword string) bool {
	return keyword == "StudyInstanceUID" || keyword == "ModalitiesInStudy" || slices.ContainsFunc(described[0].tags, func(t tag.Tag) bool {
		info, err := tag.Find(t)
		return err == nil && info.Keyword == keyword
	})
}
