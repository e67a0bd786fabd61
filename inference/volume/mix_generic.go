//go:build !amd64

package volume

// mixRows sets row to two weighted sums of consecutive source rows, with
// fracBits.
func mixRows(row []uint64, src []int16, stride int, w []uint64) { mixRowsAlone(row, src, stride, w) }
