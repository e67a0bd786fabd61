package access_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
)

func writeTokens(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestTokenRoundTrip(t *testing.T) {
	token, line, err := access.NewToken("pacs", []access.Role{access.RoleSubmit, access.RoleRead})
	require.NoError(t, err)
	require.NotContains(t, line, token, "the file must hold the hash only")

	tokens, err := access.LoadTokens(writeTokens(t, "# our PACS\n\n"+line+"\n"))
	require.NoError(t, err)

	p, err := tokens.Check(token)
	require.NoError(t, err)
	require.Equal(t, "pacs", p.Name)
	require.True(t, p.Has(access.RoleSubmit, access.RoleRead))
	require.False(t, p.Has(access.RoleReview))

	_, err = tokens.Check(token + "x")
	require.ErrorIs(t, err, access.ErrUnknownToken)
	_, err = tokens.Check("")
	require.ErrorIs(t, err, access.ErrUnknownToken)
}

func TestAdminHasEveryRole(t *testing.T) {
	require.True(t, access.Principal{Roles: []access.Role{access.RoleAdmin}}.Has(access.Roles...))
}

func TestLoadTokensRefuses(t *testing.T) {
	hash := "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for _, c := range []struct{ name, content, want string }{
		{"empty: a server with no token admits nobody", "# nothing\n", "no token in it"},
		{"unknown role", "a write " + hash, "unknown role"},
		{"a plain token instead of its hash", "a read nafas_abc", "holds hashes"},
		{"short hash", "a read sha256:9f86", "64 hex digits"},
		{"too few words", "a read", "want: name role"},
		{"the name of who has none", "Local read " + hash, "no token is called"},
		{"a provider's user", "oidc:7 review " + hash, "no token is called"},
		{"name twice", "a read " + hash + "\na submit " + hash, "stands twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := access.LoadTokens(writeTokens(t, c.content))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestExposure(t *testing.T) {
	full := access.TLSFiles{Cert: "c", Key: "k"}
	mutual := access.TLSFiles{Cert: "c", Key: "k", ClientCA: "ca"}
	for _, c := range []struct {
		name string
		e    access.Exposure
		ok   bool
	}{
		{"loopback needs nothing", access.Exposure{Address: "127.0.0.1:50051"}, true},
		{"IPv6 loopback", access.Exposure{Address: "[::1]:50051"}, true},
		{"localhost", access.Exposure{Address: "localhost:0"}, true},
		{"every interface, plaintext", access.Exposure{Address: ":50051"}, false},
		{"unspecified address", access.Exposure{Address: "0.0.0.0:50051", Tokens: true}, false},
		{"a host name could be anything", access.Exposure{Address: "pacs:50051"}, false},
		{"TLS alone admits anybody", access.Exposure{Address: "10.0.0.1:1", TLS: full}, false},
		{"TLS and tokens", access.Exposure{Address: "10.0.0.1:1", TLS: full, Tokens: true}, true},
		{"TLS and people who sign in", access.Exposure{Address: "10.0.0.1:1", TLS: full, People: true}, true},
		{"people, but their passwords in plaintext", access.Exposure{Address: "10.0.0.1:1", People: true}, false},
		{"mutual TLS", access.Exposure{Address: "10.0.0.1:1", TLS: mutual}, true},
		{"the operator's word", access.Exposure{Address: ":1", Insecure: true}, true},
		{"no address, whatever the operator says", access.Exposure{Address: "pacs", Insecure: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.ok {
				require.NoError(t, c.e.Check())
			} else {
				require.Error(t, c.e.Check())
			}
		})
	}
}
