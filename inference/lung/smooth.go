package lung

import "encoding/binary"

// Four voxels of two bytes are blurred at once: above the floor a voxel has 9
// bits, and the weights sum to 16.
const (
	eachLane   = 0x0001000100010001
	laneVoxels = 4
)

// smooth clips and blurs by 1 4 6 4 1 along each axis, in integers so that
// every machine gets the same; the border is left.
func smooth(b box, hu []int16) {
	from, to := make([]byte, 2*len(hu)), make([]byte, 2*len(hu))
	for o, v := range hu {
		binary.LittleEndian.PutUint16(to[2*o:], uint16(min(max(v, sheetFloorHU), sheetCeilingHU)-sheetFloorHU))
	}
	for _, step := range []int{1, b[0], b[0] * b[1]} {
		copy(from, to)
		blur(to, from, 2*step)
	}
	for o := range hu {
		hu[o] = int16(binary.LittleEndian.Uint16(to[2*o:])) + sheetFloorHU
	}
}

// blur sets to, where it has neighbours on both sides, to from blurred; the
// next voxel is step bytes on.
func blur(to, from []byte, step int) {
	n := len(from) - 4*step
	if n <= 0 {
		return
	}
	a, b, c, d, e := from[:n], from[step:][:n], from[2*step:][:n], from[3*step:][:n], from[4*step:][:n]
	to = to[2*step:][:n]
	o := 0
	for ; o+2*laneVoxels <= n; o += 2 * laneVoxels {
		outer, near := word(a, o)+word(e, o), word(b, o)+word(d, o)
		sum := outer + near<<2 + 6*word(c, o) + 8*eachLane
		binary.LittleEndian.PutUint64(to[o:o+8], sum>>4&(0x0fff*eachLane))
	}
	for ; o < n; o += 2 {
		outer, near := voxel(a, o)+voxel(e, o), voxel(b, o)+voxel(d, o)
		binary.LittleEndian.PutUint16(to[o:], (outer+near<<2+6*voxel(c, o)+8)>>4)
	}
}

func word(b []byte, o int) uint64 { return binary.LittleEndian.Uint64(b[o : o+8]) }

func voxel(b []byte, o int) uint16 { return binary.LittleEndian.Uint16(b[o : o+2]) }
