package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"nafas/dicomio/pixel"
	"nafas/internal/rescore"
	"nafas/internal/rescore/relay"
	"nafas/internal/rescore/sources"
)

// sourceRack holds the source of each rescoring, which is opened once.
type sourceRack struct {
	flags    rescoreFlags
	host     string
	insecure bool
	// relay has the files that are on other machines; nil for none.
	relay *relay.Source
	log   *slog.Logger

	mu    sync.Mutex
	spool *sources.Spool
	open  map[int64]sources.Source
}

var _ rescore.Sources = (*sourceRack)(nil)

// Open implements rescore.Sources. A rescoring that was not kept yet has no
// number, and its source is checked and not held.
func (k *sourceRack) Open(_ context.Context, r rescore.Rescoring) (rescore.Source, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if source, is := k.open[r.ID]; is {
		return source, nil
	}
	if s, is := k.away(r); is {
		return s, nil
	}
	if r.Source.Kind == rescore.SourceDIMSE && r.Home != k.host {
		return nil, fmt.Errorf("the archive sends the studies of rescoring %d to %s alone: say --files-from", r.ID, r.Home)
	}
	opt, err := k.options(r.ID != 0)
	if err != nil {
		return nil, err
	}
	source, err := sources.Open(r.Source, opt)
	if err != nil || r.ID == 0 {
		return source, err
	}
	if k.open == nil {
		k.open = map[int64]sources.Source{}
	}
	k.open[r.ID] = source
	return source, nil
}

// away is the source of what another machine hands out. DICOMweb services are
// asked by each machine itself.
func (k *sourceRack) away(r rescore.Rescoring) (rescore.Source, bool) {
	return k.relay, k.relay != nil && r.ID != 0 && r.Home != k.host && r.Source.Kind != rescore.SourceWeb
}

// options are those of all sources. The spool is opened by the first that fetches.
func (k *sourceRack) options(fetches bool) (sources.Options, error) {
	o := sources.Options{Insecure: k.insecure, Decoded: pixel.Known(), Log: k.log}
	if !fetches {
		return o, nil
	}
	if k.spool == nil {
		var err error
		if k.spool, err = sources.OpenSpool(k.flags.spool()); err != nil {
			return o, err
		}
	}
	o.Spool = k.spool
	return o, nil
}

// close ends what sources hold open, such as listeners.
func (k *sourceRack) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, source := range k.open {
		errs = append(errs, source.Close())
	}
	if k.spool != nil {
		errs = append(errs, k.spool.Close())
	}
	k.open, k.spool = nil, nil
	return errors.Join(errs...)
}
