package pixel

import (
	"maps"
	"slices"

	"nafas/dicomio/pixel/openjpeg"
	"nafas/dicomio/refusal"
)

// The transfer syntaxes of PS3.6 table A-1 that are known by name.
const (
	ImplicitLittle  = "1.2.840.10008.1.2"
	ExplicitLittle  = "1.2.840.10008.1.2.1"
	DeflatedLittle  = "1.2.840.10008.1.2.1.99"
	ExplicitBig     = "1.2.840.10008.1.2.2"
	RLELossless     = "1.2.840.10008.1.2.5"
	JPEGLossless    = "1.2.840.10008.1.2.4.57"
	JPEGLosslessSV1 = "1.2.840.10008.1.2.4.70"
	JPEGLSLossless  = "1.2.840.10008.1.2.4.80"
	JPEGLSNear      = "1.2.840.10008.1.2.4.81"
	JPEG2000Only    = "1.2.840.10008.1.2.4.90"
	JPEG2000        = "1.2.840.10008.1.2.4.91"
	HTJ2KOnly       = "1.2.840.10008.1.2.4.201"
	HTJ2KOnlyRPCL   = "1.2.840.10008.1.2.4.202"
	HTJ2K           = "1.2.840.10008.1.2.4.203"
)

// codec is how one transfer syntax is decoded.
type codec struct {
	available func() error
	decode    func(dst []uint16, frame []byte, f Format) error
	lossy     bool // may have lost something; a lossless stream may still be in it
}

var codecs = map[string]codec{
	ImplicitLittle:  {available: always, decode: decodeNative},
	ExplicitLittle:  {available: always, decode: decodeNative},
	DeflatedLittle:  {available: always, decode: decodeNative},
	ExplicitBig:     {available: always, decode: decodeNative},
	RLELossless:     {available: always, decode: decodeRLE},
	JPEGLossless:    {available: always, decode: decodeJPEGLossless},
	JPEGLosslessSV1: {available: always, decode: decodeJPEGLossless},
	JPEGLSLossless:  {available: always, decode: decodeJPEGLS},
	JPEGLSNear:      {available: always, decode: decodeJPEGLS, lossy: true},
	JPEG2000Only:    {available: openjpeg.Available, decode: decodeJPEG2000},
	JPEG2000:        {available: openjpeg.Available, decode: decodeJPEG2000, lossy: true},
	HTJ2KOnly:       {available: openjpeg.Available, decode: decodeJPEG2000},
	HTJ2KOnlyRPCL:   {available: openjpeg.Available, decode: decodeJPEG2000},
	HTJ2K:           {available: openjpeg.Available, decode: decodeJPEG2000, lossy: true},
}

func always() error { return nil }

// names are transfer syntaxes that are refused, by the names that people know
// them under (PS3.6 table A-1).
var names = map[string]string{
	"1.2.840.10008.1.2.1.98":  "Encapsulated Uncompressed Explicit VR Little Endian",
	"1.2.840.10008.1.2.4.50":  "JPEG Baseline (Process 1)",
	"1.2.840.10008.1.2.4.51":  "JPEG Extended (Process 2 and 4)",
	"1.2.840.10008.1.2.4.52":  "JPEG Extended (Process 3 and 5, retired)",
	"1.2.840.10008.1.2.4.53":  "JPEG Spectral Selection (Process 6 and 8, retired)",
	"1.2.840.10008.1.2.4.55":  "JPEG Full Progression (Process 10 and 12, retired)",
	"1.2.840.10008.1.2.4.58":  "JPEG Lossless (Process 15, retired)",
	"1.2.840.10008.1.2.4.92":  "JPEG 2000 Part 2 Multi-component (Lossless Only)",
	"1.2.840.10008.1.2.4.93":  "JPEG 2000 Part 2 Multi-component",
	"1.2.840.10008.1.2.4.94":  "JPIP Referenced",
	"1.2.840.10008.1.2.4.95":  "JPIP Referenced Deflate",
	"1.2.840.10008.1.2.4.100": "MPEG2 Main Profile / Main Level",
	"1.2.840.10008.1.2.4.101": "MPEG2 Main Profile / High Level",
	"1.2.840.10008.1.2.4.102": "MPEG-4 AVC/H.264 High Profile",
	"1.2.840.10008.1.2.4.103": "MPEG-4 AVC/H.264 BD-compatible High Profile",
	"1.2.840.10008.1.2.4.107": "HEVC/H.265 Main Profile",
	"1.2.840.10008.1.2.4.108": "HEVC/H.265 Main 10 Profile",
	"1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
	"1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
	"1.2.840.10008.1.2.4.112": "JPEG XL",
	"1.2.840.10008.1.2.4.204": "JPIP HTJ2K Referenced",
	"1.2.840.10008.1.2.4.205": "JPIP HTJ2K Referenced Deflate",
	"1.2.840.10008.1.2.6.1":   "RFC 2557 MIME Encapsulation (retired)",
	"1.2.840.10008.1.2.6.2":   "XML Encoding (retired)",
	"1.2.840.10008.1.2.8.1":   "Deflated Image Frame Compression",
	"1.2.840.113619.5.2":      "GE Private Implicit VR Big Endian",
}

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
	what := "transfer syntax " + printable(uid)
	if name, ok := names[uid]; ok {
		what = name + " (" + uid + ")"
	}
	return refusal.New(refusal.Unsupported,
		"transcode to Explicit VR Little Endian ("+ExplicitLittle+") or JPEG-LS Lossless ("+JPEGLSLossless+")",
		"%s has no decoder here", what)
}

// printable keeps a hostile UID from carrying anything but a UID into a log.
func printable(uid string) string {
	if uid == "" {
		return "of no name"
	}
	for _, c := range uid {
		if c != '.' && (c < '0' || c > '9') {
			return "that is no UID"
		}
	}
	return uid[:min(len(uid), 64)]
}
