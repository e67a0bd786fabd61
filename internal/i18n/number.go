package i18n

import "strings"

// Decimal is a number in figures, as strconv writes it, with the decimal sign of a
// language (en, fr, ar): French has a comma. Arabic keeps the point, as scanners and
// reports in the Maghreb do.
func Decimal(language, figures string) string {
	if language == "fr" {
		return strings.Replace(figures, ".", ",", 1)
	}
	return figures
}
