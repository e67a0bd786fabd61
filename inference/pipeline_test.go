package inference_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference"
	"nafas/inference/detect"
	"nafas/inference/finding"
	"nafas/inference/lung"
	"nafas/inference/onnx"
	"nafas/inference/volume"
	"nafas/internal/ortlib/ortlibtest"
	"nafas/models"
	"nafas/models/manifest"
)

var (
	supine = [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	// Every axis runs the other way.
	turned = [3]volume.Vec3{{-1, 0, 0}, {0, -1, 0}, {0, 0, -1}}
	// Two in the left lung, one of them at the pleura, and one in the right;
	// one of 10 mm in the spine, which is no lung.
	bright = []spot{
		{volume.Vec3{80, 5, 180}, 10, 375},
		{volume.Vec3{-60, -30, 230}, 10, 358},
		{volume.Vec3{118, -10, 205}, 12, 345},
		{volume.Vec3{5, 60, 200}, 10, 375},
	}
)

// brightspots is the model of testdata, on the real library.
func brightspots(t testing.TB, threads int) (*manifest.Model, *onnx.Session) {
	t.Helper()
	m, err := models.Open("testdata/brightspots")
	require.NoError(t, err)
	rt, err := onnx.Open(ortlibtest.Path(t))
	require.NoError(t, err)
	network, err := m.ONNX()
	require.NoError(t, err)
	s, err := rt.NewSession(network, onnx.Options{Threads: threads})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return m, s
}

func pipeline(t testing.TB, m *manifest.Model, r detect.Runner) *inference.Pipeline {
	t.Helper()
	p, err := inference.New(inference.Config{Model: m, Networks: detect.Networks{First: r}})
	require.NoError(t, err)
	return p
}

func TestVerifyAgainstTheNetworkAsTrained(t *testing.T) {
	m, s := brightspots(t, 1)
	p := pipeline(t, m, s)
	worst, err := p.Verify(context.Background())
	require.NoError(t, err)
	t.Logf("largest difference to PyTorch: %.2g", worst)
}

func TestRunFindsSpotsInEveryOrientation(t *testing.T) {
	m, s := brightspots(t, 2)
	p := pipeline(t, m, s)
	var first *inference.Outcome
	for name, axes := range map[string][3]volume.Vec3{"supine": supine, "turned": turned} {
		out, err := p.Run(context.Background(), chest(axes, bright), nil)
		require.NoError(t, err, name)
		require.Len(t, out.Findings, 3, name)
		for i, f := range out.Findings {
			require.Equal(t, i+1, f.Rank)
			require.Less(t, f.CenterLPSMM.Sub(bright[i].at).Norm(), bright[i].diameterMM/2, "%s: finding %d", name, i)
			require.InDelta(t, 8, f.MeanDiameterMM, 0.5)
			require.True(t, f.Flagged)
		}
		require.Equal(t, []finding.Side{finding.SideLeft, finding.SideRight, finding.SideLeft},
			[]finding.Side{out.Findings[0].Side, out.Findings[1].Side, out.Findings[2].Side}, name)
		require.Empty(t, out.Warnings)
		require.InDelta(t, 2*4.0/3*3.14159*52*65*90/1000, out.LungVolumeML, 150)
		if first == nil {
			first = out
		}
		require.InDelta(t, first.LungVolumeML, out.LungVolumeML, 30)
	}
}

func TestRunIsTheSameOnAnyNumberOfThreads(t *testing.T) {
	v := chest(supine, bright)
	var first *inference.Outcome
	for _, threads := range []int{1, 2, 4} {
		m, s := brightspots(t, threads)
		out, err := pipeline(t, m, s).Run(context.Background(), v, nil)
		require.NoError(t, err)
		if first == nil {
			first = out
		}
		require.Equal(t, first.Findings, out.Findings, "%d threads", threads)
		require.Equal(t, first.Candidates, out.Candidates, "%d threads", threads)
	}
}

// What is found is measured in the series' own grid: a ball of 10 mm in each
// lung, whose volume is that of the ball and whose side is the patient's.
func TestRunMeasuresFindings(t *testing.T) {
	m, s := brightspots(t, 2)
	p := pipeline(t, m, s)
	want := 4. / 3 * math.Pi * 5 * 5 * 5
	for name, axes := range map[string][3]volume.Vec3{"supine": supine, "turned": turned} {
		g := volume.Grid{Size: [3]int{300, 200, 150}, SpacingMM: [3]float64{1, 1, 1.25}, Axes: axes}
		out, err := p.Run(context.Background(), scanned(g, bright[:2]), nil)
		require.NoError(t, err, name)
		require.Len(t, out.Findings, 2, name)
		for i, f := range out.Findings {
			require.True(t, f.Measured.Reliable(), "%s: %s", name, f.Measured.Doubt)
			require.InEpsilon(t, want, f.Measured.VolumeMM3, .15, name)
			require.InDelta(t, 10, f.Measured.MeanDiameterMM, .5, name)
			require.Less(t, f.Measured.CenterLPSMM.Sub(bright[i].at).Norm(), .5, name)
			require.Equal(t, []finding.Side{finding.SideLeft, finding.SideRight}[i], f.Side, name)
			require.InDelta(t, 8, f.MeanDiameterMM, .5, "the detector's size stays what it is")
			require.Equal(t, f.Side, f.Place.Side, "one finding has one side")
			require.Positive(t, f.Place.PleuraMM, name)
			inside := f.VoxelIndex
			require.True(t, f.Measured.Mask.At(int(math.Round(inside[0])), int(math.Round(inside[1])), int(math.Round(inside[2]))), name)
		}
	}
}

// The cores that measure change nothing, and whoever cancels waits for no more
// than the findings that are being measured.
func TestMeasuringOnAnyNumberOfCores(t *testing.T) {
	m, s := brightspots(t, 2)
	p := pipeline(t, m, s)
	v := chest(supine, bright)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []inference.Finding
	for _, cores := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(cores)
		out, err := p.Run(context.Background(), v, nil)
		require.NoError(t, err)
		if first == nil {
			first = out.Findings
		}
		require.Equal(t, first, out.Findings)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err := p.Run(ctx, v, func(p inference.Progress) {
		if p.Stage == inference.StageMeasure {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
}

func TestRunTellsWhatItDoes(t *testing.T) {
	m, s := brightspots(t, 2)
	var stages []string
	steps := 0
	out, err := pipeline(t, m, s).Run(context.Background(), chest(supine, nil), func(p inference.Progress) {
		if p.Total == 0 {
			stages = append(stages, p.Stage)
			return
		}
		require.Equal(t, inference.StageONNX, p.Stage)
		steps++
		require.Equal(t, steps, p.Done)
	})
	require.NoError(t, err)
	want := []string{"lung", "prepare", "onnx", "postprocess", "refine", "measure", "place"}
	require.Equal(t, want, stages)
	require.Positive(t, steps)
	require.Len(t, out.Timings, len(want))
	for i, s := range out.Timings {
		require.Equal(t, want[i], s.Stage)
	}
	require.NotNil(t, out.Findings, "no finding is an empty list")
	require.Empty(t, out.Findings)
}

func TestRunRefusesAndStops(t *testing.T) {
	m, s := brightspots(t, 1)
	p := pipeline(t, m, s)
	v := chest(supine, nil)
	for o := range v.HU {
		v.HU[o] = max(v.HU[o], 40)
	}
	_, err := p.Run(context.Background(), v, nil)
	require.ErrorIs(t, err, lung.ErrNotHounsfield)

	ctx, cancel := context.WithCancel(context.Background())
	_, err = p.Run(ctx, chest(supine, bright), func(p inference.Progress) {
		if p.Stage == inference.StageONNX {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
}

func TestRunWarnsOfLittleLung(t *testing.T) {
	m, s := brightspots(t, 2)
	v := chest(supine, nil)
	for o := range v.HU {
		p := v.ToLPS(volume.Vec3{float64(o % 160), float64(o / 160 % 120), float64(o / 19200)})
		if p[0] < 5 && v.HU[o] < -500 && v.HU[o] > -990 {
			v.HU[o] = 30 // the right lung is gone
		}
		if p[2] < 190 && v.HU[o] < -500 && v.HU[o] > -990 {
			v.HU[o] = 30
		}
	}
	out, err := pipeline(t, m, s).Run(context.Background(), v, nil)
	require.NoError(t, err)
	var codes []string
	for _, w := range out.Warnings {
		codes = append(codes, w.Code)
	}
	require.Equal(t, []string{inference.WarnLowLungVolume, inference.WarnOneLung}, codes)
}

func TestRank(t *testing.T) {
	points := manifest.Points{Quarter: 0.9, One: 0.7, Four: 0.3}
	list := func(scores ...float64) (out []finding.Candidate) {
		for i, s := range scores {
			out = append(out, finding.Candidate{Score: s, DiameterMM: 6.26, CenterLPSMM: volume.Vec3{float64(i)}})
		}
		return out
	}
	got := inference.Rank(list(0.95, 0.7, 0.6999, 0.3, 0.2999), points)
	require.Len(t, got, 4, "at the four-false-marks point is in, below is out")
	require.Equal(t, []bool{true, true, false, false}, []bool{got[0].Flagged, got[1].Flagged, got[2].Flagged, got[3].Flagged})
	require.Equal(t, 6.3, got[0].MeanDiameterMM)
	require.Equal(t, 4, got[3].Rank)

	many := make([]float64, 30)
	for i := range many {
		many[i] = 0.8
	}
	got = inference.Rank(list(many...), points)
	require.Len(t, got, inference.MostFindings)
	require.Equal(t, volume.Vec3{19}, got[19].CenterLPSMM, "ties keep the candidates' order")
	require.Equal(t, []finding.Finding{}, inference.Rank(nil, points))
}

func TestNewNeedsModelAndRunner(t *testing.T) {
	m, err := models.Open("testdata/brightspots")
	require.NoError(t, err)
	_, err = inference.New(inference.Config{Model: m})
	require.Error(t, err)
	_, err = inference.New(inference.Config{})
	require.Error(t, err)
}

func BenchmarkRun(b *testing.B) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			m, s := brightspots(b, threads)
			p := pipeline(b, m, s)
			v := chest(supine, bright)
			for b.Loop() {
				if _, err := p.Run(context.Background(), v, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
