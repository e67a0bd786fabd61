package i18n_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/i18n"
)

// As Intl.NumberFormat of en-GB, fr-FR and ar-u-nu-latn writes them (ICU 77).
func TestNumbersAreTheReviewPages(t *testing.T) {
	for _, c := range []struct {
		value      float64
		decimals   int
		en, fr, ar string
	}{
		{0, 0, "0", "0", "0"},
		{999, 0, "999", "999", "999"},
		{1234, 0, "1,234", "1\u202f234", "1,234"},
		{1234567.5, 1, "1,234,567.5", "1\u202f234\u202f567,5", "1,234,567.5"},
		{-0.5, 1, "-0.5", "-0,5", "\u200e-0.5"},
		{-1234, 0, "-1,234", "-1\u202f234", "\u200e-1,234"},
		{0.12345, 3, "0.123", "0,123", "0.123"},
		{-0.0001, 3, "0.000", "0,000", "0.000"}, // a zero has no sign
	} {
		require.Equal(t, []string{c.en, c.fr, c.ar},
			[]string{i18n.Number("en", c.value, c.decimals), i18n.Number("fr", c.value, c.decimals), i18n.Number("ar", c.value, c.decimals)})
	}
	require.Equal(t, []string{"12%", "12\u202f%", "12\u200e%\u200e", "99.5%"},
		[]string{i18n.Percent("en", 0.123, 0), i18n.Percent("fr", 0.123, 0), i18n.Percent("ar", 0.123, 0), i18n.Percent("", 0.995, 1)})
}

// As Intl.DateTimeFormat, medium, of en-GB, fr-FR and ar-MA writes them (ICU 77).
func TestDatesAreTheReviewPages(t *testing.T) {
	for dicom, want := range map[string][3]string{
		"20260113": {"13 Jan 2026", "13 janv. 2026", "13\u200f/01\u200f/2026"},
		"20260203": {"3 Feb 2026", "3 févr. 2026", "03\u200f/02\u200f/2026"},
		"20260313": {"13 Mar 2026", "13 mars 2026", "13\u200f/03\u200f/2026"},
		"20260413": {"13 Apr 2026", "13 avr. 2026", "13\u200f/04\u200f/2026"},
		"20260513": {"13 May 2026", "13 mai 2026", "13\u200f/05\u200f/2026"},
		"20260613": {"13 Jun 2026", "13 juin 2026", "13\u200f/06\u200f/2026"},
		"20260713": {"13 Jul 2026", "13 juil. 2026", "13\u200f/07\u200f/2026"},
		"20260813": {"13 Aug 2026", "13 août 2026", "13\u200f/08\u200f/2026"},
		"20260903": {"3 Sept 2026", "3 sept. 2026", "03\u200f/09\u200f/2026"},
		"20261013": {"13 Oct 2026", "13 oct. 2026", "13\u200f/10\u200f/2026"},
		"20261113": {"13 Nov 2026", "13 nov. 2026", "13\u200f/11\u200f/2026"},
		"20261213": {"13 Dec 2026", "13 déc. 2026", "13\u200f/12\u200f/2026"},
		"20261313": {"20261313", "20261313", "20261313"},
		"":         {"", "", ""},
	} {
		require.Equal(t, want, [3]string{i18n.Date("en", dicom), i18n.Date("fr", dicom), i18n.Date("ar", dicom)})
	}
	at := time.Date(2026, 2, 3, 14, 5, 59, 0, time.UTC)
	require.Equal(t, []string{"3 Feb 2026, 14:05", "3 févr. 2026, 14:05", "03\u200f/02\u200f/2026، 14:05"},
		[]string{i18n.Moment("en", at), i18n.Moment("fr", at), i18n.Moment("ar", at)})
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration][3]string{
		29 * time.Second:               {"under 1 min", "moins de 1 min", "أقل من دقيقة"},
		30 * time.Second:               {"1 min", "1 min", "1 د"},
		59 * time.Minute:               {"59 min", "59 min", "59 د"},
		2 * time.Hour:                  {"2 h 0 min", "2 h 0 min", "2 س 0 د"},
		1234*time.Hour + 7*time.Minute: {"1,234 h 7 min", "1\u202f234 h 7 min", "1,234 س 7 د"},
	} {
		require.Equal(t, want, [3]string{i18n.Span("en", d), i18n.Span("fr", d), i18n.Span("ar", d)})
	}
}
