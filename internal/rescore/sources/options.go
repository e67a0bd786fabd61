// Package sources are the archives that a rescoring passes over: a folder of any
// shape, a DICOMweb server, a PACS that is asked by C-FIND and C-MOVE. Each lists
// what it holds in an order that is the same each time, so that listing goes on
// where it was cut, and accounts for all of it.
package sources

import (
	"crypto/tls"
	"log/slog"
	"runtime"
	"time"
)

// Options are what a source needs besides its specification. Zero values mean the
// defaults.
type Options struct {
	// Spool takes what is fetched; a source that is only listed needs none.
	Spool *Spool
	// Own are folders of the program itself: where one lies in an archive, what is
	// no DICOM in it is not listed. Images are, whoever put them there.
	Own []string
	// Insecure allows plaintext to and from other machines.
	Insecure bool
	// Decoded are the transfer syntaxes that are decoded here (pixel.Known):
	// others a PACS is not offered. Needed for C-MOVE.
	Decoded []string
	// ListenTLS, where not nil, encrypts what a PACS sends to us.
	ListenTLS *tls.Config
	// BatchFiles bounds the files of one batch of a folder. Default 400.
	BatchFiles int
	// Parallel bounds the files read at once. Default 2 for each CPU: most of it
	// is waiting.
	Parallel int
	// MaxStudyBytes bounds what of one study is put into the spool. Default 16 GiB.
	MaxStudyBytes int64
	// Pause is before an archive is asked again for what failed. Default 2 s.
	Pause time.Duration
	// Idle is how long it is listened for a PACS after the last fetch. Default 2 s:
	// the next study mostly comes sooner, and another rescoring may wait for the port.
	Idle time.Duration
	Log  *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.BatchFiles <= 0 {
		o.BatchFiles = 400
	}
	if o.Parallel <= 0 {
		o.Parallel = 2 * runtime.GOMAXPROCS(0)
	}
	if o.MaxStudyBytes <= 0 {
		o.MaxStudyBytes = 16 << 30
	}
	if o.Pause <= 0 {
		o.Pause = 2 * time.Second
	}
	if o.Idle <= 0 {
		o.Idle = 2 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}
