package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/inference/measure"
)

// local is the scheme of the codes that no standard has (PS3.16 section 8).
const local = "99NAFAS"

// localUID names that scheme for good.
const localUID = "2.25.58487889196071866079221489965906391648"

// localScheme says what the scheme of our own codes is (PS3.3 table C.12-1).
func localScheme(b *part10.Builder) {
	b.Sequence(tag.CodingSchemeIdentificationSequence, func(b *part10.Builder) {
		b.Text(tag.CodingSchemeDesignator, local)
		b.Text(tag.CodingSchemeUID, localUID)
		b.Text(tag.CodingSchemeName, "Nafas")
	})
}

// The concepts of readers.
var (
	person         = code{"121006", "DCM", "Person", "Personne", "شخص"}
	personObserver = code{"121008", "DCM", "Person Observer Name", "Nom de l'observateur", "اسم المراقب"}
	personLogin    = code{"128774", "DCM", "Person Observer's Login Name", "Identifiant de l'observateur", "اسم دخول المراقب"}
	readerVerdict  = code{"reader-verdict", local, "Verdict of a reader", "Avis d'un lecteur", "رأي القارئ"}
	readerCause    = code{"reader-cause", local, "Why the reader rejected it", "Motif du rejet par le lecteur", "سبب رفض القارئ"}
	readerKind     = code{"reader-kind", local, "Type given by a reader", "Type donné par un lecteur", "النوع الذي حدده القارئ"}
	readerCategory = code{"reader-category", local, "Category given by a reader", "Catégorie donnée par un lecteur", "الفئة التي حددها القارئ"}

	verdicts = map[Verdict]code{
		Accepted: {"accepted", local, "Accepted by a reader", "Validé par un lecteur", "قَبِله القارئ"},
		Rejected: {"rejected", local, "Rejected by a reader", "Rejeté par un lecteur", "رفضه القارئ"},
		Unsure:   {"unsure", local, "A reader is unsure", "Incertain pour un lecteur", "القارئ غير متأكد"},
	}
	// causes are values of readerCause.
	causes = map[Cause]code{
		"vessel":      {"cause-vessel", local, "vessel", "vaisseau", "وعاء دموي"},
		"scar":        {"cause-scar", local, "scar", "cicatrice", "ندبة"},
		"lymph_node":  {"cause-lymph-node", local, "lymph node", "ganglion", "عقدة لمفية"},
		"atelectasis": {"cause-atelect", local, "atelectasis", "atélectasie", "انخماص رئوي"},
		"mucus":       {"cause-mucus", local, "mucus impaction", "impaction mucoïde", "انسداد مخاطي"},
		"pleura":      {"cause-pleura", local, "pleura", "plèvre", "الجنبة"},
		"bone":        {"cause-bone", local, "bone", "os", "عظم"},
		"artefact":    {"cause-artefact", local, "artefact", "artéfact", "خلل تصويري"},
		"infection":   {"cause-infection", local, "infection", "infection", "عدوى"},
		"other":       {"cause-other", local, "other cause", "autre cause", "سبب آخر"},
	}
)

// lungRADS is a category of Lung-RADS as a value of readerCategory.
func lungRADS(category string) code {
	meaning := "Lung-RADS " + category
	return code{"lung-rads-" + strings.ToLower(category), local, meaning, meaning, meaning}
}

// ReaderConcepts are those in which other formats than DICOM say what readers
// said.
type ReaderConcepts struct{ Verdict, Cause, Kind, Category Concept }

// ReaderConceptsIn returns them with their meanings in a language.
func ReaderConceptsIn(l Language) ReaderConcepts {
	return ReaderConcepts{readerVerdict.in(l), readerCause.in(l), readerKind.in(l), readerCategory.in(l)}
}

// VerdictIn is a verdict with its meaning in a language.
func VerdictIn(l Language, v Verdict) Concept { return verdicts[v].in(l) }

// CauseIn is a cause with its meaning in a language; false for one that has none.
func CauseIn(l Language, c Cause) (Concept, bool) {
	out, ok := causes[c]
	return out.in(l), ok
}

