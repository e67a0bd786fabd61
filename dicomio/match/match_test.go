package match_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/match"
)

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		vr, asked, value string
		want             bool
		why              string
	}{
		{"LO", "P1", "P1", true, "single value"},
		{"LO", "P1", "p1", false, "letter for letter"},
		{"LO", "P1", "P11", false, "not a part"},
		{"LO", "P*", "P11", true, "any characters"},
		{"LO", "*1", "P11", true, "goes back to the star"},
		{"LO", "P?1", "P11", true, "one character"},
		{"LO", "P?", "P11", false, "one, not two"},
		{"LO", "?", "é", true, "a character, not a byte"},
		{"LO", "P*", "", false, "a pattern with letters"},
		{"LO", "[a]*", "[a]b", true, "brackets are letters"},
		{"LO", "[ab]", "a", false, "brackets are letters"},
		{"PN", "doe^john", "DOE^John^^^", true, "case and empty components"},
		{"PN", "DOE^*", "Doe^Jane", true, "wild card"},
		{"PN", "doe", "Doe^Jane", false, "a family name alone is not the name"},
		{"PN", "müller", "MÜLLER", true, "case beyond ASCII"},
		{"PN", "山田^*", "Yamada^Tarou=山田^太郎=やまだ^たろう", true, "any group of a name"},
		{"PN", "yamada^tarou", "Yamada^Tarou=山田^太郎", true, "any group of a name"},
		{"PN", "Yamada^Tarou=山田^太郎", "Yamada^Tarou=山田^太郎", true, "all groups"},
		{"UI", "1.2,1.3", "1.3", true, "list with commas"},
		{"UI", `1.2\1.3`, "1.2", true, "list with backslashes"},
		{"UI", "1.2", "1.20", false, "whole UIDs"},
		{"DA", "20200101", "20200101", true, "single date"},
		{"DA", "20200101-20200131", "20200131", true, "both ends count"},
		{"DA", "20200101-", "20300101", true, "open end"},
		{"DA", "-20200101", "20200102", false, "open start"},
		{"DA", "20200101-", "", false, "no date is in no range"},
		{"TM", "1030", "103000", true, "what is left out is zero"},
		{"TM", "10-11", "1159", true, "the whole last hour"},
		{"TM", "10-11", "115959.999999", true, "the whole last hour"},
		{"TM", "10-11", "120000", false, "past it"},
		{"TM", "10-11", "10:30:00", true, "the form of ACR-NEMA"},
		{"IS", "7", "7", true, "number"},
		{"IS", "+07", "7", true, "number, not text"},
		{"CS", "ct", "CT", true, "code strings are in capitals"},
		{"CS", "CT,SR", "SR", true, "any of a list"},
		{"CS", `CT\SR`, "MR", false, "none of a list"},
		{"CS", "SR", `CT\SR`, true, "any of the values"},
	} {
		cond, all, err := match.Parse("X", c.vr, c.asked)
		require.NoError(t, err, c.asked)
		require.False(t, all, c.asked)
		require.Equal(t, c.want, cond.Matches(c.value), "%s %q of %q: %s", c.vr, c.asked, c.value, c.why)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ vr, asked, why string }{
		{"UI", "1.2*", "no wild cards in UIDs"},
		{"UI", "1..2", "no UID"},
		{"UI", ",", "an empty list"},
		{"DA", "2020", "half a date"},
		{"DA", "20201301", "no month"},
		{"DA", "-", "a range without a bound"},
		{"TM", "1", "half an hour field"},
		{"TM", "10.5", "a fraction of an hour"},
		{"IS", "1.5", "not whole"},
		{"IS", "-", "no digits"},
		{"SQ", "x", "no value to compare"},
		{"OB", "x", "no text"},
		{"CS", ",", "an empty list"},
		{"LO", "*a*a*a*a*a*a*a*a*", "too many ways to try"},
	} {
		_, _, err := match.Parse("X", c.vr, c.asked)
		require.Error(t, err, "%s %q: %s", c.vr, c.asked, c.why)
		require.ErrorContains(t, err, "X: ", "it says which attribute")
	}
	for _, any := range []string{"", "*", "**", "  "} {
		_, all, err := match.Parse("X", "DA", any)
		require.NoError(t, err)
		require.True(t, all, "universal matching: %q", any)
	}
}

func TestIntegers(t *testing.T) {
	for asked, want := range map[string]string{"0": "0", "007": "7", "-0": "0", "-12": "-12", "+3": "3", "000": "0"} {
		got, err := match.Integer(asked)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}
