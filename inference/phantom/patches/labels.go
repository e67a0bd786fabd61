package patches

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"nafas/inference/phantom/nodule"
	"nafas/inference/volume"
)

// Judgement says what a labelled place is to the training.
type Judgement uint8

// The judgements.
const (
	// Nodule is a positive target.
	Nodule Judgement = iota
	// Probable looked like an unlabelled nodule to whoever audited the
	// labels; Options.TrustProbable decides what it counts as.
	Probable
	// Ignore is a place to learn nothing from: weight 0.
	Ignore
	// Hard is a false mark of an earlier model: patches are centred on it
	// more often, and it stays background.
	Hard
)

var judgements = map[string]Judgement{"nodule": Nodule, "probable": Probable, "ignore": Ignore, "hard": Hard}

// Label is one labelled place of a prepared series.
type Label struct {
	SeriesUID   string
	CenterLPSMM volume.Vec3
	DiameterMM  float64
	Judgement   Judgement
	Kind        nodule.Kind
}

// LoadLabels reads label files together. Each is a CSV with a header; the
// columns are LUNA16's (seriesuid, coordX, coordY, coordZ in LPS mm,
// diameter_mm) and, where present, judgement (nodule, probable, ignore, hard;
// the first word counts) and kind (solid, part-solid, ground-glass,
// calcified). A row without a judgement is a nodule.
//
// A file may name a case instead of a series; any file with both columns (also
// one that holds nothing else) says which series a case is.
func LoadLabels(paths ...string) ([]Label, error) {
	var all []row
	cases := map[string]string{}
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			return nil, err
		}
		rows, err := readRows(f, cases)
		err = errors.Join(err, f.Close())
		if err != nil {
			return nil, fmt.Errorf("patches: labels %s: %w", p, err)
		}
		all = append(all, rows...)
	}
	out := make([]Label, 0, len(all))
	for _, r := range all {
		if r.SeriesUID == "" {
			if r.SeriesUID = cases[r.name]; r.SeriesUID == "" {
				return nil, fmt.Errorf("patches: no label file says which series the case %q is", r.name)
			}
		}
		out = append(out, r.Label)
	}
	return out, nil
}

type row struct {
	Label
	name string // the case, where no series is named
}

func readRows(r io.Reader, cases map[string]string) ([]row, error) {
	table := csv.NewReader(r)
	table.FieldsPerRecord = -1
	head, err := table.Read()
	if err != nil {
		return nil, err
	}
	column := map[string]int{}
	for i, name := range head {
		column[strings.ToLower(strings.TrimSpace(name))] = i
	}
	_, hasX := column["coordx"]
	var out []row
	for {
		record, err := table.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		get := func(name string) string {
			if i, ok := column[name]; ok && i < len(record) {
				return strings.TrimSpace(record[i])
			}
			return ""
		}
		if get("case") != "" && get("seriesuid") != "" {
			cases[get("case")] = get("seriesuid")
		}
		if !hasX {
			continue
		}
		label, err := parseLabel(get)
		if err != nil {
			line, _ := table.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		out = append(out, row{label, get("case")})
	}
}

func parseLabel(get func(string) string) (Label, error) {
	l := Label{SeriesUID: get("seriesuid")}
	for a, name := range [3]string{"coordx", "coordy", "coordz"} {
		v, err := strconv.ParseFloat(get(name), 64)
		if err != nil {
			return l, fmt.Errorf("%s: %w", name, err)
		}
		l.CenterLPSMM[a] = v
	}
	d, err := strconv.ParseFloat(get("diameter_mm"), 64)
	if err != nil || d <= 0 {
		return l, fmt.Errorf("diameter_mm %q is not a length", get("diameter_mm"))
	}
	l.DiameterMM = d
	if word := firstWord(get("judgement")); word != "" {
		j, ok := judgements[word]
		if !ok {
			return l, fmt.Errorf("judgement %q is none of nodule, probable, ignore, hard", word)
		}
		l.Judgement = j
	}
	switch word := firstWord(get("kind")); word {
	case "subsolid":
		l.Kind = nodule.PartSolid
	default:
		// Free text where a reader wrote it; solid is the common case.
		l.Kind, _ = nodule.ParseKind(word)
	}
	return l, nil
}

func firstWord(s string) string {
	fields := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" ;,(", r) })
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}
