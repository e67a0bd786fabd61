package triage

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"nafas/dicomio/refusal"
)

// syncsAtOnce is how many files of one upload are synced in parallel: file
// systems join concurrent syncs into one write of their journal.
const syncsAtOnce = 16

// recordTimeout bounds the transaction of a commit, which no caller's leaving
// interrupts: whether it happened would not be known.
const recordTimeout = time.Minute

// Upload is one sender's files on their way in. Its methods may be called
// from several goroutines, Commit and Abort after the last Put.
type Upload struct {
	s      *Service
	sub    Submission
	syncs  *errgroup.Group
	mu     sync.Mutex
	closed bool
	files  []spooled
	// refused are files of which nothing could be kept.
	refused []RefusedFile
}

type spooled struct {
	name    string
	spool   SpoolFile
	header  Header
	sum     Sum
	bytes   int64
	refusal *refusal.Error
}

// Begin opens an upload. ErrBusy or ErrDiskFull where nothing is taken in
// now.
func (s *Service) Begin(_ context.Context, sub Submission) (*Upload, error) {
	if err := s.room(); err != nil {
		return nil, err
	}
	if sub.Priority == "" {
		sub.Priority = RequestRoutine
	}
	select {
	case s.uploads <- struct{}{}:
	default:
		return nil, busy(ErrBusy, "%d uploads are open, the most that this server takes at once", cap(s.uploads))
	}
	u := &Upload{s: s, sub: sub, syncs: &errgroup.Group{}}
	u.syncs.SetLimit(syncsAtOnce)
	return u, nil
}

// room checks the watermark.
func (s *Service) room() error {
	free, err := s.files.FreeBytes()
	if err != nil {
		return err
	}
	if free < s.opt.MinFreeBytes {
		return busy(ErrDiskFull, "%d MiB are free in the data folder, less than the %d MiB that intake leaves", free>>20, s.opt.MinFreeBytes>>20)
	}
	return nil
}

// Put takes one file. What is wrong with the file itself goes into the
// receipt; an error is the reader's own or the system's, after which the
// upload can only be aborted.
func (u *Upload) Put(ctx context.Context, name string, r io.Reader) error {
	if err := u.full(); err != nil {
		return err
	}
	if err := u.s.room(); err != nil {
		return err
	}
	spool, err := u.s.files.Spool()
	if err != nil {
		return diskError(err)
	}
	f, err := u.receive(ctx, name, spool, r)
	if err != nil {
		spool.Discard()
		return diskError(err)
	}
	if f.spool == nil {
		spool.Discard()
		u.keep(func() { u.refused = append(u.refused, RefusedFile{Name: name, Err: f.refusal}) })
		return nil
	}
	u.keep(func() { u.files = append(u.files, f) })
	u.syncs.Go(spool.Sync)
	return nil
}

func (u *Upload) keep(f func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f()
}

func (u *Upload) full() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return errors.New("the upload is closed")
	}
	if n := len(u.files) + len(u.refused); n >= u.s.opt.MaxUploadFiles {
		return refusal.New(refusal.TooLarge, "send the files in several uploads", "the upload has more than %d files", n)
	}
	return nil
}

// receive spools the bytes and reads the header. The spool file of what it
// returns is nil where the file is too large to be kept.
func (u *Upload) receive(ctx context.Context, name string, spool SpoolFile, r io.Reader) (spooled, error) {
	limit := u.s.opt.MaxFileBytes
	in := &hashing{r: io.LimitReader(contextReader{ctx, r}, limit+1), hash: sha256.New()}
	n, err := io.Copy(spool, in)
	if err != nil {
		return spooled{}, err
	}
	f := spooled{name: name, bytes: n}
	if n > limit {
		f.refusal = refusal.New(refusal.TooLarge, "", "the file has more than %d bytes", limit)
		return f, nil
	}
	f.spool = spool
	in.hash.Sum(f.sum[:0])
	if f.header, err = u.s.header(ctx, spool, n); err != nil {
		if !errors.As(err, &f.refusal) {
			return spooled{}, err
		}
	}
	return f, nil
}

