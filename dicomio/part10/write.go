package part10

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// ImplementationClassUID and ImplementationVersionName identify what wrote a
// file, and what speaks on a DICOM association (PS3.7 annex D.3.3.2).
const (
	ImplementationClassUID    = "2.25.238620589900045346439674509473665631028"
	ImplementationVersionName = "NAFAS"
)

// OffsetTable says how a reader finds the frames of encapsulated pixel data.
type OffsetTable uint8

const (
	BasicOffsets    OffsetTable = iota // the table in the first item
	NoOffsets                          // an empty table
	ExtendedOffsets                    // (7FE0,0001) and (7FE0,0002)
)

// Pixels are the pixel data of a file to be written.
type Pixels struct {
	// Native samples, little endian, all frames after one another. Write turns
	// them round for Explicit VR Big Endian, by BitsAllocated.
	Native []byte
	// Frames are compressed frames, for an encapsulated transfer syntax.
	Frames [][]byte
	// MaxFragment cuts frames into fragments of at most so many bytes, an even
	// number; 0 makes each frame one fragment.
	MaxFragment int
	// Offsets is the offset table that is written for Frames.
	Offsets OffsetTable
}

// Write writes ds as a Part 10 file (PS3.10 section 7) in any transfer syntax
// that Parse reads. Elements are sorted at every level, sequences get defined
// lengths, values even ones. The file meta group is made here, from SOP Class
// and Instance UID; group 0002, group lengths and offset tables in ds are
// dropped. px is nil for a file without pixel data. ds is not changed.
//
// This is our own encoder because the library's does not sort, cuts long
// values to 16 bit lengths without an error, turns the bytes of UN values
// round in big endian, and cannot deflate.
func Write(w io.Writer, transferSyntax string, ds dicom.Dataset, px *Pixels) error {
	syn, ok := syntaxes[transferSyntax]
	if !ok {
		return fmt.Errorf("cannot write transfer syntax %s", describeSyntax(transferSyntax))
	}
	head, err := metaOf(transferSyntax, ds.Elements)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	if !syn.deflated {
		return writeDataset(w, syn, ds.Elements, px)
	}
	count := &counter{w: w}
	z, err := flate.NewWriter(count, flate.DefaultCompression)
	if err != nil {
		return err
	}
	if err := writeDataset(z, syn, ds.Elements, px); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if count.n%2 != 0 { // PS3.5 annex A.5: a trailing null makes it even
		_, err = w.Write([]byte{0})
	}
	return err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// metaOf is the file meta group of a data set that names its SOP instance.
func metaOf(transferSyntax string, elems Elements) ([]byte, error) {
	class, ok1 := elems.String(tag.SOPClassUID)
	instance, ok2 := elems.String(tag.SOPInstanceUID)
	if !ok1 || !ok2 {
		return nil, errors.New("a data set without SOP Class UID or SOP Instance UID cannot be written")
	}
	return Meta(class, instance, transferSyntax)
}

// writeDataset writes what follows the file meta group.
func writeDataset(w io.Writer, syn syntax, elems Elements, px *Pixels) error {
	enc := encoding{implicit: syn.implicit, bigEndian: syn.bigEndian}
	sorted, err := sortedForWriting(elems)
	if err != nil {
		return err
	}
	behind := len(sorted)
	for i, e := range slices.Backward(sorted) {
		if e.Tag.Compare(tag.PixelData) < 0 {
			break
		}
		behind = i
	}
	var b []byte
	for _, e := range sorted[:behind] {
		if b, err = appendElement(b, e, enc); err != nil {
			return err
		}
	}
	if px != nil {
		if b, err = writePixels(w, b, syn, elems, px); err != nil {
			return err
		}
	}
	for _, e := range sorted[behind:] {
		if b, err = appendElement(b, e, enc); err != nil {
			return err
		}
	}
	_, err = w.Write(b)
	return err
}

// sortedForWriting returns the elements in tag order (PS3.5 section 7.1)
// without those that describe the encoding of another file.
func sortedForWriting(elems []*dicom.Element) ([]*dicom.Element, error) {
	out := make([]*dicom.Element, 0, len(elems))
	for _, e := range elems {
		switch {
		case e == nil:
			return nil, errors.New("a data set holds a nil element")
		case e.Tag == tag.PixelData:
			return nil, errors.New("pixel data are passed to Write beside the data set")
		case e.Tag.Group == tag.GroupSeqItem:
			return nil, fmt.Errorf("%s is no element", e.Tag)
		case e.Tag.Group == tag.MetadataGroup, e.Tag.Element == 0,
			e.Tag == tag.ExtendedOffsetTable, e.Tag == tag.ExtendedOffsetTableLengths,
			e.Tag == tag.EncapsulatedPixelDataValueTotalLength:
			continue
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b *dicom.Element) int { return a.Tag.Compare(b.Tag) })
	for i := 1; i < len(out); i++ {
		if out[i].Tag == out[i-1].Tag {
			return nil, fmt.Errorf("%s is there twice", out[i].Tag)
		}
	}
	return out, nil
}

// writePixels writes what b holds so far and the pixel data, and returns b
// emptied for what follows.
func writePixels(w io.Writer, b []byte, syn syntax, elems Elements, px *Pixels) ([]byte, error) {
	if syn.encapsulated != (px.Frames != nil) || px.Frames != nil && px.Native != nil {
		return nil, fmt.Errorf("transfer syntax %s does not fit the form of the pixel data", syn.name)
	}
	if syn.encapsulated {
		return writeEncapsulated(w, b, px)
	}
	bits, ok := elems.Int(tag.BitsAllocated)
	if !ok {
		return nil, errors.New("pixel data without BitsAllocated")
	}
	vr, data := vrOW, px.Native
	if bits <= 8 && !syn.implicit {
		vr = vrOB
	}
	if int64(len(data)) >= undefinedLength-1 {
		return nil, fmt.Errorf("%d bytes of pixel data are too many for a native transfer syntax", len(data))
	}
	if unit := bits / 8; syn.bigEndian && unit > 1 {
		data = littleEndian(data, unit)
	}
	pad := len(data) % 2
	enc := encoding{implicit: syn.implicit, bigEndian: syn.bigEndian}
	b = appendHeader(b, tag.PixelData, vr, uint32(len(data)+pad), enc)
	for _, part := range [][]byte{b, data, make([]byte, pad)} {
		if _, err := w.Write(part); err != nil {
			return nil, err
		}
	}
	return b[:0], nil
}

// writeEncapsulated writes fragments with their offset table (PS3.5 annex A.4).
func writeEncapsulated(w io.Writer, b []byte, px *Pixels) ([]byte, error) {
	if px.MaxFragment%2 != 0 || px.MaxFragment < 0 {
		return nil, fmt.Errorf("fragments of %d bytes are not of even length", px.MaxFragment)
	}
	offsets, lengths, at := make([]uint64, len(px.Frames)), make([]uint64, len(px.Frames)), uint64(0)
	for i, frame := range px.Frames {
		offsets[i], lengths[i] = at, uint64(len(frame))
		for _, piece := range pieces(frame, px.MaxFragment) {
			at += 8 + uint64(len(piece)+len(piece)%2)
		}
	}
	var table []byte
	switch px.Offsets {
	case BasicOffsets:
		if at > undefinedLength {
			return nil, errors.New("the frames are too long for a basic offset table")
		}
		for _, o := range offsets {
			table = binary.LittleEndian.AppendUint32(table, uint32(o))
		}
	case ExtendedOffsets:
		b = appendWords64(b, tag.ExtendedOffsetTable, offsets)
		b = appendWords64(b, tag.ExtendedOffsetTableLengths, lengths)
	}
	b = appendHeader(b, tag.PixelData, vrOB, undefinedLength, encoding{})
	b = append(appendHeader(b, tag.Item, vrUN, uint32(len(table)), encoding{}), table...)
	for _, frame := range px.Frames {
		for _, piece := range pieces(frame, px.MaxFragment) {
			b = appendHeader(b, tag.Item, vrUN, uint32(len(piece)+len(piece)%2), encoding{})
			for _, part := range [][]byte{b, piece, make([]byte, len(piece)%2)} {
				if _, err := w.Write(part); err != nil {
					return nil, err
				}
			}
			b = b[:0]
		}
	}
	return appendHeader(b, tag.SequenceDelimitationItem, vrUN, 0, encoding{}), nil
}

// pieces cuts a frame into its fragments.
func pieces(frame []byte, size int) [][]byte {
	if size == 0 || len(frame) <= size {
		return [][]byte{frame}
	}
	return slices.Collect(slices.Chunk(frame, size))
}

func appendWords64(b []byte, t tag.Tag, words []uint64) []byte {
	b = appendHeader(b, t, vrs[vrKey('O', 'V')], uint32(8*len(words)), encoding{})
	for _, v := range words {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

// Marshal is Write into memory.
func Marshal(transferSyntax string, ds dicom.Dataset, px *Pixels) ([]byte, error) {
	var b bytes.Buffer
	if err := Write(&b, transferSyntax, ds, px); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
