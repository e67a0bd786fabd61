package compare

import (
	"cmp"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// sample keeps the pairs of the studies whose UIDs have the lowest hashes: a draw
// without replacement that is the same whenever the same studies are compared.
type sample struct {
	most  int
	drawn drawn
}

type draw struct {
	hash uint64
	// turn is when it came: the pairs are handed out in that order.
	turn int
	Pair
}

func sampleOf(o Options) sample {
	if o.Sample == 0 {
		o.Sample = DefaultSample
	}
	return sample{most: max(o.Sample, 0)}
}

func (s *sample) add(uid string, p Pair) {
	sum := sha256.Sum256([]byte(uid))
	d := draw{binary.BigEndian.Uint64(sum[:]), s.drawn.turns, p}
	s.drawn.turns++
	switch {
	case len(s.drawn.draws) < s.most:
		heap.Push(&s.drawn, d)
	case s.most > 0 && d.hash < s.drawn.draws[0].hash:
		s.drawn.draws[0] = d
		heap.Fix(&s.drawn, 0)
	}
}

func (s *sample) pairs() []Pair {
	slices.SortFunc(s.drawn.draws, func(x, y draw) int { return cmp.Compare(x.turn, y.turn) })
	out := []Pair{}
	for _, d := range s.drawn.draws {
		out = append(out, d.Pair)
	}
	return out
}

// drawn is a heap with the highest hash on top.
type drawn struct {
	draws []draw
	turns int
}

func (d drawn) Len() int           { return len(d.draws) }
func (d drawn) Less(i, j int) bool { return d.draws[i].hash > d.draws[j].hash }
func (d drawn) Swap(i, j int)      { d.draws[i], d.draws[j] = d.draws[j], d.draws[i] }
func (d *drawn) Push(x any)        { d.draws = append(d.draws, x.(draw)) }
func (d *drawn) Pop() any {
	last := d.draws[len(d.draws)-1]
	d.draws = d.draws[:len(d.draws)-1]
	return last
}
