package froc_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/froc"
	"nafas/inference/volume"
)

// peerCase is a case as testdata/luna16.py reads it.
type peerCase struct {
	name       string
	Scans      int          `json:"scans"`
	Marks      [][6]float64 `json:"marks"`
	Nodules    [][5]float64 `json:"nodules"`
	Excluded   [][5]float64 `json:"excluded"`
	Thickness  []float64    `json:"thickness"`
	Most       int          `json:"most"`
	Resamples  [][]int      `json:"resamples"`
	Thresholds []float64    `json:"thresholds"`
}

// peerPerformance and peerResult are what it writes.
type peerPerformance struct {
	CPM         froc.Number   `json:"cpm"`
	Sensitivity []froc.Number `json:"sensitivity"`
	CPMInterval froc.Bounds   `json:"cpm_interval"`
	Intervals   []froc.Bounds `json:"intervals"`
	Nodules     int           `json:"nodules"`
	Detected    int           `json:"detected"`
	FalseMarks  int           `json:"false_marks"`
	Scans       int           `json:"scans"`
}

type peerResult struct {
	With     peerPerformance            `json:"with"`
	Without  peerPerformance            `json:"without"`
	Strata   map[string]peerPerformance `json:"strata"`
	Diameter struct {
		Nodules          int
		Absolute, Signed froc.Number
	} `json:"diameter"`
	Thresholds []struct {
		Sensitivity froc.Number `json:"sensitivity"`
		PerScan     froc.Number `json:"per_scan"`
		Detected    int         `json:"detected"`
		FalseMarks  int         `json:"false_marks"`
		Interval    froc.Bounds `json:"interval"`
		PerScanIv   froc.Bounds `json:"per_scan_interval"`
	} `json:"thresholds"`
}

// python finds an interpreter with numpy: the system's, for which its package
// is made, then the first on the path.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if path, err := exec.LookPath(name); err == nil && exec.Command(path, "-c", "import numpy").Run() == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no python3 with numpy")
	}
	t.Skip("python3 with numpy is not installed")
	return ""
}

// TestAgainstIndependentImplementation compares everything that is computed
// with testdata/luna16.py, which knows the protocol and not this package.
func TestAgainstIndependentImplementation(t *testing.T) {
	interpreter := python(t)
	cases := degenerateCases()
	for seed := range uint64(40) {
		cases = append(cases, randomCase(seed))
	}
	input, err := json.Marshal(cases)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), interpreter, "-B", "testdata/luna16.py")
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &stderr
	output, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var results []peerResult
	require.NoError(t, json.Unmarshal(output, &results))
	require.Len(t, results, len(cases))
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) { comparePeer(t, c, results[i]) })
	}
}

func comparePeer(t *testing.T, c peerCase, want peerResult) {
	o := froc.Options{MostMarks: c.Most, Draw: func(scans int) froc.Resamples {
		if scans != c.Scans {
			return froc.Resamples{} // strata of scans are compared without intervals
		}
		return froc.ResamplesOf(c.Resamples, scans)
	}}
	for _, s := range c.Thresholds {
		o.Thresholds = append(o.Thresholds, froc.Threshold{Score: s})
	}
	got, err := froc.Evaluate(t.Context(), c.set(), o)
	require.NoError(t, err)
	same(t, want.With, got.Performance, true)
	if len(c.Excluded) > 0 {
		same(t, want.Without, *got.WithoutExcluded, true)
	} else {
		require.Nil(t, got.WithoutExcluded)
		same(t, want.Without, got.Performance, true)
	}
	strata := map[string]froc.Performance{}
	for _, s := range got.Strata {
		strata[s.By+" "+s.Name] = s.Performance
	}
	require.Len(t, strata, len(want.Strata))
	for name, p := range want.Strata {
		require.Contains(t, strata, name)
		same(t, p, strata[name], name[0] != 't')
	}
	require.Equal(t, want.Diameter.Nodules, got.Diameter.Nodules)
	near(t, want.Diameter.Absolute, got.Diameter.MeanAbsoluteMM)
	near(t, want.Diameter.Signed, got.Diameter.MeanMM)
	require.Len(t, got.Thresholds, len(want.Thresholds))
	for i, w := range want.Thresholds {
		g := got.Thresholds[i]
		require.Equal(t, w.Detected, g.Detected)
		require.Equal(t, w.FalseMarks, g.FalseMarks)
		near(t, w.Sensitivity, g.Sensitivity)
		near(t, w.PerScan, g.FalseMarksPerScan)
		near(t, w.Interval[:], g.Interval[:])
		near(t, w.PerScanIv[:], g.FalseMarksPerScanInterval[:])
	}
}

