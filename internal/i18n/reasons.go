package i18n

// Reason says in English, French or Arabic (en, fr, ar) what a reason of
// refusal means, by its stable name; false where there are no words for it.
func Reason(language, name string) (string, bool) {
	words, ok := reasons[name]
	return words.in(language), ok
}

type threefold struct{ en, fr, ar string }

var reasons = map[string]threefold{
	"DICOM_MALFORMED":      {"damaged DICOM data", "données DICOM endommagées", "بيانات DICOM تالفة"},
	"DICOM_UNSUPPORTED":    {"an encoding that is not read", "codage non pris en charge", "ترميز غير مدعوم"},
	"TOO_LARGE":            {"too large", "données trop volumineuses", "حجم البيانات أكبر من المسموح"},
	"NOT_CT":               {"no CT images", "images autres que TDM", "صور ليست تصويرًا مقطعيًا"},
	"LOCALIZER":            {"a localizer", "image de repérage", "صورة استطلاعية"},
	"DERIVED_REFORMAT":     {"a reformatted series", "série reformatée", "سلسلة معاد تشكيلها"},
	"OWN_RESULT":           {"an object of Nafas itself", "objet produit par Nafas", "كائن من إنتاج Nafas"},
	"TOO_FEW_SLICES":       {"too few slices", "trop peu de coupes", "عدد المقاطع قليل جدًا"},
	"BAD_ORIENTATION":      {"an orientation that cannot be", "orientation incohérente", "اتجاه غير صالح"},
	"NOT_AXIAL":            {"slices that are not axial", "coupes non axiales", "مقاطع غير محورية"},
	"MISSING_SLICES":       {"missing slices", "coupes manquantes", "مقاطع مفقودة"},
	"DUPLICATE_POSITIONS":  {"several slices at one position", "plusieurs coupes à la même position", "عدة مقاطع في الموضع نفسه"},
	"VARIABLE_SPACING":     {"uneven distances between slices", "espacement irrégulier des coupes", "تباعد غير منتظم بين المقاطع"},
	"GANTRY_TILT":          {"a tilted gantry", "statif incliné", "ميل في جسم الماسح"},
	"TOO_THICK":            {"slices that are too thick", "coupes trop épaisses", "مقاطع سميكة جدًا"},
	"NO_RESCALE":           {"no rescale to Hounsfield units", "pas de conversion en unités Hounsfield", "لا يوجد تحويل إلى وحدات هاونسفيلد"},
	"BAD_PIXEL_FORMAT":     {"a pixel format that is not read", "format de pixels non pris en charge", "صيغة بكسل غير مدعومة"},
	"MISSING_GEOMETRY":     {"no geometry", "géométrie absente", "معلومات هندسية مفقودة"},
	"MIXED_GEOMETRY":       {"several geometries in one series", "géométries différentes dans une série", "هندسات مختلفة في سلسلة واحدة"},
	"NOT_HOUNSFIELD":       {"values that are no Hounsfield units", "valeurs qui ne sont pas des unités Hounsfield", "قيم ليست بوحدات هاونسفيلد"},
	"NO_LUNG":              {"no lung found", "aucun poumon trouvé", "لم يُعثر على رئة"},
	"NOT_PREFERRED":        {"another series of the study was read", "une autre série de l'examen a été lue", "قُرئت سلسلة أخرى من الفحص"},
	"NO_USABLE_SERIES":     {"no series that can be read", "aucune série exploitable", "لا توجد سلسلة قابلة للقراءة"},
	"PATIENT_MISMATCH":     {"images of two patients", "images de deux patients", "صور لمريضين"},
	"CHANGED_DUPLICATE":    {"one image sent in two versions", "une image reçue en deux versions", "صورة واحدة بنسختين مختلفتين"},
	"WORKER_CRASHED":       {"the analysis broke off", "l'analyse s'est interrompue", "توقف التحليل فجأة"},
	"CANCELLED":            {"the analysis was cancelled", "l'analyse a été annulée", "أُلغي التحليل"},
	"INTERNAL":             {"an internal error", "erreur interne", "خطأ داخلي"},
	"PRIOR_IMAGES_DELETED": {"the images of the earlier study were deleted", "les images de l'examen antérieur ont été supprimées", "حُذفت صور الفحص السابق"},
	"PRIOR_NOT_ASSESSED":   {"the earlier study could not be read", "l'examen antérieur n'a pas pu être lu", "تعذّرت قراءة الفحص السابق"},
	"PRIOR_NOT_READ":       {"the images of the earlier study could not be read again", "les images de l'examen antérieur n'ont pas pu être relues", "تعذّرت إعادة قراءة صور الفحص السابق"},
	"LIMIT_EXCEEDED":       {"the analysis took too long or too much memory", "l'analyse a dépassé les limites de temps ou de mémoire", "تجاوز التحليل حدود الوقت أو الذاكرة"},
	// Of rescorings alone (internal/rescore).
	"NOT_DICOM":         {"no DICOM file", "fichier non DICOM", "ملف ليس بصيغة DICOM"},
	"SOURCE_GONE":       {"no longer in the archive", "n'est plus dans l'archive", "لم تعد موجودة في الأرشيف"},
	"SOURCE_FAILED":     {"the archive does not hand it out", "l'archive ne la transmet pas", "لا يسلّمها الأرشيف"},
	"SOURCE_INCOMPLETE": {"fewer images than the archive names", "moins d'images que l'archive n'en annonce", "صور أقل مما يذكره الأرشيف"},
	"SOURCE_UNREADABLE": {"the source does not let it be read", "la source ne la laisse pas lire", "لا يسمح المصدر بقراءتها"},
	"NOT_IN_THIS_PASS":  {"not among the studies of this pass", "absent des examens de ce passage", "ليس ضمن فحوص هذه الجولة"},
}
