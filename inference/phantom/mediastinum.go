package phantom

import (
	"math/rand/v2"
	"slices"

	"nafas/inference/volume"
)

// Where the trees enter the lungs, ideal frame, for the right side (x
// negative); the left is the mirror image.
var (
	arteryRoot = volume.Vec3{-30, 4, 2}
	veinRoot   = volume.Vec3{-26, 12, -22}
	bronchus   = volume.Vec3{-32, 16, 0}
	carina     = volume.Vec3{0, 20, 14}
)

// greatVeins are the superior caval and the left brachiocephalic vein, ideal
// frame; their middle lies in the mediastinum, which they may bulge.
var greatVeins = [2]struct {
	points []volume.Vec3
	radii  []float64
}{
	{[]volume.Vec3{{-12, -18, 105}, {-17, -16, 40}, {-20, -12, -25}}, []float64{7.5, 8.5, 10}},
	{[]volume.Vec3{{12, -22, 95}, {0, -30, 66}, {-13, -16, 50}}, []float64{6, 6.5, 7}},
}

func mirrored(p volume.Vec3, right bool) volume.Vec3 {
	if !right {
		p[0] = -p[0]
	}
	return p
}

// greatVessels paints aorta, caval veins, pulmonary trunk, gullet and the
// central airways.
func (a *anatomy) greatVessels(c *canvas, t *atlas, rng *rand.Rand) {
	blood := paint{hu: c.bloodHU, over: true}
	at := func(points ...volume.Vec3) []volume.Vec3 {
		for i, p := range points {
			points[i] = a.real(p)
		}
		return points
	}
	r := 1 + .15*rng.Float64()
	spine := func(z, dx, dy float64) volume.Vec3 {
		return volume.Vec3{dx, spineY(z, a.kyphosis) + dy, z}
	}
	// Aorta: root, arch to the left and back, down beside the spine.
	c.path(at(volume.Vec3{2, -22, -30}, volume.Vec3{-8, -26, 0}, volume.Vec3{-6, -20, 28}, volume.Vec3{8, -4, 44},
		volume.Vec3{20, 18, 40}, spine(22, 24, -24), spine(-30, 20, -22), spine(-90, 14, -22), spine(-150, 8, -22)),
		[]float64{16 * r, 16 * r, 15 * r, 13.5 * r, 13 * r, 12.5 * r, 12 * r, 11.5 * r, 11 * r}, blood)
	for _, v := range [3][2]float64{{-14, -20}, {4, -10}, {16, 4}} { // branches of the arch
		c.path(at(volume.Vec3{v[0] * .5, v[1] * .6, 46}, volume.Vec3{v[0], v[1], 75}, volume.Vec3{v[0] * 1.2, v[1], 130}), []float64{5.5, 5, 4.5}, blood)
	}
	for _, v := range greatVeins {
		c.path(at(slices.Clone(v.points)...), v.radii, blood)
	}
	// Pulmonary trunk with its two arteries, atrium with its veins.
	c.path(at(volume.Vec3{16, -34, -20}, volume.Vec3{18, -22, 4}, mirrored(arteryRoot, false)), []float64{14, 14, 11}, blood)
	c.path(at(volume.Vec3{16, -18, 6}, volume.Vec3{-8, -2, 4}, arteryRoot), []float64{13, 11, 10}, blood)
	for _, right := range [2]bool{true, false} {
		c.path(at(volume.Vec3{4, 8, -30}, mirrored(veinRoot, right)), []float64{18, 7}, blood)
	}
	c.path(at(spine(130, 4, -20), spine(40, 6, -26), spine(-40, 8, -34), spine(-110, 14, -46)), []float64{7, 8, 8, 9}, paint{hu: 32, over: true})
	for _, n := range a.lymphNodes(t, rng) {
		c.tube(n.from, n.to, n.radius, 2, paint{hu: 40})
	}
	a.centralAirways(c, at)
}

// lymphNode is a node or strand in the fat of the mediastinum.
type lymphNode struct {
	from, to volume.Vec3
	radius   float64
}

// lymphNodes lie in the fat alone: one in the lung would be a nodule that the
// truth does not name.
func (a *anatomy) lymphNodes(t *atlas, rng *rand.Rand) []lymphNode {
	var nodes []lymphNode
	for range 60 {
		p := a.real(volume.Vec3{-24 + 48*rng.Float64(), -50 + 60*rng.Float64(), -20 + 90*rng.Float64()})
		q := p.Add(volume.Vec3{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}.Scale(3))
		n := lymphNode{from: p, to: q, radius: 2 + 2*rng.Float64()}
		if from, _ := t.lungDepth(p); from < -n.radius-1 {
			if to, _ := t.lungDepth(q); to < -n.radius-1 {
				nodes = append(nodes, n)
			}
		}
	}
	return nodes[:min(len(nodes), 14)]
}

func (a *anatomy) centralAirways(c *canvas, at func(...volume.Vec3) []volume.Vec3) {
	// Diameters of Weibel's generations 0 and 1: 18 and 12 mm.
	trachea := at(volume.Vec3{-2, spineY(150, a.kyphosis) - 38, 150}, volume.Vec3{-2, 6, 90}, volume.Vec3{0, 14, 50}, carina)
	right := at(carina, volume.Vec3{-18, 18, 4}, bronchus)
	left := at(carina, volume.Vec3{22, 18, 2}, mirrored(bronchus, false))
	for _, grow := range [2]float64{1.6, 0} { // the walls first, then the air in all of them
		p := paint{hu: 45, over: true}
		if grow == 0 {
			p.hu = -1000
		}
		c.path(trachea, []float64{8.6 + grow, 8.8 + grow, 8.8 + grow, 8.6 + grow}, p)
		c.path(right, []float64{6.6 + grow, 6.4 + grow, 5 + grow}, p)
		c.path(left, []float64{6.2 + grow, 5.8 + grow, 4.8 + grow}, p)
	}
}

// abdomen paints a gas bubble in the stomach, which is no lung.
func (a *anatomy) abdomen(c *canvas, rng *rand.Rand) {
	p := volume.Vec3{58 + 12*rng.Float64(), -30 + 20*rng.Float64(), a.domeL - 34}
	q := p.Add(volume.Vec3{-18, -10, -6})
	c.tube(a.real(p), a.real(q), 20, 14, paint{hu: 40, over: true})
	c.tube(a.real(p), a.real(q), 16, 11, paint{hu: -980, over: true})
}
