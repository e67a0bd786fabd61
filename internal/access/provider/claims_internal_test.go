package provider

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
	"nafas/internal/access/account"
	"nafas/internal/access/session"
)

// Claims give the roles that the settings name, by whole words, and no others.
func TestClaims(t *testing.T) {
	p := New(Options{RolesClaim: "realm_access.roles", Roles: map[string][]access.Role{"reader": {access.RoleRead}, "chief": {access.RoleAdmin}}})
	in := func(roles any) map[string]any { return map[string]any{"realm_access": map[string]any{"roles": roles}} }
	for name, c := range map[string]struct {
		claims map[string]any
		want   []access.Role
	}{
		"a list":                            {in([]any{"reader", "other"}), []access.Role{access.RoleRead}},
		"words":                             {in("reader chief"), []access.Role{access.RoleRead, access.RoleAdmin}},
		"twice is once":                     {in([]any{"reader", "reader"}), []access.Role{access.RoleRead}},
		"part of a word":                    {in([]any{"chiefs", "Chief", "chief,reader"}), nil},
		"a role of this program's own":      {in([]any{"admin", "read"}), nil},
		"no words":                          {in([]any{1, nil, map[string]any{"chief": true}}), nil},
		"an object":                         {in(map[string]any{"chief": true}), nil},
		"the right name elsewhere":          {map[string]any{"roles": []any{"chief"}, "realm_access": "chief"}, nil},
		"a claim with a dot in its name":    {map[string]any{"realm_access.roles": []any{"reader"}, "realm_access": map[string]any{"roles": []any{"chief"}}}, []access.Role{access.RoleRead}},
		"the name and display give no role": {map[string]any{"name": "chief", "email": "chief"}, nil},
	} {
		c.claims["sub"] = "7"
		got, err := p.person(c.claims)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got.Roles, name)
		require.Equal(t, "oidc:7", got.Name)
	}
}

// Nobody is called what misleads: a name that turns text around, or none.
func TestNamesOfTheProvider(t *testing.T) {
	p := New(Options{})
	for _, sub := range []any{nil, "", 7, []any{"a"}, strings.Repeat("a", 256), "a\nb", "a\x00", "nima\u202era", "\u2066a", "\xff"} {
		_, err := p.person(map[string]any{"sub": sub})
		require.ErrorIs(t, err, session.ErrRefused, "%q", sub)
	}
	for display, want := range map[string]string{"Dr Amina": "Dr Amina", "Dr \u202eanimA": "7", "": "7", "a\nb": "7", strings.Repeat("a", 200): "7"} {
		got, err := p.person(map[string]any{"sub": "7", "name": display})
		require.NoError(t, err)
		require.Equal(t, account.Person{Name: "oidc:7", Display: want}, got)
	}
}
