package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nafas/internal/audit"
	"nafas/internal/store"
	"nafas/internal/triage"
)

type eraseCmd struct {
	Patient string  `arg:"" optional:"" help:"The Patient ID." placeholder:"PATIENT_ID"`
	Issuer  *string `help:"The issuer of the ID, where IDs of several are stored; '' for none." placeholder:"ISSUER"`
	Data    string  `help:"Data folder of a service that is stopped." default:"nafas-data" type:"existingdir"`
	databaseFlags
	Yes    bool `help:"Do not ask."`
	Proofs bool `help:"Print the proofs of all erasures so far, and erase nothing."`
	Shared bool `help:"Erase studies that name another patient too, as a whole." name:"shared-studies"`
}

// Run lists what is stored of a patient, rescorings included, asks, erases it, and
// prints the proof.
func (c *eraseCmd) Run(s *streams, ctx kongContext) error {
	c.Patient = strings.TrimSpace(c.Patient)
	if (c.Patient == "") != c.Proofs {
		return usage("say whom to erase by the Patient ID, or --proofs alone")
	}
	db, err := openStopped(ctx, c.Data, s)
	if err != nil {
		return err
	}
	var printed any
	if c.Proofs {
		printed, err = db.Proofs(ctx)
	} else {
		printed, err = c.erase(ctx, s, db)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	out := json.NewEncoder(s.out)
	out.SetIndent("", "  ")
	return out.Encode(printed)
}

// openStopped opens a data folder that no server has, and takes up what lies
// in its inbox, as a start does.
func openStopped(ctx context.Context, data string, s *streams) (*store.SQLite, error) {
	if _, err := os.Stat(filepath.Join(data, "nafas.db")); err != nil {
		return nil, fmt.Errorf("%s is no data folder: %w", data, err)
	}
	db, err := store.Open(ctx, data, store.Options{Log: s.logger()})
	if errors.Is(err, store.ErrInUse) {
		return nil, fmt.Errorf("%w: stop the service first", err)
	}
	if err != nil {
		return nil, err
	}
	app := triage.New(db, db, triage.ReadHeader, nil, triage.Options{Log: s.logger()})
	if err := app.Inbox().Recover(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("instances in the inbox: %w", err), db.Close())
	}
	return db, nil
}

func (c *eraseCmd) erase(ctx context.Context, s *streams, db *store.SQLite) (store.Proof, error) {
	pseudonyms, err := triage.LoadPseudonyms(filepath.Join(c.Data, store.PseudonymKeyFile))
	if err != nil {
		return store.Proof{}, err
	}
	found, err := db.Erasable(ctx, store.Whose{ID: c.Patient, Issuer: c.Issuer}, triage.ReadHeader)
	if err != nil {
		return store.Proof{}, err
	}
	if found.Empty() {
		return store.Proof{}, errors.New("nothing is stored of a patient with this ID" + map[bool]string{true: " and issuer"}[c.Issuer != nil] +
			"; of studies that rescorings alone know no patient is kept: nafas rescore erase STUDY_UID")
	}
	if issuers := found.Issuers(); len(issuers) > 1 {
		return store.Proof{}, usage("the ID is stored with several issuers, %q: they may be several people. Say which with --issuer", issuers)
	}
	if err := c.list(s.err, found); err != nil {
		return store.Proof{}, err
	}
	past, err := openPast(ctx, c.Data, c.databaseFlags, s.logger())
	if err != nil {
		return store.Proof{}, err
	}
	proof, err := c.eraseAll(ctx, s, db, past, found, pseudonyms)
	return proof, errors.Join(err, past.close())
}

// eraseAll erases from the rescorings first: once the patient's rows are gone
// nobody knows which studies were theirs.
func (c *eraseCmd) eraseAll(ctx context.Context, s *streams, db *store.SQLite, past *pastLedgers, found store.Erasable, pseudonyms *triage.Pseudonyms) (store.Proof, error) {
	var uids []string
	for _, study := range found.Studies {
		uids = append(uids, study.UID)
	}
	scored, err := past.erasable(ctx, uids)
	if err != nil {
		return store.Proof{}, err
	}
	listPast(s.err, scored)
	if !c.Yes && !agreed(os.Stdin, s.err) {
		return store.Proof{}, errors.New("nothing was erased")
	}
	deleted := audit.Event{Kind: audit.Deleted, Who: shellUser(), Detail: "nafas erase", StudyUIDs: uids}
	// Before: afterwards nobody knows whose they were.
	if err := audit.NewTrail(db.Books(), pseudonyms.Study).Record(ctx, deleted); err != nil {
		return store.Proof{}, fmt.Errorf("nothing was erased: %w", err)
	}
	// What has begun is brought to its end, whoever loses patience.
	ctx = context.WithoutCancel(ctx)
	if found.Rescorings, err = past.erase(ctx, uids); err != nil {
		return store.Proof{}, fmt.Errorf("erasing from the rescorings: %w. The rest is still there: run nafas erase again", err)
	}
	proof, err := db.Erase(ctx, found, time.Now(), pseudonyms.Study)
	if err != nil {
		return proof, fmt.Errorf("%w. Run nafas erase --proofs: it finishes what was begun, and its proof is among them", err)
	}
	return proof, nil
}

// list says what will go; it refuses what another patient would lose.
func (c *eraseCmd) list(w io.Writer, e store.Erasable) error {
	fmt.Fprintf(w, "%d records of the patient:\n", len(e.Patients))
	for _, p := range e.Patients {
		fmt.Fprintf(w, "  %q, issuer %q, born %q\n", p.Name, p.Issuer, p.BirthDate)
	}
	for _, study := range e.Studies {
		fmt.Fprintf(w, "study %s, %s, received %s: %d instances, %d in quarantine, %d entries of readers\n", study.UID, study.State,
			study.ReceivedAt.Local().Format("2006-01-02"), study.Instances, study.Quarantined, study.ReviewEntries)
	}
	if e.Quarantined+e.Versions > 0 {
		fmt.Fprintf(w, "beside them %d files in quarantine and %d older versions of images that are another patient's now\n", e.Quarantined, e.Versions)
	}
	shared := slices.ContainsFunc(e.Studies, func(s store.ErasableStudy) bool { return s.Shared })
	if shared && !c.Shared {
		for _, study := range e.Studies {
			if study.Shared {
				fmt.Fprintf(w, "study %s names another patient too\n", study.UID)
			}
		}
		return errors.New("a study would be erased for another patient too: correct the patient in the sending system and send the study again, " +
			"or say --shared-studies to erase it as a whole. Nothing was erased")
	}
	return nil
}

func agreed(in io.Reader, w io.Writer) bool {
	fmt.Fprint(w, "Erase all of this? It cannot be undone. Type yes: ")
	answer, err := bufio.NewReader(in).ReadString('\n')
	return err == nil && strings.TrimSpace(answer) == "yes"
}
