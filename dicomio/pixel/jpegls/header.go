package jpegls

import "encoding/binary"

// Markers of ITU-T T.81 table B.1 and T.87 table C.1.
const (
	markerSOI   = 0xD8
	markerEOI   = 0xD9
	markerSOS   = 0xDA
	markerDNL   = 0xDC
	markerDRI   = 0xDD
	markerSOF55 = 0xF7
	markerLSE   = 0xF8
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
	if len(src) < 4 || src[0] != 0xFF || src[1] != markerSOI {
		return h, malformed("the frame does not begin with a JPEG-LS start of image")
	}
	pos := 2
	for {
		marker, body, next, err := segment(src, pos)
		if err != nil {
			return h, err
		}
		pos = next
		switch {
		case marker == markerSOF55:
			err = h.readFrame(body)
		case marker == markerLSE:
			err = h.readPreset(body)
		case marker == markerDRI:
			err = h.readInterval(body)
		case marker == markerSOS:
			h.scan = pos
			return h, h.readScan(body)
		case marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
			err = unsupported("the frame is a JPEG stream of another process (SOF marker FF%02X), not JPEG-LS", marker)
		case marker == markerEOI, marker == markerSOI, marker == markerDNL:
			err = malformed("JPEG-LS marker FF%02X stands before the scan", marker)
		}
		if err != nil {
			return h, err
		}
	}
}

// segment reads the marker segment at pos: its code, its bytes after the
// length, and where the next one is.
func segment(src []byte, pos int) (marker byte, body []byte, next int, err error) {
	if pos >= len(src) || src[pos] != 0xFF {
		return 0, nil, 0, malformed("a JPEG-LS marker is missing at byte %d", pos)
	}
	for pos < len(src) && src[pos] == 0xFF { // fill bytes, T.81 B.1.1.2
		pos++
	}
	if pos >= len(src) {
		return 0, nil, 0, malformed("the JPEG-LS stream ends in its header")
	}
	marker = src[pos]
	pos++
	if marker == markerSOI || marker == markerEOI || marker <= 0x01 || marker >= 0xD0 && marker < 0xD8 {
		return marker, nil, pos, nil
	}
	if pos+2 > len(src) {
		return 0, nil, 0, malformed("the JPEG-LS stream ends in its header")
	}
	n := int(binary.BigEndian.Uint16(src[pos:]))
	if n < 2 || pos+n > len(src) {
		return 0, nil, 0, malformed("JPEG-LS marker segment FF%02X has length %d with %d bytes left",
			marker, n, len(src)-pos)
	}
	return marker, src[pos+2 : pos+n], pos + n, nil
}

func (h *header) readFrame(b []byte) error {
	if h.frame {
		return malformed("the JPEG-LS stream has two frame headers")
	}
	if len(b) < 6 || len(b) != 6+3*int(b[5]) {
		return malformed("the JPEG-LS frame header has %d bytes", len(b))
	}
	h.frame = true
	h.precision = int(b[0])
	h.rows = int(binary.BigEndian.Uint16(b[1:]))
	h.columns = int(binary.BigEndian.Uint16(b[3:]))
	if b[5] != 1 {
		return unsupported("the JPEG-LS image has %d components", b[5])
	}
	h.component = b[6]
	if h.precision < 2 || h.precision > 16 {
		return malformed("the JPEG-LS precision is %d bits", h.precision)
	}
	return nil
}

// readPreset reads an LSE segment (T.87 C.2.4.1).
func (h *header) readPreset(b []byte) error {
	if len(b) < 1 {
		return malformed("an empty JPEG-LS LSE segment")
	}
	if b[0] != 1 {
		return unsupported("the JPEG-LS stream has an LSE segment of type %d (mapping table or oversize image)", b[0])
	}
	if len(b) != 11 {
		return malformed("the JPEG-LS preset parameters have %d bytes", len(b))
	}
	at := func(i int) int { return int(binary.BigEndian.Uint16(b[1+2*i:])) }
	h.preset = preset{maxVal: at(0), t1: at(1), t2: at(2), t3: at(3), reset: at(4)}
	return nil
}

// readInterval reads DRI, of two to four bytes in JPEG-LS (T.87 C.2.5); the
// unit of a scan that is not interleaved is a line.
func (h *header) readInterval(b []byte) error {
	if len(b) < 2 || len(b) > 4 {
		return malformed("the JPEG-LS restart interval has %d bytes", len(b))
	}
	h.interval = 0
	for _, v := range b {
		h.interval = h.interval<<8 | int(v)
	}
	return nil
}

func (h *header) readScan(b []byte) error {
	if !h.frame {
		return malformed("the JPEG-LS scan has no frame header")
	}
	if len(b) != 6 || b[0] != 1 || b[1] != h.component {
		return malformed("the JPEG-LS scan header does not name the one component")
	}
	if b[2] != 0 {
		return unsupported("the JPEG-LS scan uses mapping table %d", b[2])
	}
	h.near = int(b[3])
	if b[4] != 0 {
		// A single component is never interleaved (T.87 C.2.3).
		return malformed("the JPEG-LS scan of one component has interleave mode %d", b[4])
	}
	if b[5]&0x0F != 0 {
		return unsupported("the JPEG-LS scan has a point transform of %d bits", b[5]&0x0F)
	}
	return nil
}
