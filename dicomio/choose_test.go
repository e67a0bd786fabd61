package dicomio_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/refusal"
	"nafas/inference/volume"
)

// reconstruction is a series of the one study: slices of mm, as far apart.
func reconstruction(name, kernel string, mm float64, n int, rules ...rule) []*image {
	out := make([]*image, n)
	for i := range out {
		out[i] = slice(name, i, 0).at(volume.Vec3{-155, -155, -300 + mm*float64(i)}).
			decimals(tag.SliceThickness, mm).text(tag.ConvolutionKernel, kernel)
		for _, r := range rules {
			r(i, out[i])
		}
	}
	return out
}

func TestChoose(t *testing.T) {
	contrast := func(_ int, im *image) { im.text(tag.ContrastBolusAgent, "IV") }
	lossy := func(_ int, im *image) { im.text(tag.LossyImageCompression, "01") }
	type series = []*image
	for _, tc := range []struct {
		name string
		best string
		why  string // in the refusal of "b"
		all  []series
	}{
		{"thinner first", "a", "1.0 mm instead of 3.0 mm",
			[]series{reconstruction("a", "B70f", 1, 300), reconstruction("b", "B30f", 3, 100)}},
		{"far apart is not thin", "a", "1.5 mm instead of 3.0 mm",
			[]series{reconstruction("a", "B30f", 1.5, 200), reconstruction("b", "B30f", 3, 100, thick(.6))}},
		{"soft before lung", "a", `"soft to medium" instead of "lung"`,
			[]series{reconstruction("a", "B31f", 1, 300), reconstruction("b", "B60f", 1, 300)}},
		{"lung before bone", "a", `"lung" instead of "bone"`,
			[]series{reconstruction("a", "LUNG", 1, 300), reconstruction("b", "BONEPLUS", 1, 300)}},
		{"without contrast agent", "a", "no contrast agent",
			[]series{reconstruction("a", "STANDARD", 1, 300), reconstruction("b", "STANDARD", 1, 300, contrast)}},
		{"without lossy compression", "a", "no lossy compression",
			[]series{reconstruction("a", "STANDARD", 1, 300), reconstruction("b", "STANDARD", 1, 300, lossy)}},
		{"the longer one", "a", "covers 310 mm of the body instead of 300 mm",
			[]series{reconstruction("a", "STANDARD", 1, 310), reconstruction("b", "STANDARD", 1, 300)}},
		{"a thin part of the chest is no substitute", "a", "covers 300 mm of the body instead of 160 mm",
			[]series{reconstruction("a", "STANDARD", 3, 100), reconstruction("b", "STANDARD", 1, 160)}},
		{"a thin chest before a thick trunk", "a", "1.0 mm instead of 3.0 mm",
			[]series{reconstruction("a", "STANDARD", 1, 260), reconstruction("b", "STANDARD", 3, 200)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for turn := range 2 {
				var images []*image
				for i := range tc.all {
					images = append(images, tc.all[(i+turn)%len(tc.all)]...)
				}
				groups := dicomio.Group(inventory(t, images).Instances)
				if turn == 1 {
					slices.Reverse(groups)
				}
				choice := dicomio.Choose(groups)
				require.Len(t, choice.Usable, 2)
				require.Equal(t, uid(tc.best), choice.Usable[0].UID)
				require.Len(t, choice.Rejected, 1)
				require.Equal(t, refusal.NotPreferred, choice.Rejected[0].Err.Reason)
				require.Contains(t, choice.Rejected[0].Err.Error(), "series "+uid(tc.best)+" is read instead: ")
				require.Contains(t, choice.Rejected[0].Err.Error(), tc.why)
			}
		})
	}
}

// TestStudyAsItComes: what lies beside the series in a real study, each with
// its reason.
func TestStudyAsItComes(t *testing.T) {
	images := reconstruction("chest", "B31f", 2, 100)
	add := func(series []*image, reason refusal.Reason, want map[string]refusal.Reason, name string) {
		images = append(images, series...)
		want[uid(name)] = reason
	}
	want := map[string]refusal.Reason{}
	add(reconstruction("scout", "", 1, 2, imageType("ORIGINAL", "PRIMARY", "LOCALIZER")), refusal.Localizer, want, "scout")
	add(reconstruction("mpr", "B31f", 2, 100, imageType("DERIVED", "SECONDARY", "MPR")), refusal.DerivedReformat, want, "mpr")
	add(reconstruction("thick", "B31f", 8, 40), refusal.TooThick, want, "thick")
	add(reconstruction("short", "B31f", 2, 12), refusal.TooFewSlices, want, "short")
	add(reconstruction("lung", "B70f", 2, 100), refusal.NotPreferred, want, "lung")
	add([]*image{slice("dose", 0, 0).text(tag.SOPClassUID, "1.2.840.10008.5.1.4.1.1.88.67").text(tag.Modality, "SR")}, refusal.NotCT, want, "dose")
	add([]*image{slice("ours", 0, 0).text(tag.SOPClassUID, "1.2.840.10008.5.1.4.1.1.66.4").text(tag.Modality, "SEG").
		text(tag.Manufacturer, dicomio.OwnManufacturer)}, refusal.OwnResult, want, "ours")

	inv := inventory(t, images)
	require.Empty(t, inv.Refused)
	require.Len(t, inv.Notes, 2, "the two objects that are no CT images: %v", inv.Notes)
	studies := dicomio.Studies(dicomio.Group(inv.Instances))
	require.Len(t, studies, 1)
	choice := dicomio.Choose(studies[0].Series)
	require.Equal(t, uid("chest"), choice.Usable[0].UID)
	got := map[string]refusal.Reason{}
	for _, r := range choice.Rejected {
		got[r.Series.UID] = r.Err.Reason
	}
	require.Equal(t, want, got)
}

// Stacks within one series are chosen by the same rules.
func TestThinnerStackOfASeries(t *testing.T) {
	images := append(reconstruction("a", "B31f", 3, 100), each(reconstruction("b", "B31f", 1.5, 200), func(_ int, im *image) {
		im.text(tag.SeriesInstanceUID, uid("a")).decimals(tag.PixelSpacing, 9.5, 9.5)
	})...)
	a, err := assemble(t, images)
	require.NoError(t, err)
	require.Equal(t, 200, a.Info.Slices)
	require.Equal(t, 1.5, a.Info.SliceThicknessMM)
	require.Equal(t, []string{dicomio.WarnOtherStack}, codes(a.Warnings))
	require.Contains(t, a.Warnings[0].Text, "100 slices")
}

// A scan in two acquisitions whose slices interleave.
func TestAcquisitionsAreKeptApart(t *testing.T) {
	second := each(reconstruction("b", "B31f", 2, 120), func(n int, im *image) {
		im.text(tag.SeriesInstanceUID, uid("a")).number(tag.AcquisitionNumber, 2)
		im.at(volume.Vec3{-155, -155, -300.7 + 2*float64(n)})
	})
	first := each(reconstruction("a", "B31f", 2, 100), func(_ int, im *image) { im.number(tag.AcquisitionNumber, 1) })
	a, err := assemble(t, append(first, second...))
	require.NoError(t, err)
	require.Equal(t, 120, a.Info.Slices)
	require.InDelta(t, -300.7, a.Volume.OriginLPSMM[2], 1e-9)
}
