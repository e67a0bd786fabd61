package patches_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/phantom/nodule"
	"nafas/inference/phantom/patches"
	"nafas/inference/volume"
)

var (
	lesionAt  = volume.Vec3{10, 55, -80} // LPS mm, a bright ball of 14 mm
	ignoredAt = volume.Vec3{60, 55, -80}
	scanUID   = "1.2.3.4"
)

// writeScan prepares a box of lung with straight vessels inside a wall of
// tissue, one bright ball, and spacing and origin that are not trivial.
func writeScan(tb testing.TB, thicknessMM float64) (dir string) {
	tb.Helper()
	dir = tb.TempDir()
	g := volume.Grid{
		Size: [3]int{120, 100, 90}, SpacingMM: [3]float64{1.25, 1.25, 1.25},
		OriginLPSMM: volume.Vec3{-60, -10, -140}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}
	rng := rand.New(rand.NewPCG(1, 1))
	hu, roi := make([]byte, 2*g.Len()), make([]byte, g.Len())
	for k := range g.Size[2] {
		for j := range g.Size[1] {
			for i := range g.Size[0] {
				at := g.Index(i, j, k)
				v := -850 + int(8*rng.NormFloat64())
				rim := min(i, j, g.Size[0]-1-i, g.Size[1]-1-j)
				switch {
				case rim < 10:
					v = 40
				case i%40 < 2 && j%40 < 2:
					v = 30
				}
				if g.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)}).Sub(lesionAt).Norm() < 7 {
					v = 1000
				}
				binary.LittleEndian.PutUint16(hu[2*at:], uint16(int16(v)))
				if rim >= 8 {
					roi[at] = 1
				}
			}
		}
	}
	meta, err := json.Marshal(map[string]any{
		"seriesInstanceUid": scanUID, "size": g.Size, "spacingMm": g.SpacingMM,
		"originLpsMm": g.OriginLPSMM, "sliceThicknessMm": thicknessMM, "kernel": "B",
	})
	require.NoError(tb, err)
	for name, data := range map[string][]byte{".json": meta, ".hu.i16": hu, ".roi.u8": roi} {
		require.NoError(tb, os.WriteFile(filepath.Join(dir, scanUID+name), data, 0o600))
	}
	return dir
}

func labels() []patches.Label {
	return []patches.Label{
		{SeriesUID: scanUID, CenterLPSMM: lesionAt, DiameterMM: 14, Kind: nodule.PartSolid},
		{SeriesUID: scanUID, CenterLPSMM: ignoredAt, DiameterMM: 16, Judgement: patches.Ignore},
		{SeriesUID: "another", CenterLPSMM: ignoredAt, DiameterMM: 16},
	}
}

func options(dir string) patches.Options {
	return patches.Options{Sources: []patches.Source{{Dir: dir}}, Labels: labels(), Seed: 11}
}

func TestPatchesDependOnSeedAndIndexAlone(t *testing.T) {
	dir := writeScan(t, 1.25)
	opt := options(dir)
	opt.Count, opt.Size = 6, 32
	var one, three, tail bytes.Buffer
	require.NoError(t, patches.Generate(context.Background(), &one, opt))
	opt.Workers = 3
	require.NoError(t, patches.Generate(context.Background(), &three, opt))
	require.Equal(t, one.Bytes(), three.Bytes(), "workers do not change the stream")

	opt.First, opt.Count = 4, 2
	require.NoError(t, patches.Generate(context.Background(), &tail, opt))
	require.True(t, bytes.HasSuffix(one.Bytes(), tail.Bytes()), "a run can be resumed")

	opt.Seed++
	var other bytes.Buffer
	require.NoError(t, patches.Generate(context.Background(), &other, opt))
	require.NotEqual(t, tail.Bytes(), other.Bytes())
}

func TestFrameFormat(t *testing.T) {
	opt := options(writeScan(t, 1.25))
	opt.Count, opt.Size = 3, 32
	g, err := patches.New(opt)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, g.Stream(context.Background(), &b))
	for i := range uint64(3) {
		want := g.Patch(i)
		require.Equal(t, "NFP1", string(b.Next(4)))
		var head [2]int32
		require.NoError(t, binary.Read(&b, binary.LittleEndian, &head))
		require.Equal(t, int32(32), head[0])
		require.Equal(t, len(want.Targets), int(head[1]))
		hu := make([]int16, 32*32*32)
		require.NoError(t, binary.Read(&b, binary.LittleEndian, hu))
		require.Equal(t, want.HU, hu)
		require.Equal(t, want.Weight, b.Next(32*32*32))
		for _, w := range want.Targets {
			var row [6]float32
			require.NoError(t, binary.Read(&b, binary.LittleEndian, &row))
			require.Equal(t, [4]float32{w.Z, w.Y, w.X, w.DiameterMM}, [4]float32(row[:4]))
			require.Equal(t, float32(w.Kind), row[4])
		}
	}
	require.Zero(t, b.Len())
}

