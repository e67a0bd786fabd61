package part10

import (
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// ParseHead reads how a file begins: the elements of its top level up to last,
// as Parse would. It is for who goes through many files and wants to know what
// each is: what comes behind last is not looked at, so that a file may be broken
// there. ok is false where head does not show an element behind last, or anything
// is odd: Parse, with the whole file, can tell then.
//
// A transfer syntax of encapsulated pixel data that Parse does not know is read
// too, since all of these have their header in Explicit VR Little Endian (PS3.5
// annex A.4).
func ParseHead(head []byte, last tag.Tag, lim Limits) (f *File, ok bool) {
	pre, err := readPrologue(head)
	if err != nil {
		return nil, false
	}
	syn, known := syntaxes[pre.transferSyntax]
	if !known {
		syn, known = encapsulatedHead(pre.transferSyntax)
	}
	if !known || syn.deflated {
		return nil, false
	}
	s := &scanner{data: head, syn: syn, lim: lim, last: &last}
	if err := s.run(pre.meta, pre.body); err != nil || !s.past {
		return nil, false
	}
	ds, err := s.parseHeader()
	if err != nil {
		return nil, false
	}
	f = &File{TransferSyntax: pre.transferSyntax, Bytes: head, Dataset: ds}
	return f, !pre.bare || f.checkBare() == nil
}

// encapsulatedHead is how the header of a file in an unknown transfer syntax of
// encapsulated pixel data is encoded. Those of JPIP whose data set is deflated
// (PS3.5 annex A.7) are none.
func encapsulatedHead(uid string) (syntax, bool) {
	const jpipDeflate, jpipHTJ2KDeflate = "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"
	ok := isUID(uid) && strings.HasPrefix(uid, "1.2.840.10008.1.2.4.") && uid != jpipDeflate && uid != jpipHTJ2KDeflate
	return syntax{encapsulated: true}, ok
}
