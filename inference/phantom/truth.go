package phantom

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"nafas/inference/volume"
)

// Role says what a row of the truth is.
type Role string

// The roles. A mimic is no nodule and a mark on it is a false one.
const (
	RoleNodule Role = "nodule"
	RoleMimic  Role = "mimic"
	// RoleKnown is a nodule or another place of the patient's own, in a series
	// that simulated nodules were set into: a mark on it is neither right nor
	// wrong.
	RoleKnown Role = "known"
)

// Truth is one thing that was put into a volume.
type Truth struct {
	Role Role
	// ID names a nodule through a patient's examinations; mimics count by
	// themselves.
	ID int
	// Kind is a nodule.Kind's name, or a mimic's.
	Kind string
	// Placement is a nodule.Placement's name; empty for a mimic.
	Placement string
	// CenterLPSMM and DiameterMM are of the part in the lung: the centroid,
	// and the diameter of the ball of the same volume (a mimic's longest
	// extent).
	CenterLPSMM volume.Vec3
	DiameterMM  float64
}

// Row is a truth with the series that it belongs to.
type Row struct {
	SeriesUID string
	Truth
}

// WriteTruth writes rows as CSV: the columns of LUNA16's annotations
// (seriesuid, coordX, coordY, coordZ in LPS mm, diameter_mm), then role, kind,
// placement and id.
func WriteTruth(w io.Writer, seriesUID string, rows ...[]Truth) error {
	var all []Row
	for _, list := range rows {
		for _, t := range list {
			all = append(all, Row{seriesUID, t})
		}
	}
	return WriteRows(w, all)
}

// WriteRows is WriteTruth for several series.
func WriteRows(w io.Writer, rows []Row) error {
	out := csv.NewWriter(w)
	err := out.Write([]string{"seriesuid", "coordX", "coordY", "coordZ", "diameter_mm", "role", "kind", "placement", "id"})
	for _, r := range rows {
		if err == nil {
			err = out.Write([]string{
				r.SeriesUID, millimetres(r.CenterLPSMM[0]), millimetres(r.CenterLPSMM[1]), millimetres(r.CenterLPSMM[2]),
				millimetres(r.DiameterMM), string(r.Role), r.Kind, r.Placement, strconv.Itoa(r.ID),
			})
		}
	}
	if out.Flush(); err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("phantom: truth: %w", err)
	}
	return nil
}

func millimetres(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
