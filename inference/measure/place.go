package measure

import (
	"math"

	"nafas/inference/volume"
)

// enter moves a centre that lies outside of the lung to the nearest place in it.
func (m *measuring) enter() {
	if m.lung.has(m.center) {
		return
	}
	most := .6*m.diameterMM + 4
	for r := 1.0; r <= most; r++ {
		for _, d := range directions().dirs[:162] {
			if m.lung.has(m.center.Add(d.Scale(r))) && m.lung.has(m.center.Add(d.Scale(r+1.5))) {
				m.center = m.center.Add(d.Scale(r + 1))
				return
			}
		}
	}
}

// seek moves the centre onto the densest place near it, if it is worth the way.
func (m *measuring) seek() {
	const steps, wayHU = 3, 150
	reach := .3 * m.diameterMM
	ball := min(max(.2*m.diameterMM, 1), 3)
	best, at := math.Inf(-1), m.center
	for z := -steps; z <= steps; z++ {
		for y := -steps; y <= steps; y++ {
			for x := -steps; x <= steps; x++ {
				d := volume.Vec3{float64(x), float64(y), float64(z)}.Scale(reach / steps)
				way := d.Norm() / reach
				q := m.center.Add(d)
				if way > 1.01 || !m.lung.has(q) {
					continue
				}
				if score := min(m.ball(q, ball), 100) - wayHU*way*way; score > best {
					best, at = score, q
				}
			}
		}
	}
	m.center = at
}

// middle is the median density in the middle of the finding, as far as it lies
// in the lung.
func (m *measuring) middle() float64 {
	var all []float64
	add := func(q volume.Vec3) {
		if hu := m.s.at(q); !math.IsNaN(hu) && m.lung.has(q) {
			all = append(all, hu)
		}
	}
	add(m.center)
	for _, r := range [3]float64{.1, .2, .3} {
		for _, d := range directions().dirs[:162] {
			add(m.center.Add(d.Scale(r * m.diameterMM)))
		}
	}
	if len(all) < 20 {
		return math.Inf(-1)
	}
	return median(all)
}

// A finding whose middle is air is a cavity where what is denser by wallHU, or the
// chest wall, closes round it in mostRound of the directions, within hollowShare of
// its diameter.
const wallHU, mostRound, hollowShare = 350, .8, .6

// wallOfCavity is the median density of the wall round a cavity, -Inf where there
// is none.
func (m *measuring) wallOfCavity(r *rays) float64 {
	if m.diameterMM < cavityMM {
		return math.Inf(-1)
	}
	reach := int(hollowShare * m.diameterMM / r.stepMM)
	var walls []float64
	closed := 0
	for u, row := range r.hu {
		most := math.Inf(-1)
		for _, hu := range row[:min(reach, r.wall[u])] {
			most = max(most, float64(hu)) // NaN stays, and is no wall
		}
		if most > m.lungHU+wallHU {
			walls = append(walls, most)
			closed++
		} else if r.wall[u] < reach {
			closed++
		}
	}
	if len(walls) == 0 || float64(closed) < mostRound*float64(len(r.hu)) {
		return math.Inf(-1)
	}
	return median(walls)
}

// ball is the mean density of a small ball.
func (m *measuring) ball(at volume.Vec3, radiusMM float64) float64 {
	sum, n := 0.0, 0
	add := func(q volume.Vec3) {
		if hu := m.s.at(q); !math.IsNaN(hu) {
			sum += hu
			n++
		}
	}
	add(at)
	for _, d := range directions().dirs[:42] {
		add(at.Add(d.Scale(.5 * radiusMM)))
		add(at.Add(d.Scale(radiusMM)))
	}
	if n == 0 {
		return math.Inf(-1)
	}
	return sum / float64(n)
}

const (
	// aeratedHU is below all tissue, lowestHU below air and its noise.
	aeratedHU, lowestHU = -500, -1200
	// leastAerated samples tell the lung around a finding.
	leastAerated = 50
	// nearWallMM is left out: there lung and wall are blurred into each other.
	nearWallMM = 2
)

// surroundings finds the density and the noise of the aerated lung around.
func (m *measuring) surroundings(r *rays) bool {
	var counts [aeratedHU - lowestHU]int
	from, total := int((.5*m.diameterMM+1)/r.stepMM), 0
	for u, row := range r.hu {
		for i := from; i < min(len(row), r.wall[u]-int(nearWallMM/r.stepMM)); i++ {
			if row[i] < aeratedHU { // false for NaN
				counts[min(max(int(row[i])-lowestHU, 0), len(counts)-1)]++
				total++
			}
		}
	}
	if total < leastAerated {
		return false
	}
	at := func(share float64) float64 {
		sum := 0
		for i, n := range counts {
			if sum += n; float64(sum) >= share*float64(total) {
				return float64(i + lowestHU)
			}
		}
		return aeratedHU
	}
	m.lungHU = at(.5)
	m.noiseHU = m.lungHU - at(.159) // the upper half holds vessels
	return true
}

// lowLevel is one that takes in whatever is denser than lung, where the middle
// of the finding has a density.
func (m *measuring) lowLevel(middleHU float64) float64 {
	return m.lungHU + max(.12*(middleHU-m.lungHU), faintHU, 1.5*m.noiseHU)
}
