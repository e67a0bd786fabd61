package web

import (
	"net/http"

	"golang.org/x/text/language"
)

// Languages of the page.
var languages = []string{"en", "fr", "ar"}

var matcher = language.NewMatcher([]language.Tag{language.English, language.French, language.Arabic})

// languageOf is the language of a request: its parameter lang, for streams, which
// have no headers of the page's own; else the best of Accept-Language.
func languageOf(r *http.Request) string {
	_, i := language.MatchStrings(matcher, r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
	return languages[i]
}
