package dimse

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"nafas/dicomio/dimse/pdu"
)

// fail ends the association as the error asks for, and returns the error.
func (a *Association) fail(err error) error {
	if a.ended.Swap(true) {
		return err
	}
	var violation *pdu.Violation
	var abort *pdu.Abort
	var source sourceError
	switch {
	case errors.Is(err, ErrReleased):
		a.part(pdu.AppendReleaseRP(nil))
	case errors.As(err, &abort):
		_ = a.conn.Close()
	case errors.As(err, &violation):
		a.part((&pdu.Abort{Source: pdu.AbortByProvider, Reason: violation.Reason}).Append(nil))
	case errors.As(err, &source):
		// Whole PDUs may wait in the buffer; an abort in the middle of one
		// would be read as data.
		_ = a.w.Flush()
		a.part((&pdu.Abort{Source: pdu.AbortByUser}).Append(nil))
	default:
		a.part((&pdu.Abort{Source: pdu.AbortByUser}).Append(nil))
	}
	return err
}

// Abort ends the association at once, without waiting for the peer, who hears
// an A-ABORT if it listens. It may be called by any goroutine.
func (a *Association) Abort() {
	if a.ended.Swap(true) {
		return
	}
	defer a.conn.Close()
	if err := a.conn.SetDeadline(time.Now().Add(lingering)); err == nil {
		_, _ = a.conn.Write((&pdu.Abort{Source: pdu.AbortByUser}).Append(nil))
	}
}

// part sends the last PDU and closes the connection once the peer has, or
// after a moment.
func (a *Association) part(last []byte) { part(a.conn, last, a.timing) }

// lingering bounds the wait for a peer to close the connection.
const lingering = 2 * time.Second

// part sends a last PDU and waits until the peer closes: closing first, with
// bytes of the peer's unread, would reset the connection and the PDU might
// never be seen (PS3.8 section 9.2.2, state 13). Errors matter to nobody now.
func part(conn net.Conn, last []byte, t Timing) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(min(t.ARTIM, lingering)))
	if _, err := conn.Write(last); err != nil {
		return
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, conn)
}

// Release ends the association in good order, by our wish (PS3.8 section
// 7.2). Whatever it returns, the association is over.
func (a *Association) Release() error {
	if a.ended.Swap(true) {
		return nil
	}
	defer a.conn.Close()
	if err := a.conn.SetDeadline(time.Now().Add(a.timing.ARTIM)); err != nil {
		return err
	}
	if _, err := a.conn.Write(pdu.AppendReleaseRQ(nil)); err != nil {
		return fmt.Errorf("releasing: %w", err)
	}
	for {
		h, err := pdu.ReadHeader(a.r)
		if err != nil {
			return fmt.Errorf("releasing: %w", noEOF(err))
		}
		if h.Type == pdu.TypeReleaseRP || h.Type == pdu.TypeAbort {
			return nil
		}
		// A release of the peer's crossed ours, or data were on their way.
		if err := a.crossed(h); err != nil {
			return err
		}
	}
}

func (a *Association) crossed(h pdu.Header) error {
	if _, err := io.CopyN(io.Discard, a.r, int64(h.Length)); err != nil {
		return fmt.Errorf("releasing: %w", noEOF(err))
	}
	if h.Type != pdu.TypeReleaseRQ {
		return nil
	}
	_, err := a.conn.Write(pdu.AppendReleaseRP(nil))
	return err
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
