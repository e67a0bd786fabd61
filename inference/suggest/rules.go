package suggest

import (
	"nafas/inference/guideline"
	"nafas/inference/prior"
)

// rule is how one guideline is asked.
type rule struct {
	guideline guideline.Guideline
	one       func(guideline.Nodule, guideline.Patient) (guideline.Suggestion, error)
	// exam is nil for guidelines that judge nodules one by one.
	exam func([]guideline.Nodule, guideline.Patient) (guideline.Exam, error)
	// grows is how the guideline tells growth of a nodule that was there before.
	grows func(now, before guideline.Nodule, days int, comparable guideline.Answer) (guideline.State, error)
}

var rules = map[Name]rule{
	LungRADS:   {guideline.LungRADS2022, guideline.LungRADS, guideline.LungRADSExam, byYear},
	Fleischner: {guideline.Fleischner2017, guideline.Fleischner, guideline.FleischnerExam, byDiameter},
	BTS:        {guideline.BTS2015, guideline.BTS, nil, bySize},
	European:   {guideline.European2017, guideline.European, nil, bySize},
	NELSON:     {guideline.NELSON, guideline.NELSONVolume, nil, byDoubling},
}

func byYear(now, before guideline.Nodule, days int, _ guideline.Answer) (guideline.State, error) {
	return guideline.LungRADSGrowth(meanMM(now), meanMM(before), days)
}

func byDiameter(now, before guideline.Nodule, _ int, _ guideline.Answer) (guideline.State, error) {
	return guideline.FleischnerGrowth(meanMM(now), meanMM(before))
}

// bySize: a nodule that became solid, or was told to be so in one of the exams alone,
// is not stable because its size is: ground glass that turns solid must not be
// discharged (this package's reading).
func bySize(now, before guideline.Nodule, days int, comparable guideline.Answer) (guideline.State, error) {
	state, err := byVolumeOrDiameter(now, before, days, comparable)
	if state == guideline.Stable && now.Type != before.Type {
		return guideline.StateUnknown, err
	}
	return state, err
}

// byVolumeOrDiameter: two volumes that may be compared decide; else the diameter
// does, by 2 mm (this package's reading).
func byVolumeOrDiameter(now, before guideline.Nodule, days int, comparable guideline.Answer) (guideline.State, error) {
	if comparable == guideline.Yes && now.VolumeReliable && before.VolumeReliable {
		return guideline.BTSGrowth(now.VolumeMM3, before.VolumeMM3, comparable)
	}
	return byDiameter(now, before, days, comparable)
}

func byDoubling(now, before guideline.Nodule, days int, comparable guideline.Answer) (guideline.State, error) {
	if !now.VolumeReliable || !before.VolumeReliable {
		return guideline.StateUnknown, nil
	}
	return guideline.NELSONGrowth(now.VolumeMM3, before.VolumeMM3, days, comparable)
}

func meanMM(n guideline.Nodule) float64 {
	if n.ShortMM > 0 {
		return (n.LongMM + n.ShortMM) / 2
	}
	return n.MeanMM
}

// compared gives a nodule the state that the guideline reads from its change.
// Where nothing can be said of it the state stays unknown.
func (r rule) compared(n guideline.Nodule, e Exam, c *prior.Change) guideline.Nodule {
	if !e.Earlier && e.Comparison == nil {
		n.State = guideline.Baseline
		return n
	}
	if e.Comparison == nil || e.Comparison.Refused != "" || c == nil || e.Comparison.Days < 1 {
		return n
	}
	n.Prior = &guideline.Prior{Days: e.Comparison.Days}
	switch c.State {
	case prior.New:
		n.State = guideline.New
	case prior.Paired:
		return r.paired(n, e.Comparison.Days, c)
	}
	return n
}

// paired is a nodule that was there before.
func (r rule) paired(n guideline.Nodule, days int, c *prior.Change) guideline.Nodule {
	before := sized(c.EarlierMeasured)
	n.Prior.MeanMM, n.Prior.SolidPartMM, n.Prior.Comparable = meanMM(before), before.SolidPartMM, comparable(c)
	if before.VolumeReliable {
		n.Prior.VolumeMM3 = before.VolumeMM3
	}
	if meanMM(n) == 0 || meanMM(before) == 0 {
		return n
	}
	state, err := r.grows(n, before, days, n.Prior.Comparable)
	if err != nil {
		return n // not comparable: unknown
	}
	n.State = state
	if n.Type == guideline.PartSolid {
		n.SolidPartState = solidPart(n, before, days)
	}
	return n
}

// solidPart compares solid parts by the rule for whole nodules; one that was not
// there before is new.
func solidPart(n, before guideline.Nodule, days int) guideline.State {
	switch {
	case before.Type == guideline.NonSolid && n.SolidPartMM > 0:
		return guideline.New
	case before.Type != guideline.PartSolid || before.SolidPartMM == 0 || n.SolidPartMM == 0:
		return guideline.StateUnknown
	}
	state, err := guideline.LungRADSGrowth(n.SolidPartMM, before.SolidPartMM, days)
	if err != nil {
		return guideline.StateUnknown
	}
	return state
}

// comparable says whether the volumes may be compared: where nothing but an
// unknown kernel speaks against it, nobody said.
func comparable(c *prior.Change) guideline.Answer {
	if c.Growth != nil {
		return guideline.Yes
	}
	for _, why := range c.NoGrowth {
		if why != prior.KernelUnknown {
			return guideline.No
		}
	}
	return guideline.Unsaid
}
