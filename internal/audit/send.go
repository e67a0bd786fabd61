package audit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"
)

// Sender sends the trail to a collector: syslog over TLS (RFC 5425). The trail
// itself is the spool: what a collector has not got goes out when it is there
// again. A message can arrive twice, and none is left out.
type Sender struct {
	// Address is HOST:PORT; what was sent is remembered under it.
	Address string
	TLS     *tls.Config
	Source  Source
	Log     *slog.Logger
	// Pause is between tries, doubled up to its 64-fold. Default 5 s.
	Pause time.Duration
	// Patience bounds connecting, each message, and the collector's goodbye. Default
	// 20 s.
	Patience time.Duration
	// Every is how often it is looked for what other processes recorded. Default
	// 30 s.
	Every time.Duration
}

// perConnection bounds how much is sent again after a connection is lost.
const perConnection = 200

// Run sends what t's book has, and what it gets, until ctx ends.
func (s Sender) Run(ctx context.Context, t *Trail) {
	s = s.withDefaults()
	pause := s.Pause
	for ctx.Err() == nil {
		n, err := s.some(ctx, t.book)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.Log.WarnContext(ctx, "the collector of audit messages does not take them; they are kept and sent again", "collector", s.Address, "error", err)
			wait(ctx, pause, nil)
			pause = min(2*pause, 64*s.Pause)
		case n == 0:
			pause = s.Pause
			wait(ctx, s.Every, t.grown)
		default:
			pause = s.Pause
		}
	}
}

func (s Sender) withDefaults() Sender {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&s.Pause, 5*time.Second)
	def(&s.Patience, 20*time.Second)
	def(&s.Every, 30*time.Second)
	if s.Log == nil {
		s.Log = slog.Default()
	}
	return s
}

func wait(ctx context.Context, d time.Duration, woken <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-woken:
	}
}

// some sends what comes next, over a connection of its own: its goodbye is the
// only receipt that the protocol has.
func (s Sender) some(ctx context.Context, book Book) (n int, err error) {
	sent, err := book.Sent(ctx, s.Address)
	if err != nil {
		return 0, err
	}
	var messages [][]byte
	upTo := sent
	if err := Tell(ctx, book, sent, func(t Told) (bool, error) {
		m, err := t.Syslog(s.Source)
		messages, upTo = append(messages, m), t.Number
		return len(messages) < perConnection, err
	}); err != nil || len(messages) == 0 {
		return 0, err
	}
	if err := s.send(ctx, messages); err != nil {
		return 0, err
	}
	return len(messages), book.SetSent(context.WithoutCancel(ctx), s.Address, upTo)
}

// send returns without an error when the collector has read all: it answers our
// goodbye with its own (RFC 5425 section 4.4), which it sees after all messages.
func (s Sender) send(ctx context.Context, messages [][]byte) (err error) {
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: s.Patience}, Config: s.TLS}
	connecting, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	raw, err := dialer.DialContext(connecting, "tcp", s.Address)
	if err != nil {
		return err
	}
	defer raw.Close()
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	conn := raw.(*tls.Conn)
	for _, m := range messages {
		if err := conn.SetDeadline(time.Now().Add(s.Patience)); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(conn, "%d %s", len(m), m); err != nil {
			return err
		}
	}
	if err := errors.Join(conn.CloseWrite(), conn.SetDeadline(time.Now().Add(s.Patience))); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		return fmt.Errorf("it did not confirm the end of the connection: %w", err)
	}
	return nil
}
