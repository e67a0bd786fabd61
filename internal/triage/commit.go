package triage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// recordTimeout bounds the transaction of a commit, which no caller's leaving
// interrupts: whether it happened would not be known.
const recordTimeout = time.Minute

// Commit makes everything that was put durable: contents, names, then rows
// and jobs in one transaction. Only then it returns the receipt.
func (u *Upload) Commit(ctx context.Context) (Receipt, error) {
	if err := u.syncs.Wait(); err != nil {
		return Receipt{}, diskError(err)
	}
	if err := ctx.Err(); err != nil {
		return Receipt{}, err
	}
	if !u.close() {
		return Receipt{}, errors.New("the upload is closed")
	}
	defer u.discard()
	recorded, err := u.record(ctx)
	if err != nil {
		return Receipt{}, diskError(err)
	}
	return u.told(ctx, recorded), nil
}

// told tells of what was recorded: readings that lost their study, the log,
// those who watch.
func (u *Upload) told(ctx context.Context, recorded Recorded) Receipt {
	u.s.running.interrupt(recorded.Dropped)
	receipt := u.receipt(recorded)
	u.meter(recorded)
	u.s.log.InfoContext(ctx, "taken in", "studies", len(receipt.StudyUIDs), "accepted", receipt.Accepted,
		"repeated", receipt.Repeated, "refused", len(receipt.Refused), "reasons", receipt.reasons())
	u.s.hub.changed()
	return receipt
}

// record places the files and writes the rows, one upload at a time, so that
// what the places were chosen by is still true in the transaction, and after
// what the inbox has acknowledged.
func (u *Upload) record(ctx context.Context) (recorded Recorded, err error) {
	u.s.committing.Lock()
	defer u.s.committing.Unlock()
	err = u.s.inbox.before(ctx, func() error {
		recorded, err = u.write(ctx)
		return err
	})
	return recorded, err
}

// write is record under its locks.
func (u *Upload) write(ctx context.Context) (Recorded, error) {
	s := u.s
	moves, err := u.plan(ctx)
	if err != nil {
		return Recorded{}, err
	}
	if err := s.files.Place(ctx, moves); err != nil {
		return Recorded{}, err
	}
	now := s.opt.Now()
	in := Intake{Submission: u.sub, At: now, QuietUntil: now.Add(s.opt.Quiet), Recipe: s.live.recipe()}
	for i, f := range u.files {
		in.Files = append(in.Files, IntakeFile{
			Header: f.header, Refusal: f.refusal, ForItself: f.forItself,
			File: StoredFile{Path: moves[i].To, SHA256: f.sum, Bytes: f.bytes},
		})
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	recorded, err := s.store.Record(ctx, in)
	if err != nil {
		// Whether the rows are there may be unknown, so the files stay; the
		// next start removes what no row points at.
		return Recorded{}, err
	}
	var unused []string
	for i, r := range recorded.Files {
		if r.Unused && moves[i].To != "" {
			unused = append(unused, moves[i].To)
		}
	}
	if err := s.files.Remove(unused); err != nil {
		s.log.WarnContext(ctx, "a file that is not needed stays until the next start", "error", err)
	}
	return recorded, nil
}

// plan says where each file goes; a move without From is a file of which
// nothing is kept.
func (u *Upload) plan(ctx context.Context) ([]Move, error) {
	var uids []string
	for _, f := range u.files {
		if f.refusal == nil {
			uids = append(uids, f.header.SOPUID)
		}
	}
	known, err := u.s.store.Known(ctx, uids)
	if err != nil {
		return nil, err
	}
	moves := make([]Move, len(u.files))
	for i := range u.files {
		if err := u.s.recognise(ctx, &u.files[i], known); err != nil {
			return nil, err
		}
		moves[i] = u.files[i].move(known)
	}
	return moves, nil
}

// recognise looks closer at what seems to be a changed duplicate: one image
// may come in two transfer syntaxes. It takes over the sum of the stored
// image where they show the same.
func (s *Service) recognise(ctx context.Context, f *spooled, known map[string]Known) error {
	k, ok := known[f.header.SOPUID]
	if f.refusal != nil || !ok || k.Path == "" {
		return nil
	}
	if outcome, _ := Classify(&k, f.header.Pixels, f.sum); outcome != Quarantine {
		return nil
	}
	stored, err := s.files.Read(k.Path)
	if err != nil {
		return err
	}
	weight := min(f.bytes+int64(len(stored)), s.opt.ParseBytes)
	if err := s.parsing.Acquire(ctx, weight); err != nil {
		return err
	}
	defer s.parsing.Release(weight)
	data, release, err := f.spool.Read()
	if err != nil {
		return err
	}
	defer release()
	if s.opt.SameImage(stored, data) {
		f.header.Pixels = k.Pixels
	}
	return nil
}

// move decides on the place of one file, and adds the file to what is known,
// so that a twin later in the same upload is seen.
func (f spooled) move(known map[string]Known) Move {
	if f.refusal != nil {
		return Move{From: f.spool, Place: PlaceQuarantine, Study: f.header.StudyUID}
	}
	var before *Known
	if k, ok := known[f.header.SOPUID]; ok {
		before = &k
	}
	switch outcome, _ := Classify(before, f.header.Pixels, f.sum); outcome {
	case Repeat:
		return Move{}
	case Quarantine:
		return Move{From: f.spool, Place: PlaceQuarantine, Study: f.header.StudyUID}
	default:
		k := known[f.header.SOPUID]
		// A later one of this batch is compared with the file where it lies now.
		known[f.header.SOPUID] = Known{Pixels: f.header.Pixels, Files: append(slices.Clone(k.Files), f.sum), Path: cmp.Or(k.Path, f.spool.Path())}
		return Move{From: f.spool, Place: PlaceInstances, Study: f.header.StudyUID}
	}
}

func (u *Upload) receipt(recorded Recorded) Receipt {
	out := Receipt{Refused: u.refused}
	for i, r := range recorded.Files {
		f := u.files[i]
		switch r.Outcome {
		case Accept:
			out.Accepted++
		case Repeat, NewVersion:
			out.Repeated++
		case Quarantine:
			out.Refused = append(out.Refused, RefusedFile{Name: f.name, Err: r.Refusal})
			continue
		}
		out.StudyUIDs = append(out.StudyUIDs, f.header.StudyUID)
	}
	slices.Sort(out.StudyUIDs)
	out.StudyUIDs = slices.Compact(out.StudyUIDs)
	return out
}

// reasons are those of the refused files, each once, sorted.
func (r Receipt) reasons() []string {
	var out []string
	for _, f := range r.Refused {
		out = append(out, string(f.Err.Reason))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