// header reads a header within the memory that all uploads share.
func (s *Service) header(ctx context.Context, spool SpoolFile, size int64) (Header, error) {
	weight := min(size, s.opt.ParseBytes)
	if err := s.parsing.Acquire(ctx, weight); err != nil {
		return Header{}, err
	}
	defer s.parsing.Release(weight)
	data, release, err := spool.Read()
	if err != nil {
		return Header{}, err
	}
	defer release()
	return s.headers(data)
}

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
	u.s.running.interrupt(recorded.Dropped)
	receipt := u.receipt(recorded)
	u.s.log.InfoContext(ctx, "taken in", "studies", len(receipt.StudyUIDs), "accepted", receipt.Accepted,
		"repeated", receipt.Repeated, "refused", len(receipt.Refused), "reasons", receipt.reasons())
	u.s.hub.changed()
	return receipt, nil
}

// record places the files and writes the rows, one upload at a time, so that
// what the places were chosen by is still true in the transaction.
func (u *Upload) record(ctx context.Context) (Recorded, error) {
	s := u.s
	s.committing.Lock()
	defer s.committing.Unlock()
	moves, err := u.plan(ctx)
	if err != nil {
		return Recorded{}, err
	}
	if err := s.files.Place(ctx, moves); err != nil {
		return Recorded{}, err
	}
	now := s.opt.Now()
	in := Intake{Submission: u.sub, At: now, QuietUntil: now.Add(s.opt.Quiet), Recipe: s.opt.Recipe}
	for i, f := range u.files {
		in.Files = append(in.Files, IntakeFile{
			Header: f.header, Refusal: f.refusal,
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
		if err := u.recognise(ctx, &u.files[i], known); err != nil {
			return nil, err
		}
		moves[i] = u.files[i].move(known)
	}
	return moves, nil
}

// recognise looks closer at what seems to be a changed duplicate: one image
// may come in two transfer syntaxes. It takes over the sum of the stored
// image where they show the same.
func (u *Upload) recognise(ctx context.Context, f *spooled, known map[string]Known) error {
	k, ok := known[f.header.SOPUID]
	if f.refusal != nil || !ok || k.Path == "" {
		return nil
	}
	if outcome, _ := Classify(&k, f.header.Pixels, f.sum); outcome != Quarantine {
		return nil
	}
	stored, err := u.s.files.Read(k.Path)
	if err != nil {
		return err
	}
	weight := min(f.bytes+int64(len(stored)), u.s.opt.ParseBytes)
	if err := u.s.parsing.Acquire(ctx, weight); err != nil {
		return err
	}
	defer u.s.parsing.Release(weight)
	data, release, err := f.spool.Read()
	if err != nil {
		return err
	}
	defer release()
	if u.s.opt.SameImage(stored, data) {
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
		known[f.header.SOPUID] = Known{Pixels: f.header.Pixels, Files: append(slices.Clone(k.Files), f.sum), Path: k.Path}
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

// Abort forgets the upload. It may be called at any time and more than once;
// after Commit it does nothing.
func (u *Upload) Abort() {
	if !u.close() {
		return
	}
	// A failed sync matters to nobody now.
	_ = u.syncs.Wait()
	u.discard()
}

func (u *Upload) close() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return false
	}
	u.closed = true
	<-u.s.uploads
	return true
}

// discard removes what is still in the spool.
func (u *Upload) discard() {
	for _, f := range u.files {
		f.spool.Discard()
	}
}

// diskError names a full disk as what it is.
func diskError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return busy(ErrDiskFull, "the disk of the data folder is full")
	}
	return err
}

// hashing hashes what is read through it.
type hashing struct {
	r    io.Reader
	hash hash.Hash
}

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.hash.Write(p[:n])
	return n, err
}

// contextReader stops reading when ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
