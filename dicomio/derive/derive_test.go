package derive_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/ctwriter"
	"nafas/dicomio/derive"
	"nafas/dicomio/part10"
	"nafas/dicomio/source"
	"nafas/inference/volume"
)

// scene is a volume that passes as a CT: soft tissue with air in it.
func scene() *volume.Volume {
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{24, 20, 60}, SpacingMM: [3]float64{3, 3.5, 4}, OriginLPSMM: volume.Vec3{-30, -140, -99.5},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}}
	v.HU = make([]int16, v.Len())
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range v.HU {
		if v.HU[i] = -1000; rng.IntN(3) > 0 {
			v.HU[i] = int16(-60 + rng.IntN(180))
		}
	}
	return v
}

func load(t *testing.T, files ...source.Item) (*dicomio.Series, *dicomio.Assembled) {
	t.Helper()
	inv, err := dicomio.Load(context.Background(), files, dicomio.LoadOptions{})
	require.NoError(t, err)
	require.Empty(t, inv.Refused)
	series := dicomio.Group(inv.Instances)
	require.Len(t, series, 1)
	scan, err := dicomio.Assemble(context.Background(), series[0], dicomio.AssembleOptions{})
	require.NoError(t, err)
	return series[0], scan
}

func items(t *testing.T, v *volume.Volume, o ctwriter.Options) []source.Item {
	t.Helper()
	files, err := ctwriter.Instances(v, o)
	require.NoError(t, err)
	var out []source.Item
	for _, data := range files {
		out = append(out, source.FromBytes("slice", data))
	}
	return out
}

func set(t tag.Tag, data any) func([]*dicom.Element) []*dicom.Element {
	return func(elems []*dicom.Element) []*dicom.Element {
		elems = slices.DeleteFunc(elems, func(e *dicom.Element) bool { return e.Tag == t })
		e, err := part10.NewElement(t, "", data)
		if err != nil {
			panic(err)
		}
		return append(elems, e)
	}
}

// outside is what a scanner puts outside its field of view.
const outside = -2000

func TestWriteChangesWhatChangedAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		opt      ctwriter.Options
		elements []func([]*dicom.Element) []*dicom.Element
		within   float64
	}{
		"signed, with padding": {elements: []func([]*dicom.Element) []*dicom.Element{set(tag.PixelPaddingValue, []int{-2000 + 1024 + 1<<16})}},
		"unsigned, 12 bits":    {opt: ctwriter.Options{Unsigned: true, BitsStored: 12}},
		"two HU a step":        {elements: []func([]*dicom.Element) []*dicom.Element{set(tag.RescaleSlope, []string{"2"}), set(tag.RescaleIntercept, []string{"-2048"})}, within: 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.opt
			o.Patient = ctwriter.Patient{ID: "4711", Name: "Haddad^Leila", BirthDate: "19510203", Sex: "F"}
			o.Date, o.Kernel = "20240506", "B30f"
			o.Modify = func(_ int, elems []*dicom.Element) []*dicom.Element {
				for _, change := range c.elements {
					elems = change(elems)
				}
				elems = set(tag.InstitutionName, []string{"Clinic Z"})(elems)
				elems = set(tag.ReferringPhysicianName, []string{"Haddad^Omar"})(elems)
				private, err := part10.NewElement(tag.Tag{Group: 0x0029, Element: 0x1010}, "LO", []string{"Haddad again"})
				require.NoError(t, err)
				return append(elems, private)
			}
			v := scene()
			if !o.Unsigned {
				for i := range 300 {
					v.HU[i*17] = outside
				}
			}
			series, scan := load(t, items(t, v, o)...)
			with := &volume.Volume{Grid: scan.Volume.Grid, HU: slices.Clone(scan.Volume.HU)}
			changed := map[int]bool{}
			rng := rand.New(rand.NewPCG(2, 2))
			for range 500 {
				at := rng.IntN(len(with.HU))
				with.HU[at] += int16(7 + rng.IntN(90))
				changed[at] = true
			}
			dir := t.TempDir()
			paths, err := derive.Write(context.Background(), dir, series, scan, with, derive.Options{Name: "x", Description: "SIMULATED", Derivation: "spots"})
			require.NoError(t, err)
			require.Len(t, paths, 60)
			found, _, err := source.Walk(context.Background(), dir, source.DefaultLimits())
			require.NoError(t, err)
			again, scan2 := load(t, found...)
			require.Equal(t, scan.Volume.Grid, scan2.Volume.Grid)
			for i, hu := range scan2.Volume.HU {
				if changed[i] {
					require.InDelta(t, with.HU[i], hu, c.within)
				} else {
					require.Equal(t, scan.Volume.HU[i], hu)
				}
			}
			require.Equal(t, "B30f", scan2.Info.Kernel)
			require.Equal(t, scan.Info.SliceThicknessMM, scan2.Info.SliceThicknessMM)
			checkIdentity(t, series, again, paths)
			sameCells(t, series, again, scan, changed)
		})
	}
}

