package lung

import "slices"

const (
	lumenHU        = -900 // trachea and main bronchi, on the working grid
	lumenLeastMM2  = 40   // a child's trachea is about 60
	lumenMostMM2   = 1000 // carina; an enlarged trachea is about 700
	lumenOffMidMM  = 50   // of the start, from the middle of the body
	lumenElongated = 2.5
	airwayLeastMM  = 30  // a track shorter than this is no trachea
	airwayLongMM   = 100 // one as long as this is; the search ends
	lumenStepPx    = 2   // sideways per slice: a main bronchus at 60 degrees
	lumenJump      = 1.8 // growth of the area over its recent median: a leak
	lumenRecent    = 10
	lumenJumpFloor = 30 // voxels; below, growth is no sign of a leak
)

// airway follows the trachea down from the top of the scan, through the
// carina into the main bronchi, until the lumen ends or opens into lung, and
// returns it. Of several tracks the longest is taken: mouth, nose and a
// swollen oesophagus have short ones. It may be empty: a scan that begins below
// the carina has none.
func (w *working) airway(inside, body bitmask) bitmask {
	lumen := inside.and(w.below(lumenHU))
	t := tracker{box: w.box, lumen: lumen.bytes()}
	longest, best := 0, newBits(w.box)
	visited := newBits(w.box)
	plane := w.box[0] * w.box[1]
	// The start lies in the upper two thirds: lower down there is only lung,
	// oesophagus and bowel to be mistaken for a trachea.
	for k := w.box[2] - 1; k >= w.box[2]/3; k-- {
		mid, ok := middle(body.slice(k))
		if !ok {
			continue
		}
		l := label(lumen.slice(k))
		for _, p := range l.parts {
			start := l.members(p.label)
			if !plausibleLumen(p, mid) || visited.slice(k).at(int(start[0])%w.box[0], int(start[0])/w.box[0]) {
				continue
			}
			track, slices := t.follow(start, k*plane)
			visited = visited.or(track)
			if slices > longest {
				longest, best = slices, track
			}
		}
		if float64(longest)*gridMM >= airwayLongMM {
			break
		}
	}
	if float64(longest)*gridMM < airwayLeastMM {
		return newBits(w.box)
	}
	return best
}

// middle is the mean x of a mask.
func middle(m bitmask) (float64, bool) {
	var runs []run
	n, sum := 0.0, 0.0
	for r := range m.box[1] * m.box[2] {
		runs = appendRuns(runs[:0], m.row(r), int32(r))
		for _, s := range runs {
			n += float64(s.to - s.from)
			sum += float64(s.to-s.from) * float64(s.from+s.to-1) / 2
		}
	}
	return sum / max(n, 1), n > 0
}

// members are the offsets of one part.
func (l labelling) members(label int32) []int32 {
	var out []int32
	for _, r := range l.runs {
		if r.label != label {
			continue
		}
		for x := r.from; x < r.to; x++ {
			out = append(out, r.row*int32(l.box[0])+x)
		}
	}
	return out
}

// plausibleLumen: of a trachea's area, not elongated, near the middle.
func plausibleLumen(p part, mid float64) bool {
	area := float64(p.voxels) * gridMM * gridMM
	wide, tall := float64(p.hi[0]-p.lo[0]+1), float64(p.hi[1]-p.lo[1]+1)
	off := (p.centre(0) - mid) * gridMM
	return area >= lumenLeastMM2 && area <= lumenMostMM2 &&
		max(wide, tall) <= lumenElongated*min(wide, tall) &&
		off > -lumenOffMidMM && off < lumenOffMidMM
}

type tracker struct {
	box
	lumen []uint8
}

// follow tracks a lumen downwards from the slice that begins at base, in which
// its offsets are start, and counts the slices.
func (t *tracker) follow(start []int32, base int) (track bitmask, slices int) {
	mask := make([]uint8, len(t.lumen))
	plane := t.box[0] * t.box[1]
	region := make([]int32, len(start))
	for i, o := range start {
		region[i] = o + int32(base)
		mask[region[i]] = 1
	}
	areas := []int{len(region)}
	for base -= plane; base >= 0; base -= plane {
		next := t.under(region, base, mask)
		if len(next) == 0 || leaks(areas, len(next)) {
			for _, o := range next {
				mask[o] = 0
			}
			break
		}
		region, areas = next, append(areas, len(next))
	}
	return pack(t.box, mask), len(areas)
}

// leaks says that an area of n voxels is no airway after those before.
func leaks(before []int, n int) bool {
	recent := slices.Clone(before[max(0, len(before)-lumenRecent):])
	slices.Sort(recent)
	usual := float64(recent[len(recent)/2])
	return float64(n)*gridMM*gridMM > lumenMostMM2 || float64(n) > max(lumenJump*usual, usual+lumenJumpFloor)
}

// under marks and returns the lumen of the next lower slice, which begins at
// base, within lumenStepPx of region.
func (t *tracker) under(region []int32, base int, mask []uint8) []int32 {
	nx, ny := t.box[0], t.box[1]
	plane := nx * ny
	var next []int32
	for _, o := range region {
		x, y := int(o)%nx, int(o)%plane/nx
		for dy := -lumenStepPx; dy <= lumenStepPx; dy++ {
			for dx := -lumenStepPx; dx <= lumenStepPx; dx++ {
				if dx*dx+dy*dy > lumenStepPx*lumenStepPx || x+dx < 0 || x+dx >= nx || y+dy < 0 || y+dy >= ny {
					continue
				}
				p := int32(base + (y+dy)*nx + x + dx)
				if mask[p] == 0 && t.lumen[p] != 0 {
					mask[p] = 1
					next = append(next, p)
				}
			}
		}
	}
	return next
}
