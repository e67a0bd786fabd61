package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/secure/precis"
)

// cost is what one argon2id hash takes: memory in KiB, passes, lanes.
type cost struct {
	memoryKiB, passes uint32
	lanes             uint8
}

// now is OWASP's choice (Password Storage Cheat Sheet, 2024): 19 MiB, two
// passes, one lane.
var now = cost{19456, 2, 1}

// most is what a stored hash may ask for: more would be somebody else's doing.
var most = cost{256 << 10, 16, 16}

const (
	saltBytes = 16
	hashBytes = 32
	// atOnce bounds the memory that sign-in takes: 38 MiB.
	atOnce = 2
	// mostWaiting are in line behind them.
	mostWaiting = 32
)

// ErrBusy says that too many passwords are being checked.
var ErrBusy = errors.New("too many passwords are being checked now: try again in a moment")

// Hasher hashes passwords, few at a time.
type Hasher struct {
	line, working chan struct{}
	cost          cost
	// nobody is the hash of no password that anybody knows.
	nobody string
}

// NewHasher makes a Hasher.
func NewHasher() *Hasher {
	h := &Hasher{line: make(chan struct{}, atOnce+mostWaiting), working: make(chan struct{}, atOnce), cost: now}
	salt, key := make([]byte, saltBytes), make([]byte, hashBytes)
	_, _ = rand.Read(salt)
	_, _ = rand.Read(key)
	h.nobody = phc(h.cost, salt, key)
	return h
}

// Hash is the PHC string of a password. ErrBusy, or the context's error.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	end, err := h.begin(ctx)
	if err != nil {
		return "", err
	}
	defer end()
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails; it ends the process instead
	return phc(h.cost, salt, h.cost.key(password, salt, hashBytes)), nil
}

// Check says whether the password is that of hash, and whether hash should be
// made anew. hash is "" where nobody has the name: the same work is done, and
// the answer is no. ErrBusy, or the context's error.
func (h *Hasher) Check(ctx context.Context, password, hash string) (ok, outdated bool, err error) {
	unknown := hash == ""
	if unknown {
		hash = h.nobody
	}
	c, salt, want, err := parsePHC(hash)
	if err != nil {
		return false, false, err
	}
	end, err := h.begin(ctx)
	if err != nil {
		return false, false, err
	}
	defer end()
	same := subtle.ConstantTimeCompare(c.key(password, salt, uint32(len(want))), want) == 1
	return same && !unknown, c != h.cost || len(want) != hashBytes, nil
}

// begin waits for its turn.
func (h *Hasher) begin(ctx context.Context) (end func(), err error) {
	select {
	case h.line <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	select {
	case h.working <- struct{}{}:
		return func() { <-h.working; <-h.line }, nil
	case <-ctx.Done():
		<-h.line
		return nil, ctx.Err()
	}
}

// key is argon2id's. A password typed on another keyboard is the same one (RFC
// 8265, OpaqueString); one that cannot be is taken as it is.
func (c cost) key(password string, salt []byte, n uint32) []byte {
	if same, err := precis.OpaqueString.String(password); err == nil {
		password = same
	}
	return argon2.IDKey([]byte(password), salt, c.passes, c.memoryKiB, c.lanes, n)
}

var encoding = base64.RawStdEncoding

// phc is the form of the password hashing competition, which argon2's own tools
// write.
func phc(c cost, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memoryKiB, c.passes, c.lanes, encoding.EncodeToString(salt), encoding.EncodeToString(key))
}

func parsePHC(s string) (c cost, salt, key []byte, err error) {
	bad := errors.New("a stored password hash is broken: set the password anew (nafas user passwd)")
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, bad
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &c.memoryKiB, &c.passes, &c.lanes); err != nil {
		return c, nil, nil, bad
	}
	salt, saltErr := encoding.DecodeString(part[4])
	key, keyErr := encoding.DecodeString(part[5])
	switch {
	case saltErr != nil || keyErr != nil, len(salt) < 8, len(key) < 16 || len(key) > 64,
		c.passes == 0 || c.passes > most.passes, c.lanes == 0 || c.lanes > most.lanes,
		c.memoryKiB < 8*uint32(c.lanes) || c.memoryKiB > most.memoryKiB:
		return c, nil, nil, bad
	}
	return c, salt, key, nil
}
