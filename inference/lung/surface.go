package lung

import (
	"math"
	"slices"

	"nafas/inference/volume"
)

const (
	columnMM  = 3.0 // between the columns of a surface
	stepMM    = 1.5 // along a column
	tiltCos   = 0.7 // least cosine between a sheet's normal and the column
	bendCost  = 12  // for one step up or down to the next column
	bend2Cost = 40  // for two
	// Costs of a place without a sheet, of a vessel (none crosses a fissure),
	// and of one that counts as seen. A full sheet costs 0.
	neutralCost, vesselCost, seenCost = 150, 225, 110
	leastSeen                         = 4 // of a column and its eight neighbours
	// priorCost is added from twice priorMM on from where the surface is
	// expected, less of it nearer.
	priorCost, priorMM = 30, 30.0
)

// frame is where a surface is looked for: columns along across, on a lattice
// of u and v.
type frame struct {
	origin       volume.Vec3 // LPS mm
	u, v, across volume.Vec3
	size         [3]int // columns along u and v, steps
}

// surface is a height over every column of a frame: the layer in which a
// fissure runs.
type surface struct {
	frame
	height []float64 // steps
	// inside: the surface is in the lung there. seen: and there is a sheet.
	inside, seen []bool
}

// over lays a frame over a box in LPS mm.
func over(lo, hi, u, v, across volume.Vec3) frame {
	f := frame{u: u, v: v, across: across}
	mid := lo.Add(hi).Scale(0.5)
	f.origin = mid
	for n, axis := range []volume.Vec3{u, v, across} {
		half := 0.0
		for a := range 3 {
			half += math.Abs(axis[a]) * (hi[a] - lo[a]) / 2
		}
		step := columnMM
		if n == 2 {
			step = stepMM
		}
		f.size[n] = int(2*half/step) + 1
		f.origin = f.origin.Sub(axis.Scale(float64(f.size[n]-1) / 2 * step))
	}
	return f
}

// at is the place of a step of a column.
func (f frame) at(i, j int, step float64) volume.Vec3 {
	return f.origin.Add(f.u.Scale(float64(i) * columnMM)).Add(f.v.Scale(float64(j) * columnMM)).Add(f.across.Scale(step * stepMM))
}

// find returns the smooth surface on which the sheets are strongest, of those
// at allowed places (nil: everywhere). expected is its height in mm above the
// frame's origin at a column.
func (f frame) find(s *sheets, allowed func(volume.Vec3) bool, expected func(i, j int) float64) *surface {
	cost, inside := f.costs(s, allowed)
	out := f.cheapest(f.withPrior(cost, expected))
	out.level()
	out.look(cost, inside)
	return out
}

// cheapest takes the step of every column that the ways from four sides find
// cheapest together (semi-global matching, Hirschmueller 2008).
func (f frame) cheapest(cost []uint8) *surface {
	sum := make([]int32, len(cost))
	for _, d := range [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
		f.pass(cost, sum, d)
	}
	columns := f.size[0] * f.size[1]
	out := &surface{frame: f, height: make([]float64, columns), inside: make([]bool, columns), seen: make([]bool, columns)}
	for c := range columns {
		column := sum[c*f.size[2] : (c+1)*f.size[2]]
		out.height[c] = float64(slices.Index(column, slices.Min(column)))
	}
	return out
}

// look marks where the surface is in the lung, and where it is seen: there is
// a sheet within a step of it, and not in that column alone.
func (s *surface) look(cost []uint8, inside []bool) {
	n := s.size[2]
	for c, height := range s.height {
		h := int(math.Round(height))
		s.inside[c] = inside[c*n+h]
		s.seen[c] = s.inside[c] && slices.Min(cost[c*n+max(0, h-1):c*n+min(n, h+2)]) <= seenCost
	}
	s.dropLone()
}

