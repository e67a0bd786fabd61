// Package pair says what became of findings when a scan was altered: which
// ones are still there, still flagged, at the same rank, and what is new.
package pair

import (
	"cmp"
	"math"
	"slices"

	"nafas/inference/finding"
	"nafas/inference/volume"
)

// LeastMM is how far apart two marks of one place may be, however small it is:
// a voxel of a thick slice.
const LeastMM = 3

// Lesion is an annotated place.
type Lesion struct {
	CenterLPSMM volume.Vec3
	DiameterMM  float64
	Kind        string
}

// Fate is what became of one finding of the unaltered scan.
type Fate struct {
	Before finding.Finding
	// After is nil where nothing was found at its place.
	After *finding.Finding
	// Outside: its centre is not in the altered scan, and nothing can be
	// asked of it.
	Outside bool
}

// LesionFate is what became of an annotated lesion: the best finding on it
// before and after, nil for none.
type LesionFate struct {
	Lesion
	Before, After *finding.Finding
	Outside       bool
}

// Comparison is what one alteration did to the findings of one scan.
type Comparison struct {
	Fates   []Fate // in the order of the ranks before
	Lesions []LesionFate
	// New are the findings after that were none before.
	New []finding.Finding
}

// Compare pairs findings before and after an alteration. Two are one place
// where they lie closer than half the diameter before, or LeastMM; nearest
// pairs come first, each finding has one partner at most. A finding is on a
// lesion by the same rule. scope is the grid of the altered scan.
func Compare(before, after []finding.Finding, lesions []Lesion, scope volume.Grid) Comparison {
	partner := match(before, after)
	c := Comparison{Fates: make([]Fate, len(before))}
	taken := make([]bool, len(after))
	for i, f := range before {
		c.Fates[i] = Fate{Before: f, Outside: !holds(scope, f.CenterLPSMM)}
		if at := partner[i]; at >= 0 {
			taken[at] = true
			c.Fates[i].After, c.Fates[i].Outside = &after[at], false
		}
	}
	for i, f := range after {
		if !taken[i] {
			c.New = append(c.New, f)
		}
	}
	for _, l := range lesions {
		c.Lesions = append(c.Lesions, LesionFate{
			Lesion: l, Before: on(l, before), After: on(l, after), Outside: !holds(scope, l.CenterLPSMM),
		})
	}
	return c
}

// match returns for each finding before the index of its partner, or -1.
func match(before, after []finding.Finding) []int {
	type couple struct {
		i, j int
		mm   float64
	}
	var all []couple
	for i, b := range before {
		for j, a := range after {
			if mm := b.CenterLPSMM.Sub(a.CenterLPSMM).Norm(); mm < reach(b.MeanDiameterMM) {
				all = append(all, couple{i, j, mm})
			}
		}
	}
	slices.SortFunc(all, func(a, b couple) int {
		return cmp.Or(cmp.Compare(a.mm, b.mm), cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j))
	})
	partner := make([]int, len(before))
	for i := range partner {
		partner[i] = -1
	}
	used := make([]bool, len(after))
	for _, c := range all {
		if partner[c.i] < 0 && !used[c.j] {
			partner[c.i], used[c.j] = c.j, true
		}
	}
	return partner
}

func reach(diameterMM float64) float64 { return max(diameterMM/2, LeastMM) }

// on is the best ranked finding on a lesion.
func on(l Lesion, findings []finding.Finding) *finding.Finding {
	for i, f := range findings {
		if f.CenterLPSMM.Sub(l.CenterLPSMM).Norm() < reach(l.DiameterMM) {
			return &findings[i]
		}
	}
	return nil
}

// holds tells whether a place lies within half a voxel of a grid.
func holds(g volume.Grid, lpsMM volume.Vec3) bool {
	q := g.ToIndex(lpsMM)
	for a := range 3 {
		if q[a] < -.5 || q[a] > float64(g.Size[a])-.5 {
			return false
		}
	}
	return true
}

// Stratum is a range of diameters: FromMM included, ToMM not.
type Stratum struct {
	Name         string
	FromMM, ToMM float64
}

// Strata are those that results are told by; the first holds all sizes.
var Strata = []Stratum{{"all", 0, math.Inf(1)}, {"< 6 mm", 0, 6}, {"6-8 mm", 6, 8}, {">= 8 mm", 8, math.Inf(1)}}

// Holds tells whether a diameter lies in the stratum.
func (s Stratum) Holds(diameterMM float64) bool { return diameterMM >= s.FromMM && diameterMM < s.ToMM }

// Count sums comparisons of one alteration up, for one stratum.
type Count struct {
	// Flagged findings before that the altered scan holds; of these, Found
	// are still listed, Kept still flagged, SameRank at the same rank.
	// RankSum is the sum of absolute changes of rank over Found, ShiftSumMM
	// that of distances.
	Flagged, Found, Kept, SameRank int
	RankSum                        int
	ShiftSumMM                     float64
	// Outside are flagged findings that the altered scan does not hold.
	Outside int
	// NewFlagged are flagged where nothing was listed before, Risen were
	// listed and not flagged.
	NewFlagged, Risen int
	// Lesions that the altered scan holds; Before and After were flagged in
	// the scan and in the altered one, Both in both; LesionSameRank of Both
	// at the same rank.
	Lesions, Before, After, Both, LesionSameRank int
	LesionsOutside                               int
}

// Add counts one comparison. Lesions go by their own diameter, findings by
// the diameter before, new ones by that after.
func (n *Count) Add(c Comparison, s Stratum) {
	for _, f := range c.Fates {
		if s.Holds(f.Before.MeanDiameterMM) {
			n.fate(f)
		}
	}
	for _, f := range c.New {
		if f.Flagged && s.Holds(f.MeanDiameterMM) {
			n.NewFlagged++
		}
	}
	for _, l := range c.Lesions {
		if s.Holds(l.DiameterMM) {
			n.lesion(l)
		}
	}
}

func (n *Count) fate(f Fate) {
	switch {
	case !f.Before.Flagged:
		if f.After != nil && f.After.Flagged {
			n.Risen++
		}
		return
	case f.Outside:
		n.Outside++
		return
	}
	n.Flagged++
	if f.After == nil {
		return
	}
	n.Found++
	n.ShiftSumMM += f.After.CenterLPSMM.Sub(f.Before.CenterLPSMM).Norm()
	moved := max(f.After.Rank-f.Before.Rank, f.Before.Rank-f.After.Rank)
	n.RankSum += moved
	if moved == 0 {
		n.SameRank++
	}
	if f.After.Flagged {
		n.Kept++
	}
}

func (n *Count) lesion(l LesionFate) {
	if l.Outside {
		n.LesionsOutside++
		return
	}
	n.Lesions++
	before, after := l.Before != nil && l.Before.Flagged, l.After != nil && l.After.Flagged
	if before {
		n.Before++
	}
	if after {
		n.After++
	}
	if before && after {
		n.Both++
		if l.Before.Rank == l.After.Rank {
			n.LesionSameRank++
		}
	}
}
