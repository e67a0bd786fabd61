package dicomio_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/part10"
)

func examine(t *testing.T, im *image) dicomio.Examination {
	t.Helper()
	f, err := part10.Parse(im.bytes(t), part10.DefaultLimits())
	require.NoError(t, err)
	e, err := dicomio.Examine(f)
	require.NoError(t, err)
	return e
}

func TestPersonNames(t *testing.T) {
	type parts = dicomio.NameParts
	for _, c := range []struct {
		why, pn string
		want    dicomio.PersonName
	}{
		{"the five components", "Adams^John Robert^Quincy^Rev.^B.A. M.Div.",
			dicomio.PersonName{Alphabetic: parts{Family: "Adams", Given: "John Robert", Middle: "Quincy", Prefix: "Rev.", Suffix: "B.A. M.Div."}}},
		{"a family name alone", "Benaïssa", dicomio.PersonName{Alphabetic: parts{Family: "Benaïssa"}}},
		{"three scripts (PS3.5 H.3)", "Yamada^Tarou=山田^太郎=やまだ^たろう", dicomio.PersonName{
			Alphabetic:  parts{Family: "Yamada", Given: "Tarou"},
			Ideographic: parts{Family: "山田", Given: "太郎"},
			Phonetic:    parts{Family: "やまだ", Given: "たろう"}}},
		{"no alphabetic group", "=山田^太郎", dicomio.PersonName{Ideographic: parts{Family: "山田", Given: "太郎"}}},
		{"padding within", " Haddad ^ Nour ", dicomio.PersonName{Alphabetic: parts{Family: "Haddad", Given: "Nour"}}},
		{"a sixth component is the suffix's", "A^B^C^D^E^F", dicomio.PersonName{Alphabetic: parts{"A", "B", "C", "D", "E^F"}}},
		{"none", "", dicomio.PersonName{}},
	} {
		t.Run(c.why, func(t *testing.T) {
			im := slice("a", 0, 0).text(tag.SpecificCharacterSet, "ISO_IR 192").text(tag.PatientName, c.pn)
			require.Equal(t, c.want, examine(t, im).PersonName)
		})
	}
}

func TestAnExamination(t *testing.T) {
	im := slice("a", 0, 0).text(tag.SpecificCharacterSet, "ISO_IR 100").text(tag.AccessionNumber, "N\xb0 7").
		text(tag.PatientBirthDate, "1960.01.31").text(tag.PatientSex, "f").
		text(tag.StudyDate, "20260301").text(tag.StudyTime, "081502.25").text(tag.TimezoneOffsetFromUTC, "+0100")
	e := examine(t, im)
	require.Equal(t, "N° 7", e.AccessionNumber)
	require.Equal(t, []string{"19600131", "F", "20260301", "081502", "+0100"}, []string{e.BirthDate, e.Sex, e.StudyDate, e.StudyTime, e.Zone})
	require.NotEmpty(t, e.StudyUID)
	require.NotEmpty(t, e.SeriesUID)
}

// What is not a date, a time, a zone or a sex is not handed on as one.
func TestWhatAnExaminationLeavesOut(t *testing.T) {
	for _, c := range []struct {
		why string
		set func(*image)
		get func(dicomio.Examination) string
	}{
		{"a birth date of zeros", func(im *image) { im.text(tag.PatientBirthDate, "00000000") }, func(e dicomio.Examination) string { return e.BirthDate }},
		{"a birth year alone", func(im *image) { im.text(tag.PatientBirthDate, "1960") }, func(e dicomio.Examination) string { return e.BirthDate }},
		{"a day that there never was", func(im *image) { im.text(tag.StudyDate, "20260230") }, func(e dicomio.Examination) string { return e.StudyDate }},
		{"a time without its date", func(im *image) { im.text(tag.StudyDate, "").text(tag.StudyTime, "081502") }, func(e dicomio.Examination) string { return e.StudyTime }},
		{"hours alone", func(im *image) { im.text(tag.StudyDate, "20260301").text(tag.StudyTime, "08") }, func(e dicomio.Examination) string { return e.StudyTime }},
		{"a zone without sign", func(im *image) { im.text(tag.TimezoneOffsetFromUTC, "0100") }, func(e dicomio.Examination) string { return e.Zone }},
		{"another sex", func(im *image) { im.text(tag.PatientSex, "X") }, func(e dicomio.Examination) string { return e.Sex }},
	} {
		t.Run(c.why, func(t *testing.T) {
			im := slice("a", 0, 0)
			c.set(im)
			require.Empty(t, c.get(examine(t, im)))
		})
	}
}
