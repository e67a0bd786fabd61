package detect_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/detect"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// counter is a network whose logits are the number of the run, and who keeps
// what it was shown. It has one level, of strides 4, 4, 2.
type counter struct{ seen []detect.Tensor }

func (c *counter) Close() error { return nil }

func (c *counter) Run(_ context.Context, in map[string]detect.Tensor) (map[string]detect.Tensor, error) {
	image := in["image"]
	kept := detect.Tensor{Shape: image.Shape, Data: append([]float32(nil), image.Data...)}
	shape := []int64{1, 1, image.Shape[2] / 4, image.Shape[3] / 4, image.Shape[4] / 2}
	n := shape[2] * shape[3] * shape[4]
	scores, codes := make([]float32, n), make([]float32, 6*n)
	for o := range scores {
		// One value everywhere would be no answer.
		scores[o] = float32(len(c.seen)) + 1e-5*float32(o%2)
	}
	c.seen = append(c.seen, kept)
	return map[string]detect.Tensor{
		"scores": {Shape: shape, Data: scores},
		"boxes":  {Shape: []int64{1, 6, shape[2], shape[3], shape[4]}, Data: codes},
	}, nil
}

// counted is a manifest for counter that keeps every anchor; its windows are
// 64 x 16 x 8 voxels.
func counted(t testing.TB, weights string) *manifest.Model {
	m := retina(t)
	m.Input.Tile, m.Input.Overlap = [3]int{64, 16, 8}, [3]int{16, 4, 2}
	m.Input.Windows = &manifest.Windows{WholeBelow: 1, Weights: weights}
	m.Head.MinScore = 1e-6
	r := m.Head.RetinaNet
	r.Levels = []manifest.Level{{Scores: "scores", Boxes: "boxes", Stride: [3]int{4, 4, 2}, Anchors: [][3]float64{{2, 2, 2}}}}
	r.Top, r.Most, r.NMSIoU, r.MinSide = 100000, 10000, 1, 0
	return m
}

// ramp has -1000 + x HU, so that a window's first value tells where it begins.
func ramp(m *manifest.Model, size [3]int) *detect.Prepared {
	p := whole(m, size)
	for o := range p.Exact {
		p.Exact[o] = float32(o%size[0]) - 1000
	}
	return p
}

// logits are the averaged logits by cell.
func logits(t testing.TB, m *manifest.Model, p *detect.Prepared, net detect.Runner) map[[3]int]float64 {
	t.Helper()
	d := detector(t, m, net)
	maps, err := d.Infer(context.Background(), p, nil)
	require.NoError(t, err)
	found, err := d.Boxes(p, maps)
	require.NoError(t, err)
	out := map[[3]int]float64{}
	for _, b := range found {
		// The anchor's upper corner is inside of the volume except at its end.
		var cell [3]int
		for n, stride := range [3]float64{4, 4, 2} {
			cell[n] = int(math.Round((b.Max[n] - 1) / stride))
		}
		out[cell] = math.Log(b.Score / (1 - b.Score))
	}
	return out
}

func TestWindowsStepAndTheLastIsShiftedBackInside(t *testing.T) {
	// 144 voxels in windows of 64 that step by 48: 0, 48, and 80 instead of 96.
	m := counted(t, manifest.WeightsConstant)
	net := &counter{}
	got := logits(t, m, ramp(m, [3]int{144, 16, 8}), net)
	require.Len(t, net.seen, 3)
	for i, first := range []float64{0, 48, 80} {
		require.Equal(t, []int64{1, 1, 64, 16, 8}, net.seen[i].Shape)
		require.InDelta(t, (first-1000+1024)/1324, net.seen[i].Data[0], 1e-6)
	}
	// Overlaps are 48..63 of the windows 0 and 1, and 80..111 of 1 and 2.
	for x := range 36 {
		want := map[bool]float64{true: 0.5, false: 0}[x >= 12]
		switch {
		case x >= 28:
			want = 2
		case x >= 20:
			want = 1.5
		case x >= 16:
			want = 1
		}
		require.InDelta(t, want, got[[3]int{x, 2, 2}], 1e-4, "cell %d", x)
	}
}

