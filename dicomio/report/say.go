package report

import (
	"fmt"

	"nafas/inference/measure"
)

// Concept is a coded concept with its meaning in one language.
type Concept struct{ Value, Scheme, Meaning string }

// Concepts are those in which other formats than DICOM say the same of a
// finding.
type Concepts struct {
	Finding, FindingSite, Lung      Concept
	Diameter, Certainty             Concept
	Volume, LongAxis, ShortAxis     Concept
	Attenuation, Texture            Concept
	Millimeter, Percent             Concept
	CubicMillimeter, Hounsfield     Concept
	Comment, ArtificialIntelligence Concept
	TrackingUID, Parameters         Concept
}

// ConceptsIn returns the concepts with their meanings in a language.
func ConceptsIn(l Language) Concepts {
	in := func(c code) Concept { return Concept{c.value, c.scheme, c.meaning(l)} }
	return Concepts{
		Finding: in(findingConcept), FindingSite: in(findingSite), Lung: in(lung),
		Diameter: in(diameter), Certainty: in(certaintyOfFinding),
		Volume: in(volumeConcept), LongAxis: in(longAxis), ShortAxis: in(shortAxis),
		Attenuation: in(attenuation), Texture: in(texture),
		CubicMillimeter: in(cubicMillimeter), Hounsfield: in(hounsfield),
		Millimeter: in(millimeter), Percent: in(percent),
		Comment: in(comment), ArtificialIntelligence: in(artificialIntelligence),
		TrackingUID: in(trackingUniqueIdentifier), Parameters: in(algorithmParameters),
	}
}

// TextureIn is the texture of a kind of nodule with its meaning in a language;
// false for one that is not told. It says of a calcified one that it is solid.
func TextureIn(l Language, k measure.Kind) (Concept, bool) {
	c, ok := textures[k]
	return Concept{c.value, c.scheme, c.meaning(l)}, ok
}

// Disclaimer is the first sentence of all that is said.
func Disclaimer(l Language) string { return words[l].disclaimer }

// Sentences are what a result says in words: the disclaimer, and with what the
// series was searched; without findings that this excludes nothing; of a
// failure why, and nothing else.
func (r Result) Sentences(l Language) []string {
	w := words[l]
	if r.NotAssessed != "" {
		return []string{w.disclaimer, fmt.Sprintf(w.failed, r.NotAssessed)}
	}
	out := []string{w.disclaimer, fmt.Sprintf(w.searched, r.Algorithm.Name, r.Algorithm.Version)}
	if len(r.Findings) == 0 {
		out = append(out, w.nothing)
	}
	if r.Compared != nil {
		out = append(out, r.Compared.Sentence(l))
	}
	return out
}

// TrackingUID names a finding across the objects of a result, and in every
// language.
func (r Result) TrackingUID(f Finding) string { return r.trackingUID(f) }

// DeviceUID names the model; another model has another (IHE AIR).
func (r Result) DeviceUID() string { return r.deviceUID() }

// Percent is a score in %, with the two decimals that one rounded to 1e-4 has.
func Percent(score float64) float64 { return percentOf(score) }
