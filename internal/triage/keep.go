package triage

import (
	"context"
	"time"

	"nafas/dicomio/refusal"
)

// KeepRule says how long the images of a study are kept after its last change
// or the last storage commitment of it; 0 is for ever.
type KeepRule struct{ Done, NotAssessed, Failed time.Duration }

// Of is how long images of a study in a state are kept; 0 is for ever.
func (k KeepRule) Of(s State) time.Duration {
	switch s {
	case Done:
		return k.Done
	case NotAssessed:
		return k.NotAssessed
	case Failed:
		return k.Failed
	default:
		return 0
	}
}

// Kept says why images stay though a study is past its days; "" where they do
// not.
type Kept string

// The reasons.
const (
	// KeptBusy: something of the study is on its way, it has a job, or its
	// days began anew.
	KeptBusy Kept = "busy"
	// KeptHeld: a person has to look at it.
	KeptHeld Kept = "held"
	// KeptUndelivered: a destination does not have what is said of it.
	KeptUndelivered Kept = "undelivered"
)

// Keeper is the part of the store that forgets images. Rows go first, in one
// transaction that lists the files, then the files: a crash in between leaves
// files that the next Bury, or start, deletes.
type Keeper interface {
	// PastDays returns up to limit studies that are final, have files, and are
	// past their days, in the order of their UIDs after the given one.
	PastDays(ctx context.Context, at time.Time, k KeepRule, after string, limit int) ([]string, error)
	// Forget deletes the rows of all files of a study, or says why they stay.
	// Study, series, result, readings and deliveries remain.
	Forget(ctx context.Context, studyUID string, at time.Time, k KeepRule) (Kept, error)
	// Bury deletes the files whose rows are gone. While a backup runs it does
	// nothing.
	Bury(ctx context.Context) (files int, err error)
	// Promise says which instances are stored, and begins the days of their
	// studies anew.
	Promise(ctx context.Context, sopUIDs []string, at time.Time) (map[string]bool, error)
}

// Forgotten is what one round of Forget did.
type Forgotten struct {
	Studies, Files int
	// Kept counts studies that are past their days and stay.
	Kept map[Kept]int
}

// pastAtOnce is how many studies are looked for at once.
const pastAtOnce = 100

// Forget deletes the images of studies that are past their days. It looks at
// every study once, and keeps intake waiting for one at a time.
func (s *Service) Forget(ctx context.Context, k KeepRule) (Forgotten, error) {
	out := Forgotten{Kept: map[Kept]int{}}
	now := s.opt.Now()
	for after := ""; ; {
		past, err := s.store.PastDays(ctx, now, k, after, pastAtOnce)
		if err != nil {
			return out, err
		}
		for _, uid := range past {
			kept, err := s.forget(ctx, uid, now, k)
			if err != nil {
				return out, err
			}
			if kept != "" {
				out.Kept[kept]++
				continue
			}
			out.Studies++
			s.log.InfoContext(ctx, "the days of a study are over: its images are deleted", "study", s.name(uid))
		}
		if len(past) < pastAtOnce {
			break
		}
		after = past[len(past)-1]
	}
	if out.Studies > 0 {
		s.hub.changed()
	}
	if n := out.Kept[KeptUndelivered]; n > 0 {
		s.log.WarnContext(ctx, "studies are past their days and kept, because a destination does not have their results", "studies", n)
	}
	var err error
	out.Files, err = s.store.Bury(ctx)
	return out, err
}

// forget has one study forgotten while nothing comes in: what a sender was
// told of an instance is recorded before.
func (s *Service) forget(ctx context.Context, uid string, now time.Time, k KeepRule) (kept Kept, err error) {
	s.committing.Lock()
	defer s.committing.Unlock()
	err = s.inbox.before(ctx, func() error {
		if len(s.inbox.sending[uid]) > 0 {
			kept = KeptBusy
			return nil
		}
		kept, err = s.store.Forget(ctx, uid, now, k)
		return err
	})
	return kept, err
}

// PartOfGone is why a CT series is not read that came alone to a study whose
// other images are gone (Facts.Partial).
func PartOfGone() *refusal.Error {
	return refusal.New(refusal.NoUsableSeries, "send all of the study again to have it read anew",
		"images of the study that were read are deleted, and a result of this series alone would be one of a part")
}
