// Package nodule draws simulated lung nodules and the things that look like
// them, and sets them into CT.
//
// A Spec says what a nodule is; New makes the shape of it, whose centre and
// diameter are exact by construction; Render samples that shape on any grid
// through the scanner's blur; Implant adds it to voxels. The phantom, the
// training patches and the implants in real series all use this one model.
package nodule

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Kind is the attenuation class of a nodule. The numbers are those of the
// training patches' target rows.
type Kind uint8

// The kinds. A part-solid nodule is a ground-glass halo with a solid core.
const (
	Solid Kind = iota
	PartSolid
	GroundGlass
	Calcified
)

var kindNames = [...]string{"solid", "part-solid", "ground-glass", "calcified"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", k)
}

// ParseKind is the inverse of Kind.String.
func ParseKind(s string) (Kind, error) {
	for i, n := range kindNames {
		if n == s {
			return Kind(i), nil
		}
	}
	return 0, fmt.Errorf("nodule: no kind %q", s)
}

// Placement says what a nodule touches.
type Placement uint8

// The placements.
const (
	Free Placement = iota
	Vessel
	Pleura
)

var placementNames = [...]string{"free", "vessel", "pleura"}

func (p Placement) String() string {
	if int(p) < len(placementNames) {
		return placementNames[p]
	}
	return fmt.Sprintf("placement(%d)", p)
}

// ParsePlacement is the inverse of Placement.String.
func ParsePlacement(s string) (Placement, error) {
	for i, n := range placementNames {
		if n == s {
			return Placement(i), nil
		}
	}
	return 0, fmt.Errorf("nodule: no placement %q", s)
}

// Spec is one nodule. The same Spec always makes the same shape.
type Spec struct {
	Kind      Kind
	Placement Placement
	// DiameterMM is the diameter of the sphere of the body's volume;
	// spicules do not count, as readers measure without them.
	DiameterMM float64
	// Elongation is the longest over the shortest axis, 1.0 to 1.5.
	Elongation float64
	// Lobulation is the amplitude of the surface waves over the radius, 0
	// to 0.3.
	Lobulation float64
	// Spicules is the number of thin strands that leave the surface.
	Spicules int
	// Cavity is the radius of an air cavity over the radius, 0 for none.
	Cavity float64
	// Bubbles is the number of small air spaces (pseudo-cavitation).
	Bubbles int
	// HU is the attenuation of the solid part (or of calcium).
	HU float64
	// HaloHU is the attenuation of the ground-glass part.
	HaloHU float64
	// Core is the diameter of a part-solid nodule's core over its own.
	Core float64
	// TextureHU is the standard deviation of the attenuation inside.
	TextureHU float64
	// EdgeMM is the width over which the margin fades.
	EdgeMM float64
	// Seed draws everything that the fields above leave open: rotation,
	// surface waves, the places of spicules and bubbles.
	Seed uint64
}

// Mix is the population that Draw draws from.
type Mix struct {
	// Diameters are log-normal, redrawn outside [MinMM, MaxMM].
	MedianMM, Sigma, MinMM, MaxMM float64
	// Large is the share of masses: their diameters are uniform in LargeMM.
	Large   float64
	LargeMM [2]float64
	// Shares of the kinds; they need not add to 1. Calcified is taken
	// from the solid share, below 15 mm.
	Solid, PartSolid, GroundGlass, Calcified float64
	// Shares of the placements.
	Free, Vessel, Pleura float64
	// Spiculated is the chance of spicules above 6 mm, Cavitated of a
	// cavity and Bubbly of bubbles above 10 mm.
	Spiculated, Cavitated, Bubbly float64
}

// TrainingMix is the population that detectors are trained on: the default one,
// somewhat smaller, with more of the subsolid kinds, which are found least, and
// with masses, which are rare.
func TrainingMix() Mix {
	m := DefaultMix()
	m.MedianMM, m.Large, m.LargeMM = 7.5, .08, [2]float64{25, 50}
	m.Solid, m.PartSolid, m.GroundGlass = .50, .24, .26
	return m
}

