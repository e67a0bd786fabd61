package pdu

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Type is the first byte of a PDU (PS3.8 table 9-11 and following).
type Type byte

// The seven PDUs.
const (
	TypeAssociateRQ Type = 0x01
	TypeAssociateAC Type = 0x02
	TypeAssociateRJ Type = 0x03
	TypeData        Type = 0x04
	TypeReleaseRQ   Type = 0x05
	TypeReleaseRP   Type = 0x06
	TypeAbort       Type = 0x07
)

// String is the standard's name of the PDU.
func (t Type) String() string {
	switch t {
	case TypeAssociateRQ:
		return "A-ASSOCIATE-RQ"
	case TypeAssociateAC:
		return "A-ASSOCIATE-AC"
	case TypeAssociateRJ:
		return "A-ASSOCIATE-RJ"
	case TypeData:
		return "P-DATA-TF"
	case TypeReleaseRQ:
		return "A-RELEASE-RQ"
	case TypeReleaseRP:
		return "A-RELEASE-RP"
	case TypeAbort:
		return "A-ABORT"
	default:
		return fmt.Sprintf("PDU of type %#02x", byte(t))
	}
}

// HeaderLen is the length of what comes before every PDU's own fields.
const HeaderLen = 6

// Header begins every PDU.
type Header struct {
	Type Type
	// Length is that of what follows the header, in bytes.
	Length uint32
}

// ReadHeader reads a header. It returns io.EOF where the connection ended
// before its first byte.
func ReadHeader(r io.Reader) (Header, error) {
	var b [HeaderLen]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return Header{}, err
	}
	h := Header{Type: Type(b[0]), Length: binary.BigEndian.Uint32(b[2:])}
	if h.Type < TypeAssociateRQ || h.Type > TypeAbort {
		return h, Violated(UnrecognizedPDU, "%s", h.Type)
	}
	return h, nil
}

// maxBody bounds every PDU but P-DATA-TF: 128 presentation contexts with
// twenty transfer syntaxes each are some 100 kB.
const maxBody = 512 << 10

// ReadBody reads what follows the header of any PDU but a P-DATA-TF.
func ReadBody(r io.Reader, h Header) ([]byte, error) {
	if h.Length > maxBody {
		return nil, Violated(InvalidParameter, "%s of %d bytes", h.Type, h.Length)
	}
	b := make([]byte, h.Length)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, noEOF(err)
	}
	return b, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// appendPDU appends a PDU whose fields body writes.
func appendPDU(b []byte, t Type, body func([]byte) []byte) []byte {
	b = append(b, byte(t), 0)
	return appendCounted(b, 4, body)
}

// appendItem appends an item or a sub-item (PS3.8 tables 9-12 and following).
func appendItem(b []byte, kind byte, body func([]byte) []byte) []byte {
	b = append(b, kind, 0)
	return appendCounted(b, 2, body)
}

// appendCounted appends a length of so many bytes and what it counts.
func appendCounted(b []byte, size int, body func([]byte) []byte) []byte {
	at := len(b)
	b = body(append(b, make([]byte, size)...))
	n := len(b) - at - size
	if size == 2 {
		binary.BigEndian.PutUint16(b[at:], uint16(n))
	} else {
		binary.BigEndian.PutUint32(b[at:], uint32(n))
	}
	return b
}

// AppendReleaseRQ appends an A-RELEASE-RQ (PS3.8 section 9.3.6).
func AppendReleaseRQ(b []byte) []byte { return appendEmpty(b, TypeReleaseRQ) }

// AppendReleaseRP appends an A-RELEASE-RP (PS3.8 section 9.3.7).
func AppendReleaseRP(b []byte) []byte { return appendEmpty(b, TypeReleaseRP) }

func appendEmpty(b []byte, t Type) []byte {
	return append(b, byte(t), 0, 0, 0, 0, 4, 0, 0, 0, 0)
}
