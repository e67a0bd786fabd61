package guideline

// lungRADSRow is one cell of the Lung-RADS v2022 table. Total diameters and
// volumes are alternatives for one bound; rows are tried from the top.
type lungRADSRow struct {
	rule   string
	types  []Type
	states []State
	// shape: only for a juxtapleural or perifissural nodule of benign shape.
	shape    bool
	total    span // mean diameter, mm
	volume   span // mm3; without bound where the table has none
	solid    span // the solid part's mean diameter, mm
	category Category
	ask      []Question
}

// solidPartGrows is the state of an existing part-solid nodule whose solid part
// is new or growing.
const solidPartGrows State = "solid part new or growing"

var (
	unchanged = []State{Baseline, Stable} // "existing and unchanged" is classed by size as at baseline
	anyState  = []State{Baseline, New, Growing, SlowlyGrowing, Stable}
)

// lungRADSRows is the table of Lung-RADS v2022 (ACR, November 2022), as read in
// two open implementations with tests and a public note; the ACR's own document
// was not read.
//
// Where the readings disagree, on new part-solid nodules of 6 mm and more, the
// rows follow two of three (a cut at 4 mm of solid part) and ask the
// radiologist. A new part-solid nodule below 6 mm with 4 mm of solid part fits
// two rows: the higher one is taken and asked about.
var lungRADSRows = []lungRADSRow{
	{rule: "LR.JUXTAPLEURAL.2", types: []Type{Solid}, states: []State{Baseline, New, Stable}, shape: true,
		total: span{below: 10}, volume: span{below: 524}, category: Category2},

	{rule: "LR.SOLID.SIZE.2", types: []Type{Solid}, states: unchanged, total: span{below: 6}, volume: span{below: 113}, category: Category2},
	{rule: "LR.SOLID.SIZE.3", types: []Type{Solid}, states: unchanged, total: span{atLeast: 6, below: 8}, volume: span{atLeast: 113, below: 268}, category: Category3},
	{rule: "LR.SOLID.SIZE.4A", types: []Type{Solid}, states: unchanged, total: span{atLeast: 8, below: 15}, volume: span{atLeast: 268, below: 1767}, category: Category4A},
	{rule: "LR.SOLID.SIZE.4B", types: []Type{Solid}, states: unchanged, total: span{atLeast: 15}, volume: span{atLeast: 1767}, category: Category4B},

	{rule: "LR.SOLID.NEW.2", types: []Type{Solid}, states: []State{New}, total: span{below: 4}, volume: span{below: 34}, category: Category2},
	{rule: "LR.SOLID.NEW.3", types: []Type{Solid}, states: []State{New}, total: span{atLeast: 4, below: 6}, volume: span{atLeast: 34, below: 113}, category: Category3},
	{rule: "LR.SOLID.NEW.4A", types: []Type{Solid}, states: []State{New}, total: span{atLeast: 6, below: 8}, volume: span{atLeast: 113, below: 268}, category: Category4A},
	{rule: "LR.SOLID.NEW.4B", types: []Type{Solid}, states: []State{New}, total: span{atLeast: 8}, volume: span{atLeast: 268}, category: Category4B, ask: []Question{AskInfection}},

	{rule: "LR.SOLID.GROWING.4A", types: []Type{Solid}, states: []State{Growing}, total: span{below: 8}, volume: span{below: 268}, category: Category4A},
	{rule: "LR.SOLID.GROWING.4B", types: []Type{Solid}, states: []State{Growing}, total: span{atLeast: 8}, volume: span{atLeast: 268}, category: Category4B},

	{rule: "LR.PARTSOLID.SIZE.2", types: []Type{PartSolid}, states: unchanged, total: span{below: 6}, category: Category2},
	{rule: "LR.PARTSOLID.SIZE.3", types: []Type{PartSolid}, states: unchanged, total: span{atLeast: 6}, solid: span{below: 6}, category: Category3},
	{rule: "LR.PARTSOLID.SIZE.4A", types: []Type{PartSolid}, states: unchanged, total: span{atLeast: 6}, solid: span{atLeast: 6, below: 8}, category: Category4A},
	{rule: "LR.PARTSOLID.SIZE.4B", types: []Type{PartSolid}, states: unchanged, total: span{atLeast: 6}, solid: span{atLeast: 8}, category: Category4B},

	{rule: "LR.PARTSOLID.NEW.4B.SMALL", types: []Type{PartSolid}, states: []State{New}, total: span{below: 6}, solid: span{atLeast: 4}, category: Category4B, ask: []Question{AskTwoRows}},
	{rule: "LR.PARTSOLID.NEW.3", types: []Type{PartSolid}, states: []State{New}, total: span{below: 6}, category: Category3},
	{rule: "LR.PARTSOLID.NEW.4A", types: []Type{PartSolid}, states: []State{New}, total: span{atLeast: 6}, solid: span{below: 4}, category: Category4A, ask: []Question{AskNewPartSolid}},
	{rule: "LR.PARTSOLID.NEW.4B", types: []Type{PartSolid}, states: []State{New}, total: span{atLeast: 6}, solid: span{atLeast: 4}, category: Category4B, ask: []Question{AskNewPartSolid}},

	{rule: "LR.PARTSOLID.PART.4A", types: []Type{PartSolid}, states: []State{solidPartGrows}, solid: span{below: 4}, category: Category4A},
	{rule: "LR.PARTSOLID.PART.4B", types: []Type{PartSolid}, states: []State{solidPartGrows}, solid: span{atLeast: 4}, category: Category4B},

	{rule: "LR.NONSOLID.SMALL.2", types: []Type{NonSolid}, states: anyState, total: span{below: 30}, volume: span{below: 14137}, category: Category2},
	{rule: "LR.NONSOLID.LARGE.3", types: []Type{NonSolid}, states: []State{Baseline, New}, total: span{atLeast: 30}, volume: span{atLeast: 14137}, category: Category3},
	{rule: "LR.NONSOLID.LARGE.2", types: []Type{NonSolid}, states: []State{Stable, SlowlyGrowing}, total: span{atLeast: 30}, volume: span{atLeast: 14137}, category: Category2},

	{rule: "LR.SLOW.4B", types: []Type{Solid, PartSolid}, states: []State{SlowlyGrowing}, category: Category4B, ask: []Question{AskSlowGrowth}},

	{rule: "LR.BENIGN.1", types: []Type{CalcifiedBenign}, states: []State{Baseline, New, Stable}, category: Category1},
	{rule: "LR.BENIGN.1.GROWING", types: []Type{CalcifiedBenign}, states: []State{Growing, SlowlyGrowing}, category: Category1, ask: []Question{AskBenignGrows}},
}

// lungRADSStep is a rule of stepped management: a stable nodule of a category,
// after a time, is of a lower one.
type lungRADSStep struct {
	rule string
	from Category
	days int // at least; a month is read as 30 days
	to   Category
}

var lungRADSSteps = []lungRADSStep{
	{"LR.STEP.3", Category3, 180, Category2},
	{"LR.STEP.4A", Category4A, 90, Category3},
}

// Rules that are no rows: they change what a row gave.
const (
	ruleProvenBenign = "LR.STEP.4B" // 4B proven benign is 2
	ruleFeatures     = "LR.4X"      // category 3 or 4 with suspicious features
)
