package jpegll

// lookBits is how many bits one look at the table resolves: a CT's differences
// with their codes are shorter than this, nearly always.
const lookBits = 12

// An entry of the table tells, of the lookBits at hand: how many bits the
// code and its difference take and the difference, where both fit; else the
// code's length and category alone.
type entry struct {
	diff  int16
	bits  uint8 // bits taken by code and difference, 0 where they do not fit
	extra uint8 // 1 + category where only the code fits, of codeBits bits
	code  uint8 // the code's length
}

// huffman decodes the difference categories (T.81 H.1.2.2, annex C and F.2.2.3).
type huffman struct {
	defined bool
	look    [1 << lookBits]entry
	first   [17]int // the first code of each length
	count   [17]int
	offset  [17]int // into values
	values  [256]byte
	used    int
}

// build makes the table of the 16 code counts and the values of a DHT
// segment; it reports false for codes that are no prefix code or categories
// over 16.
func (h *huffman) build(counts []byte, values []byte) bool {
	*h = huffman{used: len(values)}
	copy(h.values[:], values)
	code, at := 0, 0
	for length := 1; length <= 16; length++ {
		n := int(counts[length-1])
		h.first[length], h.count[length], h.offset[length] = code, n, at
		// The code of all ones is not to be used (T.81 C.2), which leaves
		// room for a wrong table to show; some encoders use it all the same.
		if code+n > 1<<uint(length) {
			return false
		}
		code = (code + n) << 1
		at += n
	}
	for _, v := range values {
		if v > 16 {
			return false
		}
	}
	h.fillLook()
	h.defined = len(values) > 0
	return h.defined
}

func (h *huffman) fillLook() {
	for length := 1; length <= lookBits; length++ {
		for i := range h.count[length] {
			category := int(h.values[h.offset[length]+i])
			code := h.first[length] + i
			rest := lookBits - length
			for low := range 1 << uint(rest) {
				e := &h.look[code<<uint(rest)|low]
				e.code, e.extra = uint8(length), uint8(category+1)
				switch {
				case category == 16:
					e.diff, e.bits = -32768, uint8(length)
				case category <= rest:
					e.diff = difference(low>>uint(rest-category), category)
					e.bits = uint8(length + category)
				}
			}
		}
	}
}

// difference extends the bits of a category (T.81 table H.2, F.2.2.1).
func difference(v, category int) int16 {
	if category > 0 && v < 1<<uint(category-1) {
		v += 1 - 1<<uint(category)
	}
	return int16(v)
}

// slow decodes one difference bit length by bit length; bits are the next 32.
// It returns how many of them it took, 0 where no code fits.
func (h *huffman) slow(bits uint32) (diff int16, taken int) {
	for length := 1; length <= 16; length++ {
		i := int(bits>>uint(32-length)) - h.first[length]
		if i < 0 || i >= h.count[length] {
			continue
		}
		category := int(h.values[h.offset[length]+i])
		if category == 16 { // 32768 needs no more bits; modulo 65536 it is its own negative
			return -32768, length
		}
		low := bits << uint(length) >> 1 >> uint(31-category)
		return difference(int(low), category), length + category
	}
	return 0, 0
}
