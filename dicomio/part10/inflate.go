package part10

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"

	"nafas/dicomio/refusal"
)

const (
	// A deflated data set may always reach freeInflated bytes, and beyond that
	// maxRatio times its deflated size. CT slices deflate 2 to 10 times;
	// deflate itself reaches 1032 times, which only a bomb needs.
	freeInflated = 48 << 20
	maxRatio     = 48
)

// inflate returns the data set of the deflated transfer syntax (PS3.5 annex
// A.5: RFC 1951, without zlib header). It inflates twice, first only to
// count: a bomb is refused before any memory is claimed for it.
func inflate(deflated []byte, lim Limits) ([]byte, error) {
	limit := inflated(int64(len(deflated)), lim)
	r := flate.NewReader(bytes.NewReader(deflated))
	n, err := io.CopyN(io.Discard, r, limit+1)
	if n > limit {
		return nil, refusal.New(refusal.TooLarge, "send the object uncompressed",
			"%d deflated bytes inflate to more than %d", len(deflated), limit)
	}
	if !errors.Is(err, io.EOF) {
		return nil, malformed("the deflated data set is damaged")
	}
	if err := r.(flate.Resetter).Reset(bytes.NewReader(deflated), nil); err != nil {
		return nil, malformed("the deflated data set is damaged")
	}
	out := make([]byte, n)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, malformed("the deflated data set is damaged")
	}
	return out, nil
}
