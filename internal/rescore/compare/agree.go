package compare

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"nafas/inference/froc"
	"nafas/inference/volume"
	"nafas/internal/rescore"
	"nafas/internal/triage"
	"nafas/internal/triage/quality"
)

// Caveat is a code of what limits an agreement.
type Caveat string

// The caveats.
const (
	// CaveatSeen: readers saw the findings of one model before they answered, so that
	// the agreement leans towards that model.
	CaveatSeen Caveat = "READERS_SAW_FINDINGS"
	// CaveatCut: only findings are kept, so that the curve ends there.
	CaveatCut Caveat = "FINDINGS_ARE_CUT"
	// CaveatMissed: what neither the readers nor the model that they saw found counts
	// nowhere, and another model's mark on it is false.
	CaveatMissed Caveat = "MISSED_BY_BOTH"
)

// Caveats are those of every agreement, in the order in which they are said.
func Caveats() []Caveat { return []Caveat{CaveatSeen, CaveatCut, CaveatMissed} }

// Text is the caveat in English; "" for a code that is not one.
func (c Caveat) Text() string {
	switch c {
	case CaveatSeen:
		return "Readers saw the findings of the model that is named before they answered. The agreement leans towards that model: " +
			"it is no independent measure, and must not be used to say that another model is worse."
	case CaveatCut:
		return "Only findings are kept of a series: marks at or above the model's point of 4 false marks per scan, at most 20. " +
			"The curve ends there."
	case CaveatMissed:
		return "A nodule that neither the readers nor the model that they saw found counts nowhere, " +
			"and a mark of another model on it counts as false."
	}
	return ""
}

// AgreeOptions tune an agreement.
type AgreeOptions struct {
	// Points are the model's scores at 1/4, 1 and 4 false marks per scan; without
	// them there are none in the evaluation.
	Points []froc.Threshold
	// Resamples and Seed of the bootstrap over series; 0 means froc's defaults.
	Resamples int
	Seed      uint64
}

// Agree lays the findings of a pass on what readers recorded of the studies that
// they signed off, by LUNA16's protocol (docs/evaluate.md). Nodules are findings
// that readers agreed with and marks that they added; what they left open is passed
// over; a mark anywhere else is false. Only series count that readers saw and that
// this pass scored. A mark lies where its finding was measured, where that can be
// relied on, as the readers' nodules do. The error is that of the rows, the
// context's, or froc.ErrInput where one series is in two of the studies.
func Agree(ctx context.Context, rows Rows, signed []quality.Study, o AgreeOptions) (*Agreement, error) {
	out := &Agreement{Caveats: Caveats()}
	references, scored := make([]froc.Set, len(signed)), map[string]*scan{}
	for i, study := range signed {
		references[i] = quality.Reference(study)
		out.Signed += one(len(references[i].Scans) > 0)
		for _, s := range references[i].Scans {
			scored[s.SeriesUID] = &scan{}
		}
	}
	if err := readMarks(ctx, rows, scored); err != nil {
		return nil, err
	}
	var all froc.Set
	models := map[string]bool{}
	for i, study := range signed {
		if !take(&all, references[i], scored) {
			continue
		}
		out.Studies++
		for _, series := range study.Series {
			if series.Read {
				models[cmp.Or(series.Model, froc.Unknown)] = true
			}
		}
	}
	out.Series, out.Seen = len(all.Scans), slices.Sorted(maps.Keys(models))
	if out.Studies == 0 {
		return out, nil
	}
	seed, resamples := cmp.Or(o.Seed, froc.DefaultSeed), cmp.Or(o.Resamples, froc.DefaultResamples)
	var err error
	out.Evaluation, err = froc.Evaluate(ctx, all, froc.Options{
		MostMarks: -1, // findings are few
		Draw:      func(scans int) froc.Resamples { return froc.Draw(seed, resamples, scans) }, Thresholds: o.Points,
	})
	return out, err
}

// scan is what a pass says of a series that readers saw.
type scan struct {
	scored bool
	marks  []froc.Mark
}

func readMarks(ctx context.Context, rows Rows, scored map[string]*scan) error {
	return rows(func(r rescore.Row) error {
		s := scored[r.SeriesUID]
		if s == nil || !read(r.State) {
			return ctx.Err()
		}
		if r.Result == nil {
			return fmt.Errorf("%w: a series is %s and has no result", ErrRows, r.State)
		}
		s.scored, s.marks = true, nil
		for _, f := range r.Result.Findings {
			s.marks = append(s.marks, markOf(r.SeriesUID, f))
		}
		return ctx.Err()
	})
}

func markOf(series string, f triage.Finding) froc.Mark {
	m := froc.Mark{SeriesUID: series, CenterLPSMM: f.CenterLPSMM, Score: f.Score}
	m.DiameterMM, _ = f.Diameter()
	if measured := f.Reliable(); measured != nil {
		m.CenterLPSMM = volume.Vec3(measured.CenterLPSMM)
	}
	return m
}

// take adds what readers said of the scored series of a study, and the marks in
// these; false where none was scored.
func take(all *froc.Set, reference froc.Set, scored map[string]*scan) bool {
	taken := false
	for _, s := range reference.Scans {
		if scored[s.SeriesUID].scored {
			taken = true
			all.Scans = append(all.Scans, s)
			all.Marks = append(all.Marks, scored[s.SeriesUID].marks...)
		}
	}
	not := func(n froc.Nodule) bool { return !scored[n.SeriesUID].scored }
	all.Nodules = append(all.Nodules, slices.DeleteFunc(reference.Nodules, not)...)
	all.Excluded = append(all.Excluded, slices.DeleteFunc(reference.Excluded, not)...)
	return taken
}
