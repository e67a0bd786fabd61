// Package froc evaluates a detector as LUNA16 does (Setio et al., Medical
// Image Analysis 42, 2017, and the challenge's evaluation script): marks
// against the nodules that readers confirmed, the free-response curve, its
// mean at seven rates of false marks (CPM), and intervals from a bootstrap
// over scans. docs/evaluate.md states the rules one by one; each has a test.
//
// Everything is a plain function on values: no file is opened here, and equal
// input and seed give equal output. Positions are patient LPS mm.
package froc

import (
	"errors"
	"fmt"
	"math"

	"nafas/inference/volume"
)

// ErrInput: the values given cannot be evaluated. It is wrapped with what was
// found and what to do.
var ErrInput = errors.New("evaluation input")

// UnknownDiameterMM stands for a diameter that is not known, as in LUNA16's
// table of excluded findings.
const UnknownDiameterMM = -1

// assumedDiameterMM is what an unknown diameter counts as in the test for a
// hit.
const assumedDiameterMM = 10

// Scan is one series that was read, with or without marks.
type Scan struct {
	SeriesUID string
	// ThicknessMM is the slice thickness and SpacingMM the distance between
	// slices; 0 where unknown.
	ThicknessMM, SpacingMM float64
	// Kernel is the reconstruction kernel as the scanner names it; "" where
	// unknown.
	Kernel string
	// Group names the patient, or whatever makes scans depend on each other: the
	// bootstrap draws the scans of one group together. "" is a group of its own.
	Group string
}

// Mark is a candidate in an evaluation table.
type Mark struct {
	SeriesUID   string
	CenterLPSMM volume.Vec3
	// Score orders the marks: any finite number, higher is more suspicious.
	Score float64
	// DiameterMM is the size that the detector gave; 0 where it gave none.
	DiameterMM float64
}

// Nodule is a row of a truth table: a nodule to be found, or among the
// excluded findings one to be passed over.
type Nodule struct {
	SeriesUID   string
	CenterLPSMM volume.Vec3
	// DiameterMM is above 0, or UnknownDiameterMM.
	DiameterMM float64
	// Kind (solid, ...) and Placement (pleura, ...) are as in the table; ""
	// where it does not say.
	Kind, Placement string
}

// SizeMM is the diameter that a hit is judged by: the protocol takes 10 mm
// where it is unknown.
func (n Nodule) SizeMM() float64 {
	if n.DiameterMM < 0 {
		return assumedDiameterMM
	}
	return n.DiameterMM
}

// hitBy says whether a mark lies on the nodule: strictly nearer to its centre
// than its radius.
func (n Nodule) hitBy(m Mark) bool {
	radius := n.SizeMM() / 2
	d := m.CenterLPSMM.Sub(n.CenterLPSMM)
	return d.Dot(d) < radius*radius
}

// Set is all that is evaluated. Marks, nodules and excluded findings of series
// that are not among Scans do not count, as in the challenge; Unlisted says how
// many there are.
type Set struct {
	Scans    []Scan
	Marks    []Mark
	Nodules  []Nodule
	Excluded []Nodule
}

// Unlisted counts rows of series that are not among a set's scans.
type Unlisted struct {
	Marks    int `json:"marks"`
	Nodules  int `json:"nodules"`
	Excluded int `json:"excluded"`
	// MarkSeries is the first such series with a mark.
	MarkSeries string `json:"-"`
}

// Unlisted counts what does not count.
func (s Set) Unlisted() Unlisted {
	listed := s.index()
	var u Unlisted
	for _, m := range s.Marks {
		if _, ok := listed[m.SeriesUID]; !ok {
			if u.Marks == 0 {
				u.MarkSeries = m.SeriesUID
			}
			u.Marks++
		}
	}
	for _, n := range s.Nodules {
		if _, ok := listed[n.SeriesUID]; !ok {
			u.Nodules++
		}
	}
	for _, n := range s.Excluded {
		if _, ok := listed[n.SeriesUID]; !ok {
			u.Excluded++
		}
	}
	return u
}

// index maps a series to its place in Scans.
func (s Set) index() map[string]int {
	at := make(map[string]int, len(s.Scans))
	for i, scan := range s.Scans {
		at[scan.SeriesUID] = i
	}
	return at
}

func (s Set) check() error {
	if len(s.Scans) == 0 {
		return fmt.Errorf("%w: no scans: list the series that were read", ErrInput)
	}
	if at := s.index(); len(at) != len(s.Scans) {
		for i, scan := range s.Scans {
			if at[scan.SeriesUID] != i {
				return fmt.Errorf("%w: series %s is listed twice: it would count as two scans", ErrInput, scan.SeriesUID)
			}
		}
	}
	for _, m := range s.Marks {
		if !finite(m.Score) || !finite(m.CenterLPSMM[:]...) || !(m.DiameterMM >= 0) {
			return fmt.Errorf("%w: a mark in series %s has a value that is no number", ErrInput, m.SeriesUID)
		}
	}
	for _, list := range [][]Nodule{s.Nodules, s.Excluded} {
		for _, n := range list {
			if !finite(n.CenterLPSMM[:]...) || !finite(n.DiameterMM) || n.DiameterMM <= 0 && n.DiameterMM != UnknownDiameterMM {
				return fmt.Errorf("%w: a nodule in series %s has a position that is no number, or a diameter of %v mm: "+
					"diameters are above 0, or -1 where unknown", ErrInput, n.SeriesUID, n.DiameterMM)
			}
		}
	}
	return nil
}

func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