func TestWholeVolumesBelowTheBound(t *testing.T) {
	m := counted(t, manifest.WeightsConstant)
	p := ramp(m, [3]int{36, 20, 9})
	m.Input.Windows.WholeBelow = 36*20*9 + 1
	net := &counter{}
	logits(t, m, p, net)
	require.Len(t, net.seen, 1)
	require.Equal(t, []int64{1, 1, 48, 32, 16}, net.seen[0].Shape, "padded to multiples of 16, 16, 8")
	image := net.seen[0].Data
	require.InDelta(t, 24.0/1324, image[0], 1e-6)
	require.Zero(t, image[9], "padding is at the end of z")
	require.Zero(t, image[20*16], "and of y")
	require.Zero(t, image[36*32*16], "and of x")
	m.Input.Windows.WholeBelow--
	net = &counter{}
	logits(t, m, p, net)
	require.Greater(t, len(net.seen), 1, "as many voxels as the bound are too many")
}

func TestShortAxesArePaddedOnBothSides(t *testing.T) {
	// 44 voxels are padded to 48 at the end, then by 8 and 8 to the window.
	net := &counter{}
	m := counted(t, manifest.WeightsConstant)
	got := logits(t, m, ramp(m, [3]int{44, 16, 8}), net)
	require.Len(t, net.seen, 1)
	require.Equal(t, []int64{1, 1, 64, 16, 8}, net.seen[0].Shape)
	for x := range 64 {
		inside := x >= 8 && x < 52
		require.Equal(t, inside, net.seen[0].Data[x*16*8] > 0, "plane %d", x)
	}
	require.Len(t, got, 12*4*4, "as many cells as before the padding")
}

// Where half the padding is no multiple of the stride, the published detector
// crops to the nearest cell and gives the anchors another stride: 4 cells of 12
// voxels for 48 of a window of 64.
func TestShortAxesWhosePaddingIsNoMultipleOfTheStride(t *testing.T) {
	m := retina(t)
	m.Input.Tile, m.Input.Overlap = [3]int{64, 64, 32}, [3]int{16, 16, 8}
	m.Input.Windows.WholeBelow = 0
	net := &plant{model: m, list: []planted{{level: 2, anchor: 2, cell: [3]int{3, 2, 2}, logit: 1, codes: [6]float32{0, 0, 0, -3, -3, -3}}}}
	p := whole(m, [3]int{48, 64, 32})
	d := detector(t, m, net)
	maps, err := d.Infer(context.Background(), p, nil)
	require.NoError(t, err)
	got, err := d.Boxes(p, maps)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.InDelta(t, 36, (got[0].Min[0]+got[0].Max[0])/2, 1e-5)
	require.InDelta(t, 32, (got[0].Min[1]+got[0].Max[1])/2, 1e-5)
}

func TestGaussianWeights(t *testing.T) {
	m := counted(t, manifest.WeightsGaussian)
	got := logits(t, m, ramp(m, [3]int{112, 16, 8}), &counter{})
	weight := func(x, n float64) float64 { return math.Exp(-math.Pow(x-(n-1)/2, 2) / (2 * n * n / 64)) }
	for _, cell := range [][3]int{{12, 2, 2}, {13, 2, 2}, {14, 2, 2}, {14, 1, 2}, {15, 3, 1}} {
		x, y, z := float64(4*cell[0]), float64(4*cell[1]), float64(2*cell[2])
		plane := weight(y, 16) * weight(z, 8)
		first, second := max(weight(x, 64)*plane, 1e-3), max(weight(x-48, 64)*plane, 1e-3)
		require.InDelta(t, second/(first+second), got[cell], 1e-4, "cell %v", cell)
	}
	require.InDelta(t, 0.5, got[[3]int{14, 0, 0}], 1e-4, "both are raised to the least weight")
}

