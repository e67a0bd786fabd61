package provider_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
	"nafas/internal/access/provider"
	"nafas/internal/access/session"
)

// issuer is a provider that answers with the tokens that a test makes.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
	// token is what its token endpoint answers; told its user info.
	token string
	told  map[string]any
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	is := &issuer{key: key}
	mux := http.NewServeMux()
	is.Server = httptest.NewServer(mux)
	t.Cleanup(is.Close)
	says := func(path string, what func() any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(what())
		})
	}
	says("/.well-known/openid-configuration", func() any {
		return map[string]any{
			"issuer": is.URL, "authorization_endpoint": is.URL + "/auth", "token_endpoint": is.URL + "/token", "jwks_uri": is.URL + "/keys",
			"userinfo_endpoint": is.URL + "/me", "id_token_signing_alg_values_supported": []string{"RS256"},
		}
	})
	says("/keys", func() any {
		return map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
		}}}
	})
	says("/token", func() any {
		return map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": is.token}
	})
	says("/me", func() any { return is.told })
	return is
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// sign makes a token; without a key one of alg none.
func sign(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	head := map[string]any{"alg": "RS256", "kid": "1"}
	if key == nil {
		head = map[string]any{"alg": "none"}
	}
	parts := [2]string{}
	for i, part := range []map[string]any{head, claims} {
		text, err := json.Marshal(part)
		require.NoError(t, err)
		parts[i] = b64(text)
	}
	text := parts[0] + "." + parts[1]
	if key == nil {
		return text + "."
	}
	sum := sha256.Sum256([]byte(text))
	made, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	return text + "." + b64(made)
}

// A token of another issuer, client, time, key or sign-in, and user info of another
// user, let nobody in.
func TestForgedTokens(t *testing.T) {
	is := newIssuer(t)
	p := provider.New(provider.Options{
		Issuer: is.URL, ClientID: clientID, RolesClaim: "roles", Roles: map[string][]access.Role{"chief": {access.RoleAdmin}},
	})
	secrets := session.Secrets{State: "s", Nonce: "n", Verifier: "v"}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		key    *rsa.PrivateKey
		change map[string]any
		told   map[string]any
		ok     bool
	}{
		"its own":                        {is.key, nil, map[string]any{"sub": "7", "name": "Chief", "roles": "chief"}, true},
		"another issuer":                 {is.key, map[string]any{"iss": "https://evil.example"}, nil, false},
		"another client's":               {is.key, map[string]any{"aud": "another"}, nil, false},
		"several clients', not this one": {is.key, map[string]any{"aud": []string{"another", "nafas2"}}, nil, false},
		"meant for another client":       {is.key, map[string]any{"aud": []string{clientID, "another"}, "azp": "another"}, nil, false},
		"over":                           {is.key, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, nil, false},
		"no nonce":                       {is.key, map[string]any{"nonce": ""}, nil, false},
		"another sign-in's":              {is.key, map[string]any{"nonce": "m"}, nil, false},
		"another key's":                  {other, nil, nil, false},
		"nobody's":                       {nil, nil, nil, false},
		"user info of another user":      {is.key, nil, map[string]any{"sub": "8", "roles": "chief"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			claims := map[string]any{"iss": is.URL, "aud": clientID, "sub": "7", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(), "nonce": "n"}
			maps.Copy(claims, c.change)
			is.token, is.told = sign(t, c.key, claims), c.told
			if is.told == nil {
				is.told = map[string]any{"sub": "7", "name": "Chief", "roles": "chief"}
			}
			who, err := p.Finish(t.Context(), "code", secrets)
			if !c.ok {
				require.ErrorIs(t, err, session.ErrRefused)
				require.Zero(t, who)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []access.Role{access.RoleAdmin}, who.Roles)
		})
	}
}