// CategoryIn is a category of Lung-RADS that a reader gave.
func CategoryIn(l Language, category string) Concept { return lungRADS(category).in(l) }

func (c code) in(l Language) Concept { return Concept{c.value, c.scheme, c.meaning(l)} }

// AnswerIn says in words what a reader said of a finding, its comment left out;
// "" where nobody said anything.
func (r Result) AnswerIn(l Language, f Finding) string {
	a := r.AnswerTo(f)
	if a == nil {
		return ""
	}
	w := readers[l]
	out := fmt.Sprintf(w.verdicts[a.Verdict], w.name(a.By), stamp(a.At))
	if cause, ok := CauseIn(l, a.Cause); ok && a.Verdict == Rejected {
		out = fmt.Sprintf(w.because, out, cause.Meaning)
	}
	return out + "." + w.own(a.Kind, a.Category)
}

// MarkIn says in words who added a finding, its comment left out; of one that
// lies in another series than the one that was read, where.
func (r Result) MarkIn(l Language, m Mark) string {
	w := readers[l]
	out := fmt.Sprintf(w.added, w.name(m.By), stamp(m.At)) + w.own(m.Kind, m.Category)
	if m.SeriesUID != r.Source.SeriesUID {
		at := func(axis int) string { return l.figures("%.1f", m.CenterLPSMM[axis]) }
		out += " " + fmt.Sprintf(w.elsewhere, m.SeriesUID, m.SOPInstanceUID, at(0), at(1), at(2))
	}
	return out
}

// Reviewed says in words how far readers have come: whether somebody signed, how
// many findings were accepted, rejected and added; nothing where there is no
// review.
func (r Result) Reviewed(l Language) []string {
	if r.Review == nil {
		return nil
	}
	w := readers[l]
	out := []string{w.unsigned}
	if s := r.Review.Signed; s != nil && s.Outdated {
		out[0] = fmt.Sprintf(w.outdated, w.name(s.By), stamp(s.At))
	} else if s != nil {
		out[0] = fmt.Sprintf(w.signed, w.name(s.By), stamp(s.At))
	}
	count := map[Verdict]int{}
	for _, f := range r.Findings {
		if a := r.AnswerTo(f); a != nil {
			count[a.Verdict]++
		}
	}
	if n := len(r.Findings); n > 0 {
		out = append(out, fmt.Sprintf(w.counts, n, count[Accepted], count[Rejected], count[Unsure], n-count[Accepted]-count[Rejected]-count[Unsure]))
	}
	if count[Rejected] > 0 {
		out = append(out, w.kept)
	}
	if n := len(r.Review.Marks); n > 0 {
		out = append(out, fmt.Sprintf(w.marks, n))
	}
	if n := r.Review.Earlier; n > 0 {
		out = append(out, fmt.Sprintf(w.earlier, n))
	}
	return out
}

// stamp is a time in words, the same on every machine.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

func (w readerWords) name(who Reader) string {
	if name := who.Shown(); name != "" {
		return name
	}
	return w.nobody
}

// own is what a reader said of kind and category.
func (w readerWords) own(kind measure.Kind, category string) string {
	out := ""
	if name, ok := w.kinds[kind]; ok {
		out += " " + fmt.Sprintf(w.kind, name)
	}
	if category != "" {
		out += " " + fmt.Sprintf(w.category, category)
	}
	return out
}

// readerWords are those in which it is told what readers said.
type readerWords struct {
	// signed, outdated, added and the verdicts take a name and a time.
	signed, outdated, unsigned string
	// counts takes how many there are, accepted, rejected, unsure, not answered.
	counts, kept, marks, earlier string
	added, elsewhere             string
	// because takes a sentence and a cause.
	because        string
	kind, category string
	nobody         string
	verdicts       map[Verdict]string
	kinds          map[measure.Kind]string
}

