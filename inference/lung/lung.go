// Package lung finds the lung field of a chest CT by intensity and morphology:
// where candidates are allowed, which side a place is on, and how much lung
// there is.
//
// It works in patient space on a grid of 2 mm, so that neither the order nor
// the direction of the slices, nor how the patient lay, makes a difference.
package lung

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nafas/inference/finding"
	"nafas/inference/volume"
)

const (
	gridMM      = 2.0
	sideReachMM = 20.0 // SideAt: how far outside the mask a place still has a side

	softLeastHU, softMostHU = -250, 400 // soft tissue, fat to contrast medium

	pieceLeastML = 10.0  // smaller pieces of enclosed air are no lung
	lungLeastML  = 150.0 // less in all is no lung
	// LowVolumeML is the volume below which a result carries a warning: the
	// scan may be cut, of a child, or of a collapsed lung.
	LowVolumeML = 1000.0
)

// ErrNoLung and ErrNotHounsfield are the kinds of Error.
var (
	ErrNoLung        = errors.New("no lung found")
	ErrNotHounsfield = errors.New("values are not Hounsfield units")
)

// Error says why a volume has no lung field. Its kind is ErrNoLung or
// ErrNotHounsfield (errors.Is).
type Error struct {
	Kind  error
	Found string // with the numbers
}

func (e *Error) Error() string { return e.Kind.Error() + ": " + e.Found }

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

// Field is the lung field of one scan.
type Field struct {
	// Grid is the working grid: 2 mm, axes along LPS.
	Grid volume.Grid
	// Mask is the lung, closed by 10 mm (and over masses at the chest wall),
	// without trachea and main bronchi:
	// 0 none, 1 left, 2 right (patient sides), 3 lung of undetermined side.
	Mask []uint8
	// ROI is 1 where candidates are allowed: Mask dilated by 3 mm.
	ROI []uint8
	// VolumeML is the volume of air-filled lung (below -500 HU) before the
	// closing, LeftML and RightML its parts.
	VolumeML, LeftML, RightML float64

	// seen is what of Grid was scanned.
	seen bitmask
	// extent is the height of each lung, by its label.
	extent [maskUndetermined + 1]extent
	// fissures are those found in each lung, by its label.
	fissures [maskUndetermined + 1]fissures
}

// Find returns the lung field of v. It fails with *Error where v holds no lung
// or no Hounsfield units, and with ctx's error.
func Find(ctx context.Context, v *volume.Volume) (*Field, error) {
	grid := workingGrid(v.Grid)
	w := &working{box: grid.Size, hu: v.Resample(grid, outOfVolume).HU}
	w.fieldOfView()
	w.air = w.below(airHU)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	body := w.body()
	if err := w.plausible(body); err != nil {
		return nil, err
	}
	inside, outside := w.inside(body)
	airway := w.airway(inside, body)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	air, err := w.lungAir(inside, outside, airway)
	if err != nil {
		return nil, err
	}
	mid, _ := middle(body)
	f := &Field{Grid: grid, seen: w.seen}
	f.measure(sides(air, mid))
	if f.VolumeML < lungLeastML {
		return nil, &Error{ErrNoLung, fmt.Sprintf("%.0f ml of lung-like air inside the body", f.VolumeML)}
	}
	f.closeSides(airway, outside, mid)
	for _, label := range []uint8{maskLeft, maskRight} {
		f.extent[label] = extentOf(w.box, f.Mask, w.seen, label)
	}
	return f, ctx.Err()
}

// workingGrid covers g with voxels of gridMM along LPS.
func workingGrid(g volume.Grid) volume.Grid {
	lo, hi := g.Bounds()
	w := volume.Grid{Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, SpacingMM: [3]float64{gridMM, gridMM, gridMM}}
	for n := range 3 {
		w.Size[n] = max(1, int(math.Floor((hi[n]-lo[n])/gridMM+1e-6))+1)
		slack := (hi[n] - lo[n]) - float64(w.Size[n]-1)*gridMM
		w.OriginLPSMM[n] = lo[n] + slack/2
	}
	return w
}

