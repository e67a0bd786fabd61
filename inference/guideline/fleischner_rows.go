package guideline

// fleischnerRow is one cell of the Fleischner 2017 table.
type fleischnerRow struct {
	rule     string
	types    []Type
	multiple Answer // Unsaid: either
	risk     Risk   // RiskUnknown: whatever it is
	states   []State
	size     span // whole mm
	volume   span // mm3
	solid    span // the solid part's mean diameter, mm
	days     int  // at least since the prior exam
	now      []Step
	then     []Step
	missing  Fact // what would say more
}

var (
	firstSeen = []State{Baseline, New}
	subsolid  = []Type{PartSolid, NonSolid}

	small = struct{ size, volume span }{span{below: 6}, span{below: 100}}
	mid   = struct{ size, volume span }{span{atLeast: 6, upTo: 8}, span{atLeast: 100, upTo: 250}}
	large = struct{ size, volume span }{span{above: 8}, span{above: 250}}
	from6 = struct{ size, volume span }{span{atLeast: 6}, span{atLeast: 100}}

	noFollowUp   = []Step{{Action: NoRoutineCT}}
	optional12   = []Step{consider(once(CT, 12, 12))}
	at18         = []Step{once(CT, 18, 24)}
	perhapsAt18  = []Step{consider(once(CT, 18, 24))}
	yearlyTo5    = []Step{sinceFirst(Step{Action: CT, EveryMonths: 12, ToMonths: 60})}
	twoYearlyTo5 = []Step{sinceFirst(Step{Action: CT, EveryMonths: 24, ToMonths: 60})}
	solidPartBig = []Step{{Action: PETCT}, {Action: Tissue}, {Action: Resection}}
)

// fleischnerRows is the table of Fleischner 2017, as given by three secondary
// sources. That the mean diameter is rounded to the nearest whole mm is from
// memory and not verified. Rows are tried from the top.
//
// The rows of stable and growing subsolid nodules say what the table says after
// the confirming CT; that this needs 90 (part-solid) or 180 days (non-solid) is
// read from the times of that CT. For solid nodules the table has a plan from
// the first exam and no rows of its own afterwards.
var fleischnerRows = []fleischnerRow{
	{rule: "FL.SOLID.SINGLE.LOW.SMALL", types: []Type{Solid}, multiple: No, risk: LowRisk, states: firstSeen, size: small.size, volume: small.volume, now: noFollowUp},
	{rule: "FL.SOLID.SINGLE.LOW.MID", types: []Type{Solid}, multiple: No, risk: LowRisk, states: firstSeen, size: mid.size, volume: mid.volume, now: []Step{once(CT, 6, 12)}, then: perhapsAt18},
	{rule: "FL.SOLID.SINGLE.HIGH.SMALL", types: []Type{Solid}, multiple: No, risk: HighRisk, states: firstSeen, size: small.size, volume: small.volume, now: optional12},
	{rule: "FL.SOLID.SINGLE.HIGH.MID", types: []Type{Solid}, multiple: No, risk: HighRisk, states: firstSeen, size: mid.size, volume: mid.volume, now: []Step{once(CT, 6, 12)}, then: at18},
	{rule: "FL.SOLID.SINGLE.LARGE", types: []Type{Solid}, multiple: No, states: firstSeen, size: large.size, volume: large.volume,
		now: []Step{consider(once(CT, 3, 3)), consider(Step{Action: PETCT}), consider(Step{Action: Tissue})}},

	{rule: "FL.SOLID.MULTIPLE.LOW.SMALL", types: []Type{Solid}, multiple: Yes, risk: LowRisk, states: firstSeen, size: small.size, volume: small.volume, now: noFollowUp},
	{rule: "FL.SOLID.MULTIPLE.LOW.6", types: []Type{Solid}, multiple: Yes, risk: LowRisk, states: firstSeen, size: from6.size, volume: from6.volume, now: []Step{once(CT, 3, 6)}, then: perhapsAt18},
	{rule: "FL.SOLID.MULTIPLE.HIGH.SMALL", types: []Type{Solid}, multiple: Yes, risk: HighRisk, states: firstSeen, size: small.size, volume: small.volume, now: optional12},
	{rule: "FL.SOLID.MULTIPLE.HIGH.6", types: []Type{Solid}, multiple: Yes, risk: HighRisk, states: firstSeen, size: from6.size, volume: from6.volume, now: []Step{once(CT, 3, 6)}, then: at18},

	{rule: "FL.NONSOLID.SINGLE.SMALL", types: []Type{NonSolid}, multiple: No, states: firstSeen, size: small.size, volume: small.volume, now: noFollowUp},
	{rule: "FL.NONSOLID.SINGLE.6", types: []Type{NonSolid}, multiple: No, states: firstSeen, size: from6.size, volume: from6.volume, now: []Step{once(CTToConfirm, 6, 12)}, then: twoYearlyTo5},
	{rule: "FL.NONSOLID.SINGLE.STABLE", types: []Type{NonSolid}, multiple: No, states: []State{Stable}, size: from6.size, volume: from6.volume, days: 180, now: twoYearlyTo5},

	{rule: "FL.PARTSOLID.SINGLE.SMALL", types: []Type{PartSolid}, multiple: No, states: firstSeen, size: small.size, volume: small.volume, now: noFollowUp},
	{rule: "FL.PARTSOLID.SINGLE.PART_SMALL", types: []Type{PartSolid}, multiple: No, states: firstSeen, size: from6.size, volume: from6.volume, solid: span{below: 6}, now: []Step{once(CTToConfirm, 3, 6)}, then: yearlyTo5},
	{rule: "FL.PARTSOLID.SINGLE.PART_6", types: []Type{PartSolid}, multiple: No, states: firstSeen, size: from6.size, volume: from6.volume, solid: span{atLeast: 6}, now: []Step{once(CTToConfirm, 3, 6)}, then: solidPartBig},
	{rule: "FL.PARTSOLID.SINGLE.6", types: []Type{PartSolid}, multiple: No, states: firstSeen, size: from6.size, volume: from6.volume, now: []Step{once(CTToConfirm, 3, 6)}, missing: FactSolidPart},
	{rule: "FL.PARTSOLID.SINGLE.STABLE.PART_SMALL", types: []Type{PartSolid}, multiple: No, states: []State{Stable}, size: from6.size, volume: from6.volume, solid: span{below: 6}, days: 90, now: yearlyTo5},
	{rule: "FL.PARTSOLID.SINGLE.STABLE.PART_6", types: []Type{PartSolid}, multiple: No, states: []State{Stable}, size: from6.size, volume: from6.volume, solid: span{atLeast: 6}, days: 90, now: solidPartBig},
	{rule: "FL.PARTSOLID.SINGLE.GROWING", types: []Type{PartSolid}, multiple: No, states: []State{Growing}, size: from6.size, volume: from6.volume, days: 90, now: solidPartBig},

	{rule: "FL.SUBSOLID.MULTIPLE.SMALL", types: subsolid, multiple: Yes, states: firstSeen, size: small.size, volume: small.volume, now: []Step{once(CT, 3, 6)},
		then: []Step{consider(once(CT, 24, 24)), consider(once(CT, 48, 48))}},
	{rule: "FL.SUBSOLID.MULTIPLE.6", types: subsolid, multiple: Yes, states: firstSeen, size: from6.size, volume: from6.volume, now: []Step{once(CT, 3, 6)}, then: []Step{{Action: ByWorstNodule}}},
}

// fleischnerYears is the age from which Fleischner 2017 applies.
const fleischnerYears = 35
