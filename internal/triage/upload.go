package triage

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"nafas/dicomio/refusal"
)

// syncsAtOnce is how many files of one upload are synced in parallel: file
// systems join concurrent syncs into one write of their journal.
const syncsAtOnce = 16

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
	// forItself is IntakeFile.ForItself.
	forItself bool
	// contradicts: its sender has heard that the instance is known with other
	// pixels.
	contradicts bool
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
	d, err := s.Disk()
	if err != nil {
		return err
	}
	if d.Full() {
		return busy(ErrDiskFull, "%d MiB are free in the data folder, less than the %d MiB that intake leaves", d.FreeBytes>>20, d.WatermarkBytes>>20)
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
	f, err := u.s.receive(ctx, name, spool, r)
	if err != nil {
		spool.Discard()
		return diskError(err)
	}
	if f.spool == nil {
		spool.Discard()
		u.keep(func() { u.refused = append(u.refused, RefusedFile{Name: name, Err: f.refusal}) })
		return nil
	}
	f.forItself = true
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
func (s *Service) receive(ctx context.Context, name string, spool SpoolFile, r io.Reader) (spooled, error) {
	limit := s.opt.MaxFileBytes
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
	if f.header, err = s.header(ctx, spool, n); err != nil {
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
