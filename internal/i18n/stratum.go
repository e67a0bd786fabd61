package i18n

// Stratum says in English, French or Arabic (en, fr, ar) the name of a group of
// scans in what is counted of a site (inference/froc); false where the name is one
// in every language, such as that of a scanner.
func Stratum(language, name string) (string, bool) {
	words, ok := strata[name]
	return words.in(language), ok
}

var strata = map[string]threefold{
	"unknown":      {"unknown", "inconnu", "غير معروف"},
	"up to 1 mm":   {"up to 1 mm", "jusqu'à 1 mm", "حتى \u200e1 mm"},
	"1 to 1.5 mm":  {"1 to 1.5 mm", "de 1 à 1,5 mm", "من 1 إلى \u200e1.5 mm"},
	"1.5 to 2 mm":  {"1.5 to 2 mm", "de 1,5 à 2 mm", "من 1.5 إلى \u200e2 mm"},
	"2 to 2.5 mm":  {"2 to 2.5 mm", "de 2 à 2,5 mm", "من 2 إلى \u200e2.5 mm"},
	"above 2.5 mm": {"above 2.5 mm", "plus de 2,5 mm", "أكثر من \u200e2.5 mm"},
}
