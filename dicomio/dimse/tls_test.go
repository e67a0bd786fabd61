package dimse_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse"
)

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert, key, pool}
}

func (a *authority) issue(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:  []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// write stores a certificate and its key as PEM files.
func write(t *testing.T, dir, name string, c tls.Certificate) (cert, key string) {
	t.Helper()
	cert, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return cert, key
}

func TestMutualTLS(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	server := &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t)}, MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool,
	}
	for _, c := range []struct {
		name   string
		config *tls.Config
		ok     bool
	}{
		{"a certificate of the authority", &tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{ca.issue(t)}}, true},
		{"no certificate", &tls.Config{RootCAs: ca.pool}, false},
		{"a certificate of another authority", &tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{other.issue(t)}}, false},
		{"a server that is not trusted", &tls.Config{RootCAs: other.pool, Certificates: []tls.Certificate{ca.issue(t)}}, false},
		{"no TLS", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newRecorder()
			to := serve(t, dimse.ServerConfig{TLS: server}, h)
			to.TLS = c.config
			client, err := dimse.Dial(context.Background(), to, proposals())
			if !c.ok {
				require.Error(t, err)
				require.Empty(t, h.peers)
				return
			}
			require.NoError(t, err)
			in, data := image(300_000)
			_, err = client.Store(in)
			require.NoError(t, err)
			require.NoError(t, client.Close())
			require.NoError(t, h.end(t))
			require.Equal(t, data, h.stored[0].data)
		})
	}
}
