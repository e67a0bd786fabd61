package objects

import (
	"nafas/dicomio/report"
	"nafas/internal/triage"
)

// ComparedIn says in a language what a study was compared with, and what that is
// worth, in the sentence of the structured report; "" where there is nothing.
func ComparedIn(c *triage.Comparison, language string) string {
	in := compared(c, report.Language(language))
	if in == nil {
		return ""
	}
	return in.Sentence(report.Language(language))
}
