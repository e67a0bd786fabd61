package detect_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/detect"
	"nafas/inference/finding"
	"nafas/inference/volume"
	"nafas/models/manifest"
)

// again is a second network without learning: its logit, in channel 1, is 20
// times the value in the crop's middle.
type again struct {
	batches []int64
	crops   [][]float32
	spoil   func(out map[string]detect.Tensor)
	onRun   func()
}

func (a *again) Close() error { return nil }

func (a *again) Run(_ context.Context, in map[string]detect.Tensor) (map[string]detect.Tensor, error) {
	if a.onRun != nil {
		a.onRun()
	}
	crops := in["crop"]
	n, size := crops.Shape[0], crops.Shape[2:]
	a.batches = append(a.batches, n)
	voxels := int(size[0] * size[1] * size[2])
	out := detect.Tensor{Shape: []int64{n, 2}}
	for i := range int(n) {
		c := crops.Data[i*voxels : (i+1)*voxels]
		a.crops = append(a.crops, append([]float32{}, c...))
		middle := c[((size[0]/2)*size[1]+size[1]/2)*size[2]+size[2]/2]
		out.Data = append(out.Data, -99, 20*middle)
	}
	reply := map[string]detect.Tensor{"out": out}
	if a.spoil != nil {
		a.spoil(reply)
	}
	return reply, nil
}

// twoStages is the example's manifest with a second network.
func twoStages(t testing.TB) *manifest.Model {
	m := example(t)
	m.Second = &manifest.Second{
		Input: "crop", Size: [3]int{12, 10, 8}, Most: 4, Batch: 3,
		Output: "out", Logit: 1,
		FirstWeight: 0, SecondWeight: 1,
	}
	return m
}

func refine(t testing.TB, m *manifest.Model, a *again, p *detect.Prepared, found []finding.Candidate) []finding.Candidate {
	t.Helper()
	d, err := detect.New(m, detect.Networks{First: &blocks{}, Second: a})
	require.NoError(t, err)
	got, err := d.Refine(context.Background(), p, found)
	require.NoError(t, err)
	return got
}

// candidates are at the voxels of p, their scores falling from .9.
func candidates(p *detect.Prepared, voxels ...[3]int) []finding.Candidate {
	var list []finding.Candidate
	for i, v := range voxels {
		list = append(list, finding.Candidate{
			CenterLPSMM: p.Grid.ToLPS(volume.Vec3{float64(v[0]), float64(v[1]), float64(v[2])}),
			DiameterMM:  9, Score: .9 - .1*float64(i),
		})
	}
	return list
}

// speckle is a scan whose voxels all differ a little, so that a crop shows
// where it was cut.
func speckle(size [3]int) *detect.Prepared {
	p := scan(size, lps, nil)
	for o := range p.HU {
		p.HU[o] = int16(o%1500) - 1000
	}
	return p
}

func TestRefineSeesTheVoxelsAroundEachCandidate(t *testing.T) {
	m := twoStages(t)
	p := speckle([3]int{30, 28, 26})
	at := [][3]int{{15, 14, 13}, {0, 0, 0}, {29, 27, 25}, {3, 20, 1}}
	a := &again{}
	refine(t, m, a, p, candidates(p, at...))
	require.Equal(t, []int64{3, 1}, a.batches)
	for i, c := range at {
		for z := range 8 {
			for y := range 10 {
				for x := range 12 {
					v := [3]int{c[0] + x - 6, c[1] + y - 5, c[2] + z - 4}
					want := m.Input.Padding
					if min(v[0], v[1], v[2]) >= 0 && v[0] < 30 && v[1] < 28 && v[2] < 26 {
						want = m.Input.Value(float64(p.HU[p.Grid.Index(v[0], v[1], v[2])]))
					}
					require.InDelta(t, want, a.crops[i][(z*10+y)*12+x], 1e-6, "crop %d at %v", i, v)
				}
			}
		}
	}
}

