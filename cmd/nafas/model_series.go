package main

import (
	"context"
	"fmt"

	"nafas/dicomio"
)

// usableSeries finds the series that triage would read, one a study; what is
// refused is said on standard error and counted.
func usableSeries(s *streams, ctx context.Context, paths []string) (list []*dicomio.Series, failed int, err error) {
	items, err := walkAll(ctx, s, paths)
	if err != nil {
		return nil, 0, err
	}
	inventory, err := dicomio.Load(ctx, items, dicomio.LoadOptions{})
	if err != nil {
		return nil, 0, err
	}
	for _, r := range inventory.Refused {
		fmt.Fprintf(s.err, "refused: %s: %v\n", r.Name, r.Err)
	}
	if len(inventory.Refused) > 0 { // they may belong to a series that is read
		failed++
	}
	for _, study := range dicomio.Studies(dicomio.Group(inventory.Instances)) {
		choice := dicomio.Choose(study.Series)
		for _, r := range choice.Rejected {
			fmt.Fprintf(s.err, "series %s is left out: %v\n", r.Series.UID, r.Err)
		}
		if len(choice.Usable) == 0 {
			failed++
			continue
		}
		list = append(list, choice.Usable[0])
	}
	return list, failed, nil
}

// eachChosen calls do for the series that would be read of every study below
// the paths. An error of one series is told and does not end the others.
func eachChosen(s *streams, ctx kongContext, paths []string, do func(*dicomio.Series) error) error {
	list, failed, err := usableSeries(s, ctx, paths)
	if err != nil {
		return err
	}
	good := 0
	for _, series := range list {
		if err := do(series); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			fmt.Fprintf(s.err, "series %s: %v\n", series.UID, err)
			failed++
			continue
		}
		good++
	}
	return refusedError(failed, good)
}
