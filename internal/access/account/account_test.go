package account_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
	"nafas/internal/access/account"
)

func TestName(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"Amina.Alaoui", "amina.alaoui"},
		{"e\u0301lise", "\u00e9lise"}, // two ways to write é
		{"\uff41mina", "amina"},       // full width
		{"أمينة", "أمينة"},
		{"a@hospital.example", "a@hospital.example"},
		{"", ""}, {"two words", ""}, {"a:b", ""}, {"oidc:amina", ""}, {"../a", ""}, {"a\x00", ""}, {"Local", ""}, {"am\u202eina", ""}, {strings.Repeat("a", 65), ""},
	} {
		got, err := account.Name(c.typed)
		require.Equal(t, c.want, map[bool]string{true: got}[err == nil], "%q", c.typed)
	}
}

func TestCheckPassword(t *testing.T) {
	for _, c := range []struct{ password, says string }{
		{"correct horse battery", ""},
		{"كلمة سر طويلة جدا", ""},
		{"elevenchars", "fewer than 12"},
		{"éééééabcdef", "fewer than 12"}, // characters, not bytes
		{"aaaaaaaaaaaaaaa", "different"},
		{"my name is AMINA ok", "name"},
		{"the great Alaoui 99", "name"},
		{strings.Repeat("abcdefgh", 200), "longer"},
		{"correct horse \xff battery", "UTF-8"},
	} {
		err := account.CheckPassword(c.password, "amina", "Dr Amina Alaoui")
		if c.says == "" {
			require.NoError(t, err, c.password)
		} else {
			require.ErrorContains(t, err, c.says, c.password)
		}
	}
}

func TestCheckDisplay(t *testing.T) {
	for display, ok := range map[string]bool{
		"Dr Amina Alaoui": true, "د. أمينة العلوي": true, "\u200fد. (A)\u200e": true, "بی\u200cنام": true, "<b>Amina</b> & co": true,
		"": false, " ": false, strings.Repeat("a", 129): false, "a\nb": false, "a\u0085b": false, "a\u2028b": false,
		"Dr \u202eanimA": false, "\u2067a\u2069": false, "a\xff": false,
	} {
		require.Equal(t, ok, account.CheckDisplay(display) == nil, "%q", display)
	}
}

func TestCheckRoles(t *testing.T) {
	require.NoError(t, account.CheckRoles([]access.Role{access.RoleRead, access.RoleAdmin}))
	require.ErrorContains(t, account.CheckRoles([]access.Role{access.RoleSubmit}), "submit")
	require.Error(t, account.CheckRoles(nil))
}

// The vector is argon2's own (phc-winner-argon2, test.c, version 0x13:
// argon2id, t=2, m=2^8 KiB, p=1, "password", "somesalt").
const vector = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

func TestHash(t *testing.T) {
	h := account.NewHasher()
	ok, outdated, err := h.Check(t.Context(), "password", vector)
	require.NoError(t, err)
	require.True(t, ok)
	require.True(t, outdated)

	made, err := h.Hash(t.Context(), "mot de passe trés long")
	require.NoError(t, err)
	require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, made)
	again, err := h.Hash(t.Context(), "mot de passe trés long")
	require.NoError(t, err)
	require.NotEqual(t, made, again, "a salt of its own")
	for password, want := range map[string]bool{
		"mot de passe trés long":       true,
		"mot de passe tre\u0301s long": true, // the same, of another keyboard
		"mot de passe tres long":       false,
		"":                             false,
	} {
		ok, outdated, err := h.Check(t.Context(), password, made)
		require.NoError(t, err)
		require.Equal(t, want, ok, password)
		require.False(t, outdated)
	}
	ok, _, err = h.Check(t.Context(), "", "")
	require.NoError(t, err)
	require.False(t, ok, "nobody has no password")
}

func TestBrokenHashes(t *testing.T) {
	h := account.NewHasher()
	for _, c := range []string{
		"plain", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ", strings.Replace(vector, "argon2id", "argon2i", 1),
		strings.Replace(vector, "v=19", "v=16", 1), strings.Replace(vector, "m=256", "m=4000000000", 1),
		strings.Replace(vector, "t=2", "t=0", 1), strings.Replace(vector, "t=2", "t=1000000", 1), strings.Replace(vector, "p=1", "p=0", 1),
		strings.Replace(vector, "m=256", "m=1", 1), strings.Replace(vector, "$c29tZXNhbHQ", "$!", 1), vector[:len(vector)-30],
	} {
		_, _, err := h.Check(t.Context(), "password", c)
		require.ErrorContains(t, err, "nafas user passwd", c)
	}
}

// However many ask, few hashes are at work, few wait, and the rest is told so.
func TestManyAtOnce(t *testing.T) {
	h := account.NewHasher()
	var all sync.WaitGroup
	var busy, done atomic.Int32
	for range 200 {
		all.Go(func() {
			switch _, _, err := h.Check(t.Context(), "password", vector); err {
			case nil:
				done.Add(1)
			case account.ErrBusy:
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 200, done.Load()+busy.Load())
	require.GreaterOrEqual(t, done.Load(), int32(1))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Hash(gone, "x")
	if err != nil { // a free place is taken all the same
		require.ErrorIs(t, err, context.Canceled)
	}
	_, err = h.Hash(t.Context(), "x")
	require.NoError(t, err, "every place was given back")
}

func FuzzName(f *testing.F) {
	f.Add("Amina")
	f.Fuzz(func(t *testing.T, typed string) {
		name, err := account.Name(typed)
		if err != nil {
			return
		}
		again, err := account.Name(name)
		require.NoError(t, err)
		require.Equal(t, name, again, "a name is its own form")
		require.False(t, strings.HasPrefix(name, account.ProviderPrefix))
	})
}