// TestLabelledPlacesLandWhereTheVoxelsAre proves the geometry of rotation,
// scale and flips: the only voxels near 1000 HU are the labelled ball's.
func TestLabelledPlacesLandWhereTheVoxelsAre(t *testing.T) {
	opt := options(writeScan(t, 1.25))
	opt.OnLesion, opt.Implants, opt.Mimics = 1, []float64{1}, -1
	g, err := patches.New(opt)
	require.NoError(t, err)
	for i := range uint64(12) {
		p := g.Patch(i)
		require.NotEmpty(t, p.Targets)
		tg := p.Targets[0]
		require.True(t, tg.Real)
		require.Equal(t, nodule.PartSolid, tg.Kind)
		var sum volume.Vec3
		var mass, ball float64
		for at, v := range p.HU {
			// Re-slicing spreads the ball but keeps its centre of mass.
			if d := from(at, tg); v > 150 && d.Norm() < 14 {
				sum, mass = sum.Add(d.Scale(float64(v))), mass+float64(v)
			}
			if from(at, tg).Norm() < 11 {
				ball += (float64(v) + 850) / 1850
			}
		}
		require.Less(t, sum.Scale(1/mass).Norm(), .7, "patch %d", i)
		require.InDelta(t, tg.DiameterMM, 1.25*math.Cbrt(6*ball/math.Pi), 1, "patch %d: scale goes into the diameter", i)
	}
}

// TestImplantsLandWhereTheTargetsSay measures the centre of mass of free
// solid implants in flat lung.
func TestImplantsLandWhereTheTargetsSay(t *testing.T) {
	for name, thickness := range map[string]float64{"thin": 1.25, "3 mm slices": 3} {
		t.Run(name, func(t *testing.T) {
			opt := options(writeScan(t, thickness))
			opt.OnLesion, opt.Mimics, opt.Implants = -1, -1, []float64{0, 1}
			opt.Mix = nodule.DefaultMix()
			opt.Mix.PartSolid, opt.Mix.GroundGlass, opt.Mix.Vessel, opt.Mix.Pleura = 0, 0, 0, 0
			opt.Mix.Spiculated, opt.Mix.Cavitated, opt.Mix.MinMM, opt.Mix.MaxMM = 0, 0, 6, 12
			g, err := patches.New(opt)
			require.NoError(t, err)
			checked := 0
			for i := range uint64(40) {
				p := g.Patch(i)
				for _, tg := range p.Targets {
					if tg.Real || !alone(p, tg) {
						continue
					}
					checked++
					require.Less(t, offset(p, tg), 1., "patch %d %+v", i, tg)
				}
			}
			require.Greater(t, checked, 5)
		})
	}
}

// alone tells whether nothing but lung lies around a target.
func alone(p *patches.Patch, tg patches.Target) bool {
	r := float64(tg.DiameterMM)/2.5 + 2
	for at, v := range p.HU {
		d := from(at, tg).Norm()
		if d < r+4 && v < -1000 || d > r+1.5 && d < r+4 && v > -600 {
			return false
		}
	}
	return min(tg.X, tg.Y, tg.Z) > 10 && max(tg.X, tg.Y, tg.Z) < 53
}

// from is the step in voxels from a target to the voxel at an offset.
func from(at int, tg patches.Target) volume.Vec3 {
	return volume.Vec3{float64(at%64) - float64(tg.X), float64(at/64%64) - float64(tg.Y), float64(at/4096) - float64(tg.Z)}
}

// offset is the distance in voxels from a target to the centre of mass.
func offset(p *patches.Patch, tg patches.Target) float64 {
	r := float64(tg.DiameterMM)/2.5 + 2
	var c volume.Vec3
	var mass float64
	for at, v := range p.HU {
		if d := from(at, tg); d.Norm() <= r {
			m := float64(v) + 850
			c, mass = c.Add(d.Scale(m)), mass+m
		}
	}
	return c.Scale(1 / mass).Norm()
}

