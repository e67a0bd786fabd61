package phantom

import (
	"fmt"

	"nafas/inference/phantom/nodule"
)

// NoPlaceError says which nodule finds no place, so that who can do without it
// may leave it out.
type NoPlaceError struct {
	// ID is the nodule's, DiameterMM its diameter in mm.
	ID         int
	Placement  nodule.Placement
	DiameterMM float64
	// In is where it was to lie.
	In string
}

func noPlace(n *Nodule, in string) error {
	return &NoPlaceError{n.ID, n.Placement, n.DiameterMM, in}
}

func (e *NoPlaceError) Error() string {
	return fmt.Sprintf("phantom: nodule %d (%s, %.1f mm) finds no place in %s", e.ID, e.Placement, e.DiameterMM, e.In)
}
