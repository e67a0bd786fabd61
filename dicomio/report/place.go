package report

import (
	"fmt"
	"strings"

	"nafas/inference/finding"
)

// Lobe is the lobe to name: unknown where none was told, and where it is not on
// the finding's side.
func (f Finding) Lobe() finding.Lobe {
	if f.Place == nil || f.Side == finding.SideUnknown || f.Place.Lobe.Side() != f.Side {
		return finding.LobeUnknown
	}
	return f.Place.Lobe
}

// site is where a finding lies: its lobe where that is known, else the lung,
// with the side (PS3.16 CID 6170 has lobes without one, but for the middle lobe).
func (f Finding) site() item {
	where, ok := lobes[f.Lobe()]
	if !ok {
		where = lung
	}
	out := coded(hasConceptMod, findingSite, where)
	if side, ok := sideOf(f); ok {
		out.children = append(out.children, coded(hasConceptMod, laterality, side))
	}
	return out
}

// inWords says what no code says of a place and of a change, and what a reader
// said.
func (r Result) inWords(f Finding) []item {
	l := r.Subject.Language(r.Language)
	var out []item
	for _, said := range []string{PlaceIn(l, f), ChangeIn(l, r.Compared, f.Change), r.Subject.letters(r.AnswerIn(l, f))} {
		if said != "" {
			out = append(out, text(contains, comment, said))
		}
	}
	return out
}

// LobeIn is a lobe's name in a language; "" of an unknown one.
func LobeIn(l Language, lobe finding.Lobe) string { return places[l].lobes[lobe] }

// EstimatedIn says in a language that something is estimated.
func EstimatedIn(l Language) string { return places[l].estimated }

// PlaceIn says in words where in the lung a finding lies, and that this is
// estimated: lobe or lung, third, gaps to pleura and fissure; "" where nothing of
// it is known.
func PlaceIn(l Language, f Finding) string {
	p, w := f.Place, places[l]
	if p == nil || f.Side == finding.SideUnknown || p.Side != f.Side {
		return ""
	}
	parts := []string{w.lungs[f.Side]}
	if name := w.lobes[f.Lobe()]; name != "" {
		parts[0] = name
	}
	if third := w.zones[p.Zone]; third != "" {
		parts = append(parts, third)
	}
	parts = append(parts, gap(l, w.pleura, p.PleuraMM, p.Juxtapleural, w.juxtapleural))
	if p.FissureSeen {
		parts = append(parts, gap(l, w.fissure, p.FissureMM, p.Perifissural, w.perifissural))
	}
	return fmt.Sprintf(w.whole, strings.Join(parts, w.between))
}

// gap is a distance with the hint that goes with it.
func gap(l Language, to string, mm float64, near bool, hint string) string {
	said := fmt.Sprintf(to, l.figures("%.1f", mm))
	if near {
		said += " (" + hint + ")"
	}
	return said
}

// lobes are values of findingSite.
var lobes = map[finding.Lobe]code{
	finding.LobeRightUpper: upperLobe, finding.LobeLeftUpper: upperLobe,
	finding.LobeRightLower: lowerLobe, finding.LobeLeftLower: lowerLobe,
	finding.LobeRightMiddle: {"72481006", "SCT", "Middle lobe of right lung", "Lobe moyen du poumon droit", "الفص الأوسط للرئة اليمنى"},
}

var (
	upperLobe = code{"45653009", "SCT", "Upper lobe of lung", "Lobe supérieur du poumon", "الفص العلوي للرئة"}
	lowerLobe = code{"90572001", "SCT", "Lower lobe of lung", "Lobe inférieur du poumon", "الفص السفلي للرئة"}
)

// placeWords are those in which a place is said.
type placeWords struct {
	// whole takes all parts, between goes between them; pleura and fissure take a
	// distance.
	whole, between, estimated  string
	lungs                      map[finding.Side]string
	lobes                      map[finding.Lobe]string
	zones                      map[finding.Zone]string
	pleura, fissure            string
	juxtapleural, perifissural string
}

var places = map[Language]placeWords{
	English: {
		"Estimated place: %s.", ", ", "estimated",
		map[finding.Side]string{finding.SideLeft: "left lung", finding.SideRight: "right lung"},
		map[finding.Lobe]string{
			finding.LobeRightUpper: "right upper lobe", finding.LobeRightMiddle: "right middle lobe", finding.LobeRightLower: "right lower lobe",
			finding.LobeLeftUpper: "left upper lobe", finding.LobeLeftLower: "left lower lobe",
		},
		map[finding.Zone]string{finding.ZoneUpper: "upper third of the lung", finding.ZoneMiddle: "middle third of the lung", finding.ZoneLower: "lower third of the lung"},
		"%s mm from the pleura", "%s mm from a fissure", "juxtapleural", "perifissural",
	},
	French: {
		"Localisation estimée : %s.", ", ", "estimé",
		map[finding.Side]string{finding.SideLeft: "poumon gauche", finding.SideRight: "poumon droit"},
		map[finding.Lobe]string{
			finding.LobeRightUpper: "lobe supérieur droit", finding.LobeRightMiddle: "lobe moyen", finding.LobeRightLower: "lobe inférieur droit",
			finding.LobeLeftUpper: "lobe supérieur gauche", finding.LobeLeftLower: "lobe inférieur gauche",
		},
		map[finding.Zone]string{finding.ZoneUpper: "tiers supérieur du poumon", finding.ZoneMiddle: "tiers moyen du poumon", finding.ZoneLower: "tiers inférieur du poumon"},
		"à %s mm de la plèvre", "à %s mm d'une scissure", "juxta-pleural", "péri-scissural",
	},
	Arabic: {
		"الموضع التقديري: %s.", "، ", "تقديري",
		map[finding.Side]string{finding.SideLeft: "الرئة اليسرى", finding.SideRight: "الرئة اليمنى"},
		map[finding.Lobe]string{
			finding.LobeRightUpper: "الفص العلوي الأيمن", finding.LobeRightMiddle: "الفص الأوسط الأيمن", finding.LobeRightLower: "الفص السفلي الأيمن",
			finding.LobeLeftUpper: "الفص العلوي الأيسر", finding.LobeLeftLower: "الفص السفلي الأيسر",
		},
		map[finding.Zone]string{finding.ZoneUpper: "الثلث العلوي من الرئة", finding.ZoneMiddle: "الثلث الأوسط من الرئة", finding.ZoneLower: "الثلث السفلي من الرئة"},
		"على بعد \u200e%s mm من الجنبة", "على بعد \u200e%s mm من شق", "مجاور للجنبة", "حول الشق",
	},
}
