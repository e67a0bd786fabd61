package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"nafas/dicomio/match"
	"nafas/internal/audit"
	"nafas/internal/store"
	"nafas/internal/triage"
)

type rescoreEraseCmd struct {
	ledgerFlags
	UIDs    []string `arg:"" optional:"" name:"study" help:"UIDs of studies."`
	Studies string   `help:"File with more UIDs of studies, one a line; - for standard input." placeholder:"FILE"`
	Yes     bool     `help:"Do not ask."`
}

// pastProof says what was erased from rescorings alone. It names nobody.
type pastProof struct {
	ErasedAt time.Time `json:"erased_at"`
	// Studies are pseudonyms, as in the log.
	Studies    []string                  `json:"studies"`
	Rescorings []store.RescoringsErasure `json:"rescorings"`
	NotErased  []string                  `json:"not_erased"`
}

// Run erases studies that rescorings alone know: of an archive whose patients the
// service never saw, nobody can say by a Patient ID which are theirs.
func (c *rescoreEraseCmd) Run(s *streams, ctx kongContext) error {
	uids, err := c.uids()
	if err != nil {
		return err
	}
	if err := notOfService(ctx, c.Data, uids); err != nil {
		return err
	}
	past, err := openPast(ctx, c.Data, c.databaseFlags, s.calm())
	if err != nil {
		return err
	}
	proof, err := c.erase(ctx, s, past, uids)
	if err = errors.Join(err, past.close()); err != nil {
		return err
	}
	out := json.NewEncoder(s.out)
	out.SetIndent("", "  ")
	return out.Encode(proof)
}

func (c *rescoreEraseCmd) uids() ([]string, error) {
	out := slices.Clone(c.UIDs)
	for _, uid := range out {
		if !match.UID(uid) {
			return nil, usage("%q is no UID", uid)
		}
	}
	if c.Studies != "" {
		if c.Studies == "-" && !c.Yes {
			return nil, usage("standard input is the list of studies: say --yes, nobody can be asked")
		}
		more, err := readUIDs(c.Studies, os.Stdin)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	if len(out) == 0 {
		return nil, usage("say which studies, by their UIDs")
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// notOfService refuses studies that the service of the folder has: a comparison
// with it would say that the rescoring could not read them.
func notOfService(ctx context.Context, data string, uids []string) error {
	live, err := store.WatchLive(data)
	if err != nil || live == nil {
		return err
	}
	for _, uid := range uids {
		_, err := live.Study(ctx, uid)
		if err == nil {
			err = usage("the service of this folder has study %s: nafas erase PATIENT_ID erases it everywhere", uid)
		}
		if !errors.Is(err, triage.ErrNotFound) {
			return errors.Join(err, live.Close())
		}
	}
	return live.Close()
}

func (c *rescoreEraseCmd) erase(ctx context.Context, s *streams, past *pastLedgers, uids []string) (pastProof, error) {
	proof := pastProof{ErasedAt: time.Now().UTC(), NotErased: store.NotErased}
	pseudonyms, err := triage.LoadPseudonyms(pseudonymKey(c.Data))
	if err != nil {
		return proof, err
	}
	for _, uid := range uids {
		proof.Studies = append(proof.Studies, pseudonyms.Study(uid))
	}
	found, err := past.erasable(ctx, uids)
	if err != nil {
		return proof, err
	}
	listPast(s.err, found)
	if len(found) == 0 {
		fmt.Fprintln(s.err, "no rescoring here knows any of these studies: check their UIDs. What an erasure that was broken off left behind is cleared away.")
	} else if !c.Yes && !agreed(os.Stdin, s.err) {
		return proof, errors.New("nothing was erased")
	}
	if err := c.record(ctx, s, proof.Studies); err != nil {
		return proof, fmt.Errorf("nothing was erased: %w", err)
	}
	// What has begun is brought to its end, whoever loses patience.
	proof.Rescorings, err = past.erase(context.WithoutCancel(ctx), uids)
	return proof, err
}

// record keeps who did it, where the folder has an audit trail. The studies are in
// its words as pseudonyms: beside the trail their UIDs would be kept.
func (c *rescoreEraseCmd) record(ctx context.Context, s *streams, studies []string) error {
	live, err := store.WatchLive(c.Data)
	if err != nil || live == nil {
		return err
	}
	if err := live.Close(); err != nil {
		return err
	}
	books, trail, err := booksFlags{Data: c.Data}.open(ctx, s)
	if err != nil {
		return err
	}
	event := audit.Event{Kind: audit.Deleted, Who: shellUser(), Detail: "nafas rescore erase " + strings.Join(studies, " ")}
	return errors.Join(trail.Record(ctx, event), books.Close())
}
