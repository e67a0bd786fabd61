package guideline

import "slices"

// Category is a Lung-RADS category; "" where there is none. The suffix S (another
// significant finding) is the reader's and never given here.
type Category string

// The categories, in the order of concern except 0, which is incomplete.
const (
	Category0  Category = "0"
	Category1  Category = "1"
	Category2  Category = "2"
	Category3  Category = "3"
	Category4A Category = "4A"
	Category4B Category = "4B"
	Category4X Category = "4X"
)

// Code is the name by which the category has words.
func (c Category) Code() string { return "LUNG_RADS_" + string(c) }

var byConcern = []Category{"", Category0, Category1, Category2, Category3, Category4A, Category4B, Category4X}

// concern orders categories: higher is worse, 0 for none.
func (c Category) concern() int { return slices.Index(byConcern, c) }

// Caveat goes with every answer.
type Caveat string

// CalculatedToBeConfirmed is the only caveat: calculated from AI measurements,
// to be confirmed by a radiologist.
const CalculatedToBeConfirmed Caveat = "CALCULATED_TO_BE_CONFIRMED"

// Action is what a step asks for.
type Action string

// The actions.
const (
	LowDoseCT         Action = "LOW_DOSE_CT"
	CT                Action = "CT"
	CTToConfirm       Action = "CT_TO_CONFIRM"
	DiagnosticCT      Action = "DIAGNOSTIC_CT"
	PETCT             Action = "PET_CT"
	PETThenHerder     Action = "PET_CT_THEN_HERDER"
	Tissue            Action = "TISSUE_SAMPLING"
	Resection         Action = "RESECTION"
	Referral          Action = "REFERRAL"
	WorkUp            Action = "WORK_UP"
	Multidisciplinary Action = "MULTIDISCIPLINARY_WORK_UP"
	ByWorstNodule     Action = "BY_WORST_NODULE"
	AssessByBrock     Action = "ASSESS_BY_BROCK"
	Surveillance      Action = "SURVEILLANCE"
	NoRoutineCT       Action = "NO_ROUTINE_FOLLOW_UP"
	Discharge         Action = "DISCHARGE_FROM_FOLLOW_UP"
)

// Measure is how a size was measured.
type Measure string

// The measures.
const (
	ByDiameter Measure = "MEAN_DIAMETER"
	ByVolume   Measure = "VOLUME"
)

// Reason is why a guideline gives nothing.
type Reason string

// The reasons.
const (
	NoFindings         Reason = "NO_FINDINGS_GIVEN"
	FactsMissing       Reason = "FACTS_MISSING"
	StateNotKnown      Reason = "COMPARISON_NOT_KNOWN"
	BaselineDespite    Reason = "BASELINE_DESPITE_PRIOR"
	NoRow              Reason = "NO_ROW_OF_THE_TABLE"
	TypeNotCovered     Reason = "TYPE_NOT_COVERED"
	NotClassified      Reason = "FINDING_NOT_CLASSIFIED"
	NotComparable      Reason = "VOLUMES_NOT_COMPARABLE"
	SizeOutOfRange     Reason = "SIZE_OUT_OF_RANGE"
	SomeNotCategorised Reason = "SOME_NODULES_NOT_CATEGORISED"
	NotScreening       Reason = "NOT_A_SCREENING_EXAM"
	IsScreening        Reason = "IS_A_SCREENING_EXAM"
	Under35            Reason = "UNDER_35_YEARS"
	KnownCancer        Reason = "KNOWN_CANCER"
	KnownLungCancer    Reason = "KNOWN_LUNG_CANCER"
	Immunosuppressed   Reason = "IMMUNOSUPPRESSED"
)

// Fact is something that a guideline asks for.
type Fact string

// The facts.
const (
	FactSize          Fact = "SIZE"
	FactLongAxis      Fact = "LONGEST_DIAMETER"
	FactType          Fact = "NODULE_TYPE"
	FactSolidPart     Fact = "SOLID_PART_DIAMETER"
	FactSolidState    Fact = "SOLID_PART_COMPARISON"
	FactShape         Fact = "SHAPE_AND_MARGIN"
	FactCount         Fact = "NUMBER_OF_NODULES"
	FactInterval      Fact = "INTERVAL_TO_PRIOR"
	FactPriorCategory Fact = "PRIOR_CATEGORY"
	FactPriorVolume   Fact = "PRIOR_VOLUME"
	FactComparable    Fact = "COMPARABILITY_OF_VOLUMES"
	FactAge           Fact = "AGE"
	FactSex           Fact = "SEX"
	FactFamily        Fact = "FAMILY_HISTORY_OF_LUNG_CANCER"
	FactEmphysema     Fact = "EMPHYSEMA"
	FactUpperLobe     Fact = "UPPER_LOBE"
	FactSpiculation   Fact = "SPICULATION"
	FactRisk          Fact = "RISK_LOW_OR_HIGH"
	FactAirwayLevel   Fact = "AIRWAY_LEVEL"
	FactSecretions    Fact = "AIRWAY_SECRETIONS"
	FactWall          Fact = "CYST_WALL_THICKNESS"
)

// Assumption is a condition that nobody confirmed.
type Assumption string

