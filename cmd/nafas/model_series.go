package main

import (
	"fmt"

	"nafas/dicomio"
)

// eachChosen calls do for the series that would be read of every study below
// the paths. An error of one series is told and does not end the others.
func eachChosen(s *streams, ctx kongContext, paths []string, do func(*dicomio.Series) error) error {
	items, err := walkAll(ctx, s, paths)
	if err != nil {
		return err
	}
	inventory, err := dicomio.Load(ctx, items, dicomio.LoadOptions{})
	if err != nil {
		return err
	}
	good, failed := 0, 0
	for _, study := range dicomio.Studies(dicomio.Group(inventory.Instances)) {
		choice := dicomio.Choose(study.Series)
		for _, r := range choice.Rejected {
			fmt.Fprintf(s.err, "series %s is left out: %v\n", r.Series.UID, r.Err)
		}
		if len(choice.Usable) == 0 {
			failed++
			continue
		}
		if err := do(choice.Usable[0]); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			fmt.Fprintf(s.err, "series %s: %v\n", choice.Usable[0].UID, err)
			failed++
			continue
		}
		good++
	}
	return refusedError(failed+len(inventory.Refused), good)
}
