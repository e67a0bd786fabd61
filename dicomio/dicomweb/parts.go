package dicomweb

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
)

// Parts writes a multipart/related body part by part, so that no more than a
// part is ever in memory.
type Parts struct {
	w     *multipart.Writer
	offer Offer
}

// NewParts begins a body of parts in the given form.
func NewParts(w io.Writer, o Offer) *Parts { return &Parts{multipart.NewWriter(w), o} }

// ContentType is that of the whole body.
func (p *Parts) ContentType() string {
	return fmt.Sprintf(`%s; type="%s"; boundary=%s`, multipartType, p.offer.Type, p.w.Boundary())
}

// Next begins a part; contentType "" says what the form says. What is written
// to the one before is lost.
func (p *Parts) Next(contentType, location string) (io.Writer, error) {
	if contentType == "" {
		contentType = p.offer.ContentType()
	}
	header := textproto.MIMEHeader{"Content-Type": {contentType}}
	if location != "" {
		header["Content-Location"] = []string{location}
	}
	return p.w.CreatePart(header)
}

// Close ends the body.
func (p *Parts) Close() error { return p.w.Close() }
