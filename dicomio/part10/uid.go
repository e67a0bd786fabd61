package part10

import (
	"math/big"
	"strings"

	"github.com/google/uuid"
)

// uidSpace is the name space of NameUID.
var uidSpace = uuid.MustParse("7ea3b3a4-52c1-5c0c-9a9d-2f6f4e1c8d03")

// NameUID returns the UID that belongs to a name, always the same: a UUID of
// version 5 in the form of PS3.5 annex B.2 ("2.25." and its decimal value).
// The parts of the name are kept apart.
func NameUID(parts ...string) string {
	u := uuid.NewSHA1(uidSpace, []byte(strings.Join(parts, "\x00")))
	return "2.25." + new(big.Int).SetBytes(u[:]).String()
}
