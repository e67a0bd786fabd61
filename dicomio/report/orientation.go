package report

import (
	"cmp"
	"math"
	"slices"

	"nafas/inference/volume"
)

// towards are the letters of the patient's sides, LPS: where an axis points,
// and where it comes from (PS3.3 C.7.6.1.1.1).
var towards = [3][2]string{{"L", "R"}, {"P", "A"}, {"H", "F"}}

// secondLetter is the share of a direction, as a cosine, from which a second
// letter is worth naming: 22.5 degrees off.
const secondLetter = 0.3827

// letters names the sides of the patient that a direction points to, the main
// one first.
func letters(v volume.Vec3) string {
	axes := []int{0, 1, 2}
	slices.SortStableFunc(axes, func(a, b int) int { return cmp.Compare(math.Abs(v[b]), math.Abs(v[a])) })
	out := ""
	for i, axis := range axes {
		if i > 0 && math.Abs(v[axis]) < secondLetter {
			break
		}
		side := 0
		if v[axis] < 0 {
			side = 1
		}
		out += towards[axis][side]
	}
	return out
}
