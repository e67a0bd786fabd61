package phantom

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"nafas/inference/phantom/nodule"
	"nafas/inference/phantom/noise"
	"nafas/inference/volume"
)

// ImplantOptions say what to set into a series and how its scanner blurred.
type ImplantOptions struct {
	// Seed draws the places and the noise.
	Seed    uint64
	Nodules []Nodule
	// Allowed tells whether a nodule's centre may lie at a position, LPS mm:
	// the lung field with what borders on it.
	Allowed func(lpsMM volume.Vec3) bool
	// Known are places to keep clear of, such as the patient's own nodules.
	Known []Truth
	// InPlaneSigmaMM is the Gaussian blur of the kernel; 0 means 0.55.
	InPlaneSigmaMM float64
	// SliceThicknessMM is what a slice averages; 0 means the spacing.
	SliceThicknessMM float64
}

// Implant sets nodules into the voxels of a real series, with the blur and the
// noise of its scanner, and returns the truth. Places are found in the series
// itself: free in lung, on a vessel, at the pleura. A Pinned nodule goes where
// its ChestMM says, taken as LPS. A nodule that finds no place is a
// *NoPlaceError, and then no voxel was changed.
func Implant(ctx context.Context, v *volume.Volume, o ImplantOptions) ([]Truth, error) {
	if o.InPlaneSigmaMM == 0 {
		o.InPlaneSigmaMM = .55
	}
	if o.SliceThicknessMM == 0 {
		o.SliceThicknessMM = v.SpacingMM[2]
	}
	im := &implanter{v: v, o: o, taken: slices.Clone(o.Known)}
	var sites []nodule.Site
	var out []Truth
	for i, n := range o.Nodules {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if n.ID == 0 {
			n.ID = i + 1
		}
		if n.DiameterMM <= 0 || n.DiameterMM > maxDiameterMM {
			return nil, fmt.Errorf("phantom: nodule %d: a diameter of %g mm", n.ID, n.DiameterMM)
		}
		site, ok := im.find(n)
		if !ok {
			return nil, noPlace(&n, "this series")
		}
		t := Truth{
			Role: RoleNodule, ID: n.ID, Kind: n.Kind.String(), Placement: n.Placement.String(),
			CenterLPSMM: site.CenterLPSMM, DiameterMM: site.DiameterMM,
		}
		sites, out, im.taken = append(sites, site), append(out, t), append(im.taken, t)
	}
	im.paint(sites)
	return out, nil
}

type implanter struct {
	v     *volume.Volume
	o     ImplantOptions
	taken []Truth
}

// HUAt implements nodule.Surroundings.
func (im *implanter) HUAt(lpsMM volume.Vec3) float64 {
	q := im.v.ToIndex(lpsMM)
	var at [3]int
	for a := range 3 {
		at[a] = int(math.Round(q[a]))
		if at[a] < 0 || at[a] >= im.v.Size[a] {
			return -1200
		}
	}
	return float64(im.v.At(at[0], at[1], at[2]))
}

// Allowed implements nodule.Surroundings.
func (im *implanter) Allowed(lpsMM volume.Vec3) bool { return im.o.Allowed(lpsMM) }

func (im *implanter) find(n Nodule) (nodule.Site, bool) {
	rng := rand.New(rand.NewPCG(im.o.Seed, 0x2000+uint64(n.ID)))
	if n.Pinned {
		site, _ := nodule.Settle(rng, im, n.Spec, n.ChestMM)
		return site, true
	}
	size := im.v.Size
	for try := range placeTries {
		if n.VisibleMM != ([2]float64{}) && try%growAfter == growAfter-1 {
			// The wall cuts every try below the wanted size.
			n.DiameterMM *= 1.04
		}
		near := im.v.ToLPS(volume.Vec3{rng.Float64() * float64(size[0]-1), rng.Float64() * float64(size[1]-1), rng.Float64() * float64(size[2]-1)})
		p, ok := nodule.Seek(rng, im, near, n.Placement, n.DiameterMM/2)
		if !ok || !im.Allowed(p) || im.crowded(p, n.DiameterMM/2) {
			continue
		}
		if site, ok := nodule.Settle(rng, im, n.Spec, p); ok && n.seen(site.DiameterMM) {
			return site, true
		}
	}
	return nodule.Site{}, false
}

// placeTries bounds the search for a place; after every growAfter of them a
// nodule of which a certain size is to be seen is drawn a little larger.
const placeTries, growAfter = 60000, 6000

func (im *implanter) crowded(p volume.Vec3, radiusMM float64) bool {
	for _, t := range im.taken {
		if t.CenterLPSMM.Sub(p).Norm() < radiusMM+t.DiameterMM/2+5 {
			return true
		}
	}
	return false
}

func (im *implanter) paint(sites []nodule.Site) {
	strength := float32(noise.Strength(im.v.HU, im.v.Size[0]))
	tile := noise.New(im.o.Seed, noise.Colour{Plane: im.o.InPlaneSigmaMM / im.v.SpacingMM[0], Sharp: .5})
	grain := func(i, j, k int) float32 { return strength * tile.At(i, j, k) }
	psf := nodule.PSF{InPlaneSigmaMM: im.o.InPlaneSigmaMM, SliceMM: im.o.SliceThicknessMM}
	for _, s := range sites {
		nodule.Implant(im.v.HU, im.v.Size, nodule.Render(s.Shape, im.v.Grid, psf), grain)
	}
}
