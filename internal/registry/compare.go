package registry

import (
	"context"
	"slices"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/triage"
)

// Comparison is what a model said in shadow beside what one live model said of the
// same studies: before is the live one, after the shadow.
type Comparison struct {
	Pairing
	Shadow triage.Model
	// Failed are studies that the model failed at in shadow, and Waiting those that it
	// is still to read.
	Failed, Waiting int
	// Of are the studies that both have read, and those that the shadow could not read.
	Of *compare.Comparison
}

// Compare compares a model with the live one that it read beside: the one that is
// named, or the latest. Studies that the service has read again since are left out.
func (s *Service) Compare(ctx context.Context, name, against string) (Comparison, error) {
	m, err := s.find(ctx, name)
	if err != nil {
		return Comparison{}, err
	}
	var live Model
	if against != "" {
		if live, err = s.find(ctx, against); err != nil {
			return Comparison{}, err
		}
	}
	out := Comparison{Shadow: m.Model, Waiting: m.Readings.Waiting}
	var before, after []compare.Study
	out.Pairing, err = s.ledger.Pairs(ctx, m.SHA256, live.SHA256, func(p Pair) error {
		if p.Why != nil {
			out.Failed++
		}
		before = append(before, saidLive(p))
		after = append(after, saidInShadow(p))
		return nil
	})
	if err != nil {
		return out, err
	}
	if out.Pairing.Live.SHA256 == "" {
		return out, refuse(NotNow, "It reads studies after the live model once it is in shadow: nafas model shadow NAME.", "%s has read nothing in shadow yet", named(m.Model))
	}
	out.Of, err = compare.Compare(ctx, pass(out.Pairing.Live, before), pass(m.Model, after), compare.Options{})
	return out, err
}

func pass(m triage.Model, studies []compare.Study) compare.Pass {
	return compare.Pass{Label: named(m), Model: m, Studies: func(each func(compare.Study) error) error {
		for _, s := range studies {
			if err := each(s); err != nil {
				return err
			}
		}
		return nil
	}}
}

func saidLive(p Pair) compare.Study {
	return said(p, p.Live.Series, p.Live.Priority, p.Live.Assessment)
}

func saidInShadow(p Pair) compare.Study {
	if p.Shadow == nil {
		return compare.Study{UID: p.UID, Date: p.Date, State: rescore.Failed, Reason: string(p.Why.Reason)}
	}
	out := said(p, p.Shadow.Series, p.Shadow.Priority, p.Shadow.Assessment)
	if why := p.Shadow.NotAssessed; why != nil {
		out.State, out.Reason = rescore.StateOf(why.Reason), string(why.Reason)
	}
	return out
}

// said is what a study comes to; of one without a result that it should have had,
// that it failed.
func said(p Pair, series []triage.Series, priority triage.Priority, a *triage.Assessment) compare.Study {
	out := compare.Study{UID: p.UID, Date: p.Date, State: rescore.Failed, Reason: string(triage.Internal)}
	i := slices.IndexFunc(series, func(s triage.Series) bool { return s.Result != nil })
	if i < 0 {
		return out
	}
	r := series[i].Result
	out.State, out.Reason, out.SeriesUID, out.Scan, out.Findings, out.Priority = rescore.Scored, "", r.SeriesUID, r.Scan, scored(r.Findings), priority
	if a != nil {
		out.LungRADS = rescore.LungRADS(a.Categories)
	}
	return out
}

// scored is what of findings is compared: all studies are in memory at once.
func scored(findings []triage.Finding) []triage.Finding {
	out := make([]triage.Finding, len(findings))
	for i, f := range findings {
		out[i].Rank, out[i].Score, out[i].Flagged = f.Rank, f.Score, f.Flagged
	}
	return out
}
