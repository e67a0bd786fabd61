package store

import (
	"os"

	"golang.org/x/sys/unix"

	"nafas/internal/triage"
)

// The functions of this file are for the stores in the folders below: what they
// keep of the same kind they keep in the same form.

// RescoringsFile is the database of internal/store/rescorings in a data folder. A
// backup copies it like the other one.
const RescoringsFile = "rescore.db"

// EncodeResult writes a result as rows hold it: JSON.
func EncodeResult(r triage.Result) (string, error) { return encodeResult(r) }

// DecodeResult reads what EncodeResult wrote, by this version or an earlier one.
func DecodeResult(s string) (*triage.Result, error) { return decodeResult(s) }

// DSN names a SQLite database to its driver, with what every database of ours is
// opened with; more are further parameters, each followed by its value.
func DSN(path string, more ...string) string { return dsn(path, more...) }

// TryLock takes the lock of a file, which is made where it is missing; closing it
// gives the lock back, and so does the end of the process. ErrInUse where somebody
// has it.
func TryLock(path string) (*os.File, error) { return flock(path, unix.LOCK_EX|unix.LOCK_NB) }
