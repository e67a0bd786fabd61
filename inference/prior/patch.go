package prior

import (
	"math"

	"nafas/inference/volume"
)

// patch is what lies around a place of one scan, to be looked for in the other.
type patch struct {
	in *image // the other scan
	// off are its places there, as steps in voxels from its middle, value its
	// densities here.
	off   []volume.Vec3
	value []float32
}

// leastCover is the share of a patch that must lie in the other scan.
const leastCover = .6

// cut takes a ball of places, stepMM apart, around a place; those within holeMM
// are left out. The affine lays its turn and stretch onto the other scan.
func cut(from, in *image, at volume.Vec3, a affine, radiusMM, holeMM, stepMM float64) *patch {
	p := &patch{in: in}
	n := int(radiusMM / stepMM)
	q := from.ToIndex(at)
	for z := -n; z <= n; z++ {
		for y := -n; y <= n; y++ {
			for x := -n; x <= n; x++ {
				d := volume.Vec3{float64(x), float64(y), float64(z)}.Scale(stepMM)
				if r := d.Norm(); r > radiusMM || r < holeMM {
					continue
				}
				if hu, ok := from.at(q.Add(from.voxels(d))); ok {
					p.off = append(p.off, in.voxels(a.linear(d)))
					p.value = append(p.value, hu)
				}
			}
		}
	}
	return p
}

// spread is the standard deviation of its densities: what there is to be found.
func (p *patch) spread() float64 {
	var s, ss float64
	for _, v := range p.value {
		s += float64(v)
		ss += float64(v) * float64(v)
	}
	n := float64(max(len(p.value), 1))
	return math.Sqrt(max(ss/n-s*s/n/n, 0))
}

// likeness is the correlation with the other scan around an index there; -1 where
// too little lies in it, or nothing is to be seen.
func (p *patch) likeness(at volume.Vec3) float64 {
	const middle = (lowHU + highHU) / 2
	var a, b, aa, bb, ab float32
	n := 0
	for i, off := range p.off {
		w, ok := p.in.at(volume.Vec3{at[0] + off[0], at[1] + off[1], at[2] + off[2]})
		if !ok {
			continue
		}
		v := p.value[i] - middle
		w -= middle
		n++
		a, b, aa, bb, ab = a+v, b+w, aa+v*v, bb+w*w, ab+v*w
	}
	if n < 30 || float64(n) < leastCover*float64(len(p.off)) {
		return -1
	}
	m := float64(n)
	va, vb := float64(aa)-float64(a)*float64(a)/m, float64(bb)-float64(b)*float64(b)/m
	if va < m || vb < m { // a standard deviation of less than 1 HU
		return -1
	}
	return (float64(ab) - float64(a)*float64(b)/m) / math.Sqrt(va*vb)
}

// found is where a patch lies in the other scan.
type found struct {
	at       volume.Vec3 // LPS mm
	likeness float64
	// rival is the best likeness farther than rivalMM from there.
	rival float64
}

const rivalMM = 5.0

// search looks for the patch within a reach of a place: first in steps, then in
// halves of them down to fineMM.
func (p *patch) search(around volume.Vec3, reachMM, stepMM, fineMM float64) found {
	n := int(reachMM/stepMM + 1e-9)
	type try struct {
		at   volume.Vec3
		like float64
	}
	var tries []try
	best := try{around, math.Inf(-1)}
	for z := -n; z <= n; z++ {
		for y := -n; y <= n; y++ {
			for x := -n; x <= n; x++ {
				d := volume.Vec3{float64(x), float64(y), float64(z)}.Scale(stepMM)
				r := d.Norm()
				if r > reachMM+1e-9 {
					continue
				}
				t := try{around.Add(d), p.likeness(p.in.ToIndex(around.Add(d)))}
				tries = append(tries, t)
				if t.like > best.like {
					best = t
				}
			}
		}
	}
	rival := -1.0
	for _, t := range tries {
		if t.at.Sub(best.at).Norm() > rivalMM {
			rival = max(rival, t.like)
		}
	}
	for step := stepMM / 2; step >= fineMM; step /= 2 {
		middle := best.at
		for n := range 27 {
			d := volume.Vec3{float64(n%3 - 1), float64(n/3%3 - 1), float64(n/9 - 1)}.Scale(step)
			if n == 13 {
				continue
			}
			if like := p.likeness(p.in.ToIndex(middle.Add(d))); like > best.like {
				best = try{middle.Add(d), like}
			}
		}
	}
	return found{at: best.at, likeness: best.like, rival: rival}
}
