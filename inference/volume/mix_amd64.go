package volume

const (
	blockColumns = 8 // of mixBlocks
	mostPairs    = 8
)

// pairWeights are what two source rows, one after the other, weigh in the even
// and in the odd target row: 16 bits each, four times.
type pairWeights struct{ even, odd [4]uint32 }

// mixBlocks is mixRowsAlone for blocks of 8 columns, and pairs of source rows.
//
//go:noescape
func mixBlocks(row *uint64, src *int16, strideBytes int, weights *pairWeights, pairs, blocks int)

// mixRows sets row to two weighted sums of consecutive source rows, with
// fracBits. An odd number of rows is followed by one that weighs nothing.
func mixRows(row []uint64, src []int16, stride int, w []uint64) {
	n, pairs := len(row), (len(w)+1)/2
	if n < blockColumns || pairs > mostPairs || len(src) < (2*pairs-1)*stride+n {
		mixRowsAlone(row, src, stride, w)
		return
	}
	var weights [mostPairs]pairWeights
	for p := range pairs {
		both := w[2*p]
		if 2*p+1 < len(w) {
			both |= w[2*p+1] << 16
		}
		for lane := range weights[p].even {
			weights[p].even[lane], weights[p].odd[lane] = uint32(both), uint32(both>>32)
		}
	}
	mixBlocks(&row[0], &src[0], 2*stride, &weights[0], pairs, n/blockColumns)
	if rest := n - blockColumns; n%blockColumns != 0 { // overlaps the block before
		mixBlocks(&row[rest], &src[rest], 2*stride, &weights[0], pairs, 1)
	}
}
