package access

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// tokenBytes of randomness: guessing is hopeless, so that a plain SHA-256 of
// the token is enough in the file; a slow password hash would only slow the
// server down.
const tokenBytes = 32

// ErrUnknownToken says that no line of the token file matches.
var ErrUnknownToken = errors.New("unknown token")

// Tokens knows the hashed bearer tokens of a file.
type Tokens struct {
	byHash map[[sha256.Size]byte]Principal
}

// LoadTokens reads a token file: one token a line, as
//
//	name role[,role...] sha256:HEX
//
// with # for comments. A file that others than its owner and group may read
// is accepted, since it holds hashes only; one with no token is an error.
func LoadTokens(path string) (*Tokens, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("token file: %w", err)
	}
	defer f.Close()
	t, err := parseTokens(f)
	if err != nil {
		return nil, fmt.Errorf("token file %s: %w", path, err)
	}
	return t, nil
}

func parseTokens(r io.Reader) (*Tokens, error) {
	t := &Tokens{byHash: map[[sha256.Size]byte]Principal{}}
	names := map[string]bool{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		hash, p, err := parseTokenLine(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if names[p.Name] {
			return nil, fmt.Errorf("line %d: the name %q stands twice", n, p.Name)
		}
		names[p.Name] = true
		t.byHash[hash] = p
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(t.byHash) == 0 {
		return nil, errors.New("no token in it; make one with `nafas token new NAME --roles submit,read`")
	}
	return t, nil
}

func parseTokenLine(text string) (hash [sha256.Size]byte, p Principal, err error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return hash, p, errors.New("want: name role[,role] sha256:HEX")
	}
	if err := checkTokenName(fields[0]); err != nil {
		return hash, p, err
	}
	roles, err := ParseRoles(fields[1])
	if err != nil {
		return hash, p, err
	}
	digits, ok := strings.CutPrefix(fields[2], "sha256:")
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != sha256.Size {
		return hash, p, errors.New("the third word is not sha256: and 64 hex digits; the file holds hashes, never tokens")
	}
	copy(hash[:], raw)
	return hash, Principal{Name: fields[0], Roles: roles, By: ByToken}, nil
}

// checkTokenName refuses the names of others. That of an account is not refused: a
// person's own programs are that person, to reviews too.
func checkTokenName(name string) error {
	if strings.EqualFold(name, UnnamedName) || strings.HasPrefix(strings.ToLower(name), ProviderPrefix) {
		return fmt.Errorf("no token is called %q: %s is who has no name, and %s begins the names that a provider gives", name, UnnamedName, ProviderPrefix)
	}
	return nil
}

// Check returns whose token it is, or ErrUnknownToken. The look-up is by
// hash, so its time says nothing about the stored tokens.
func (t *Tokens) Check(token string) (Principal, error) {
	p, ok := t.byHash[sha256.Sum256([]byte(token))]
	if !ok {
		return Principal{}, ErrUnknownToken
	}
	return p, nil
}

// NewToken makes a token and the line of the token file that admits it. The
// token itself is kept nowhere.
func NewToken(name string, roles []Role) (token, line string, err error) {
	if name == "" || strings.ContainsAny(name, " \t\n#") {
		return "", "", fmt.Errorf("the name %q is empty or holds a space", name)
	}
	if err := checkTokenName(name); err != nil {
		return "", "", err
	}
	raw := make([]byte, tokenBytes)
	if _, err := rand.Read(raw); err != nil {
		return "", "", err
	}
	token = "nafas_" + base64.RawURLEncoding.EncodeToString(raw)
	sum := sha256.Sum256([]byte(token))
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return token, fmt.Sprintf("%s %s sha256:%s", name, strings.Join(words, ","), hex.EncodeToString(sum[:])), nil
}
