package patches

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nafas/inference/phantom/nodule"
	"nafas/inference/phantom/noise"
	"nafas/inference/volume"
)

// scan is one prepared series: isotropic, axes along LPS, HU and the region
// in which candidates are allowed, as `nafas model prepare` writes them.
type scan struct {
	uid         string
	grid        volume.Grid
	thicknessMM float64
	hu          []int16
	roi         []uint8
	noiseHU     float64
	lesions     []lesion
	phantom     bool
}

// lesion is a label in voxels of its scan.
type lesion struct {
	at        volume.Vec3
	diameter  float64 // voxels
	judgement Judgement
	kind      nodule.Kind
}

type scanMeta struct {
	SeriesInstanceUID string     `json:"seriesInstanceUid"`
	Size              [3]int     `json:"size"`
	SpacingMM         [3]float64 `json:"spacingMm"`
	OriginLPSMM       [3]float64 `json:"originLpsMm"`
	SliceThicknessMM  float64    `json:"sliceThicknessMm"`
}

// listScans returns the UIDs prepared in a folder, sorted.
func listScans(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.hu.i16"))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range names {
		out = append(out, strings.TrimSuffix(filepath.Base(n), ".hu.i16"))
	}
	slices.Sort(out)
	return out, nil
}

func loadScan(dir, uid string) (*scan, error) {
	text, err := os.ReadFile(filepath.Join(dir, uid+".json"))
	if err != nil {
		return nil, err
	}
	var m scanMeta
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("patches: %s.json: %w", uid, err)
	}
	if m.SpacingMM[0] <= 0 || m.SpacingMM[0] != m.SpacingMM[1] || m.SpacingMM[0] != m.SpacingMM[2] {
		return nil, fmt.Errorf("patches: %s: spacing %v is not isotropic", uid, m.SpacingMM)
	}
	s := &scan{uid: uid, thicknessMM: m.SliceThicknessMM, grid: volume.Grid{
		Size: m.Size, SpacingMM: m.SpacingMM, OriginLPSMM: m.OriginLPSMM,
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}}
	raw, err := os.ReadFile(filepath.Join(dir, uid+".hu.i16"))
	if err != nil {
		return nil, err
	}
	if s.roi, err = os.ReadFile(filepath.Join(dir, uid+".roi.u8")); err != nil {
		return nil, err
	}
	n := s.grid.Len()
	if min(m.Size[0], m.Size[1], m.Size[2]) <= 0 || len(raw) != 2*n || len(s.roi) != n {
		return nil, fmt.Errorf("patches: %s: size %v does not match %d HU bytes and %d ROI bytes", uid, m.Size, len(raw), len(s.roi))
	}
	s.hu = make([]int16, n)
	for i := range s.hu {
		s.hu[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	s.noiseHU = noise.Strength(s.hu, m.Size[0])
	if !slices.Contains(s.roi, 1) {
		return nil, fmt.Errorf("patches: %s: the region of interest is empty", uid)
	}
	return s, nil
}

// add puts the labels of this series in voxel terms.
func (s *scan) add(labels []Label) {
	for _, l := range labels {
		if l.SeriesUID == s.uid {
			s.lesions = append(s.lesions, lesion{
				at: s.grid.ToIndex(l.CenterLPSMM), diameter: l.DiameterMM / s.grid.SpacingMM[0],
				judgement: l.Judgement, kind: l.Kind,
			})
		}
	}
}

// nearest is the offset of the voxel nearest to a continuous index.
func (s *scan) nearest(p volume.Vec3) (int, bool) {
	i, j, k := int(math.Round(p[0])), int(math.Round(p[1])), int(math.Round(p[2]))
	if i < 0 || j < 0 || k < 0 || i >= s.grid.Size[0] || j >= s.grid.Size[1] || k >= s.grid.Size[2] {
		return 0, false
	}
	return s.grid.Index(i, j, k), true
}

// HUAt implements nodule.Surroundings.
func (s *scan) HUAt(lpsMM volume.Vec3) float64 {
	if at, ok := s.nearest(s.voxel(lpsMM)); ok {
		return float64(s.hu[at])
	}
	return padHU
}

// Allowed implements nodule.Surroundings.
func (s *scan) Allowed(lpsMM volume.Vec3) bool {
	at, ok := s.nearest(s.voxel(lpsMM))
	return ok && s.roi[at] != 0
}

// voxel is Grid.ToIndex for axes along LPS.
func (s *scan) voxel(lpsMM volume.Vec3) volume.Vec3 {
	return lpsMM.Sub(s.grid.OriginLPSMM).Scale(1 / s.grid.SpacingMM[0])
}

// randomROI draws a voxel of the region of interest, evenly.
func (s *scan) randomROI(rng *rand.Rand) volume.Vec3 {
	for {
		at := rng.IntN(len(s.roi))
		if s.roi[at] != 0 {
			nx, ny := s.grid.Size[0], s.grid.Size[1]
			return volume.Vec3{float64(at % nx), float64(at / nx % ny), float64(at / (nx * ny))}
		}
	}
}

// padHU fills what lies outside a scan: the lower end of the network's window.
const padHU = -1200
