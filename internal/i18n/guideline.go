package i18n

import "fmt"

// Guideline says in English, French or Arabic (en, fr, ar) what a code of
// inference/guideline means; false where there are no words for it. No words say
// that a nodule or a scan is harmless.
func Guideline(language, code string) (string, bool) {
	words, ok := guidelines[code]
	return words.in(language), ok
}

// GuidelineStep says a step of a guideline: its action by code, from when to
// when in months (both 0: no time), how often (0: once), whether the months
// count from the nodule's first exam, and whether it is left to the reader; false
// where the action has no words.
func GuidelineStep(language, action string, fromMonths, toMonths, everyMonths int, sinceFirst, consider bool) (string, bool) {
	text, ok := Guideline(language, action)
	if !ok {
		return "", false
	}
	switch {
	case everyMonths > 0:
		text = fmt.Sprintf(every.in(language), text, months(language, everyMonths, everyMonths), months(language, toMonths, toMonths))
	case toMonths > 0:
		text = fmt.Sprintf(afterTime.in(language), text, months(language, fromMonths, toMonths))
	}
	if sinceFirst {
		text = fmt.Sprintf(fromFirst.in(language), text)
	}
	if consider {
		text = fmt.Sprintf(considered.in(language), text)
	}
	return text, true
}

var (
	every      = threefold{"%s every %s until %s", "%s tous les %s jusqu'à %s", "%s كل %s حتى %s"}
	afterTime  = threefold{"%s at %s", "%s à %s", "%s بعد %s"}
	fromFirst  = threefold{"%s after the first exam", "%s après le premier examen", "%s من الفحص الأول"}
	considered = threefold{"consider: %s", "à envisager : %s", "يُنظر في: %s"}
)

// months is a number of months or a range of them. Arabic has a form of its own
// for one, two, three to ten, and more.
func months(language string, from, to int) string {
	number := fmt.Sprint(to)
	if from < to {
		number = fmt.Sprintf("%d-%d", from, to)
	}
	switch {
	case language == "fr":
		return number + " mois"
	case language == "ar":
		return arabicMonths(number, from, to)
	case to == 1 && from == to:
		return "1 month"
	}
	return number + " months"
}

func arabicMonths(number string, from, to int) string {
	switch {
	case from == to && to == 1:
		return "شهر واحد"
	case from == to && to == 2:
		return "شهرين"
	case to <= 10:
		return number + " أشهر"
	}
	return number + " شهرًا"
}

// in is the word in a language: English where none is said.
func (t threefold) in(language string) string {
	switch language {
	case "fr":
		return t.fr
	case "ar":
		return t.ar
	}
	return t.en
}

