package dicomio

import (
	"cmp"
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
			"%.0f mm from the first to the last slice, at least %d mm are needed", c, minCoverageMM)
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

// checkThickness uses SliceThickness for suitability alone; distances come
// from positions. Slices far apart leave tissue unseen however thin they are.
func (p *plan) checkThickness() error {
	thick := make([]float64, len(p.planes))
	for i, pl := range p.planes {
		thick[i] = pl.fr().SliceThicknessMM
	}
	apart := p.grid.SpacingMM[2]
	if p.thicknessMM = slices.Max(thick); p.thicknessMM == 0 {
		p.thicknessMM = apart
	}
	const remedy = "send a reconstruction of 2.5 mm or thinner"
	switch {
	case p.thicknessMM > thickRefuseMM+lengthToleranceMM:
		return refusal.New(refusal.TooThick, remedy, "slices of %.1f mm, more than %d mm", p.thicknessMM, thickRefuseMM)
	case apart > thickRefuseMM+lengthToleranceMM:
		return refusal.New(refusal.TooThick, remedy, "slices %.1f mm apart, more than %d mm", apart, thickRefuseMM)
	}
	if t := max(p.thicknessMM, apart); t > thickWarnMM+lengthToleranceMM {
		p.warn(WarnThick, "Slices of %.1f mm, more than %.1f mm: small nodules are found less reliably.", t, thickWarnMM)
	}
	if apart > apartRatio*p.thicknessMM {
		p.warn(WarnApart, "Slices of %.1f mm are %.1f mm apart: the tissue between them was not imaged.", p.thicknessMM, apart)
	}
	return nil
}

func (p *plan) checkRescale() error {
	const remedy = "send images with Rescale Slope and Intercept"
	modified := false
	for _, pl := range p.planes {
		fr := pl.fr()
		switch {
		case !fr.HasRescale:
			return refusal.New(refusal.NoRescale, remedy, "slices without Rescale Slope and Intercept")
		case fr.Slope == 0:
			return refusal.New(refusal.NoRescale, remedy, "a Rescale Slope of 0")
		}
		switch fr.RescaleType {
		case "", "HU", "US": // US is "unspecified" (PS3.3 C.11.1.1.2)
		case "HU_MOD":
			modified = true
		default:
			return refusal.New(refusal.NotHounsfield, "send images in Hounsfield units", "a Rescale Type that is not HU")
		}
	}
	if modified {
		p.warn(WarnRescaleType, "The values are modified Hounsfield units.")
	}
	return nil
}

// warnOfHeaders adds what the headers of the stack say.
func (p *plan) warnOfHeaders() {
	is := func(test func(plane) bool) bool { return slices.ContainsFunc(p.planes, test) }
	value := func(pl plane, i int) string {
		if t := pl.fr().ImageType; i < len(t) {
			return t[i]
		}
		return ""
	}
	if is(func(pl plane) bool { return value(pl, 0) == "DERIVED" }) {
		p.warn(WarnDerived, "The Image Type says DERIVED: the images may have been processed.")
	} else if is(func(pl plane) bool { return value(pl, 1) == "SECONDARY" }) {
		p.warn(WarnSecondary, "The Image Type says SECONDARY.")
	}
	if is(func(pl plane) bool { return pl.in.Lossy }) {
		p.warn(WarnLossy, "The images went through a lossy compression.")
	}
	if is(func(pl plane) bool { return pl.in.Contrast }) {
		p.warn(WarnContrast, "A contrast agent was given.")
	}
	if p.planes[0].in.FrameOfReferenceUID == "" {
		p.warn(WarnNoFrameOfRef, "The series has no Frame of Reference UID.")
	}
	if is(func(pl plane) bool { return len(pl.in.Warnings) > 0 }) {
		p.warn(WarnUID, "Some UIDs have a component with a leading zero.")
	}
}

// comparePlans orders what can be read, best first: docs/dicom.md, "Which
// series is read".
func comparePlans(a, b *plan) int {
	return cmp.Or(
		cmp.Compare(a.effectiveMM(), b.effectiveMM()),
		cmp.Compare(kernelOf(a.kernel()).rank(), kernelOf(b.kernel()).rank()),
		cmp.Compare(asInt(a.contrast()), asInt(b.contrast())),
		cmp.Compare(asInt(a.lossy()), asInt(b.lossy())),
		cmp.Compare(b.coverageMM(), a.coverageMM()),
		cmp.Compare(a.planes[0].in.SeriesNumber, b.planes[0].in.SeriesNumber),
		cmp.Compare(a.series.UID, b.series.UID),
		cmp.Compare(a.planes[0].in.SOPUID, b.planes[0].in.SOPUID),
	)
}

func asInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p *plan) kernel() string { return p.planes[0].fr().Kernel }

func (p *plan) contrast() bool {
	return slices.ContainsFunc(p.planes, func(pl plane) bool { return pl.in.Contrast })
}

func (p *plan) lossy() bool {
	return slices.ContainsFunc(p.planes, func(pl plane) bool { return pl.in.Lossy })
}
