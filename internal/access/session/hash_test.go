package session_test

import (
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// weakHash is one of a cost that nobody chooses any more.
func weakHash(password string) string {
	salt := []byte("saltsaltsalt")
	key := argon2.IDKey([]byte(password), salt, 1, 64, 1, 32)
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=64,t=1,p=1$%s$%s", e.EncodeToString(salt), e.EncodeToString(key))
}
