// Package phantom makes a synthetic chest CT whose nodules are known exactly.
//
// A Spec says what patient, what examination and what nodules; Generate draws
// the volume and returns the truth, taken from the geometry before any blur.
// The same Spec makes the same voxels. Implant sets the same nodules into a
// series of a real patient instead.
//
// The package nodule holds the model of a nodule, patches the training
// patches that are cut from prepared scans.
package phantom

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// Spec describes a patient and an examination. The zero value is an axial
// chest of 512x512 voxels, 1.25 mm slices, without nodules.
type Spec struct {
	// Seed is the patient: anatomy, vessels, the places of nodules.
	Seed uint64
	// Scan is the examination: noise, and how the patient lies where Pose is
	// nil. 0 means Seed.
	Scan uint64

	// Columns, Rows, Slices are the grid; 0 means 512, 512 and as many slices
	// as the lungs need.
	Columns, Rows, Slices int
	// SpacingMM is the voxel size along columns, rows, slices; 0 means a field
	// of view of 360 mm, and 1.25 mm between slices.
	SpacingMM [3]float64
	// SliceThicknessMM is what a slice averages; 0 means the spacing.
	SliceThicknessMM float64
	// Axes are the directions of growing column, row and slice index in LPS,
	// orthonormal; zero means axial (+x, +y, +z).
	Axes [3]volume.Vec3
	// FieldShiftMM moves the field of view away from the chest's middle, LPS.
	FieldShiftMM volume.Vec3
	// Pose is how the patient lies; nil draws it from Scan.
	Pose *Pose

	Kernel Kernel
	// NoiseHU is the standard deviation in soft tissue at the centre; 0 means
	// 20, negative none.
	NoiseHU float64
	// Contrast fills vessels and heart with contrast medium.
	Contrast bool

	Nodules []Nodule
	// Mimics adds what looks like nodules and lists it.
	Mimics bool
}

// Nodule is a nodule of a phantom.
type Nodule struct {
	nodule.Spec
	// ID names it through the examinations of a patient; 0 takes its number
	// in the list, from 1.
	ID int
	// Pinned puts it at ChestMM, the chest frame's mm; else a place of its
	// placement is drawn from the patient's seed and the ID.
	Pinned  bool
	ChestMM volume.Vec3
	// VisibleMM, where not zero, is the range of Truth.DiameterMM that a drawn
	// place must give, upper end excluded: a place where the chest wall takes
	// too much of the nodule is not taken.
	VisibleMM [2]float64 `json:",omitzero"`
}

// DrawNodules draws a number of nodules from a population.
func DrawNodules(seed uint64, count int, m nodule.Mix) []Nodule {
	rng := rand.New(rand.NewPCG(seed, 3))
	out := make([]Nodule, count)
	for i := range out {
		out[i] = Nodule{Spec: nodule.Draw(rng, m), ID: i + 1}
	}
	return out
}

// Pose is where the chest lies: LPS = ShiftMM + turn * (stretch * chest).
type Pose struct {
	ShiftMM volume.Vec3
	// TurnDeg turns about x, then y, then z.
	TurnDeg volume.Vec3
	// Stretch is how much larger the chest is along its x, y and z than the
	// patient's own, as after another breath: organs move apart, while vessels
	// keep their width and nodules their size. Zero means 1 along each.
	Stretch volume.Vec3 `json:",omitzero"`
}

func drawPose(scan uint64) Pose {
	rng := rand.New(rand.NewPCG(scan, 4))
	u := func(lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }
	return Pose{
		ShiftMM: volume.Vec3{u(-12, 12), u(-190, -150), u(-260, -80)},
		TurnDeg: volume.Vec3{u(-3, 3), u(-2, 2), u(-3, 3)},
	}
}

