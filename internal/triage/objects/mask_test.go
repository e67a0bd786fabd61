package objects_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/inference/measure"
	"nafas/inference/volume"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
)

// moved writes slices from the 12th on a pixel further to the left of the
// patient: the reader moves them back.
func moved(k int, elems []*dicom.Element) []*dicom.Element {
	if k < 12 {
		return elems
	}
	for i, e := range elems {
		if e.Tag == tag.ImagePositionPatient {
			v, _ := dicom.NewValue([]string{"-9", "20", strconv.Itoa(100 + 2*k)})
			other := *e
			other.Value, elems[i] = v, &other
		}
	}
	return elems
}

// measuredBody is of 3 x 2 x 5 voxels, a corner of which is not in it.
func measuredBody() *triage.Measurement {
	b := triage.Body{First: [3]int{4, 5, 9}, Size: [3]int{3, 2, 5}, Bits: []byte{0xfe, 0xff, 0xff, 0x3f}}
	return &triage.Measurement{
		Measurement: measure.Measurement{CenterLPSMM: volume.Vec3{-4, 28, 122}, VolumeMM3: 90, MeanDiameterMM: 5, LongAxisMM: 6, ShortAxisMM: 4, Kind: measure.KindSolid},
		Method:      "method 1", Body: b,
	}
}

// segment is what a segmentation of one finding says of it, and its voxels by
// the place of their slice.
func segment(t *testing.T, data []byte) (description string, voxels map[float64][][2]int) {
	t.Helper()
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	items := f.Elements().Sequence(tag.SegmentSequence)
	require.Len(t, items, 1)
	description, _ = items[0].String(tag.SegmentDescription)
	voxels = map[float64][][2]int{}
	pixels := f.Bytes[f.Pixel.Offset : f.Pixel.Offset+f.Pixel.Length]
	for n, group := range f.Elements().Sequence(tag.PerFrameFunctionalGroupsSequence) {
		at, err := group.Sequence(tag.PlanePositionSequence)[0].Floats(tag.ImagePositionPatient)
		require.NoError(t, err)
		for bit := range 32 * 24 {
			if i := n*32*24 + bit; pixels[i/8]>>(i%8)&1 == 1 {
				voxels[at[2]] = append(voxels[at[2]], [2]int{bit % 32, bit / 32})
			}
		}
	}
	return description, voxels
}

// The segment is the measured body, voxel by voxel, in the images as they were
// sent: moved slices have it where they show it, and a slice that was filled in
// is no image.
func TestTheSegmentIsTheMeasuredBody(t *testing.T) {
	one, files := stored(t, ctwriter.Options{Modify: moved})
	one.Series.Result.Findings[0].Measured = measuredBody()
	one.Instances, one.Paths = slices.Delete(one.Instances, 11, 12), slices.Delete(one.Paths, 11, 12)
	data, err := objects.Make(t.Context(), one, reader(files), objects.SEG, "en")
	require.NoError(t, err)
	said, voxels := segment(t, data)
	require.Contains(t, said, "method 1")
	whole := [][2]int{{4, 5}, {5, 5}, {6, 5}, {4, 6}, {5, 6}, {6, 6}}
	left := [][2]int{{3, 5}, {4, 5}, {5, 5}, {3, 6}, {4, 6}, {5, 6}}
	require.Equal(t, map[float64][][2]int{118: whole[1:], 120: whole, 124: left, 126: left}, voxels)
}

// Results of versions that measured nothing, and findings of whose measurement
// there is a doubt or nothing left, have the sphere that the detector gave; the
// report gives its size.
func TestWithoutAMeasurementTheDetectorIsShown(t *testing.T) {
	for name, change := range map[string]func(*triage.Finding){
		"an older version":   func(f *triage.Finding) { f.Measured = nil },
		"a doubt":            func(f *triage.Finding) { f.Measured.Doubt = measure.DoubtSize },
		"a body without box": func(f *triage.Finding) { f.Measured.Body.Size = [3]int{9, 9, 9} },
		"beyond the images":  func(f *triage.Finding) { f.Measured.Body.First[0] = 99 },
		"of other slices":    func(f *triage.Finding) { f.Measured.Body.First[2] = 99 },
	} {
		t.Run(name, func(t *testing.T) {
			one, files := stored(t, ctwriter.Options{})
			f := &one.Series.Result.Findings[0]
			f.Measured = measuredBody()
			change(f)
			data, err := objects.Make(t.Context(), one, reader(files), objects.SEG, "en")
			require.NoError(t, err)
			said, voxels := segment(t, data)
			require.Contains(t, said, "not a segmentation")
			require.Len(t, voxels, 3, "a sphere of 6 mm is in 3 slices 2 mm apart")
			for _, kind := range []objects.Kind{objects.SR, objects.KO, objects.SC} {
				_, err := objects.Make(t.Context(), one, reader(files), kind, "fr")
				require.NoError(t, err)
			}
			r, err := objects.Of(one, files[one.Header], "en")
			require.NoError(t, err)
			mm, measured := r.Findings[0].Diameter()
			require.Equal(t, f.Reliable() != nil, measured)
			if !measured {
				require.Equal(t, 6., mm)
			}
		})
	}
}
