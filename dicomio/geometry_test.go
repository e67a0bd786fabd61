package dicomio_test

import (
	"context"
	"encoding/binary"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/inference/volume"
)

// field gives every point of the patient a value of its own: a flip, a swap
// of axes or of spacings, or a wrong order of slices changes values by much
// more than the 1 HU of rounding.
func field(p volume.Vec3) int {
	return int(math.Round(3*p[0] + 2*p[1] + 1.3*p[2]))
}

// pose is how a series lies in the patient.
type pose struct {
	name             string
	row, col         volume.Vec3
	rows, columns    int
	rowMM, columnMM  float64 // between rows, between columns
	sliceMM          float64
	slices           int
	reverse, shuffle bool
	position         string // PatientPosition, which must not matter
}

func rotate(v volume.Vec3, axis int, degrees float64) volume.Vec3 {
	s, c := math.Sincos(degrees * math.Pi / 180)
	a, b := (axis+1)%3, (axis+2)%3
	out := v
	out[a], out[b] = c*v[a]-s*v[b], s*v[a]+c*v[b]
	return out
}

var (
	left      = volume.Vec3{1, 0, 0}
	posterior = volume.Vec3{0, 1, 0}
)

func poses() []pose {
	plain := pose{row: left, col: posterior, rows: 26, columns: 32, rowMM: 11, columnMM: 9, sliceMM: 2, slices: 80, position: "HFS"}
	with := func(name string, f func(*pose)) pose {
		p := plain
		p.name = name
		f(&p)
		return p
	}
	tilt := func(p *pose, axis int, degrees float64) {
		p.row, p.col = rotate(p.row, axis, degrees), rotate(p.col, axis, degrees)
	}
	return []pose{
		with("plain", func(*pose) {}),
		with("files from feet to head and back", func(p *pose) { p.reverse = true }),
		with("files in no order", func(p *pose) { p.shuffle = true }),
		with("feet first", func(p *pose) { p.position, p.reverse = "FFS", true }),
		with("prone", func(p *pose) { p.row, p.col, p.position = left.Scale(-1), posterior.Scale(-1), "HFP" }),
		with("feet first, rows mirrored", func(p *pose) { p.row, p.position = left.Scale(-1), "FFS" }),
		with("columns mirrored", func(p *pose) { p.col = posterior.Scale(-1) }),
		with("rows and columns swapped", func(p *pose) { p.row, p.col = posterior, left }),
		with("turned by 30 degrees in its plane", func(p *pose) { tilt(p, 2, 30) }),
		with("tipped by 15 degrees", func(p *pose) { tilt(p, 0, 15) }),
		with("rolled by 12 degrees, mirrored", func(p *pose) { p.row = left.Scale(-1); tilt(p, 1, 12) }),
		with("turned, tipped and rolled", func(p *pose) { tilt(p, 2, 75); tilt(p, 0, 10); tilt(p, 1, -8) }),
		with("anisotropic the other way", func(p *pose) { p.rowMM, p.columnMM, p.sliceMM, p.slices = 7.5, 10.25, 0.7, 230 }),
	}
}

// origin puts the middle of the field of view near the middle of the patient.
func (p pose) origin(k int) volume.Vec3 {
	n := p.row.Cross(p.col)
	mid := volume.Vec3{12, -7, -40}
	return mid.Add(p.row.Scale(-float64(p.columns-1) / 2 * p.columnMM)).
		Add(p.col.Scale(-float64(p.rows-1) / 2 * p.rowMM)).
		Add(n.Scale((float64(k) - float64(p.slices-1)/2) * p.sliceMM))
}

func (p pose) image(k int, value func(volume.Vec3) int) *image {
	im := slice("pose", k, 0)
	o := p.origin(k)
	hu := make([]int, 0, p.rows*p.columns)
	for j := range p.rows {
		for i := range p.columns {
			hu = append(hu, value(o.Add(p.row.Scale(float64(i)*p.columnMM)).Add(p.col.Scale(float64(j)*p.rowMM))))
		}
	}
	im.ints(tag.Rows, p.rows).ints(tag.Columns, p.columns).at(o)
	im.decimals(tag.ImageOrientationPatient, append(p.row[:], p.col[:]...)...)
	im.decimals(tag.PixelSpacing, p.rowMM, p.columnMM).decimals(tag.SliceThickness, p.sliceMM)
	im.text(tag.PatientPosition, p.position)
	return im.cells(unsigned(hu))
}

