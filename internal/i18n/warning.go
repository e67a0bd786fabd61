package i18n

// Warning says in English, French or Arabic (en, fr, ar) what a warning about a
// scan means, by its stable code; false where there are no words for it. Those that
// rules of priorities know have the words of these.
func Warning(language, code string) (string, bool) {
	if words, ok := warnings[code]; ok {
		return words.in(language), true
	}
	words, ok := Priority(language).Scan[code]
	return words, ok
}

var warnings = map[string]threefold{
	"ODD_UID":               {"an identifier that is written oddly", "un identifiant à l'écriture inhabituelle", "معرّف مكتوب بصيغة غير معتادة"},
	"DUPLICATE_SLICES":      {"slices that were sent twice", "coupes reçues en double", "مقاطع وردت مرتين"},
	"CONTRAST_AGENT":        {"a contrast agent was given", "produit de contraste injecté", "أُعطيت مادة تباين"},
	"SIDE_UNKNOWN":          {"left and right are not told apart everywhere", "droite et gauche non distinguées partout", "لم يُميَّز الأيمن من الأيسر في كل المواضع"},
	"NO_FRAME_OF_REFERENCE": {"no frame of reference", "référentiel spatial absent", "لا يوجد إطار مرجعي مكاني"},
}
