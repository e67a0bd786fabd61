package dicomio

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"nafas/dicomio/refusal"
)

// Choice is which series of a study is read.
type Choice struct {
	// Usable can be read, best first; Usable[0] is the one to read.
	Usable []*Series
	// Rejected are all the others, each with its reason. A usable series
	// that is not the best is among them too (NOT_PREFERRED, naming the one
	// that was taken and why).
	Rejected []Rejection
}

// Rejection is a series that is not read.
type Rejection struct {
	Series *Series
	Err    *refusal.Error
}

// Choose takes the one series of a study that the detector should read:
// original axial CT that passes every test of the header, the thinnest, then
// soft-to-medium before lung before bone kernels, then without contrast agent,
// then without lossy compression, then the longest. A series that covers much
// less of the body than another one comes after it, unless it holds a whole
// chest. The order of series does not matter. A study with two patients has
// no usable series.
func Choose(series []*Series) Choice {
	var c Choice
	plans := make([]*plan, 0, len(series))
	mixed := patientsMixed(series)
	for _, s := range series {
		err := mixed[s.StudyUID]
		if err == nil {
			var p *plan
			if p, err = newPlan(s); err == nil {
				plans = append(plans, p)
				continue
			}
		}
		c.Rejected = append(c.Rejected, Rejection{Series: s, Err: asRefusal(err)})
	}
	rank(plans)
	for i, p := range plans {
		c.Usable = append(c.Usable, p.series)
		if i > 0 {
			c.Rejected = append(c.Rejected, Rejection{Series: p.series, Err: notPreferred(plans[0], p)})
		}
	}
	slices.SortStableFunc(c.Rejected, func(a, b Rejection) int { return cmp.Compare(a.Series.UID, b.Series.UID) })
	return c
}

func patientsMixed(series []*Series) map[string]error {
	byStudy := map[string][]*Instance{}
	for _, s := range series {
		byStudy[s.StudyUID] = append(byStudy[s.StudyUID], s.Instances...)
	}
	out := make(map[string]error, len(byStudy))
	for uid, instances := range byStudy {
		if err := CheckPatients(instances); err != nil {
			out[uid] = err
		}
	}
	return out
}

// rank sorts plans, partial ones behind those that cover more.
func rank(plans []*plan) {
	longest := 0.0
	for _, p := range plans {
		longest = max(longest, p.coverageMM())
	}
	partial := func(p *plan) int { return asInt(isPartial(p, longest)) }
	slices.SortStableFunc(plans, func(a, b *plan) int {
		return cmp.Or(cmp.Compare(partial(a), partial(b)), comparePlans(a, b))
	})
}

func isPartial(p *plan, longestMM float64) bool {
	return p.coverageMM() < wholeChestMM && p.coverageMM() < coverageShare*longestMM
}

// notPreferred says what decided between the series that is read and another.
func notPreferred(best, other *plan) *refusal.Error {
	why := "it comes first in a fixed order"
	ka, kb := kernelOf(best.kernel()), kernelOf(other.kernel())
	switch {
	case isPartial(other, best.coverageMM()) && !isPartial(best, other.coverageMM()):
		why = fmt.Sprintf("it covers %.0f mm of the body instead of %.0f mm", best.coverageMM(), other.coverageMM())
	case best.effectiveMM() != other.effectiveMM():
		why = fmt.Sprintf("its slices are %.1f mm instead of %.1f mm", best.effectiveMM(), other.effectiveMM())
	case ka.rank() != kb.rank():
		why = fmt.Sprintf("its kernel is of class %q instead of %q", ka, kb)
	case best.contrast() != other.contrast():
		why = "it has no contrast agent"
	case best.lossy() != other.lossy():
		why = "it had no lossy compression"
	case best.coverageMM() != other.coverageMM():
		why = fmt.Sprintf("it covers %.0f mm of the body instead of %.0f mm", best.coverageMM(), other.coverageMM())
	}
	return refusal.New(refusal.NotPreferred, "send this series by itself to have it read",
		"series %s is read instead: %s", best.series.UID, why)
}

// asRefusal: everything that newPlan returns is one.
func asRefusal(err error) *refusal.Error {
	var r *refusal.Error
	if errors.As(err, &r) {
		return r
	}
	return &refusal.Error{Reason: refusal.Malformed, Found: "the series cannot be read", Err: err}
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
