package finding

// Lobe is a lobe of the patient's lung.
type Lobe string

// The lobes; the lingula belongs to the left upper lobe. Unknown is for a
// place that lies too near to a fissure, or whose fissures were not seen.
const (
	LobeRightUpper  Lobe = "right upper"
	LobeRightMiddle Lobe = "right middle"
	LobeRightLower  Lobe = "right lower"
	LobeLeftUpper   Lobe = "left upper"
	LobeLeftLower   Lobe = "left lower"
	LobeUnknown     Lobe = ""
)

// Side is the side that a lobe belongs to.
func (l Lobe) Side() Side {
	switch l {
	case LobeRightUpper, LobeRightMiddle, LobeRightLower:
		return SideRight
	case LobeLeftUpper, LobeLeftLower:
		return SideLeft
	}
	return SideUnknown
}

// Zone is a third of the height of the lung on a place's side, apex to base.
type Zone string

// The zones. Unknown is for a place in neither lung, and for a lung of which
// the scan shows too little to say where its thirds are.
const (
	ZoneUpper   Zone = "upper"
	ZoneMiddle  Zone = "middle"
	ZoneLower   Zone = "lower"
	ZoneUnknown Zone = ""
)

// Place says where in the lung a ball (a centre and a radius) lies.
type Place struct {
	Side Side
	// Lobe is unknown where it is not sure; Zone is then all there is.
	Lobe Lobe
	Zone Zone
	// Estimated is true where Lobe or Zone is given: no reader has traced the
	// fissures.
	Estimated bool
	// PleuraMM is the gap between the ball and the border of its lung at the
	// chest wall, diaphragm or mediastinum; 0 where it touches it or lies
	// beyond. It is meaningless where Side is unknown.
	PleuraMM float64
	// Juxtapleural: the gap to that border is at most 3 mm.
	Juxtapleural bool
	// FissureMM is the gap between the ball and the nearest fissure that was
	// seen near it; FissureSeen is false where none was.
	FissureMM   float64
	FissureSeen bool
	// Perifissural: the gap to a fissure that was seen is at most 3 mm.
	Perifissural bool
}