func (p pose) images(value func(volume.Vec3) int) []*image {
	out := make([]*image, 0, p.slices)
	for n := range p.slices {
		k := n
		if p.reverse {
			k = p.slices - 1 - n
		}
		if p.shuffle {
			k = (n*7 + 3) % p.slices
		}
		out = append(out, p.image(k, value).text(tag.InstanceNumber, strconv.Itoa(n+1)))
	}
	return out
}

// TestGeometryRoundTrip: what was written at a point of the patient is read
// at that point, whatever way the series lies.
func TestGeometryRoundTrip(t *testing.T) {
	for _, p := range poses() {
		t.Run(p.name, func(t *testing.T) {
			a, err := assemble(t, p.images(field))
			require.NoError(t, err)
			requireField(t, a.Volume)
			require.InDelta(t, 0, a.Volume.Axes[0].Cross(a.Volume.Axes[1]).Sub(a.Volume.Axes[2]).Norm(), 1e-12, "k grows along the normal")
			require.Equal(t, [3]int{p.columns, p.rows, p.slices}, a.Volume.Size)
			require.InDeltaSlice(t, []float64{p.columnMM, p.rowMM, p.sliceMM}, a.Volume.SpacingMM[:], 1e-9)
			for k, s := range a.Slices {
				require.Equal(t, uid("pose", k), s.SOPInstanceUID)
			}
		})
	}
}

func requireField(t *testing.T, v *volume.Volume) {
	t.Helper()
	for k := range v.Size[2] {
		for j := range v.Size[1] {
			for i := range v.Size[0] {
				want := field(v.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)}))
				if want < -1024 {
					want = volume.AirHU
				}
				if got := int(v.At(i, j, k)); got < want-1 || got > want+1 {
					t.Fatalf("voxel %d %d %d is %d HU instead of %d", i, j, k, got, want)
				}
			}
		}
	}
}

// TestSideMarker: something on the patient's right alone stays at the smaller
// x, however the images show it.
func TestSideMarker(t *testing.T) {
	marker := volume.Vec3{-90, 20, -40}
	for _, p := range poses() {
		t.Run(p.name, func(t *testing.T) {
			a, err := assemble(t, p.images(func(at volume.Vec3) int {
				switch d := at.Sub(marker); {
				case d.Norm() < 15:
					return 1500
				case at[0]*at[0]+at[1]*at[1] < 130*130:
					return 40
				}
				return -1000
			}))
			require.NoError(t, err)
			var sum volume.Vec3
			n := 0.0
			for k := range a.Volume.Size[2] {
				for j := range a.Volume.Size[1] {
					for i := range a.Volume.Size[0] {
						if a.Volume.At(i, j, k) == 1500 {
							sum = sum.Add(a.Volume.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)}))
							n++
						}
					}
				}
			}
			require.Positive(t, n)
			require.InDelta(t, 0, sum.Scale(1/n).Sub(marker).Norm(), 5)
			require.Negative(t, sum[0])
		})
	}
}

