package i18n

import (
	"fmt"
	"time"
)

// Date is a DICOM date (YYYYMMDD) as the review page writes it (Intl.DateTimeFormat,
// medium, of en-GB, fr-FR and ar-MA); what is no date is returned as it is.
func Date(language, dicom string) string {
	t, err := time.Parse("20060102", dicom)
	if err != nil {
		return dicom
	}
	return day(language, t)
}

// Moment is a time with its minutes as the review page writes it, on t's own clock.
func Moment(language string, t time.Time) string {
	comma := ", "
	if language == "ar" {
		comma = "، "
	}
	return day(language, t) + comma + t.Format("15:04")
}

func day(language string, t time.Time) string {
	switch language {
	case "fr":
		return fmt.Sprintf("%d %s %d", t.Day(), frenchMonths[t.Month()-1], t.Year())
	case "ar":
		return t.Format("02\u200f/01\u200f/2006")
	}
	month := t.Format("Jan")
	if t.Month() == time.September {
		month = "Sept"
	}
	return fmt.Sprintf("%d %s %d", t.Day(), month, t.Year())
}

var frenchMonths = [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}

// Span is a time that something took, in hours and minutes; under one minute it
// says so.
func Span(language string, d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	if minutes < 1 {
		return underMinute.in(language)
	}
	text := fmt.Sprintf(minuteUnit.in(language), fmt.Sprint(minutes%60))
	if hours := minutes / 60; hours > 0 {
		text = fmt.Sprintf(hourUnit.in(language), Number(language, float64(hours), 0)) + " " + text
	}
	return text
}

var (
	underMinute = threefold{"under 1 min", "moins de 1 min", "أقل من دقيقة"}
	minuteUnit  = threefold{"%s min", "%s min", "%s د"}
	hourUnit    = threefold{"%s h", "%s h", "%s س"}
)
