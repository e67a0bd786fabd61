package dicomio

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKernelClass(t *testing.T) {
	for class, names := range map[kernelClass][]string{
		kernelMedium:  {"STANDARD", "standard ", "SOFT", "DETAIL", "B20f", "B30f", "B31f", "B41f", "B45f", "Br40d", "Br38d 3", "I31f 2", "Qr40", "Hr38", "FC08", "FC18", "FC01", "B", "C"},
		kernelLung:    {"LUNG", "CHST", "B50f", "B60f", "B70f", "Bl57", "Bl64d", "I70f 3", "FC51", "FC52", "FC86", "L", "YA", "YB", "Lung^1"},
		kernelBone:    {"BONE", "BONEPLUS", "EDGE", "ULTRA", "B75f", "B80f", "Br89", "FC30", "FC35", "D", "E"},
		kernelUnknown: {"", "FC90", "XYZ", "4"},
	} {
		for _, n := range names {
			require.Equal(t, class, kernelOf(n), n)
		}
	}
}
