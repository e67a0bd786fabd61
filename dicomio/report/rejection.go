package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"nafas/dicomio/part10"
)

// withdrawable are the classes of ours that a rejection note may name, and how
// an item names an instance of each. Reports are none of them: a newer report
// names the one that it replaces.
var withdrawable = map[string]func(relationship string, ref Reference) item{
	segmentation:       func(relationship string, ref Reference) item { return imageref(relationship, ref, 0) },
	trueColorCapture:   func(relationship string, ref Reference) item { return imageref(relationship, ref, 0) },
	keyObjectSelection: composite,
}

// RejectionInstance names the note that withdraws old objects, in any order.
func (r Result) RejectionInstance(old []Predecessor) Reference {
	return Reference{keyObjectSelection, r.rejectionUID(old)}
}

// RejectionSeries is the series of that note.
func (r Result) RejectionSeries(old []Predecessor) string { return r.rejectionUID(old, "series") }

func (r Result) rejectionUID(old []Predecessor, parts ...string) string {
	name := []string{"rejection"}
	for _, p := range inOrder(old) {
		name = append(name, p.SeriesUID, p.SOPInstanceUID)
	}
	return r.uid(append(name, parts...)...)
}

// inOrder has each object once, whatever order they came in.
func inOrder(old []Predecessor) []Predecessor {
	out := slices.Clone(old)
	slices.SortFunc(out, func(a, b Predecessor) int {
		return cmp.Or(cmp.Compare(a.SeriesUID, b.SeriesUID), cmp.Compare(a.SOPInstanceUID, b.SOPInstanceUID), cmp.Compare(a.SOPClassUID, b.SOPClassUID))
	})
	return slices.Compact(out)
}

// Rejection writes a rejection note (IHE RAD IOCM; TID 2010): a key object
// selection that withdraws older segmentations, key object selections and
// secondary captures of ours, which this result supersedes.
//
// None of the profile's four titles (of CID 7010) means "superseded". It is
// Rejected for Quality Reasons, since the others claim what is not so: 113037
// that the patient was at risk, 113038 that it was the wrong patient or order,
// 113039 that the archive may destroy what it was told to keep. With this
// title a receiver hides the objects or goes on showing them, as it is set up.
// The title may have a modifier (of CID 7011); none of those is true of an
// object that was right when it was made. The description says in words what
// happened.
//
// It is an error to withdraw anything else, images of the study above all, and
// what this result itself says.
func (r Result) Rejection(old []Predecessor) ([]byte, error) {
	old = inOrder(old)
	if len(old) == 0 {
		return nil, errors.New("no rejection note without an object to withdraw")
	}
	var b part10.Builder
	l := r.Subject.Language(r.Language)
	r.documentHead(&b, object{
		instance: r.RejectionInstance(old), seriesUID: r.RejectionSeries(old), modality: "KO", series: seriesRejection, description: "Withdrawn objects",
	}, l, bySeries(old))
	children := []item{
		coded(hasConceptMod, languageOfContent, languages[l]),
		coded(hasObsContext, observerType, device),
		uidref(hasObsContext, deviceUID, r.deviceUID()),
		text(contains, keyObjectDescription, words[l].superseded+" "+words[l].disclaimer),
	}
	for i, p := range old {
		if err := r.mayWithdraw(old[:i], p); err != nil {
			return nil, err
		}
		children = append(children, withdrawable[p.SOPClassUID](contains, p.Reference))
	}
	container("", rejectedForQuality, "2010", children...).fill(&b, l)
	return marshal(&b, nil)
}

// mayWithdraw looks at one object, and at those before it.
func (r Result) mayWithdraw(before []Predecessor, p Predecessor) error {
	switch _, known := withdrawable[p.SOPClassUID]; {
	case !known:
		return fmt.Errorf("an object of SOP class %s cannot be withdrawn: only segmentations, key object selections and secondary captures of ours", p.SOPClassUID)
	case p.SOPInstanceUID == "" || p.SeriesUID == "":
		return errors.New("an object to withdraw has no UID or no series")
	case p.SeriesUID == r.Source.SeriesUID:
		return errors.New("an object to withdraw is in the series of the images")
	case slices.Contains([]Reference{r.SEGInstance(), r.KOInstance(), r.SCInstance()}, p.Reference):
		return errors.New("an object to withdraw is this result's own")
	case slices.ContainsFunc(before, func(q Predecessor) bool { return q.SOPInstanceUID == p.SOPInstanceUID }):
		return errors.New("an object to withdraw is named twice, in two series or classes")
	}
	return nil
}
