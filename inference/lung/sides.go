package lung

// Labels of Field.Mask.
const (
	maskNone         = 0
	maskLeft         = 1
	maskRight        = 2
	maskUndetermined = 3
)

const (
	splitMostVox   = 12   // deepest erosion tried, in voxels
	splitLeastPart = 0.12 // the smaller lung's core, as a part of both
	splitLeastVox  = 8    // smaller cores are crumbs
	apartMM        = 50   // of the two lungs' centres along x
	mainPartShare  = 0.85 // one piece holding more of the lung than this may be both lungs
	otherLeastPart = 0.05 // a second lung, as a part of the first
	offMiddleMM    = 20   // of a single lung's centre, to name its side
)

// sides turns the mask of lung into labels. The right lung lies at smaller x
// (LPS). bodyMid is the body's mean x in voxels.
func sides(lung bitmask, bodyMid float64) []uint8 {
	l := label(lung)
	main, ok := largest(l.parts)
	if !ok {
		return make([]uint8, lung.len())
	}
	if float64(main.voxels) > mainPartShare*float64(lung.count()) {
		l = splitJoined(l, main)
		main, _ = largest(l.parts)
	}
	names := name(l.parts, main, bodyMid)
	out := make([]uint8, lung.len())
	for _, r := range l.runs {
		base := int(r.row) * lung.box[0]
		for x := r.from; x < r.to; x++ {
			out[base+int(x)] = names[r.label]
		}
	}
	return out
}

// name gives every part its side: by the middle between the two largest parts
// that lie apart, or by the middle of the body where there is only one lung.
func name(parts []part, main part, bodyMid float64) map[int32]uint8 {
	mid, margin := bodyMid, offMiddleMM/gridMM
	if other := largestApart(parts, main); float64(other.voxels) > otherLeastPart*float64(main.voxels) {
		mid, margin = (main.centre(0)+other.centre(0))/2, 0
	}
	names := make(map[int32]uint8, len(parts))
	for _, p := range parts {
		switch off := p.centre(0) - mid; {
		case off > margin:
			names[p.label] = maskLeft
		case off < -margin:
			names[p.label] = maskRight
		default:
			names[p.label] = maskUndetermined
		}
	}
	return names
}

// largestApart is the largest part whose centre lies apart from main's along x.
func largestApart(parts []part, main part) part {
	var other part
	for _, p := range parts {
		far := (p.centre(0) - main.centre(0)) * gridMM
		if p.voxels > other.voxels && (far > apartMM || far < -apartMM) {
			other = p
		}
	}
	return other
}

// splitJoined parts two lungs that touch (at the anterior junction line, or
// through an airway wall): main is eroded until it falls into two cores that
// lie apart, and every voxel goes to the core that it is nearer to inside the
// mask. A single lung stays whole.
func splitJoined(l labelling, main part) labelling {
	whole := newBits(l.box)
	l.add(whole, main.label)
	for r := 1; r <= splitMostVox; r++ {
		cores := label(whole.erode(float64(r)))
		big := cores.parts[:0]
		total := 0
		for _, c := range cores.parts {
			if c.voxels >= splitLeastVox {
				big = append(big, c)
				total += c.voxels
			}
		}
		first, ok := largest(big)
		if !ok {
			return l
		}
		second := largestApart(big, first)
		if float64(second.voxels) < splitLeastPart*float64(total) {
			continue
		}
		return l.divide(main.label, spread(whole, cores, first.label, second.label))
	}
	return l
}

// unclaimed marks a voxel that neither core has reached.
const unclaimed = 255

// reached is a voxel that a core has come to.
type reached struct {
	at      int32
	x, y, z int16
}

// spread lets two cores grow through m at equal speed and returns 1 or 2 for
// whom a voxel belongs to, and unclaimed where neither came.
func spread(m bitmask, cores labelling, one, two int32) []uint8 {
	owner := m.bytes()
	for o, free := range owner {
		owner[o] = free * unclaimed
	}
	nx, ny, nz := int16(m.box[0]), int16(m.box[1]), int16(m.box[2])
	row, plane := int32(nx), int32(nx)*int32(ny)
	var front, next []reached
	for who, core := range []int32{one, two} {
		for _, o := range cores.members(core) {
			owner[o] = uint8(who + 1)
			front = append(front, reached{o, int16(o % row), int16(o % plane / row), int16(o / plane)})
		}
	}
	for len(front) > 0 {
		next = next[:0]
		for _, v := range front {
			who := owner[v.at]
			claim := func(ok bool, to reached) {
				if ok && owner[to.at] == unclaimed {
					owner[to.at] = who
					next = append(next, to)
				}
			}
			claim(v.x > 0, reached{v.at - 1, v.x - 1, v.y, v.z})
			claim(v.x < nx-1, reached{v.at + 1, v.x + 1, v.y, v.z})
			claim(v.y > 0, reached{v.at - row, v.x, v.y - 1, v.z})
			claim(v.y < ny-1, reached{v.at + row, v.x, v.y + 1, v.z})
			claim(v.z > 0, reached{v.at - plane, v.x, v.y, v.z - 1})
			claim(v.z < nz-1, reached{v.at + plane, v.x, v.y, v.z + 1})
		}
		front, next = next, front
	}
	return owner
}

// divide gives the voxels of one part that owner marks 2 to a new part.
func (l labelling) divide(old int32, owner []uint8) labelling {
	out := labelling{box: l.box, parts: make([]part, len(l.parts)+1)}
	fresh := int32(len(out.parts))
	for i := range out.parts {
		out.parts[i] = newPart(int32(i+1), l.box)
	}
	for _, r := range l.runs {
		if r.label != old {
			out.append(r)
			continue
		}
		base := int(r.row) * l.box[0]
		for x := r.from; x < r.to; {
			piece := run{row: r.row, from: x, label: old}
			who := owner[base+int(x)]
			for x < r.to && owner[base+int(x)] == who {
				x++
			}
			piece.to = x
			if who == 2 {
				piece.label = fresh
			}
			out.append(piece)
		}
	}
	return out
}

func (l *labelling) append(r run) {
	l.runs = append(l.runs, r)
	l.parts[r.label-1].take(r, l.box)
}