var guidelines = map[string]threefold{
	"LUNG_RADS_0":                            {"Lung-RADS 0: incomplete", "Lung-RADS 0 : incomplet", "Lung-RADS 0: غير مكتمل"},
	"LUNG_RADS_1":                            {"Lung-RADS 1: benign calcification or fat", "Lung-RADS 1 : calcification bénigne ou graisse", "Lung-RADS 1: تكلّس حميد أو دهن"},
	"LUNG_RADS_2":                            {"Lung-RADS 2: benign appearance or behaviour", "Lung-RADS 2 : aspect ou évolution d'allure bénigne", "Lung-RADS 2: مظهر أو سلوك حميد"},
	"LUNG_RADS_3":                            {"Lung-RADS 3: probably benign", "Lung-RADS 3 : probablement bénin", "Lung-RADS 3: حميد على الأرجح"},
	"LUNG_RADS_4A":                           {"Lung-RADS 4A: suspicious", "Lung-RADS 4A : suspect", "Lung-RADS 4A: مشتبه به"},
	"LUNG_RADS_4B":                           {"Lung-RADS 4B: very suspicious", "Lung-RADS 4B : très suspect", "Lung-RADS 4B: مشتبه به بشدة"},
	"LUNG_RADS_4X":                           {"Lung-RADS 4X: with additional suspicious features", "Lung-RADS 4X : avec signes suspects supplémentaires", "Lung-RADS 4X: مع علامات اشتباه إضافية"},
	"CALCULATED_TO_BE_CONFIRMED":             {"Calculated from AI measurements, to be confirmed by a radiologist", "Calculé à partir de mesures par IA, à confirmer par un radiologue", "محسوب من قياسات الذكاء الاصطناعي، ويلزم تأكيده من طبيب الأشعة"},
	"LOW_DOSE_CT":                            {"low-dose CT", "TDM à faible dose", "تصوير مقطعي منخفض الجرعة"},
	"CT":                                     {"CT", "TDM", "تصوير مقطعي"},
	"CT_TO_CONFIRM":                          {"CT to confirm that it persists", "TDM pour confirmer la persistance", "تصوير مقطعي لتأكيد استمرارها"},
	"DIAGNOSTIC_CT":                          {"diagnostic chest CT", "TDM thoracique diagnostique", "تصوير مقطعي تشخيصي للصدر"},
	"PET_CT":                                 {"PET/CT", "TEP-TDM", "تصوير PET/CT"},
	"PET_CT_THEN_HERDER":                     {"PET/CT, then the Herder model", "TEP-TDM, puis modèle de Herder", "تصوير PET/CT ثم نموذج هيردر"},
	"TISSUE_SAMPLING":                        {"tissue sampling", "prélèvement tissulaire", "أخذ عينة نسيجية"},
	"RESECTION":                              {"resection", "résection", "استئصال"},
	"REFERRAL":                               {"referral for further evaluation", "orientation vers un avis spécialisé", "إحالة إلى تقييم متخصص"},
	"WORK_UP":                                {"further work-up", "bilan complémentaire", "استقصاء إضافي"},
	"MULTIDISCIPLINARY_WORK_UP":              {"multidisciplinary work-up", "bilan en réunion pluridisciplinaire", "تقييم من فريق متعدد التخصصات"},
	"BY_WORST_NODULE":                        {"management by the most suspicious nodule", "conduite selon le nodule le plus suspect", "التدبير حسب العقيدة الأكثر اشتباهًا"},
	"ASSESS_BY_BROCK":                        {"assessment by the Brock model", "évaluation par le modèle de Brock", "التقييم بنموذج بروك"},
	"SURVEILLANCE":                           {"CT surveillance", "surveillance par TDM", "مراقبة بالتصوير المقطعي"},
	"NO_ROUTINE_FOLLOW_UP":                   {"the guideline asks for no routine follow-up of this nodule", "la recommandation ne prévoit pas de suivi systématique de ce nodule", "لا يطلب الدليل متابعة دورية لهذه العقيدة"},
	"DISCHARGE_FROM_FOLLOW_UP":               {"the guideline ends the follow-up of this nodule", "la recommandation met fin au suivi de ce nodule", "ينهي الدليل متابعة هذه العقيدة"},
	"MEAN_DIAMETER":                          {"mean diameter", "diamètre moyen", "متوسط القطر"},
	"VOLUME":                                 {"volume", "volume du nodule", "الحجم"},
	"NO_FINDINGS_GIVEN":                      {"no findings were given: nothing can be said of the scan", "aucune détection fournie : rien ne peut être dit de l'examen", "لم تُقدَّم موجودات: لا يمكن قول شيء عن الفحص"},
	"FACTS_MISSING":                          {"not computable: facts are missing", "non calculable : données manquantes", "غير قابل للحساب: معلومات ناقصة"},
	"COMPARISON_NOT_KNOWN":                   {"not computable without comparison with the prior exam", "non calculable sans comparaison avec l'examen antérieur", "غير قابل للحساب دون مقارنة بالفحص السابق"},
	"BASELINE_DESPITE_PRIOR":                 {"a prior exam exists: baseline rules do not apply", "un examen antérieur existe : les règles de première lecture ne s'appliquent pas", "يوجد فحص سابق: لا تنطبق قواعد الفحص الأول"},
	"NO_ROW_OF_THE_TABLE":                    {"the guideline's table has no row for this", "le tableau de la recommandation ne prévoit pas ce cas", "لا يوجد صف لهذه الحالة في جدول الدليل"},
	"TYPE_NOT_COVERED":                       {"the guideline does not cover nodules of this type", "la recommandation ne couvre pas ce type de nodule", "لا يشمل الدليل هذا النوع من العقيدات"},
	"FINDING_NOT_CLASSIFIED":                 {"the guideline does not classify this finding", "la recommandation ne classe pas cette détection", "لا يصنّف الدليل هذه الموجودة"},
	"VOLUMES_NOT_COMPARABLE":                 {"the volumes are not comparable: slice thickness, kernel, or too short an interval", "volumes non comparables : épaisseur de coupe, filtre, ou intervalle trop court", "الأحجام غير قابلة للمقارنة: سماكة المقطع أو مرشّح إعادة البناء أو فترة قصيرة جدًا"},
	"SIZE_OUT_OF_RANGE":                      {"the size is outside of the model's valid range", "taille hors du domaine de validité du modèle", "القياس خارج نطاق صلاحية النموذج"},
	"SOME_NODULES_NOT_CATEGORISED":           {"some nodules have no category, so the exam has none", "certains nodules sont sans catégorie, donc l'examen aussi", "بعض العقيدات دون فئة، لذا لا فئة للفحص"},
	"NOT_A_SCREENING_EXAM":                   {"applies to screening exams only", "s'applique au dépistage seulement", "ينطبق على فحوص التقصي فقط"},
	"IS_A_SCREENING_EXAM":                    {"does not apply to screening exams", "ne s'applique pas au dépistage", "لا ينطبق على فحوص التقصي"},
	"UNDER_35_YEARS":                         {"does not apply below 35 years of age", "ne s'applique pas avant 35 ans", "لا ينطبق على من هم دون 35 سنة"},
	"KNOWN_CANCER":                           {"does not apply with a known cancer", "ne s'applique pas en cas de cancer connu", "لا ينطبق عند وجود سرطان معروف"},
	"KNOWN_LUNG_CANCER":                      {"does not apply with a known lung cancer", "ne s'applique pas en cas de cancer du poumon connu", "لا ينطبق عند وجود سرطان رئة معروف"},
	"IMMUNOSUPPRESSED":                       {"does not apply with immunosuppression", "ne s'applique pas en cas d'immunodépression", "لا ينطبق عند تثبيط المناعة"},
	"SIZE":                                   {"a reliable size", "une taille fiable", "قياس موثوق"},
	"LONGEST_DIAMETER":                       {"the longest diameter", "le plus grand diamètre", "أطول قطر"},
	"NODULE_TYPE":                            {"the type of the nodule", "le type du nodule", "نوع العقيدة"},
	"SOLID_PART_DIAMETER":                    {"the diameter of the solid part", "le diamètre de la partie solide", "قطر الجزء الصلب"},
	"SOLID_PART_COMPARISON":                  {"the comparison of the solid part with the prior exam", "la comparaison de la partie solide avec l'examen antérieur", "مقارنة الجزء الصلب بالفحص السابق"},
	"SHAPE_AND_MARGIN":                       {"shape and margin", "forme et contours", "الشكل والحواف"},
	"NUMBER_OF_NODULES":                      {"the number of nodules", "le nombre de nodules", "عدد العقيدات"},
	"INTERVAL_TO_PRIOR":                      {"the interval to the prior exam", "le délai depuis l'examen antérieur", "المدة منذ الفحص السابق"},
	"PRIOR_CATEGORY":                         {"the category of the prior exam", "la catégorie de l'examen antérieur", "فئة الفحص السابق"},
	"PRIOR_VOLUME":                           {"the volume now and at the prior exam", "le volume actuel et celui de l'examen antérieur", "الحجم الآن وفي الفحص السابق"},
	"COMPARABILITY_OF_VOLUMES":               {"whether the volumes are comparable", "la comparabilité des volumes", "إمكانية مقارنة الأحجام"},
	"AGE":                                    {"age", "âge", "العمر"},
	"SEX":                                    {"sex", "sexe", "الجنس"},
	"FAMILY_HISTORY_OF_LUNG_CANCER":          {"family history of lung cancer", "antécédents familiaux de cancer du poumon", "تاريخ عائلي لسرطان الرئة"},
	"EMPHYSEMA":                              {"emphysema", "emphysème", "نفاخ رئوي"},
	"UPPER_LOBE":                             {"whether it lies in an upper lobe", "la localisation dans un lobe supérieur ou non", "وقوعها في فص علوي أم لا"},
	"SPICULATION":                            {"spiculation", "spiculation du contour", "تشوّك الحواف"},
	"RISK_LOW_OR_HIGH":                       {"the patient's risk, low or high", "le risque du patient, faible ou élevé", "مستوى خطورة المريض، منخفض أو مرتفع"},
	"AIRWAY_LEVEL":                           {"the level of the airway", "le niveau bronchique", "مستوى المجرى الهوائي"},
	"AIRWAY_SECRETIONS":                      {"whether it contains air or looks like secretions", "la présence d'air ou un aspect de sécrétions", "وجود هواء أو مظهر إفرازات"},
	"CYST_WALL_THICKNESS":                    {"the thickness of the cyst's wall", "l'épaisseur de la paroi du kyste", "سماكة جدار الكيسة"},
	"ASSUMES_SCREENING_EXAM":                 {"assuming a lung cancer screening exam", "en supposant un examen de dépistage du cancer du poumon", "بافتراض أنه فحص تقصٍّ لسرطان الرئة"},
	"ASSUMES_NOT_SCREENING":                  {"assuming an incidental finding, not screening", "en supposant une découverte fortuite, hors dépistage", "بافتراض أنها موجودة عرضية خارج التقصي"},
	"ASSUMES_35_YEARS_OR_MORE":               {"assuming an age of 35 years or more", "en supposant un âge d'au moins 35 ans", "بافتراض عمر 35 سنة أو أكثر"},
	"ASSUMES_NO_KNOWN_CANCER":                {"assuming no known cancer", "en supposant l'absence de cancer connu", "بافتراض عدم وجود سرطان معروف"},
	"ASSUMES_NO_KNOWN_LUNG_CANCER":           {"assuming no known lung cancer", "en supposant l'absence de cancer du poumon connu", "بافتراض عدم وجود سرطان رئة معروف"},
	"ASSUMES_NOT_IMMUNOSUPPRESSED":           {"assuming no immunosuppression", "en supposant l'absence d'immunodépression", "بافتراض عدم وجود تثبيط مناعي"},
	"ASSUMES_LOW_RISK":                       {"if the patient's risk is low", "si le risque du patient est faible", "إذا كانت خطورة المريض منخفضة"},
	"ASSUMES_HIGH_RISK":                      {"if the patient's risk is high", "si le risque du patient est élevé", "إذا كانت خطورة المريض مرتفعة"},
	"ASSUMES_BENIGN_CALCIFICATION_OR_FAT":    {"assuming calcification of a benign pattern, or fat", "en supposant une calcification de type bénin, ou de la graisse", "بافتراض تكلّس بنمط حميد أو دهن"},
	"ASSUMES_FINDINGS_ARE_NODULES":           {"assuming that every finding is a nodule", "en supposant que chaque détection est un nodule", "بافتراض أن كل موجودة عقيدة"},
	"VALIDATED_ONLY_IN_SCREENED_SMOKERS":     {"validated only in smokers who were screened", "validé seulement chez des fumeurs en dépistage", "مُثبت فقط لدى المدخنين في برامج التقصي"},
	"ASSUMES_NO_EARLIER_EXAM":                {"assuming that there is no earlier exam", "en supposant l'absence d'examen antérieur", "بافتراض عدم وجود فحص سابق"},
	"ASSUMES_CALCIFIED_IS_SOLID":             {"calcified, the pattern not known: read as solid", "calcifié, sans que le type de calcification soit connu : lu comme solide", "متكلّسة بنمط غير معروف: تُقرأ على أنها صلبة"},
	"ASSUMES_SOLID":                          {"if the nodule is solid", "si le nodule est solide", "إذا كانت العقيدة صلبة"},
	"ASSUMES_PART_SOLID":                     {"if the nodule is part-solid", "si le nodule est mixte (partiellement solide)", "إذا كانت العقيدة مختلطة (صلبة جزئيًا)"},
	"ASSUMES_NON_SOLID":                      {"if the nodule is non-solid", "si le nodule est en verre dépoli", "إذا كانت العقيدة بمظهر الزجاج المطحون"},
	"NODULE_TYPE_IS_NOT_SURE":                {"the type of the nodule is not sure", "le type du nodule n'est pas certain", "نوع العقيدة غير مؤكد"},
	"SOURCES_DISAGREE_ON_NEW_PART_SOLID":     {"sources disagree on new part-solid nodules of 6 mm and more", "les sources divergent sur les nouveaux nodules mixtes de 6 mm et plus", "تختلف المصادر بشأن العقيدات الجديدة المختلطة (الصلبة جزئيًا) من \u200e6 mm فأكثر"},
	"TWO_ROWS_FIT":                           {"two rows of the table fit", "deux lignes du tableau conviennent", "ينطبق صفان من الجدول"},
	"TABLE_HAS_NO_ROW":                       {"no row of the table fits: to be decided by a radiologist", "aucune ligne du tableau ne convient : décision du radiologue", "لا ينطبق أي صف من الجدول: القرار لطبيب الأشعة"},
	"SLOW_GROWTH_MAY_BE_4B":                  {"slow growth over several exams may be category 4B", "une croissance lente sur plusieurs examens peut relever de la catégorie 4B", "النمو البطيء عبر عدة فحوص قد يكون من الفئة 4B"},
	"SUSPICIOUS_FEATURES_TO_CONFIRM":         {"additional suspicious features, to be confirmed", "signes suspects supplémentaires, à confirmer", "علامات اشتباه إضافية يلزم تأكيدها"},
	"MAY_BE_INFECTION_CATEGORY_0":            {"may be infection or inflammation: consider category 0", "possible infection ou inflammation : envisager la catégorie 0", "قد تكون عدوى أو التهابًا: يُنظر في الفئة 0"},
	"VOLUME_AND_DIAMETER_DISAGREE":           {"volume and diameter give different answers", "volume et diamètre donnent des réponses différentes", "الحجم والقطر يعطيان نتيجتين مختلفتين"},
	"PRIOR_CATEGORY_WAS_LOWER":               {"the prior category was lower than today's size gives", "la catégorie antérieure était plus basse que celle de la taille actuelle", "الفئة السابقة أدنى من فئة القياس الحالي"},
	"BENIGN_LOOK_BUT_GROWING":                {"benign appearance, but growing", "aspect bénin, mais en croissance", "مظهر حميد لكنها تنمو"},
	"GUIDELINE_HAS_NO_NEW_NODULES":           {"the guideline does not tell new nodules from those of a first exam", "la recommandation ne distingue pas les nodules nouveaux de ceux d'un premier examen", "لا يميّز الدليل العقيدات الجديدة عن عقيدات الفحص الأول"},
	"SOME_NODULES_WITHOUT_AN_ANSWER":         {"some nodules have no answer: the exam's may be worse", "certains nodules sont sans réponse : celle de l'examen peut être plus grave", "بعض العقيدات دون نتيجة: قد تكون نتيجة الفحص أسوأ"},
	"UNVERIFIED_ROUNDING_TO_WHOLE_MM":        {"not verified at the source: rounding to whole mm", "non vérifié à la source : arrondi au mm entier", "غير متحقق منه من المصدر: التقريب إلى أقرب mm صحيح"},
	"UNVERIFIED_BROCK_USES_LARGEST_DIAMETER": {"not verified at the source: the model's size is the largest diameter", "non vérifié à la source : la taille du modèle est le plus grand diamètre", "غير متحقق منه من المصدر: القياس في النموذج هو أكبر قطر"},
	"UNVERIFIED_DOUBLING_TIME_CUTS":          {"not verified at the source: the limits of the doubling time", "non vérifié à la source : les seuils du temps de doublement", "غير متحقق منه من المصدر: حدود زمن التضاعف"},
}
