// Package mllp sends HL7 v2 messages to an information system, by the minimal
// lower layer protocol (HL7 v2.5.1 implementation guide, appendix C), over TCP
// or TLS.
package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// Client sends to one receiver. It may be used by several goroutines; each
// message has a connection of its own.
type Client struct {
	// Address is HOST:PORT.
	Address string
	// TLS is used where not nil; its ServerName is the host of Address where it
	// is empty.
	TLS *tls.Config
	// DialTimeout bounds the connection with its TLS handshake, default 30 s;
	// AckTimeout the message and the answer to it, default 60 s.
	DialTimeout, AckTimeout time.Duration
}

// What can be wrong with an answer. No error holds anything of its text: it
// may name a patient.
var (
	// ErrMessage: what is to be sent is no HL7 message, or cannot be framed.
	ErrMessage = errors.New("not an HL7 message that can be sent")
	// ErrFrame: the answer is not framed, or is too long.
	ErrFrame = errors.New("the receiver's answer is not framed as MLLP has it")
	// ErrAck: the answer is no acknowledgement that can be read.
	ErrAck = errors.New("the receiver's answer is no HL7 acknowledgement")
	// ErrOtherAck: the answer acknowledges another message.
	ErrOtherAck = errors.New("the receiver acknowledged another message")
)

// Refused says that the receiver did not take a message.
type Refused struct {
	// Code is MSA-1: AE, AR, CE or CR (HL7 table 0008).
	Code string
}

func (r *Refused) Error() string { return "the receiver refused the message: " + r.Code }

// Send sends one message, whose segments end with a carriage return, and waits
// until the receiver has accepted it. *Refused where it did not; any other
// error may mean that it has the message even so: it is to be sent again as it
// is, with its control identifier, by which a receiver knows it. A context
// that ends closes the connection.
func (c Client) Send(ctx context.Context, message []byte) error {
	control, err := controlOf(message)
	if err != nil {
		return err
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return ended(ctx, fmt.Errorf("the receiver cannot be reached: %w", err))
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := conn.SetDeadline(time.Now().Add(or(c.AckTimeout, time.Minute))); err != nil {
		return ended(ctx, err)
	}
	if _, err := conn.Write(framed(message)); err != nil {
		return ended(ctx, fmt.Errorf("the connection to the receiver broke: %w", err))
	}
	answer, err := readFrame(conn)
	if err != nil {
		return ended(ctx, err)
	}
	return acknowledged(answer, control)
}

func (c Client) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, or(c.DialTimeout, 30*time.Second))
	defer cancel()
	if c.TLS == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", c.Address)
	}
	return (&tls.Dialer{Config: c.TLS}).DialContext(ctx, "tcp", c.Address)
}

// ended is why the context ended, where it did: what broke then is its doing.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