// TestTiltIsStraightened: up to the accepted tilt a point stays within half a
// pixel of its place, and its pixel in the image that was sent is found.
func TestTiltIsStraightened(t *testing.T) {
	p := poses()[0]
	p.rowMM, p.columnMM, p.slices = 4, 3, 150
	right, down := math.Tan(1*math.Pi/180), math.Tan(1.5*math.Pi/180) // 1.8 degrees together
	images := make([]*image, p.slices)
	for k := range images {
		along := float64(k) * p.sliceMM
		off := volume.Vec3{along * right, along * down, 0}
		images[k] = p.image(k, func(at volume.Vec3) int { return field(at.Add(off)) }).at(p.origin(k).Add(off))
	}
	a, err := assemble(t, images)
	require.NoError(t, err)
	require.Equal(t, []string{dicomio.WarnTilt, dicomio.WarnShifted}, codes(a.Warnings))
	v := a.Volume
	worst := 0.0
	for k := range v.Size[2] {
		along := float64(k) * p.sliceMM
		for j := 3; j < v.Size[1]; j++ {
			at := v.ToLPS(volume.Vec3{5, float64(j), float64(k)})
			worst = max(worst, math.Abs(float64(field(at))-float64(v.At(5, j, k))))
			column, row := a.PixelAt(k, at)
			require.InDelta(t, 5-along*right/p.columnMM, column, 1e-6)
			require.InDelta(t, float64(j)-along*down/p.rowMM, row, 1e-6)
		}
	}
	// Half a pixel each way (1.5 mm at 3 HU per mm, 2 mm at 2), and rounding.
	require.LessOrEqual(t, worst, 4.5+4+1)
}

// TestEnhanced: the frames of one multi-frame object, in no order, give the
// volume that single slices give.
func TestEnhanced(t *testing.T) {
	for _, class := range []string{dicomio.ClassEnhancedCT, dicomio.ClassLegacyEnhancedCT} {
		for _, p := range poses() {
			if !p.shuffle && p.name != "turned, tipped and rolled" {
				continue
			}
			t.Run(p.name, func(t *testing.T) {
				a, err := assemble(t, []*image{enhanced(p.images(field)).text(tag.SOPClassUID, class)})
				require.NoError(t, err)
				requireField(t, a.Volume)
				require.Equal(t, p.slices, a.Info.Slices)
				require.Equal(t, "Br40", a.Info.Kernel)
				for k, s := range a.Slices {
					require.Equal(t, uid("enhanced"), s.SOPInstanceUID)
					if p.shuffle {
						require.Equal(t, k, ((s.Frame-1)*7+3)%p.slices)
					} else {
						require.Equal(t, k+1, s.Frame)
					}
				}
			})
		}
	}
}

// What a frame says of itself goes before what all frames share.
func TestFrameBeforeShared(t *testing.T) {
	images := poses()[0].images(field)
	im := enhanced(images)
	per := im.elems[tag.PerFrameFunctionalGroupsSequence].Value.GetValue().([]*dicom.SequenceItemValue)
	items := make([][]*dicom.Element, len(per))
	for n := range per {
		own := element(tag.PixelValueTransformationSequence, sequence([]*dicom.Element{
			element(tag.RescaleSlope, []string{"2"}), element(tag.RescaleIntercept, []string{strconv.Itoa(-1024 - n)})}))
		items[n] = append(per[n].GetValue().([]*dicom.Element), own)
	}
	inv := inventory(t, []*image{im.set(tag.PerFrameFunctionalGroupsSequence, "", items)})
	require.Empty(t, inv.Refused)
	for n, fr := range inv.Instances[0].Frames {
		require.Equal(t, 2.0, fr.Slope)
		require.Equal(t, float64(-1024-n), fr.Intercept)
	}
}

// rle is the plainest RLE Lossless frame (PS3.5 annex G): two segments, high
// bytes first, of literal runs.
func rle(native []byte) []byte {
	out := make([]byte, 64)
	out[0] = 2
	for plane := range 2 {
		binary.LittleEndian.PutUint32(out[4+4*plane:], uint32(len(out)))
		for at := 0; at < len(native); at += 256 {
			chunk := native[at:min(at+256, len(native))]
			out = append(out, byte(len(chunk)/2-1))
			for i := 1 - plane; i < len(chunk); i += 2 {
				out = append(out, chunk[i])
			}
		}
		if len(out)%2 == 1 {
			out = append(out, 0)
		}
	}
	return out
}

