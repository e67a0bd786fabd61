package report

import (
	"fmt"
	"strings"

	"nafas/inference/measure"
)

// Language of the meanings in an object (RFC 5646).
type Language string

// The languages.
const (
	English Language = "en"
	French  Language = "fr"
	Arabic  Language = "ar"
)

// figures are a number in a form of fmt, with the decimal sign of the language. The
// unit mm is Latin in all; in Arabic a mark of direction (U+200E) in the words keeps
// it, and signs, on the right side of the number.
func (l Language) figures(form string, number float64) string {
	text := fmt.Sprintf(form, number)
	if l == French {
		return strings.Replace(text, ".", ",", 1)
	}
	return text
}

// days is a number of days in words. It says them as internal/i18n does, which it
// cannot know.
func (l Language) days(n int) string {
	switch l {
	case French:
		if n > -2 && n < 2 {
			return fmt.Sprintf("%d jour", n)
		}
		return fmt.Sprintf("%d jours", n)
	case Arabic:
		return arabicDays(n)
	}
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// arabicDays has the forms for one, two, 3 to 10, 11 to 99, and whole hundreds.
func arabicDays(n int) string {
	last := n % 100
	switch {
	case n == 1:
		return "يوم واحد"
	case n == 2:
		return "يومين"
	case last >= 3 && last <= 10:
		return fmt.Sprintf("%d أيام", n)
	case last >= 0 && last <= 2:
		return fmt.Sprintf("%d يوم", n)
	}
	return fmt.Sprintf("%d يومًا", n)
}

// code is a coded concept (PS3.3 section 8) with its meanings.
type code struct {
	value, scheme      string
	en, french, arabic string
}

// meaning in a language; the English one where there is none.
func (c code) meaning(l Language) string {
	switch {
	case l == French && c.french != "":
		return c.french
	case l == Arabic && c.arabic != "":
		return c.arabic
	}
	return c.en
}

// The concepts, of PS3.16 and SNOMED CT. Those without translation are
// machine-readable names of rows that no reader is shown.
var (
	imagingMeasurementReport = code{"126000", "DCM", "Imaging Measurement Report", "Compte rendu de mesures d'imagerie", "تقرير قياسات التصوير"}
	languageOfContent        = code{"121049", "DCM", "Language of Content Item and Descendants", "Langue du contenu", "لغة المحتوى"}
	observerType             = code{"121005", "DCM", "Observer Type", "Type d'observateur", "نوع المراقب"}
	device                   = code{"121007", "DCM", "Device", "Dispositif", "جهاز"}
	deviceUID                = code{"121012", "DCM", "Device Observer UID", "UID du dispositif", "معرّف الجهاز"}
	deviceName               = code{"121013", "DCM", "Device Observer Name", "Nom du dispositif", "اسم الجهاز"}
	deviceManufacturer       = code{"121014", "DCM", "Device Observer Manufacturer", "Fabricant du dispositif", "الشركة المصنعة"}
	deviceModel              = code{"121015", "DCM", "Device Observer Model Name", "Modèle du dispositif", "طراز الجهاز"}
	procedureReported        = code{"121058", "DCM", "Procedure reported", "Examen rapporté", "الفحص المبلغ عنه"}
	ctUnspecified            = code{"25045-6", "LN", "CT unspecified body region", "Scanner, région non précisée", "تصوير مقطعي محوسب"}
	imageLibrary             = code{"111028", "DCM", "Image Library", "Bibliothèque d'images", "مكتبة الصور"}
	imageLibraryGroup        = code{"126200", "DCM", "Image Library Group", "Groupe d'images", "مجموعة صور"}
	imagingMeasurements      = code{"126010", "DCM", "Imaging Measurements", "Mesures d'imagerie", "قياسات التصوير"}
	measurementGroup         = code{"125007", "DCM", "Measurement Group", "Groupe de mesures", "مجموعة قياسات"}
	trackingIdentifier       = code{"112039", "DCM", "Tracking Identifier", "Identifiant de suivi", "معرّف المتابعة"}
	trackingUniqueIdentifier = code{"112040", "DCM", "Tracking Unique Identifier", "Identifiant unique de suivi", "المعرّف الفريد للمتابعة"}
	findingCategory          = code{"276214006", "SCT", "Finding category", "Catégorie de constatation", "فئة النتيجة"}
	abnormalStructure        = code{"49755003", "SCT", "Morphologically Abnormal Structure", "Structure anormale", "بنية غير طبيعية"}
	findingConcept           = code{"121071", "DCM", "Finding", "Constatation", "النتيجة"}
	nodule                   = code{"27925004", "SCT", "Nodule", "Nodule", "عُقيدة"}
	findingSite              = code{"363698007", "SCT", "Finding Site", "Site", "الموضع"}
	lung                     = code{"39607008", "SCT", "Lung", "Poumon", "رئة"}
	laterality               = code{"272741003", "SCT", "Laterality", "Latéralité", "الجانب"}
	left                     = code{"7771000", "SCT", "Left", "Gauche", "أيسر"}
	right                    = code{"24028007", "SCT", "Right", "Droit", "أيمن"}
	algorithmName            = code{"111001", "DCM", "Algorithm Name", "Nom de l'algorithme", "اسم الخوارزمية"}
	algorithmVersion         = code{"111003", "DCM", "Algorithm Version", "Version de l'algorithme", "إصدار الخوارزمية"}
	algorithmParameters      = code{"111002", "DCM", "Algorithm Parameters", "Paramètres de l'algorithme", "معاملات الخوارزمية"}
	algorithmFamily          = code{"111000", "DCM", "Algorithm Family", "Famille d'algorithmes", "عائلة الخوارزميات"}
	artificialIntelligence   = code{"123110", "DCM", "Artificial Intelligence", "Intelligence artificielle", "ذكاء اصطناعي"}
	volumeSurface            = code{"121231", "DCM", "Volume Surface", "Surface du volume", "سطح الحجم"}
	sourceSeries             = code{"121232", "DCM", "Source series for segmentation", "Série source", "السلسلة المصدر"}
	diameter                 = code{"81827009", "SCT", "Diameter", "Diamètre", "القطر"}
	volumeConcept            = code{"118565006", "SCT", "Volume", "Volume", "الحجم"}
	longAxis                 = code{"103339001", "SCT", "Long Axis", "Grand axe", "المحور الطويل"}
	shortAxis                = code{"103340004", "SCT", "Short Axis", "Petit axe", "المحور القصير"}
	attenuation              = code{"112031", "DCM", "Attenuation Coefficient", "Coefficient d'atténuation", "معامل التوهين"}
	texture                  = code{"C41144", "NCIt", "Texture", "Texture", "القوام"}
	calcification            = code{"112030", "DCM", "Calcification Descriptor", "Description de calcification", "وصف التكلّس"}
	calcified                = code{"18115005", "SCT", "Pathologic calcification, calcified structure", "Calcification pathologique", "تكلّس مرضي"}
	derivation               = code{"121401", "DCM", "Derivation", "Dérivation", "الاشتقاق"}
	mean                     = code{"373098007", "SCT", "Mean", "Moyenne", "المتوسط"}
	certaintyOfFinding       = code{"111012", "DCM", "Certainty of Finding", "Score de confiance", "درجة الثقة"}
	millimeter               = code{"mm", "UCUM", "mm", "", ""}
	cubicMillimeter          = code{"mm3", "UCUM", "mm3", "", ""}
	hounsfield               = code{"[hnsf'U]", "UCUM", "Hounsfield unit", "", ""}
	percent                  = code{"%", "UCUM", "Percent", "", ""}
	qualitativeEvaluations   = code{"C0034375", "UMLS", "Qualitative Evaluations", "Évaluations qualitatives", "تقييمات نوعية"}
	comment                  = code{"121106", "DCM", "Comment", "Commentaire", "تعليق"}
	ofInterest               = code{"113000", "DCM", "Of Interest", "D'intérêt", "ذو أهمية"}
	keyObjectDescription     = code{"113012", "DCM", "Key Object Description", "Description", "وصف"}
	processingEquipment      = code{"109102", "DCM", "Processing Equipment", "", ""}
	segmentationOf           = code{"113076", "DCM", "Segmentation", "Segmentation", "تجزئة"}
	processedImage           = code{"121322", "DCM", "Source image for image processing operation", "Image source", "الصورة المصدر"}
	// rejectedForQuality is English in every language: viewers know a
	// rejection note by this meaning.
	rejectedForQuality = code{"113001", "DCM", "Rejected for Quality Reasons", "", ""}
	// textures are values of texture, with the meanings of RadLex.
	textures = map[measure.Kind]code{
		measure.KindSolid:       solidNodule,
		measure.KindCalcified:   solidNodule,
		measure.KindPartSolid:   {"RID50152", "RADLEX", "part-solid pulmonary nodule", "nodule pulmonaire mixte (partiellement solide)", "عُقيدة رئوية مختلطة (صلبة جزئيًا)"},
		measure.KindGroundGlass: {"RID50153", "RADLEX", "non-solid pulmonary nodule", "nodule pulmonaire en verre dépoli", "عُقيدة رئوية بمظهر الزجاج المطحون"},
	}
	solidNodule = code{"RID50151", "RADLEX", "solid pulmonary nodule", "nodule pulmonaire solide", "عُقيدة رئوية صلبة"}
	// languages are values of languageOfContent.
	languages = map[Language]code{
		English: {"en", "RFC5646", "English", "anglais", "الإنجليزية"},
		French:  {"fr", "RFC5646", "French", "français", "الفرنسية"},
		Arabic:  {"ar", "RFC5646", "Arabic", "arabe", "العربية"},
	}
)

// Sentences are what is said in words.
type sentences struct {
	disclaimer, searched, nothing, failed string
	// sphere says what a segment is that no segmentation made, measured what
	// one is that the named method made.
	sphere, measured string
	// superseded says why objects are withdrawn.
	superseded string
}

var words = map[Language]sentences{
	English: {
		"RESEARCH USE ONLY - NOT FOR DIAGNOSIS.",
		"The series was searched for lung nodules with %s %s.",
		"No place reached the threshold. This does not exclude disease.",
		"The series could not be assessed: %s. This says nothing about the patient.",
		"Sphere with the centre and the diameter that the detector gave. This is not a segmentation of the nodule.",
		"Voxels whose centre lies within the border that a program measured (%s). Not checked by a person.",
		"A newer result of the same study takes the place of these objects. Nothing is said against the images.",
	},
	French: {
		"À DES FINS DE RECHERCHE UNIQUEMENT - NE PAS UTILISER POUR LE DIAGNOSTIC.",
		"Des nodules pulmonaires ont été recherchés dans la série avec %s %s.",
		"Aucun endroit n'a atteint le seuil. Cela n'exclut pas une anomalie.",
		"La série n'a pas pu être évaluée : %s. Cela ne dit rien sur le patient.",
		"Sphère au centre et au diamètre donnés par le détecteur. Ce n'est pas une segmentation du nodule.",
		"Voxels dont le centre se trouve à l'intérieur du contour mesuré par un logiciel (%s). Non vérifié par une personne.",
		"Un résultat plus récent du même examen remplace ces objets. Les images ne sont pas en cause.",
	},
	Arabic: {
		"للأغراض البحثية فقط - لا يُستخدم للتشخيص.",
		"تم البحث عن عُقيدات رئوية في السلسلة باستخدام %s %s.",
		"لم يبلغ أي موضع العتبة. هذا لا ينفي وجود مرض.",
		"تعذّر تقييم السلسلة: %s. هذا لا يقول شيئًا عن المريض.",
		"كرة بالمركز والقطر اللذين أعطاهما الكاشف. هذه ليست تجزئة للعُقيدة.",
		"وحدات الحجم التي يقع مركزها داخل الحدود التي قاسها برنامج (%s). لم يراجعها أي شخص.",
		"حلّت نتيجة أحدث للفحص نفسه محل هذه الكائنات. لا يتعلق ذلك بالصور.",
	},
}
