package dicomweb

import (
	"errors"
	"io"
	"mime/multipart"
	"strings"
)

// MediaType is that of Part 10 files (RFC 3240).
const MediaType = "application/dicom"

// ErrMediaType: a body is none of instances.
var ErrMediaType = errors.New("the body is neither application/dicom nor multipart/related of it")

// Body reads the instances of a request: one as application/dicom, or many as
// multipart/related (PS3.18 section 10.5.1).
type Body struct {
	single io.Reader
	parts  *multipart.Reader
}

// NewBody reads a body of the given Content-Type. The header is read
// tolerantly: clients write type=application/dicom without the quotes that its
// slash needs (RFC 2045), which mime.ParseMediaType refuses.
func NewBody(contentType string, body io.Reader) (*Body, error) {
	kind, parameters := splitMediaType(contentType)
	switch kind {
	case MediaType:
		return &Body{single: body}, nil
	case "multipart/related":
		boundary := parameters["boundary"]
		if boundary == "" || len(boundary) > maxBoundary {
			return nil, errors.New("the multipart body names no boundary, or one that is too long")
		}
		if t := parameters["type"]; t != "" && !strings.EqualFold(t, MediaType) {
			return nil, ErrMediaType
		}
		return &Body{parts: multipart.NewReader(body, boundary)}, nil
	}
	return nil, ErrMediaType
}

// maxBoundary is above RFC 2046's 70: Orthanc's has 73 characters.
const maxBoundary = 200

// Next returns the next instance, io.EOF after the last one. The one before
// need not have been read to its end.
func (b *Body) Next() (io.Reader, error) {
	if b.parts == nil {
		one := b.single
		b.single = nil
		if one == nil {
			return nil, io.EOF
		}
		return one, nil
	}
	part, err := b.parts.NextRawPart()
	if err != nil {
		return nil, err
	}
	if t := part.Header.Get("Content-Type"); t != "" {
		if kind, _ := splitMediaType(t); kind != MediaType {
			return nil, ErrMediaType
		}
	}
	return part, nil
}

// splitMediaType reads a media type with its parameters, names in small
// letters, values with or without quotes.
func splitMediaType(text string) (kind string, parameters map[string]string) {
	parameters = map[string]string{}
	kind, rest := cutAt(text, ';')
	for rest != "" {
		var one string
		one, rest = cutAt(rest, ';')
		name, value, ok := strings.Cut(one, "=")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		parameters[strings.ToLower(strings.TrimSpace(name))] = value
	}
	return strings.ToLower(strings.TrimSpace(kind)), parameters
}

// cutAt cuts at the next separator that is not within quotes.
func cutAt(text string, separator rune) (one, rest string) {
	quoted := false
	for i, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case r == separator && !quoted:
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}