func TestWindowsWithoutLungCanBeLeftOut(t *testing.T) {
	m := counted(t, manifest.WeightsConstant)
	p := ramp(m, [3]int{160, 12, 8})
	clear(p.ROI)
	p.ROI[p.Grid.Index(130, 11, 7)] = 1
	net := &counter{}
	logits(t, m, p, net)
	require.Len(t, net.seen, 3)
	m.Input.Windows.OnlyWithLung = true
	net = &counter{}
	got := logits(t, m, p, net)
	require.Len(t, net.seen, 1, "windows of 64 that step by 48 end with 160 at 96")
	require.InDelta(t, (96.0-1000+1024)/1324, net.seen[0].Data[0], 1e-6)
	require.NotContains(t, got, [3]int{23, 2, 2}, "nothing is found where nobody looked")
	require.Contains(t, got, [3]int{24, 2, 2})
}

// orthogonal are the axial, coronal and sagittal ways in which a volume can
// be stored, each walked in either direction of every axis.
func orthogonal() (list [][3]volume.Vec3) {
	for _, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 2, 0}} {
		for flips := range 8 {
			var axes [3]volume.Vec3
			for n, a := range order {
				axes[n][a] = 1 - 2*float64(flips>>n&1)
			}
			list = append(list, axes)
		}
	}
	return list
}

func TestWholeVolumesAreTurnedAndPlacesStay(t *testing.T) {
	m := retina(t)
	spot := volume.Vec3{-20, 13, 45} // the patient's right, back, head
	for _, axes := range orthogonal() {
		g := volume.Grid{Size: [3]int{40, 44, 48}, SpacingMM: [3]float64{1.6, 1.7, 1.8}, Axes: axes}
		g.OriginLPSMM = volume.Vec3{1, 2, 30}.Sub(g.ToLPS(volume.Vec3{20, 22, 24}))
		v := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
		at := g.ToIndex(spot)
		for o := range v.HU {
			d := volume.Vec3{float64(o % 40), float64(o / 40 % 44), float64(o / 1760)}.Sub(at)
			v.HU[o] = int16(200 - 60*d.Norm())
		}
		p, err := detect.PrepareVolume(context.Background(), v, m.Input)
		require.NoError(t, err)
		require.Equal(t, ras, p.Grid.Axes)
		best := 0
		for o, hu := range p.Exact {
			if hu > p.Exact[best] {
				best = o
			}
		}
		n := p.Grid.Size
		found := volume.Vec3{float64(best % n[0]), float64(best / n[0] % n[1]), float64(best / n[0] / n[1])}
		require.Less(t, p.Grid.ToLPS(found).Sub(spot).Norm(), 1.5, "%v", axes)
	}
}

