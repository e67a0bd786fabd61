package part10

// Transfer syntax UIDs (PS3.5 section 10 and annex A; PS3.6 annex A).
const (
	ImplicitLE          = "1.2.840.10008.1.2"
	ExplicitLE          = "1.2.840.10008.1.2.1"
	DeflatedLE          = "1.2.840.10008.1.2.1.99"
	ExplicitBE          = "1.2.840.10008.1.2.2"
	RLELossless         = "1.2.840.10008.1.2.5"
	JPEGBaseline        = "1.2.840.10008.1.2.4.50"
	JPEGExtended        = "1.2.840.10008.1.2.4.51"
	JPEGLossless        = "1.2.840.10008.1.2.4.57"
	JPEGLosslessSV1     = "1.2.840.10008.1.2.4.70"
	JPEGLSLossless      = "1.2.840.10008.1.2.4.80"
	JPEGLSNearLossless  = "1.2.840.10008.1.2.4.81"
	JPEG2000Lossless    = "1.2.840.10008.1.2.4.90"
	JPEG2000            = "1.2.840.10008.1.2.4.91"
	HTJ2KLossless       = "1.2.840.10008.1.2.4.201"
	HTJ2KLosslessRPCL   = "1.2.840.10008.1.2.4.202"
	HTJ2K               = "1.2.840.10008.1.2.4.203"
	encapsulatedUncompr = "1.2.840.10008.1.2.1.98"
)

// syntax says how a data set is encoded.
type syntax struct {
	name         string
	implicit     bool
	bigEndian    bool
	deflated     bool
	encapsulated bool
}

// syntaxes are the transfer syntaxes whose structure the guard knows. That a
// syntax is here does not say that dicomio/pixel has a decoder for it.
var syntaxes = map[string]syntax{
	ImplicitLE:         {name: "Implicit VR Little Endian", implicit: true},
	ExplicitLE:         {name: "Explicit VR Little Endian"},
	DeflatedLE:         {name: "Deflated Explicit VR Little Endian", deflated: true},
	ExplicitBE:         {name: "Explicit VR Big Endian", bigEndian: true},
	RLELossless:        {name: "RLE Lossless", encapsulated: true},
	JPEGBaseline:       {name: "JPEG Baseline (Process 1)", encapsulated: true},
	JPEGExtended:       {name: "JPEG Extended (Process 2 and 4)", encapsulated: true},
	JPEGLossless:       {name: "JPEG Lossless (Process 14)", encapsulated: true},
	JPEGLosslessSV1:    {name: "JPEG Lossless (Process 14, Selection Value 1)", encapsulated: true},
	JPEGLSLossless:     {name: "JPEG-LS Lossless", encapsulated: true},
	JPEGLSNearLossless: {name: "JPEG-LS Near-Lossless", encapsulated: true},
	JPEG2000Lossless:   {name: "JPEG 2000 (Lossless Only)", encapsulated: true},
	JPEG2000:           {name: "JPEG 2000", encapsulated: true},
	HTJ2KLossless:      {name: "High-Throughput JPEG 2000 (Lossless Only)", encapsulated: true},
	HTJ2KLosslessRPCL:  {name: "High-Throughput JPEG 2000 with RPCL (Lossless Only)", encapsulated: true},
	HTJ2K:              {name: "High-Throughput JPEG 2000", encapsulated: true},
}

// named are transfer syntaxes that are refused by name. They cannot hold a CT
// image of use here, or nobody has been seen to write them.
var named = map[string]string{
	encapsulatedUncompr:       "Encapsulated Uncompressed Explicit VR Little Endian",
	"1.2.840.10008.1.2.4.92":  "JPEG 2000 Part 2 (Lossless Only)",
	"1.2.840.10008.1.2.4.93":  "JPEG 2000 Part 2",
	"1.2.840.10008.1.2.4.94":  "JPIP Referenced",
	"1.2.840.10008.1.2.4.95":  "JPIP Referenced Deflate",
	"1.2.840.10008.1.2.4.204": "JPIP HTJ2K Referenced",
	"1.2.840.10008.1.2.4.205": "JPIP HTJ2K Referenced Deflate",
	"1.2.840.10008.1.2.4.100": "MPEG2 Main Profile at Main Level",
	"1.2.840.10008.1.2.4.101": "MPEG2 Main Profile at High Level",
	"1.2.840.10008.1.2.4.102": "MPEG-4 AVC/H.264 High Profile",
	"1.2.840.10008.1.2.4.103": "MPEG-4 AVC/H.264 BD-compatible",
	"1.2.840.10008.1.2.4.107": "HEVC/H.265 Main Profile",
	"1.2.840.10008.1.2.4.108": "HEVC/H.265 Main 10 Profile",
	"1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
	"1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
	"1.2.840.10008.1.2.4.112": "JPEG XL",
	"1.2.840.10008.1.2.8.1":   "Deflated Image Frame Compression",
	"1.2.840.113619.5.2":      "GE Private Implicit VR with Big Endian Pixel Data",
}

// SyntaxName returns the standard's name of a transfer syntax, or "" where
// this package does not know the UID.
func SyntaxName(uid string) string {
	if s, ok := syntaxes[uid]; ok {
		return s.name
	}
	return named[uid]
}

// Encapsulated says whether pixel data in this transfer syntax come in
// fragments (PS3.5 annex A.4).
func Encapsulated(uid string) bool { return syntaxes[uid].encapsulated }

// describeSyntax is the UID with its name for an error; what is not shaped
// like a UID is not quoted.
func describeSyntax(uid string) string {
	if !isUID(uid) {
		return "that is not a UID"
	}
	if n := SyntaxName(uid); n != "" {
		return uid + " (" + n + ")"
	}
	return uid + " (unknown)"
}

// isUID checks the characters and the length of a UID (PS3.5 section 9.1).
func isUID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
