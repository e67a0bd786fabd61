package part10

import (
	"encoding/binary"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"
)

const (
	preambleLen = 128
	magic       = "DICM"
)

// prologue is what stands before the data set.
type prologue struct {
	transferSyntax string
	// meta is the file meta group (PS3.10 section 7.1), empty where there is
	// none.
	meta []byte
	// body is the offset of the data set.
	body int
	// bare: no 'DICM' mark; what was read must prove to be DICOM.
	bare bool
}

// readPrologue finds the file meta group and the transfer syntax. A file
// without preamble is read where it starts with its meta group, or with an
// uncompressed little endian data set; everything else is not DICOM.
func readPrologue(data []byte) (prologue, error) {
	var p prologue
	switch {
	case len(data) >= preambleLen+len(magic) && string(data[preambleLen:preambleLen+len(magic)]) == magic:
		p.body = preambleLen + len(magic)
	case len(data) >= len(magic) && string(data[:len(magic)]) == magic:
		p.body = len(magic)
	default:
		p.bare = true
	}
	if err := p.readMeta(data); err != nil {
		return p, err
	}
	if p.transferSyntax == "" {
		p.transferSyntax = guessSyntax(data[p.body:])
		if p.transferSyntax == "" {
			if p.bare {
				return p, errNotDICOM()
			}
			return p, malformed("no TransferSyntaxUID (0002,0010), and the data set does not show it")
		}
	}
	return p, nil
}

// readMeta walks the group 0002 elements, always Explicit VR Little Endian.
// Their end is where the group changes: the group length (0002,0000) is wrong
// in files from the field, so it decides only for a deflated data set, whose
// first bytes may look like group 0002.
func (p *prologue) readMeta(data []byte) error {
	start, pos, declared := p.body, p.body, -1
	deflated := false
	for len(data)-pos >= 8 && binary.LittleEndian.Uint16(data[pos:]) == tag.MetadataGroup {
		if deflated && pos == declared {
			break
		}
		e, err := readElementHeader(data, pos, len(data), encoding{})
		if err != nil {
			return err
		}
		if e.length == undefinedLength {
			return malformed("%s of the file meta group has no length", e.tag)
		}
		if err := e.fits(len(data)); err != nil {
			return err
		}
		v := data[e.value : e.value+int(e.length)]
		switch {
		case e.tag == tag.FileMetaInformationGroupLength && len(v) == 4:
			declared = e.value + 4 + int(binary.LittleEndian.Uint32(v))
		case e.tag == tag.TransferSyntaxUID:
			p.transferSyntax = strings.Trim(string(v), " \x00")
			deflated = syntaxes[p.transferSyntax].deflated
		}
		pos = e.value + int(e.length)
	}
	p.meta, p.body = data[start:pos], pos
	return nil
}

// guessSyntax reads the first element of a data set that comes without a
// transfer syntax. It answers only for group 0008 in little endian, and the
// scan of the whole data set must confirm it.
func guessSyntax(body []byte) string {
	if len(body) < 8 || binary.LittleEndian.Uint16(body) != 8 || binary.LittleEndian.Uint16(body[2:]) > 0x18 {
		return ""
	}
	if _, ok := vrs[vrKey(body[4], body[5])]; ok {
		return ExplicitLE
	}
	if n := binary.LittleEndian.Uint32(body[4:]); int64(n) <= int64(len(body)-8) {
		return ImplicitLE
	}
	return ""
}
