package lung

import (
	"context"
	"math"

	"nafas/inference/finding"
	"nafas/inference/volume"
)

const (
	obliqueSlopeDeg = 48.0 // of an oblique fissure, up and back
	// Where fissures are expected, in parts of the lung's height.
	obliqueBackShare = 0.74 // at the back wall
	horizontalShare  = 0.55
	frontMM          = 4.0 // the horizontal fissure is looked for this far in front of the oblique one
	// A fissure is given where this share of its surface is seen. A surface
	// laid where no fissure can be (sloping the other way) has 0 to 0.11.
	seenShare = 0.18
	// A fissure's error: at a place where it is seen, and per mm to the nearest
	// such place; no nearer one is looked for beyond gapMostMM.
	errorMM, errorPerMM, gapMostMM = 4.0, 0.7, 60.0
	fissureSeenMM                  = 6.0 // a fissure counts as seen this near
)

// fissures are the surfaces that were found in a lung; nil where one was not.
type fissures struct {
	oblique, horizontal *surface
}

// FindFissures looks, in the volume that f was found in, for the fissures
// between the lobes of those lungs that the places (patient LPS mm) are in or
// near to, of both where no place is named: a lung without one costs nothing. A
// fissure that is not seen well (thick slices, fused lobes, a lung that the scan
// cuts) is left out. It must not run at the same time as PlaceAt.
func (f *Field) FindFissures(ctx context.Context, v *volume.Volume, places ...volume.Vec3) error {
	wanted := [maskUndetermined + 1]bool{maskLeft: len(places) == 0, maskRight: len(places) == 0}
	for _, lpsMM := range places {
		wanted[f.nearest(f.Grid.ToIndex(lpsMM))] = true
	}
	for _, label := range []uint8{maskLeft, maskRight} {
		f.fissures[label] = fissures{}
		e := f.extent[label]
		if !wanted[label] || e.hi < e.lo || e.cutLo || e.cutHi {
			continue
		}
		if s := f.sheetsOf(v, label); s != nil {
			f.fissures[label] = f.fissuresOf(s, label)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (f *Field) fissuresOf(s *sheets, label uint8) fissures {
	e := f.extent[label]
	base := f.Grid.ToLPS(volume.Vec3{0, 0, float64(e.lo)})[2]
	height := float64(e.hi-e.lo+1) * gridMM
	oblique := s.oblique(base + obliqueBackShare*height)
	if oblique.share() < seenShare {
		return fissures{}
	}
	if label != maskRight {
		return fissures{oblique: oblique}
	}
	horizontal := s.horizontal(base+horizontalShare*height, oblique)
	if horizontal.share() < seenShare {
		horizontal = nil
	}
	return fissures{oblique, horizontal}
}

// oblique finds the surface that rises from the front to the back, which it is
// expected to meet at the height back (LPS z, mm).
func (s *sheets) oblique(back float64) *surface {
	lo, hi := s.grid.Bounds()
	sin, cos := math.Sincos(obliqueSlopeDeg * math.Pi / 180)
	f := over(lo, hi, volume.Vec3{1, 0, 0}, volume.Vec3{0, cos, sin}, volume.Vec3{0, -sin, cos})
	corner := volume.Vec3{0, hi[1], back}
	return f.find(s, nil, func(i, j int) float64 { return corner.Sub(f.at(i, j, 0)).Dot(f.across) })
}

// horizontal finds the level surface in front of the oblique one, expected at
// the height z (LPS mm).
func (s *sheets) horizontal(z float64, oblique *surface) *surface {
	lo, hi := s.grid.Bounds()
	f := over(lo, hi, volume.Vec3{1, 0, 0}, volume.Vec3{0, 1, 0}, volume.Vec3{0, 0, 1})
	inFront := func(p volume.Vec3) bool { above, _ := oblique.above(p); return above > frontMM }
	out := f.find(s, inFront, func(i, j int) float64 { return z - f.at(i, j, 0)[2] })
	for c, h := range out.height {
		ends := !inFront(f.at(c%f.size[0], c/f.size[0], h))
		out.inside[c], out.seen[c] = out.inside[c] && !ends, out.seen[c] && !ends
	}
	return out
}

// share is how much of the surface is seen, of what is in the lung.
func (s *surface) share() float64 {
	seen, inside := 0, 0
	for c, in := range s.inside {
		if in {
			inside++
		}
		if s.seen[c] {
			seen++
		}
	}
	return float64(seen) / float64(max(inside, 1))
}

// above is how far a place lies above the surface along its column, and that
// column.
func (s *surface) above(p volume.Vec3) (mm float64, column int) {
	d := p.Sub(s.origin)
	i := min(max(int(math.Round(d.Dot(s.u)/columnMM)), 0), s.size[0]-1)
	j := min(max(int(math.Round(d.Dot(s.v)/columnMM)), 0), s.size[1]-1)
	column = j*s.size[0] + i
	return d.Dot(s.across) - s.height[column]*stepMM, column
}

// gap is a place's distance to a surface, positive above it, and the distance
// along the surface from there to where it is seen.
type gap struct{ mm, unseenMM float64 }

// sure: the place lies farther from the surface than the surface may be wrong.
func (g gap) sure() bool { return math.Abs(g.mm) > errorMM+errorPerMM*g.unseenMM }

// seen: the surface is seen where the place is nearest to it.
func (g gap) seen() bool { return g.unseenMM <= fissureSeenMM }

func (s *surface) gap(p volume.Vec3) gap {
	above, foot := s.above(p)
	best, from := math.Abs(above), foot
	s.around(from, best, func(c int) {
		if d := s.at(c%s.size[0], c/s.size[0], s.height[c]).Sub(p).Norm(); d < best {
			best, foot = d, c
		}
	})
	unseen := gapMostMM
	s.around(foot, gapMostMM, func(c int) {
		if s.seen[c] {
			unseen = min(unseen, columnMM*math.Hypot(float64(c%s.size[0]-foot%s.size[0]), float64(c/s.size[0]-foot/s.size[0])))
		}
	})
	return gap{math.Copysign(best, above), unseen}
}

// around visits the columns within mm of one, and those in the corners.
func (s *surface) around(column int, mm float64, visit func(int)) {
	reach := int(mm/columnMM) + 1
	i, j := column%s.size[0], column/s.size[0]
	for b := max(0, j-reach); b <= min(s.size[1]-1, j+reach); b++ {
		for a := max(0, i-reach); a <= min(s.size[0]-1, i+reach); a++ {
			visit(b*s.size[0] + a)
		}
	}
}

// lobe names the lobe of a place, and its distance to the nearest fissure that
// is seen near it.
func (s fissures) lobe(p volume.Vec3, label uint8) (lobe finding.Lobe, mm float64, seen bool) {
	if s.oblique == nil {
		return finding.LobeUnknown, 0, false
	}
	g := s.oblique.gap(p)
	mm, seen = math.Abs(g.mm), g.seen()
	sure := g.sure()
	switch {
	case label == maskLeft && g.mm > 0:
		lobe = finding.LobeLeftUpper
	case label == maskLeft:
		lobe = finding.LobeLeftLower
	case g.mm <= 0:
		lobe = finding.LobeRightLower
	case s.horizontal != nil:
		h := s.horizontal.gap(p)
		if lobe = finding.LobeRightMiddle; h.mm > 0 {
			lobe = finding.LobeRightUpper
		}
		sure = sure && h.sure()
		if h.seen() && (!seen || math.Abs(h.mm) < mm) {
			mm, seen = math.Abs(h.mm), true
		}
	}
	if !sure {
		lobe = finding.LobeUnknown
	}
	return lobe, mm, seen
}
