package dimse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
)

// Remote is a peer to call.
type Remote struct {
	// Address is host:port.
	Address             string
	CalledAE, CallingAE string
	// TLS, where not nil, encrypts.
	TLS    *tls.Config
	Timing Timing
	// MaxPDU is the largest P-DATA-TF that is taken. Default 131072.
	MaxPDU uint32
}

// Proposal is a presentation context to be proposed.
type Proposal struct {
	AbstractSyntax   string
	TransferSyntaxes []string
	// Provider: this side will be the provider, not the user, of the service.
	Provider bool
}

// Client is an association that this side opened.
type Client struct {
	*Association
	proposals []Proposal
	stop      func() bool
}

// ErrNoContext is returned where the peer accepted no presentation context
// for what is to be done.
var ErrNoContext = errors.New("the peer takes no such objects, or not in this transfer syntax")

// maxProposals is how many odd numbers a byte holds.
const maxProposals = 128

// Dial opens an association. *pdu.Reject where the peer refuses it. The
// association ends with ctx.
func Dial(ctx context.Context, to Remote, proposals []Proposal) (*Client, error) {
	if len(proposals) > maxProposals {
		return nil, fmt.Errorf("%d presentation contexts are more than the %d of an association", len(proposals), maxProposals)
	}
	if to.MaxPDU == 0 {
		to.MaxPDU = 128 << 10
	}
	timing := to.Timing.withDefaults()
	conn, err := connect(ctx, to, timing)
	if err != nil {
		return nil, err
	}
	c := &Client{Association: newAssociation(conn, timing), proposals: proposals}
	c.maxReceived = to.MaxPDU
	c.stop = context.AfterFunc(ctx, c.Abort)
	if err := c.open(to); err != nil {
		c.stop()
		_ = conn.Close()
		return nil, causeOf(ctx, err)
	}
	return c, nil
}

