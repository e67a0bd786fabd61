package i18n

// RescoringWords are the words of the report of a rescoring
// (internal/rescore/report). %s is what is filled in, a number in most.
type RescoringWords struct {
	Title, Numbered, Research, Made, Contents, Of string
	Notice                                        RescoringNotices
	Key                                           RescoringKeys
	Pass                                          RescoringPass
	Accounts                                      RescoringAccounts
	Changes                                       RescoringChanges
	Time                                          RescoringTime
	Again                                         RescoringAgain
	Agreement                                     RescoringAgreement
	Limits                                        RescoringLimits
}

// RescoringNotices stand on top, where there is cause.
type RescoringNotices struct {
	// NotDone takes a state and a count, Cancelled and Failed a count; Odd the inputs
	// by the totals and as they were counted, Lost a count of studies.
	NotDone, NotListed, Cancelled, Failed, FailedMore, Odd, Lost, LostMore string
}

// RescoringKeys name the figures on top.
type RescoringKeys struct {
	Studies, Inputs, Read, Skipped, Failed, Waiting, Flagged, Newly, Dropped, Again string
}

// RescoringPass names what was passed over what.
type RescoringPass struct {
	Title, Model, Version, Hash, Config, Program, Source, Asked, From, Until, Modality, Description, Listed, Window, Always,
	Begun, Ended, NotEnded, Worked, State, Baseline, NoBaseline, Live, Rules, DefaultRules, OwnRules, Guidelines, UsualGuidelines,
	Screening, NotSaid, Yes, No, Dates string
	// Sources and States are by code of internal/rescore.
	Sources, States map[string]string
}

// RescoringAccounts say what became of the inputs.
type RescoringAccounts struct {
	Title, Every, ByState, State, Inputs, Share, Meaning, Total, Sum string
	// Studies takes those that are done and all, Files, Late and Erased a count.
	Studies, Files, Late, Erased                     string
	Failed, FailedIs, Skipped, SkippedIs, Reason, Do string
	NoneFailed, NoneSkipped, NoReason, Found         string
	// States and Meanings are by code of internal/rescore.
	States, Meanings map[string]string
}

// RescoringChanges say what changed against the baseline.
type RescoringChanges struct {
	Title, None, Before, After, This, Live string
	// Numbered takes a number.
	Numbered                                                                   string
	Sides, Name, Model, Studies, WithResult, Flagged, Findings, Waiting, Alone string
	SameModel, OtherModels, FromLive                                           string
	Where, WhereIs, Both, OnlyBefore, OnlyAfter, Neither, Unfinished           string
	WhyOnlyBefore, WhyOnlyAfter                                                string
	Flags, FlagsAre, IsFlagged, NotFlagged, Newly, Dropped, Still, StillNot    string
	Priorities, Categories, NoCategories, NoCategory, Matrix, Up, Down, Same   string
	Scores, ScoresDesc, ScoresAcross, ScoresUp, NoPoints, ScoresTable, Figures string
	// Sample takes those that are drawn and all.
	Sample, NoScores                                                             string
	Strata, StrataAre, Scanners, Thickness, Years                                string
	Group, FlaggedBefore, FlaggedAfter, NewlyFlagged, WereDropped, Shift, Others string
	// PriorityWords are by triage.Priority.Word.
	PriorityWords map[string]string
}

// RescoringTime is of counts over study dates.
type RescoringTime struct {
	Title, ByYear, ByMonth, Desc, Read, FlaggedBefore, FlaggedAfter, Counts, Period, Studies, ReadBefore, ReadAfter, Table, None, NoDate string
}

// RescoringAgain is of the studies that a reader should see.
type RescoringAgain struct {
	Title, Intro, NotListed, None, NoBaseline string
	// First takes how many are shown and how many there are.
	First, Rest                                                          string
	Table, Place, Study, Changed, Priority, Category, Score, BeforeAfter string
	// NotBefore and NotNow take the reason.
	NoDate, NotBefore, NotNow string
	// Kinds are by code of internal/rescore/compare.
	Kinds map[string]string
}

// RescoringAgreement is of what readers signed off.
type RescoringAgreement struct {
	Title, What, None, NoneScored, Caveat, Signed, Studies, Series, Nodules, Seen   string
	Points, Point, Threshold, Found, Sensitivity, Bootstrap, Wilson, FalseMarks     string
	NoPoints, Intervals, Curve, CurveDesc, CurveAcross, CurveUp, CurveEnds, NoCurve string
	CurveTable, Rate                                                                string
	// PointNames are by name of an operating point, Caveats by code of
	// internal/rescore/compare.
	PointNames, Caveats map[string]string
}

// RescoringLimits are what the report cannot say.
type RescoringLimits struct {
	Title, Research, Order, Never, Failed, Cut, Scale, Alone, Patients string
}

// Rescoring are the words of en, fr or ar; English where no language is said.
func Rescoring(language string) RescoringWords {
	switch language {
	case "fr":
		return frenchRescoring
	case "ar":
		return arabicRescoring
	}
	return englishRescoring
}
