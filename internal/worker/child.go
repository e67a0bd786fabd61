package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"nafas/internal/triage"
)

// orphanGrace is how long a job may go on after the parent has closed the
// pipe, before the child ends itself.
const orphanGrace = 5 * time.Second

// progressEvery keeps progress from costing more than the work.
const progressEvery = 50 * time.Millisecond

// Main is the whole of a worker process: setup loads the model, then jobs are
// read from stdin until it ends. Its stdout belongs to the protocol; what
// anything else prints there goes to stderr. Only the parent ends it, by closing
// the pipe: a signal that a service manager sends to all processes at once must
// not break off the study that the parent lets finish. A nil error means that
// the parent wanted the end.
func Main(ctx context.Context, setup func(context.Context) (triage.StudyReader, Identity, error)) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM)
	ctx = context.WithoutCancel(ctx)
	out, err := claimStdout()
	if err != nil {
		return err
	}
	defer out.Close()
	reader, identity, err := setup(ctx)
	if err != nil {
		return errors.Join(err, writeFrame(out, message{Type: msgUnfit, Error: err.Error()}))
	}
	return Serve(ctx, os.Stdin, out, identity, reader)
}

// claimStdout keeps the pipe for itself and lets file descriptor 1 point to
// stderr, so that a library that prints does not break the protocol.
func claimStdout() (*os.File, error) {
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("stdout: %w", err)
	}
	if err := unix.Dup3(2, 1, 0); err != nil {
		return nil, fmt.Errorf("stdout: %w", err)
	}
	return os.NewFile(uintptr(fd), "protocol"), nil
}

// Serve speaks the child's side of the protocol: it reads one study at a time
// and returns when in ends or ctx does.
func Serve(ctx context.Context, in io.Reader, out io.Writer, id Identity, reader triage.StudyReader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &child{reader: reader, out: out}
	if err := c.send(message{Type: msgReady, Identity: &id}); err != nil {
		return err
	}
	defer c.jobs.Wait()
	for {
		m, err := readFrame(in)
		if errors.Is(err, io.EOF) {
			// The parent is gone or wants the end: no result is needed.
			cancel()
			time.AfterFunc(orphanGrace, func() { os.Exit(exitOrphan) })
			return nil
		}
		if err != nil {
			return err
		}
		switch m.Type {
		case msgRead:
			c.begin(ctx, m)
		case msgCancel:
			c.cancel(m.ID)
		default:
			return fmt.Errorf("unknown message %q", m.Type)
		}
	}
}

const exitOrphan = 3

type child struct {
	reader triage.StudyReader
	jobs   sync.WaitGroup
	outMu  sync.Mutex
	out    io.Writer
	mu     sync.Mutex
	id     int64
	stop   context.CancelFunc
}

func (c *child) send(m message) error {
	c.outMu.Lock()
	defer c.outMu.Unlock()
	return writeFrame(c.out, m)
}

func (c *child) begin(ctx context.Context, m message) {
	ctx, stop := context.WithCancel(ctx)
	c.mu.Lock()
	c.id, c.stop = m.ID, stop
	c.mu.Unlock()
	c.jobs.Go(func() {
		defer stop()
		answer := c.read(ctx, m)
		answer.ID = m.ID
		if err := c.send(answer); err != nil {
			// The answer could not be written as JSON, or the parent is
			// gone, which the next read finds out.
			_ = c.send(message{Type: msgFailed, ID: m.ID, Error: err.Error()})
		}
	})
}

func (c *child) cancel(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.id == id && c.stop != nil {
		c.stop()
	}
}

func (c *child) read(ctx context.Context, m message) message {
	if m.Job == nil {
		return message{Type: msgFailed, Error: "no job"}
	}
	reading, err := c.reader.Read(ctx, *m.Job, c.progress(m.ID))
	switch {
	case err == nil:
		return message{Type: msgDone, Reading: plain(reading)}
	case ctx.Err() != nil:
		return message{Type: msgCancelled}
	default:
		return message{Type: msgFailed, Error: err.Error()}
	}
}

// progress passes on what a person can follow: each new stage, each end of
// one, and between them not more than some steps a second.
func (c *child) progress(id int64) func(triage.Progress) {
	var mu sync.Mutex
	var last time.Time
	stage := ""
	return func(p triage.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if p.Stage == stage && p.Done < p.Total && time.Since(last) < progressEvery {
			return
		}
		stage, last = p.Stage, time.Now()
		// Progress that cannot be sent is lost; the answer's error counts.
		_ = c.send(message{Type: msgProgress, ID: id, Progress: &p})
	}
}
