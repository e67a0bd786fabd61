package jpegll

// undoFirst turns differences into samples on the first line of an image or
// restart interval: the left neighbour predicts, and start the first sample
// (T.81 H.1.1). Arithmetic is modulo 65536 throughout (H.1.2.1).
func undoFirst(row []uint16, diffs []int16, start uint16) {
	ra := start
	for x, d := range diffs[:len(row)] {
		ra += uint16(d)
		row[x] = ra
	}
}

// undo turns differences into samples on any other line; above is the line
// before. The first sample is predicted from above (T.81 H.1.1), the others
// as table H.1 says: a is the left neighbour, b the one above, c above left.
func undo(row, above []uint16, diffs []int16, predictor int) {
	n := len(row)
	above, diffs = above[:n], diffs[:n]
	a := above[0] + uint16(diffs[0])
	row[0] = a
	c := above[0]
	switch predictor {
	case 1:
		for x := 1; x < n; x++ {
			a += uint16(diffs[x])
			row[x] = a
		}
	case 2:
		for x := 1; x < n; x++ {
			row[x] = above[x] + uint16(diffs[x])
		}
	case 3:
		for x := 1; x < n; x++ {
			row[x] = above[x-1] + uint16(diffs[x])
		}
	case 4:
		for x := 1; x < n; x++ {
			b := above[x]
			a += b - c + uint16(diffs[x])
			row[x], c = a, b
		}
	case 5:
		for x := 1; x < n; x++ {
			b := above[x]
			a = uint16(int(a)+(int(b)-int(c))>>1) + uint16(diffs[x])
			row[x], c = a, b
		}
	case 6:
		for x := 1; x < n; x++ {
			b := above[x]
			a = uint16(int(b)+(int(a)-int(c))>>1) + uint16(diffs[x])
			row[x], c = a, b
		}
	case 7:
		for x := 1; x < n; x++ {
			a = uint16((int(a)+int(above[x]))>>1) + uint16(diffs[x])
			row[x] = a
		}
	}
}
