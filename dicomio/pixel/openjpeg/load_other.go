//go:build !linux || !cgo

package openjpeg

import "errors"

const soname = "libopenjp2"

type library struct{}

func open(string) (*library, error) {
	return nil, errors.New("this build loads no libraries: it needs Linux and cgo")
}

func (*library) version() string { return "" }

func (*library) decode([]uint16, stream) string { return "no library" }
