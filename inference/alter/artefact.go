package alter

import (
	"math"

	"nafas/inference/phantom/noise"
	"nafas/inference/volume"
)

// Artefacts are drawn in the planes across the patient's long axis, however
// the volume is stored: that is how a scanner turns.

// ArmsOptions say where the arms lie and what they do to the images.
type ArmsOptions struct {
	// LeftLPSMM and RightLPSMM are points on the axes of the upper arms, which
	// run along z. What of an arm lies outside the volume is not drawn; its
	// streaks are.
	LeftLPSMM, RightLPSMM volume.Vec3
	// RadiusMM is that of an arm, BoneRadiusMM of the bone in it; 0 means 45
	// and 12.
	RadiusMM, BoneRadiusMM float64
	// ShadeHU is how much darker the line between the bones is (beam
	// hardening), StreakHU the standard deviation of the streaks about it
	// (too few photons); 0 means 40 and 30.
	ShadeHU, StreakHU float64
	Seed              uint64
}

// Attenuation of an arm.
const (
	muscleHU = 50
	boneHU   = 900
)

// Arms lays the patient's arms beside the chest. They cover air alone; between
// them, in the planes of both, lie a dark band and streaks along it.
func Arms(v *volume.Volume, o ArmsOptions) *volume.Volume {
	normally(&o.RadiusMM, 45)
	normally(&o.BoneRadiusMM, 12)
	normally(&o.ShadeHU, 40)
	normally(&o.StreakHU, 30)
	out := &volume.Volume{Grid: v.Grid, HU: make([]int16, len(v.HU))}
	tile := noise.New(o.Seed, noise.Colour{Plane: 1})
	across := o.LeftLPSMM.Sub(o.RightLPSMM)
	across[2] = 0
	length := across.Norm()
	u := across.Unit()
	n := volume.Vec3{-u[1], u[0], 0}
	edge := max(v.SpacingMM[0], v.SpacingMM[1])
	step := sliceStep(v.Grid)
	// The band is as wide as the bones, the streaks as the arms.
	band, wide := o.BoneRadiusMM, o.RadiusMM*.7
	each(v.Grid, func(at int, p volume.Vec3) {
		hu := float64(v.HU[at])
		d := p.Sub(o.RightLPSMM)
		t, s := d.Dot(u), d.Dot(n)
		if t > 0 && t < length && math.Abs(s) < 3*wide && v.HU[at] != volume.AirHU {
			along := shelf(t, length, o.BoneRadiusMM)
			hu -= along * o.ShadeHU * math.Exp(-s*s/(2*band*band))
			hu += along * o.StreakHU * math.Exp(-s*s/(2*wide*wide)) * streak(tile, s, math.Floor(p[2]/step))
		}
		for _, arm := range [2]volume.Vec3{o.RightLPSMM, o.LeftLPSMM} {
			r := math.Hypot(p[0]-arm[0], p[1]-arm[1])
			if r > o.RadiusMM+edge || hu > -300 {
				continue
			}
			tissue := muscleHU + cover(o.BoneRadiusMM-r, edge)*(boneHU-muscleHU)
			hu += cover(o.RadiusMM-r, edge) * (tissue - hu)
		}
		out.HU[at] = clip(hu)
	})
	return out
}

// shelf is 1 between the bones and fades within them.
func shelf(t, length, fade float64) float64 { return min(t/fade, (length-t)/fade, 1) }

// MetalOptions describe a rod of metal along the patient's long axis.
type MetalOptions struct {
	CenterLPSMM volume.Vec3
	// RadiusMM and HalfLengthMM are its size; 0 means 4 and 15.
	RadiusMM, HalfLengthMM float64
	// StreakHU is the standard deviation of the streaks at its surface; they
	// fall off with the distance. 0 means 600.
	StreakHU float64
	Seed     uint64
}

// Metal sets a dense rod into the patient, with streaks that run through it in
// its planes.
func Metal(v *volume.Volume, o MetalOptions) *volume.Volume {
	normally(&o.RadiusMM, 4)
	normally(&o.HalfLengthMM, 15)
	normally(&o.StreakHU, 600)
	out := &volume.Volume{Grid: v.Grid, HU: make([]int16, len(v.HU))}
	tile := noise.New(o.Seed, noise.Colour{Plane: 1})
	edge := max(v.SpacingMM[0], v.SpacingMM[1])
	step := sliceStep(v.Grid)
	each(v.Grid, func(at int, p volume.Vec3) {
		d := p.Sub(o.CenterLPSMM)
		in := cover(o.HalfLengthMM-math.Abs(d[2]), step)
		if in == 0 {
			out.HU[at] = v.HU[at]
			return
		}
		hu := float64(v.HU[at])
		r := math.Hypot(d[0], d[1])
		if v.HU[at] != volume.AirHU && r > 0 {
			angle := math.Atan2(d[1], d[0])
			if angle < 0 {
				angle += math.Pi // a streak goes on behind the metal
			}
			// 80 values to half a turn: streaks of two degrees.
			s := streak(tile, angle/math.Pi*noise.Side, math.Floor(p[2]/step))
			hu += in * o.StreakHU * s * o.RadiusMM / max(r, o.RadiusMM)
		}
		hu += in * cover(o.RadiusMM-r, edge) * (mostHU - hu)
		out.HU[at] = clip(hu)
	})
	return out
}

func normally(v *float64, usual float64) {
	if *v == 0 {
		*v = usual
	}
}

// streak interpolates a row of a tile at x; each plane has a row of its own.
func streak(tile noise.Tile, x, plane float64) float64 {
	const far = 1 << 20 * noise.Side // keeps indices positive
	at := math.Floor(x)
	i, row := int(at)+far, int(plane)+far
	a, b := tile.At(i, row, row/noise.Side), tile.At(i+1, row, row/noise.Side)
	return float64(a) + (x-at)*float64(b-a)
}

// sliceStep is the distance of voxels along the patient's long axis.
func sliceStep(g volume.Grid) float64 {
	best, mm := 0., 1.
	for a := range 3 {
		if c := math.Abs(g.Axes[a][2]); c > best {
			best, mm = c, g.SpacingMM[a]
		}
	}
	return mm
}

// cover is the share of a voxel that lies inside, depth mm from its centre.
func cover(depth, edge float64) float64 { return min(max(.5+depth/edge, 0), 1) }

// each calls do for every voxel with its offset and its place.
func each(g volume.Grid, do func(at int, lpsMM volume.Vec3)) {
	step := g.Axes[0].Scale(g.SpacingMM[0])
	at := 0
	for k := range g.Size[2] {
		for j := range g.Size[1] {
			p := g.ToLPS(volume.Vec3{0, float64(j), float64(k)})
			for range g.Size[0] {
				do(at, p)
				at++
				p = p.Add(step)
			}
		}
	}
}
