package dicomio

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"nafas/dicomio/refusal"
	"nafas/inference/volume"
)

// frameAxes are the directions of a stack.
type frameAxes struct{ row, col, normal volume.Vec3 }

// axesOf makes exact unit vectors at right angles of what the header rounds.
func axesOf(fr *Frame) frameAxes {
	row := fr.Row.Unit()
	col := fr.Column.Sub(row.Scale(fr.Column.Dot(row))).Unit()
	return frameAxes{row: row, col: col, normal: row.Cross(col)}
}

// sortAlong orders planes by the projection of their position on the normal:
// never by InstanceNumber, file name or SliceLocation. Ties are ordered by
// UID and frame, so that the same files give the same volume.
func sortAlong(planes []plane, normal volume.Vec3) {
	for i := range planes {
		planes[i].atMM = planes[i].fr().PositionLPSMM.Dot(normal)
	}
	slices.SortFunc(planes, func(a, b plane) int {
		return cmp.Or(cmp.Compare(a.atMM, b.atMM), cmp.Compare(a.in.SOPUID, b.in.SOPUID), cmp.Compare(a.frame, b.frame))
	})
}

// splitters are the attributes that tell interleaved stacks apart, in the
// order in which they are tried. They are only used where a stack has double
// positions or irregular distances: AcquisitionNumber, for one, counts single
// slices on some scanners.
var splitters = []func(plane) string{
	func(p plane) string { return p.fr().AcquisitionNumber },
	func(p plane) string { return p.fr().TemporalPosition },
	func(p plane) string { return p.fr().StackID },
	func(p plane) string { return p.fr().Kernel },
	func(p plane) string { return fmt.Sprintf("%.2f", p.fr().SliceThicknessMM) },
	func(p plane) string { return strings.Join(p.fr().ImageType, `\`) },
}

// split parts a cluster into stacks where one attribute explains its
// irregularity, that is where some part is clean by itself.
func split(planes []plane) [][]plane {
	normal := axesOf(planes[0].fr()).normal
	sortAlong(planes, normal)
	if clean(planes) {
		return [][]plane{planes}
	}
	for _, key := range splitters {
		parts := partition(planes, key)
		if len(parts) > 1 && slices.ContainsFunc(parts, func(p []plane) bool { return len(p) >= minSlices && clean(p) }) {
			return parts
		}
	}
	return [][]plane{planes}
}

func partition(planes []plane, key func(plane) string) [][]plane {
	index := map[string]int{}
	var parts [][]plane
	for _, p := range planes {
		k := key(p)
		i, ok := index[k]
		if !ok {
			i = len(parts)
			index[k] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], p)
	}
	return parts
}

// clean: no double positions, all distances regular.
func clean(sorted []plane) bool {
	steps := distances(sorted)
	m := median(steps)
	for _, d := range steps {
		if d < duplicateMM || math.Abs(d-m) > spacingTolerance(m) {
			return false
		}
	}
	return true
}

func distances(sorted []plane) []float64 {
	out := make([]float64, 0, len(sorted))
	for i := 1; i < len(sorted); i++ {
		out = append(out, sorted[i].atMM-sorted[i-1].atMM)
	}
	return out
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

func spacingTolerance(medianMM float64) float64 {
	return max(spacingRelative*medianMM, spacingAbsoluteMM)
}

// double is a plane at the place of another one; only its pixels can tell
// whether it is a repetition.
type double struct{ kept, other plane }

// dropDoubles keeps one plane of each position. Planes that share the
// projection but lie apart within it are two different images.
func dropDoubles(sorted []plane) (kept []plane, doubles []double, err error) {
	for _, p := range sorted {
		if n := len(kept); n > 0 && p.atMM-kept[n-1].atMM < duplicateMM {
			last := kept[n-1]
			if p.fr().PositionLPSMM.Sub(last.fr().PositionLPSMM).Norm() > duplicateMM {
				return nil, nil, refuseDoubles(p.atMM)
			}
			doubles = append(doubles, double{kept: last, other: p})
			continue
		}
		kept = append(kept, p)
	}
	return kept, doubles, nil
}

func refuseDoubles(atMM float64) error {
	return refusal.New(refusal.DuplicatePositions,
		"send each phase or reconstruction as a series of its own",
		"different images at one position (%.2f mm along the stack)", atMM)
}

// spread is the result of checking distances.
type spread struct {
	medianMM float64
	// gapsAfter are the indices of the planes behind which one slice is
	// missing.
	gapsAfter []int
}

// checkDistances finds missing slices and refuses what is no regular stack.
func checkDistances(sorted []plane) (spread, error) {
	steps := distances(sorted)
	s := spread{medianMM: median(steps)}
	tolerance := spacingTolerance(s.medianMM)
	run, lost := 0, 0
	for i, d := range steps {
		if math.Abs(d-s.medianMM) <= tolerance {
			run = 0
			continue
		}
		k := math.Round(d / s.medianMM)
		if run++; k < 2 || math.Abs(d-k*s.medianMM) > gapRelative*s.medianMM || run >= variableRun {
			return s, refusal.New(refusal.VariableSpacing, "send a reconstruction with one slice distance",
				"slices %.3f mm apart where the others are %.3f mm apart", d, s.medianMM)
		}
		lost += int(k) - 1
		if k-1 <= maxMissingInAGap {
			s.gapsAfter = append(s.gapsAfter, i)
		}
	}
	if lost > maxMissing || lost > len(s.gapsAfter) {
		return s, refuseMissing(fmt.Sprintf("%d slices are missing between the first and the last", lost))
	}
	return s, nil
}

func refuseMissing(found string) error {
	return refusal.New(refusal.MissingSlices, "send the whole series again", "%s", found)
}

// tiltDegrees is the angle between the normal and the line from the first to
// the last position. The header's GantryDetectorTilt is often 0 or wrong.
func tiltDegrees(first, last *Frame, normal volume.Vec3) float64 {
	line := last.PositionLPSMM.Sub(first.PositionLPSMM)
	along := line.Dot(normal)
	across := line.Sub(normal.Scale(along)).Norm()
	return math.Atan2(across, math.Abs(along)) * 180 / math.Pi
}

// shifts are the whole pixels, right and down, by which each slice must be
// moved so that the voxels of a column lie on one line along the normal. Under
// the tilt that is accepted (2 degrees) a long stack drifts by a centimetre;
// whole pixels keep every value as it was measured.
func shifts(sorted []plane, axes frameAxes) ([][2]int, error) {
	first, last := sorted[0], sorted[len(sorted)-1]
	origin := first.fr().PositionLPSMM
	drift := last.fr().PositionLPSMM.Sub(origin)
	out := make([][2]int, len(sorted))
	for i, p := range sorted {
		d := p.fr().PositionLPSMM.Sub(origin)
		expected := drift.Scale((p.atMM - first.atMM) / (last.atMM - first.atMM))
		if off := d.Sub(expected); off.Sub(axes.normal.Scale(off.Dot(axes.normal))).Norm() > jitterRefuseMM {
			return nil, refusal.New(refusal.MixedGeometry, "send a reconstruction with one field of view",
				"slice %d of %d lies more than %d mm beside the line through the others", i, len(sorted), jitterRefuseMM)
		}
		spacing := first.fr().PixelSpacingMM
		out[i] = [2]int{
			int(math.Round(d.Dot(axes.row) / spacing[1])),
			int(math.Round(d.Dot(axes.col) / spacing[0])),
		}
	}
	return out, nil
}
