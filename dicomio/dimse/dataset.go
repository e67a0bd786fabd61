package dimse

import (
	"errors"
	"io"

	"nafas/dicomio/dimse/pdu"
)

// dataReader reads the fragments of one data set.
type dataReader struct {
	a    *Association
	id   byte
	last bool
	err  error
}

// Read implements io.Reader.
func (d *dataReader) Read(p []byte) (int, error) {
	for d.err == nil && d.a.piece.Length == 0 {
		if d.last {
			d.err = io.EOF
			break
		}
		d.err = d.begin()
	}
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.a.r.Read(p[:min(uint64(len(p)), uint64(d.a.piece.Length))])
	d.a.piece.Length -= uint32(n)
	if err != nil {
		d.err = noEOF(err)
	}
	return n, d.err
}

func (d *dataReader) begin() error {
	if err := d.a.fragment(d.a.timing.Transfer); err != nil {
		if errors.Is(err, ErrReleased) {
			return pdu.Violated(pdu.UnexpectedPDU, "a release within a data set")
		}
		return err
	}
	f := d.a.piece
	if f.Command || f.ContextID != d.id {
		return pdu.Violated(pdu.UnexpectedPDU, "a piece of something else within a data set")
	}
	d.last = f.Last
	return nil
}
