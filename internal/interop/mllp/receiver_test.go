package mllp_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// message is one with a control identifier.
const message = "MSH|^~\\&|NAFAS||||20260301||ORU^R01^ORU_R01|C0FFEE|P|2.5.1\rPID|1||P1\r"

// got is what a receiver read, frame and all, up to its last byte.
type got chan string

// certificate is one for 127.0.0.1, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "receiver"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// receive takes one message and hands the connection to answer; plain where
// config is nil.
func receive(t *testing.T, config *tls.Config, answer func(net.Conn)) (address string, messages got) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	if config != nil {
		l = tls.NewListener(l, config)
	}
	messages = make(got, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		frame, err := in.ReadBytes(0x1c)
		if err != nil {
			return
		}
		last, err := in.ReadByte()
		if err != nil {
			return
		}
		messages <- string(append(frame, last))
		answer(conn)
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String(), messages
}

// says answers with bytes, and waits for the end of the connection.
func says(answer string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, answer)
		_, _ = io.Copy(io.Discard, c)
	}
}

// ack is a framed acknowledgement.
func ack(code, control, words string) string {
	return "\x0bMSH|^~\\&|RIS||NAFAS||20260301||ACK^R01|1|P|2.5.1\rMSA|" + code + "|" + control + "|" + words + "\r\x1c\r"
}
