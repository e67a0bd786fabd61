package rpc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"nafas/internal/access"
	"nafas/internal/client"
	"nafas/internal/rpc"
	nafasv1 "nafas/proto/nafas/v1"
)

// authority signs certificates of one test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.issue("ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// issue writes NAME.crt and NAME.key.
func (a *authority) issue(name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.Subject = pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(a.t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(a.t, err)
	write := func(ext, kind string, der []byte) {
		require.NoError(a.t, os.WriteFile(a.path(name+ext), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	}
	write(".crt", "CERTIFICATE", der)
	write(".key", "PRIVATE KEY", keyDER)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert, key
}

func (a *authority) server() access.TLSFiles {
	a.issue("server", &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	return access.TLSFiles{Cert: a.path("server.crt"), Key: a.path("server.key")}
}

func list(t *testing.T, o client.Options) error {
	t.Helper()
	c, err := client.Dial(o)
	require.NoError(t, err)
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err = c.Triage().ListStudies(ctx, &nafasv1.ListStudiesRequest{})
	return err
}

func TestMutualTLS(t *testing.T) {
	ca := newAuthority(t)
	files := ca.server()
	files.ClientCA = ca.path("ca.crt")
	cfg, err := files.ServerConfig()
	require.NoError(t, err)
	address, _ := startServer(t, oneFinding, rpc.Options{TLS: cfg})

	ca.issue("client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	own := access.ClientTLS{CA: ca.path("ca.crt"), Cert: ca.path("client.crt"), Key: ca.path("client.key")}
	require.NoError(t, list(t, client.Options{Address: address, TLS: own}))

	stranger := newAuthority(t)
	stranger.issue("client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	for name, o := range map[string]client.Options{
		"plaintext":                    {Address: address},
		"no certificate":               {Address: address, TLS: access.ClientTLS{CA: own.CA}},
		"a certificate of another CA":  {Address: address, TLS: access.ClientTLS{CA: own.CA, Cert: stranger.path("client.crt"), Key: stranger.path("client.key")}},
		"a server that is not trusted": {Address: address, UseTLS: true},
		"the wrong CA for the server":  {Address: address, TLS: access.ClientTLS{CA: stranger.path("ca.crt")}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, codes.Unavailable, status.Code(list(t, o)))
		})
	}
}

func TestRolesByMethod(t *testing.T) {
	tokens := map[string]string{}
	var file []byte
	for name, roles := range map[string][]access.Role{
		"sender": {access.RoleSubmit}, "reader": {access.RoleRead}, "reviewer": {access.RoleReview},
		"both": {access.RoleSubmit, access.RoleRead}, "admin": {access.RoleAdmin},
	} {
		token, line, err := access.NewToken(name, roles)
		require.NoError(t, err)
		tokens[name] = token
		file = append(append(file, line...), '\n')
	}
	path := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	known, err := access.LoadTokens(path)
	require.NoError(t, err)
	address, _ := startServer(t, oneFinding, rpc.Options{Tokens: known, Reflection: true})

	dialAs := func(token string) *client.Client {
		c, err := client.Dial(client.Options{Address: address, Token: token})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	calls := map[string]func(*client.Client) error{
		"list": func(c *client.Client) error {
			_, err := c.Triage().ListStudies(t.Context(), &nafasv1.ListStudiesRequest{})
			return err
		},
		"categories": func(c *client.Client) error {
			_, err := c.Triage().SuggestCategories(t.Context(), &nafasv1.SuggestCategoriesRequest{StudyInstanceUid: "1.2"})
			if status.Code(err) == codes.NotFound {
				return nil // it was let in
			}
			return err
		},
		"deliveries": func(c *client.Client) error {
			_, err := c.Triage().ListDeliveries(t.Context(), &nafasv1.ListDeliveriesRequest{})
			return err
		},
		"retry": func(c *client.Client) error {
			_, err := c.Triage().RetryDeliveries(t.Context(), &nafasv1.RetryDeliveriesRequest{})
			return err
		},
		"submit": func(c *client.Client) error {
			_, _, err := c.Submit(t.Context(), &nafasv1.UploadHeader{}, nil, nil)
			return err
		},
		"triage": func(c *client.Client) error {
			_, err := c.Follow(t.Context(), &nafasv1.UploadHeader{}, nil, nil, func(*nafasv1.TriageSeriesResponse) error { return nil })
			return err
		},
		"reflection": func(c *client.Client) error {
			stream, err := reflectionv1.NewServerReflectionClient(c.Conn()).ServerReflectionInfo(t.Context())
			require.NoError(t, err)
			if err := stream.Send(&reflectionv1.ServerReflectionRequest{
				MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}); err != nil {
				require.ErrorIs(t, err, io.EOF, "a refused call may be over by now; Recv has the reason")
			}
			_, err = stream.Recv()
			return err
		},
	}
	allowed := map[string][]string{
		"list": {"reader", "both", "admin"}, "categories": {"reader", "both", "admin"}, "submit": {"sender", "both", "admin"},
		"deliveries": {"reader", "both", "admin"}, "retry": {"admin"},
		"triage": {"both", "admin"}, "reflection": {"reader", "both", "admin"},
	}
	for call, try := range calls {
		for who, token := range tokens {
			err := try(dialAs(token))
			want := codes.PermissionDenied
			for _, a := range allowed[call] {
				if a == who {
					want = codes.OK
				}
			}
			require.Equal(t, want, status.Code(err), "%s as %s: %v", call, who, err)
		}
		requireStatus(t, try(dialAs("nafas_unknown")), codes.Unauthenticated, "UNAUTHENTICATED")
		requireStatus(t, try(dialAs("")), codes.Unauthenticated, "UNAUTHENTICATED")
	}

	_, err = healthv1.NewHealthClient(dialAs("").Conn()).Check(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err, "a container's health check has no token")
}