func TestWholeVolumesKeepTheFirstVoxelAndInterpolate(t *testing.T) {
	m := retina(t)
	// Supine: columns to the left, rows to the back. The first voxel of the
	// model's grid is the volume's last in both.
	g := volume.Grid{Size: [3]int{5, 4, 3}, SpacingMM: [3]float64{0.9, 0.8, 2}, OriginLPSMM: volume.Vec3{10, 20, 30}, Axes: lps}
	v := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	for o := range v.HU {
		v.HU[o] = int16(o * o % 1009)
	}
	p, err := detect.PrepareVolume(context.Background(), v, m.Input)
	require.NoError(t, err)
	// 4*.9/.703125+1 = 6.12, 3*.8/.703125+1 = 4.41, 2*2/1.25+1 = 4.2
	require.Equal(t, [3]int{6, 4, 4}, p.Grid.Size)
	require.Equal(t, g.ToLPS(volume.Vec3{4, 3, 0}), p.Grid.OriginLPSMM)
	require.Equal(t, float32(v.At(4, 3, 0)), p.Exact[0])
	// Voxel 1, 1, 1 lies at x 4 - .78125, y 3 - .87890625, z .625.
	x, y, z := 0.78125, 0.87890625, 0.625
	want := 0.0
	for c := range 8 {
		i, j, k := c&1, c>>1&1, c>>2
		w := math.Abs(1-float64(i)-x) * math.Abs(1-float64(j)-y) * math.Abs(1-float64(k)-z)
		want += w * float64(v.At(4-i, 3-j, k))
	}
	require.InDelta(t, want, p.Exact[p.Grid.Index(1, 1, 1)], 1e-3)

	// Half sizes go to the even number, and the border's value goes on.
	g.Size, g.SpacingMM = [3]int{2, 2, 4}, [3]float64{0.703125, 0.703125, 0.625}
	v = &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	v.HU[15] = 77
	p, err = detect.PrepareVolume(context.Background(), v, m.Input)
	require.NoError(t, err)
	require.Equal(t, 2, p.Grid.Size[2], "2.5 is rounded to 2")
	g.Size[2] = 6
	v = &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	v.HU[g.Index(0, 0, 5)] = 77
	p, err = detect.PrepareVolume(context.Background(), v, m.Input)
	require.NoError(t, err)
	require.Equal(t, 4, p.Grid.Size[2], "3.5 is rounded to 4")
	require.EqualValues(t, 77, p.Exact[p.Grid.Index(1, 1, 3)], "a voxel and a half beyond the last but one")
}

func TestObliqueVolumesKeepTheirAxes(t *testing.T) {
	m := retina(t)
	sin, cos := math.Sincos(0.2)
	g := volume.Grid{Size: [3]int{30, 30, 30}, SpacingMM: [3]float64{1, 1, 1}, OriginLPSMM: volume.Vec3{-5, 3, 8},
		Axes: [3]volume.Vec3{{cos, sin, 0}, {-sin, cos, 0}, {0, 0, 1}}}
	p, err := detect.PrepareVolume(context.Background(), &volume.Volume{Grid: g, HU: make([]int16, g.Len())}, m.Input)
	require.NoError(t, err)
	require.Equal(t, [3]volume.Vec3{g.Axes[0].Scale(-1), g.Axes[1].Scale(-1), g.Axes[2]}, p.Grid.Axes)
}

func TestPrepareBringsTheLungsOntoTheWholeVolume(t *testing.T) {
	v, f := block(volume.Vec3{10, -20, 5}, volume.Vec3{22, -6, 20}), field(volume.Vec3{-20, -30, -20}, volume.Vec3{40, 30, 40})
	m := retina(t)
	p, err := detect.Prepare(context.Background(), v, f, m.Input)
	require.NoError(t, err)
	require.Equal(t, [3]int{169, 169, 95}, p.Grid.Size, "all of the volume")
	region := 0
	for o, on := range p.ROI {
		if on == 0 {
			continue
		}
		region++
		n := p.Grid.Size
		at := p.Grid.ToLPS(volume.Vec3{float64(o % n[0]), float64(o / n[0] % n[1]), float64(o / n[0] / n[1])})
		for n := range 3 {
			require.Greater(t, at[n], []float64{-21.1, -31.1, -21.1}[n])
			require.Less(t, at[n], []float64{41.1, 31.1, 41.1}[n])
		}
	}
	require.InDelta(t, 62*62*62/(0.703125*0.703125*1.25), region, 20000)
}

// TestAGridThatNoMemoryHolds: a model finer than any scan is refused before
// memory is asked for.
func TestAGridThatNoMemoryHolds(t *testing.T) {
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{512, 512, 700}, SpacingMM: [3]float64{.8, .8, .7},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}}
	in := manifest.Input{Extent: manifest.ExtentVolume, Orientation: "LPS", SpacingMM: [3]float64{.3, .3, .3}}
	_, err := detect.PrepareVolume(context.Background(), v, in)
	require.ErrorIs(t, err, detect.ErrGrid)
}