// costs are those of every step of every column, the mean of the column's four
// quarters; inside tells which steps lie in the lung.
func (f frame) costs(s *sheets, allowed func(volume.Vec3) bool) (cost []uint8, inside []bool) {
	n := f.size[2]
	cost, inside = make([]uint8, f.size[0]*f.size[1]*n), make([]bool, f.size[0]*f.size[1]*n)
	sum := make([]int32, n)
	for c := range f.size[0] * f.size[1] {
		i, j := c%f.size[0], c/f.size[0]
		clear(sum)
		for q := range 4 {
			off := f.u.Scale(float64(q&1*2-1) * columnMM / 4).Add(f.v.Scale(float64(q>>1*2-1) * columnMM / 4))
			s.along(f.at(i, j, 0).Add(off), f.across, sum, inside[c*n:(c+1)*n])
		}
		for h, x := range sum {
			if x < 0 && allowed != nil && !allowed(f.at(i, j, float64(h))) {
				x = 0
			}
			cost[c*n+h] = uint8(neutralCost + x/4)
		}
	}
	return cost, inside
}

// along adds to sum, for every step from a place in a direction, what a voxel
// there makes dearer or cheaper, and marks the steps in the lung.
func (s *sheets) along(from, dir volume.Vec3, sum []int32, inside []bool) {
	// A half is added so that cutting off the fraction rounds.
	p := s.grid.ToIndex(from).Add(volume.Vec3{0.5, 0.5, 0.5})
	d, tilt := dir.Scale(stepMM/sheetMM), dir.Scale(1.0/127)
	first, last := 0.0, float64(len(sum)-1)
	for n := range 3 {
		if size := float64(s.grid.Size[n]) - 1e-6; d[n] > 1e-9 {
			first, last = max(first, -p[n]/d[n]), min(last, (size-p[n])/d[n])
		} else if d[n] < -1e-9 {
			first, last = max(first, (size-p[n])/d[n]), min(last, -p[n]/d[n])
		} else if p[n] < 0 || p[n] >= size {
			return
		}
	}
	for h := int(math.Ceil(first)); h <= int(math.Floor(last)); h++ {
		step := float64(h)
		at := s.grid.Index(int(p[0]+step*d[0]), int(p[1]+step*d[1]), int(p[2]+step*d[2]))
		what := s.what[at]
		if what == notLung {
			continue
		}
		inside[h] = true
		if what == vessel {
			sum[h] += vesselCost - neutralCost
		} else if what == sheet && s.across(at, tilt) {
			sum[h] -= int32(s.strength[at]) * neutralCost / 255
		}
	}
}

// across reports whether the sheet at a voxel lies across a direction, which
// has a length of 1/127.
func (s *sheets) across(at int, dir volume.Vec3) bool {
	n := s.normal[at]
	c := float64(n[0])*dir[0] + float64(n[1])*dir[1] + float64(n[2])*dir[2]
	return math.Abs(c) >= tiltCos
}

// withPrior returns the costs with those steps dearer that lie far from where
// the surface is expected.
func (f frame) withPrior(cost []uint8, expected func(i, j int) float64) []uint8 {
	dearer := make([]uint8, 2*f.size[2]+1)
	for h := range dearer {
		off := float64(h) * stepMM / priorMM
		dearer[h] = uint8(priorCost * min(off*off/4, 1))
	}
	out := slices.Clone(cost)
	for c := range f.size[0] * f.size[1] {
		want := int(math.Round(expected(c%f.size[0], c/f.size[0]) / stepMM))
		for h := range f.size[2] {
			out[c*f.size[2]+h] += dearer[min(max(h-want, want-h), len(dearer)-1)]
		}
	}
	return out
}

// pass adds to sum, for every step of every column, the cheapest way to it
// along the columns before it in one direction.
func (f frame) pass(cost []uint8, sum []int32, d [2]int) {
	nu, nv, n := f.size[0], f.size[1], f.size[2]
	// ways are those to the columns of the row at hand and of the one before,
	// least the cheapest of each.
	ways := [2][]int32{make([]int32, nu*n), make([]int32, nu*n)}
	least := [2][]int32{make([]int32, nu), make([]int32, nu)}
	for b := range nv {
		row, before := ways[b&1], ways[b&1^1]
		leastRow, leastBefore := least[b&1], least[b&1^1]
		for a := range nu {
			i, j := a, b
			if d[0] < 0 {
				i = nu - 1 - a
			}
			if d[1] < 0 {
				j = nv - 1 - b
			}
			c := (j*nu + i) * n
			here, costs, to := row[i*n:(i+1)*n], cost[c:c+n], sum[c:c+n]
			switch from := i - d[0]; {
			case from < 0 || from >= nu || d[1] != 0 && b == 0:
				leastRow[i] = onset(here, costs, to)
			case d[1] != 0:
				leastRow[i] = onward(here, costs, to, before[i*n:(i+1)*n], leastBefore[i])
			default:
				leastRow[i] = onward(here, costs, to, row[from*n:(from+1)*n], leastRow[from])
			}
		}
	}
}

