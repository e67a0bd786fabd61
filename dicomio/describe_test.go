package dicomio_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/part10"
)

func TestDescribe(t *testing.T) {
	var b part10.Builder
	b.Text(tag.SpecificCharacterSet, "ISO_IR 144")
	b.Text(tag.SOPClassUID, "1.2")
	b.Text(tag.SOPInstanceUID, "1.3")
	b.Text(tag.PatientName, "\xbb\xee\xda^A ") // Cyrillic in ISO 8859-5
	b.Text(tag.PatientID, " P1 ")
	b.Text(tag.StudyDescription)
	b.Text(tag.SeriesNumber, "+007")
	b.Text(tag.InstanceNumber, "seven")
	b.Ints(tag.Rows, 512)
	b.Sequence(tag.RequestAttributesSequence,
		func(item *part10.Builder) { item.Text(tag.RequestedProcedureID, "R1") },
		func(item *part10.Builder) { item.Text(tag.RequestedProcedureID, "R2") })
	elems, err := b.Elements()
	require.NoError(t, err)
	data, err := part10.Marshal(part10.ExplicitLE, dicom.Dataset{Elements: elems}, nil)
	require.NoError(t, err)
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	require.Equal(t, dicomio.Description{
		Study:    dicomio.Attributes{"PatientName": "Люк^A", "PatientID": "P1"},
		Series:   dicomio.Attributes{"SeriesNumber": "7", "RequestedProcedureID": "R1"},
		Instance: dicomio.Attributes{"InstanceNumber": "seven", "Rows": "512"},
	}, dicomio.Describe(f), "in UTF-8, without padding, numbers as numbers, what is empty left out, the first item")
	require.True(t, dicomio.OfStudy("PatientID"))
	require.False(t, dicomio.OfStudy("SeriesNumber"))
}