var readers = map[Language]readerWords{
	English: {
		"Signed off by %s on %s.", "Signed off by %s on %s, before what is said here: the signature does not hold for it.",
		"Not signed off by a reader.",
		"Of %d findings of the program readers accepted %d and rejected %d; they were unsure of %d, and did not answer %d.",
		"Rejected findings are not removed: they are marked as rejected.",
		"Findings added by readers: %d.", "Answers to an earlier result, which do not hold for this one: %d.",
		"Added by a reader, not found by the program: %s on %s.", "It lies in another series, %s, image %s, at %s, %s, %s mm (patient LPS).",
		"%s: %s", "Type given by the reader: %s.", "Category given by the reader: Lung-RADS %s.", "a reader without a name",
		map[Verdict]string{Accepted: "Accepted by %s on %s", Rejected: "REJECTED by %s on %s", Unsure: "Unsure: %s on %s"},
		map[measure.Kind]string{measure.KindSolid: "solid nodule", measure.KindPartSolid: "part-solid nodule", measure.KindGroundGlass: "ground-glass nodule", measure.KindCalcified: "calcified nodule"},
	},
	French: {
		"Validé et signé par %s le %s.", "Signé par %s le %s, avant ce qui est dit ici : la signature ne vaut pas pour ce contenu.",
		"Non signé par un lecteur.",
		"Sur %d détections du logiciel, les lecteurs en ont validé %d et rejeté %d ; %d incertaines, %d sans réponse.",
		"Les détections rejetées ne sont pas supprimées : elles sont marquées comme rejetées.",
		"Nodules ajoutés par des lecteurs : %d.", "Réponses portant sur un résultat antérieur, non valables pour celui-ci : %d.",
		"Ajouté par un lecteur, non détecté par le logiciel : %s le %s.", "Situé dans une autre série, %s, image %s, à %s ; %s ; %s mm (repère LPS du patient).",
		"%s : %s", "Type donné par le lecteur : %s.", "Catégorie donnée par le lecteur : Lung-RADS %s.", "un lecteur sans nom",
		map[Verdict]string{Accepted: "Validé par %s le %s", Rejected: "REJETÉ par %s le %s", Unsure: "Incertain selon %s le %s"},
		map[measure.Kind]string{measure.KindSolid: "nodule solide", measure.KindPartSolid: "nodule mixte (partiellement solide)", measure.KindGroundGlass: "nodule en verre dépoli", measure.KindCalcified: "nodule calcifié"},
	},
	Arabic: {
		"اعتمده ووقّعه %s بتاريخ \u200e%s.", "وقّعه %s بتاريخ \u200e%s قبل ما يرد هنا: التوقيع لا يشمل هذا المحتوى.",
		"لم يوقّعه أي قارئ.",
		"من أصل %d من موجودات البرنامج: المقبولة %d، المرفوضة %d، غير المؤكدة %d، بلا إجابة %d.",
		"لا تُحذف الموجودات المرفوضة: تبقى مع الإشارة إلى رفضها.",
		"موجودات أضافها القرّاء: %d.", "إجابات تخص نتيجة سابقة ولا تسري على هذه النتيجة: %d.",
		"أضافه قارئ ولم يكتشفه البرنامج: %s بتاريخ \u200e%s.", "يقع في سلسلة أخرى، %s، الصورة %s، عند \u200e(%s, %s, %s) mm (إحداثيات LPS للمريض).",
		"%s: %s", "النوع الذي حدده القارئ: %s.", "الفئة التي حددها القارئ: Lung-RADS %s.", "قارئ بلا اسم",
		map[Verdict]string{Accepted: "قَبِله %s بتاريخ \u200e%s", Rejected: "مرفوض من %s بتاريخ \u200e%s", Unsure: "غير مؤكد حسب %s بتاريخ \u200e%s"},
		map[measure.Kind]string{measure.KindSolid: "عُقيدة صلبة", measure.KindPartSolid: "عُقيدة مختلطة (صلبة جزئيًا)", measure.KindGroundGlass: "عُقيدة بمظهر الزجاج المطحون", measure.KindCalcified: "عُقيدة متكلّسة"},
	},
}