// onset begins ways, adds them to sum and returns the cheapest.
func onset(to []int32, cost []uint8, sum []int32) int32 {
	for h, x := range cost {
		to[h] = int32(x)
		sum[h] += int32(x)
	}
	return slices.Min(to)
}

// onward extends the ways of one column, of which least is the cheapest, to the
// next, adds them to sum and returns the cheapest.
func onward(to []int32, cost []uint8, sum, from []int32, least int32) int32 {
	n := len(from)
	to, cost, sum = to[:n], cost[:n], sum[:n]
	next, inside := int32(math.MaxInt32), max(0, n-4)
	if inside > 0 {
		next = onwardInside(to[2:2+inside], cost[2:], sum[2:], from, least)
	}
	for h := range from {
		if h < 2 || h >= 2+inside {
			to[h] = cheapestStep(from, h) - least + int32(cost[h])
			sum[h] += to[h]
			next = min(next, to[h])
		}
	}
	return next
}

// onwardInside is onward for the steps that have two on both sides.
func onwardInside(to []int32, cost []uint8, sum, from []int32, least int32) int32 {
	n, next := len(to), int32(math.MaxInt32)
	cost, sum = cost[:n], sum[:n]
	low2, low, same, high, high2 := from[:n], from[1:][:n], from[2:][:n], from[3:][:n], from[4:][:n]
	for h := range to {
		way := min(same[h], min(low[h], high[h])+bendCost, min(low2[h], high2[h])+bend2Cost) - least + int32(cost[h])
		to[h] = way
		sum[h] += way
		next = min(next, way)
	}
	return next
}

// cheapestStep is the cheapest way to a step from those within two of it.
func cheapestStep(from []int32, h int) int32 {
	best := from[h]
	for by, bend := range [...]int32{1: bendCost, 2: bend2Cost} {
		if h >= by {
			best = min(best, from[h-by]+bend)
		}
		if h+by < len(from) {
			best = min(best, from[h+by]+bend)
		}
	}
	return best
}

// level takes steps and stray columns out: the median of the 5x5 columns
// around, then the mean of 3x3.
func (s *surface) level() {
	near := make([]float64, 0, 25)
	s.replace(2, func(around []float64) float64 {
		near = append(near[:0], around...)
		slices.Sort(near)
		return near[len(near)/2]
	})
	s.replace(1, func(around []float64) float64 {
		sum := 0.0
		for _, h := range around {
			sum += h
		}
		return sum / float64(len(around))
	})
}

// replace sets every height to a function of those within reach columns.
func (s *surface) replace(reach int, by func([]float64) float64) {
	old := slices.Clone(s.height)
	around := make([]float64, 0, 25)
	for j := range s.size[1] {
		for i := range s.size[0] {
			around = around[:0]
			for b := max(0, j-reach); b <= min(s.size[1]-1, j+reach); b++ {
				for a := max(0, i-reach); a <= min(s.size[0]-1, i+reach); a++ {
					around = append(around, old[b*s.size[0]+a])
				}
			}
			s.height[j*s.size[0]+i] = by(around)
		}
	}
}

// dropLone takes back what is seen in single columns.
func (s *surface) dropLone() {
	old := slices.Clone(s.seen)
	for c := range s.seen {
		near := 0
		i, j := c%s.size[0], c/s.size[0]
		for b := max(0, j-1); b <= min(s.size[1]-1, j+1); b++ {
			for a := max(0, i-1); a <= min(s.size[0]-1, i+1); a++ {
				if old[b*s.size[0]+a] {
					near++
				}
			}
		}
		s.seen[c] = old[c] && near >= leastSeen
	}
}
