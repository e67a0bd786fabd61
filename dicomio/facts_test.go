package dicomio_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/part10"
)

// factsOf are the facts of an object with this age, birth date, study date and
// sex; "-" leaves one out.
func factsOf(t *testing.T, age, born, studied, sex string) *dicomio.Instance {
	t.Helper()
	var b part10.Builder
	b.Text(tag.SOPClassUID, "1.2.840.10008.5.1.4.1.1.88.11")
	b.Text(tag.SOPInstanceUID, "1.2.3.4")
	b.Text(tag.StudyInstanceUID, "1.2.3")
	b.Text(tag.SeriesInstanceUID, "1.2.3.5")
	b.Text(tag.Modality, "SR")
	for at, value := range map[tag.Tag]string{tag.PatientAge: age, tag.PatientBirthDate: born, tag.StudyDate: studied, tag.PatientSex: sex} {
		if value != "-" {
			b.Text(at, value)
		}
	}
	elems, err := b.Elements()
	require.NoError(t, err)
	data, err := part10.Marshal(part10.ExplicitLE, dicom.Dataset{Elements: elems}, nil)
	require.NoError(t, err)
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	in, err := dicomio.ReadInstance(f)
	require.NoError(t, err)
	return in
}

func TestAgeAndSex(t *testing.T) {
	for _, c := range []struct {
		why                    string
		age, born, studied, sx string
		want                   dicomio.Facts
	}{
		{"the age that is written", "062Y", "-", "20260301", "F", dicomio.Facts{AgeYears: 62, HasAge: true, Sex: "F"}},
		{"months", "030M", "-", "-", "m", dicomio.Facts{AgeYears: 2, HasAge: true, Sex: "M"}},
		{"weeks and days are years below 3", "104W", "-", "-", "O", dicomio.Facts{AgeYears: 2, HasAge: true, Sex: "O"}},
		{"days", "364D", "-", "-", "", dicomio.Facts{AgeYears: 0, HasAge: true}},
		{"counted to the day before the birthday", "-", "19600302", "20260301", "F", dicomio.Facts{AgeYears: 65, HasAge: true, Sex: "F"}},
		{"counted to the birthday", "-", "19600301", "20260301", "F", dicomio.Facts{AgeYears: 66, HasAge: true, Sex: "F"}},
		{"a birth date of the old form", "-", "1960.03.01", "20260301", "-", dicomio.Facts{AgeYears: 66, HasAge: true}},
		{"both, a year apart: the scanner's rounding", "066Y", "19600302", "20260301", "-", dicomio.Facts{AgeYears: 66, HasAge: true}},
		{"both, and they contradict", "045Y", "19600302", "20260301", "F", dicomio.Facts{Sex: "F"}},
		{"neither", "-", "-", "20260301", "-", dicomio.Facts{}},
		{"no study date", "-", "19600302", "-", "-", dicomio.Facts{}},
		{"born after the study", "-", "20260302", "20260301", "-", dicomio.Facts{}},
		{"older than anybody", "999Y", "-", "-", "-", dicomio.Facts{}},
		{"no age", "62", "-", "-", "X", dicomio.Facts{}},
		{"a sign", "-62Y", "-", "-", "-", dicomio.Facts{}},
	} {
		require.Equal(t, c.want, factsOf(t, c.age, c.born, c.studied, c.sx).Facts, c.why)
	}
}

func TestFactsOfASeries(t *testing.T) {
	woman62, woman, man63 := factsOf(t, "062Y", "-", "-", "F"), factsOf(t, "-", "-", "-", "F"), factsOf(t, "063Y", "-", "-", "M")
	require.Equal(t, dicomio.Facts{AgeYears: 62, HasAge: true, Sex: "F"}, dicomio.FactsOf([]*dicomio.Instance{woman, woman62}))
	require.Equal(t, dicomio.Facts{}, dicomio.FactsOf([]*dicomio.Instance{woman62, man63, woman62}), "images that contradict each other say nothing")
	require.Equal(t, dicomio.Facts{}, dicomio.FactsOf(nil))
}
