package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"

	"nafas/dicomio/pixel"
	"nafas/internal/rescore"
	"nafas/internal/rescore/relay"
	"nafas/internal/rescore/sources"
)

// sourceRack holds the source of each rescoring, which is opened once.
type sourceRack struct {
	flags rescoreFlags
	// home is the Rescoring.Home of what this process works; "" for any.
	home     string
	insecure bool
	// relay makes the source of the files that are on other machines; nil for none.
	relay func(relay.Spool) (*relay.Source, error)
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
	if k.isAway(r) {
		away, err := k.relay(k.relayed)
		if err != nil {
			return nil, err
		}
		return away.For(r.ID), nil
	}
	if r.Source.Kind == rescore.SourceDIMSE && k.elsewhere(r) {
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

// isAway says that another machine hands out the files. DICOMweb services are asked
// by each machine itself.
func (k *sourceRack) isAway(r rescore.Rescoring) bool {
	return k.relay != nil && r.ID != 0 && k.elsewhere(r) && r.Source.Kind != rescore.SourceWeb
}

func (k *sourceRack) elsewhere(r rescore.Rescoring) bool { return k.home != "" && r.Home != k.home }

// options are those of all sources.
func (k *sourceRack) options(fetches bool) (sources.Options, error) {
	o := sources.Options{Insecure: k.insecure, Decoded: pixel.Known(), Own: []string{k.flags.Data, k.flags.spool()}, Log: k.log}
	if !fetches {
		return o, nil
	}
	var err error
	o.Spool, err = k.openSpool()
	return o, err
}

// mostSpools is how many processes may share a folder for what they fetch.
const mostSpools = 64

// openSpool opens a folder for what is fetched, for whoever is the first to fetch;
// each process has one of its own.
func (k *sourceRack) openSpool() (*sources.Spool, error) {
	for n := 1; k.spool == nil; n++ {
		spool, err := sources.OpenSpool(filepath.Join(k.flags.spool(), strconv.Itoa(n)))
		switch {
		case err == nil:
			k.spool = spool
		case !errors.Is(err, sources.ErrSpoolInUse) || n == mostSpools:
			return nil, err
		}
	}
	return k.spool, nil
}

// relayed makes a folder for what another machine hands out.
func (k *sourceRack) relayed() (dir string, remove func(), err error) {
	k.mu.Lock()
	spool, err := k.openSpool()
	k.mu.Unlock()
	if err != nil {
		return "", nil, err
	}
	return spool.Folder()
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
