package jpegls

import (
	"encoding/binary"

	"nafas/dicomio/pixel/marker"
)

// header is what precedes the entropy-coded data.
type header struct {
	rows, columns, precision int
	near                     int
	preset                   preset
	interval                 int // lines between restart markers, 0 for none
	scan                     int // where the entropy-coded data begin
	frame                    bool
	component                byte
}

// parse reads the marker segments up to and including the start of scan.
func parse(src []byte) (header, error) {
	var h header
	if len(src) < 4 || src[0] != 0xFF || src[1] != marker.SOI {
		return h, marker.Malformed("the frame does not begin with a JPEG-LS start of image")
	}
	pos := 2
	for {
		seg, err := marker.Read(src, pos)
		if err != nil {
			return h, err
		}
		pos = seg.Next
		switch code := seg.Code; {
		case code == marker.SOF55:
			err = h.readFrame(seg.Body)
		case code == marker.LSE:
			err = h.readPreset(seg.Body)
		case code == marker.DRI:
			err = h.readInterval(seg.Body)
		case code == marker.SOS:
			h.scan = pos
			return h, h.readScan(seg.Body)
		case marker.IsFrame(code):
			err = marker.Unsupported("the frame is a JPEG stream of another process (FF%02X), not JPEG-LS", code)
		case code == marker.EOI, code == marker.SOI, code == marker.DNL:
			err = marker.Malformed("JPEG-LS marker FF%02X stands before the scan", code)
		}
		if err != nil {
			return h, err
		}
	}
}

func (h *header) readFrame(b []byte) error {
	if h.frame {
		return marker.Malformed("the JPEG-LS stream has two frame headers")
	}
	if len(b) < 6 || len(b) != 6+3*int(b[5]) {
		return marker.Malformed("the JPEG-LS frame header has %d bytes", len(b))
	}
	h.frame = true
	h.precision = int(b[0])
	h.rows = int(binary.BigEndian.Uint16(b[1:]))
	h.columns = int(binary.BigEndian.Uint16(b[3:]))
	if b[5] != 1 {
		return marker.Unsupported("the JPEG-LS image has %d components", b[5])
	}
	h.component = b[6]
	if h.precision < 2 || h.precision > 16 {
		return marker.Malformed("the JPEG-LS precision is %d bits", h.precision)
	}
	return nil
}

// readPreset reads an LSE segment (T.87 C.2.4.1).
func (h *header) readPreset(b []byte) error {
	if len(b) < 1 {
		return marker.Malformed("an empty JPEG-LS LSE segment")
	}
	if b[0] != 1 {
		return marker.Unsupported("the JPEG-LS stream has an LSE segment of type %d (mapping table or oversize image)", b[0])
	}
	if len(b) != 11 {
		return marker.Malformed("the JPEG-LS preset parameters have %d bytes", len(b))
	}
	at := func(i int) int { return int(binary.BigEndian.Uint16(b[1+2*i:])) }
	h.preset = preset{maxVal: at(0), t1: at(1), t2: at(2), t3: at(3), reset: at(4)}
	return nil
}

// readInterval reads DRI, of two to four bytes in JPEG-LS (T.87 C.2.5); the
// unit of a scan that is not interleaved is a line.
func (h *header) readInterval(b []byte) error {
	if len(b) < 2 || len(b) > 4 {
		return marker.Malformed("the JPEG-LS restart interval has %d bytes", len(b))
	}
	h.interval = 0
	for _, v := range b {
		h.interval = h.interval<<8 | int(v)
	}
	return nil
}

func (h *header) readScan(b []byte) error {
	if !h.frame {
		return marker.Malformed("the JPEG-LS scan has no frame header")
	}
	if len(b) != 6 || b[0] != 1 || b[1] != h.component {
		return marker.Malformed("the JPEG-LS scan header does not name the one component")
	}
	if b[2] != 0 {
		return marker.Unsupported("the JPEG-LS scan uses mapping table %d", b[2])
	}
	h.near = int(b[3])
	if b[4] != 0 {
		// A single component is never interleaved (T.87 C.2.3).
		return marker.Malformed("the JPEG-LS scan of one component has interleave mode %d", b[4])
	}
	if b[5]&0x0F != 0 {
		return marker.Unsupported("the JPEG-LS scan has a point transform of %d bits", b[5]&0x0F)
	}
	return nil
}
