package i18n

import (
	"math"
	"strconv"
	"strings"
)

// Decimal is a number in figures, as strconv writes it, with the decimal sign of a
// language (en, fr, ar): French has a comma. Arabic keeps the point, as scanners and
// reports in the Maghreb do.
func Decimal(language, figures string) string {
	if language == "fr" {
		return strings.Replace(figures, ".", ",", 1)
	}
	return figures
}

// Number is a value with this many decimals, in groups of three figures, as the
// review page writes it (Intl.NumberFormat of en-GB, fr-FR and ar-u-nu-latn).
func Number(language string, value float64, decimals int) string {
	figures := strconv.FormatFloat(math.Abs(value), 'f', decimals, 64)
	whole, rest, _ := strings.Cut(figures, ".")
	text := grouped(whole, groupSign(language))
	if rest != "" {
		text += Decimal(language, "."+rest)
	}
	if value < 0 && strings.Trim(figures, "0.") != "" {
		return minus(language) + text
	}
	return text
}

func groupSign(language string) string {
	if language == "fr" {
		return "\u202f"
	}
	return ","
}

// minus has a mark of direction before it in Arabic, or it would come to stand
// behind its number.
func minus(language string) string {
	if language == "ar" {
		return "\u200e-"
	}
	return "-"
}

func grouped(figures, sign string) string {
	for at := len(figures) - 3; at > 0; at -= 3 {
		figures = figures[:at] + sign + figures[at:]
	}
	return figures
}

// Percent is a share of 1 in percent, as the review page writes it.
func Percent(language string, share float64, decimals int) string {
	text := Number(language, 100*share, decimals)
	switch language {
	case "fr":
		return text + "\u202f%"
	case "ar":
		return text + "\u200e%\u200e"
	}
	return text + "%"
}
