package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// passes are what a rescoring is compared with.
type passes struct {
	station *station
	data    string
}

// rowsOf are the inputs of a rescoring.
func (p passes) rowsOf(ctx context.Context, id int64) compare.Rows {
	return func(each func(rescore.Row) error) error { return p.station.service.Rows(ctx, id, each) }
}

// compared compares a rescoring with its baseline; nil where it has none.
func (p passes) compared(ctx context.Context, r rescore.Rescoring) (*compare.Comparison, error) {
	before, end, err := p.baseline(ctx, r)
	if err != nil || before == nil {
		return nil, err
	}
	defer end()
	return compare.Compare(ctx, *before, compare.Of(r, p.rowsOf(ctx, r.ID)), compare.Options{})
}

// baseline is what a rescoring is compared with, nil for nothing; end gives back
// what it holds open.
func (p passes) baseline(ctx context.Context, r rescore.Rescoring) (before *compare.Pass, end func(), err error) {
	switch r.Baseline {
	case "":
		return nil, func() {}, nil
	case rescore.BaselineLive:
		return p.liveBaseline(ctx, r)
	}
	id, err := strconv.ParseInt(r.Baseline, 10, 64)
	if err != nil {
		return nil, nil, err
	}
	if id == r.ID {
		return nil, nil, usage("rescoring %d is compared with itself: say --baseline live, or the number of another", id)
	}
	other, err := p.station.service.Get(ctx, id)
	if err != nil {
		return nil, nil, explained(err)
	}
	pass := compare.Of(other, p.rowsOf(ctx, id))
	return &pass, func() {}, nil
}

func (p passes) liveBaseline(ctx context.Context, r rescore.Rescoring) (*compare.Pass, func(), error) {
	live, err := store.WatchLive(p.data)
	if err != nil {
		return nil, nil, err
	}
	if live == nil {
		return nil, nil, usage("there is no service in %s to compare with: say --data", p.data)
	}
	pass := livePass{p, live, r}.pass(ctx)
	// What is open was only read.
	return &pass, func() { _ = live.Close() }, nil
}

// livePass is what the live service said of the studies of a rescoring.
type livePass struct {
	passes
	live *store.LiveWatch
	r    rescore.Rescoring
}

func (l livePass) pass(ctx context.Context) compare.Pass {
	return compare.Pass{
		Label: "the live service", Uncategorised: l.r.Settings.Screening != "yes",
		Studies: func(each func(compare.Study) error) error { return l.studies(ctx, each) },
	}
}

// studies looks up each study of the rescoring, in its order.
func (l livePass) studies(ctx context.Context, each func(compare.Study) error) error {
	last := ""
	return l.station.service.Rows(ctx, l.r.ID, func(row rescore.Row) error {
		if row.StudyUID == "" || row.StudyUID == last {
			return nil
		}
		last = row.StudyUID
		study, err := l.live.Study(ctx, row.StudyUID)
		if errors.Is(err, triage.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return each(l.said(study, row))
	})
}

// said is what a study of the service comes to.
func (l livePass) said(study triage.Study, row rescore.Row) compare.Study {
	out := compare.Study{UID: study.UID, Date: row.StudyDate, State: rescore.Waiting}
	if study.NotAssessed != nil {
		out.State, out.Reason = rescore.StateOf(study.NotAssessed.Reason), string(study.NotAssessed.Reason)
	}
	i := slices.IndexFunc(study.Series, func(s triage.Series) bool { return s.Result != nil })
	if i < 0 || study.NotAssessed != nil {
		return out
	}
	result := study.Series[i].Result
	out.State, out.SeriesUID, out.Scan, out.Findings = rescore.Scored, result.SeriesUID, result.Scan, result.Findings
	out.Priority = l.priority(study, result)
	if study.Assessment != nil {
		out.LungRADS = rescore.LungRADS(study.Assessment.Categories)
	}
	return out
}

// priority is by the rules of the rescoring and from the findings alone, so that
// growth, which a rescoring does not look at, counts as no change; of a model that
// is not here it is the one that was shown.
func (l livePass) priority(study triage.Study, result *triage.Result) triage.Priority {
	one, err := l.station.shelf.find(rescore.Rescoring{Model: result.Model, ModelFrom: result.Model.Name})
	if err != nil {
		return study.Priority
	}
	rules, err := rulesOf(l.r.Settings)
	if err != nil {
		return study.Priority
	}
	p, _ := triage.Ranking{Rules: rules, Points: one.model.Points}.Rank(*result, nil)
	return p
}

// baselineFlag says what to compare with, where it is not what the rescoring was
// begun with.
type baselineFlag struct {
	Baseline string `help:"What to compare with: live for what the service of this data folder said, or the number or name of another rescoring. Default: as the rescoring was begun with." placeholder:"live|N|NAME"`
}

// overOrNot refuses to speak of a rescoring that is not through as if it were.
func overOrNot(r rescore.Rescoring) string {
	if r.State == rescore.StateDone {
		return ""
	}
	return fmt.Sprintf("rescoring %d is %s: %d of %d studies are through, and what follows is of these", r.ID, r.State, r.Totals.StudiesDone, r.Totals.Studies)
}