func TestWeights(t *testing.T) {
	opt := options(writeScan(t, 1.25))
	opt.Implants = []float64{1}
	opt.Labels[1].Judgement = patches.Nodule // to centre on it
	opt.Labels = opt.Labels[1:2]
	opt.OnLesion = 1
	g, err := patches.New(opt)
	require.NoError(t, err)
	p := g.Patch(0)
	tg := p.Targets[0]
	weight := func() uint8 { return p.Weight[(int(tg.Z+.5)*64+int(tg.Y+.5))*64+int(tg.X+.5)] }
	require.Equal(t, uint8(1), weight())

	// The same place as an untrusted probable nodule: no target, no weight.
	opt.Labels = append(opt.Labels, opt.Labels[0])
	opt.Labels[0].Judgement = patches.Probable
	opt.Labels[1].CenterLPSMM[0] += .01 // keeps a spot to centre on
	opt.Labels[1].Judgement = patches.Hard
	opt.OnLesion, opt.OnHard = -1, 1
	g, err = patches.New(opt)
	require.NoError(t, err)
	for i := range uint64(5) {
		p = g.Patch(i)
		require.Empty(t, p.Targets)
	}
	zeros := bytes.Count(p.Weight, []byte{0})
	require.Greater(t, zeros, 500, "the ball of the ignored place and the wall")
}

func TestLoadLabels(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, []byte(text), 0o600))
		return p
	}
	truth := write("truth.csv", "case,seriesuid,coordX,coordY,coordZ,diameter_mm,kind\nA,1.2,1,2,3,9,subsolid; two readers\n")
	audit := write("audit.csv", "case,coordX,coordY,coordZ,diameter_mm,judgement\nA,4,5,6,7,probable nodule\nB,4,5,6,7,ignore (tumour)\n")
	cases := write("cases.csv", "case,seriesuid\nB,1.3\n")
	got, err := patches.LoadLabels(audit, truth, cases)
	require.NoError(t, err)
	require.Equal(t, []patches.Label{
		{SeriesUID: "1.2", CenterLPSMM: volume.Vec3{4, 5, 6}, DiameterMM: 7, Judgement: patches.Probable},
		{SeriesUID: "1.3", CenterLPSMM: volume.Vec3{4, 5, 6}, DiameterMM: 7, Judgement: patches.Ignore},
		{SeriesUID: "1.2", CenterLPSMM: volume.Vec3{1, 2, 3}, DiameterMM: 9, Kind: nodule.PartSolid},
	}, got)

	for name, text := range map[string]string{
		"a case of no series":      "case,coordX,coordY,coordZ,diameter_mm\nZ,1,2,3,4\n",
		"a word that is no number": "seriesuid,coordX,coordY,coordZ,diameter_mm\n1,x,2,3,4\n",
		"no diameter":              "seriesuid,coordX,coordY,coordZ,diameter_mm\n1,1,2,3,0\n",
		"an unknown judgement":     "seriesuid,coordX,coordY,coordZ,diameter_mm,judgement\n1,1,2,3,4,maybe\n",
	} {
		_, err := patches.LoadLabels(write("bad.csv", text))
		require.Error(t, err, name)
	}
}

func TestSelectionAndBadInput(t *testing.T) {
	dir := writeScan(t, 1.25)
	opt := options(dir)
	opt.Exclude = []string{scanUID}
	_, err := patches.New(opt)
	require.ErrorContains(t, err, "no prepared scan")
	opt.Exclude, opt.Include = nil, []string{"9.9"}
	_, err = patches.New(opt)
	require.Error(t, err)
	opt.Include = []string{scanUID}
	_, err = patches.New(opt)
	require.NoError(t, err)

	require.NoError(t, os.Truncate(filepath.Join(dir, scanUID+".roi.u8"), 10))
	_, err = patches.New(opt)
	require.ErrorContains(t, err, "does not match")
}

func TestStreamStopsWithItsContext(t *testing.T) {
	opt := options(writeScan(t, 1.25))
	opt.Size, opt.Workers = 16, 2
	ctx, cancel := context.WithCancel(context.Background())
	err := patches.Generate(ctx, writerFunc(func(b []byte) (int, error) { cancel(); return len(b), nil }), opt)
	require.ErrorIs(t, err, context.Canceled)
	err = patches.Generate(context.Background(), writerFunc(func([]byte) (int, error) { return 0, os.ErrClosed }), opt)
	require.ErrorIs(t, err, os.ErrClosed)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func BenchmarkPatch(b *testing.B) {
	g, err := patches.New(options(writeScan(b, 2.5)))
	require.NoError(b, err)
	for i := uint64(0); b.Loop(); i++ {
		g.Patch(i)
	}
}
