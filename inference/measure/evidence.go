package measure

// What the development phantoms have shown (inference/measure's TestAccuracy
// with -development): by the measured diameter, that of the ball of the measured
// volume, in mm.
var sizes = [...]float64{6, 8, 15}

func sizeOf(diameterMM float64) int {
	for n, most := range sizes {
		if diameterMM < most {
			return n
		}
	}
	return len(sizes)
}

// rightOf is how many of the nodules for which a kind was told were of it, by
// size.
var rightOf = map[Kind][len(sizes) + 1]float64{
	KindSolid:       {.89, .99, .97, .97},
	KindPartSolid:   {.77, .94, .92, .95},
	KindGroundGlass: {.90, .92, .97, .94},
	KindCalcified:   {.99, .99, .99, .99},
}

// In slices of more than triedMM nothing of this was tried but how wrong it is: of
// 83 nodules in slices of 5 mm, as thick as any that are read, 61 were told to be of
// their kind (half of the solid ones below 10 mm to be part-solid), and 68 % of the
// volumes lay within 26 %.
const triedMM, rightInThick, errorInThick = 2.5, .73, .26

func (m *measuring) thick() bool { return m.s.v.SpacingMM[2] > triedMM+1e-3 }

func (m *measuring) kindConfidence(k Kind, diameterMM float64) float64 {
	right := rightOf[k][sizeOf(diameterMM)]
	if m.thick() {
		return min(right, rightInThick)
	}
	return right
}

// seenShares part nodules that are free from those that are attached.
var seenShares = [...]float64{.75, .9}

// errorOf is the relative error of the volume within which 68 % of the nodules
// lay, by size and by how much of their border was seen: of solid and calcified
// ones, and of the others.
var errorOf = [2][len(sizes) + 1][len(seenShares) + 1]float64{
	{{.23, .15, .11}, {.15, .09, .07}, {.20, .09, .04}, {.27, .16, .03}},
	{{.27, .46, .37}, {.20, .22, .12}, {.21, .19, .09}, {.18, .25, .09}},
}

// volumeError is the relative error that is to be expected of a volume.
func (m *measuring) volumeError(out *Measurement) float64 {
	row := 0
	if out.Kind == KindPartSolid || out.Kind == KindGroundGlass {
		row = 1
	}
	seen := 0
	for _, least := range seenShares {
		if out.Seen >= least {
			seen++
		}
	}
	expected := errorOf[row][sizeOf(2*m.border.equivalentRadius())][seen]
	if m.thick() {
		return max(expected, errorInThick)
	}
	return expected
}
