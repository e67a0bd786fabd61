package prior

import (
	"context"
	"math"

	"nafas/inference/lung"
	"nafas/inference/volume"
)

// surface is one lung, or both, of which the same is in the other exam.
type surface struct {
	points []volume.Vec3 // of the current exam, where its scan goes on
	to     *distances    // of the earlier one
}

const (
	// nearEndMM: so near to the end of a scan a lung's surface is the cut.
	nearEndMM = 6
	// mostPoints of a surface are used.
	mostPoints = 1200
	// leastShare of the points must come to lie in the other scan.
	leastShare = .35
	// mostFused is the share of a field that may be of undetermined side for its
	// two lungs to be taken apart.
	mostFused = .05
)

// surfaces pairs the lungs by side; where a scan does not tell sides apart, all
// lung is one.
func surfaces(current, earlier *Exam) (out []surface) {
	if fused(current.Field) || fused(earlier.Field) {
		all := func(label uint8) bool { return label != 0 }
		return []surface{{points: border(current, all), to: distancesTo(earlier.Field, all)}}
	}
	for side := uint8(1); side <= 2; side++ {
		is := func(label uint8) bool { return label == side }
		out = append(out, surface{points: border(current, is), to: distancesTo(earlier.Field, is)})
	}
	return out
}

func fused(f *lung.Field) bool {
	all, undetermined := 0, 0
	for _, label := range f.Mask {
		if label != 0 {
			all++
		}
		if label > 2 {
			undetermined++
		}
	}
	return float64(undetermined) > mostFused*float64(all)
}

// border lists places on the surface of a lung, evenly thinned.
func border(e *Exam, is func(label uint8) bool) (out []volume.Vec3) {
	g := e.Field.Grid
	stride := [3]int{1, g.Size[0], g.Size[0] * g.Size[1]}
	for k := 1; k < g.Size[2]-1; k++ {
		for j := 1; j < g.Size[1]-1; j++ {
			for i := 1; i < g.Size[0]-1; i++ {
				at := g.Index(i, j, k)
				if !is(e.Field.Mask[at]) {
					continue
				}
				var out1 volume.Vec3 // half a voxel towards the outside
				for a := range 3 {
					if !is(e.Field.Mask[at+stride[a]]) {
						out1[a] += .5
					}
					if !is(e.Field.Mask[at-stride[a]]) {
						out1[a] -= .5
					}
				}
				if out1 == (volume.Vec3{}) {
					continue
				}
				if p := g.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)}.Add(out1)); within(e.Volume.Grid, p, nearEndMM) {
					out = append(out, p)
				}
			}
		}
	}
	if every := (len(out) + mostPoints - 1) / mostPoints; every > 1 {
		kept := out[:0]
		for i := 0; i < len(out); i += every {
			kept = append(kept, out[i])
		}
		out = kept
	}
	return out
}

// within tells whether a place lies in a scan, so far from its ends.
func within(g volume.Grid, p volume.Vec3, marginMM float64) bool {
	q := g.ToIndex(p)
	for a := range 3 {
		m := marginMM / g.SpacingMM[a]
		if !(q[a] >= m && q[a] <= float64(g.Size[a]-1)-m) {
			return false
		}
	}
	return true
}

// layLungs lays the surfaces of the current lungs onto the earlier ones: from
// several starts, first moved and turned, then stretched. ok is false where too
// little of them lies in both scans.
func layLungs(ctx context.Context, current, earlier *Exam) (best affine, ok bool, err error) {
	s := surfaces(current, earlier)
	all := starts(current.Field, earlier.Field)
	fits, costs := make([]affine, len(all)), make([]float64, len(all))
	err = each(ctx, len(all), func(i int) {
		fits[i], costs[i] = settle(s, earlier.Volume.Grid, all[i])
	})
	if err != nil {
		return best, false, err
	}
	lowest := math.Inf(1)
	for i, c := range costs {
		if c < lowest {
			lowest, best = c, fits[i]
		}
	}
	return best, !math.IsInf(lowest, 1), nil
}

// starts lay the middles, the tops and the bottoms of the lungs over each other,
// since a scan may cut them on either side.
func starts(current, earlier *lung.Field) (out []affine) {
	loC, hiC := current.Box(0)
	loE, hiE := earlier.Box(0)
	c, e := centroid(current), centroid(earlier)
	for _, dz := range []float64{
		e[2] - c[2], hiE[2] - hiC[2], loE[2] - loC[2], e[2] - c[2] + 40, e[2] - c[2] - 40,
	} {
		to := e
		to[2] = c[2] + dz
		out = append(out, shift(c, to))
	}
	return out
}

func centroid(f *lung.Field) volume.Vec3 {
	var sum [3]int
	n := 0
	for k := range f.Grid.Size[2] {
		for j := range f.Grid.Size[1] {
			row := f.Mask[f.Grid.Index(0, j, k):][:f.Grid.Size[0]]
			for i, label := range row {
				if label != 0 {
					sum[0], sum[1], sum[2], n = sum[0]+i, sum[1]+j, sum[2]+k, n+1
				}
			}
		}
	}
	m := 1 / float64(max(n, 1))
	return f.Grid.ToLPS(volume.Vec3{float64(sum[0]) * m, float64(sum[1]) * m, float64(sum[2]) * m})
}
