package guideline

// btsRow is a row of BTS 2015 for a nodule that is seen first.
type btsRow struct {
	rule   string
	types  []Type
	size   span // mean diameter to 0.1 mm
	volume span // mm3
	// diameterOnly: the row has no volume.
	diameterOnly bool
	brock        bool // the Brock model decides further
	now          []Step
	then         []Step
}

// btsRows is BTS 2015 (Thorax 70, supplement 2) as given by PMC6784443 table 4
// and PMC7177089. The table has no row for a subsolid nodule below 5 mm.
var btsRows = []btsRow{
	{rule: "BTS.SOLID.SMALL", types: []Type{Solid}, size: span{below: 5}, volume: span{below: 80}, now: []Step{{Action: Discharge}}},
	{rule: "BTS.SOLID.5", types: []Type{Solid}, size: span{atLeast: 5, below: 6}, diameterOnly: true, now: []Step{once(CT, 12, 12)}},
	{rule: "BTS.SOLID.6", types: []Type{Solid}, size: span{atLeast: 6, below: 8}, volume: span{atLeast: 80, below: 300},
		now: []Step{once(CT, 3, 3)}, then: []Step{once(CT, 12, 12)}},
	{rule: "BTS.SOLID.8", types: []Type{Solid}, size: span{atLeast: 8}, volume: span{atLeast: 300}, brock: true, now: []Step{{Action: AssessByBrock}}},
	{rule: "BTS.SUBSOLID.5", types: subsolid, size: span{atLeast: 5}, diameterOnly: true,
		now: []Step{once(CT, 3, 3)}, then: []Step{consider(once(CT, 12, 12)), consider(once(CT, 24, 24)), consider(once(CT, 48, 48))}},
}

// btsBrockRow is what follows from the Brock model's probability.
type btsBrockRow struct {
	rule        string
	probability span
	now         []Step
}

var btsBrockRows = []btsBrockRow{
	{"BTS.BROCK.LOW", span{below: 0.10}, []Step{{Action: Surveillance}}},
	{"BTS.BROCK.HIGH", span{atLeast: 0.10}, []Step{{Action: PETThenHerder}}},
}

// btsFollowRow is a row of BTS 2015 for a solid nodule that was seen before.
// Days count from its first exam; 3 and 12 months are read as 90 and 360 days. An
// exam before 3 months takes the place of none: that nothing changed in a week says
// nothing of the months that follow. (Growth of 25% with a doubling time above 400
// days takes 129 days, so that its row needs no such bound.)
type btsFollowRow struct {
	rule     string
	growing  Answer // a volume up by 25% or more
	by       Measure
	days     span
	doubling span // days
	now      []Step
	// unverified: the cut of the doubling time is from memory.
	unverified bool
}

// btsFollowRows: that a nodule with a doubling time above 400 days is looked at
// again at 12 months is verified; the cuts of 400 and 600 days for a work-up are
// not.
var btsFollowRows = []btsFollowRow{
	{rule: "BTS.STABLE.3_MONTHS.VOLUME", growing: No, by: ByVolume, days: span{atLeast: 90, below: 360}, now: []Step{sinceFirst(once(CT, 12, 12))}},
	{rule: "BTS.STABLE.3_MONTHS.DIAMETER", growing: No, by: ByDiameter, days: span{atLeast: 90, below: 360}, now: []Step{sinceFirst(once(CT, 12, 12))}},
	{rule: "BTS.STABLE.1_YEAR.VOLUME", growing: No, by: ByVolume, days: span{atLeast: 360}, now: []Step{{Action: Discharge}}},
	{rule: "BTS.STABLE.1_YEAR.DIAMETER", growing: No, by: ByDiameter, days: span{atLeast: 360, below: 720}, now: []Step{sinceFirst(once(CT, 24, 24))}},
	{rule: "BTS.STABLE.2_YEARS.DIAMETER", growing: No, by: ByDiameter, days: span{atLeast: 720}, now: []Step{{Action: Discharge}}},

	{rule: "BTS.GROWING.400", growing: Yes, by: ByVolume, doubling: span{upTo: 400}, now: []Step{{Action: WorkUp}}, unverified: true},
	{rule: "BTS.GROWING.SLOW.3_MONTHS", growing: Yes, by: ByVolume, days: span{below: 360}, doubling: span{above: 400}, now: []Step{sinceFirst(once(CT, 12, 12))}},
	{rule: "BTS.GROWING.600", growing: Yes, by: ByVolume, days: span{atLeast: 360}, doubling: span{above: 400, upTo: 600}, now: []Step{consider(Step{Action: WorkUp})}, unverified: true},
	{rule: "BTS.GROWING.ABOVE_600", growing: Yes, by: ByVolume, days: span{atLeast: 360}, doubling: span{above: 600},
		now: []Step{consider(Step{Action: Discharge}), consider(Step{Action: Surveillance})}, unverified: true},
}
