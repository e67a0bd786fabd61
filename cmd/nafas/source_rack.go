package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

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

	mu   sync.Mutex
	open map[int64]rescore.Source
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
	if r.ID == 0 {
		return nil, sources.Check(r.Source, k.options())
	}
	if r.Source.Kind == rescore.SourceDIMSE && r.Home != k.host {
		return nil, fmt.Errorf("the archive sends the studies of rescoring %d to %s alone: say --files-from", r.ID, r.Home)
	}
	source, err := sources.Open(r.Source, k.options())
	if err != nil {
		return nil, err
	}
	if k.open == nil {
		k.open = map[int64]rescore.Source{}
	}
	k.open[r.ID] = source
	return source, nil
}

// away is the source of what another machine hands out. DICOMweb services are
// asked by each machine itself.
func (k *sourceRack) away(r rescore.Rescoring) (rescore.Source, bool) {
	return k.relay, k.relay != nil && r.ID != 0 && r.Home != k.host && r.Source.Kind != rescore.SourceWeb
}

func (k *sourceRack) options() sources.Options {
	return sources.Options{Spool: k.flags.spool(), Insecure: k.insecure}
}

// close ends what sources hold open, such as listeners.
func (k *sourceRack) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, source := range k.open {
		if c, ok := source.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	k.open = nil
	return errors.Join(errs...)
}