func same(t *testing.T, want peerPerformance, got froc.Performance, intervals bool) {
	t.Helper()
	require.Equal(t, want.Nodules, got.Nodules)
	require.Equal(t, want.Detected, got.Detected)
	require.Equal(t, want.FalseMarks, got.FalseMarks)
	require.Equal(t, want.Scans, got.Scans)
	near(t, want.CPM, got.CPM)
	for i, rate := range froc.Rates() {
		name := strconv.FormatFloat(rate, 'f', -1, 64)
		near(t, want.Sensitivity[i], got.Sensitivity[name], got.OperatingPoints[i].Sensitivity)
		if intervals {
			near(t, ends(want.Intervals[i]), ends(got.Intervals[name]))
		}
	}
	if intervals {
		near(t, ends(want.CPMInterval), ends(got.Intervals["cpm"]))
	}
}

func ends(b froc.Bounds) []froc.Number { return b[:] }

// near takes numbers or lists of them; the first is what is wanted. Four
// digits are promised; both sides compute the same sums of integers, so that
// far more agree.
func near[T froc.Number | []froc.Number](t *testing.T, want T, got ...T) {
	t.Helper()
	list := func(v any) []froc.Number {
		if n, ok := v.(froc.Number); ok {
			return []froc.Number{n}
		}
		return v.([]froc.Number)
	}
	for _, g := range got {
		for i, w := range list(want) {
			v := list(g)[i]
			if math.IsNaN(float64(w)) || math.IsNaN(float64(v)) {
				require.Equal(t, math.IsNaN(float64(w)), math.IsNaN(float64(v)), "%v and %v", w, v)
				continue
			}
			require.InDelta(t, float64(w), float64(v), 1e-9)
		}
	}
}

func (c peerCase) set() froc.Set {
	s := froc.Set{}
	uid := func(v float64) string { return fmt.Sprintf("1.2.%d", int(v)) }
	for i := range c.Scans {
		s.Scans = append(s.Scans, froc.Scan{SeriesUID: uid(float64(i)), ThicknessMM: c.Thickness[i]})
	}
	for _, m := range c.Marks {
		s.Marks = append(s.Marks, froc.Mark{SeriesUID: uid(m[0]), CenterLPSMM: volume.Vec3{m[1], m[2], m[3]}, Score: m[4], DiameterMM: m[5]})
	}
	for _, n := range c.Nodules {
		s.Nodules = append(s.Nodules, froc.Nodule{SeriesUID: uid(n[0]), CenterLPSMM: volume.Vec3{n[1], n[2], n[3]}, DiameterMM: n[4]})
	}
	for _, n := range c.Excluded {
		s.Excluded = append(s.Excluded, froc.Nodule{SeriesUID: uid(n[0]), CenterLPSMM: volume.Vec3{n[1], n[2], n[3]}, DiameterMM: n[4]})
	}
	return s
}

// randomCase has a few scans in a small space, so that marks hit, miss, share
// nodules and tie.
func randomCase(seed uint64) peerCase {
	rng := rand.New(rand.NewPCG(seed, 16))
	c := emptyCase(fmt.Sprintf("random %d", seed), 1+rng.IntN(6), rng)
	c.Most = []int{100, 100, 5}[rng.IntN(3)]
	levels := []int{3, 20, 1 << 20}[rng.IntN(3)]
	at := func() float64 { return float64(rng.IntN(9)) * 3 }
	place := func() (scan, x, y, z float64) { return float64(rng.IntN(c.Scans)), at(), at(), at() }
	for range rng.IntN(40) {
		s, x, y, z := place()
		c.Marks = append(c.Marks, [6]float64{s, x, y, z, float64(rng.IntN(levels)) / float64(levels), float64(rng.IntN(4)) * 3.5})
	}
	for range rng.IntN(8) {
		s, x, y, z := place()
		c.Nodules = append(c.Nodules, [5]float64{s, x, y, z, diameter(rng)})
	}
	for range rng.IntN(8) {
		s, x, y, z := place()
		c.Excluded = append(c.Excluded, [5]float64{s, x, y, z, diameter(rng)})
	}
	return c
}