// The assumptions.
const (
	AssumesScreening       Assumption = "ASSUMES_SCREENING_EXAM"
	AssumesIncidental      Assumption = "ASSUMES_NOT_SCREENING"
	Assumes35              Assumption = "ASSUMES_35_YEARS_OR_MORE"
	AssumesNoCancer        Assumption = "ASSUMES_NO_KNOWN_CANCER"
	AssumesNoLungCancer    Assumption = "ASSUMES_NO_KNOWN_LUNG_CANCER"
	AssumesImmunocompetent Assumption = "ASSUMES_NOT_IMMUNOSUPPRESSED"
	AssumesLowRisk         Assumption = "ASSUMES_LOW_RISK"
	AssumesHighRisk        Assumption = "ASSUMES_HIGH_RISK"
	AssumesBenignPattern   Assumption = "ASSUMES_BENIGN_CALCIFICATION_OR_FAT"
	AssumesNodules         Assumption = "ASSUMES_FINDINGS_ARE_NODULES"
	AssumesSmoker          Assumption = "VALIDATED_ONLY_IN_SCREENED_SMOKERS"
	// AssumesNoPrior: no earlier exam is known, which does not mean that there is
	// none.
	AssumesNoPrior Assumption = "ASSUMES_NO_EARLIER_EXAM"
	// AssumesNoBenignPattern: a calcification whose pattern is not known is read as
	// a solid nodule.
	AssumesNoBenignPattern Assumption = "ASSUMES_CALCIFIED_IS_SOLID"
	AssumesSolid           Assumption = "ASSUMES_SOLID"
	AssumesPartSolid       Assumption = "ASSUMES_PART_SOLID"
	AssumesNonSolid        Assumption = "ASSUMES_NON_SOLID"
)

// Question is what no table settles.
type Question string

// The questions.
const (
	AskNewPartSolid   Question = "SOURCES_DISAGREE_ON_NEW_PART_SOLID"
	AskTwoRows        Question = "TWO_ROWS_FIT"
	AskNoRow          Question = "TABLE_HAS_NO_ROW"
	AskSlowGrowth     Question = "SLOW_GROWTH_MAY_BE_4B"
	AskFeatures       Question = "SUSPICIOUS_FEATURES_TO_CONFIRM"
	AskInfection      Question = "MAY_BE_INFECTION_CATEGORY_0"
	AskVolumeDiameter Question = "VOLUME_AND_DIAMETER_DISAGREE"
	AskPriorCategory  Question = "PRIOR_CATEGORY_WAS_LOWER"
	AskBenignGrows    Question = "BENIGN_LOOK_BUT_GROWING"
	AskNewNodule      Question = "GUIDELINE_HAS_NO_NEW_NODULES"
	AskIncomplete     Question = "SOME_NODULES_WITHOUT_AN_ANSWER"
	AskType           Question = "NODULE_TYPE_IS_NOT_SURE"
)

// Unverified is a part of a rule that is known from memory only: its source was
// not read ([M] in docs/guidelines.md). Confirm it before relying on it.
type Unverified string

// The unverified parts.
const (
	UnverifiedRounding     Unverified = "UNVERIFIED_ROUNDING_TO_WHOLE_MM"
	UnverifiedBrockSize    Unverified = "UNVERIFIED_BROCK_USES_LARGEST_DIAMETER"
	UnverifiedDoublingCuts Unverified = "UNVERIFIED_DOUBLING_TIME_CUTS"
)

// Codes lists every code that a reader can meet, except the names of rules.
func Codes() []string {
	var all []string
	for _, c := range byConcern[1:] {
		all = append(all, c.Code())
	}
	return slices.Concat(all, []string{string(CalculatedToBeConfirmed)}, texts(Actions()),
		texts([]Measure{ByDiameter, ByVolume}),
		texts([]Reason{NoFindings, FactsMissing, StateNotKnown, BaselineDespite, NoRow, TypeNotCovered, NotClassified,
			NotComparable, SizeOutOfRange, SomeNotCategorised, NotScreening, IsScreening, Under35, KnownCancer, KnownLungCancer, Immunosuppressed}),
		texts([]Fact{FactSize, FactLongAxis, FactType, FactSolidPart, FactSolidState, FactShape, FactCount, FactInterval,
			FactPriorCategory, FactPriorVolume, FactComparable, FactAge, FactSex, FactFamily, FactEmphysema, FactUpperLobe,
			FactSpiculation, FactRisk, FactAirwayLevel, FactSecretions, FactWall}),
		texts([]Assumption{AssumesScreening, AssumesIncidental, Assumes35, AssumesNoCancer, AssumesNoLungCancer,
			AssumesImmunocompetent, AssumesLowRisk, AssumesHighRisk, AssumesBenignPattern, AssumesNodules, AssumesSmoker,
			AssumesNoPrior, AssumesNoBenignPattern, AssumesSolid, AssumesPartSolid, AssumesNonSolid}),
		texts([]Question{AskNewPartSolid, AskTwoRows, AskNoRow, AskSlowGrowth, AskFeatures, AskInfection, AskVolumeDiameter,
			AskPriorCategory, AskBenignGrows, AskNewNodule, AskIncomplete, AskType}),
		texts([]Unverified{UnverifiedRounding, UnverifiedBrockSize, UnverifiedDoublingCuts}))
}

// Actions lists the actions of steps.
func Actions() []Action {
	return []Action{LowDoseCT, CT, CTToConfirm, DiagnosticCT, PETCT, PETThenHerder, Tissue, Resection, Referral, WorkUp,
		Multidisciplinary, ByWorstNodule, AssessByBrock, Surveillance, NoRoutineCT, Discharge}
}

func texts[T ~string](codes []T) []string {
	all := make([]string, len(codes))
	for i, c := range codes {
		all[i] = string(c)
	}
	return all
}
