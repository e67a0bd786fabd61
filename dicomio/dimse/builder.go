package dimse

import (
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// marshal writes the data set of a message.
func marshal(b *part10.Builder, transferSyntax string) ([]byte, error) {
	elems, err := b.Elements()
	if err != nil {
		return nil, err
	}
	return part10.MarshalDataset(transferSyntax, elems)
}

// fill adds a reference to an item.
func (r Reference) fill(b *part10.Builder) {
	b.Text(tag.ReferencedSOPClassUID, r.SOPClassUID)
	b.Text(tag.ReferencedSOPInstanceUID, r.SOPInstanceUID)
}

// fill adds a failed reference to an item.
func (f FailedReference) fill(b *part10.Builder) {
	f.Reference.fill(b)
	b.Ints(tag.FailureReason, int(f.Reason))
}

// addItems adds a sequence of references; an empty one is left out.
func addItems[R interface{ fill(*part10.Builder) }](b *part10.Builder, t tag.Tag, refs []R) {
	if len(refs) == 0 {
		return
	}
	items := make([]func(*part10.Builder), len(refs))
	for i, r := range refs {
		items[i] = r.fill
	}
	b.Sequence(t, items...)
}
