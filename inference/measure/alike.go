package measure

import (
	"math"

	"nafas/inference/lung"
	"nafas/inference/volume"
)

// Site is what Measure was asked for in one scan.
type Site struct {
	Volume *volume.Volume
	// Field is that of Volume.
	Field *lung.Field
	// CenterLPSMM and DiameterMM are those that Measure was given.
	CenterLPSMM volume.Vec3
	DiameterMM  float64
}

// LogRatio is the natural logarithm of the ratio of the volumes, now over then, of
// one nodule in two scans, with both measured alike. Measure finds in each scan
// alone how dense the margin of a nodule is, and a halo that it makes out in one
// scan only would be growth. So each is measured again to the margin that was
// found in the other: what is given is the mean of the two logarithms that have
// one margin. Where the margins are the same it is that of what Measure gives.
// False where one of them cannot be measured.
func LogRatio(now, then Site) (log float64, ok bool) {
	n, t := now.measuring(), then.measuring()
	if n.run() != NoDoubt || t.run() != NoDoubt {
		return 0, false
	}
	change := func(mm3, beforeMM3 float64) float64 { return math.Log(mm3) - math.Log(beforeMM3) }
	log = (change(n.border.volumeMM3(), t.volumeTo(n.rim)) + change(n.volumeTo(t.rim), t.border.volumeMM3())) / 2
	return log, !math.IsNaN(log) && !math.IsInf(log, 0)
}

func (s *Site) measuring() *measuring {
	return &measuring{s: newSampler(s.Volume), lung: newInside(s.Field), center: s.CenterLPSMM, diameterMM: min(max(s.DiameterMM, 3), 80)}
}

// turnsAgain: the centre of a body to another margin is not where it was.
const turnsAgain = 2

// volumeTo is the volume, in mm3, that has a margin of this density, by its own
// lung; 0 where there is no such border. It leaves what was measured as it is.
func (m measuring) volumeTo(rimHU float64) float64 {
	m.rim = rimHU
	for turn := range turnsAgain {
		if turn > 0 {
			m.center = m.center.Add(m.border.centroid())
		}
		m.trace(cast(m.s, m.lung, m.center, m.diameterMM), m.level())
		if m.border.seenShare() == 0 {
			return 0
		}
	}
	m.border.unblur()
	return m.border.volumeMM3()
}
