package openjpeg

import (
	"encoding/binary"

	"nafas/dicomio/pixel/marker"
)

// size reads SIZ (A.5.1): the image, its tiles and its one component.
func (s *stream) size(b []byte) error {
	if len(b) < 36 || len(b) != 36+3*int(binary.BigEndian.Uint16(b[34:])) {
		return marker.Malformed("the JPEG 2000 SIZ segment has %d bytes", len(b))
	}
	if n := binary.BigEndian.Uint16(b[34:]); n != 1 {
		return marker.Unsupported("the JPEG 2000 image has %d components", n)
	}
	at := func(i int) int64 { return int64(binary.BigEndian.Uint32(b[2+4*i:])) }
	right, bottom, left, top := at(0), at(1), at(2), at(3)
	tw, th, tileLeft, tileTop := at(4), at(5), at(6), at(7)
	if right <= left || bottom <= top || right-left > 65535 || bottom-top > 65535 || right > 1<<30 || bottom > 1<<30 {
		return marker.Malformed("the JPEG 2000 image spans %d to %d by %d to %d", left, right, top, bottom)
	}
	s.columns, s.rows = int(right-left), int(bottom-top)
	if s.columns*s.rows > maxPixels {
		return tooLarge("the JPEG 2000 image has %d rows and %d columns", s.rows, s.columns)
	}
	// B.3: the first tile must meet the image.
	if tw < 1 || th < 1 || tileLeft > left || tileTop > top || tileLeft+tw <= left || tileTop+th <= top {
		return marker.Malformed("the JPEG 2000 tiles do not cover the image")
	}
	tiles := ceil(right-tileLeft, tw) * ceil(bottom-tileTop, th)
	if tiles > maxTiles {
		return tooLarge("the JPEG 2000 image has %d tiles", tiles)
	}
	s.tiles = make([]tile, tiles)
	s.tileWidth, s.tileHeight = int(min(tw, right-left)), int(min(th, bottom-top))
	s.precision, s.signed = int(b[36]&0x7F)+1, b[36]&0x80 != 0
	if s.precision > 16 {
		return marker.Unsupported("the JPEG 2000 samples have %d bits", s.precision)
	}
	if b[37] != 1 || b[38] != 1 {
		return marker.Unsupported("the JPEG 2000 component is subsampled by %d and %d", b[37], b[38])
	}
	return nil
}

// coding looks into COD and COC (A.6.1, A.6.2), of the main header or a tile
// part's: their precincts and layers decide how many packets the library
// makes room for.
func (s *stream) coding(m int, b []byte) error {
	switch m {
	case cod:
		if len(b) < 10 {
			return marker.Malformed("the JPEG 2000 COD segment has %d bytes", len(b))
		}
		layers := int64(binary.BigEndian.Uint16(b[2:]))
		return s.packets(layers, b[0]&1 != 0, b[5:])
	case coc:
		if len(b) < 7 {
			return marker.Malformed("the JPEG 2000 COC segment has %d bytes", len(b))
		}
		return s.packets(1, b[1]&1 != 0, b[2:])
	}
	return nil
}

// packets bounds layers times precincts; b begins with the number of
// decomposition levels (table A.15), and precinct sizes follow from b[5].
func (s *stream) packets(layers int64, ownPrecincts bool, b []byte) error {
	levels := int(b[0])
	if levels > 32 || ownPrecincts && len(b) < 6+levels {
		return marker.Malformed("the JPEG 2000 coding style has %d levels", levels)
	}
	var precincts int64
	for r := range levels + 1 {
		px, py := 15, 15
		if ownPrecincts {
			px, py = int(b[5+r]&15), int(b[5+r]>>4)
		}
		// One more each way, for precincts that the tile's corner cuts.
		w := int64(s.tileWidth)>>uint(levels-r) + 1
		h := int64(s.tileHeight)>>uint(levels-r) + 1
		precincts += (w>>uint(px) + 2) * (h>>uint(py) + 2)
	}
	// A tile's COD may come after a COC of the main header, so the worst of
	// each counts.
	s.layers, s.precincts = max(s.layers, layers), max(s.precincts, precincts)
	if n := s.precincts * s.layers * int64(len(s.tiles)); n > maxPackets {
		return tooLarge("the JPEG 2000 image has up to %d packets", n)
	}
	return nil
}

func ceil(a, b int64) int64 { return (a + b - 1) / b }
