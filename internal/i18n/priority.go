package i18n

import "fmt"

// PriorityWords are the words in which a language says why a study has its
// priority (internal/triage/priority): parts of sentences, to be put together in
// the order in which they stand here. %s and %d are what is filled in.
type PriorityWords struct {
	// Flagged, Strict and Shown count findings: those at or above the flag
	// threshold, those at or above the strictest threshold, and all.
	Flagged, Strict, Shown Plural
	// What follows a count. Size, SolidPart and Grown take millimetres; Doubling
	// and Within take Days.
	Size, AllUnder, OfKind, SolidPart, OfChange, Doubling, Grown, Within string
	// Largest takes millimetres and By; Fastest takes Days and its band.
	Largest, LargestSolid, Fastest, AndScan string
	Measured, Detector                      string

	// NoRule, UnderFlag and Spared take a count with what follows it; Spared takes
	// kinds too.
	NoRule, UnderFlag, NoMark, Spared, PatternUnknown string
	// ScanDoubtful and ScanWeak take what is said of the scan.
	ScanDoubtful, ScanWeak string
	// NotRead takes the reason.
	NotRead string
	// PriorOnly is for a study that was fetched to be compared with.
	PriorOnly string

	Days           Plural
	Or, Comma      string
	Kinds, Changes map[string]string
	Scan           map[string]string
}

// Priority are the words of en, fr or ar; English where no language is said.
func Priority(language string) PriorityWords {
	switch language {
	case "fr":
		return frenchPriority
	case "ar":
		return arabicPriority
	}
	return englishPriority
}

// Plural is a noun behind its number: one of it, two, a few (3 to 10), many (11
// to 99, and what ends so), and whole hundreds. Only Arabic tells the last four
// apart; other languages have Many alone besides One.
type Plural struct{ One, Two, Few, Many, Hundred string }

// Of is n of it.
func (p Plural) Of(n int) string {
	form := p.Many
	switch last := n % 100; {
	case n == 1:
		form = p.One
	case p.Two == "":
	case n == 2:
		return p.Two
	case last >= 3 && last <= 10:
		form = p.Few
	case last <= 2:
		form = p.Hundred
	}
	if n == 1 && p.Two != "" {
		return form // Arabic says one without a figure
	}
	return fmt.Sprintf(form, n)
}

var englishPriority = PriorityWords{
	Flagged: Plural{One: "%d flagged finding", Many: "%d flagged findings"},
	Strict:  Plural{One: "%d finding at the strictest threshold", Many: "%d findings at the strictest threshold"},
	Shown:   Plural{One: "%d finding", Many: "%d findings"},
	Size:    " of %s mm or more", AllUnder: ", all under %s mm", OfKind: ", %s", SolidPart: ", solid part of %s mm or more", OfChange: ", %s",
	Doubling: ", volume doubling in %s or less", Grown: ", mean diameter grown by more than %s mm", Within: " in %s or less",
	Largest: "; the largest is %s mm (%s)", LargestSolid: "; the largest solid part is %s mm", Fastest: "; the fastest in %s (%s)", AndScan: "; scan: %s",
	Measured: "measured", Detector: "detector",
	NoRule:    "%s, which no rule raises; this does not exclude disease",
	UnderFlag: "%s under the flag threshold, none above; this does not exclude disease",
	NoMark:    "no mark above the flag threshold; this does not exclude disease",
	Spared:    "%s, without effect on the priority: %s", PatternUnknown: "; whether the calcification is of a benign pattern is not told",
	ScanDoubtful: "the scan may not show all that matters: %s", ScanWeak: "the result is less sure: %s",
	NotRead: "not read by Nafas: %s", PriorOnly: "fetched to be compared with; not a case to read",
	Days: Plural{One: "%d day", Many: "%d days"}, Or: " or ", Comma: ", ",
	Kinds: map[string]string{"solid": "solid", "part-solid": "part-solid", "ground-glass": "ground-glass", "calcified": "calcified"},
	Changes: map[string]string{
		"new": "new since the earlier study", "growing": "growing", "stable": "stable", "shrinking": "shrinking", "unclear": "of unclear growth",
		"unpaired": "not surely matched with the earlier study", "uncompared": "not compared with an earlier study",
	},
	Scan: map[string]string{
		"LOW_LUNG_VOLUME": "little lung in the scan", "ONE_LUNG": "lung on one side alone", "MISSING_SLICE": "a slice is missing",
		"SLICES_APART": "gaps between slices", "THICK_SLICES": "thick slices", "IMAGES_LEFT_OUT": "images were left out",
		"OTHER_STACK": "a part of the series was not read", "GANTRY_TILT": "a slightly tilted gantry", "SLICES_SHIFTED": "shifted slices",
		"LOSSY_COMPRESSION": "lossy compression", "SECONDARY_IMAGE_TYPE": "secondary images", "DERIVED_IMAGE_TYPE": "derived images",
		"RESCALE_TYPE": "modified Hounsfield units", "LUNGS_NOT_REGISTERED": "the comparison with the earlier study failed",
		"PRIOR_IMAGES_DELETED": "the images of an earlier study were deleted", "PRIOR_NOT_ASSESSED": "an earlier study could not be assessed",
		"PRIOR_NOT_READ": "the images of an earlier study could not be read",
	},
}

