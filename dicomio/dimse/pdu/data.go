package pdu

import (
	"encoding/binary"
	"io"
)

// DataHeaderLen is the length of what comes before a fragment in a
// P-DATA-TF: the item's length, the presentation context, the control byte.
const DataHeaderLen = 6

// The bits of the message control header (PS3.8 annex E.2).
const (
	controlCommand = 1
	controlLast    = 2
)

// Fragment heads one presentation data value of a P-DATA-TF (PS3.8 section
// 9.3.5): a piece of a command or of a data set.
type Fragment struct {
	ContextID byte
	// Command: a piece of a command set, else of a data set.
	Command bool
	// Last: nothing of the command or data set follows it.
	Last bool
	// Length is that of the piece, in bytes.
	Length uint32
}

// ReadFragment reads the head of a fragment; left is what the PDU still
// holds.
func ReadFragment(r io.Reader, left uint32) (Fragment, error) {
	if left < DataHeaderLen {
		return Fragment{}, Violated(InvalidParameter, "%d bytes behind the last fragment of a P-DATA-TF", left)
	}
	var b [DataHeaderLen]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return Fragment{}, noEOF(err)
	}
	n := binary.BigEndian.Uint32(b[:])
	if n < 2 || n > left-4 {
		return Fragment{}, Violated(InvalidParameter, "a fragment of %d bytes in %d", n, left)
	}
	control := b[5]
	return Fragment{
		ContextID: b[4], Length: n - 2,
		Command: control&controlCommand != 0, Last: control&controlLast != 0,
	}, nil
}

// AppendDataHeader appends the header of a P-DATA-TF with one fragment, and
// the fragment's own; its bytes follow.
func AppendDataHeader(b []byte, f Fragment) []byte {
	b = append(b, byte(TypeData), 0)
	b = binary.BigEndian.AppendUint32(b, f.Length+DataHeaderLen)
	b = binary.BigEndian.AppendUint32(b, f.Length+2)
	control := byte(0)
	if f.Command {
		control |= controlCommand
	}
	if f.Last {
		control |= controlLast
	}
	return append(b, f.ContextID, control)
}
