package lung_test

import (
	"math"

	"nafas/inference/volume"
)

// torso is a chest made of ellipsoids, in LPS mm, for tests of the lung field.
type torso struct {
	lungHU     float64 // parenchyma; vessels are added
	effusion   bool    // water in the lower back of the left half
	joined     bool    // the lungs touch in front of the heart
	noRight    bool    // pneumonectomy: tissue instead
	noLungs    bool
	fieldOfMM  float64 // radius of the reconstruction circle; 0: none
	padding    float64
	tableAtY   float64 // front of the table
	mouth      bool    // the airway opens to the outside air at the top
	nodule     volume.Vec3
	noduleMM   float64 // diameter; HU 40
	withoutGas bool
	stool      bool // 600 ml of it in the belly, below z = -150
	nose       bool // a short airway above the trachea, apart from it
}

func plainTorso() torso {
	return torso{lungHU: -850, tableAtY: 118, padding: -1024, nodule: volume.Vec3{-131, 0, 20}, noduleMM: 16}
}

// What a place is made of.
const (
	isOther = iota
	isLeft
	isRight
	isAirway
	isGas
)

func ellipsoid(p, c, r volume.Vec3) float64 {
	d := p.Sub(c)
	return math.Sqrt(d[0]*d[0]/r[0]/r[0] + d[1]*d[1]/r[1]/r[1] + d[2]*d[2]/r[2]/r[2])
}

func (t torso) at(p volume.Vec3) (hu float64, what int) {
	if t.fieldOfMM > 0 && math.Hypot(p[0], p[1]) > t.fieldOfMM {
		return t.padding, isOther
	}
	if t.mouth && p[2] > 140 && math.Abs(p[0]) < 8 && p[1] < 10 {
		return -1000, isAirway
	}
	if math.Hypot(p[0]/170, p[1]/110) > 1 {
		return t.outside(p), isOther
	}
	if !t.noLungs {
		if hu, what, ok := t.lungs(p); ok {
			return hu, what
		}
	}
	if !t.withoutGas && ellipsoid(p, volume.Vec3{40, -50, -125}, volume.Vec3{45, 30, 20}) < 1 {
		return -990, isGas
	}
	if t.stool && ellipsoid(p, volume.Vec3{0, -40, -195}, volume.Vec3{80, 40, 45}) < 1 {
		return -700 + 150*math.Sin(p[0]/4)*math.Sin(p[1]/3)*math.Sin(p[2]/4), isGas
	}
	if math.Hypot(p[0], p[1]-70) < 15 {
		return 300, isOther
	}
	return 40, isOther
}

func (t torso) outside(p volume.Vec3) float64 {
	depth := p[1] - t.tableAtY
	switch {
	case math.Abs(p[0]) > 200 || depth < 0 || depth > 45:
		return -1000
	case depth < 3 || depth > 42:
		return 60 // the table's shell
	}
	return -935 // its foam
}

func (t torso) lungs(p volume.Vec3) (float64, int, bool) {
	if t.noduleMM > 0 && p.Sub(t.nodule).Norm() < t.noduleMM/2 {
		return 40, isRight, true
	}
	if t.nose && p[2] > 155 {
		if p[2] > 165 && p[2] < 215 && math.Hypot(p[0], p[1]+40) < 10 {
			return -1000, isAirway, true
		}
		return 0, 0, false
	}
	if p[2] > 30 && math.Hypot(p[0], p[1]-10) < 9 {
		return -1000, isAirway, true
	}
	// Main bronchi from the carina to the hila.
	if p[2] <= 32 && p[2] > 8 && math.Hypot(math.Abs(p[0])-(32-p[2])*1.2, p[1]-10) < 7 {
		return -1000, isAirway, true
	}
	right := ellipsoid(p, volume.Vec3{-75, 0, 20}, volume.Vec3{60, 80, 120}) < 1 && !t.noRight
	left := ellipsoid(p, volume.Vec3{75, 0, 20}, volume.Vec3{56, 80, 115}) < 1
	if t.joined && math.Abs(p[0]) < 40 && math.Abs(p[1]+56) < 7 && math.Abs(p[2]-30) < 50 {
		left, right = p[0] >= 0, p[0] < 0
	}
	heart := ellipsoid(p, volume.Vec3{25, -20, -30}, volume.Vec3{50, 45, 50}) < 1
	if !left && !right || heart {
		return 0, 0, false
	}
	what := isRight
	if left {
		what = isLeft
	}
	if t.effusion && left && p[1] > 10-p[2]/4 {
		return 10, isOther, true
	}
	if math.Sin(p[0]/5)*math.Sin(p[1]/6)*math.Sin(p[2]/7) > 0.75 {
		return 20, what, true // vessels
	}
	return t.lungHU, what, true
}

// scan samples the torso and counts what its lungs hold, in ml.
func (t torso) scan(axes [3]volume.Vec3, spacing [3]float64, extent [3]float64) (v *volume.Volume, leftML, rightML float64) {
	g := volume.Grid{Axes: axes, SpacingMM: spacing}
	for n := range 3 {
		g.Size[n] = int(extent[n] / spacing[n])
	}
	mid := g.ToLPS(volume.Vec3{float64(g.Size[0]-1) / 2, float64(g.Size[1]-1) / 2, float64(g.Size[2]-1) / 2})
	g.OriginLPSMM = volume.Vec3{0, 15, 0}.Sub(mid)
	v = &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	ml := spacing[0] * spacing[1] * spacing[2] / 1000
	noise := uint32(1)
	o := 0
	for k := range g.Size[2] {
		for j := range g.Size[1] {
			p := g.ToLPS(volume.Vec3{0, float64(j), float64(k)})
			for range g.Size[0] {
				hu, what := t.at(p)
				if !(t.fieldOfMM > 0 && hu == t.padding) {
					noise = noise*1664525 + 1013904223
					hu += float64(noise>>24)/6.4 - 20
				}
				v.HU[o] = int16(math.Round(hu))
				switch what {
				case isLeft:
					leftML += ml
				case isRight:
					rightML += ml
				}
				p = p.Add(g.Axes[0].Scale(spacing[0]))
				o++
			}
		}
	}
	return v, leftML, rightML
}