// causeOf prefers the context's error to what it did to the connection.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func connect(ctx context.Context, to Remote, timing Timing) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, timing.ARTIM)
	defer cancel()
	if to.TLS != nil {
		return (&tls.Dialer{Config: to.TLS}).DialContext(ctx, "tcp", to.Address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", to.Address)
}

func (c *Client) open(to Remote) error {
	user := userInformation(to.MaxPDU)
	rq := pdu.Associate{
		ProtocolVersion: 1, CalledAE: to.CalledAE, CallingAE: to.CallingAE, ApplicationContext: pdu.ApplicationContext,
	}
	for i, p := range c.proposals {
		rq.Contexts = append(rq.Contexts, pdu.Context{
			ID: contextID(i), AbstractSyntax: p.AbstractSyntax, TransferSyntaxes: p.TransferSyntaxes,
		})
		if p.Provider {
			user.Roles = append(user.Roles, pdu.Role{SOPClassUID: p.AbstractSyntax, SCP: true})
		}
	}
	rq.User = user
	if err := c.write(rq.AppendRQ(nil)); err != nil {
		return err
	}
	if err := c.w.Flush(); err != nil {
		return err
	}
	return c.opened()
}

func contextID(i int) byte { return byte(2*i + 1) }

// opened reads the answer to the request for an association.
func (c *Client) opened() error {
	if err := c.conn.SetReadDeadline(time.Now().Add(c.timing.ARTIM)); err != nil {
		return err
	}
	h, err := pdu.ReadHeader(c.r)
	if err != nil {
		return noEOF(err)
	}
	body, err := pdu.ReadBody(c.r, h)
	if err != nil {
		return err
	}
	switch h.Type {
	case pdu.TypeAssociateAC:
		ac, err := pdu.ParseAssociateAC(body)
		if err != nil {
			return err
		}
		return c.accepted(ac)
	case pdu.TypeAssociateRJ:
		reject, err := pdu.ParseReject(body)
		if err != nil {
			return err
		}
		return reject
	default:
		return ending(h, body)
	}
}

func (c *Client) accepted(ac *pdu.Associate) error {
	for _, answer := range ac.Contexts {
		i := int(answer.ID-1) / 2
		if answer.Result != pdu.Accepted || i >= len(c.proposals) {
			continue
		}
		if len(answer.TransferSyntaxes) != 1 {
			return pdu.Violated(pdu.InvalidParameter, "a presentation context accepted with %d transfer syntaxes", len(answer.TransferSyntaxes))
		}
		c.contexts[answer.ID] = Context{
			ID: answer.ID, AbstractSyntax: c.proposals[i].AbstractSyntax, TransferSyntax: answer.TransferSyntaxes[0],
		}
	}
	return c.limitSent(ac.User.MaxLength)
}

// Context finds an accepted presentation context, in any of the transfer
// syntaxes; with none named, in any at all.
func (c *Client) Context(abstractSyntax string, transferSyntaxes ...string) (Context, bool) {
	for i := range c.proposals {
		ctx, ok := c.contexts[contextID(i)]
		if !ok || ctx.AbstractSyntax != abstractSyntax {
			continue
		}
		if len(transferSyntaxes) == 0 {
			return ctx, true
		}
		for _, ts := range transferSyntaxes {
			if ctx.TransferSyntax == ts {
				return ctx, true
			}
		}
	}
	return Context{}, false
}

// Close releases the association.
func (c *Client) Close() error {
	c.stop()
	return c.Release()
}

// request sends a request and returns its number.
func (c *Client) request(ctx Context, cmd *command.Set, data io.Reader) (uint16, error) {
	c.messages++
	cmd.MessageID = c.messages
	return cmd.MessageID, c.Send(ctx, cmd, data)
}

// response waits for the next response to a request. What the peer asks for
// in between is refused.
func (c *Client) response(id uint16, wait time.Duration, prev *Message) (*Message, error) {
	for {
		if err := prev.skip(); err != nil {
			return nil, c.fail(err)
		}
		m, err := c.next(wait)
		if err != nil {
			return nil, c.fail(err)
		}
		if m.Command.Field.IsResponse() && m.Command.MessageID == id {
			return m, nil
		}
		if !m.Command.Field.IsResponse() {
			if err := m.skip(); err != nil {
				return nil, c.fail(err)
			}
			if err := c.Send(m.Context, m.Command.Reply(command.UnrecognizedOperation, ""), nil); err != nil {
				return nil, err
			}
		}
		prev = m
	}
}

// Failure is a response that says that an operation was not done.
type Failure struct {
	Status command.Status
	// Comment is the peer's; it may hold anything and goes into no log.
	Comment string
}

// Error implements error.
func (f *Failure) Error() string { return "the peer answered " + f.Status.String() }

// outcome is nil for success and for warnings.
func outcome(m *Message) error {
	if s := m.Command.Status; s.IsFailure() {
		return &Failure{Status: s, Comment: m.Command.Comment}
	}
	return nil
}

// Echo verifies that the peer answers (C-ECHO).
func (c *Client) Echo() error {
	ctx, ok := c.Context(Verification)
	if !ok {
		return ErrNoContext
	}
	id, err := c.request(ctx, &command.Set{Field: command.CEchoRQ, SOPClassUID: Verification}, nil)
	if err != nil {
		return err
	}
	m, err := c.response(id, c.timing.Answer, nil)
	if err != nil {
		return err
	}
	return outcome(m)
}

// Store sends an instance whose data set is in the transfer syntax of its
// Instance (C-STORE). It returns the peer's status, Success or a warning; a
// *Failure where the peer did not store it, ErrNoContext where it was not
// asked.
func (c *Client) Store(in Instance) (command.Status, error) {
	ctx, ok := c.Context(in.SOPClassUID, in.TransferSyntax)
	if !ok {
		return 0, ErrNoContext
	}
	id, err := c.request(ctx, &command.Set{
		Field: command.CStoreRQ, SOPClassUID: in.SOPClassUID, SOPInstanceUID: in.SOPInstanceUID,
	}, in.Data)
	if err != nil {
		return 0, err
	}
	m, err := c.response(id, c.timing.Answer, nil)
	if err != nil {
		return 0, err
	}
	return m.Command.Status, outcome(m)
}
