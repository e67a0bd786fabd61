package i18n

// Suggestion holds the words that stand between the codes of a guideline's
// suggestion.
type Suggestion struct {
	// Label names what is said, and takes that: "Next: %s".
	NoSuggestion, Now, Then, Missing, Assuming, Radiologist, Unverified string
	// AtLeast takes a category.
	AtLeast string
	// Option takes an assumption and what holds under it, By a measure and a size
	// with its unit, ByOther a measure and what it gives.
	Option, By, ByOther string
	// SolidPart takes mm; Probability a percentage and mm.
	SolidPart, Probability string
	// OfFinding takes a guideline and a rank, OfExam a guideline; Decides a rank;
	// NotFlagged a number of findings.
	OfFinding, OfExam, Decides, NotFlagged string
	// Between goes between parts, Comma within one, Either between steps of which
	// one is chosen.
	Between, Comma, Either string
}

// SuggestionIn are the words in English, French or Arabic.
func SuggestionIn(language string) Suggestion {
	switch language {
	case "fr":
		return Suggestion{
			NoSuggestion: "pas de proposition : %s", Now: "conduite à tenir : %s", Then: "puis : %s", Missing: "manque : %s", Assuming: "hypothèses : %s",
			Radiologist: "au radiologue de juger : %s", Unverified: "réserve : %s",
			AtLeast: "au moins %s", Option: "%s : %s", By: "selon le %s (%s)", ByOther: "selon le %s : %s",
			SolidPart: "partie solide %s mm", Probability: "probabilité de malignité %s %% (grand axe %s mm)",
			OfFinding: "%s, détection %d", OfExam: "%s, examen", Decides: "d'après la détection %d",
			NotFlagged: "détections sous le seuil de signalement, sans proposition : %d",
			Between:    " ; ", Comma: ", ", Either: " / ",
		}
	case "ar":
		return Suggestion{
			NoSuggestion: "لا اقتراح: %s", Now: "الخطوة التالية: %s", Then: "ثم: %s", Missing: "ينقص: %s", Assuming: "افتراضات: %s",
			Radiologist: "يُترك لطبيب الأشعة: %s", Unverified: "تحفّظ: %s",
			AtLeast: "على الأقل %s", Option: "%s: %s", By: "حسب %s \u200e%s", ByOther: "حسب %s: %s",
			SolidPart: "الجزء الصلب \u200e%s mm", Probability: "احتمال الخباثة \u200e%s%% (المحور الطويل \u200e%s mm)",
			OfFinding: "%s، الموجودة %d", OfExam: "%s، الفحص", Decides: "حسب الموجودة %d",
			NotFlagged: "موجودات تحت عتبة التنبيه، دون اقتراح: %d",
			Between:    "؛ ", Comma: "، ", Either: " / ",
		}
	}
	return Suggestion{
		NoSuggestion: "no suggestion: %s", Now: "next: %s", Then: "then: %s", Missing: "missing: %s", Assuming: "assumptions: %s",
		Radiologist: "for the radiologist: %s", Unverified: "reservation: %s",
		AtLeast: "at least %s", Option: "%s: %s", By: "by %s %s", ByOther: "by %s: %s",
		SolidPart: "solid part %s mm", Probability: "probability of malignancy %s %% (long axis %s mm)",
		OfFinding: "%s, finding %d", OfExam: "%s, exam", Decides: "by finding %d",
		NotFlagged: "findings below the flag threshold, without a suggestion: %d",
		Between:    "; ", Comma: ", ", Either: " / ",
	}
}
