package objects

import (
	"nafas/dicomio/refusal"
	"nafas/internal/i18n"
)

// Why says in a language why a study was not assessed: the reason in words, and
// behind it, in English as everywhere, what was found and what to do.
func Why(why *refusal.Error, language string) string {
	words, ok := i18n.Reason(language, string(why.Reason))
	if !ok || language == "en" {
		return why.Error()
	}
	return words + " [" + why.Error() + "]"
}
