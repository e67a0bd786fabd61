package guideline

import "fmt"

// AirwayLevel is where an airway nodule lies; "" where not known.
type AirwayLevel string

// The levels. Proximal is segmental or nearer to the trachea.
const (
	Subsegmental AirwayLevel = "subsegmental"
	Proximal     AirwayLevel = "segmental or more proximal"
)

// Airway is an airway nodule as a reader describes it: no detector of Nafas
// tells one.
type Airway struct {
	Level AirwayLevel
	// Secretions: it contains air or looks like secretions, and there is no soft
	// tissue nodule.
	Secretions Answer
	// Infectious: it looks like infection or inflammation.
	Infectious Answer
	// State is Baseline where no prior exam was compared.
	State State
}

type airwayRow struct {
	rule       string
	level      AirwayLevel
	secretions Answer // Unsaid: whatever it is
	infectious Answer
	states     []State
	category   Category
}

// airwayRows are the airway nodules of Lung-RADS v2022. A segmental nodule that
// is new has no row.
var airwayRows = []airwayRow{
	{"LR.AIRWAY.SUBSEGMENTAL.0", Subsegmental, Unsaid, Yes, []State{Baseline, New, Stable}, Category0},
	{"LR.AIRWAY.SUBSEGMENTAL.2", Subsegmental, Unsaid, Unsaid, []State{Baseline, New, Stable}, Category2},
	{"LR.AIRWAY.SECRETIONS.2", Proximal, Yes, Unsaid, anyState, Category2},
	{"LR.AIRWAY.PROXIMAL.4A", Proximal, No, Unsaid, []State{Baseline}, Category4A},
	{"LR.AIRWAY.PROXIMAL.4B", Proximal, No, Unsaid, []State{Stable, Growing, SlowlyGrowing}, Category4B},
}

// LungRADSAirway suggests a category of Lung-RADS v2022 for an airway nodule.
// Errors: ErrInput.
func LungRADSAirway(a Airway, p Patient) (Suggestion, error) {
	s := begin(LungRADS2022)
	if !oneOf(a.Level, "", Subsegmental, Proximal) || !answers(a.Secretions, a.Infectious) || a.State != StateUnknown && !oneOf(a.State, anyState...) {
		return s, fmt.Errorf("%w: an airway nodule with a level, state or answer that is none of this package's: use its constants", ErrInput)
	}
	if err := p.check(); err != nil {
		return s, err
	}
	if s = s.forScreening(p); !s.Given() {
		return s, nil
	}
	switch {
	case a.State == StateUnknown:
		return s.withhold(StateNotKnown), nil
	case a.Level == "":
		return s.withhold(FactsMissing, FactAirwayLevel), nil
	case a.Level == Proximal && a.Secretions == Unsaid:
		return s.withhold(FactsMissing, FactSecretions), nil
	}
	for _, r := range airwayRows {
		if r.level == a.Level && (r.secretions == Unsaid || r.secretions == a.Secretions) &&
			(r.infectious == Unsaid || r.infectious == a.Infectious) && oneOf(a.State, r.states...) {
			s.Rule, s.Category, s.Now = r.rule, r.category, management(r.category, false)
			return s, nil
		}
	}
	s.NeedsRadiologist = append(s.NeedsRadiologist, AskNoRow)
	return s.withhold(NoRow), nil
}
