package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"nafas/internal/triage"
)

// keepFlags say how long images are kept.
type keepFlags struct {
	Done        int `help:"Delete the images of a study so many days after it was read, once every destination has its result; 0 keeps them for ever." name:"done-days" default:"0" placeholder:"DAYS"`
	NotAssessed int `help:"The same for studies that are not assessed; those with two patients are kept." name:"not-assessed-days" default:"0" placeholder:"DAYS"`
	Failed      int `help:"The same for studies whose reading failed." name:"failed-days" default:"0" placeholder:"DAYS"`
}

const day = 24 * time.Hour

// mostDays is a hundred years.
const mostDays = 36500

func (f keepFlags) check() error {
	for _, days := range []int{f.Done, f.NotAssessed, f.Failed} {
		if days < 0 || days > mostDays {
			return usage("--keep-done-days, --keep-not-assessed-days and --keep-failed-days are 0, for ever, or up to %d", mostDays)
		}
	}
	return nil
}

func (f keepFlags) rule() triage.KeepRule {
	return triage.KeepRule{
		Done: time.Duration(f.Done) * day, NotAssessed: time.Duration(f.NotAssessed) * day, Failed: time.Duration(f.Failed) * day,
	}
}

const (
	// forgetEvery is how often studies are looked for that are past their days.
	forgetEvery = time.Hour
	// lookEvery is how often the disk is looked at.
	lookEvery = time.Minute
)

// keeper deletes images after their days and watches the disk.
type keeper struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// startKeeper begins with a round at once.
func startKeeper(app *triage.Service, f keepFlags, log *slog.Logger) *keeper {
	ctx, cancel := context.WithCancel(context.Background())
	k := &keeper{cancel: cancel}
	k.done.Go(func() {
		look := time.NewTicker(lookEvery)
		defer look.Stop()
		var last time.Time
		for ctx.Err() == nil {
			if err := app.WatchDisk(ctx); err != nil {
				log.ErrorContext(ctx, "looking at the disk failed", "error", err)
			}
			if time.Since(last) >= forgetEvery {
				last = time.Now()
				if _, err := app.Forget(ctx, f.rule()); err != nil && ctx.Err() == nil {
					log.ErrorContext(ctx, "deleting images after their days failed; it is tried again", "error", err)
				}
			}
			select {
			case <-ctx.Done():
			case <-look.C:
			}
		}
	})
	return k
}

// stop ends it between two studies. A nil keeper has nothing to end.
func (k *keeper) stop() {
	if k == nil {
		return
	}
	k.cancel()
	k.done.Wait()
}
