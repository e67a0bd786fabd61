package dicomio

import (
	"regexp"
	"strconv"
	"strings"
)

// kernelClass is how sharp a reconstruction is.
type kernelClass int

const (
	kernelUnknown kernelClass = iota
	kernelMedium              // soft to medium: body and standard kernels
	kernelLung                // lung and medium-sharp ones
	kernelBone                // bone and edge-enhancing ones
)

// rank orders classes for the detector: soft-to-medium, then lung, then what
// is not known, then bone (standards sheet, section 3, row "kernel").
func (k kernelClass) rank() int {
	return [...]int{kernelUnknown: 2, kernelMedium: 0, kernelLung: 1, kernelBone: 3}[k]
}

// String is the class in words.
func (k kernelClass) String() string {
	return [...]string{kernelUnknown: "unknown", kernelMedium: "soft to medium", kernelLung: "lung", kernelBone: "bone"}[k]
}

// KernelClass is how sharp the kernel named by Convolution Kernel (0018,1210)
// is: medium (soft to medium), lung or bone; "" where that is not known.
func KernelClass(name string) string {
	return [...]string{kernelUnknown: "", kernelMedium: "medium", kernelLung: "lung", kernelBone: "bone"}[kernelOf(name)]
}

// SharpKernel tells whether Convolution Kernel (0018,1210) names a lung or
// bone kernel; false for a body kernel and for what is not known.
func SharpKernel(name string) bool {
	k := kernelOf(name)
	return k == kernelLung || k == kernelBone
}

var (
	// Siemens: B31f, Br40d, Bl57, I70f: a family, sometimes a second letter,
	// and the sharpness.
	siemensKernel = regexp.MustCompile(`^[BDHIQTU][A-Z]?(\d{2})[A-Z]?\b`)
	// Toshiba and Canon: FC08, FC51-H.
	canonKernel = regexp.MustCompile(`^FC(\d{2})`)
	// Philips: one letter, or Y and one.
	philipsKernel = regexp.MustCompile(`^(Y?[A-F]|L)$`)
)

var kernelWords = []struct {
	word  string
	class kernelClass
}{
	// Longer words first: BONEPLUS holds BONE.
	{"LUNG", kernelLung}, {"CHST", kernelLung}, {"CHEST", kernelLung},
	{"BONE", kernelBone}, {"EDGE", kernelBone}, {"ULTRA", kernelBone}, {"SHARP", kernelBone},
	{"STANDARD", kernelMedium}, {"STND", kernelMedium}, {"SOFT", kernelMedium}, {"DETAIL", kernelMedium},
	{"BODY", kernelMedium}, {"SMOOTH", kernelMedium}, {"MEDIUM", kernelMedium},
}

// kernelOf classifies Convolution Kernel (0018,1210), whose values are the
// vendors' own. Sharpness 46 and 69 are where Siemens' medium family ends and
// where its ultra-sharp one begins (B70 is its lung kernel as well).
func kernelOf(name string) kernelClass {
	name = strings.ToUpper(strings.TrimSpace(name))
	if m := siemensKernel.FindStringSubmatch(name); m != nil {
		return bySharpness(m[1], 46, 71)
	}
	if m := canonKernel.FindStringSubmatch(name); m != nil {
		switch n, _ := strconv.Atoi(m[1]); {
		case n < 20, n == 43, n == 44:
			return kernelMedium
		case n >= 50 && n < 60, n >= 80 && n < 90:
			return kernelLung
		case n >= 30 && n < 40:
			return kernelBone
		}
		return kernelUnknown
	}
	if m := philipsKernel.FindStringSubmatch(name); m != nil {
		switch m[1] {
		case "A", "B", "C":
			return kernelMedium
		case "L", "YA", "YB", "YC":
			return kernelLung
		}
		return kernelBone
	}
	for _, w := range kernelWords {
		if strings.Contains(name, w.word) {
			return w.class
		}
	}
	return kernelUnknown
}

func bySharpness(digits string, lung, bone int) kernelClass {
	n, _ := strconv.Atoi(digits)
	switch {
	case n < lung:
		return kernelMedium
	case n < bone:
		return kernelLung
	}
	return kernelBone
}
