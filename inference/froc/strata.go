package froc

import (
	"context"
	"slices"
)

// Stratum is the performance on some of the nodules, or on some of the scans.
//
// By size, diameter, kind and placement it holds nodules: those outside of it are
// neither found nor missed, marks on them are dropped, and the false marks are
// those of all scans, since a false mark has no size or kind. By thickness,
// spacing and kernel it holds scans, with their nodules and false marks, and
// its bootstrap draws among them.
type Stratum struct {
	// By is one of the names above; Name is "unknown" where the tables do not
	// say.
	By   string `json:"by"`
	Name string `json:"name"`
	Performance
}

// Unknown names the stratum of what the tables do not say.
const Unknown = "unknown"

// division is one way to divide nodules or scans.
type division struct {
	by     string
	nodule func(Nodule) string
	scan   func(Scan) string
	// order are the names of a division into ranges; others are sorted.
	order []string
}

var (
	// Diameters as in LUNA16's own counts, from the lower end up.
	diameterRange = ranges{names: []string{"below 4 mm", "4 to 6 mm", "6 to 8 mm", "8 to 10 mm", "10 to 15 mm", "15 mm and more"},
		ends: []float64{4, 6, 8, 10, 15}}
	// Sizes as guidelines part them: nodules below 6 mm are seldom followed up,
	// those of 8 mm and more are looked into.
	sizeRange = ranges{names: []string{"below 4 mm", "4 to 6 mm", "6 to 8 mm", "8 mm and more"}, ends: []float64{4, 6, 8}}
	// Thickness and spacing up to their upper end: series are cut at 1.25 or
	// 2.5 mm, and these belong with what is thinner.
	slicesRange = ranges{names: []string{"up to 1 mm", "1 to 1.5 mm", "1.5 to 2 mm", "2 to 2.5 mm", "above 2.5 mm"},
		ends: []float64{1, 1.5, 2, 2.5}, upperIn: true}
)

// ThicknessRange names the range of a slice thickness, "unknown" where it is not
// above 0.
func ThicknessRange(mm float64) string {
	if name := slicesRange.name(mm); name != "" {
		return name
	}
	return Unknown
}

// ThicknessRanges are the names of ThicknessRange, from the thinnest up.
func ThicknessRanges() []string { return append(slices.Clone(slicesRange.names), Unknown) }

func divisions() []division {
	return []division{
		{by: "size", nodule: func(n Nodule) string { return sizeRange.name(n.DiameterMM) }, order: sizeRange.names},
		{by: "diameter", nodule: func(n Nodule) string { return diameterRange.name(n.DiameterMM) }, order: diameterRange.names},
		{by: "kind", nodule: func(n Nodule) string { return n.Kind }},
		{by: "placement", nodule: func(n Nodule) string { return n.Placement }},
		{by: "thickness", scan: func(s Scan) string { return slicesRange.name(s.ThicknessMM) }, order: slicesRange.names},
		{by: "spacing", scan: func(s Scan) string { return slicesRange.name(s.SpacingMM) }, order: slicesRange.names},
		{by: "kernel", scan: func(s Scan) string { return s.Kernel }},
	}
}

// ranges names intervals of a length in mm.
type ranges struct {
	names   []string
	ends    []float64
	upperIn bool
}

func (r ranges) name(mm float64) string {
	if !(mm > 0) {
		return ""
	}
	i := slices.IndexFunc(r.ends, func(end float64) bool { return mm < end || r.upperIn && mm == end })
	if i < 0 {
		i = len(r.ends)
	}
	return r.names[i]
}

// strata computes every division of which the tables say anything.
func strata(ctx context.Context, m *matched, o Options) ([]Stratum, error) {
	out := []Stratum{}
	for _, d := range divisions() {
		for _, name := range d.names(m) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			v := d.view(m, name)
			p, _ := v.performance(o.draw(&v), Rates(), []int{0, 1, 2, 3, 4, 5, 6})
			if name == "" {
				name = Unknown
			}
			out = append(out, Stratum{By: d.by, Name: name, Performance: p})
		}
	}
	return out, nil
}

// names lists what occurs, "" (unknown) last; nothing where nothing is known.
func (d division) names(m *matched) []string {
	seen := map[string]bool{}
	for _, n := range m.nodules {
		if d.nodule != nil {
			seen[d.nodule(n.Nodule)] = true
		}
	}
	for _, s := range m.scans {
		if d.scan != nil {
			seen[d.scan(s)] = true
		}
	}
	var known []string
	for name := range seen {
		if name != "" {
			known = append(known, name)
		}
	}
	if len(known) == 0 {
		return nil
	}
	slices.SortFunc(known, d.compare)
	if seen[""] {
		known = append(known, "")
	}
	return known
}

func (d division) compare(a, b string) int {
	if d.order != nil {
		return slices.Index(d.order, a) - slices.Index(d.order, b)
	}
	if a < b {
		return -1
	}
	return 1
}

func (d division) view(m *matched, name string) view {
	if d.nodule != nil {
		return m.choose(nil, func(n Nodule) bool { return d.nodule(n) == name })
	}
	return m.choose(func(s Scan) bool { return d.scan(s) == name }, nil)
}
