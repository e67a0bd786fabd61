package nodule

import (
	"math/rand/v2"

	"nafas/inference/volume"
)

// Surroundings is the CT that a nodule is to be set into.
type Surroundings interface {
	// HUAt is the attenuation at a position; below any lung's outside.
	HUAt(lpsMM volume.Vec3) float64
	// Allowed tells whether a nodule's centre may lie there: the lung with
	// what borders on it.
	Allowed(lpsMM volume.Vec3) bool
}

const (
	// lungBelowHU parts aerated lung from tissue (partial volume included).
	lungBelowHU = -550
	// airBelowHU is emptier than lung mostly is: where much of a place is, it
	// lies in a large airway, which a lung field may hold.
	airBelowHU = -955
	// A wall is tissue above wallHU that goes on for wallDepthMM: longer than
	// any vessel is thick.
	wallHU      = -300
	wallDepthMM = 10.
	stepMM      = 1.25
)

// Seek looks for a centre for a nodule of a radius and a placement, starting
// at a position. Most starts fail after one look; try many.
func Seek(rng *rand.Rand, s Surroundings, near volume.Vec3, where Placement, radiusMM float64) (centerLPSMM volume.Vec3, ok bool) {
	switch where {
	case Vessel:
		return seekVessel(rng, s, near, radiusMM)
	case Pleura:
		return seekPleura(rng, s, near, radiusMM)
	}
	if !aerated(s, near) {
		return near, false
	}
	_, share := cloud(s, near, radiusMM+stepMM)
	return near, share > .9
}

// aerated tells lung from tissue and from the plain air of large airways.
func aerated(s Surroundings, p volume.Vec3) bool {
	if s.HUAt(p) > lungBelowHU || !s.Allowed(p) {
		return false
	}
	empty := 0
	for _, d := range directions {
		if s.HUAt(p.Add(d.Scale(3.75))) < airBelowHU {
			empty++
		}
	}
	return empty <= len(directions)/3
}

// seekVessel wants a bright place with lung around it and shifts the centre
// off it, so that the nodule sits on the vessel or beside it.
func seekVessel(rng *rand.Rand, s Surroundings, p volume.Vec3, radiusMM float64) (volume.Vec3, bool) {
	if s.HUAt(p) < -450 || !s.Allowed(p) {
		return p, false
	}
	if _, share := cloud(s, p, 7.5); share < .6 {
		return p, false
	}
	d := directions[rng.IntN(len(directions))]
	return p.Add(d.Scale(radiusMM * 1.05 * rng.Float64())), true
}

// seekPleura walks from lung in a random direction to a wall and steps back
// by a part of the radius.
func seekPleura(rng *rand.Rand, s Surroundings, p volume.Vec3, radiusMM float64) (volume.Vec3, bool) {
	if !aerated(s, p) {
		return p, false
	}
	u := directions[rng.IntN(len(directions))]
	u = u.Add(volume.Vec3{rng.Float64() - .5, rng.Float64() - .5, rng.Float64() - .5}.Scale(.6)).Unit()
	const farMM = 35
	for t := stepMM; t < farMM; t += stepMM {
		q := p.Add(u.Scale(t))
		if s.HUAt(q) < wallHU {
			continue
		}
		for deep := stepMM; deep <= wallDepthMM; deep += stepMM {
			if s.HUAt(q.Add(u.Scale(deep))) < wallHU {
				return p, false
			}
		}
		return q.Sub(u.Scale(radiusMM * (.05 + .9*rng.Float64()))), true
	}
	return p, false
}

// What of a nodule must be seen beside a wall, and beside a vessel, by volume.
const leastAtWall, leastOnVessel = .35, .5

// Site is a nodule in its place with the truth of what is seen of it.
type Site struct {
	Shape *Nodule
	// CenterLPSMM and DiameterMM are of the part in the lung; of the whole
	// where it lies on a vessel, which a reader measures across.
	CenterLPSMM volume.Vec3
	DiameterMM  float64
}

// Settle makes the nodule at a centre that Seek found. A ground-glass part no
// denser than the lung around it is made a little denser, since it would be no
// nodule. At the pleura the truth is the part in the lung. ok is false where the
// wall or the vessel swallows so much of it that nobody could tell it from
// them.
func Settle(rng *rand.Rand, s Surroundings, spec Spec, centerLPSMM volume.Vec3) (site Site, ok bool) {
	if spec.HaloHU != 0 {
		if mean, share := cloud(s, centerLPSMM, spec.DiameterMM/2+2*stepMM); share > 0 {
			spec.HaloHU = max(spec.HaloHU, mean+90+60*rng.Float64())
		}
	}
	n := New(spec, centerLPSMM)
	site = Site{Shape: n, CenterLPSMM: centerLPSMM, DiameterMM: spec.DiameterMM}
	if spec.Placement == Free {
		return site, true
	}
	at, diameter, share := n.Measure(func(p volume.Vec3) bool { return s.HUAt(p) < wallHU })
	if spec.Placement == Vessel {
		return site, share >= leastOnVessel
	}
	site.CenterLPSMM, site.DiameterMM = at, diameter
	return site, share >= leastAtWall && diameter >= 3.5
}

// cloud is the mean HU of what is aerated around a place, and its share.
func cloud(s Surroundings, p volume.Vec3, radiusMM float64) (mean, share float64) {
	var sum float64
	n := 0
	for _, d := range directions {
		for _, r := range [2]float64{radiusMM * .5, radiusMM} {
			if hu := s.HUAt(p.Add(d.Scale(r))); hu < lungBelowHU {
				sum += hu
				n++
			}
		}
	}
	if n == 0 {
		return volume.AirHU, 0
	}
	return sum / float64(n), float64(n) / float64(2*len(directions))
}

// directions are the 26 neighbours as unit vectors.
var directions = func() []volume.Vec3 {
	var out []volume.Vec3
	for z := -1.; z <= 1; z++ {
		for y := -1.; y <= 1; y++ {
			for x := -1.; x <= 1; x++ {
				if x != 0 || y != 0 || z != 0 {
					out = append(out, volume.Vec3{x, y, z}.Unit())
				}
			}
		}
	}
	return out
}()
