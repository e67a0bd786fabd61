package openjpeg

import (
	"strings"
	"sync"

	"nafas/dicomio/pixel/marker"
	"nafas/dicomio/refusal"
)

// Info is what a stream says of itself.
type Info struct {
	Rows, Columns int
	Precision     int // bits per sample, 1..16
	Signed        bool
}

var load = sync.OnceValues(func() (*library, error) {
	l, err := open(soname)
	if err != nil {
		return nil, refused(err)
	}
	return l, nil
})

func refused(why error) error {
	return &refusal.Error{
		Reason: refusal.Unsupported,
		Found:  "JPEG 2000 and HTJ2K are decoded by OpenJPEG 2.5 or newer, which could not be loaded",
		Remedy: "install the Debian package libopenjp2-7 (version 2.5 or newer), or transcode to JPEG-LS Lossless (1.2.840.10008.1.2.4.80)",
		Err:    why,
	}
}

// Available returns nil where the library is there, and otherwise a refusal
// (Unsupported) that names the package to install. The library is looked for
// once in the life of the process.
func Available() error {
	_, err := load()
	return err
}

// Version returns the version of the loaded library, "" where there is none.
func Version() string {
	l, err := load()
	if err != nil {
		return ""
	}
	return l.version()
}

// Decode decodes a code stream, raw or in a JP2 file, into dst, which holds
// rows*columns samples row by row: Info.Precision bits each, two's complement
// where Info.Signed. It returns a refusal: Malformed where the stream is
// damaged, ends early or has another size; Unsupported where it has several
// components or the library is missing; TooLarge where its header asks for
// more memory than a CT slice needs. dst is then of no use.
func Decode(dst []uint16, src []byte, rows, columns int) (Info, error) {
	l, err := load()
	if err != nil {
		return Info{}, err
	}
	s, err := walk(src)
	if err != nil {
		return Info{}, err
	}
	info := Info{Rows: s.rows, Columns: s.columns, Precision: s.precision, Signed: s.signed}
	if s.rows != rows || s.columns != columns || len(dst) != rows*columns {
		return info, marker.Malformed("the JPEG 2000 image has %d rows and %d columns, the data set %d and %d",
			s.rows, s.columns, rows, columns)
	}
	if text := l.decode(dst, s); text != "" {
		return info, marker.Malformed("OpenJPEG does not decode the frame: %s", printable(text))
	}
	return info, nil
}

// printable makes the library's message one line of plain text.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, s))
}