// plausible refuses what cannot be Hounsfield units: a scan has air below
// -500 HU, and most of the body is soft tissue.
func (w *working) plausible(body bitmask) error {
	seen, air, tissue := w.seen.count(), w.air.and(w.seen).count(), body.count()
	soft := w.below(softMostHU).and(body).count() - w.below(softLeastHU).and(body).count()
	switch {
	case seen == 0 || air*100 < seen:
		return &Error{ErrNotHounsfield, fmt.Sprintf("%.1f %% of the voxels are air (below %d HU)", percent(air, seen), airHU)}
	case tissue*100 < seen || soft*2 < tissue:
		return &Error{ErrNotHounsfield, fmt.Sprintf("%.1f %% of the voxels are body, %.1f %% of these soft tissue", percent(tissue, seen), percent(soft, tissue))}
	}
	return nil
}

func percent(part, whole int) float64 {
	return 100 * float64(part) / float64(max(whole, 1))
}

func voxelML() float64 { return gridMM * gridMM * gridMM / 1000 }

// measure sets Mask and the volumes.
func (f *Field) measure(labels []uint8) {
	f.Mask = labels
	var n [4]int
	for _, l := range labels {
		n[l]++
	}
	f.LeftML, f.RightML = float64(n[maskLeft])*voxelML(), float64(n[maskRight])*voxelML()
	f.VolumeML = f.LeftML + f.RightML + float64(n[maskUndetermined])*voxelML()
}

// SideAt names the side of a place in patient LPS mm: that of the nearest lung
// within 20 mm, unknown beyond.
func (f *Field) SideAt(lpsMM volume.Vec3) finding.Side {
	return sideOf(f.nearest(f.Grid.ToIndex(lpsMM)))
}

func sideOf(label uint8) finding.Side {
	switch label {
	case maskLeft:
		return finding.SideLeft
	case maskRight:
		return finding.SideRight
	}
	return finding.SideUnknown
}

// nearest is the label of the lung nearest to a place of the working grid, of
// that within sideReachMM.
func (f *Field) nearest(at volume.Vec3) uint8 {
	reach := sideReachMM / gridMM
	best, label := reach*reach, uint8(maskNone)
	lo, hi := f.around(at, reach)
	for k := lo[2]; k <= hi[2]; k++ {
		for j := lo[1]; j <= hi[1]; j++ {
			for i := lo[0]; i <= hi[0]; i++ {
				l := f.Mask[f.Grid.Index(i, j, k)]
				if l == maskNone {
					continue
				}
				d := volume.Vec3{float64(i), float64(j), float64(k)}.Sub(at)
				if d2 := d.Dot(d); d2 < best {
					best, label = d2, l
				}
			}
		}
	}
	return label
}

// Box returns the corners, in LPS mm, of the box around the region of interest
// grown by marginMM.
func (f *Field) Box(marginMM float64) (lo, hi volume.Vec3) {
	first, last := pack(f.Grid.Size, f.ROI).bounds()
	for n := range 3 {
		lo[n] = f.Grid.OriginLPSMM[n] + (float64(first[n])-0.5)*f.Grid.SpacingMM[n] - marginMM
		hi[n] = f.Grid.OriginLPSMM[n] + (float64(last[n])+0.5)*f.Grid.SpacingMM[n] + marginMM
	}
	return lo, hi
}

// Allows tells whether a place in patient LPS mm lies in the region of
// interest: in the lung or within 3 mm of it.
func (f *Field) Allows(lpsMM volume.Vec3) bool {
	at := f.Grid.ToIndex(lpsMM)
	var ijk [3]int
	for n := range 3 {
		ijk[n] = int(math.Round(at[n]))
		if ijk[n] < 0 || ijk[n] >= f.Grid.Size[n] {
			return false
		}
	}
	return f.ROI[f.Grid.Index(ijk[0], ijk[1], ijk[2])] != 0
}
