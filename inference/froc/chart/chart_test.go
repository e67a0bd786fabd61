package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/froc"
	"nafas/inference/froc/chart"
	"nafas/inference/volume"
)

// curves evaluates a made-up detector that finds a nodule with the given
// chance, in 60 scans with false marks and excluded findings.
func curves(t *testing.T, chance float64) []froc.Curve {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	var s froc.Set
	for i := range 60 {
		uid := string(rune('A' + i))
		s.Scans = append(s.Scans, froc.Scan{SeriesUID: uid})
		for n := range 2 {
			at := volume.Vec3{float64(n) * 100, 0, 0}
			s.Nodules = append(s.Nodules, froc.Nodule{SeriesUID: uid, CenterLPSMM: at, DiameterMM: 8})
			if rng.Float64() < chance {
				s.Marks = append(s.Marks, froc.Mark{SeriesUID: uid, CenterLPSMM: at, Score: math.Sqrt(rng.Float64())})
			}
		}
		s.Excluded = append(s.Excluded, froc.Nodule{SeriesUID: uid, CenterLPSMM: volume.Vec3{500, 0, 0}, DiameterMM: 8})
		s.Marks = append(s.Marks, froc.Mark{SeriesUID: uid, CenterLPSMM: volume.Vec3{500, 0, 0}, Score: rng.Float64()})
		for n := range 12 {
			s.Marks = append(s.Marks, froc.Mark{SeriesUID: uid, CenterLPSMM: volume.Vec3{0, 50 * float64(n+1), 0}, Score: rng.Float64() * rng.Float64()})
		}
	}
	e, err := froc.Evaluate(t.Context(), s, froc.Options{Draw: func(n int) froc.Resamples { return froc.Draw(1, 200, n) }})
	require.NoError(t, err)
	return e.Curves
}

func TestCurvesAreWholePictures(t *testing.T) {
	for name, chance := range map[string]float64{"high": 0.95, "low": 0.3} {
		t.Run(name, func(t *testing.T) {
			svg, pixels, err := chart.Curves("Detection of nodules", curves(t, chance))
			require.NoError(t, err)
			for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
				_, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
			}
			for _, text := range []string{"False marks per scan", "Sensitivity", ">1/8<", ">8<", ">0.5<", "CPM 0."} {
				require.Contains(t, string(svg), text)
			}
			picture, err := png.Decode(bytes.NewReader(pixels))
			require.NoError(t, err)
			require.Equal(t, image.Pt(1417, 1024), picture.Bounds().Max)
			if dir := os.Getenv("NAFAS_TEST_PICTURES"); dir != "" { // for people to look at
				require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), pixels, 0o644))
				require.NoError(t, os.WriteFile(filepath.Join(dir, name+".svg"), svg, 0o644))
			}
		})
	}
}

func TestCurvesAreTheSameEachTime(t *testing.T) {
	c := curves(t, 0.8)
	svg, pixels, err := chart.Curves("a", c)
	require.NoError(t, err)
	svg2, pixels2, err := chart.Curves("a", c)
	require.NoError(t, err)
	require.Equal(t, svg, svg2)
	require.Equal(t, pixels, pixels2)
}

func TestNothingToDraw(t *testing.T) {
	e, err := froc.Evaluate(t.Context(), froc.Set{Scans: []froc.Scan{{SeriesUID: "1"}}}, froc.Options{})
	require.NoError(t, err)
	_, _, err = chart.Curves("a", e.Curves)
	require.ErrorIs(t, err, chart.ErrNothing)
}
