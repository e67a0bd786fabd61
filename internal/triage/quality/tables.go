package quality

import (
	"encoding/csv"
	"io"
	"strconv"

	"nafas/inference/froc"
	"nafas/inference/volume"
)

// The files of an export, as LUNA16 calls them; All has every place.
const (
	AllFile      = "reviews.csv"
	NodulesFile  = "annotations.csv"
	ExcludedFile = "annotations_excluded.csv"
	SeriesFile   = "seriesuids.csv"
	MarksFile    = "marks.csv"
)

// Files are the tables of an export by their names, for an evaluation:
// AllFile is WriteAll's; the others hold series that were read alone.
func Files(studies []Study) map[string]func(io.Writer) error {
	scans := scansOf(studies)
	return map[string]func(io.Writer) error{
		AllFile:      func(w io.Writer) error { return WriteAll(w, studies) },
		NodulesFile:  func(w io.Writer) error { return writePlaces(w, once(scans, Place.isNodule)) },
		ExcludedFile: func(w io.Writer) error { return writePlaces(w, once(scans, Place.isOpen)) },
		SeriesFile:   func(w io.Writer) error { return froc.WriteScans(w, listed(scans)) },
		MarksFile:    func(w io.Writer) error { return froc.WriteMarks(w, marks(scans)) },
	}
}

// WriteAll writes every place of the studies in LUNA16's columns and more: read as
// truth, the rows of role nodule count, which are what readers accepted or added.
// The other roles are the standings.
func WriteAll(w io.Writer, studies []Study) error {
	var all []Series
	for _, study := range studies {
		all = append(all, study.gathered().Series...)
	}
	return writePlaces(w, once(all, func(Place) bool { return true }))
}

// isNodule says whether a reader takes the place for a nodule; isOpen whether
// nobody decided.
func (p Place) isNodule() bool { return p.Standing == Accepted || p.Standing == Added }
func (p Place) isOpen() bool   { return p.Standing == Unsure || p.Standing == Unanswered }

// placed is a place in its series.
type placed struct {
	Place
	of *Series
}

// once lists places. A nodule of the same series, place and size is one: an
// evaluation refuses to count it twice.
func once(scans []Series, which func(Place) bool) []placed {
	type same struct {
		series string
		center [3]float64
		size   float64
	}
	seen := map[same]bool{}
	var out []placed
	for i, s := range scans {
		for _, p := range s.Places {
			key := same{s.UID, p.CenterLPSMM, p.DiameterMM}
			if !which(p) || p.isNodule() && seen[key] {
				continue
			}
			seen[key] = seen[key] || p.isNodule()
			out = append(out, placed{p, &scans[i]})
		}
	}
	return out
}

var placeColumns = []string{
	"seriesuid", "coordX", "coordY", "coordZ", "diameter_mm", "role", "kind", "standing", "probability", "flagged", "rank",
	"category", "cause", "model", "drawn_on",
}

func writePlaces(w io.Writer, places []placed) error {
	out := csv.NewWriter(w)
	if err := out.Write(placeColumns); err != nil {
		return err
	}
	for _, p := range places {
		if err := out.Write(p.row()); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (p placed) row() []string {
	role, score, flagged, rank := string(p.Standing), "", "", ""
	if p.isNodule() {
		role = "nodule"
	}
	if p.Standing != Added {
		score, flagged, rank = plain(p.Score), strconv.FormatBool(p.Flagged), strconv.Itoa(p.Rank)
	}
	// The protocol's word for a size that is not known.
	size := strconv.Itoa(froc.UnknownDiameterMM)
	if p.DiameterMM > 0 {
		size = plain(p.DiameterMM)
	}
	return []string{
		p.of.UID, plain(p.CenterLPSMM[0]), plain(p.CenterLPSMM[1]), plain(p.CenterLPSMM[2]), size, role, p.Kind, string(p.Standing),
		score, flagged, rank, p.Category, string(p.Cause), p.of.Model, p.DrawnOn,
	}
}

// plain has no exponent.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func listed(scans []Series) []froc.Scan {
	var out []froc.Scan
	for _, s := range scans {
		out = append(out, froc.Scan{SeriesUID: s.UID, ThicknessMM: s.ThicknessMM, SpacingMM: s.SpacingMM, Kernel: s.Kernel})
	}
	return out
}

// marks are the findings, whatever was said of them.
func marks(scans []Series) []froc.Mark {
	var out []froc.Mark
	for _, s := range scans {
		for _, p := range s.Places {
			if p.Standing != Added {
				out = append(out, froc.Mark{SeriesUID: s.UID, CenterLPSMM: volume.Vec3(p.CenterLPSMM), Score: p.Score, DiameterMM: p.DiameterMM})
			}
		}
	}
	return out
}
