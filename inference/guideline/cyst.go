package guideline

import "fmt"

// CystSign is what a reader saw of an atypical pulmonary cyst.
type CystSign string

// The signs.
const (
	CysticPartGrows      CystSign = "growing cystic part"
	MultilocularAtFirst  CystSign = "multilocular at baseline"
	BecomesMultilocular  CystSign = "becomes multilocular"
	WallGrows            CystSign = "wall thickness or nodularity grows"
	MultilocularGrows    CystSign = "multilocular cyst grows"
	MoreLoculesOrOpacity CystSign = "more loculation, or new or increased opacity"
	FluidInside          CystSign = "contains fluid"
	SeveralCysts         CystSign = "multiple cysts"
)

// Cyst is a cyst as a reader describes it: no detector of Nafas tells one.
type Cyst struct {
	// WallMM is the wall's thickness; 0 where not measured.
	WallMM float64
	Signs  []CystSign
}

type cystRow struct {
	rule string
	sign CystSign // "" for none needed
	wall span     // mm
	// category; "" is not classified by Lung-RADS.
	category Category
	ask      []Question
}

// cystRows are the atypical cysts of Lung-RADS v2022; rows are tried from the
// top. The growing cystic part of a thick-walled cyst (3) also fits the row of
// thick walls (4A), so that row asks.
var cystRows = []cystRow{
	{"LR.CYST.FLUID", FluidInside, span{}, "", nil},
	{"LR.CYST.SEVERAL", SeveralCysts, span{}, "", nil},
	{"LR.CYST.WALL_GROWS.4B", WallGrows, span{}, Category4B, nil},
	{"LR.CYST.MULTILOCULAR_GROWS.4B", MultilocularGrows, span{}, Category4B, nil},
	{"LR.CYST.MORE.4B", MoreLoculesOrOpacity, span{}, Category4B, nil},
	{"LR.CYST.MULTILOCULAR.4A", MultilocularAtFirst, span{}, Category4A, nil},
	{"LR.CYST.BECOMES_MULTILOCULAR.4A", BecomesMultilocular, span{}, Category4A, nil},
	{"LR.CYST.CYSTIC_PART.3", CysticPartGrows, span{atLeast: 2}, Category3, []Question{AskTwoRows}},
	{"LR.CYST.THICK.4A", "", span{atLeast: 2}, Category4A, nil},
	{"LR.CYST.THIN", "", span{below: 2}, "", nil},
}

// LungRADSCyst suggests a category of Lung-RADS v2022 for an atypical cyst.
// Errors: ErrInput.
func LungRADSCyst(c Cyst, p Patient) (Suggestion, error) {
	s := begin(LungRADS2022)
	if !within(c.WallMM, 100) {
		return s, fmt.Errorf("%w: a wall of %v mm: walls are 0 (not measured) to 100 mm", ErrInput, c.WallMM)
	}
	for _, sign := range c.Signs {
		if !oneOf(sign, CysticPartGrows, MultilocularAtFirst, BecomesMultilocular, WallGrows, MultilocularGrows, MoreLoculesOrOpacity, FluidInside, SeveralCysts) {
			return s, fmt.Errorf("%w: a sign of a cyst that is none of this package's: use its constants", ErrInput)
		}
	}
	if err := p.check(); err != nil {
		return s, err
	}
	if s = s.forScreening(p); !s.Given() {
		return s, nil
	}
	wall := float64(tenths(c.WallMM)) / 10
	for _, r := range cystRows {
		if r.sign != "" && !oneOf(r.sign, c.Signs...) {
			continue
		}
		if !r.wall.open() && wall == 0 {
			return s.withhold(FactsMissing, FactWall), nil
		}
		if !r.wall.has(wall) {
			continue
		}
		if r.category == "" {
			return s.withhold(NotClassified), nil
		}
		s.Rule, s.Category, s.Now = r.rule, r.category, management(r.category, false)
		s.NeedsRadiologist = append(s.NeedsRadiologist, r.ask...)
		return s, nil
	}
	return s.withhold(NotClassified), nil
}
