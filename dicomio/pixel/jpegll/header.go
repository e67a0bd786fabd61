package jpegll

import (
	"encoding/binary"

	"nafas/dicomio/pixel/marker"
)

// header is what precedes the entropy-coded data.
type header struct {
	rows, columns, precision int
	interval                 int // samples between restart markers, 0 for none
	predictor, transform     int
	table                    int
	scan                     int // where the entropy-coded data begin
	frame                    bool
	component                byte
}

// processes names the frame headers that are not decoded (T.81 table B.1).
var processes = map[byte]string{
	0xC0: "baseline", 0xC1: "extended sequential", 0xC2: "progressive",
	0xC5: "hierarchical sequential", 0xC6: "hierarchical progressive", 0xC7: "hierarchical lossless",
	0xC9: "arithmetic extended sequential", 0xCA: "arithmetic progressive", 0xCB: "arithmetic lossless",
	0xCD: "arithmetic hierarchical", 0xCE: "arithmetic hierarchical", 0xCF: "arithmetic hierarchical lossless",
}

// parse reads the marker segments up to and including the start of scan.
func (d *decoder) parse(src []byte) (header, error) {
	var h header
	if len(src) < 4 || src[0] != 0xFF || src[1] != marker.SOI {
		return h, marker.Malformed("the frame does not begin with a JPEG start of image")
	}
	pos := 2
	for {
		seg, err := marker.Read(src, pos)
		if err != nil {
			return h, err
		}
		pos = seg.Next
		switch code := seg.Code; {
		case code == marker.SOF3:
			err = h.readFrame(seg.Body)
		case code == marker.SOF55:
			err = marker.Unsupported("the frame is a JPEG-LS stream under a JPEG Lossless transfer syntax")
		case marker.IsFrame(code):
			err = marker.Unsupported("the frame is a JPEG stream of the %s process, not lossless", processes[code])
		case code == marker.DHT:
			err = d.readTables(seg.Body)
		case code == marker.DRI:
			if len(seg.Body) != 2 {
				return h, marker.Malformed("the JPEG restart interval has %d bytes", len(seg.Body))
			}
			h.interval = int(binary.BigEndian.Uint16(seg.Body))
		case code == marker.SOS:
			h.scan = pos
			return h, d.readScan(&h, seg.Body)
		case code == marker.EOI, code == marker.SOI, code == marker.DNL:
			err = marker.Malformed("JPEG marker FF%02X stands before the scan", code)
		}
		if err != nil {
			return h, err
		}
	}
}

func (h *header) readFrame(b []byte) error {
	if h.frame {
		return marker.Malformed("the JPEG stream has two frame headers")
	}
	if len(b) < 6 || len(b) != 6+3*int(b[5]) {
		return marker.Malformed("the JPEG frame header has %d bytes", len(b))
	}
	h.frame = true
	h.precision = int(b[0])
	h.rows = int(binary.BigEndian.Uint16(b[1:]))
	h.columns = int(binary.BigEndian.Uint16(b[3:]))
	if b[5] != 1 {
		return marker.Unsupported("the JPEG image has %d components", b[5])
	}
	h.component = b[6]
	if h.precision < 2 || h.precision > 16 {
		return marker.Malformed("the JPEG precision is %d bits", h.precision)
	}
	return nil
}

// readTables reads DHT (T.81 B.2.4.2): any number of tables in one segment.
func (d *decoder) readTables(b []byte) error {
	for len(b) > 0 {
		if len(b) < 17 {
			return marker.Malformed("a JPEG Huffman table is cut short")
		}
		class, id, n := b[0]>>4, b[0]&15, 0
		for _, c := range b[1:17] {
			n += int(c)
		}
		if class > 1 || id > 3 || n > 256 || len(b) < 17+n {
			return marker.Malformed("JPEG Huffman table class %d number %d has %d codes", class, id, n)
		}
		// Tables of class 1 are for processes with a DCT; encoders that write
		// them all the same do not use them in a lossless scan.
		if class == 0 && !d.tables[id].build(b[1:17], b[17:17+n]) {
			return marker.Malformed("JPEG Huffman table %d is no prefix code of difference categories", id)
		}
		b = b[17+n:]
	}
	return nil
}

// readScan reads the scan header (T.81 B.2.3, with the lossless meaning of its
// last three parameters: predictor, 0, point transform).
func (d *decoder) readScan(h *header, b []byte) error {
	if !h.frame {
		return marker.Malformed("the JPEG scan has no frame header")
	}
	if len(b) != 6 || b[0] != 1 || b[1] != h.component {
		return marker.Malformed("the JPEG scan header does not name the one component")
	}
	h.table = int(b[2] >> 4)
	h.predictor = int(b[3])
	h.transform = int(b[5] & 15)
	switch {
	case h.table > 3 || !d.tables[h.table].defined:
		return marker.Malformed("the JPEG scan uses Huffman table %d, which is not there", h.table)
	case h.predictor < 1 || h.predictor > 7:
		return marker.Malformed("the JPEG predictor is %d", h.predictor)
	case h.transform >= h.precision:
		return marker.Malformed("the JPEG point transform is %d of %d bits", h.transform, h.precision)
	}
	return nil
}
