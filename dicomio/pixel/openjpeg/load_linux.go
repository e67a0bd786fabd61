//go:build linux && cgo

package openjpeg

// #cgo LDFLAGS: -ldl
// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// soname is OpenJPEG's since 2.0; distributions install it under this name.
const soname = "libopenjp2.so.7"

// library is OpenJPEG, loaded. It is never unloaded.
type library struct{ lib *C.nafas_opj }

// open loads the library by name or path.
func open(name string) (*library, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	msg := make([]C.char, 256)
	lib := C.nafas_opj_open(cname, &msg[0], C.size_t(len(msg)))
	if lib == nil {
		return nil, errors.New(C.GoString(&msg[0]))
	}
	l := &library{lib}
	var major, minor int
	if n, _ := fmt.Sscanf(l.version(), "%d.%d", &major, &minor); n != 2 || major != 2 || minor < 5 {
		return nil, fmt.Errorf("version %q is not 2.5 or a later 2.x", l.version())
	}
	return l, nil
}

func (l *library) version() string { return C.GoString(C.nafas_opj_version(l.lib)) }

// decode decodes a stream that has been walked; the text is the library's
// complaint, "" where it decoded.
func (l *library) decode(dst []uint16, s stream) string {
	msg := make([]C.char, 256)
	signed := C.uint32_t(0)
	if s.signed {
		signed = 1
	}
	failed := C.nafas_opj_decode(l.lib,
		(*C.uint8_t)(unsafe.Pointer(&s.data[0])), C.size_t(len(s.data)),
		C.uint32_t(s.columns), C.uint32_t(s.rows), C.uint32_t(s.precision), signed,
		(*C.uint16_t)(unsafe.Pointer(&dst[0])), &msg[0], C.size_t(len(msg)))
	if failed == 0 {
		return ""
	}
	if text := C.GoString(&msg[0]); text != "" {
		return text
	}
	return "the data are damaged"
}
