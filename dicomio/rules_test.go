package dicomio_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/refusal"
	"nafas/inference/volume"
)

type (
	rule     = func(n int, im *image)
	wantCode = []string
)

// sheared moves slice n sideways as a tilt of so many degrees does.
func sheared(degrees float64) rule {
	return func(n int, im *image) {
		z := 2 * float64(n)
		im.at(volume.Vec3{-155, -155 + z*math.Tan(degrees*math.Pi/180), -300 + z})
	}
}

// tilted is the check value of the rule: the slices lean back by 20 degrees
// about x and are stacked along z.
func tilted(n int, im *image) {
	im.decimals(tag.ImageOrientationPatient, 1, 0, 0, 0, .939693, -.34202)
	im.at(volume.Vec3{-155, -155, -300 + 2*float64(n)})
}

func only(at int, f func(im *image)) rule {
	return func(n int, im *image) {
		if n == at {
			f(im)
		}
	}
}

func position(z func(n int) float64) rule {
	return func(n int, im *image) { im.at(volume.Vec3{-155, -155, z(n)}) }
}

// TestRules has one row or more for every row of the assembly rules.
func TestRules(t *testing.T) {
	for _, tc := range []struct {
		name   string
		build  func() []*image
		reason refusal.Reason // "" where it must be read
		found  string         // part of what the refusal says
		codes  wantCode
	}{
		{name: "plain", build: with(nil)},
		{name: "signed pixels", build: with(func(_ int, im *image) {
			im.ints(tag.PixelRepresentation, 1).ints(tag.BitsStored, 16).ints(tag.HighBit, 15)
			im.decimals(tag.RescaleIntercept, -1024)
		})},

		// not CT, not original
		{name: "modality MR", build: with(func(_ int, im *image) { im.text(tag.Modality, "MR") }), reason: refusal.NotCT},
		{name: "secondary capture", build: with(func(_ int, im *image) {
			im.text(tag.SOPClassUID, "1.2.840.10008.5.1.4.1.1.7")
		}), reason: refusal.NotCT, found: "Secondary Capture"},
		{name: "own result", build: with(func(_ int, im *image) {
			im.text(tag.SOPClassUID, "1.2.840.10008.5.1.4.1.1.88.33").text(tag.Modality, "SR").text(tag.Manufacturer, dicomio.OwnManufacturer)
		}), reason: refusal.OwnResult},
		{name: "scout", build: with(imageType("ORIGINAL", "PRIMARY", "LOCALIZER")), reason: refusal.Localizer},
		{name: "scout by a vendor's word", build: with(imageType("ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 TOP")), reason: refusal.Localizer},
		{name: "reformat", build: with(imageType("DERIVED", "SECONDARY", "MPR")), reason: refusal.DerivedReformat},
		{name: "projection by a vendor's word", build: with(imageType("DERIVED", "PRIMARY", "AXIAL", "CT_SOM5 MIP")), reason: refusal.DerivedReformat},
		{name: "original images may say MPR", build: with(imageType("ORIGINAL", "PRIMARY", "AXIAL", "MPR"))},
		{name: "derived without a reformat", build: with(imageType("DERIVED", "PRIMARY", "AXIAL")), codes: wantCode{dicomio.WarnDerived}},
		{name: "secondary", build: with(imageType("ORIGINAL", "SECONDARY", "AXIAL")), codes: wantCode{dicomio.WarnSecondary}},
		{name: "scouts within the series", build: with(func(n int, im *image) {
			if n < 2 {
				im.text(tag.ImageType, "ORIGINAL", "PRIMARY", "LOCALIZER")
			}
		}), codes: wantCode{dicomio.WarnLeftOut}},

		// few slices
		{name: "29 slices", build: func() []*image { return stack("a")[:29] }, reason: refusal.TooFewSlices, found: "29 slices"},
		{name: "74 slices of 2 mm", build: func() []*image { return stack("a")[:74] }, reason: refusal.TooFewSlices, found: "148 mm"},
		{name: "75 slices of 2 mm", build: func() []*image { return stack("a")[:75] }},

		// geometry
		{name: "no position", build: with(only(3, func(im *image) { im.del(tag.ImagePositionPatient) })), reason: refusal.MissingGeometry, found: "1 of 100"},
		{name: "no orientation", build: with(only(3, func(im *image) { im.del(tag.ImageOrientationPatient) })), reason: refusal.MissingGeometry},
		{name: "no pixel spacing", build: with(func(_ int, im *image) { im.del(tag.PixelSpacing) }), reason: refusal.MissingGeometry, found: "100 of 100"},
		{name: "pixel spacing 0", build: with(func(_ int, im *image) { im.decimals(tag.PixelSpacing, 0, 0) }), reason: refusal.MissingGeometry},
		{name: "row is no unit vector", build: with(orientation(1.002, 0, 0, 0, 1, 0)), reason: refusal.BadOrientation},
		{name: "row and column not at right angles", build: with(orientation(1, 0, 0, .01, .99995, 0)), reason: refusal.BadOrientation},
		{name: "rounded directions", build: with(orientation(.9999, 0, 0, 0, 1.0004, .0009))},
		{name: "one slice rounded otherwise", build: with(only(50, func(im *image) {
			im.decimals(tag.ImageOrientationPatient, 1, .0008, 0, -.0008, 1, 0)
		}))},
		{name: "coronal", build: with(func(n int, im *image) {
			im.decimals(tag.ImageOrientationPatient, 1, 0, 0, 0, 0, -1).at(volume.Vec3{-155, -150 + 2*float64(n), 155})
		}), reason: refusal.NotAxial, found: "90 degrees"},
		{name: "sagittal", build: with(func(n int, im *image) {
			im.decimals(tag.ImageOrientationPatient, 0, 1, 0, 0, 0, -1).at(volume.Vec3{-150 + 2*float64(n), -155, 155})
		}), reason: refusal.NotAxial},
		{name: "oblique by 30 degrees", build: with(func(n int, im *image) {
			s, c := math.Sincos(30 * math.Pi / 180)
			im.decimals(tag.ImageOrientationPatient, 1, 0, 0, 0, c, -s)
			d := 2 * float64(n)
			im.at(volume.Vec3{-155, -155 + d*s, -300 + d*c})
		}), reason: refusal.NotAxial, found: "30 degrees"},
		{name: "oblique by 20 degrees", build: with(func(n int, im *image) {
			s, c := math.Sincos(20 * math.Pi / 180)
			im.decimals(tag.ImageOrientationPatient, 1, 0, 0, 0, c, -s)
			d := 2 * float64(n)
			im.at(volume.Vec3{-155, -155 + d*s, -300 + d*c})
		})},

		// spacing
		{name: "distances within 1 %", build: with(position(func(n int) float64 { return -300 + 2*float64(n) + .009*float64(n%2) }))},
		{name: "one distance 3 % off", build: with(position(func(n int) float64 { return -300 + 2*float64(n) + .06*step(n >= 50) })), reason: refusal.VariableSpacing},
		{name: "two regimes", build: with(position(func(n int) float64 { return -300 + 1.25*float64(n) + 1.25*float64(max(n-60, 0)) })), reason: refusal.VariableSpacing},
		{name: "two regimes, the wider one first", build: with(position(func(n int) float64 { return -300 + 2.5*float64(n) - 1.25*float64(max(n-60, 0)) })), reason: refusal.VariableSpacing},

		// missing slices: the chest of the fixture has lung in every slice
		{name: "one missing within the lung", build: without(50), reason: refusal.MissingSlices, found: "within the lungs"},
		{name: "two missing in a row", build: without(50, 51), reason: refusal.MissingSlices, found: "2 slices"},
		{name: "one missing outside the lung", build: func() []*image {
			return drop(each(stack("a"), func(n int, im *image) {
				if n < 10 {
					solid(im)
				}
			}), 5)
		}, codes: wantCode{dicomio.WarnMissing}},
		{name: "four missing", build: func() []*image {
			return drop(each(stack("a"), func(_ int, im *image) { solid(im) }), 5, 10, 15, 20)
		}, reason: refusal.MissingSlices},

		// duplicates
		{name: "a slice twice, same pixels", build: func() []*image {
			return append(stack("a"), slice("a", 7, -286).text(tag.SOPInstanceUID, uid("again")))
		}, codes: wantCode{dicomio.WarnDuplicate}},
		{name: "a slice twice, other pixels", build: func() []*image {
			return append(stack("a"), slice("a", 8, -286).text(tag.SOPInstanceUID, uid("again")))
		}, reason: refusal.DuplicatePositions, found: "-286.00 mm"},
		{name: "a slice twice, beside itself", build: func() []*image {
			return append(stack("a"), slice("a", 7, -286).text(tag.SOPInstanceUID, uid("again")).at(volume.Vec3{-150, -155, -286}))
		}, reason: refusal.DuplicatePositions},
		{name: "two phases that acquisition numbers tell apart", build: phases(tag.AcquisitionNumber), codes: wantCode{dicomio.WarnOtherStack}},
		{name: "two phases that nothing tells apart", build: phases(tag.InstanceNumber), reason: refusal.DuplicatePositions},
		{name: "two kernels in one series", build: phases(tag.ConvolutionKernel), codes: wantCode{dicomio.WarnOtherStack}},
		{name: "acquisition numbers that count slices", build: with(func(n int, im *image) { im.number(tag.AcquisitionNumber, n) })},

		// tilt
		{name: "tilted by 20 degrees", build: with(tilted), reason: refusal.GantryTilt, found: "20.0 degrees"},
		{name: "sheared by 2.1 degrees", build: with(sheared(2.1)), reason: refusal.GantryTilt, found: "2.1 degrees"},
		{name: "sheared by 1 degree", build: with(sheared(1)), codes: wantCode{dicomio.WarnTilt}},
		{name: "sheared by 0.4 degrees", build: with(sheared(.4))},
		{name: "sheared by 1.9 degrees", build: with(sheared(1.9)), codes: wantCode{dicomio.WarnTilt, dicomio.WarnShifted}},
		{name: "the header's tilt is not believed", build: with(func(_ int, im *image) { im.decimals(tag.GantryDetectorTilt, 25) })},
		{name: "one slice beside the others", build: with(only(40, func(im *image) { im.at(volume.Vec3{-150, -155, -220}) })), reason: refusal.MixedGeometry},

		// stacks
		{name: "two matrices", build: func() []*image {
			return append(stack("a"), each(stack("b"), func(n int, im *image) {
				im.text(tag.SeriesInstanceUID, uid("a")).decimals(tag.PixelSpacing, 9, 9).decimals(tag.SliceThickness, 2.2)
			})...)
		}, codes: wantCode{dicomio.WarnOtherStack}},
		{name: "a few images of another orientation", build: func() []*image {
			return append(stack("a"), slice("a", 200, 0).decimals(tag.ImageOrientationPatient, 1, 0, 0, 0, 0, -1))
		}, codes: wantCode{dicomio.WarnOtherStack}},
		{name: "many small stacks", build: with(func(n int, im *image) {
			im.decimals(tag.PixelSpacing, 10+float64(n%5), 10+float64(n%5))
		}), reason: refusal.MixedGeometry, found: "5 stacks"},
		{name: "frame of reference absent", build: with(func(_ int, im *image) { im.del(tag.FrameOfReferenceUID) }), codes: wantCode{dicomio.WarnNoFrameOfRef}},

		// rescale
		{name: "no rescale", build: with(func(_ int, im *image) { im.del(tag.RescaleSlope, tag.RescaleIntercept) }), reason: refusal.NoRescale},
		{name: "no intercept in one slice", build: with(only(9, func(im *image) { im.del(tag.RescaleIntercept) })), reason: refusal.NoRescale},
		{name: "slope 0", build: with(func(_ int, im *image) { im.decimals(tag.RescaleSlope, 0) }), reason: refusal.NoRescale, found: "Slope of 0"},
		{name: "not Hounsfield by its type", build: with(func(_ int, im *image) { im.text(tag.RescaleType, "Z_EFF") }), reason: refusal.NotHounsfield},
		{name: "modified Hounsfield units", build: with(func(_ int, im *image) { im.text(tag.RescaleType, "HU_MOD") }), codes: wantCode{dicomio.WarnRescaleType}},
		{name: "not Hounsfield by its values", build: with(func(_ int, im *image) { im.decimals(tag.RescaleIntercept, 0) }), reason: refusal.NotHounsfield},
		{name: "nothing but air", build: with(func(_ int, im *image) {
			im.cells(make([]uint16, fixtureSize*fixtureSize))
		}), reason: refusal.NotHounsfield},

		// pixel format
		{name: "32 bits", build: with(func(_ int, im *image) {
			im.ints(tag.BitsAllocated, 32).ints(tag.BitsStored, 32).ints(tag.HighBit, 31)
			im.cells(make([]uint16, 2*fixtureSize*fixtureSize))
		}), reason: refusal.BadPixelFormat, found: "32 bits"},
		{name: "colour", build: with(func(_ int, im *image) { im.ints(tag.SamplesPerPixel, 3) }), reason: refusal.BadPixelFormat},
		{name: "no pixels", build: with(only(4, func(im *image) { im.pixels = nil })), reason: refusal.BadPixelFormat},
		{name: "too few pixels", build: with(only(4, func(im *image) { im.cells(make([]uint16, 1000)) })), reason: refusal.Malformed},

		// thickness
		{name: "5.5 mm thick", build: with(thick(5.5)), reason: refusal.TooThick, found: "5.5 mm"},
		{name: "5 mm thick", build: with(thick(5)), codes: wantCode{dicomio.WarnThick}},
		{name: "2.5 mm thick, overlapping", build: with(thick(2.5))},
		{name: "1 mm thick, 2 mm apart", build: with(thick(1)), codes: wantCode{dicomio.WarnApart}},
		{name: "thin slices 10 mm apart", build: func() []*image {
			return each(stack("a")[:40], position(func(n int) float64 { return -300 + 10*float64(n) }))
		}, reason: refusal.TooThick, found: "10.0 mm apart"},
		{name: "thickness absent", build: with(func(_ int, im *image) { im.del(tag.SliceThickness) })},

		// compression, contrast
		{name: "once lossy", build: with(func(_ int, im *image) { im.text(tag.LossyImageCompression, "01") }), codes: wantCode{dicomio.WarnLossy}},
		{name: "contrast agent", build: with(func(_ int, im *image) { im.text(tag.ContrastBolusAgent, "APPLIED") }), codes: wantCode{dicomio.WarnContrast}},
		{name: "contrast agent NONE", build: with(func(_ int, im *image) { im.text(tag.ContrastBolusAgent, "NONE") })},
		{name: "leading zero in a UID", build: with(func(_ int, im *image) { im.text(tag.StudyInstanceUID, "1.2.03.4") }), codes: wantCode{dicomio.WarnUID}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := assemble(t, tc.build())
			if tc.reason != "" {
				require.Equal(t, tc.reason, refusal.Of(err), "%v", err)
				require.Contains(t, err.Error(), tc.found)
				require.NotEmpty(t, dicomioRemedy(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, []string(tc.codes), codes(a.Warnings), "%v", a.Warnings)
			require.Len(t, a.Slices, a.Volume.Size[2])
		})
	}
}
