package main

import (
	"fmt"
	"os"
	"strings"

	"nafas/internal/access"
	"nafas/internal/client"
)

// connectFlags say where a service is.
type connectFlags struct {
	Address   string `help:"Address of the service." default:"127.0.0.1:50051" placeholder:"HOST:PORT"`
	TokenFile string `help:"File that holds the bearer token; or set NAFAS_TOKEN." type:"path" placeholder:"FILE"`
	TLS       bool   `help:"Use TLS on loopback too; elsewhere it is always used." name:"tls"`
	TLSCA     string `help:"CA that signed the service's certificate, besides the system's." name:"tls-ca" type:"path" placeholder:"FILE"`
	TLSCert   string `help:"Certificate of this client, for mutual TLS." name:"tls-cert" type:"path" placeholder:"FILE"`
	TLSKey    string `help:"Key of this client, for mutual TLS." name:"tls-key" type:"path" placeholder:"FILE"`
	Insecure  bool   `help:"Send in plaintext to another machine."`
}

func (f connectFlags) dial() (*client.Client, error) {
	token, err := f.token()
	if err != nil {
		return nil, err
	}
	return client.Dial(client.Options{
		Address:  f.Address,
		Token:    token,
		TLS:      access.ClientTLS{CA: f.TLSCA, Cert: f.TLSCert, Key: f.TLSKey},
		UseTLS:   f.TLS,
		Insecure: f.Insecure,
	})
}

// token never comes as a flag: flags are seen by every user of the machine.
func (f connectFlags) token() (string, error) {
	if f.TokenFile == "" {
		return os.Getenv("NAFAS_TOKEN"), nil
	}
	raw, err := os.ReadFile(f.TokenFile)
	if err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}