func TestRefineFusesAndSorts(t *testing.T) {
	m := twoStages(t)
	m.Second.FirstWeight, m.Second.SecondWeight, m.Second.Bias = .5, .25, -1
	p := speckle([3]int{40, 40, 40})
	// The better place comes second from the first network.
	p.HU[p.Grid.Index(8, 8, 8)], p.HU[p.Grid.Index(30, 30, 30)] = -400, 300
	found := candidates(p, [3]int{8, 8, 8}, [3]int{30, 30, 30})
	got := refine(t, m, &again{}, p, found)
	require.Len(t, got, 2)
	for i, want := range []struct {
		before finding.Candidate
		hu     float64
	}{{found[1], 300}, {found[0], -400}} {
		logit := .5*math.Log(want.before.Score/(1-want.before.Score)) + .25*20*m.Input.Value(want.hu) - 1
		require.InDelta(t, 1/(1+math.Exp(-logit)), got[i].Score, 1e-4)
		require.Equal(t, want.before.CenterLPSMM, got[i].CenterLPSMM)
		require.InDelta(t, want.before.DiameterMM, got[i].DiameterMM, 0)
	}
	require.InDelta(t, .9, found[0].Score, 0, "the caller's list is not written to")
}

func TestRefineDropsWhatItDoesNotLookAt(t *testing.T) {
	p := speckle([3]int{60, 30, 20})
	found := candidates(p, [3]int{5, 15, 10}, [3]int{15, 15, 10}, [3]int{25, 15, 10}, [3]int{35, 15, 10}, [3]int{45, 15, 10})
	got := refine(t, twoStages(t), &again{}, p, found)
	require.Len(t, got, 4)
	for _, c := range got {
		require.NotEqual(t, found[4].CenterLPSMM, c.CenterLPSMM)
	}
}

func TestRefineRefusesOutputThatIsNotTheManifests(t *testing.T) {
	p := speckle([3]int{40, 40, 40})
	for name, spoil := range map[string]func(map[string]detect.Tensor){
		"another name": func(out map[string]detect.Tensor) { out["other"] = out["out"]; delete(out, "out") },
		"too few channels": func(out map[string]detect.Tensor) {
			out["out"] = detect.Tensor{Shape: []int64{1, 1}, Data: make([]float32, 1)}
		},
		"another batch": func(out map[string]detect.Tensor) {
			out["out"] = detect.Tensor{Shape: []int64{2, 2}, Data: make([]float32, 4)}
		},
		"not a number": func(out map[string]detect.Tensor) { out["out"].Data[0] = float32(math.NaN()) },
	} {
		d, err := detect.New(twoStages(t), detect.Networks{First: &blocks{}, Second: &again{spoil: spoil}})
		require.NoError(t, err)
		_, err = d.Refine(context.Background(), p, candidates(p, [3]int{20, 20, 20}))
		require.ErrorIs(t, err, detect.ErrOutput, name)
	}
}

func TestRefineStopsBetweenBatches(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p := speckle([3]int{60, 30, 20})
	a := &again{onRun: cancel}
	d, err := detect.New(twoStages(t), detect.Networks{First: &blocks{}, Second: a})
	require.NoError(t, err)
	_, err = d.Refine(ctx, p, candidates(p, [3]int{5, 15, 10}, [3]int{15, 15, 10}, [3]int{25, 15, 10}, [3]int{35, 15, 10}))
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, a.batches, 1)
}

func TestNetworksAreThoseOfTheManifest(t *testing.T) {
	for name, c := range map[string]struct {
		m *manifest.Model
		n detect.Networks
	}{
		"no network":               {example(t), detect.Networks{}},
		"a second too many":        {example(t), detect.Networks{First: &blocks{}, Second: &again{}}},
		"the second is missing":    {twoStages(t), detect.Networks{First: &blocks{}}},
		"the second without first": {twoStages(t), detect.Networks{Second: &again{}}},
	} {
		_, err := detect.New(c.m, c.n)
		require.Error(t, err, name)
		_, err = detect.Verify(context.Background(), c.m, c.n)
		require.Error(t, err, name)
	}
}
