package detect_test

import (
	"context"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/detect"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// retina is the published detector's manifest.
func retina(t testing.TB) *manifest.Model {
	t.Helper()
	m, err := manifest.Load(os.DirFS("../../models/manifest/testdata/retinanet"))
	require.NoError(t, err)
	return m
}

// planted is one anchor that is above the background.
type planted struct {
	level, anchor int
	cell          [3]int
	logit         float32
	codes         [6]float32
}

// plant is a network that says what was planted, and -20 elsewhere.
type plant struct {
	model *manifest.Model
	list  []planted
	sizes [][]int64
}

func (p *plant) Close() error { return nil }

func (p *plant) Run(_ context.Context, in map[string]detect.Tensor) (map[string]detect.Tensor, error) {
	shape := in["image"].Shape
	p.sizes = append(p.sizes, shape)
	out := map[string]detect.Tensor{}
	for n, l := range p.model.Head.RetinaNet.Levels {
		c := [3]int64{shape[2] / int64(l.Stride[0]), shape[3] / int64(l.Stride[1]), shape[4] / int64(l.Stride[2])}
		cells, a := int(c[0]*c[1]*c[2]), int64(len(l.Anchors))
		scores := slices.Repeat([]float32{-20}, cells*int(a))
		codes := make([]float32, 6*len(scores))
		for _, q := range p.list {
			if q.level != n {
				continue
			}
			o := (q.cell[0]*int(c[1])+q.cell[1])*int(c[2]) + q.cell[2]
			scores[q.anchor*cells+o] = q.logit
			for k, v := range q.codes {
				codes[(6*q.anchor+k)*cells+o] = v
			}
		}
		out[l.Scores] = detect.Tensor{Shape: []int64{1, a, c[0], c[1], c[2]}, Data: scores}
		out[l.Boxes] = detect.Tensor{Shape: []int64{1, 6 * a, c[0], c[1], c[2]}, Data: codes}
	}
	return out, nil
}

// whole is a prepared volume of air.
func whole(m *manifest.Model, size [3]int) *detect.Prepared {
	g := volume.Grid{Size: size, SpacingMM: m.Input.SpacingMM, OriginLPSMM: volume.Vec3{50, 20, 300}, Axes: ras}
	p := &detect.Prepared{Grid: g, Exact: make([]float32, g.Len()), ROI: make([]uint8, g.Len())}
	for o := range p.ROI {
		p.Exact[o], p.ROI[o] = -1000, 1
	}
	return p
}

func boxes(t testing.TB, m *manifest.Model, size [3]int, list ...planted) []detect.Box {
	t.Helper()
	d, p := detector(t, m, &plant{model: m, list: list}), whole(m, size)
	maps, err := d.Infer(context.Background(), p, nil)
	require.NoError(t, err)
	found, err := d.Boxes(p, maps)
	require.NoError(t, err)
	return found
}

// The published shapes after rounding: 5 voxels become 4 at the finest level.
func TestAnchorsStandAtCellsWithHalfSidesRoundedToEven(t *testing.T) {
	want := [3][3]volume.Vec3{
		{{6, 8, 4}, {8, 6, 4}, {10, 10, 6}},
		{{12, 16, 8}, {16, 12, 10}, {20, 20, 12}},
		{{24, 32, 16}, {32, 24, 20}, {40, 40, 24}},
	}
	m := retina(t)
	for level := range 3 {
		for a := range 3 {
			cell := [3]int{4, 3, 5}
			got := boxes(t, m, [3]int{160, 128, 96}, planted{level: level, anchor: a, cell: cell, logit: 1})
			require.Len(t, got, 1)
			stride := m.Head.RetinaNet.Levels[level].Stride
			for n := range 3 {
				centre := float64(cell[n] * stride[n])
				require.InDelta(t, centre-want[level][a][n]/2, got[0].Min[n], 1e-9, "level %d, anchor %d, axis %d", level, a, n)
				require.InDelta(t, centre+want[level][a][n]/2, got[0].Max[n], 1e-9, "level %d, anchor %d, axis %d", level, a, n)
			}
			require.Equal(t, level, got[0].Level)
			require.InDelta(t, 1/(1+math.Exp(-1)), got[0].Score, 1e-12)
		}
	}
}

func TestBoxCodesMoveAndScale(t *testing.T) {
	m := retina(t)
	m.Head.RetinaNet.Weights = [6]float64{1, 2, 4, 1, 1, 2}
	codes := [6]float32{0.5, -0.5, 1, float32(math.Log(2)), 0, float32(math.Log(4))}
	got := boxes(t, m, [3]int{96, 96, 48}, planted{cell: [3]int{10, 10, 10}, logit: 1, codes: codes})
	require.Len(t, got, 1)
	require.InDeltaSlice(t, []float64{43 - 6, 38 - 4, 21 - 4}, got[0].Min[:], 1e-5)
	require.InDeltaSlice(t, []float64{43 + 6, 38 + 4, 21 + 4}, got[0].Max[:], 1e-5)
}

func TestSidesAreClampedFromAboveOnly(t *testing.T) {
	m := retina(t)
	m.Head.RetinaNet.MinSide = 0
	m.Head.RetinaNet.Clamp = math.Log(2)
	got := boxes(t, m, [3]int{96, 96, 48}, planted{cell: [3]int{10, 10, 10}, logit: 1, codes: [6]float32{0, 0, 0, 100, -9, float32(math.Log(2))}})
	require.Len(t, got, 1)
	for n, side := range []float64{12, 8 * math.Exp(-9), 8} {
		require.InDelta(t, side, got[0].Max[n]-got[0].Min[n], 1e-5)
	}
}

func TestScoresMustBeAboveTheThreshold(t *testing.T) {
	m := retina(t)
	m.Head.MinScore = 0.5 // a logit of 0, exactly
	require.Empty(t, boxes(t, m, [3]int{64, 64, 32}, planted{cell: [3]int{5, 5, 5}, logit: 0}))
	require.Len(t, boxes(t, m, [3]int{64, 64, 32}, planted{cell: [3]int{5, 5, 5}, logit: 1e-6}), 1)
}

func TestTheBestOfEachLevelAreKept(t *testing.T) {
	m := retina(t)
	m.Head.RetinaNet.Top = 2
	var list []planted
	for level := range 2 {
		for i := range 3 {
			list = append(list, planted{level: level, cell: [3]int{4 * i, 9, 3}, logit: float32(i + 10*level)})
		}
	}
	var scores []float64
	for _, b := range boxes(t, m, [3]int{160, 160, 64}, list...) {
		scores = append(scores, math.Round(math.Log(b.Score/(1-b.Score))))
	}
	require.Equal(t, []float64{12, 11, 2, 1}, scores)

	// Of equal ones the first is kept: x slowest, then y, z, anchor.
	m.Head.RetinaNet.Top = 1
	got := boxes(t, m, [3]int{160, 160, 64},
		planted{cell: [3]int{9, 3, 3}, logit: 1}, planted{cell: [3]int{3, 3, 9}, logit: 1}, planted{cell: [3]int{3, 9, 3}, logit: 1},
		planted{cell: [3]int{3, 3, 9}, anchor: 2, logit: 1})
	require.Len(t, got, 1)
	require.Equal(t, volume.Vec3{9, 8, 16}, got[0].Min)
}

func TestSuppression(t *testing.T) {
	// Two anchors of 10x10x6 voxels whose centres differ by d voxels along x
	// overlap by (10-d) / (10+d).
	pair := func(d float32, levels [2]int) []planted {
		side := float32(int(10) << levels[1])
		return []planted{
			{level: levels[0], anchor: 2, cell: [3]int{10, 10, 10}, logit: 1},
			{level: levels[1], anchor: 2, cell: [3]int{10 >> levels[1], 10 >> levels[1], 10 >> levels[1]}, logit: 2,
				codes: [6]float32{d / side, 0, 0, -float32(levels[1]) * math.Ln2, -float32(levels[1]) * math.Ln2, -float32(levels[1]) * math.Ln2}},
		}
	}
	limit := float32(10 * (1 - 0.22) / (1 + 0.22))
	for _, c := range []struct {
		name   string
		d      float32
		levels [2]int
		most   int
		want   int
	}{
		{"just less overlap than the bound", limit + 1e-3, [2]int{0, 0}, 300, 2},
		{"just more", limit - 1e-3, [2]int{0, 0}, 300, 1},
		{"over levels", limit - 1e-3, [2]int{0, 1}, 300, 1},
		{"over levels, less", limit + 1e-3, [2]int{0, 1}, 300, 2},
		{"the most that are kept", 9, [2]int{0, 1}, 1, 1},
	} {
		m := retina(t)
		m.Head.RetinaNet.Most = c.most
		list := pair(c.d, c.levels)
		if c.levels[1] == 0 { // two anchors of one level need two cells
			list[1].cell[0], list[1].codes[0] = 11, (c.d-4)/10
		}
		got := boxes(t, m, [3]int{160, 160, 64}, list...)
		require.Len(t, got, c.want, c.name)
		require.InDelta(t, 1/(1+math.Exp(-2)), got[0].Score, 1e-9, "%s: the best stays", c.name)
	}
}

// Of boxes with hardly any volume the published detector keeps several at one
// place, since it adds 2^-23 to the union.
func TestOverlapOfTinyBoxes(t *testing.T) {
	for volumeOf, want := range map[float64]int{0: 2, 3e-8: 2, 1e-7: 1} {
		m := retina(t)
		m.Head.RetinaNet.MinSide = 0
		// One box from two levels: the anchors are 6x8x4 voxels and twice that.
		grow := float32(math.Log(max(volumeOf, 1e-300)/192) / 3)
		half := grow - math.Ln2
		got := boxes(t, m, [3]int{96, 96, 48},
			planted{level: 0, logit: 1, codes: [6]float32{0.5, 0.5, 0.5, grow, grow, grow}},
			planted{level: 1, logit: 0.5, codes: [6]float32{0.25, 0.25, 0.25, half, half, half}})
		require.Len(t, got, want, "volume %g", volumeOf)
	}
}

func TestBoxesAreClippedToTheVolumeWithoutPadding(t *testing.T) {
	m := retina(t)
	// 30 x 29 x 13 voxels are padded to 32 x 32 x 16.
	got := boxes(t, m, [3]int{30, 29, 13}, planted{anchor: 2, cell: [3]int{7, 7, 6}, logit: 1})
	require.Len(t, got, 1)
	require.Equal(t, volume.Vec3{30, 29, 13}, got[0].Max)
	require.Equal(t, volume.Vec3{23, 23, 9}, got[0].Min)
	got = boxes(t, m, [3]int{30, 29, 13}, planted{cell: [3]int{0, 0, 0}, logit: 1})
	require.Len(t, got, 1)
	require.Equal(t, volume.Vec3{0, 0, 0}, got[0].Min)
	require.Equal(t, volume.Vec3{3, 4, 2}, got[0].Max)
}

func TestShortSidesAreDropped(t *testing.T) {
	m := retina(t)
	// The lowest anchor reaches from -3 to 3 along x: moved by -2, to 1.
	at := func(shift float32) int {
		return len(boxes(t, m, [3]int{64, 64, 32}, planted{cell: [3]int{0, 5, 5}, logit: 1, codes: [6]float32{shift / 6}}))
	}
	require.Equal(t, 1, at(-1.999))
	require.Equal(t, 0, at(-2.001))
	require.Equal(t, 0, at(-10), "outside of the volume")
}

func TestCandidatesOfBoxes(t *testing.T) {
	m := retina(t)
	growth := [6]float32{0, 0, 0, 0.5, 0, 0}
	hit := planted{cell: [3]int{10, 8, 10}, logit: 1, codes: growth}
	sides := []float64{6 * math.Exp(0.5) * 0.703125, 8 * 0.703125, 4 * 1.25}
	for diameter, want := range map[string]float64{
		manifest.DiameterMean:      (sides[0] + sides[1] + sides[2]) / 3,
		manifest.DiameterMax:       sides[0],
		manifest.DiameterGeometric: math.Cbrt(sides[0] * sides[1] * sides[2]),
	} {
		m.Head.RetinaNet.Diameter = diameter
		p := whole(m, [3]int{96, 96, 48})
		got, err := detector(t, m, &plant{model: m, list: []planted{hit}}).Detect(context.Background(), p, nil)
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.InDelta(t, want, got[0].DiameterMM, 0.006, diameter)
		// The grid grows to the right and to the front: away from +x and +y.
		require.InDeltaSlice(t, []float64{50 - 40*0.703125, 20 - 32*0.703125, 300 + 20*1.25}, got[0].CenterLPSMM[:], 0.006)
	}
}

func TestCandidatesOutsideOfTheLungsAreKeptOnlyWhereTheManifestSaysSo(t *testing.T) {
	m := retina(t)
	p := whole(m, [3]int{96, 96, 48})
	clear(p.ROI)
	net := &plant{model: m, list: []planted{{cell: [3]int{10, 8, 10}, logit: 1}}}
	got, err := detector(t, m, net).Detect(context.Background(), p, nil)
	require.NoError(t, err)
	require.Empty(t, got)
	m.Head.Keep = manifest.KeepAnywhere
	got, err = detector(t, m, net).Detect(context.Background(), p, nil)
	require.NoError(t, err)
	require.Len(t, got, 1)
}

func TestAHeatmapMakesNoBoxes(t *testing.T) {
	d := detector(t, example(t), &blocks{})
	_, err := d.Boxes(&detect.Prepared{}, &detect.Maps{})
	require.ErrorIs(t, err, detect.ErrNoBoxes)
}

func TestRetinaNetRefusesWrongOutputs(t *testing.T) {
	m, other := retina(t), retina(t)
	other.Head.RetinaNet.Levels[1].Stride = [3]int{16, 8, 4}
	_, err := detector(t, m, &plant{model: other}).Detect(context.Background(), whole(m, [3]int{64, 64, 32}), nil)
	require.ErrorIs(t, err, detect.ErrOutput)
}