// Compressed frames take another way through decoding than native ones.
func TestEncapsulated(t *testing.T) {
	p := poses()[2]
	want, err := assemble(t, p.images(field))
	require.NoError(t, err)
	single, err := assemble(t, each(p.images(field), func(_ int, im *image) {
		im.syntax, im.pixels = part10.RLELossless, &part10.Pixels{Frames: [][]byte{rle(im.pixels.Native)}}
	}))
	require.NoError(t, err)
	require.Equal(t, want.Volume, single.Volume)

	for _, table := range []part10.OffsetTable{part10.BasicOffsets, part10.NoOffsets, part10.ExtendedOffsets} {
		im := enhanced(p.images(field))
		size := len(im.pixels.Native) / p.slices
		var frames [][]byte
		for n := range p.slices {
			frames = append(frames, rle(im.pixels.Native[n*size:][:size]))
		}
		im.syntax, im.pixels = part10.RLELossless, &part10.Pixels{Frames: frames, Offsets: table}
		multi, err := assemble(t, []*image{im})
		require.NoError(t, err)
		require.Equal(t, want.Volume, multi.Volume)
	}
}

func sequence(items ...[]*dicom.Element) [][]*dicom.Element { return items }

func element(t tag.Tag, data any) *dicom.Element {
	e, err := part10.NewElement(t, "", data)
	if err != nil {
		panic(err)
	}
	return e
}

// enhanced puts single slices into one object, with what they share in the
// shared groups.
func enhanced(images []*image) *image {
	first := images[0]
	out := slice("enhanced", 0, 0).text(tag.SOPInstanceUID, uid("enhanced")).text(tag.SOPClassUID, dicomio.ClassEnhancedCT)
	out.del(tag.ImagePositionPatient, tag.ImageOrientationPatient, tag.PixelSpacing, tag.SliceThickness,
		tag.RescaleSlope, tag.RescaleIntercept, tag.ConvolutionKernel)
	var frames [][]*dicom.Element
	var pixels []byte
	for n, im := range images {
		frames = append(frames, []*dicom.Element{
			element(tag.PlanePositionSequence, sequence([]*dicom.Element{im.elems[tag.ImagePositionPatient]})),
			element(tag.FrameContentSequence, sequence([]*dicom.Element{element(tag.StackID, []string{"1"}), element(tag.InStackPositionNumber, []int{n + 1})})),
		})
		pixels = append(pixels, im.pixels.Native...)
	}
	shared := []*dicom.Element{
		element(tag.PlaneOrientationSequence, sequence([]*dicom.Element{first.elems[tag.ImageOrientationPatient]})),
		element(tag.PixelMeasuresSequence, sequence([]*dicom.Element{first.elems[tag.PixelSpacing], first.elems[tag.SliceThickness]})),
		element(tag.PixelValueTransformationSequence, sequence([]*dicom.Element{
			first.elems[tag.RescaleSlope], first.elems[tag.RescaleIntercept], element(tag.RescaleType, []string{"HU"})})),
		element(tag.CTImageFrameTypeSequence, sequence([]*dicom.Element{element(tag.FrameType, []string{"ORIGINAL", "PRIMARY", "VOLUME", "NONE"})})),
		element(tag.CTReconstructionSequence, sequence([]*dicom.Element{element(tag.ConvolutionKernel, []string{"Br40"})})),
	}
	out.set(tag.SharedFunctionalGroupsSequence, "", sequence(shared))
	out.set(tag.PerFrameFunctionalGroupsSequence, "", sequence(frames...))
	out.number(tag.NumberOfFrames, len(images))
	out.elems[tag.Rows], out.elems[tag.Columns] = first.elems[tag.Rows], first.elems[tag.Columns]
	out.pixels = &part10.Pixels{Native: pixels}
	return out
}

// TestParallelDecoding: any number of workers gives the same volume.
func TestParallelDecoding(t *testing.T) {
	s := oneSeries(t, stack("a"))
	one, err := dicomio.Assemble(context.Background(), s, dicomio.AssembleOptions{Parallel: 1})
	require.NoError(t, err)
	for _, n := range []int{2, 4, 16} {
		many, err := dicomio.Assemble(context.Background(), s, dicomio.AssembleOptions{Parallel: n})
		require.NoError(t, err)
		require.Equal(t, one.Volume, many.Volume)
		require.Equal(t, one.Slices, many.Slices)
	}
}
