package triage

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// pseudonymKeyBytes is the size of an installation's key: that of the hash.
const pseudonymKeyBytes = sha256.Size

// Pseudonyms names studies in logs: HMAC-SHA-256 of the Study Instance UID
// under a key that never leaves the installation, shortened. Whoever holds the
// database finds the study of a log line; whoever holds the log alone finds
// nothing.
type Pseudonyms struct{ key []byte }

// NewPseudonyms uses a given key.
func NewPseudonyms(key []byte) *Pseudonyms { return &Pseudonyms{key: key} }

// LoadPseudonyms reads the key file, and makes it, readable by its owner
// only, where there is none.
func LoadPseudonyms(path string) (*Pseudonyms, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return createPseudonyms(path)
	}
	if err != nil {
		return nil, err
	}
	if len(key) != pseudonymKeyBytes {
		return nil, fmt.Errorf("%s has %d bytes and not %d: restore it from a backup, or delete it to name studies anew", path, len(key), pseudonymKeyBytes)
	}
	return NewPseudonyms(key), nil
}

func createPseudonyms(path string) (*Pseudonyms, error) {
	key := make([]byte, pseudonymKeyBytes)
	// crypto/rand.Read never fails; it ends the process instead.
	_, _ = rand.Read(key)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return NewPseudonyms(key), nil
}

// Study returns the name of a study: 16 characters, 80 bits.
func (p *Pseudonyms) Study(uid string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte("study\x00" + uid))
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:10]))
}
