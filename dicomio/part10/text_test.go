package part10_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// TestDecodeText has names from PS3.5 annexes H to K and of our users.
func TestDecodeText(t *testing.T) {
	tests := []struct {
		name string
		sets []string
		raw  string
		want string
	}{
		{"ASCII", nil, "Doe^Jane", "Doe^Jane"},
		{"French", []string{"ISO_IR 100"}, "M\xe9diastin", "Médiastin"},
		{"Arabic (PS3.5 annex H.3's set)", []string{"ISO_IR 127"}, "\xe6\xe1\xd3", "نفس"},
		{"UTF-8", []string{"ISO_IR 192"}, "نفس", "نفس"},
		{"Thai: the library panics", []string{"ISO_IR 166"}, "\xb9\xd2", "นา"},
		{"Japanese with code extensions (PS3.5 H.3.1)", []string{"", "ISO 2022 IR 87"},
			"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
			"Yamada^Tarou=山田^太郎=やまだ^たろう"},
		{"Korean (PS3.5 I.2)", []string{"", "ISO 2022 IR 149"}, "\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "洪^吉洞"},
		{"Chinese (PS3.5 J.2)", []string{"GB18030"}, "\xcd\xf5^\xd0\xa1\xb6\xab", "王^小东"},
		{"second set by escape", []string{"ISO 2022 IR 100", "ISO 2022 IR 127"}, "\xe9 \x1b-G\xe6\xe1\xd3", "é نفس"},
		{"undeclared UTF-8", nil, "é", "é"},
		{"undeclared Latin-1", nil, "\xe9t\xe9", "\uFFFDt\uFFFD"},
		{"unknown set", []string{"ISO_IR 999"}, "\xe9", "\uFFFD"},
		{"wrongly declared UTF-8", []string{"ISO_IR 192"}, "a\xe9", "a\uFFFD"},
		{"unknown escape", nil, "a\x1b%Zb", "a\uFFFD%Zb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := part10.DecodeText(tt.sets, tt.raw)
			require.Equal(t, tt.want, got)
			require.True(t, utf8.ValidString(got))
		})
	}
}

func TestText(t *testing.T) {
	f := mustParse(t, newRaw(part10.ExplicitLE).explicit(8, 5, "CS", "ISO_IR 127").uids().explicit(8, 0x103e, "LO", "\xe6\xe1\xd3 ").b)
	got, ok := f.Text(tag.SeriesDescription)
	require.True(t, ok)
	require.Equal(t, "نفس", got)
	_, ok = f.Text(tag.PatientName)
	require.False(t, ok)
}

// A byte like the one between values is half of a letter in some sets.
func TestLettersThatHoldABackslash(t *testing.T) {
	for _, c := range []struct {
		name, set, raw string
		want           []string
	}{
		{"GB18030, a space behind it", "GB18030", "\xd0\x5c \xc0\x5c^A", []string{"衆 繺^A"}},
		{"JIS X 0208", `\ISO 2022 IR 87`, "Yamada=\x1b$B\x45\x5c;3\x1b(B", []string{"Yamada=怒山"}},
		{"two values", `\ISO 2022 IR 87`, "\x1b$B\x45\x5c\x1b(B \\ B", []string{"怒", "B"}},
		{"Latin 1, two values", "ISO_IR 100", "\xe9 \\b ", []string{"é", "b"}},
		{"nothing", "ISO_IR 100", "  ", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := mustParse(t, newRaw(part10.ExplicitLE).explicit(8, 5, "CS", c.set).uids().explicit(0x10, 0x10, "PN", c.raw).b)
			require.Equal(t, c.want, f.Elements().Texts(tag.PatientName, f.Strings(tag.SpecificCharacterSet)))
			require.Equal(t, strings.Trim(c.raw, " "), f.Elements().Raw(tag.PatientName))
			first, ok := f.Text(tag.PatientName)
			require.Equal(t, len(c.want) > 0, ok)
			if ok {
				require.Equal(t, c.want[0], first)
			}
		})
	}
	require.Nil(t, part10.Elements{}.Texts(tag.PatientName, nil))
}
