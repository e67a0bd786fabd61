package audit_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/audit"
)

// certificate signs itself, for 127.0.0.1.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	made := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, made, made, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// collector takes messages, and can be as unkind as real ones.
type collector struct {
	net.Listener
	mu       sync.Mutex
	messages []string
	// drop closes connections after so many messages, without reading on; 0: never.
	drop int
}

func (c *collector) serve() {
	for {
		conn, err := c.Accept()
		if err != nil {
			return
		}
		go c.take(conn)
	}
}

func (c *collector) take(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for n := 1; ; n++ {
		digits, err := in.ReadString(' ')
		if err != nil {
			return
		}
		length, err := strconv.Atoi(strings.TrimSuffix(digits, " "))
		if err != nil {
			return
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(in, text); err != nil {
			return
		}
		c.mu.Lock()
		c.messages = append(c.messages, string(text))
		drop := c.drop
		c.mu.Unlock()
		if n == drop {
			conn.(*tls.Conn).NetConn().(*net.TCPConn).SetLinger(0) // a reset, and no goodbye
			conn.(*tls.Conn).NetConn().Close()
			return
		}
	}
}

func (c *collector) set(drop int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop = drop
}

// heard are the marks of messages, in the order in which they came first.
func (c *collector) heard() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := map[string]bool{}
	for _, m := range c.messages {
		_, rest, _ := strings.Cut(m, "<EventOutcomeDescription>")
		mark, _, _ := strings.Cut(rest, "<")
		if !seen[mark] {
			seen[mark] = true
			out = append(out, mark)
		}
	}
	return out
}

func TestSendLosesNothing(t *testing.T) {
	s := newShelf(t)
	cert, pool := certificate(t)
	var want []string
	record := func(n int) {
		for range n {
			mark := fmt.Sprint("event ", len(want))
			want = append(want, mark)
			require.NoError(t, s.trail.Record(t.Context(), audit.Event{Kind: audit.SignedOut, Who: audit.Who{Name: "n"}, Detail: mark}))
		}
	}
	record(3) // before anybody sends

	first, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := first.Addr().String()
	require.NoError(t, first.Close()) // the collector is down at first
	run := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			audit.Sender{
				Address: address, TLS: &tls.Config{RootCAs: pool}, Source: audit.Source{ID: "nafas-1", Host: "h", Process: "1"},
				Log: slog.New(slog.DiscardHandler), Pause: time.Millisecond, Patience: 5 * time.Second, Every: 10 * time.Millisecond,
			}.Run(ctx, s.trail)
		}()
		return func() { cancel(); <-done }
	}
	stop := run()
	record(2)
	plain, err := net.Listen("tcp", address)
	require.NoError(t, err)
	c := &collector{Listener: tls.NewListener(plain, &tls.Config{Certificates: []tls.Certificate{cert}}), drop: 2}
	defer func() { c.Close() }()
	go c.serve()
	all := func() bool { return len(c.heard()) == len(want) }
	record(300)
	require.Eventually(t, func() bool { return len(c.heard()) >= 2 }, 20*time.Second, time.Millisecond, "it is reset over and over")
	c.set(0)
	require.Eventually(t, all, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, want, c.heard())
	stop()

	// Another process goes on where this one ended.
	record(2)
	stop = run()
	require.Eventually(t, all, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, want, c.heard())
	require.Eventually(t, func() bool {
		sent, err := s.books.Sent(t.Context(), address)
		require.NoError(t, err)
		return sent == int64(len(want))
	}, 20*time.Second, 5*time.Millisecond)
	stop()
}

// Who is not the collector gets nothing.
func TestSendToAStranger(t *testing.T) {
	s := newShelf(t)
	s.record(t, 1)
	cert, _ := certificate(t)
	_, other := certificate(t)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &collector{Listener: tls.NewListener(plain, &tls.Config{Certificates: []tls.Certificate{cert}})}
	defer c.Close()
	go c.serve()
	var log lockedBuffer
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		audit.Sender{Address: plain.Addr().String(), TLS: &tls.Config{RootCAs: other}, Log: slog.New(slog.NewTextHandler(&log, nil)), Pause: time.Millisecond}.Run(ctx, s.trail)
	}()
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "certificate") }, 20*time.Second, 5*time.Millisecond)
	cancel()
	<-done
	require.Empty(t, c.heard())
	sent, err := s.books.Sent(t.Context(), plain.Addr().String())
	require.NoError(t, err)
	require.Zero(t, sent)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
