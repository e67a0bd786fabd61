package part10

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// Meta returns preamble, mark and file meta group (PS3.10 table 7.1-1): with
// the bytes of a data set in the named transfer syntax behind it, a Part 10
// file. It is not checked that the transfer syntax is known.
func Meta(sopClassUID, sopInstanceUID, transferSyntax string) ([]byte, error) {
	var group []byte
	for _, m := range []struct {
		tag  tag.Tag
		vr   string
		data any
	}{
		{tag.FileMetaInformationVersion, "OB", []byte{0, 1}},
		{tag.MediaStorageSOPClassUID, "UI", []string{sopClassUID}},
		{tag.MediaStorageSOPInstanceUID, "UI", []string{sopInstanceUID}},
		{tag.TransferSyntaxUID, "UI", []string{transferSyntax}},
		{tag.ImplementationClassUID, "UI", []string{ImplementationClassUID}},
		{tag.ImplementationVersionName, "SH", []string{ImplementationVersionName}},
	} {
		e, err := NewElement(m.tag, m.vr, m.data)
		if err != nil {
			return nil, err
		}
		if group, err = appendElement(group, e, encoding{}); err != nil {
			return nil, err
		}
	}
	b := append(make([]byte, preambleLen), magic...)
	b = appendHeader(b, tag.FileMetaInformationGroupLength, vrUL, 4, encoding{})
	b = binary.LittleEndian.AppendUint32(b, uint32(len(group)))
	return append(b, group...), nil
}

// ParseDataset reads a data set that comes without a file meta group, such as
// one of a DIMSE message. Its errors are those of Parse.
func ParseDataset(transferSyntax string, data []byte, lim Limits) (Elements, error) {
	head, err := Meta("", "", transferSyntax)
	if err != nil {
		return nil, err
	}
	f, err := Parse(append(head, data...), lim)
	if err != nil {
		return nil, err
	}
	var out Elements
	for _, e := range f.Dataset.Elements {
		if e.Tag.Group != tag.MetadataGroup {
			out = append(out, e)
		}
	}
	return out, nil
}

// MarshalDataset is a data set without pixel data and without a file meta
// group, as a DIMSE message carries it.
func MarshalDataset(transferSyntax string, elems Elements) ([]byte, error) {
	syn, ok := syntaxes[transferSyntax]
	if !ok || syn.deflated || syn.encapsulated {
		return nil, fmt.Errorf("no data set without pixel data is written in transfer syntax %s", describeSyntax(transferSyntax))
	}
	var b bytes.Buffer
	if err := writeDataset(&b, syn, elems, nil); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