// checkIdentity wants nothing of the patient in the new series.
func checkIdentity(t *testing.T, from, to *dicomio.Series, paths []string) {
	t.Helper()
	require.Equal(t, derive.Options{Name: "x"}.SeriesUID(), to.UID)
	require.NotEqual(t, from.UID, to.UID)
	require.NotEqual(t, from.StudyUID, to.StudyUID)
	uids := map[string]bool{}
	for _, in := range from.Instances {
		uids[in.SOPUID] = true
		uids[in.FrameOfReferenceUID] = true
	}
	for _, in := range to.Instances {
		require.False(t, uids[in.SOPUID] || uids[in.FrameOfReferenceUID])
		require.Equal(t, "DERIVED", in.ImageType[0])
		require.NotEqual(t, from.Instances[0].Patient.ID, in.Patient.ID)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, word := range []string{"Haddad", "4711", "19510203", "20240506", "Clinic Z"} {
			require.False(t, bytes.Contains(raw, []byte(word)), "%s holds %q", filepath.Base(path), word)
		}
	}
}

// sameCells compares the pixel cells themselves, padding included.
func sameCells(t *testing.T, from, to *dicomio.Series, scan *dicomio.Assembled, changed map[int]bool) {
	t.Helper()
	cells := func(s *dicomio.Series) map[float64][]byte {
		out := map[float64][]byte{}
		for _, in := range s.Instances {
			data, err := in.Source.Bytes(nil)
			require.NoError(t, err)
			f, err := part10.Parse(data, part10.DefaultLimits())
			require.NoError(t, err)
			frames, err := f.Frames(1)
			require.NoError(t, err)
			out[in.Frames[0].PositionLPSMM[2]] = frames[0]
		}
		return out
	}
	a, b := cells(from), cells(to)
	g := scan.Volume.Grid
	for k := range g.Size[2] {
		z := scan.Slices[k].OriginLPSMM[2]
		for i := range g.Size[0] * g.Size[1] {
			if at := k*g.Size[0]*g.Size[1] + i; !changed[at] {
				require.Equal(t, binary.LittleEndian.Uint16(a[z][2*i:]), binary.LittleEndian.Uint16(b[z][2*i:]))
			}
		}
	}
}

func TestMissingSlicesStayMissing(t *testing.T) {
	v := scene()
	for i := range v.HU {
		v.HU[i] = 40 // no lung: a missing slice may be filled in
	}
	for i := range 2000 {
		v.HU[i] = -1000
	}
	files := items(t, v, ctwriter.Options{})
	files = slices.Delete(files, 30, 31)
	series, scan := load(t, files...)
	require.True(t, scan.Slices[30].Interpolated)
	with := &volume.Volume{Grid: scan.Volume.Grid, HU: slices.Clone(scan.Volume.HU)}
	dir := t.TempDir()
	paths, err := derive.Write(context.Background(), dir, series, scan, with, derive.Options{Name: "x"})
	require.NoError(t, err)
	require.Len(t, paths, 59)
}

func TestWhatCannotBeWritten(t *testing.T) {
	v := scene()
	data, err := ctwriter.Enhanced(v, ctwriter.Options{})
	require.NoError(t, err)
	series, scan := load(t, source.FromBytes("multi-frame", data))
	dir := t.TempDir()
	_, err = derive.Write(context.Background(), dir, series, scan, scan.Volume, derive.Options{Name: "x"})
	require.ErrorContains(t, err, "multi-frame")

	series, scan = load(t, items(t, v, ctwriter.Options{})...)
	_, err = derive.Write(context.Background(), dir, series, scan, &volume.Volume{}, derive.Options{Name: "x"})
	require.ErrorContains(t, err, "grid")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = derive.Write(ctx, dir, series, scan, scan.Volume, derive.Options{Name: "x"})
	require.ErrorIs(t, err, context.Canceled)
	require.NotEqual(t, derive.Options{Name: "a"}.SeriesUID(), derive.Options{Name: "b"}.SeriesUID())
	require.True(t, strings.HasPrefix(derive.Options{Name: "a"}.SeriesUID(), "2.25."))
}
