package dimse

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
)

// Peer is who opened an association, as far as it can be known.
type Peer struct {
	CallingAE, CalledAE string
	Address             netip.Addr
}

// Instance is one C-STORE.
type Instance struct {
	SOPClassUID, SOPInstanceUID, TransferSyntax string
	// Data is the data set as it comes, without a file meta group.
	Data io.Reader
}

// Handler opens a Session for each association; an error refuses the
// association for now.
type Handler interface {
	Open(ctx context.Context, peer Peer) (Session, error)
}

// Session takes what comes on one association. Its methods are called one
// after another.
type Session interface {
	// Store takes an instance; Success promises that it is durable. The error
	// comment goes to the peer and holds nothing of a patient's.
	Store(ctx context.Context, in Instance) (command.Status, string)
	// Commit takes a storage commitment request (N-ACTION). Success promises a
	// report.
	Commit(ctx context.Context, in CommitRequest) (command.Status, string)
	// Report takes a storage commitment report (N-EVENT-REPORT) for what this
	// side sent.
	Report(ctx context.Context, in CommitReport) command.Status
	// End is called once, last: with nil where the peer released, else with
	// how the association broke.
	End(err error)
}

// ServerConfig of a Server. Zero values mean the defaults.
type ServerConfig struct {
	// CalledAEs are the titles that the server answers to; none: any.
	CalledAEs []string
	// CallingAEs are the titles that may call; none: any.
	CallingAEs []string
	// Peers are the addresses that may connect; none: any.
	Peers []netip.Prefix
	// TLS, where not nil, encrypts.
	TLS *tls.Config
	// MaxAssociations at once. Default 32.
	MaxAssociations int
	// MaxPDU is the largest P-DATA-TF that is taken, in bytes. Default
	// 131072.
	MaxPDU uint32
	Timing Timing
	Offers Offers
	// Log gets neither patients nor UIDs. Default slog.Default.
	Log *slog.Logger
}

func (c ServerConfig) withDefaults() ServerConfig {
	if c.MaxAssociations == 0 {
		c.MaxAssociations = 32
	}
	if c.MaxPDU == 0 {
		c.MaxPDU = 128 << 10
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Timing = c.Timing.withDefaults()
	return c
}

// Server is a provider of the services that its Handler takes.
type Server struct {
	cfg     ServerConfig
	handler Handler
	// ctx ends when no association is taken any more, work when those that
	// are open must end.
	ctx, work          context.Context
	cancel, cancelWork context.CancelFunc
	// slots are associations, sockets connections: a few more, so that who
	// comes too many is told so.
	slots, sockets chan struct{}

	mu        sync.Mutex
	listeners []net.Listener
	open      map[*connection]struct{}
	done      sync.WaitGroup
}

// spareSockets are connections beyond the most associations.
const spareSockets = 32

// NewServer makes a Server.
func NewServer(cfg ServerConfig, h Handler) *Server {
	cfg = cfg.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	work, cancelWork := context.WithCancel(context.Background())
	return &Server{
		cfg: cfg, handler: h, ctx: ctx, cancel: cancel, work: work, cancelWork: cancelWork,
		slots:   make(chan struct{}, cfg.MaxAssociations),
		sockets: make(chan struct{}, cfg.MaxAssociations+spareSockets),
		open:    map[*connection]struct{}{},
	}
}

// Serve takes associations until Shutdown, after which it returns nil.
func (s *Server) Serve(ln net.Listener) error {
	s.mu.Lock()
	s.listeners = append(s.listeners, ln)
	s.mu.Unlock()
	for {
		conn, err := ln.Accept()
		if s.ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if err != nil {
			if !again(err) {
				return err
			}
			s.cfg.Log.Warn("DICOM listener", "error", err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		select {
		case s.sockets <- struct{}{}:
		default:
			_ = conn.Close()
			continue
		}
		s.done.Go(func() {
			defer func() { <-s.sockets }()
			s.take(conn)
		})
	}
}

// again says whether the listener may recover: the process has too many
// files open, or a peer left before it was taken.
func again(err error) bool {
	return !errors.Is(err, net.ErrClosed)
}

// Shutdown stops taking associations, waits until the operations under way
// have been answered, or ctx ends, and aborts what is open.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.cancel()
	for _, ln := range s.listeners {
		_ = ln.Close()
	}
	for c := range s.open {
		s.done.Go(c.stop)
	}
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() { s.done.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		s.cancelWork()
		s.mu.Lock()
		for c := range s.open {
			_ = c.conn.Close()
		}
		s.mu.Unlock()
		<-ended
	}
	s.cancelWork()
}

func (s *Server) take(conn net.Conn) {
	defer conn.Close()
	address := addressOf(conn)
	if len(s.cfg.Peers) > 0 && !slices.ContainsFunc(s.cfg.Peers, func(p netip.Prefix) bool { return p.Contains(address) }) {
		s.cfg.Log.Warn("DICOM peer refused: its address is not allowed", "address", address)
		return
	}
	if s.cfg.TLS != nil {
		secure, err := s.handshake(conn)
		if err != nil {
			s.cfg.Log.Warn("DICOM peer refused: TLS", "address", address, "error", err)
			return
		}
		conn = secure
	}
	c := &connection{server: s, conn: conn, address: address}
	if !s.enter(c) {
		return
	}
	defer s.leave(c)
	c.serve(s.work)
}

func (s *Server) handshake(conn net.Conn) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.Timing.ARTIM)
	defer cancel()
	secure := tls.Server(conn, s.cfg.TLS)
	return secure, secure.HandshakeContext(ctx)
}

func addressOf(conn net.Conn) netip.Addr {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// enter registers a connection; false where the server is shutting down.
func (s *Server) enter(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.open[c] = struct{}{}
	return true
}

func (s *Server) leave(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// judge says why a request is rejected, or nil.
func (s *Server) judge(rq *pdu.Associate) *pdu.Reject {
	switch {
	case rq.ProtocolVersion&1 == 0:
		return &pdu.Reject{Source: pdu.RejectByACSE, Reason: pdu.UnsupportedProtocolVersion}
	case rq.ApplicationContext != pdu.ApplicationContext:
		return &pdu.Reject{Source: pdu.RejectByUser, Reason: pdu.UnsupportedApplicationContext}
	case len(s.cfg.CalledAEs) > 0 && !slices.Contains(s.cfg.CalledAEs, rq.CalledAE):
		return &pdu.Reject{Source: pdu.RejectByUser, Reason: pdu.CalledAENotRecognized}
	case len(s.cfg.CallingAEs) > 0 && !slices.Contains(s.cfg.CallingAEs, rq.CallingAE):
		return &pdu.Reject{Source: pdu.RejectByUser, Reason: pdu.CallingAENotRecognized}
	default:
		return nil
	}
}
