package alter

import "nafas/inference/volume"

// Alteration is one way to change a scan.
type Alteration struct {
	// Name is short and stable; What says it in words.
	Name, What string
	// Exact: the voxels are the same, along the same lines: nothing that is
	// found may change beyond rounding. (Stored along other lines, they are
	// resampled by another path.)
	Exact bool
	// Apply changes v. lo and hi are the corners, in LPS mm, of a box around
	// the lungs.
	Apply func(v *volume.Volume, lo, hi volume.Vec3) *volume.Volume
}

// Standard is the list that models are tried with, in a fixed order.
func Standard() []Alteration {
	plain := func(name, what string, f func(*volume.Volume) *volume.Volume) Alteration {
		return Alteration{Name: name, What: what, Apply: func(v *volume.Volume, _, _ volume.Vec3) *volume.Volume { return f(v) }}
	}
	exact := func(name, what string, f func(*volume.Volume) *volume.Volume) Alteration {
		a := plain(name, what, f)
		a.Exact = true
		return a
	}
	list := []Alteration{
		exact("mirrored-columns", "columns stored the other way round", func(v *volume.Volume) *volume.Volume { return Flip(v, 0) }),
		exact("turned-180", "turned half round in the plane, as of a patient lying on the belly", func(v *volume.Volume) *volume.Volume { return Flip(Flip(v, 0), 1) }),
		exact("head-first", "slices stored the other way round", func(v *volume.Volume) *volume.Volume { return Flip(v, 2) }),
		plain("sagittal", "the same voxels stored as sagittal slices", func(v *volume.Volume) *volume.Volume { return Permute(v, [3]int{1, 2, 0}) }),
		plain("shift-quarter", "moved by a quarter of a voxel along all axes", func(v *volume.Volume) *volume.Volume { return Shift(v, volume.Vec3{.25, .25, .25}) }),
		plain("shift-half", "moved by half a voxel along all axes", func(v *volume.Volume) *volume.Volume { return Shift(v, volume.Vec3{.5, .5, .5}) }),
		plain("turned-10", "the field of view turned by 10 degrees", func(v *volume.Volume) *volume.Volume { return Turn(v, 10) }),
	}
	for _, s := range []struct {
		name string
		mm   float64
	}{{"1", 1}, {"2", 2}, {"3", 3}, {"5", 5}} {
		list = append(list, plain("slices-"+s.name+"mm", "slices of "+s.name+" mm", func(v *volume.Volume) *volume.Volume { return Reslice(v, s.mm) }))
	}
	return append(list,
		plain("dose-half", "the noise of half the dose", func(v *volume.Volume) *volume.Volume { return Dose(v, .5, 1) }),
		plain("dose-quarter", "the noise of a quarter of the dose", func(v *volume.Volume) *volume.Volume { return Dose(v, .25, 2) }),
		plain("smoothed", "a softer kernel (Gaussian, 0.7 mm)", func(v *volume.Volume) *volume.Volume { return Smooth(v, .7) }),
		plain("sharpened", "a sharper kernel (0.8 times the difference to 1 mm)", func(v *volume.Volume) *volume.Volume { return Sharpen(v, .8, 1) }),
		Alteration{Name: "cropped", What: "a field of view 3 mm around the lungs: no chest wall", Apply: cropped},
		Alteration{Name: "circle", What: "a circle as wide as the lungs: their corners are cut", Apply: circled},
		Alteration{Name: "base-cut", What: "the lowest quarter of the lungs not scanned", Apply: baseCut},
		Alteration{Name: "side-cut", What: "an eighth of the lungs' width outside on the patient's right", Apply: sideCut},
		Alteration{Name: "arms-down", What: "arms beside the chest, with a dark band and streaks between them", Apply: armsDown},
		Alteration{Name: "metal", What: "a rod in the chest wall on the patient's left, with streaks", Apply: metal},
	)
}

// everywhere is farther than any scan reaches.
const everywhere = 1e5

func cropped(v *volume.Volume, lo, hi volume.Vec3) *volume.Volume {
	m := volume.Vec3{3, 3, everywhere}
	return Crop(v, lo.Sub(m), hi.Add(m))
}

func circled(v *volume.Volume, lo, hi volume.Vec3) *volume.Volume {
	// About the lungs' middle: the box first, then its circle.
	half := max(hi[0]-lo[0], hi[1]-lo[1]) / 2
	mid := lo.Add(hi).Scale(.5)
	box := volume.Vec3{half, half, everywhere}
	return Circle(Crop(v, mid.Sub(box), mid.Add(box)), half)
}

func baseCut(v *volume.Volume, lo, hi volume.Vec3) *volume.Volume {
	return Crop(v, volume.Vec3{-everywhere, -everywhere, lo[2] + (hi[2]-lo[2])/4}, volume.Vec3{everywhere, everywhere, everywhere})
}

func sideCut(v *volume.Volume, lo, hi volume.Vec3) *volume.Volume {
	return Crop(v, volume.Vec3{lo[0] + (hi[0]-lo[0])/8, -everywhere, -everywhere}, volume.Vec3{everywhere, everywhere, everywhere})
}

// armsDown lays the arms 75 mm beside the lungs, a little behind their middle:
// the chest wall with its fat is 30 to 50 mm thick.
func armsDown(v *volume.Volume, lo, hi volume.Vec3) *volume.Volume {
	y := lo[1] + .6*(hi[1]-lo[1])
	return Arms(v, ArmsOptions{RightLPSMM: volume.Vec3{lo[0] - 75, y, 0}, LeftLPSMM: volume.Vec3{hi[0] + 75, y, 0}, Seed: 3})
}

// metal lies where pacemakers and ports do: in front of the left upper lung.
func metal(v *volume.Volume, lo, hi volume.Vec3) *volume.Volume {
	return Metal(v, MetalOptions{
		CenterLPSMM: volume.Vec3{hi[0] - .2*(hi[0]-lo[0]), lo[1] - 8, lo[2] + .75*(hi[2]-lo[2])},
		RadiusMM:    6, HalfLengthMM: 20, Seed: 4,
	})
}
