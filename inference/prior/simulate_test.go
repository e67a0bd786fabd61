package prior_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/inference/lung"
	"nafas/inference/measure"
	"nafas/inference/phantom"
	"nafas/inference/phantom/nodule"
	"nafas/inference/prior"
	"nafas/inference/volume"
)

// setting is one simulated pair of exams.
type setting struct {
	seed           uint64
	kernel         phantom.Kernel
	sliceMM, noise float64
	days           int
	nodules        int
}

// doublings are the doubling times of the nodules in days, in turn; 0 is stable.
var doublings = []float64{100, 400, 600, 0}

// fate is what becomes of a simulated nodule.
type fate string

const (
	stays  fate = "stays"
	isNew  fate = "new"
	isGone fate = "gone"
)

// body is one nodule: in the current exam, in the earlier one, or in both.
type body struct {
	nodule.Spec
	fate         fate
	doublingDays float64
	now, then    phantom.Truth // the zero value where it is not there
	// inNow and inThen are its numbers among the findings; -1: not found.
	inNow, inThen int
}

// pair is a simulated pair of exams.
type pair struct {
	setting
	current, earlier prior.Exam
	bodies           []body
	// toEarlier maps a place of the current exam to the earlier one.
	toEarlier func(volume.Vec3) volume.Vec3
}

// drawn are nodules of 4 to 20 mm, of each kind and placement.
func drawn(rng *rand.Rand, count int) (out []phantom.Nodule) {
	for i := range count {
		m := nodule.DefaultMix()
		m.MedianMM, m.Sigma = 4*math.Pow(5, rng.Float64()), 0
		m.Solid, m.PartSolid, m.GroundGlass, m.Calcified = 0, 0, 0, 0
		switch rng.IntN(8) {
		case 0, 1, 2, 3:
			m.Solid = 1
		case 4, 5:
			m.PartSolid = 1
		case 6:
			m.GroundGlass = 1
		default:
			m.Calcified, m.MedianMM = 1, min(m.MedianMM, 14)
		}
		m.MinMM, m.MaxMM = m.MedianMM, m.MedianMM
		m.Free, m.Vessel, m.Pleura = 0, 0, 0
		*[]*float64{&m.Free, &m.Vessel, &m.Pleura}[i%3] = 1
		out = append(out, phantom.Nodule{Spec: nodule.Draw(rng, m), ID: i + 1})
	}
	slices.SortStableFunc(out, func(a, b phantom.Nodule) int { return cmp.Compare(b.DiameterMM, a.DiameterMM) })
	return out
}

// examine draws one phantom; a nodule that finds no place is left out.
func examine(t *testing.T, pt *phantom.Patient, spec phantom.Spec) *phantom.Phantom {
	t.Helper()
	for {
		p, err := pt.Examine(t.Context(), spec)
		if err == nil {
			return p
		}
		var full *phantom.NoPlaceError
		require.ErrorAs(t, err, &full)
		spec.Nodules = slices.DeleteFunc(slices.Clone(spec.Nodules), func(n phantom.Nodule) bool { return n.ID == full.ID })
	}
}

// fateOf is by a nodule's ID: 1 in 9 is new and 1 in 9 is gone, of all sizes. As
// placements go by the ID too, new ones are free, which leaves their place empty
// before, and gone ones lay on a vessel, which stays.
func fateOf(id int) fate {
	switch id % 9 {
	case 4:
		return isNew
	case 8:
		return isGone
	}
	return stays
}

func doublingOf(id int) float64 { return doublings[(id/9+id)%len(doublings)] }