var frenchPriority = PriorityWords{
	Flagged: Plural{One: "%d détection signalée", Many: "%d détections signalées"},
	Strict:  Plural{One: "%d détection au seuil le plus strict", Many: "%d détections au seuil le plus strict"},
	Shown:   Plural{One: "%d détection", Many: "%d détections"},
	Size:    " de %s mm ou plus", AllUnder: ", moins de %s mm", OfKind: ", de type %s", SolidPart: ", partie solide de %s mm ou plus", OfChange: ", %s",
	Doubling: ", temps de doublement du volume de %s au plus", Grown: ", diamètre moyen augmenté de plus de %s mm", Within: " en %s au plus",
	Largest: " ; la plus grande : %s mm (%s)", LargestSolid: " ; la plus grande partie solide : %s mm", Fastest: " ; la plus rapide : %s (%s)", AndScan: " ; examen : %s",
	Measured: "mesure", Detector: "détecteur",
	NoRule:    "%s, sans règle qui élève la priorité ; cela n'exclut pas une anomalie",
	UnderFlag: "%s sous le seuil de signalement, aucune au-dessus ; cela n'exclut pas une anomalie",
	NoMark:    "aucune marque au-dessus du seuil de signalement ; cela n'exclut pas une anomalie",
	Spared:    "%s, sans effet sur la priorité : %s", PatternUnknown: " ; le caractère bénin de la calcification n'est pas déterminé",
	ScanDoubtful: "l'examen peut ne pas montrer tout ce qui compte : %s", ScanWeak: "résultat moins sûr : %s",
	NotRead: "non lu par Nafas : %s", PriorOnly: "récupéré pour comparaison ; n'est pas un examen à lire",
	Days: Plural{One: "%d jour", Many: "%d jours"}, Or: " ou ", Comma: ", ",
	Kinds: map[string]string{"solid": "solide", "part-solid": "mixte (partiellement solide)", "ground-glass": "verre dépoli", "calcified": "calcifié"},
	Changes: map[string]string{
		"new": "d'apparition nouvelle depuis l'examen antérieur", "growing": "en croissance", "stable": "stable", "shrinking": "en diminution",
		"unclear": "d'évolution incertaine", "unpaired": "sans correspondance sûre à l'examen antérieur", "uncompared": "sans comparaison avec un examen antérieur",
	},
	Scan: map[string]string{
		"LOW_LUNG_VOLUME": "peu de poumon dans l'examen", "ONE_LUNG": "poumon d'un seul côté", "MISSING_SLICE": "une coupe manque",
		"SLICES_APART": "lacunes entre les coupes", "THICK_SLICES": "coupes épaisses", "IMAGES_LEFT_OUT": "images écartées",
		"OTHER_STACK": "une partie de la série n'a pas été lue", "GANTRY_TILT": "statif légèrement incliné", "SLICES_SHIFTED": "coupes décalées",
		"LOSSY_COMPRESSION": "compression avec perte", "SECONDARY_IMAGE_TYPE": "images secondaires", "DERIVED_IMAGE_TYPE": "images dérivées",
		"RESCALE_TYPE": "unités Hounsfield modifiées", "LUNGS_NOT_REGISTERED": "la comparaison avec l'examen antérieur a échoué",
		"PRIOR_IMAGES_DELETED": "les images d'un examen antérieur ont été supprimées", "PRIOR_NOT_ASSESSED": "un examen antérieur n'a pas pu être évalué",
		"PRIOR_NOT_READ": "les images d'un examen antérieur n'ont pas pu être lues",
	},
}

