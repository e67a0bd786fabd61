package part10

import (
	"strconv"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// Builder collects the elements of a data set or of an item; of errors the
// first stays, to be asked for at the end. Elements may come in any order.
type Builder struct {
	elems Elements
	err   error
}

// Elements returns what was collected, or the first error.
func (b *Builder) Elements() (Elements, error) { return b.elems, b.err }

// Add appends an element of the dictionary's VR; data as in NewElement.
func (b *Builder) Add(t tag.Tag, data any) {
	e, err := NewElement(t, "", data)
	b.keep(err)
	if err == nil {
		b.elems = append(b.elems, e)
	}
}

func (b *Builder) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Copy appends elements of another data set.
func (b *Builder) Copy(elems ...*dicom.Element) { b.elems = append(b.elems, elems...) }

// Text adds an element of text or UIDs; without a value it is empty.
func (b *Builder) Text(t tag.Tag, values ...string) { b.Add(t, values) }

// Ints adds an element of binary integers.
func (b *Builder) Ints(t tag.Tag, values ...int) { b.Add(t, values) }

// Numbers adds an element of VR DS, FD or FL, as the dictionary says.
func (b *Builder) Numbers(t tag.Tag, values ...float64) {
	if info, err := tag.Find(t); err == nil && info.VRs[0] != "DS" {
		b.Add(t, values)
		return
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = decimal(v)
	}
	b.Text(t, out...)
}

// Sequence adds a sequence; each item is filled by one function.
func (b *Builder) Sequence(t tag.Tag, items ...func(*Builder)) {
	out := make([][]*dicom.Element, len(items))
	for i, fill := range items {
		var item Builder
		fill(&item)
		out[i] = item.elems
		b.keep(item.err)
	}
	b.Add(t, out)
}

// Code fills an item of a code sequence (PS3.3 table 8.8-1).
func Code(value, scheme, meaning string) func(*Builder) {
	return func(b *Builder) {
		b.Text(tag.CodeValue, value)
		b.Text(tag.CodingSchemeDesignator, scheme)
		b.Text(tag.CodeMeaning, meaning)
	}
}

// decimal writes v with as many digits as DS holds: 16 characters (PS3.5
// table 6.2-1), so that positions keep at least 1e-8 mm.
func decimal(v float64) string {
	if v == 0 {
		return "0" // also for -0
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	for digits := 16; len(s) > 16; digits-- {
		if r := strconv.FormatFloat(v, 'g', digits, 64); len(r) <= 16 || digits == 1 {
			return r
		}
	}
	return s
}
