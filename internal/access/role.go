// Package access says who may do what: bearer tokens with roles, and the TLS
// settings of a listener. It is used by every adapter that listens.
package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Role is a permission that a token carries.
type Role string

// The roles. Admin includes the others.
const (
	RoleSubmit Role = "submit"
	RoleRead   Role = "read"
	RoleReview Role = "review"
	RoleAdmin  Role = "admin"
)

// Roles are all roles, in the order of the documentation.
var Roles = []Role{RoleSubmit, RoleRead, RoleReview, RoleAdmin}

// ParseRoles reads a comma-separated list of roles.
func ParseRoles(s string) ([]Role, error) {
	var roles []Role
	for word := range strings.SplitSeq(s, ",") {
		r := Role(strings.TrimSpace(word))
		if !slices.Contains(Roles, r) {
			return nil, fmt.Errorf("unknown role %q: the roles are submit, read, review and admin", word)
		}
		if !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	return roles, nil
}

// Way is how somebody was let in.
type Way string

// The ways in.
const (
	ByToken       Way = "token"
	ByPassword    Way = "password"
	ByProvider    Way = "provider"
	ByCertificate Way = "certificate"
	// Unnamed is whoever is let in without a name, as on a machine that nobody else
	// reaches.
	Unnamed Way = "unnamed"
)

// UnnamedName is what those without a name are called: no account and no token has
// it, or what it says would be everybody's.
const UnnamedName = "local"

// ProviderPrefix begins the names of those whom an OpenID Connect provider knows;
// none of an account or a token begins so.
const ProviderPrefix = "oidc:"

// Principal is who asks.
type Principal struct {
	// Name is the one that a token, an account or a provider gives; it is the same
	// tomorrow.
	Name string
	// Display is what people are called on pages and in reports; "" for machines.
	Display string
	Roles   []Role
	By      Way
}

// Has says whether p may do all that the roles allow.
func (p Principal) Has(roles ...Role) bool {
	if slices.Contains(p.Roles, RoleAdmin) {
		return true
	}
	for _, r := range roles {
		if !slices.Contains(p.Roles, r) {
			return false
		}
	}
	return true
}

type principalKey struct{}

// With puts who asks into a context.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// Who is who asks; false where nobody was asked for a name.
func Who(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}
