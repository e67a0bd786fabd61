package dimse

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
)

// Context is an accepted presentation context.
type Context struct {
	ID             byte
	AbstractSyntax string
	TransferSyntax string
}

// ErrReleased is how an association ends in good order by the peer's wish.
var ErrReleased = errors.New("the peer released the association")

// bufferSize of reads and writes: a PDU of the default size and its headers.
const bufferSize = 128<<10 + 64

// maxSent bounds the PDUs that are sent to a peer that takes any.
const maxSent = 128 << 10

// Association is an established association. It is used by one goroutine;
// only Abort may be called by another.
type Association struct {
	conn     net.Conn
	r        *bufio.Reader
	w        *bufio.Writer
	timing   Timing
	contexts map[byte]Context
	// maxReceived and maxSent are the largest P-DATA-TF of each direction.
	maxReceived, maxSent uint32

	// left is what is not read of the current PDU, piece of its current
	// fragment.
	left  uint32
	piece pdu.Fragment
	// messages numbers the requests of this side.
	messages uint16
	ended    atomic.Bool
}

func newAssociation(conn net.Conn, timing Timing) *Association {
	return &Association{
		conn: conn, timing: timing, contexts: map[byte]Context{}, maxSent: maxSent,
		r: bufio.NewReaderSize(conn, bufferSize), w: bufio.NewWriterSize(conn, bufferSize),
	}
}

// limitSent takes over the largest PDU that the peer said it takes.
func (a *Association) limitSent(peer uint32) error {
	if peer == 0 {
		return nil
	}
	if peer <= pdu.DataHeaderLen {
		return pdu.Violated(pdu.InvalidParameter, "PDUs of at most %d bytes hold nothing", peer)
	}
	a.maxSent = min(a.maxSent, peer)
	return nil
}

// Message is a command that came, with its data set.
type Message struct {
	Context Context
	Command *command.Set
	// Data is nil where no data set follows. What is not read of it is
	// skipped by the next call of Next.
	Data io.Reader

	data *dataReader
}

// Next waits for the next message. ErrReleased where the peer released the
// association, *pdu.Abort where it aborted; after any error the association
// is over.
func (a *Association) Next(prev *Message) (*Message, error) {
	if err := prev.skip(); err != nil {
		return nil, a.fail(err)
	}
	m, err := a.next(a.timing.Idle)
	if err != nil {
		return nil, a.fail(err)
	}
	return m, nil
}

func (m *Message) skip() error {
	if m == nil || m.data == nil {
		return nil
	}
	_, err := io.Copy(io.Discard, m.data)
	return err
}

func (a *Association) next(wait time.Duration) (*Message, error) {
	var raw []byte
	for {
		if err := a.fragment(wait); err != nil {
			return nil, err
		}
		wait = a.timing.Transfer
		if !a.piece.Command {
			return nil, pdu.Violated(pdu.UnexpectedPDU, "a piece of a data set in place of a command")
		}
		if uint64(len(raw))+uint64(a.piece.Length) > command.MaxLen {
			return nil, pdu.Violated(pdu.InvalidParameter, "a command of more than %d bytes", command.MaxLen)
		}
		id, last := a.piece.ContextID, a.piece.Last
		n := len(raw)
		raw = append(raw, make([]byte, a.piece.Length)...)
		if _, err := io.ReadFull(a.r, raw[n:]); err != nil {
			return nil, noEOF(err)
		}
		a.piece.Length = 0
		if last {
			return a.message(id, raw)
		}
	}
}

func (a *Association) message(id byte, raw []byte) (*Message, error) {
	ctx, ok := a.contexts[id]
	if !ok {
		return nil, pdu.Violated(pdu.InvalidParameter, "presentation context %d was not accepted", id)
	}
	cmd, err := command.Parse(raw)
	if err != nil {
		return nil, pdu.Violated(pdu.NotSpecified, "%v", err)
	}
	m := &Message{Context: ctx, Command: cmd}
	if cmd.HasData {
		m.data = &dataReader{a: a, id: id}
		m.Data = m.data
	}
	return m, nil
}

// fragment reads heads until the next fragment begins; wait bounds the time
// until the PDU with it does, if it is a new one.
func (a *Association) fragment(wait time.Duration) error {
	for a.left == 0 {
		if err := a.pduBegins(wait); err != nil {
			return err
		}
	}
	f, err := pdu.ReadFragment(a.r, a.left)
	if err != nil {
		return err
	}
	a.left -= f.Length + pdu.DataHeaderLen
	a.piece = f
	return nil
}

// pduBegins reads the header of the next PDU; all but a P-DATA-TF end the
// association.
func (a *Association) pduBegins(wait time.Duration) error {
	if err := a.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	h, err := pdu.ReadHeader(a.r)
	if err != nil {
		return noEOF(err)
	}
	if err := a.conn.SetReadDeadline(time.Now().Add(a.timing.Transfer)); err != nil {
		return err
	}
	if h.Type == pdu.TypeData {
		if a.maxReceived != 0 && h.Length > a.maxReceived {
			return pdu.Violated(pdu.InvalidParameter, "a P-DATA-TF of %d bytes, more than the %d that were agreed on", h.Length, a.maxReceived)
		}
		a.left = h.Length
		return nil
	}
	body, err := pdu.ReadBody(a.r, h)
	if err != nil {
		return err
	}
	return ending(h, body)
}

// ending is the error that a PDU other than P-DATA-TF stands for within an
// association.
func ending(h pdu.Header, body []byte) error {
	switch h.Type {
	case pdu.TypeReleaseRQ:
		return ErrReleased
	case pdu.TypeAbort:
		abort, err := pdu.ParseAbort(body)
		if err != nil {
			return err
		}
		return abort
	default:
		return pdu.Violated(pdu.UnexpectedPDU, "%s within an association", h.Type)
	}
}