// DefaultMix is a population of nodules as phantoms and measurements have it:
// wider and larger than that of a screening on purpose.
func DefaultMix() Mix {
	return Mix{
		MedianMM: 8.5, Sigma: .55, MinMM: 4, MaxMM: 30,
		Solid: .62, PartSolid: .19, GroundGlass: .19, Calcified: .06,
		Free: 1, Vessel: 1, Pleura: 1,
		Spiculated: .35, Cavitated: .08, Bubbly: .12,
	}
}

// Draw draws one nodule from the population.
func Draw(rng *rand.Rand, m Mix) Spec {
	s := Spec{DiameterMM: m.diameter(rng), Seed: rng.Uint64()}
	s.Placement = Placement(pick(rng, m.Free, m.Vessel, m.Pleura))
	s.Kind = Kind(pick(rng, m.Solid, m.PartSolid, m.GroundGlass))
	if s.Kind == Solid && s.DiameterMM < 15 && rng.Float64()*m.Solid < m.Calcified {
		s.Kind = Calcified
	}
	s.Elongation = uniform(rng, 1, 1.5)
	s.Lobulation = .03 + .2*math.Pow(rng.Float64(), 1.5)
	s.attenuation(rng)
	s.EdgeMM = min(s.EdgeMM, .3*s.DiameterMM) // or the fading would add volume
	s.details(rng, m)
	return s
}

func (m Mix) diameter(rng *rand.Rand) float64 {
	if m.Large > 0 && rng.Float64() < m.Large {
		return uniform(rng, m.LargeMM[0], m.LargeMM[1])
	}
	for {
		d := m.MedianMM * math.Exp(m.Sigma*rng.NormFloat64())
		if m.MinMM >= m.MaxMM {
			return m.MinMM
		}
		if d >= m.MinMM && d <= m.MaxMM {
			return d
		}
	}
}

// attenuation sets the HU of a kind; ranges from the literature: solid 0-60
// at the centre, pure ground-glass mean <= -550 or so, granuloma > 200.
func (s *Spec) attenuation(rng *rand.Rand) {
	s.HU = min(max(25+28*rng.NormFloat64(), -50), 110)
	s.TextureHU = uniform(rng, 5, 20)
	s.EdgeMM = uniform(rng, 0, .8)
	switch s.Kind {
	case PartSolid:
		s.HaloHU = uniform(rng, -680, -420)
		s.Core = uniform(rng, .3, .75)
		s.TextureHU = uniform(rng, 15, 45)
		s.EdgeMM = uniform(rng, .5, 2)
	case GroundGlass:
		s.HaloHU = uniform(rng, -730, -480)
		s.TextureHU = uniform(rng, 15, 60)
		s.EdgeMM = uniform(rng, .5, 2.5)
	case Calcified:
		s.HU = uniform(rng, 220, 800)
		s.Lobulation /= 2
	}
}

func (s *Spec) details(rng *rand.Rand, m Mix) {
	spiculated := m.Spiculated
	switch s.Kind {
	case GroundGlass:
		spiculated /= 3
	case Calcified:
		spiculated = 0
	}
	if s.DiameterMM > 6 && rng.Float64() < spiculated {
		s.Spicules = 3 + rng.IntN(9)
		s.Lobulation = max(s.Lobulation, .08)
	}
	if s.DiameterMM <= 10 || s.Kind == Calcified {
		return
	}
	if rng.Float64() < m.Bubbly {
		s.Bubbles = 2 + rng.IntN(9)
		s.Lobulation = max(s.Lobulation, .1)
	} else if s.Kind == Solid && rng.Float64() < m.Cavitated {
		s.Cavity = uniform(rng, .3, .72)
	}
}

func uniform(rng *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }

// pick returns the index of a share drawn in proportion.
func pick(rng *rand.Rand, shares ...float64) int {
	var sum float64
	for _, s := range shares {
		sum += s
	}
	x := rng.Float64() * sum
	for i, s := range shares {
		if x < s {
			return i
		}
		x -= s
	}
	return 0
}
