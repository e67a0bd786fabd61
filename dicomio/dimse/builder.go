package dimse

import (
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// builder makes the data set of a message; the first error stays.
type builder struct {
	elements part10.Elements
	err      error
}

func (b *builder) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *builder) add(t tag.Tag, vr string, value any) {
	e, err := part10.NewElement(t, vr, value)
	b.keep(err)
	if err == nil {
		b.elements = append(b.elements, e)
	}
}

func (b *builder) text(t tag.Tag, values ...string) { b.add(t, "", values) }

func (b *builder) number(t tag.Tag, v int) { b.add(t, "", []int{v}) }

func (b *builder) sequence(t tag.Tag, items []part10.Elements) {
	e, err := part10.NewSequence(t, items...)
	b.keep(err)
	if err == nil {
		b.elements = append(b.elements, e)
	}
}

func (b *builder) reference(r Reference) {
	b.text(tag.ReferencedSOPClassUID, r.SOPClassUID)
	b.text(tag.ReferencedSOPInstanceUID, r.SOPInstanceUID)
}

// references adds a sequence of references; an empty one is left out.
func (b *builder) references(t tag.Tag, refs []Reference) {
	if len(refs) == 0 {
		return
	}
	items := make([]part10.Elements, len(refs))
	for i, r := range refs {
		item := builder{}
		item.reference(r)
		b.keep(item.err)
		items[i] = item.elements
	}
	b.sequence(t, items)
}

func (b *builder) marshal(transferSyntax string) ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	return part10.MarshalDataset(transferSyntax, b.elements)
}
