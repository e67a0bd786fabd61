// Package access says who may do what: bearer tokens with roles, and the TLS
// settings of a listener. It is used by every adapter that listens.
package access

import (
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

// Principal is whoever a token belongs to.
type Principal struct {
	Name  string
	Roles []Role
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
