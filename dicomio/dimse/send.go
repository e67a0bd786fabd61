package dimse

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"

	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
)

// sourceError is an error of what is to be sent, not of the association.
type sourceError struct{ error }

// Unwrap gives the reader's own error.
func (e sourceError) Unwrap() error { return e.error }

// Send sends a command and, where data is not nil, the data set. An error of
// data itself aborts the association: half a data set cannot be taken back.
func (a *Association) Send(ctx Context, cmd *command.Set, data io.Reader) error {
	cmd.HasData = data != nil
	err := a.pieces(ctx.ID, true, bytes.NewReader(cmd.Append(nil)))
	if err == nil && data != nil {
		err = a.pieces(ctx.ID, false, data)
	}
	if err == nil {
		err = a.w.Flush()
	}
	if err != nil {
		return a.fail(err)
	}
	return nil
}

// pieces sends r as fragments, one in each PDU.
func (a *Association) pieces(id byte, isCommand bool, r io.Reader) error {
	size := int(a.maxSent - pdu.DataHeaderLen)
	// One byte more is looked at, to know whether a fragment is the last one.
	in := bufio.NewReaderSize(r, max(size+1, minBufio))
	for last := false; !last; {
		piece, err := in.Peek(size + 1)
		if err != nil && !errors.Is(err, io.EOF) {
			return sourceError{err}
		}
		last = len(piece) <= size
		piece = piece[:min(len(piece), size)]
		head := pdu.AppendDataHeader(nil, pdu.Fragment{
			ContextID: id, Command: isCommand, Last: last, Length: uint32(len(piece)),
		})
		if err := a.write(head, piece); err != nil {
			return err
		}
		if _, err := in.Discard(len(piece)); err != nil {
			return sourceError{err}
		}
	}
	return nil
}

// minBufio is the least size that bufio takes at its word.
const minBufio = 16

func (a *Association) write(parts ...[]byte) error {
	if err := a.conn.SetWriteDeadline(time.Now().Add(a.timing.Transfer)); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := a.w.Write(p); err != nil {
			return err
		}
	}
	return nil
}
