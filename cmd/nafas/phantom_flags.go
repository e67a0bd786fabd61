package main

import (
	"math"
	"strconv"
	"strings"

	"nafas/inference/phantom"
	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// populationFlags say what nodules are drawn.
type populationFlags struct {
	Diameters  string   `help:"Diameters, mm: drawn evenly between two bounds; the usual mix where not given." placeholder:"LO-HI"`
	Strata     bool     `help:"Equal numbers of 4 to 6, 6 to 8 and 8 to 30 mm."`
	Kinds      []string `help:"Only these kinds: solid, part-solid, ground-glass, calcified." placeholder:"KIND"`
	Placements []string `help:"Only these placements: free, vessel, pleura." placeholder:"PLACEMENT"`
}

func (f populationFlags) population() (phantom.Population, error) {
	var p phantom.Population
	if f.Strata && f.Diameters != "" {
		return p, usage("--strata and --diameters exclude each other")
	}
	if f.Strata {
		p.StrataMM = phantom.EvaluationStrata
	}
	if f.Diameters != "" {
		lo, hi, _ := strings.Cut(f.Diameters, "-")
		for i, text := range [2]string{lo, hi} {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return p, usage("--diameters is two numbers, such as 4-30, not %q", f.Diameters)
			}
			p.DiametersMM[i] = v
		}
		if !(p.DiametersMM[0] > 0) || !(p.DiametersMM[1] > 0) {
			return p, usage("--diameters must be above 0")
		}
		if p.DiametersMM[0] > p.DiametersMM[1] {
			return p, usage("--diameters %s: the smaller one comes first", f.Diameters)
		}
	}
	for _, name := range f.Kinds {
		k, err := nodule.ParseKind(name)
		if err != nil {
			return p, usage("--kinds: %w", err)
		}
		p.Kinds = append(p.Kinds, k)
	}
	for _, name := range f.Placements {
		where, err := nodule.ParsePlacement(name)
		if err != nil {
			return p, usage("--placements: %w", err)
		}
		p.Placements = append(p.Placements, where)
	}
	return p, nil
}

// parseOrientation returns the directions of growing column, row and slice
// index. Coronal and sagittal images stand upright, sagittal ones face left.
func parseOrientation(text string) ([3]volume.Vec3, error) {
	var row, column volume.Vec3
	switch text {
	case "axial":
		return [3]volume.Vec3{}, nil // the phantom's own
	case "coronal":
		row, column = volume.Vec3{1, 0, 0}, volume.Vec3{0, 0, -1}
	case "sagittal":
		row, column = volume.Vec3{0, 1, 0}, volume.Vec3{0, 0, -1}
	default:
		parts := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\\' || r == ' ' })
		var n [6]float64
		if len(parts) != len(n) {
			return [3]volume.Vec3{}, usage("--orientation is axial, coronal, sagittal or six numbers, not %q", text)
		}
		for i, p := range parts {
			v, err := strconv.ParseFloat(p, 64)
			if err != nil {
				return [3]volume.Vec3{}, usage("--orientation: %q is no number", p)
			}
			n[i] = v
		}
		row, column = volume.Vec3(n[:3]), volume.Vec3(n[3:])
	}
	if !(math.Abs(row.Norm()-1) < 1e-3) || !(math.Abs(column.Norm()-1) < 1e-3) || !(math.Abs(row.Dot(column)) < 1e-3) {
		return [3]volume.Vec3{}, usage("--orientation: the directions of rows and columns are not of length 1 and at right angles")
	}
	// What was typed with few digits is made exact.
	row = row.Unit()
	column = column.Sub(row.Scale(column.Dot(row))).Unit()
	return [3]volume.Vec3{row, column, row.Cross(column)}, nil
}
