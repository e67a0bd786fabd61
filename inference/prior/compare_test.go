package prior_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/lung"
	"nafas/inference/phantom"
	"nafas/inference/prior"
	"nafas/inference/volume"
)

var (
	onePair sync.Once
	thePair *pair
)

// aPair is one simulated pair that several tests share; nobody changes it.
func aPair(t *testing.T) *pair {
	t.Helper()
	onePair.Do(func() {
		thePair = simulate(t, setting{seed: 94101, sliceMM: 1.25, noise: 20, kernel: phantom.Soft, days: 180, nodules: 32})
	})
	require.NotNil(t, thePair, "another test could not make the pair")
	return thePair
}

func TestTheSameWhateverRunsBeside(t *testing.T) {
	p := aPair(t)
	var all []*prior.Comparison
	for _, cores := range []int{1, 4} {
		before := runtime.GOMAXPROCS(cores)
		c, err := prior.Compare(t.Context(), p.current, p.earlier, p.days)
		runtime.GOMAXPROCS(before)
		require.NoError(t, err)
		all = append(all, c)
	}
	require.Equal(t, all[0], all[1])
	require.Len(t, all[0].Current, len(p.current.Findings))
	require.Len(t, all[0].Earlier, len(p.earlier.Findings))
	require.Greater(t, all[0].LungOverlap, .95)
	for i, x := range all[0].Current {
		if x.Earlier >= 0 {
			require.Equal(t, i, all[0].Earlier[x.Earlier].Current, "partners name each other")
		}
	}
}

func TestNoInterval(t *testing.T) {
	_, err := prior.Compare(t.Context(), prior.Exam{}, prior.Exam{}, 0)
	require.ErrorContains(t, err, "0 days")
}

func TestCancelled(t *testing.T) {
	p := aPair(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := prior.Compare(ctx, p.current, p.earlier, p.days)
	require.ErrorIs(t, err, context.Canceled)
}

// Lungs of others are refused, though their masks overlap well.
func TestOtherLungs(t *testing.T) {
	p := aPair(t)
	other, err := phantom.Generate(t.Context(), phantom.Spec{Seed: 94102, SpacingMM: [3]float64{0, 0, 2.5}})
	require.NoError(t, err)
	mirrored := *p.earlier.Volume
	mirrored.Axes[0] = mirrored.Axes[0].Scale(-1)
	mirrored.OriginLPSMM[0] *= -1
	for name, v := range map[string]*volume.Volume{"another patient": other.Volume, "the mirror image": &mirrored} {
		t.Run(name, func(t *testing.T) {
			field, err := lung.Find(t.Context(), v)
			require.NoError(t, err)
			earlier := p.earlier
			earlier.Volume, earlier.Field = v, field
			c, err := prior.Compare(t.Context(), p.current, earlier, p.days)
			require.NoError(t, err)
			require.Equal(t, prior.LungsDiffer, c.Refused, "overlap %.3f", c.LungOverlap)
			for _, x := range c.Current {
				require.Equal(t, prior.Unpaired, x.State)
				require.Equal(t, -1, x.Earlier)
			}
			for _, x := range c.Earlier {
				require.Equal(t, prior.Unpaired, x.State)
			}
		})
	}
}

// A lung of which the earlier scan shows a part is still laid over it; what it does
// not show is neither new nor paired.
func TestAPartOfTheLung(t *testing.T) {
	p := aPair(t)
	for name, part := range map[string][2]float64{"without the bases": {.35, 1}, "without the apices": {0, .7}} {
		t.Run(name, func(t *testing.T) {
			v := *p.earlier.Volume
			first, last := int(part[0]*float64(v.Size[2])), int(part[1]*float64(v.Size[2]))
			plane := v.Size[0] * v.Size[1]
			v.OriginLPSMM = v.ToLPS(volume.Vec3{0, 0, float64(first)})
			v.HU, v.Size[2] = v.HU[first*plane:last*plane], last-first
			field, err := lung.Find(t.Context(), &v)
			require.NoError(t, err)
			cut := prior.Exam{Volume: &v, Field: field, SliceThicknessMM: p.sliceMM, Sharpness: p.earlier.Sharpness}
			c, err := prior.Compare(t.Context(), p.current, cut, p.days)
			require.NoError(t, err)
			require.Empty(t, c.Refused)
			out := 0
			for i, f := range p.current.Findings {
				want := p.toEarlier(f.CenterLPSMM)
				require.Less(t, c.Current[i].EarlierCenterLPSMM.Sub(want).Norm(), 4.)
				if q := v.ToIndex(want); q[2] < 0 || q[2] > float64(v.Size[2]-1) {
					out++
					require.Equal(t, prior.Unpaired, c.Current[i].State)
				}
			}
			require.Positive(t, out)
		})
	}
}

func TestNotComparable(t *testing.T) {
	p := aPair(t)
	errors := map[int]float64{}
	for _, c := range []struct {
		name   string
		change func(current, earlier *prior.Exam)
		days   int
		want   []prior.Reason
	}{
		{name: "alike", change: func(_, _ *prior.Exam) {}, days: 180},
		{name: "a kernel nobody knows", change: func(now, _ *prior.Exam) { now.Sharpness = prior.SharpnessUnknown }, days: 180, want: []prior.Reason{prior.KernelUnknown}},
		{name: "a sharper kernel", change: func(_, then *prior.Exam) { then.Sharpness = prior.SharpnessLung }, days: 180, want: []prior.Reason{prior.KernelDiffers}},
		{name: "slices that average more than their distance", change: func(_, then *prior.Exam) { then.SliceThicknessMM = 2 }, days: 180, want: []prior.Reason{prior.ThicknessDiffers}},
		{name: "thick slices in both", change: func(now, then *prior.Exam) { now.SliceThicknessMM, then.SliceThicknessMM = 3, 3 }, days: 180, want: []prior.Reason{prior.ThicknessTooLarge}},
		{name: "half a millimetre more", change: func(_, then *prior.Exam) { then.SliceThicknessMM = 1.75 }, days: 180},
		{name: "six days", change: func(_, _ *prior.Exam) {}, days: 6, want: []prior.Reason{prior.ShortInterval}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The same scan twice: each finding is its own partner.
			now, then := p.current, p.current
			now.Findings, then.Findings = slices.Clone(now.Findings[:3]), slices.Clone(now.Findings[:3])
			c.change(&now, &then)
			got, err := prior.Compare(t.Context(), now, then, c.days)
			require.NoError(t, err)
			require.Equal(t, c.want, got.NotComparable)
			for i, x := range got.Current {
				require.Equal(t, prior.Paired, x.State)
				require.Equal(t, i, x.Earlier)
				if !now.Findings[i].Measured.Reliable() {
					require.Contains(t, x.NoGrowth, prior.NotMeasured)
					continue
				}
				require.Equal(t, len(c.want) > 0, x.Growth == nil)
				require.Positive(t, x.DiameterErrorMM, "diameters are compared all the same")
				switch {
				case c.want == nil:
					errors[i] = x.DiameterErrorMM
				case slices.Contains(c.want, prior.ThicknessTooLarge):
					require.InDelta(t, 3*errors[i], x.DiameterErrorMM, .16, "in slices that were not tried they err by more")
				}
				require.Zero(t, x.DiameterChangeMM)
			}
		})
	}
}
