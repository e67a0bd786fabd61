package access

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// TLSFiles names the PEM files of a listener; all empty means plaintext.
type TLSFiles struct {
	Cert, Key string
	// ClientCA, where set, makes every client show a certificate that it
	// signed (mutual TLS).
	ClientCA string
}

// Enabled says whether any file is named.
func (f TLSFiles) Enabled() bool { return f.Cert != "" || f.Key != "" || f.ClientCA != "" }

// ServerConfig loads the files; nil where none is named.
func (f TLSFiles) ServerConfig() (*tls.Config, error) {
	if !f.Enabled() {
		return nil, nil
	}
	if f.Cert == "" || f.Key == "" {
		return nil, errors.New("TLS needs both --tls-cert and --tls-key")
	}
	cert, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if f.ClientCA != "" {
		pool, err := loadPool(f.ClientCA)
		if err != nil {
			return nil, err
		}
		cfg.ClientCAs, cfg.ClientAuth = pool, tls.RequireAndVerifyClientCert
	}
	return cfg, nil
}

// ClientTLS names the PEM files of a client: CA to trust besides the
// system's, and the client's own certificate for mutual TLS.
type ClientTLS struct{ CA, Cert, Key string }

// Config loads the files.
func (c ClientTLS) Config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pool, err := loadPool(c.CA)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = pool
	}
	if c.Cert == "" && c.Key == "" {
		return cfg, nil
	}
	cert, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("TLS client certificate: %w", err)
	}
	cfg.Certificates = []tls.Certificate{cert}
	return cfg, nil
}

func loadPool(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("CA file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA file %s holds no PEM certificate", path)
	}
	return pool, nil
}

// Exposure is what decides whether a listener may open.
type Exposure struct {
	Address string
	TLS     TLSFiles
	Tokens  bool
	// People says that they sign in: there are users, or a provider vouches for them.
	// Only a listener for browsers can say so.
	People bool
	// Insecure is the operator's word that the network is trusted.
	Insecure bool
}

// Loopback says whether address (host:port) can be reached from this machine
// only. An empty host, a name other than localhost and every other address
// count as reachable.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Check refuses a listener that would carry patient data in plaintext, or to
// anybody who asks, beyond this machine.
func (e Exposure) Check() error {
	if _, _, err := net.SplitHostPort(e.Address); err != nil {
		return fmt.Errorf("the address to listen on is not HOST:PORT: %w", err)
	}
	if Loopback(e.Address) || e.Insecure {
		return nil
	}
	if !e.TLS.Enabled() {
		return fmt.Errorf("%s can be reached from other machines and would be plaintext: "+
			"give --tls-cert and --tls-key, listen on 127.0.0.1, or say --insecure on a network that is trusted", e.Address)
	}
	if !e.Tokens && !e.People && e.TLS.ClientCA == "" {
		return fmt.Errorf("%s can be reached from other machines by anybody: "+
			"give --tokens or --tls-client-ca, or say --insecure on a network that is trusted", e.Address)
	}
	return nil
}
