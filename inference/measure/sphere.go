package measure

import (
	"math"
	"slices"
	"sync"

	"nafas/inference/volume"
)

// sphere is a mesh of directions that lie evenly.
type sphere struct {
	// dirs are unit vectors.
	dirs []volume.Vec3
	// near are the directions next to each, five or six.
	near [][]int
	// around are those in two rings about each, at most eighteen.
	around [][]int
	// weight is the solid angle of each, in sr; all add to 4 pi.
	weight []float64
}

// ringRad is the angle between neighbouring directions, cosRing the cosine of
// one and a half of it; mostAround are the directions in two rings.
const (
	ringRad    = .138
	cosRing    = .979
	mostAround = 18
)

// directions are an icosahedron divided three times: 642 directions 8 degrees
// apart.
var directions = sync.OnceValue(func() *sphere { return divided(3) })

type triangle [3]int

func divided(times int) *sphere {
	phi := (1 + math.Sqrt(5)) / 2
	s := &sphere{}
	for _, v := range []volume.Vec3{
		{-1, phi, 0}, {1, phi, 0}, {-1, -phi, 0}, {1, -phi, 0}, {0, -1, phi}, {0, 1, phi},
		{0, -1, -phi}, {0, 1, -phi}, {phi, 0, -1}, {phi, 0, 1}, {-phi, 0, -1}, {-phi, 0, 1},
	} {
		s.dirs = append(s.dirs, v.Unit())
	}
	faces := []triangle{
		{0, 11, 5}, {0, 5, 1}, {0, 1, 7}, {0, 7, 10}, {0, 10, 11}, {1, 5, 9}, {5, 11, 4}, {11, 10, 2}, {10, 7, 6}, {7, 1, 8},
		{3, 9, 4}, {3, 4, 2}, {3, 2, 6}, {3, 6, 8}, {3, 8, 9}, {4, 9, 5}, {2, 4, 11}, {6, 2, 10}, {8, 6, 7}, {9, 8, 1},
	}
	for range times {
		faces = s.split(faces)
	}
	s.join(faces)
	return s
}

// split puts a direction on the middle of every edge.
func (s *sphere) split(faces []triangle) []triangle {
	middle := map[[2]int]int{}
	between := func(a, b int) int {
		key := [2]int{min(a, b), max(a, b)}
		if m, ok := middle[key]; ok {
			return m
		}
		s.dirs = append(s.dirs, s.dirs[a].Add(s.dirs[b]).Unit())
		middle[key] = len(s.dirs) - 1
		return middle[key]
	}
	var out []triangle
	for _, f := range faces {
		ab, bc, ca := between(f[0], f[1]), between(f[1], f[2]), between(f[2], f[0])
		out = append(out, triangle{f[0], ab, ca}, triangle{f[1], bc, ab}, triangle{f[2], ca, bc}, triangle{ab, bc, ca})
	}
	return out
}

func (s *sphere) join(faces []triangle) {
	s.near, s.weight = make([][]int, len(s.dirs)), make([]float64, len(s.dirs))
	sum := 0.0
	for _, f := range faces {
		a, b, c := s.dirs[f[0]], s.dirs[f[1]], s.dirs[f[2]]
		third := b.Sub(a).Cross(c.Sub(a)).Norm() / 6
		for n := range 3 {
			s.weight[f[n]] += third
			sum += third
			// Each edge belongs to two faces that go round it in opposite
			// directions: one side of each is enough.
			s.near[f[n]] = append(s.near[f[n]], f[(n+1)%3])
		}
	}
	s.around = make([][]int, len(s.dirs))
	for i := range s.weight {
		s.weight[i] *= 4 * math.Pi / sum
		s.around[i] = s.rings(i)
	}
}

// rings lists the directions in two rings about one.
func (s *sphere) rings(u int) []int {
	out := slices.Clone(s.near[u])
	for _, v := range s.near[u] {
		out = append(out, s.near[v]...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(v int) bool { return v == u })
}

// find is the direction nearest to a unit vector, looked for from a start.
func (s *sphere) find(unit volume.Vec3, from int) int {
	best := s.dirs[from].Dot(unit)
	for {
		next := from
		for _, w := range s.near[from] {
			if d := s.dirs[w].Dot(unit); d > best {
				best, next = d, w
			}
		}
		if next == from {
			return from
		}
		from = next
	}
}
