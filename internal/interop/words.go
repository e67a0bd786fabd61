package interop

import (
	"nafas/dicomio/report"
	"nafas/inference/measure"
	"nafas/internal/triage"
)

// words are those that dicomio/report does not have.
type words struct {
	reached, score, review    string
	priority, priorityWord    string
	priorities                map[triage.Priority]string
	title, lungNodule, toRead string
	leftLung, rightLung       string
	rankWord, flaggedWord     string
	frameWord, yes, no        string
	toLeft, toBack, toHead    string
	languageName              string
	// sizedByWord asks who gave a size.
	sizedByWord, measuredWord, detectorWord string
	placeWord, changeWord, suggestionWord   string
	readerWord                              string
	kinds                                   map[measure.Kind]string
}

var wordsIn = map[report.Language]words{
	report.English: {
		reached: "Places that reached the threshold: %d.", score: "A score is no probability of malignancy.",
		review:   "Preliminary result of a program, to be reviewed by a radiologist.",
		priority: "Priority suggested by the program: %s.", priorityWord: "Suggested priority",
		priorities: map[triage.Priority]string{
			triage.PriorityNone: "not assessed", triage.PriorityNotAssessed: "not assessed",
			triage.PriorityRoutine: "routine", triage.PriorityHigh: "high", triage.PriorityUrgent: "urgent",
		},
		title: "Search for lung nodules by a program (research)", lungNodule: "Nodule of lung", toRead: "Reading by a radiologist",
		leftLung: "Left lung", rightLung: "Right lung",
		rankWord: "Rank", flaggedWord: "Score at or above the flag threshold", frameWord: "Frame number", yes: "Yes", no: "No",
		toLeft: "Position towards the left", toBack: "Position towards the back", toHead: "Position towards the head",
		languageName: "English",
		placeWord:    "Estimated place", changeWord: "Change since the earlier study", suggestionWord: "Suggestion of a guideline, to be confirmed", readerWord: "What a reader said", sizedByWord: "Size given by", measuredWord: "Measurement", detectorWord: "Detector",
		kinds: map[measure.Kind]string{
			measure.KindSolid: "solid nodule", measure.KindPartSolid: "part-solid nodule",
			measure.KindGroundGlass: "ground-glass nodule", measure.KindCalcified: "calcified nodule",
		},
	},
	report.French: {
		reached: "Endroits ayant atteint le seuil : %d.", score: "Un score n'est pas une probabilité de malignité.",
		review:   "Résultat préliminaire d'un logiciel, à valider par un radiologue.",
		priority: "Priorité proposée par le logiciel : %s.", priorityWord: "Priorité proposée",
		priorities: map[triage.Priority]string{
			triage.PriorityNone: "non évaluée", triage.PriorityNotAssessed: "non évaluée",
			triage.PriorityRoutine: "courante", triage.PriorityHigh: "haute", triage.PriorityUrgent: "urgente",
		},
		title: "Recherche de nodules pulmonaires par un logiciel (recherche)", lungNodule: "Nodule pulmonaire", toRead: "Lecture par un radiologue",
		leftLung: "Poumon gauche", rightLung: "Poumon droit",
		rankWord: "Rang", flaggedWord: "Score égal ou supérieur au seuil de signalement", frameWord: "Numéro d'image dans l'objet", yes: "Oui", no: "Non",
		toLeft: "Position vers la gauche", toBack: "Position vers l'arrière", toHead: "Position vers la tête",
		languageName: "français",
		placeWord:    "Localisation estimée", changeWord: "Évolution depuis l'examen antérieur", suggestionWord: "Proposition d'une recommandation, à confirmer", readerWord: "Avis d'un lecteur", sizedByWord: "Taille donnée par", measuredWord: "Mesure", detectorWord: "Détecteur",
		kinds: map[measure.Kind]string{
			measure.KindSolid: "nodule solide", measure.KindPartSolid: "nodule mixte (partiellement solide)",
			measure.KindGroundGlass: "nodule en verre dépoli", measure.KindCalcified: "nodule calcifié",
		},
	},
	report.Arabic: {
		reached: "عدد المواضع التي بلغت العتبة: %d.", score: "الدرجة ليست احتمالًا لوجود ورم خبيث.",
		review:   "نتيجة أولية من برنامج، تحتاج إلى مراجعة طبيب الأشعة.",
		priority: "الأولوية التي يقترحها البرنامج: %s.", priorityWord: "الأولوية المقترحة",
		priorities: map[triage.Priority]string{
			triage.PriorityNone: "لم يُقيَّم", triage.PriorityNotAssessed: "لم يُقيَّم",
			triage.PriorityRoutine: "اعتيادية", triage.PriorityHigh: "عالية", triage.PriorityUrgent: "عاجلة",
		},
		title: "البحث عن عُقيدات رئوية بواسطة برنامج (للبحث)", lungNodule: "عُقيدة رئوية", toRead: "قراءة طبيب الأشعة",
		leftLung: "الرئة اليسرى", rightLung: "الرئة اليمنى",
		rankWord: "الترتيب", flaggedWord: "الدرجة عند عتبة التنبيه أو فوقها", frameWord: "رقم الإطار", yes: "نعم", no: "لا",
		toLeft: "الموضع نحو اليسار", toBack: "الموضع نحو الخلف", toHead: "الموضع نحو الرأس",
		languageName: "العربية",
		placeWord:    "الموضع التقديري", changeWord: "التغير منذ الفحص السابق", suggestionWord: "اقتراح دليل إرشادي، يلزم تأكيده", readerWord: "ما قاله القارئ", sizedByWord: "مصدر الحجم", measuredWord: "القياس", detectorWord: "الكاشف",
		kinds: map[measure.Kind]string{
			measure.KindSolid: "عُقيدة صلبة", measure.KindPartSolid: "عُقيدة مختلطة (صلبة جزئيًا)",
			measure.KindGroundGlass: "عُقيدة بمظهر الزجاج المطحون", measure.KindCalcified: "عُقيدة متكلّسة",
		},
	},
}
