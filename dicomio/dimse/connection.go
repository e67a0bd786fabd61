package dimse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
)

// connection is one peer's, from its first byte to its last.
type connection struct {
	server  *Server
	conn    net.Conn
	address netip.Addr

	mu sync.Mutex
	// association is nil before it is established.
	association *Association
	// busy: an operation is being answered; stopping: none is begun any more.
	busy, stopping bool
}

// errStopping ends associations when the server shuts down.
var errStopping = errors.New("this side shuts down")

// stop ends the connection, after the operation under way if there is one.
func (c *connection) stop() {
	c.mu.Lock()
	c.stopping = true
	idle, association := !c.busy, c.association
	c.mu.Unlock()
	switch {
	case association == nil:
		_ = c.conn.Close()
	case idle:
		association.Abort()
	}
}

// begin says whether an operation may begin.
func (c *connection) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = !c.stopping
	return c.busy
}

// end says whether no other operation may begin.
func (c *connection) end() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = false
	return c.stopping
}

func (c *connection) serve(ctx context.Context) {
	log := c.server.cfg.Log
	a, rq, err := c.request()
	if err != nil {
		log.Warn("DICOM peer refused", "address", c.address, "error", err)
		return
	}
	select {
	case c.server.slots <- struct{}{}:
		defer func() { <-c.server.slots }()
	default:
		log.Warn("DICOM peer refused: as many associations are open as may be", "address", c.address)
		c.reject(&pdu.Reject{Transient: true, Source: pdu.RejectByPresentation, Reason: pdu.LocalLimitExceeded})
		return
	}
	session, err := c.server.handler.Open(ctx, Peer{CallingAE: rq.CallingAE, CalledAE: rq.CalledAE, Address: c.address})
	if err != nil {
		log.Warn("DICOM peer refused", "address", c.address, "error", err)
		c.reject(&pdu.Reject{Transient: true, Source: pdu.RejectByPresentation, Reason: pdu.TemporaryCongestion})
		return
	}
	err = c.accept(a, rq)
	if err == nil {
		err = c.operations(ctx, a, session)
	}
	if errors.Is(err, ErrReleased) {
		err = nil
	}
	session.End(err)
}

// request reads the request for an association and checks it; what is wrong
// with it has been answered.
func (c *connection) request() (*Association, *pdu.Associate, error) {
	a := newAssociation(c.conn, c.server.cfg.Timing)
	a.maxReceived = c.server.cfg.MaxPDU
	rq, err := c.readRequest(a)
	if err != nil {
		return nil, nil, a.fail(err)
	}
	if reject := c.server.judge(rq); reject != nil {
		c.reject(reject)
		return nil, nil, fmt.Errorf("rejected: source %d, reason %d", reject.Source, reject.Reason)
	}
	if err := a.limitSent(rq.User.MaxLength); err != nil {
		return nil, nil, a.fail(err)
	}
	return a, rq, nil
}

func (c *connection) readRequest(a *Association) (*pdu.Associate, error) {
	if err := c.conn.SetDeadline(time.Now().Add(a.timing.ARTIM)); err != nil {
		return nil, err
	}
	h, err := pdu.ReadHeader(a.r)
	if err != nil {
		return nil, err
	}
	if h.Type != pdu.TypeAssociateRQ {
		return nil, pdu.Violated(pdu.UnexpectedPDU, "%s before an association", h.Type)
	}
	body, err := pdu.ReadBody(a.r, h)
	if err != nil {
		return nil, err
	}
	return pdu.ParseAssociateRQ(body)
}

func (c *connection) reject(r *pdu.Reject) { part(c.conn, r.Append(nil), c.server.cfg.Timing) }

// accept answers the request and makes the association one that can be
// stopped.
func (c *connection) accept(a *Association, rq *pdu.Associate) error {
	user := userInformation(c.server.cfg.MaxPDU)
	user.Roles, user.Window = roles(rq.User.Roles), window(rq.User.Window)
	ac := pdu.Associate{
		ProtocolVersion: 1, CalledAE: rq.CalledAE, CallingAE: rq.CallingAE,
		ApplicationContext: pdu.ApplicationContext, User: user,
		Contexts: c.server.cfg.Offers.accept(rq.Contexts),
	}
	for i, answer := range ac.Contexts {
		if answer.Result == pdu.Accepted {
			a.contexts[answer.ID] = Context{
				ID: answer.ID, AbstractSyntax: rq.Contexts[i].AbstractSyntax, TransferSyntax: answer.TransferSyntaxes[0],
			}
		}
	}
	if err := a.write(ac.AppendAC(nil)); err != nil {
		return a.fail(err)
	}
	if err := a.w.Flush(); err != nil {
		return a.fail(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.association = a
	return nil
}

// operations answers one message after another until the association ends.
func (c *connection) operations(ctx context.Context, a *Association, session Session) error {
	var m *Message
	for {
		var err error
		if m, err = a.Next(m); err != nil {
			return err
		}
		if !c.begin() {
			return a.fail(errStopping)
		}
		err = c.operation(ctx, a, session, m)
		if stopping := c.end(); stopping && err == nil {
			err = a.fail(errStopping)
		}
		if err != nil {
			return err
		}
	}
}

func (c *connection) operation(ctx context.Context, a *Association, session Session, m *Message) error {
	if m.Command.Field.IsResponse() || m.Command.Field == command.CCancelRQ {
		return nil // nothing was asked, and nothing that is under way can be cancelled
	}
	status, comment := answer(ctx, session, m)
	// Whatever the answer, the data set must be over before it: a peer sends
	// all of it before it listens.
	if err := m.skip(); err != nil {
		return a.fail(err)
	}
	return a.Send(m.Context, m.Command.Reply(status, comment), nil)
}