// diameter is unknown now and then, and else such that centres lie exactly on
// the border of the sphere now and then.
func diameter(rng *rand.Rand) float64 {
	if rng.IntN(5) == 0 {
		return froc.UnknownDiameterMM
	}
	return float64(rng.IntN(8))*2.5 + 3
}

func emptyCase(name string, scans int, rng *rand.Rand) peerCase {
	c := peerCase{name: name, Scans: scans, Most: 100, Thresholds: []float64{0.25, 0.5, 0.9}, Marks: [][6]float64{}, Nodules: [][5]float64{}, Excluded: [][5]float64{}}
	for range scans {
		c.Thickness = append(c.Thickness, []float64{0, 1, 1.25, 2.5, 3}[rng.IntN(5)])
	}
	for range 40 {
		var indexes []int
		for range scans {
			indexes = append(indexes, rng.IntN(scans))
		}
		c.Resamples = append(c.Resamples, indexes)
	}
	return c
}

func degenerateCases() []peerCase {
	rng := rand.New(rand.NewPCG(1, 17))
	var cases []peerCase
	add := func(name string, scans int, fill func(c *peerCase)) {
		c := emptyCase(name, scans, rng)
		fill(&c)
		cases = append(cases, c)
	}
	nodule := [5]float64{0, 0, 0, 0, 8}
	hit, miss := [6]float64{0, 1, 0, 0, 0.9, 7}, [6]float64{0, 50, 0, 0, 0.8, 0}
	add("nothing at all", 2, func(c *peerCase) {})
	add("no nodules", 2, func(c *peerCase) { c.Marks = append(c.Marks, hit, miss) })
	add("no marks", 2, func(c *peerCase) { c.Nodules = append(c.Nodules, nodule) })
	add("no false marks", 2, func(c *peerCase) { c.Marks, c.Nodules = append(c.Marks, hit), append(c.Nodules, nodule) })
	add("only false marks", 2, func(c *peerCase) { c.Marks, c.Nodules = append(c.Marks, miss), append(c.Nodules, nodule) })
	add("one scan", 1, func(c *peerCase) { c.Marks, c.Nodules = append(c.Marks, hit, miss), append(c.Nodules, nodule) })
	add("all marks tie", 3, func(c *peerCase) {
		for i := range 30 {
			c.Marks = append(c.Marks, [6]float64{float64(i % 3), float64(i), 0, 0, 0.5, 0})
		}
		c.Nodules = append(c.Nodules, nodule, [5]float64{1, 4, 0, 0, 5}, [5]float64{2, 90, 0, 0, 5})
	})
	add("a mark on two nodules, one of them excluded from its size", 2, func(c *peerCase) {
		c.Nodules = append(c.Nodules, nodule, [5]float64{0, 2, 0, 0, 20}, [5]float64{1, 0, 0, 0, 3})
		c.Marks = append(c.Marks, hit, [6]float64{0, 1, 1, 0, 0.7, 12}, miss)
	})
	add("an excluded finding over a nodule", 2, func(c *peerCase) {
		c.Nodules, c.Excluded = append(c.Nodules, nodule), append(c.Excluded, [5]float64{0, 3, 0, 0, 30}, [5]float64{0, 3, 0, 0, 30})
		c.Marks = append(c.Marks, hit, [6]float64{0, 6, 0, 0, 0.95, 0}, miss)
	})
	add("unknown diameters", 2, func(c *peerCase) {
		c.Nodules = append(c.Nodules, [5]float64{0, 0, 0, 0, -1})
		c.Excluded = append(c.Excluded, [5]float64{1, 0, 0, 0, -1})
		for _, x := range []float64{4.999, 5, 5.001} {
			c.Marks = append(c.Marks, [6]float64{0, x, 0, 0, x / 10, 6}, [6]float64{1, x, 0, 0, x / 10, 6})
		}
	})
	for _, ties := range []int{1, 5, 101, 120} {
		add(fmt.Sprintf("120 marks in a scan in groups of %d that tie", ties), 2, func(c *peerCase) {
			for i := range 120 {
				c.Marks = append(c.Marks, [6]float64{0, float64(i) * 3, 0, 0, 1 - float64(i/ties)/200, 5})
			}
			c.Marks = append(c.Marks, [6]float64{1, 0, 0, 0, 0.2, 5})
			c.Nodules = append(c.Nodules, [5]float64{0, 297, 0, 0, 5}, [5]float64{0, 354, 0, 0, 5}, [5]float64{1, 0, 0, 0, 5})
		})
	}
	return cases
}