// simulate makes a pair: moved by centimetres, turned by up to 10 degrees about
// each axis, breathed by 5 %.
func simulate(t *testing.T, s setting) *pair {
	t.Helper()
	rng := rand.New(rand.NewPCG(s.seed, 81))
	off := func(most float64) float64 { return most * (2*rng.Float64() - 1) }
	pose := func(stretch float64) *phantom.Pose {
		return &phantom.Pose{
			ShiftMM: volume.Vec3{off(40), -170 + off(40), -170 + off(90)}, TurnDeg: volume.Vec3{off(5), off(5), off(5)},
			Stretch: volume.Vec3{1 + off(stretch), 1 + off(stretch), 1 + off(stretch)},
		}
	}
	all := drawn(rng, s.nodules)
	pt := phantom.NewPatient(s.seed)
	spec := phantom.Spec{
		Scan: 2 * s.seed, Pose: pose(0), Kernel: s.kernel, SpacingMM: [3]float64{0, 0, s.sliceMM}, NoiseHU: s.noise,
		Nodules: slices.DeleteFunc(slices.Clone(all), func(n phantom.Nodule) bool { return fateOf(n.ID) == isGone }),
	}
	now := examine(t, pt, spec)
	before := now.Prior(2*s.seed+1, func(n phantom.Nodule) float64 {
		switch d := doublingOf(n.ID); {
		case fateOf(n.ID) == isNew:
			return 0
		case d > 0:
			return phantom.EarlierDiameterMM(n.DiameterMM, float64(s.days), d)
		}
		return n.DiameterMM
	})
	before.Pose, before.Slices = pose(.05), 0
	for _, n := range all {
		if fateOf(n.ID) == isGone {
			before.Nodules = append(before.Nodules, n)
		}
	}
	then := examine(t, pt, before)
	p := &pair{setting: s, toEarlier: func(q volume.Vec3) volume.Vec3 { return then.Spec.Pose.ToLPS(now.Spec.Pose.ToChest(q)) }}
	for _, n := range all {
		b := body{Spec: n.Spec, fate: fateOf(n.ID), doublingDays: doublingOf(n.ID), inNow: -1, inThen: -1}
		b.now, b.then = truthOf(now.Nodules, n.ID), truthOf(then.Nodules, n.ID)
		if b.now.ID != 0 || b.then.ID != 0 {
			p.bodies = append(p.bodies, b)
		}
	}
	p.current, p.earlier = p.exam(t, rng, now, true), p.exam(t, rng, then, false)
	return p
}

func truthOf(all []phantom.Truth, id int) phantom.Truth {
	for _, t := range all {
		if t.ID == id {
			return t
		}
	}
	return phantom.Truth{}
}

const (
	falseMarks = 3
	// missed is the share of the nodules that the detector does not find;
	// it finds none below leastFoundMM.
	missed, leastFoundMM = .12, 3.5
)

// exam finds nodules as a detector does: not all, not where they are, and others.
func (p *pair) exam(t *testing.T, rng *rand.Rand, from *phantom.Phantom, current bool) prior.Exam {
	t.Helper()
	field, err := lung.Find(t.Context(), from.Volume)
	require.NoError(t, err)
	e := prior.Exam{Volume: from.Volume, Field: field, SliceThicknessMM: p.sliceMM, Sharpness: prior.SharpnessMedium}
	for i := range p.bodies {
		b := &p.bodies[i]
		truth, at := b.then, &b.inThen
		if current {
			truth, at = b.now, &b.inNow
		}
		off := volume.Vec3{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}.Scale(.8)
		diameter, miss := truth.DiameterMM*math.Exp(.12*rng.NormFloat64()), rng.Float64() < missed
		if truth.ID == 0 || truth.DiameterMM < leastFoundMM || miss {
			continue
		}
		*at = len(e.Findings)
		e.Findings = append(e.Findings, prior.Finding{CenterLPSMM: truth.CenterLPSMM.Add(off), DiameterMM: diameter})
	}
	for n := 0; n < falseMarks; {
		g := field.Grid
		at := g.ToLPS(volume.Vec3{rng.Float64() * float64(g.Size[0]), rng.Float64() * float64(g.Size[1]), rng.Float64() * float64(g.Size[2])})
		if field.Allows(at) && dense(from.Volume, at) && !p.near(at, current) {
			e.Findings = append(e.Findings, prior.Finding{CenterLPSMM: at, DiameterMM: 4 + 4*rng.Float64()})
			n++
		}
	}
	var all sync.WaitGroup
	for i := range e.Findings {
		all.Go(func() {
			f := &e.Findings[i]
			f.Measured = measure.Measure(e.Volume, e.Field, f.CenterLPSMM, f.DiameterMM)
		})
	}
	all.Wait()
	return e
}

// dense tells whether a place is no aerated lung: a vessel, mostly.
func dense(v *volume.Volume, at volume.Vec3) bool {
	q := v.ToIndex(at)
	var ijk [3]int
	for a := range 3 {
		ijk[a] = int(math.Round(q[a]))
		if ijk[a] < 0 || ijk[a] >= v.Size[a] {
			return false
		}
	}
	return v.At(ijk[0], ijk[1], ijk[2]) > -400
}

// near tells whether a place is near a nodule of an exam.
func (p *pair) near(at volume.Vec3, current bool) bool {
	for _, b := range p.bodies {
		truth := b.then
		if current {
			truth = b.now
		}
		if truth.ID != 0 && truth.CenterLPSMM.Sub(at).Norm() < truth.DiameterMM/2+10 {
			return true
		}
	}
	return false
}
