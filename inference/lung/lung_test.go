package lung_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/finding"
	"nafas/inference/lung"
	"nafas/inference/volume"
)

var (
	asStored = [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	axial    = [3]float64{2.8, 2.8, 4}
	whole    = [3]float64{380, 300, 290}
)

func tilted(deg float64) [3]volume.Vec3 {
	c, s := math.Cos(deg*math.Pi/180), math.Sin(deg*math.Pi/180)
	return [3]volume.Vec3{{c, s, 0}, {-s, c, 0}, {0, 0, 1}}
}

// at is the label of the mask and of the region of interest at a place.
func at(f *lung.Field, p volume.Vec3) (mask, roi uint8) {
	i := f.Grid.ToIndex(p)
	o := f.Grid.Index(int(math.Round(i[0])), int(math.Round(i[1])), int(math.Round(i[2])))
	return f.Mask[o], f.ROI[o]
}

func TestFindInEveryOrientation(t *testing.T) {
	for name, c := range map[string]struct {
		axes    [3]volume.Vec3
		spacing [3]float64
		extent  [3]float64
	}{
		"supine, head first":  {asStored, axial, whole},
		"rows and columns":    {[3]volume.Vec3{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}, axial, whole},
		"slices from the top": {[3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, -1}}, axial, whole},
		"left-handed":         {[3]volume.Vec3{{-1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, axial, whole},
		"sagittal slices":     {[3]volume.Vec3{{0, 1, 0}, {0, 0, -1}, {1, 0, 0}}, [3]float64{2.8, 4, 2.8}, [3]float64{300, 290, 380}},
		"turned by 6 degrees": {tilted(6), axial, whole},
	} {
		t.Run(name, func(t *testing.T) {
			v, left, right := plainTorso().scan(c.axes, c.spacing, c.extent)
			f, err := lung.Find(context.Background(), v)
			require.NoError(t, err)
			checkPlain(t, f, left, right, volume.Vec3{-129, 0, 20})
		})
	}
}

// checkPlain checks what holds for every torso with two lungs and its nodule.
func checkPlain(t *testing.T, f *lung.Field, left, right float64, nodule volume.Vec3) {
	t.Helper()
	// Vessels (5 % of the model's lung) and the layer that is mixed with the
	// chest wall are not air.
	require.InEpsilon(t, left, f.LeftML, 0.13, "left, ml")
	require.InEpsilon(t, right, f.RightML, 0.13, "right, ml")
	require.InDelta(t, f.LeftML+f.RightML, f.VolumeML, 1)

	require.Equal(t, finding.SideRight, f.SideAt(volume.Vec3{-75, 0, 20}))
	require.Equal(t, finding.SideLeft, f.SideAt(volume.Vec3{90, 20, 20}))
	require.Equal(t, finding.SideRight, f.SideAt(volume.Vec3{-140, 0, 20}), "just outside the mask")
	require.Equal(t, finding.SideUnknown, f.SideAt(volume.Vec3{0, -100, -140}))

	mask, roi := at(f, nodule)
	require.EqualValues(t, 2, mask, "a nodule at the pleura is closed over")
	require.EqualValues(t, 1, roi)
	for _, p := range []volume.Vec3{{0, 10, 100}, {0, 10, 60}, {40, -50, -125}, {0, 70, 20}, {0, 140, 0}, {25, -20, -30}} {
		mask, _ = at(f, p)
		require.Zero(t, mask, "trachea, bowel, spine, table, heart: %v", p)
	}
}

func TestFindInDifficultChests(t *testing.T) {
	for name, change := range map[string]func(*torso){
		"emphysema":                    func(c *torso) { c.lungHU = -965 },
		"poor inspiration":             func(c *torso) { c.lungHU = -650 },
		"lungs joined in front":        func(c *torso) { c.joined = true },
		"patient on the table":         func(c *torso) { c.tableAtY = 108 },
		"airway open at the mouth":     func(c *torso) { c.mouth = true },
		"effusion":                     func(c *torso) { c.effusion = true },
		"reconstruction circle":        func(c *torso) { c.fieldOfMM = 160 },
		"circle that cuts the lungs":   func(c *torso) { c.fieldOfMM = 122; c.padding = -1000; c.noduleMM = 0 },
		"emphysema, joined":            func(c *torso) { c.lungHU = -960; c.joined = true },
		"no bowel gas":                 func(c *torso) { c.withoutGas = true },
		"lungs joined, on the table":   func(c *torso) { c.joined = true; c.tableAtY = 108 },
		"padding lower than any HU":    func(c *torso) { c.fieldOfMM = 160; c.padding = -3024 },
		"mass at the ribs, 40 mm":      func(c *torso) { c.noduleMM = 40; c.nodule = volume.Vec3{-125, 0, 20} },
		"emphysema, cut by the circle": func(c *torso) { c.lungHU = -955; c.fieldOfMM = 122; c.noduleMM = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			c := plainTorso()
			change(&c)
			v, left, right := c.scan(asStored, axial, whole)
			f, err := lung.Find(context.Background(), v)
			require.NoError(t, err)
			if c.noduleMM == 0 {
				require.InEpsilon(t, left, f.LeftML, 0.15)
				require.InEpsilon(t, right, f.RightML, 0.15)
				return
			}
			if c.noduleMM > 20 {
				right -= 4.0 / 3 * math.Pi * math.Pow(c.noduleMM/20, 3) // not air
			}
			checkPlain(t, f, left, right, c.nodule.Add(volume.Vec3{2, 0, 0}))
		})
	}
}

func TestFindCutByTheFieldOfView(t *testing.T) {
	// A square field of view of 230 mm: skin and both lungs are cut at the
	// sides; the scan begins within the lungs and ends within them.
	v, left, right := plainTorso().scan(asStored, [3]float64{1.8, 1.8, 2.5}, [3]float64{230, 330, 160})
	f, err := lung.Find(context.Background(), v)
	require.NoError(t, err)
	require.InEpsilon(t, left, f.LeftML, 0.15)
	require.InEpsilon(t, right, f.RightML, 0.15)
}

func TestFindInAScanFromHeadToPelvis(t *testing.T) {
	c := plainTorso()
	c.stool, c.nose = true, true
	v, left, right := c.scan(asStored, axial, [3]float64{380, 300, 500})
	f, err := lung.Find(context.Background(), v)
	require.NoError(t, err)
	checkPlain(t, f, left, right, volume.Vec3{-129, 0, 20})
	mask, roi := at(f, volume.Vec3{0, -40, -195})
	require.Zero(t, mask+roi, "stool is no lung")
}

func TestFindASingleLung(t *testing.T) {
	c := plainTorso()
	c.noRight, c.noduleMM = true, 0
	v, left, _ := c.scan(asStored, axial, whole)
	f, err := lung.Find(context.Background(), v)
	require.NoError(t, err)
	require.InEpsilon(t, left, f.LeftML, 0.13)
	require.Zero(t, f.RightML)
	require.Equal(t, finding.SideLeft, f.SideAt(volume.Vec3{75, 0, 20}))
}

func TestFindRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*torso)
		shift  int16
		scale  int16
		want   error
	}{
		"an abdomen, with bowel gas": {change: func(c *torso) { c.noLungs = true }, scale: 1, want: lung.ErrNoLung},
		"stored values":              {shift: 1024, scale: 1, want: lung.ErrNotHounsfield},
		"the intercept twice":        {shift: -1024, scale: 1, want: lung.ErrNotHounsfield},
		"one constant":               {scale: 0, want: lung.ErrNotHounsfield},
	} {
		t.Run(name, func(t *testing.T) {
			chest := plainTorso()
			if c.change != nil {
				c.change(&chest)
			}
			v, _, _ := chest.scan(asStored, [3]float64{3, 3, 4}, whole)
			for o := range v.HU {
				v.HU[o] = v.HU[o]*c.scale + c.shift
			}
			_, err := lung.Find(context.Background(), v)
			require.ErrorIs(t, err, c.want)
			var typed *lung.Error
			require.ErrorAs(t, err, &typed)
			require.NotEmpty(t, typed.Found)
		})
	}
}

func TestFindStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	v, _, _ := plainTorso().scan(asStored, [3]float64{4, 4, 5}, whole)
	_, err := lung.Find(ctx, v)
	require.ErrorIs(t, err, context.Canceled)
}

func TestBoxHoldsTheRegionOfInterest(t *testing.T) {
	v, _, _ := plainTorso().scan(asStored, [3]float64{3, 3, 4}, whole)
	f, err := lung.Find(context.Background(), v)
	require.NoError(t, err)
	lo, hi := f.Box(5)
	// The lungs span -135..131, -80..80, -100..140 mm; 3 mm of dilation and
	// 5 mm of margin are added.
	for n, want := range [][2]float64{{-143, 139}, {-88, 88}, {-108, 148}} {
		require.InDelta(t, want[0], lo[n], 4)
		require.InDelta(t, want[1], hi[n], 4)
	}
}

func BenchmarkFind(b *testing.B) {
	v, _, _ := plainTorso().scan(asStored, [3]float64{0.82, 0.65, 1.15}, whole)
	for b.Loop() {
		if _, err := lung.Find(context.Background(), v); err != nil {
			b.Fatal(err)
		}
	}
}
