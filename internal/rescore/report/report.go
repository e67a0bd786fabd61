// Package report writes what came of one rescoring as a page for people: one HTML
// file without scripts that loads nothing, in English, French or Arabic.
//
// It names studies by their UIDs and dates and holds nothing of a patient. What
// comes from images, such as a manufacturer's name, is shown as text and as nothing
// else.
package report

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"time"

	"nafas/inference/froc"
	"nafas/internal/i18n"
	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
)

// Report is what a page is made of.
type Report struct {
	// Rescoring with its totals.
	Rescoring rescore.Rescoring
	// Program is the name and version of the program that read.
	Program string
	// At is when the report is made.
	At time.Time
	// Points are the model's scores at 1/4, 1 and 4 false marks per scan, named
	// quarter, one and four; PointsBefore those of the baseline's model. nil where
	// they are not known.
	Points, PointsBefore []froc.Threshold
	// Census has the inputs of the rescoring counted one by one, for its totals to be
	// held against; nil where nobody did.
	Census Census
	// Periods are those of a Timeline.
	Periods []Period
	// Comparison is nil where there is no baseline.
	Comparison *compare.Comparison
	// Agreement is nil where there are no reviews.
	Agreement *compare.Agreement
}

// MostListed bounds the studies that are listed to be looked at again; the rest is
// in the table.
const MostListed = 200

// Languages are those of a report.
func Languages() []string { return []string{"en", "fr", "ar"} }

// ErrLanguage is of a language that is none of Languages.
var ErrLanguage = errors.New("no report in this language")

//go:embed page.html figures.html
var files embed.FS

var pages = template.Must(template.New("page.html").Funcs(template.FuncMap{
	// pair is what a part of the page needs: the words and a value.
	"pair":  func(w i18n.RescoringWords, v any) any { return map[string]any{"W": w, "V": v} },
	"list":  func(items ...any) []any { return items },
	"glyph": func(look string) string { return glyph(look, 0, 0) },
}).ParseFS(files, "page.html", "figures.html"))

// Write writes the page in a language; "" is English. Equal reports give equal
// bytes. The error is ErrLanguage or w's; before the page is whole nothing is
// written.
func Write(w io.Writer, r Report, language string) error {
	s, err := speakerOf(language)
	if err != nil {
		return err
	}
	var whole bytes.Buffer
	if err := pages.ExecuteTemplate(&whole, "page.html", s.page(r)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = w.Write(whole.Bytes())
	return err
}
