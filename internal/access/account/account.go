// Package account is about people who sign in: their names, passwords and roles,
// and the sessions that they open.
package account

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"nafas/internal/access"
)

// Account is a user with a password here.
type Account struct {
	// Name is what is typed to sign in, as Name made it.
	Name string
	// Display is how pages and reports call the user.
	Display string
	Roles   []access.Role
	// Hash is of the password, in PHC form.
	Hash      string
	Disabled  bool
	CreatedAt time.Time
	// ChangedAt is when the password was set last.
	ChangedAt time.Time
}

// Errors of who keeps accounts.
var (
	ErrUnknown = errors.New("there is no user of this name")
	ErrTaken   = errors.New("there is a user of this name already, or there was one: what was said under the name stays that person's. Choose another name")
)

// Roles are those that people can have: who submits is a machine, with a token.
var Roles = []access.Role{access.RoleRead, access.RoleReview, access.RoleAdmin}

// CheckRoles refuses roles that are not people's.
func CheckRoles(roles []access.Role) error {
	for _, r := range roles {
		if !slices.Contains(Roles, r) {
			return fmt.Errorf("people cannot have the role %q: theirs are read, review and admin", r)
		}
	}
	if len(roles) == 0 {
		return errors.New("no role: give read, review or admin")
	}
	return nil
}

// longestName bounds a name, in bytes.
const longestName = 64

// Name is a name as it is compared: in small letters, and one form of those
// that can be written in two (RFC 8265, UsernameCaseMapped).
func Name(typed string) (string, error) {
	name, err := precis.UsernameCaseMapped.String(typed)
	if err != nil || len(name) > longestName || strings.ContainsAny(name, ":/\\") || name == access.UnnamedName {
		return "", fmt.Errorf("the name is empty, longer than %d bytes, or has a space, colon, slash or sign in it that names cannot have; %s is nobody's", longestName, access.UnnamedName)
	}
	return name, nil
}

// CheckDisplay refuses a name that pages cannot show.
func CheckDisplay(display string) error {
	if strings.TrimSpace(display) == "" || len(display) > 128 || !Legible(display) {
		return errors.New("the display name is empty, longer than 128 bytes, or has a control character in it, one that turns the direction of text among them")
	}
	return nil
}

// Legible says whether a name reads as what it is: no control characters, and
// nothing that turns other text around (UAX #9 sections 2.1 to 2.4) or breaks the
// line. The marks of direction and the joiners that names in Arabic need are none.
func Legible(name string) bool {
	misleads := func(r rune) bool {
		turns := r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
		return unicode.IsControl(r) || turns || r == 0x2028 || r == 0x2029 || r == utf8.RuneError
	}
	return utf8.ValidString(name) && !strings.ContainsFunc(name, misleads)
}

// Password bounds.
const (
	shortestPassword = 12   // characters
	longestPassword  = 1024 // bytes
	fewestDistinct   = 5    // characters
)

// CheckPassword refuses a password that is easily guessed by who knows the name
// (NIST SP 800-63B section 5.1.1.2: length and context, no rules of composition).
func CheckPassword(password, name, display string) error {
	distinct := map[rune]bool{}
	for _, r := range password {
		distinct[r] = true
	}
	plain := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password) || len(password) > longestPassword:
		return fmt.Errorf("the password is longer than %d bytes, or not UTF-8", longestPassword)
	case utf8.RuneCountInString(password) < shortestPassword:
		return fmt.Errorf("the password has fewer than %d characters", shortestPassword)
	case len(distinct) < fewestDistinct:
		return fmt.Errorf("the password has fewer than %d different characters", fewestDistinct)
	}
	for _, word := range append(strings.Fields(strings.ToLower(display)), name) {
		if utf8.RuneCountInString(word) >= 3 && strings.Contains(plain, word) {
			return errors.New("the password has the user's name in it")
		}
	}
	return nil
}

// Session is somebody who has signed in.
type Session struct {
	// ID is the SHA-256 of what the cookie holds.
	ID [32]byte
	// Name is an account's, or a provider's user.
	Name string
	// Account says that Name is an account's, whose roles and display name are in
	// force as they are now; else they are those of Display and Roles.
	Account   bool
	Display   string
	Roles     []access.Role
	CreatedAt time.Time
	// SeenAt is when its owner did something last.
	SeenAt time.Time
}

// By is how its owner signed in.
func (s Session) By() access.Way {
	if s.Account {
		return access.ByPassword
	}
	return access.ByProvider
}

// Person is whom an OpenID Connect provider vouches for.
type Person struct {
	// Name is the provider's, with ProviderPrefix before it: no account has such a
	// name.
	Name    string
	Display string
	// Roles are none where the provider's claims give the person none here.
	Roles []access.Role
}

// ProviderPrefix begins the names of those whom a provider knows.
const ProviderPrefix = access.ProviderPrefix
