package dicomio

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"nafas/dicomio/refusal"
	"nafas/inference/volume"
)

// plan is a series whose headers have passed every test: what is decoded, and
// where it goes.
type plan struct {
	series *Series
	// planes are in k order, without the missing ones.
	planes []plane
	// place is the k of each plane; shift moves it in its plane.
	place []int
	shift [][2]int
	// filled are the k without a plane.
	filled  []int
	doubles []double

	grid        volume.Grid
	thicknessMM float64
	warnings    []Warning
}

// effectiveMM is how coarse the series is along the normal, to 0.1 mm.
func (p *plan) effectiveMM() float64 {
	return math.Round(10*max(p.thicknessMM, p.grid.SpacingMM[2])) / 10
}

// coverageMM is the length of body that the slices stand for.
func (p *plan) coverageMM() float64 { return float64(p.grid.Size[2]) * p.grid.SpacingMM[2] }

func (p *plan) warn(code, text string, args ...any) {
	p.warnings = append(p.warnings, Warning{Code: code, Text: fmt.Sprintf(text, args...)})
}

// newPlan applies the rules that need no pixels.
func newPlan(s *Series) (*plan, error) {
	c, err := collect(s)
	if err != nil {
		return nil, err
	}
	if len(c.planes) < minSlices {
		return nil, tooFew(len(c.planes))
	}
	if err := checkPlanes(c.planes); err != nil {
		return nil, err
	}
	stacks, err := usableStacks(s, c.planes)
	if err != nil {
		return nil, err
	}
	best := stacks[0]
	if left := c.localizers + c.reformats + c.others; left > 0 {
		best.warn(WarnLeftOut, "%d images of the series were left out (%d localizers, %d reformats, %d other objects).",
			left, c.localizers, c.reformats, c.others)
	}
	for _, other := range stacks[1:] {
		best.warn(WarnOtherStack, "Another stack of the series was not read: %d slices, %.2f mm apart, %.1f mm thick.",
			other.grid.Size[2], other.grid.SpacingMM[2], other.thicknessMM)
	}
	used := 0
	for _, st := range stacks {
		used += len(st.planes) + len(st.doubles)
	}
	if rest := len(c.planes) - used; rest > 0 {
		best.warn(WarnOtherStack, "%d images of the series do not fit the stack that was read.", rest)
	}
	return best, nil
}

// usableStacks returns the stacks of a series that can be read, best first.
// Where there is none, it returns the refusal of the largest.
func usableStacks(s *Series, planes []plane) ([]*plan, error) {
	var usable []*plan
	var refused error
	largest, parts := 0, 0
	for _, c := range cluster(planes) {
		for _, st := range split(c) {
			parts++
			p, err := planStack(s, st)
			if err == nil {
				usable = append(usable, p)
			} else if len(st) > largest {
				largest, refused = len(st), err
			}
		}
	}
	if len(usable) > 0 {
		rank(usable)
		return usable, nil
	}
	if parts > 1 && refusal.Of(refused) == refusal.TooFewSlices {
		var cause *refusal.Error
		errors.As(refused, &cause)
		return nil, refusal.New(refusal.MixedGeometry, "send each stack as a series of its own",
			"%d images that form %d stacks of different geometry, none of them sufficient (the largest: %s)", len(planes), parts, cause.Found)
	}
	return nil, refused
}

func tooFew(n int) error {
	return refusal.New(refusal.TooFewSlices, "send the whole chest",
		"%d slices, at least %d are needed", n, minSlices)
}

// planStack checks one stack and lays out its grid.
func planStack(s *Series, planes []plane) (*plan, error) {
	axes := axesOf(planes[0].fr())
	if c := math.Abs(axes.normal[2]); c <= axialCosine {
		return nil, refusal.New(refusal.NotAxial, "send the axial series",
			"slices whose normal is %.0f degrees off the patient's long axis", math.Acos(c)*180/math.Pi)
	}
	sortAlong(planes, axes.normal)
	kept, doubles, err := dropDoubles(planes)
	if err != nil {
		return nil, err
	}
	if len(kept) < minSlices {
		return nil, tooFew(len(kept))
	}
	gaps, err := checkDistances(kept)
	if err != nil {
		return nil, err
	}
	p := &plan{series: s, planes: kept, doubles: doubles}
	if err := p.lay(axes, gaps); err != nil {
		return nil, err
	}
	if err := p.checkTilt(axes); err != nil {
		return nil, err
	}
	if err := p.checkThickness(); err != nil {
		return nil, err
	}
	if err := p.checkRescale(); err != nil {
		return nil, err
	}
	p.warnOfHeaders()
	return p, nil
}

// lay makes the grid: k grows along the normal from the lowest projection, i
// along the rows, j along the columns; nothing is flipped.
func (p *plan) lay(axes frameAxes, gaps spread) error {
	k := 0
	for i := range p.planes {
		p.place = append(p.place, k)
		k++
		if slices.Contains(gaps.gapsAfter, i) {
			p.filled = append(p.filled, k)
			k++
		}
	}
	first, last := p.planes[0], p.planes[len(p.planes)-1]
	fr := first.fr()
	p.grid = volume.Grid{
		Size:        [3]int{first.in.Columns, first.in.Rows, k},
		OriginLPSMM: fr.PositionLPSMM,
		Axes:        [3]volume.Vec3{axes.row, axes.col, axes.normal},
		SpacingMM:   [3]float64{fr.PixelSpacingMM[1], fr.PixelSpacingMM[0], (last.atMM - first.atMM) / float64(k-1)},
	}
	if n := int64(p.grid.Size[0]) * int64(p.grid.Size[1]) * int64(k); n > maxVoxels {
		return refusal.New(refusal.TooLarge, "send fewer or smaller slices", "%d voxels, more than the %d allowed", n, maxVoxels)
	}
	if c := p.coverageMM(); c < minCoverageMM-lengthToleranceMM {
		return refusal.New(refusal.TooFewSlices, "send the whole chest",
			"slices that cover %.0f mm, at least %d mm are needed", c, minCoverageMM)
	}
	if len(p.doubles) > 0 {
		p.warn(WarnDuplicate, "%d slices come twice with the same pixels; one of each was read.", len(p.doubles))
	}
	for _, at := range p.filled {
		p.warn(WarnMissing, "Slice %d is missing outside the lungs; it was filled from its neighbours.", at)
	}
	return nil
}

func (p *plan) checkTilt(axes frameAxes) error {
	degrees := tiltDegrees(p.planes[0].fr(), p.planes[len(p.planes)-1].fr(), axes.normal)
	if degrees > tiltRefuseDegrees {
		return refusal.New(refusal.GantryTilt, "reconstruct without gantry tilt, or send a straightened series",
			"slices sheared by %.1f degrees (gantry tilt)", degrees)
	}
	if degrees > tiltWarnDegrees {
		p.warn(WarnTilt, "The slices are sheared by %.1f degrees (gantry tilt).", degrees)
	}
	var err error
	if p.shift, err = shifts(p.planes, axes); err != nil {
		return err
	}
	if n := len(p.shift) - count(p.shift, func(s [2]int) bool { return s == [2]int{} }); n > 0 {
		p.warn(WarnShifted, "%d slices were moved within their plane by whole pixels to straighten the stack.", n)
	}
	return nil
}

func count[T any](v []T, is func(T) bool) int {
	n := 0
	for _, x := range v {
		if is(x) {
			n++
		}
	}
	return n
}
