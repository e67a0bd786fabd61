package dicomweb

import (
	"slices"
	"strconv"
	"strings"
)

// Media types of what is given out.
const (
	MediaTypeOctets = "application/octet-stream"
	MediaTypePNG    = "image/png"
	MediaTypeJPEG   = "image/jpeg"
	multipartType   = "multipart/related"
)

// Range is one media range of an Accept header (RFC 9110 section 12.5.1), with
// the parameters of PS3.18 section 8.7.
type Range struct {
	// Type is the media type, of a multipart that of its parts: small letters,
	// perhaps with *.
	Type string
	// Multipart: multipart/related of the type. Any says that either will do.
	Multipart, Any bool
	// TransferSyntax is a UID, * for every one, or "" where none is said.
	TransferSyntax string
	// Quality is 0 to 1000.
	Quality int
}

// mostRanges bounds an Accept header.
const mostRanges = 64

// ParseAccept reads Accept headers and the accept parameter of the query, which
// counts before them (PS3.18 section 8.3.3.1), in the order of preference.
// Nothing at all is everything. What cannot be read is passed over.
func ParseAccept(headers, parameter []string) []Range {
	var out []Range
	for _, list := range [][]string{parameter, headers} {
		for _, text := range list {
			for text != "" && len(out) < mostRanges {
				var one string
				one, text = cutAt(text, ',')
				if r, ok := parseRange(one); ok {
					out = append(out, r)
				}
			}
		}
		if len(out) > 0 {
			break
		}
	}
	if len(out) == 0 {
		return []Range{{Type: "*/*", Any: true, Quality: 1000}}
	}
	slices.SortStableFunc(out, func(a, b Range) int { return b.Quality - a.Quality })
	return out
}

func parseRange(text string) (Range, bool) {
	kind, parameters := splitMediaType(text)
	r := Range{Type: kind, TransferSyntax: parameters["transfer-syntax"], Quality: 1000}
	if !strings.Contains(kind, "/") {
		return r, false
	}
	if q, err := strconv.ParseFloat(parameters["q"], 64); err == nil && q >= 0 && q <= 1 {
		r.Quality = int(q * 1000)
	}
	switch kind {
	case "*/*":
		r.Any = true
	case multipartType, "multipart/*":
		r.Multipart = true
		if r.Type = strings.ToLower(parameters["type"]); r.Type == "" {
			r.Type = "*/*"
		}
	}
	return r, r.Quality > 0
}

// Offer is a form in which something can be given.
type Offer struct {
	Type      string
	Multipart bool
	// TransferSyntax is "" where the type knows none.
	TransferSyntax string
	// Plain: it fits a range that names no transfer syntax.
	Plain bool
}

// Choose returns the first offer, in the order of the ranges and then of the
// offers, that is accepted.
func Choose(ranges []Range, offers []Offer) (Offer, bool) {
	for _, r := range ranges {
		for _, o := range offers {
			if r.accepts(o) {
				return o, true
			}
		}
	}
	return Offer{}, false
}

func (r Range) accepts(o Offer) bool {
	if !r.Any && r.Multipart != o.Multipart || !typeFits(r.Type, o.Type) {
		return false
	}
	switch r.TransferSyntax {
	case "*":
		return true
	case "":
		return o.TransferSyntax == "" || o.Plain
	}
	return o.TransferSyntax == "" || o.TransferSyntax == r.TransferSyntax
}

func typeFits(asked, offered string) bool {
	group, ok := strings.CutSuffix(asked, "/*")
	switch {
	case asked == "*/*", asked == offered:
		return true
	case ok:
		return strings.HasPrefix(offered, group+"/")
	}
	// The type before there was one of DICOM's own (PS3.18 section 8.7.4).
	return asked == "application/json" && offered == MediaTypeJSON
}

// ContentType is what is said of a body in this form, or of a part of it.
func (o Offer) ContentType() string {
	if o.TransferSyntax == "" {
		return o.Type
	}
	return o.Type + "; transfer-syntax=" + o.TransferSyntax
}

// FrameType is the media type of one compressed frame (PS3.18 table 8.7.3-5);
// "" where frames of the transfer syntax have none of their own.
func FrameType(transferSyntax string) string {
	return frameTypes[transferSyntax]
}

var frameTypes = map[string]string{
	"1.2.840.10008.1.2.5":     "image/dicom-rle",
	"1.2.840.10008.1.2.4.50":  MediaTypeJPEG,
	"1.2.840.10008.1.2.4.51":  MediaTypeJPEG,
	"1.2.840.10008.1.2.4.57":  MediaTypeJPEG,
	"1.2.840.10008.1.2.4.70":  MediaTypeJPEG,
	"1.2.840.10008.1.2.4.80":  "image/jls",
	"1.2.840.10008.1.2.4.81":  "image/jls",
	"1.2.840.10008.1.2.4.90":  "image/jp2",
	"1.2.840.10008.1.2.4.91":  "image/jp2",
	"1.2.840.10008.1.2.4.201": "image/jphc",
	"1.2.840.10008.1.2.4.202": "image/jphc",
	"1.2.840.10008.1.2.4.203": "image/jphc",
}
