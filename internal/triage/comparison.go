package triage

import (
	"nafas/dicomio/refusal"
	"nafas/inference/prior"
)

// Comparison is what changed in a study since an earlier one of the same
// patient, or why that is not said.
type Comparison struct {
	// EarlierStudyUID, EarlierSeriesUID and EarlierStudyDate (YYYYMMDD) name what
	// was compared with.
	EarlierStudyUID, EarlierSeriesUID, EarlierStudyDate string
	// Why nothing was compared though there is an earlier study; nil where it was.
	// Of the rest only Days is then set.
	Why *refusal.Error
	// Key identifies what the comparison depends on.
	Key string
	// Method names the method and its version.
	Method string
	prior.Comparison
	// EarlierFindings are those of the earlier series, in the order of
	// Comparison.Earlier.
	EarlierFindings []Finding
	// InEarlier is where each finding of the current series lies, or would lie, in
	// the images of the earlier one, in the order of Comparison.Current; InCurrent
	// is the same for the earlier findings.
	InEarlier, InCurrent []ImagePlace
}

// Compared says whether findings were looked for in an earlier scan.
func (c *Comparison) Compared() bool { return c != nil && c.Why == nil && c.Refused == "" }

// Of is what became of the finding with this rank; nil where nothing was
// compared.
func (c *Comparison) Of(rank int) *prior.Change {
	if c == nil || c.Why != nil || rank < 1 || rank > len(c.Current) {
		return nil
	}
	return &c.Current[rank-1]
}

// ImagePlace is a place in an image of a series. SOPInstanceUID is "" where
// there is none.
type ImagePlace struct {
	SOPInstanceUID string
	// Slice, Frame, PixelColumn and PixelRow are as in Finding.
	Slice, Frame          int
	PixelColumn, PixelRow float64
}
