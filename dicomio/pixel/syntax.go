package pixel

import (
	"maps"
	"slices"
	"strings"

	"nafas/dicomio/part10"
	"nafas/dicomio/pixel/openjpeg"
	"nafas/dicomio/refusal"
)

// codec is how one transfer syntax is decoded.
type codec struct {
	available func() error
	decode    func(dst []uint16, frame []byte, f Format) error
	lossy     bool // may have lost something; a lossless stream may still be in it
	native    bool // its decoder is not ours, and may crash
}

var codecs = map[string]codec{
	part10.ImplicitLE:         {available: always, decode: decodeNative},
	part10.ExplicitLE:         {available: always, decode: decodeNative},
	part10.DeflatedLE:         {available: always, decode: decodeNative},
	part10.ExplicitBE:         {available: always, decode: decodeNative},
	part10.RLELossless:        {available: always, decode: decodeRLE},
	part10.JPEGLossless:       {available: always, decode: decodeJPEGLossless},
	part10.JPEGLosslessSV1:    {available: always, decode: decodeJPEGLossless},
	part10.JPEGLSLossless:     {available: always, decode: decodeJPEGLS},
	part10.JPEGLSNearLossless: {available: always, decode: decodeJPEGLS, lossy: true},
	part10.JPEG2000Lossless:   {available: openjpeg.Available, decode: decodeJPEG2000, native: true},
	part10.JPEG2000:           {available: openjpeg.Available, decode: decodeJPEG2000, native: true, lossy: true},
	part10.HTJ2KLossless:      {available: openjpeg.Available, decode: decodeJPEG2000, native: true},
	part10.HTJ2KLosslessRPCL:  {available: openjpeg.Available, decode: decodeJPEG2000, native: true},
	part10.HTJ2K:              {available: openjpeg.Available, decode: decodeJPEG2000, native: true, lossy: true},
}

func always() error { return nil }

// Supported returns nil where frames of the transfer syntax can be decoded in
// this process, and otherwise a refusal (Unsupported) that names it and says
// what helps.
func Supported(transferSyntax string) error {
	c, ok := codecs[transferSyntax]
	if !ok {
		return unknown(transferSyntax)
	}
	return c.available()
}

// InProcess returns nil where frames of the transfer syntax are decoded in Go,
// so that a process which must not crash may do it, and otherwise a refusal
// (Unsupported).
func InProcess(transferSyntax string) error {
	c, ok := codecs[transferSyntax]
	if !ok {
		return unknown(transferSyntax)
	}
	if c.native {
		return refusal.New(refusal.Unsupported, "ask for it as it is stored (transfer-syntax=*)",
			"%s is decoded by native code, which is kept out of this process", describe(transferSyntax))
	}
	return nil
}

// Known returns the UIDs of all transfer syntaxes that can be decoded in this
// process, sorted: what a receiver offers to its peers.
func Known() []string {
	var known []string
	for _, uid := range slices.Sorted(maps.Keys(codecs)) {
		if codecs[uid].available() == nil {
			known = append(known, uid)
		}
	}
	return known
}

// Lossy reports whether frames of the transfer syntax may differ from the
// original by their coding.
func Lossy(transferSyntax string) bool { return codecs[transferSyntax].lossy }

func unknown(uid string) error {
	return refusal.New(refusal.Unsupported,
		"transcode to Explicit VR Little Endian ("+part10.ExplicitLE+") or JPEG-LS Lossless ("+part10.JPEGLSLossless+")",
		"there is no decoder for transfer syntax %s", describe(uid))
}

// describe is the UID with its name; what is not shaped like a UID (PS3.5
// section 9.1) is not quoted, since it may carry anything into a log.
func describe(uid string) string {
	if uid == "" || len(uid) > 64 || strings.Trim(uid, ".0123456789") != "" {
		return "that is no UID"
	}
	if name := part10.SyntaxName(uid); name != "" {
		return uid + " (" + name + ")"
	}
	return uid
}
