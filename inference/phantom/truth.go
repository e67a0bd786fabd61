package phantom

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

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

// unknownDiameterMM stands for a diameter that a table does not give: LUNA16
// writes -1 and means this.
const unknownDiameterMM = 10

// ReadRows reads a table of places: a CSV with a header and LUNA16's columns
// (seriesuid, coordX, coordY, coordZ in LPS mm, diameter_mm), in any order and
// case, other columns beside them. Role, kind, placement and id are read where
// they are there. A diameter of 0 or less, or none, is taken as 10 mm.
func ReadRows(r io.Reader) ([]Row, error) {
	table := csv.NewReader(r)
	table.FieldsPerRecord = -1
	head, err := table.Read()
	if err != nil {
		return nil, fmt.Errorf("phantom: table of places: %w", err)
	}
	column := map[string]int{}
	for i, name := range head {
		column[strings.ToLower(strings.Trim(name, " \ufeff"))] = i
	}
	for _, name := range []string{"seriesuid", "coordx", "coordy", "coordz"} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("phantom: table of places: no column %q", name)
		}
	}
	var out []Row
	for {
		record, err := table.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("phantom: table of places: %w", err)
		}
		row, err := readRow(column, record)
		if err != nil {
			line, _ := table.FieldPos(0)
			return nil, fmt.Errorf("phantom: table of places: line %d: %w", line, err)
		}
		out = append(out, row)
	}
}

func readRow(column map[string]int, record []string) (Row, error) {
	get := func(name string) string {
		if i, ok := column[name]; ok && i < len(record) {
			return strings.TrimSpace(record[i])
		}
		return ""
	}
	row := Row{SeriesUID: get("seriesuid"), Truth: Truth{Role: Role(get("role")), Kind: get("kind"), Placement: get("placement")}}
	for a, name := range [3]string{"coordx", "coordy", "coordz"} {
		v, err := finite(get(name))
		if err != nil {
			return row, fmt.Errorf("%s: %w", name, err)
		}
		row.CenterLPSMM[a] = v
	}
	if text := get("diameter_mm"); text != "" {
		v, err := finite(text)
		if err != nil {
			return row, fmt.Errorf("diameter_mm: %w", err)
		}
		row.DiameterMM = v
	}
	if row.DiameterMM <= 0 {
		row.DiameterMM = unknownDiameterMM
	}
	if id := get("id"); id != "" {
		n, err := strconv.Atoi(id)
		if err != nil {
			return row, fmt.Errorf("id: %q is no whole number", id)
		}
		row.ID = n
	}
	return row, nil
}

func finite(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return v, nil
}