var arabicPriority = PriorityWords{
	Flagged: Plural{
		One: "موجودة واحدة عند عتبة التنبيه أو فوقها", Two: "موجودتان عند عتبة التنبيه أو فوقها", Few: "%d موجودات عند عتبة التنبيه أو فوقها",
		Many: "%d موجودة عند عتبة التنبيه أو فوقها", Hundred: "%d موجودة عند عتبة التنبيه أو فوقها",
	},
	Strict: Plural{
		One: "موجودة واحدة عند العتبة الأشد", Two: "موجودتان عند العتبة الأشد", Few: "%d موجودات عند العتبة الأشد",
		Many: "%d موجودة عند العتبة الأشد", Hundred: "%d موجودة عند العتبة الأشد",
	},
	Shown: Plural{One: "موجودة واحدة", Two: "موجودتان", Few: "%d موجودات", Many: "%d موجودة", Hundred: "%d موجودة"},
	Size:  "، بقطر \u200e%s mm أو أكثر", AllUnder: "، بقطر دون \u200e%s mm", OfKind: "، من النوع: %s", SolidPart: "، بجزء صلب قطره \u200e%s mm أو أكثر", OfChange: "، %s",
	Doubling: "، يتضاعف حجمها في %s أو أقل", Grown: "، بزيادة في متوسط القطر تتجاوز \u200e%s mm", Within: " خلال %s أو أقل",
	Largest: "؛ أكبرها \u200e%s mm (%s)", LargestSolid: "؛ أكبر جزء صلب \u200e%s mm", Fastest: "؛ أسرعها في %s (%s)", AndScan: "؛ الفحص: %s",
	Measured: "القياس", Detector: "الكاشف",
	NoRule:    "%s، ولا قاعدة ترفع الأولوية؛ هذا لا ينفي وجود مرض",
	UnderFlag: "%s دون عتبة التنبيه، ولا شيء فوقها؛ هذا لا ينفي وجود مرض",
	NoMark:    "لا علامة فوق عتبة التنبيه؛ هذا لا ينفي وجود مرض",
	Spared:    "%s، دون أثر في الأولوية: %s", PatternUnknown: "؛ لا يُحدَّد ما إذا كان نمط التكلّس حميدًا",
	ScanDoubtful: "قد لا يُظهر الفحص كل ما يهم: %s", ScanWeak: "النتيجة أقل موثوقية: %s",
	NotRead: "لم يقرأه Nafas: %s", PriorOnly: "جُلب للمقارنة؛ وليس فحصًا للقراءة",
	Days: Plural{One: "يوم واحد", Two: "يومين", Few: "%d أيام", Many: "%d يومًا", Hundred: "%d يوم"}, Or: " أو ", Comma: "، ",
	Kinds: map[string]string{"solid": "صلب", "part-solid": "مختلط (صلب جزئيًا)", "ground-glass": "زجاج مطحون", "calcified": "متكلّس"},
	Changes: map[string]string{
		"new": "بظهور جديد منذ الفحص السابق", "growing": "في نمو", "stable": "دون تغيّر", "shrinking": "في تناقص",
		"unclear": "بتطور غير مؤكد", "unpaired": "دون مقابل مؤكد في الفحص السابق", "uncompared": "دون مقارنة بفحص سابق",
	},
	Scan: map[string]string{
		"LOW_LUNG_VOLUME": "جزء قليل من الرئة في الفحص", "ONE_LUNG": "رئة في جانب واحد فقط", "MISSING_SLICE": "مقطع مفقود",
		"SLICES_APART": "فجوات بين المقاطع", "THICK_SLICES": "مقاطع سميكة", "IMAGES_LEFT_OUT": "استُبعدت صور",
		"OTHER_STACK": "لم يُقرأ جزء من السلسلة", "GANTRY_TILT": "ميل طفيف في جسم الماسح", "SLICES_SHIFTED": "مقاطع مزاحة",
		"LOSSY_COMPRESSION": "ضغط مع فقدان", "SECONDARY_IMAGE_TYPE": "صور ثانوية", "DERIVED_IMAGE_TYPE": "صور مشتقة",
		"RESCALE_TYPE": "وحدات هاونسفيلد معدّلة", "LUNGS_NOT_REGISTERED": "تعذرت المقارنة بالفحص السابق",
		"PRIOR_IMAGES_DELETED": "حُذفت صور فحص سابق", "PRIOR_NOT_ASSESSED": "تعذر تقييم فحص سابق", "PRIOR_NOT_READ": "تعذرت قراءة صور فحص سابق",
	},
}
