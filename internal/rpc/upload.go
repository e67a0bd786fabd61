package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

const (
	// maxChunkBytes is the largest piece of a file in one message.
	maxChunkBytes = 1 << 20
	// maxNameBytes is the longest name of a file (a path on Linux): names of
	// refused files stay in memory until the receipt, and go into it.
	maxNameBytes = 4096
	// uploadIdle is how long an open upload may be silent. Only so many
	// uploads are open at once: without an end, a few that hang would shut
	// everybody else out.
	uploadIdle = 2 * time.Minute
)

// part is what the two upload requests have in common.
type part interface {
	GetHeader() *nafasv1.UploadHeader
	GetChunk() *nafasv1.Chunk
}

// hurried is recv, but for a sender that stays silent for longer than idle.
// The call that is left waiting ends with the stream.
func hurried(idle time.Duration, recv func() (part, error)) func() (part, error) {
	type received struct {
		part part
		err  error
	}
	return func() (part, error) {
		came := make(chan received, 1)
		go func() {
			p, err := recv()
			came <- received{p, err}
		}()
		silence := time.NewTimer(idle)
		defer silence.Stop()
		select {
		case r := <-came:
			return r.part, r.err
		case <-silence.C:
			return nil, withDetails(codes.DeadlineExceeded,
				fmt.Sprintf("nothing came for %s: the upload is ended, and nothing of it was kept", idle), reasonUploadIdle,
				&errdetails.RetryInfo{RetryDelay: durationpb.New(busyRetry)})
		}
	}
}

// receive reads a whole upload: the header, then files, until the sender
// closes its side. Nothing is kept of an upload that breaks off: nothing of
// it was acknowledged.
func receive(ctx context.Context, service *triage.Service, recv func() (part, error)) (*triage.Upload, *nafasv1.UploadHeader, error) {
	header, err := receiveHeader(recv)
	if err != nil {
		return nil, nil, err
	}
	upload, err := service.Begin(ctx, submission(header))
	if err != nil {
		return nil, nil, err
	}
	if err := receiveFiles(ctx, upload, recv); err != nil {
		upload.Abort()
		return nil, nil, err
	}
	return upload, header, nil
}

func receiveHeader(recv func() (part, error)) (*nafasv1.UploadHeader, error) {
	first, err := recv()
	if errors.Is(err, io.EOF) {
		return nil, invalid("header", "is missing: the stream is empty")
	}
	if err != nil {
		return nil, err
	}
	header := first.GetHeader()
	if header == nil {
		return nil, invalid("header", "must be the first part of an upload")
	}
	return header, validateHeader(header)
}

func submission(h *nafasv1.UploadHeader) triage.Submission {
	priority, ok := requestFromProto[h.GetRequestPriority()]
	if !ok {
		priority = triage.RequestRoutine
	}
	return triage.Submission{Priority: priority, Complete: h.GetComplete()}
}

func receiveFiles(ctx context.Context, upload *triage.Upload, recv func() (part, error)) error {
	for {
		file, err := nextFile(recv)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := upload.Put(ctx, file.name, file); err != nil {
			return err
		}
		// A file that was refused early is read to its end, so that the
		// next chunk is the next file's first.
		if _, err := io.Copy(io.Discard, file); err != nil {
			return err
		}
	}
}

// chunkedFile reads one file from the stream; it ends after the last chunk.
type chunkedFile struct {
	name string
	recv func() (part, error)
	rest []byte
	last bool
	err  error
}

func nextFile(recv func() (part, error)) (*chunkedFile, error) {
	chunk, err := receiveChunk(recv)
	if err != nil {
		return nil, err
	}
	return &chunkedFile{name: chunk.GetName(), recv: recv, rest: chunk.GetData(), last: chunk.GetLast()}, nil
}

func receiveChunk(recv func() (part, error)) (*nafasv1.Chunk, error) {
	p, err := recv()
	if err != nil {
		return nil, err
	}
	chunk := p.GetChunk()
	if chunk == nil {
		return nil, invalid("part", "is a second header or empty: after the header only chunks may follow")
	}
	if len(chunk.GetData()) > maxChunkBytes {
		return nil, invalid("chunk.data", "is larger than 1 MiB")
	}
	if len(chunk.GetName()) > maxNameBytes {
		return nil, invalid("chunk.name", fmt.Sprintf("is longer than %d bytes", maxNameBytes))
	}
	return chunk, nil
}

// Read returns an error that is the stream's own, so that a broken stream is
// never taken for a file's end.
func (f *chunkedFile) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		if f.last {
			return 0, io.EOF
		}
		f.more()
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *chunkedFile) more() {
	chunk, err := receiveChunk(f.recv)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		f.err = err
		return
	}
	if f.name != "" && chunk.GetName() != "" && chunk.GetName() != f.name {
		f.err = invalid("chunk.name", "changed inside a file: the file before has no chunk marked last")
		return
	}
	f.rest, f.last = chunk.GetData(), chunk.GetLast()
}
