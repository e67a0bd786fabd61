package report

import (
	"cmp"
	"fmt"
	"time"

	"nafas/dicomio/part10"
	"nafas/inference/finding"
	"nafas/inference/prior"
)

// Result is all that the objects of one series are made of.
type Result struct {
	Subject Subject
	Source  Source
	// Key identifies the images, the model and the configuration; equal keys,
	// equal findings.
	Key       string
	Algorithm Algorithm
	// At is when the result was stored.
	At time.Time
	// FoundKey identifies what was found alone, whatever it was compared with; ""
	// means Key.
	FoundKey string
	// Compared is the earlier study that is known; nil where there is none.
	Compared *Compared
	// Findings in the order of their rank. None does not exclude disease.
	Findings []Finding
	// Suggested are sentences that say what guidelines suggest, the caveat first, in
	// the language that the objects have (Subject.Language).
	Suggested []string
	// NotAssessed says, in English, why there is no result; "" where there is
	// one.
	NotAssessed string
	Language    Language
	// Replaces are the reports that this one takes the place of.
	Replaces []Predecessor
	// Review is nil where no reader has done anything.
	Review *Review
}

// Predecessor is an object of ours in the same study.
type Predecessor struct {
	Reference
	SeriesUID string
}

// Algorithm names the detector exactly.
type Algorithm struct{ Name, Version, SHA256 string }

// Source is the series that was read.
type Source struct {
	SeriesUID           string
	FrameOfReferenceUID string
	Instances           []Reference
}

// Finding is a finding with the image that shows its centre.
type Finding struct {
	finding.Finding
	// Measured is nil where nothing was measured that can be relied on: what is
	// said of size and place is then the detector's.
	Measured *Measured
	// Place is nil where nobody said where in the lung it lies.
	Place          *finding.Place
	SOPInstanceUID string
	// Frame counts from 1 in multi-frame instances; 0 in others.
	Frame int
	// Change since the earlier study; nil where nothing was compared.
	Change *prior.Change
	// PixelColumn and PixelRow are 0 at the centre of the top left pixel.
	PixelColumn, PixelRow float64
}

// uid is that of an object of this result, or of its series. It is made of all
// that decides the bytes.
func (r Result) uid(parts ...string) string {
	name := []string{"report 4", r.Source.SeriesUID, r.Key, r.Algorithm.SHA256, string(r.Language), r.NotAssessed, r.At.UTC().Format(time.RFC3339Nano)}
	// Of a review the report alone is issued again.
	if r.Review == nil {
		for _, old := range r.Replaces {
			name = append(name, old.SOPInstanceUID)
		}
	}
	for _, i := range r.Source.Instances {
		name = append(name, i.SOPInstanceUID)
	}
	name = append(name, r.Suggested...)
	// A correction of the patient makes other objects of the same result.
	name = append(name, r.Subject.name())
	return part10.NameUID(append(name, parts...)...)
}

// trackingUID names a finding across the objects of a result, and in every
// language.
func (r Result) trackingUID(f Finding) string {
	return part10.NameUID("tracking 1", r.Source.SeriesUID, cmp.Or(r.FoundKey, r.Key), fmt.Sprint(f.Rank))
}

// trackingID is the same for a person.
func (f Finding) trackingID() string { return fmt.Sprintf("Nafas %d", f.Rank) }

// found says whether there is something to show.
func (r Result) found() bool { return len(r.Findings) > 0 && r.NotAssessed == "" }

// image is the reference of the image that shows a finding.
func (s Source) image(uid string) (Reference, error) {
	for _, i := range s.Instances {
		if i.SOPInstanceUID == uid {
			return i, nil
		}
	}
	return Reference{}, fmt.Errorf("the image of a finding is none of its series")
}
