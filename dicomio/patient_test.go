package dicomio_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/refusal"
)

func TestSamePatient(t *testing.T) {
	type p = dicomio.Patient
	full := p{ID: "7", Issuer: "A", Name: "Haddad^Nour", BirthDate: "19700301"}
	for _, tc := range []struct {
		name string
		a, b p
		want bool
	}{
		{"itself", full, full, true},
		{"another ID", full, p{"8", "A", full.Name, full.BirthDate}, false},
		{"IDs are compared letter for letter", p{ID: "ab"}, p{ID: "AB"}, false},
		{"padding of an ID", p{ID: "7 "}, p{ID: "7"}, true},
		{"ID alone", p{ID: "7"}, p{ID: "7"}, true},
		{"issuer on one side", full, p{"7", "", full.Name, full.BirthDate}, true},
		{"same ID of two issuers, another person", full, p{"7", "B", "Haddad^Sami", "19700301"}, false},
		{"same ID of two issuers, nothing else", p{ID: "7", Issuer: "A"}, p{ID: "7", Issuer: "B"}, false},
		{"two IDs of two issuers, same person", full, p{"99", "B", full.Name, full.BirthDate}, true},
		{"same ID, another birth date", full, p{"7", "A", full.Name, "19700302"}, false},
		{"same ID, another name", full, p{"7", "A", "Khoury^Nour", full.BirthDate}, false},
		{"same ID, birth date not given", full, p{"7", "A", full.Name, ""}, true},
		{"same ID, name not given", full, p{"7", "A", "", full.BirthDate}, true},
		{"case, order and punctuation of a name", full, p{"7", "A", "NOUR HADDAD", full.BirthDate}, true},
		{"prefix and suffix of a name", full, p{"7", "A", "Haddad^Nour^^Dr^PhD", full.BirthDate}, true},
		{"accents", p{Name: "Lévy^Zoé", BirthDate: "19700301"}, p{Name: "LEVY^ZOE", BirthDate: "19700301"}, true},
		{"Arabic vowel marks", p{Name: "حَدَّاد^نور", BirthDate: "19700301"}, p{Name: "حداد^نور", BirthDate: "19700301"}, true},
		{"ideographic group", p{ID: "7", Name: "=山田^太郎"}, p{ID: "7", Name: "=鈴木^太郎"}, false},
		{"alphabetic group goes first", p{ID: "7", Name: "Yamada^Tarou=山田^太郎"}, p{ID: "7", Name: "Yamada^Tarou=山田^太朗"}, true},
		{"no ID: name and birth date", p{Name: full.Name, BirthDate: full.BirthDate}, full, true},
		{"no ID: name alone is not enough", p{Name: full.Name}, p{Name: full.Name}, false},
		{"no ID: birth date alone is not enough", p{BirthDate: "19700301"}, p{BirthDate: "19700301"}, false},
		{"old form of a date", p{Name: "a", BirthDate: "1970.03.01"}, p{Name: "a", BirthDate: "19700301"}, true},
		{"nothing known", p{}, p{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, dicomio.SamePatient(tc.a, tc.b))
			require.Equal(t, tc.want, dicomio.SamePatient(tc.b, tc.a))
		})
	}
}

func TestCheckPatients(t *testing.T) {
	blank := each(stack("a")[:3], func(_ int, im *image) { im.del(tag.PatientID, tag.PatientName, tag.PatientBirthDate) })
	require.NoError(t, dicomio.CheckPatients(inventory(t, blank).Instances), "de-identified data have one patient")

	two := stack("a")
	two[9].text(tag.PatientName, "Other^Person")
	inv := inventory(t, two)
	err := dicomio.CheckPatients(inv.Instances)
	require.Equal(t, refusal.PatientMismatch, refusal.Of(err))
	require.NotContains(t, err.Error(), "Person")
	require.NotContains(t, err.Error(), "P1")

	// Such a study has nothing to read, whichever series the odd one is in.
	other := each(stack("b"), func(_ int, im *image) { im.text(tag.PatientID, "P2") })
	choice := dicomio.Choose(dicomio.Group(inventory(t, append(stack("a"), other...)).Instances))
	require.Empty(t, choice.Usable)
	require.Len(t, choice.Rejected, 2)
	for _, r := range choice.Rejected {
		require.Equal(t, refusal.PatientMismatch, r.Err.Reason)
	}
}

// One name in two character sets is one name.
func TestCharacterSets(t *testing.T) {
	for name, im := range map[string]*image{
		"latin 1":                      slice("a", 0, 0).text(tag.SpecificCharacterSet, "ISO_IR 100").text(tag.PatientName, "L\xe9vy^Zo\xe9"),
		"utf-8":                        slice("a", 0, 0).text(tag.SpecificCharacterSet, "ISO_IR 192").text(tag.PatientName, "Lévy^Zoé"),
		"utf-8 that is not declared":   slice("a", 0, 0).text(tag.PatientName, "Lévy^Zoé"),
		"latin 1 that is not declared": slice("a", 0, 0).text(tag.PatientName, "L\xe9vy^Zo\xe9"),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, "Lévy^Zoé", inventory(t, []*image{im}).Instances[0].Patient.Name)
		})
	}
	for _, set := range []string{"", "ISO_IR 192", "ISO_IR 13"} {
		im := slice("a", 0, 0).text(tag.PatientName, "M\xfc\xffller")
		if set != "" {
			im.text(tag.SpecificCharacterSet, set)
		}
		require.Equal(t, "M\u00fc\u00ffller", inventory(t, []*image{im}).Instances[0].Patient.Name,
			"what %q does not decode still tells two names apart", set)
	}
	// PS3.5 H.3.1: the ideographic group in JIS X 0208, after escapes.
	japanese := slice("a", 0, 0).text(tag.SpecificCharacterSet, "", "ISO 2022 IR 87").
		text(tag.PatientName, "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B")
	require.Equal(t, "Yamada^Tarou=山田^太郎", inventory(t, []*image{japanese}).Instances[0].Patient.Name)
	arabic := slice("a", 0, 0).text(tag.SpecificCharacterSet, "ISO_IR 127").text(tag.PatientName, "\xe6\xe8\xd1")
	require.Equal(t, "نور", inventory(t, []*image{arabic}).Instances[0].Patient.Name)
}
