package interop

import (
	"nafas/dicomio/report"
	"nafas/inference/measure"
)

// sizedBy asks who gave a diameter.
func (w words) sizedBy() concept {
	return concept{Value: "size-by", Scheme: local, Meaning: w.sizedByWord}
}

// source is who gave a finding's diameter.
func (s said) source(f report.Finding) concept {
	if _, measured := f.Diameter(); measured {
		return concept{Value: "measured", Scheme: local, Meaning: s.words.measuredWord}
	}
	return concept{Value: "detector", Scheme: local, Meaning: s.words.detectorWord}
}

// method is what gave a finding's size, with its version.
func (s said) method(f report.Finding) string {
	if f.Measured != nil {
		return f.Measured.Method
	}
	return s.algorithm()
}

// amount is a measured number with its unit.
type amount struct {
	what  concept
	value float64
	unit  *concept
}

// amounts are the numbers that were measured of a finding.
func (s said) amounts(f report.Finding) []amount {
	m, c := f.Measured, &s.concepts
	if m == nil {
		return nil
	}
	return []amount{
		{c.Volume, m.VolumeMM3, &c.CubicMillimeter}, {c.LongAxis, m.LongAxisMM, &c.Millimeter}, {c.ShortAxis, m.ShortAxisMM, &c.Millimeter},
		{c.Attenuation, m.MeanHU, &c.Hounsfield},
	}
}

// kind is that of a measured finding; none where it is not told.
func (s said) kind(f report.Finding) []concept {
	if f.Measured == nil {
		return nil
	}
	return s.kindOf(f.Measured.Kind)
}

// kindOf is a kind of nodule: the code of its texture, and ours, which alone tells a
// calcified one; none of an unknown one.
func (s said) kindOf(k measure.Kind) []concept {
	if k == measure.KindUnknown {
		return nil
	}
	own := concept{Value: string(k), Scheme: local, Meaning: s.words.kinds[k]}
	texture, ok := report.TextureIn(s.language, k)
	if !ok || k == measure.KindCalcified {
		return []concept{own}
	}
	return []concept{texture, own}
}