// Axes returns the chest's axes in LPS.
func (p Pose) Axes() [3]volume.Vec3 {
	axes := [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	for a := range 3 {
		sin, cos := math.Sincos(p.TurnDeg[a] * math.Pi / 180)
		b, c := (a+1)%3, (a+2)%3
		for i, v := range axes {
			axes[i][b], axes[i][c] = cos*v[b]-sin*v[c], sin*v[b]+cos*v[c]
		}
	}
	return axes
}

// stretch is Stretch with its default.
func (p Pose) stretch() volume.Vec3 {
	if p.Stretch == (volume.Vec3{}) {
		return volume.Vec3{1, 1, 1}
	}
	return p.Stretch
}

// ToLPS maps the chest frame to patient mm.
func (p Pose) ToLPS(chestMM volume.Vec3) volume.Vec3 {
	a, s := p.Axes(), p.stretch()
	for n := range 3 {
		a[n] = a[n].Scale(s[n])
	}
	return p.ShiftMM.Add(a[0].Scale(chestMM[0])).Add(a[1].Scale(chestMM[1])).Add(a[2].Scale(chestMM[2]))
}

// ToChest is the inverse of ToLPS.
func (p Pose) ToChest(lpsMM volume.Vec3) volume.Vec3 {
	a, d, s := p.Axes(), lpsMM.Sub(p.ShiftMM), p.stretch()
	return volume.Vec3{a[0].Dot(d) / s[0], a[1].Dot(d) / s[1], a[2].Dot(d) / s[2]}
}

// Phantom is a generated examination.
type Phantom struct {
	Volume *volume.Volume
	// Nodules and Mimics are what it holds, in the order of the Spec.
	Nodules, Mimics []Truth
	// Spec is complete: every default filled in, every nodule pinned.
	Spec Spec
}

// LeastMM is the smallest nodule of an earlier examination: what is smaller
// than a voxel no CT shows.
const LeastMM = 1

// Prior describes another examination of the same patient: the nodules at the
// same places with the diameters that the function returns for them, the
// patient laid down anew, other noise. A nodule below LeastMM is not there yet.
func (p *Phantom) Prior(scan uint64, diameterMM func(Nodule) float64) Spec {
	s := p.Spec
	s.Scan, s.Pose, s.Nodules = scan, nil, nil
	for _, n := range p.Spec.Nodules {
		if n.DiameterMM = diameterMM(n); n.DiameterMM >= LeastMM {
			s.Nodules = append(s.Nodules, n)
		}
	}
	return s
}

// EarlierDiameterMM is the diameter, days before, of a nodule whose volume
// doubles every doublingDays.
func EarlierDiameterMM(nowMM, days, doublingDays float64) float64 {
	return nowMM * math.Exp2(-days/(3*doublingDays))
}

// limits keep a Spec from asking for memory that no CT needs.
const (
	maxSide       = 2048
	maxVoxels     = 1 << 30
	maxDiameterMM = 80
)

func (s Spec) withDefaults() (Spec, error) {
	if s.Scan == 0 {
		s.Scan = s.Seed
	}
	if s.Columns == 0 {
		s.Columns = 512
	}
	if s.Rows == 0 {
		s.Rows = 512
	}
	normal := [3]float64{360 / float64(s.Columns), 360 / float64(s.Rows), 1.25}
	for a := range 3 {
		if s.SpacingMM[a] == 0 {
			s.SpacingMM[a] = normal[a]
		}
		if s.SpacingMM[a] < .2 || s.SpacingMM[a] > 20 {
			return s, fmt.Errorf("phantom: spacing %v mm is not that of a CT", s.SpacingMM)
		}
	}
	if s.SliceThicknessMM == 0 {
		s.SliceThicknessMM = s.SpacingMM[2]
	}
	if s.Axes == ([3]volume.Vec3{}) {
		s.Axes = [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	}
	for a := range 3 {
		if math.Abs(s.Axes[a].Norm()-1) > 1e-6 || math.Abs(s.Axes[a].Dot(s.Axes[(a+1)%3])) > 1e-6 {
			return s, fmt.Errorf("phantom: axes %v are not orthonormal", s.Axes)
		}
	}
	if s.Slices == 0 {
		k := s.Axes[2]
		half := math.Abs(k[0])*150 + math.Abs(k[1])*110 + math.Abs(k[2])*150
		s.Slices = int(math.Ceil(2 * half / s.SpacingMM[2]))
	}
	for i, n := range s.Nodules {
		if n.DiameterMM <= 0 || n.DiameterMM > maxDiameterMM {
			return s, fmt.Errorf("phantom: nodule %d: a diameter of %g mm", i+1, n.DiameterMM)
		}
	}
	if s.NoiseHU == 0 {
		s.NoiseHU = 20
	}
	if s.Pose == nil {
		p := drawPose(s.Scan)
		s.Pose = &p
	}
	for _, f := range s.Pose.stretch() {
		if !(f >= .5 && f <= 2) {
			return s, fmt.Errorf("phantom: a chest stretched by %v; give 0.5 to 2 along each axis", s.Pose.Stretch)
		}
	}
	if min(s.Columns, s.Rows, s.Slices) < 1 || max(s.Columns, s.Rows, s.Slices) > maxSide ||
		s.Columns*s.Rows*s.Slices > maxVoxels || s.SliceThicknessMM < .1 || s.SliceThicknessMM > 40 {
		return s, fmt.Errorf("phantom: %d x %d x %d voxels of %g mm slices is not a CT", s.Columns, s.Rows, s.Slices, s.SliceThicknessMM)
	}
	return s, nil
}

// grid is the wanted grid, its middle on the middle of the lungs.
func (s Spec) grid() volume.Grid {
	g := volume.Grid{Size: [3]int{s.Columns, s.Rows, s.Slices}, Axes: s.Axes, SpacingMM: s.SpacingMM}
	turn := s.Pose.Axes()
	middle := s.Pose.ShiftMM.Add(s.FieldShiftMM).Add(turn[2].Scale(-6))
	g.OriginLPSMM = middle
	for a := range 3 {
		g.OriginLPSMM = g.OriginLPSMM.Sub(g.Axes[a].Scale(float64(g.Size[a]-1) / 2 * g.SpacingMM[a]))
	}
	return g
}

// Patient is an anatomy, ready to be examined any number of times. It is
// immutable and safe for concurrent use.
type Patient struct {
	seed    uint64
	atlas   *atlas
	vessels *vessels
}

// NewPatient draws the anatomy of a seed.
func NewPatient(seed uint64) *Patient {
	t := newAtlas(newAnatomy(seed))
	t.drawGrain(seed)
	return &Patient{seed: seed, atlas: t, vessels: growVessels(t, seed)}
}

// Generate draws a phantom. It fails for a Spec that no scanner could make,
// for a nodule that finds no place in the field of view, and when ctx ends.
func Generate(ctx context.Context, spec Spec) (*Phantom, error) {
	if _, err := spec.withDefaults(); err != nil {
		return nil, err
	}
	return NewPatient(spec.Seed).Examine(ctx, spec)
}

// Examine is Generate for a patient drawn before; the Spec's Seed does not
// count.
func (pt *Patient) Examine(ctx context.Context, spec Spec) (*Phantom, error) {
	spec.Seed = pt.seed
	s, err := spec.withDefaults()
	if err != nil {
		return nil, err
	}
	sc, err := newScanner(s)
	if err != nil {
		return nil, err
	}
	c := newCanvas(sc.fineGrid(), *s.Pose)
	a := pt.atlas.a
	if c.bloodHU = a.blood; s.Contrast {
		c.bloodHU = a.enhanced
	}
	rng := rand.New(rand.NewPCG(s.Seed, 5))
	for _, step := range []func(){
		func() { pt.atlas.fill(c) },
		func() { a.abdomen(c, rng) },
		func() { a.greatVessels(c, pt.atlas, rng) },
		func() { pt.vessels.paint(c, pt.atlas) },
		func() { a.skeleton(c, rng) },
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		step()
	}
	p := &Phantom{}
	l := &lesions{spec: &s, canvas: c, atlas: pt.atlas, vessels: pt.vessels}
	if s.Mimics {
		p.Mimics = l.mimics()
	}
	if p.Nodules, err = l.nodules(); err != nil {
		return nil, err
	}
	p.Spec = s
	if p.Volume, err = sc.scan(ctx, c); err != nil {
		return nil, err
	}
	return p, nil
}
