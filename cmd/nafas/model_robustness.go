package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"nafas/dicomio"
	"nafas/inference/alter"
	"nafas/inference/alter/pair"
	"nafas/inference/finding"
	"nafas/inference/froc"
	"nafas/inference/lung"
	"nafas/inference/volume"
)

type modelRobustnessCmd struct {
	engineFlags
	Paths       []string `arg:"" type:"path" help:"Files, folders, DICOMDIR folders or zip files."`
	Annotations []string `help:"CSV of nodules (LUNA16 columns): how many of them stay flagged." type:"existingfile" placeholder:"FILE" sep:"none"`
	Only        []string `help:"Only these alterations; the report names them all." placeholder:"NAME"`
	Out         string   `help:"Folder for robustness.json, robustness.csv and findings.csv." type:"path" placeholder:"DIR"`
}

// Run reads each series as it is and altered in every way of package alter,
// and counts which findings hold.
func (c *modelRobustnessCmd) Run(s *streams, ctx kongContext) error {
	list, err := chooseAlterations(c.Only)
	if err != nil {
		return err
	}
	annotations, err := c.annotated(s)
	if err != nil {
		return err
	}
	series, failed, err := usableSeries(s, ctx, c.Paths)
	if err != nil {
		return err
	}
	noteStrangers(s, "--annotations", annotations, func(uid string) bool {
		return slices.ContainsFunc(series, func(one *dicomio.Series) bool { return one.UID == uid })
	})
	if len(series) == 0 {
		return refusedError(max(failed, 1), 0)
	}
	engine, err := c.open(ctx, s, true)
	if err != nil {
		return err
	}
	defer engine.close()
	trial := newTrial(list, func(ctx context.Context, v *volume.Volume) ([]finding.Finding, error) {
		out, err := engine.pipeline.Run(ctx, v, nil)
		if err != nil {
			return nil, err
		}
		return out.Detected(), nil
	})
	trial.report.Model = reportModel(engine.identity.Model)
	good := 0
	for i, one := range series {
		fmt.Fprintf(s.err, "series %d of %d: %s\n", i+1, len(series), one.UID)
		ok, err := trial.series(ctx, s, one, lesionsOf(annotations, one.UID))
		if err != nil {
			return err
		}
		if ok {
			good++
		} else {
			failed++
		}
		// Each series takes minutes: what is measured is kept at once.
		if err := trial.save(c.Out); err != nil {
			return err
		}
	}
	if err := trial.print(s); err != nil {
		return err
	}
	return refusedError(failed, good)
}

func chooseAlterations(only []string) ([]alter.Alteration, error) {
	list := alter.Standard()
	if len(only) == 0 {
		return list, nil
	}
	var names []string
	for _, a := range list {
		names = append(names, a.Name)
	}
	for _, name := range only {
		if !slices.Contains(names, name) {
			return nil, usage("no alteration %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	return slices.DeleteFunc(list, func(a alter.Alteration) bool { return !slices.Contains(only, a.Name) }), nil
}

// annotated are the nodules of --annotations; a phantom's truth names mimics
// too, which are none.
func (c *modelRobustnessCmd) annotated(s *streams) ([]froc.Nodule, error) {
	return readPlaces(c.Annotations, func(name string, r io.Reader) ([]froc.Nodule, error) {
		nodules, others, err := froc.ReadNodules(name, r)
		if others > 0 {
			fmt.Fprintf(s.err, "note: %d rows of %s are passed over: their role is not nodule\n", others, name)
		}
		return nodules, err
	})
}

func lesionsOf(list []froc.Nodule, seriesUID string) []pair.Lesion {
	var out []pair.Lesion
	for _, n := range list {
		if n.SeriesUID == seriesUID {
			out = append(out, pair.Lesion{CenterLPSMM: n.CenterLPSMM, DiameterMM: n.SizeMM(), Kind: n.Kind})
		}
	}
	return out
}

// read runs the model on a volume.
type read func(context.Context, *volume.Volume) ([]finding.Finding, error)

// trial reads series altered and gathers what became of their findings.
type trial struct {
	list   []alter.Alteration
	read   read
	report report
}

func newTrial(list []alter.Alteration, r read) *trial {
	t := &trial{list: list, read: r, report: report{Series: []reportSeries{}}}
	for _, a := range list {
		row := reportAlteration{Name: a.Name, What: a.What, Exact: a.Exact, Refused: []reportRefusal{}}
		for _, s := range pair.Strata {
			row.Strata = append(row.Strata, reportStratum{Stratum: s.Name, stratum: s})
		}
		t.report.Alterations = append(t.report.Alterations, row)
	}
	return t
}

// series tries one series. A refusal of the unaltered series is said, and ok
// is false; err is for what ends everything.
func (t *trial) series(ctx context.Context, s *streams, one *dicomio.Series, lesions []pair.Lesion) (ok bool, err error) {
	scan, err := dicomio.Assemble(ctx, one, dicomio.AssembleOptions{})
	if err == nil {
		err = t.volume(ctx, s, one.UID, scan.Volume, lesions)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var none *lung.Error
	if scan != nil && err != nil && !errors.As(err, &none) {
		return false, err
	}
	if err != nil {
		fmt.Fprintf(s.err, "series %s is not read: %v\n", one.UID, err)
		t.report.Series = append(t.report.Series, reportSeries{UID: one.UID, NotRead: err.Error()})
	}
	return err == nil, nil
}

func (t *trial) volume(ctx context.Context, s *streams, uid string, v *volume.Volume, lesions []pair.Lesion) error {
	field, err := lung.Find(ctx, v)
	if err != nil {
		return err
	}
	lo, hi := field.Box(0)
	before, err := t.read(ctx, v)
	if err != nil {
		return err
	}
	row := reportSeries{UID: uid, Findings: len(before), Lesions: len(lesions)}
	for _, f := range before {
		if f.Flagged {
			row.Flagged++
		}
	}
	t.report.Series = append(t.report.Series, row)
	for i, a := range t.list {
		start := time.Now()
		w := a.Apply(v, lo, hi)
		after, err := t.read(ctx, w)
		var none *lung.Error
		switch {
		case errors.As(err, &none):
			// Refused is refused: never a scan without findings.
			fmt.Fprintf(s.err, "  %s: not read: %v\n", a.Name, err)
			t.report.Alterations[i].Refused = append(t.report.Alterations[i].Refused, reportRefusal{uid, err.Error()})
			continue
		case err != nil:
			return err
		}
		t.report.Alterations[i].add(uid, pair.Compare(before, after, lesions, w.Grid))
		fmt.Fprintf(s.err, "  %s: %.1f s\n", a.Name, time.Since(start).Seconds())
	}
	return nil
}
