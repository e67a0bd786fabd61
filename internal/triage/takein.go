package triage

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"

	"nafas/dicomio/refusal"
)

// takeIn spools the bytes, and reads the header and the sum while they become
// durable. The spool file of what it returns is nil where the file is too large
// to be kept.
func (s *Service) takeIn(ctx context.Context, spool SpoolFile, r io.Reader) (spooled, error) {
	start := startBuffers.Get().(*[startBytes]byte)
	defer startBuffers.Put(start)
	limit := s.opt.MaxFileBytes
	n, data, err := copyIn(spool, io.LimitReader(contextReader{ctx, r}, limit+1), start[:])
	if err != nil {
		return spooled{}, err
	}
	if n > limit {
		return spooled{refusal: refusal.New(refusal.TooLarge, "", "the file has more than %d bytes", limit)}, nil
	}
	synced := make(chan error, 1)
	go func() { synced <- spool.Sync() }()
	var f spooled
	if data != nil {
		f, err = s.see(spool, data)
	} else {
		f, err = s.look(ctx, spool, n)
	}
	return f, errors.Join(err, <-synced)
}

// startBytes hold a CT slice, so that it is not read again from the disk.
const startBytes = 1 << 20

var startBuffers = sync.Pool{New: func() any { return new([startBytes]byte) }}

// copyIn copies r to w. data is what was copied, where it fits into start.
func copyIn(w io.Writer, r io.Reader, start []byte) (n int64, data []byte, err error) {
	k := 0
	for err == nil && k < len(start) {
		var read int
		read, err = r.Read(start[k:])
		k += read
	}
	// Not io.ReadFull: it says io.ErrUnexpectedEOF for a short file, and so
	// does a sender that broke off.
	if err != nil && !errors.Is(err, io.EOF) {
		return int64(k), nil, err
	}
	if _, failed := w.Write(start[:k]); failed != nil {
		return int64(k), nil, failed
	}
	if err != nil {
		return int64(k), start[:k], nil
	}
	rest, err := io.Copy(w, r)
	return int64(k) + rest, nil, err
}

// look reads a file that lies in the inbox, within the memory that all
// uploads share.
func (s *Service) look(ctx context.Context, spool SpoolFile, size int64) (spooled, error) {
	weight := min(size, s.opt.ParseBytes)
	if err := s.parsing.Acquire(ctx, weight); err != nil {
		return spooled{}, err
	}
	defer s.parsing.Release(weight)
	data, release, err := spool.Read()
	if err != nil {
		return spooled{}, err
	}
	defer release()
	return s.see(spool, data)
}

// see is what intake must know of a file. Nothing of it refers to data.
func (s *Service) see(spool SpoolFile, data []byte) (spooled, error) {
	f := spooled{spool: spool, bytes: int64(len(data))}
	summed := make(chan Sum, 1)
	go func() { summed <- sha256.Sum256(data) }()
	var err error
	f.header, err = s.headers(data)
	f.sum = <-summed
	if err != nil && !errors.As(err, &f.refusal) {
		return spooled{}, err
	}
	return f, nil
}
