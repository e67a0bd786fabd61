package measure

import (
	"math"

	"nafas/inference/volume"
)

// rays are the HU along every direction from a centre.
type rays struct {
	// stepMM lies between samples; sample 0 is half a step from the centre.
	stepMM float64
	// sliceMM is the distance of slices: the coarsest that there is.
	sliceMM float64
	// hu is a row for each direction; NaN outside of the volume.
	hu [][]float32
	// wall is, for each direction, how many samples lie in the lung.
	wall []int
	// hollow is how many samples from the centre may be the air of a cavity.
	hollow int
}

// How far a nodule of a diameter is looked for, and how far beyond an edge is
// looked, mm.
const (
	reachShare, reachMoreMM = .8, 5.0
	outsideMM               = 2.0
)

// A ray has about raySamples samples, within these distances in mm.
const raySamples, finestMM, coarsestMM = 40, .25, .8

// A nodule of cavityMM and more may be hollow, up to a share of its diameter
// from the centre.
const cavityMM, cavityShare = 8.0, .4

func cast(s *sampler, l *inside, centerLPSMM volume.Vec3, diameterMM float64) *rays {
	reach := reachShare*diameterMM + reachMoreMM
	r := &rays{stepMM: min(max(reach/raySamples, finestMM), coarsestMM), sliceMM: s.v.SpacingMM[2]}
	if diameterMM >= cavityMM {
		r.hollow = int(cavityShare * diameterMM / r.stepMM)
	}
	sp := directions()
	n := int(math.Ceil((reach + outsideMM) / r.stepMM))
	r.hu, r.wall = table(len(sp.dirs), n), make([]int, len(sp.dirs))
	for u, d := range sp.dirs {
		from, step := centerLPSMM.Add(d.Scale(r.stepMM/2)), d.Scale(r.stepMM)
		s.line(r.hu[u], from, step)
		r.wall[u] = l.leaves(from, step, n)
	}
	return r
}

func table(rows, columns int) [][]float32 {
	all := make([]float32, rows*columns)
	out := make([][]float32, rows)
	for i := range out {
		out[i] = all[i*columns : (i+1)*columns : (i+1)*columns]
	}
	return out
}

// at is the distance of a sample from the centre, mm.
func (r *rays) at(i int) float64 { return (float64(i) + .5) * r.stepMM }

// smoothed averages each ray with those next to it: across the border's
// normal, so that it blurs no edge.
func (r *rays) smoothed() *rays {
	sp := directions()
	out := *r
	out.hu = table(len(r.hu), len(r.hu[0]))
	for u, row := range out.hu {
		weight := 1 / float32(len(sp.near[u])+2)
		for i, v := range r.hu[u] {
			row[i] = 2 * v * weight
		}
		for _, w := range sp.near[u] {
			for i, v := range r.hu[w] {
				row[i] += v * weight
			}
		}
	}
	return &out
}

// each calls f with every sample that lies within a distance of the centre that
// limit gives for its direction, mm, and with the volume that it stands for.
func (r *rays) each(limitMM func(u int) float64, f func(u, i int, hu, mm3 float64)) {
	sp := directions()
	for u, row := range r.hu {
		most := limitMM(u)
		for i := 0; i < len(row) && r.at(i) < most; i++ {
			if hu := float64(row[i]); !math.IsNaN(hu) {
				f(u, i, hu, sp.weight[u]*r.at(i)*r.at(i)*r.stepMM)
			}
		}
	}
}
