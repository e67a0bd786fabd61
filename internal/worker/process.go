package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is one child while it lives.
type process struct {
	cmd *exec.Cmd
	in  *os.File
	// messages closes when the child's stdout does.
	messages chan message
	// exited closes when the child is gone; err says how.
	exited chan struct{}
	err    error
	id     Identity
}

// launch starts a child. It does not wait for it to be ready.
func launch(cmd *exec.Cmd, memoryBytes int64, log *slog.Logger) (*process, error) {
	p := &process{cmd: cmd, messages: make(chan message, 64), exited: make(chan struct{})}
	// Own pipes: those of exec.Cmd are closed by Wait, which must not race
	// with the last message, and have no deadline.
	var pipes pipes
	inChild, in := pipes.open()
	out, outChild := pipes.open()
	logs, logsChild := pipes.open()
	if pipes.err != nil {
		return nil, errors.Join(pipes.err, pipes.close(in, inChild, out, outChild, logs, logsChild))
	}
	p.in = in
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inChild, outChild, logsChild
	cmd.Env = append(cmd.Environ(), "GOMEMLIMIT="+strconv.FormatInt(memoryBytes/2, 10))
	cmd.SysProcAttr = &syscall.SysProcAttr{
		// The child dies with the server, however that dies; and Ctrl-C in a
		// terminal is for the server alone, which stops in order.
		Pdeathsig: syscall.SIGKILL,
		Setpgid:   true,
	}
	started := make(chan error, 1)
	go p.run(started, memoryBytes)
	err := <-started
	err = errors.Join(err, pipes.close(inChild, outChild, logsChild))
	if err != nil {
		return nil, errors.Join(err, pipes.close(in, out, logs))
	}
	go p.receive(out, log)
	go forward(logs, log)
	return p, nil
}

// pipes opens pipes and keeps the first error.
type pipes struct{ err error }

func (p *pipes) open() (r, w *os.File) {
	r, w, err := os.Pipe()
	p.err = errors.Join(p.err, err)
	return r, w
}

func (p *pipes) close(files ...*os.File) error {
	var errs []error
	for _, f := range files {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// sendTimeout is for a child that does not read; its pipe holds little.
const sendTimeout = 10 * time.Second

func (p *process) send(m message) error {
	if err := p.in.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	return writeFrame(p.in, m)
}

// run starts the child and waits for it in a thread that lives as long: the
// kernel sends the death signal when the starting thread ends (prctl(2),
// PR_SET_PDEATHSIG).
func (p *process) run(started chan<- error, memoryBytes int64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	contain(p.cmd.Process.Pid, memoryBytes)
	started <- nil
	p.err = p.cmd.Wait()
	close(p.exited)
}

// dataMargin is for what a runtime maps and does not touch.
const dataMargin = 1 << 30

// contain makes the child the kernel's first choice when memory runs out, and
// bounds its data segment well above the limit that the supervisor watches,
// for what grows between two looks. Where the system does not allow it, the
// supervisor's own watch remains.
func contain(pid int, memoryBytes int64) {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("1000"), 0)
	limit := uint64(2*memoryBytes + dataMargin)
	_ = unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit, Max: limit}, nil)
	// A core file of a crash would hold the images of a patient.
	_ = unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
}

func (p *process) receive(out *os.File, log *slog.Logger) {
	defer close(p.messages)
	defer out.Close()
	r := bufio.NewReader(out)
	for {
		m, err := readFrame(r)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Warn("the worker process broke off in a message", "error", err)
			return
		}
		p.messages <- m
	}
}

// maxLogLine bounds what one line of a child may put into the log.
const maxLogLine = 4 << 10

// forward puts the child's stderr into the log, line by line.
func forward(logs *os.File, log *slog.Logger) {
	defer logs.Close()
	r := bufio.NewReaderSize(logs, maxLogLine)
	for {
		line, long, err := r.ReadLine()
		if err != nil {
			return
		}
		text := strings.TrimRight(string(line), "\r\n ")
		if long {
			text += " ..."
		}
		for long && err == nil {
			_, long, err = r.ReadLine()
		}
		if text != "" {
			log.Info("worker", "line", text)
		}
	}
}

// end asks the child to leave, and makes it.
func (p *process) end(grace time.Duration) {
	// Whether the pipe could be closed shows in whether the child goes.
	_ = p.in.Close()
	go p.drain()
	p.await(grace)
}

// await waits for the child's end, and makes it after the grace.
func (p *process) await(grace time.Duration) {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
		p.kill()
	}
}

// kill ends the child and waits for its end.
func (p *process) kill() {
	// The error is that it is gone already.
	_ = p.cmd.Process.Kill()
	go p.drain()
	<-p.exited
}

// drain lets receive end.
func (p *process) drain() {
	for range p.messages {
	}
}

// gone says how the child ended.
func (p *process) gone() string {
	<-p.exited
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}

// residentBytes is the child's resident memory; 0 where it is gone.
func (p *process) residentBytes() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// awaitReady waits for the child's first message.
func (p *process) awaitReady(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case m, ok := <-p.messages:
		switch {
		case !ok:
			return fmt.Errorf("the worker process ended before it was ready: %s", p.gone())
		case m.Type == msgReady && m.Identity != nil:
			p.id = *m.Identity
			return nil
		case m.Type == msgUnfit:
			return fmt.Errorf("the worker process cannot work: %s", m.Error)
		default:
			return fmt.Errorf("the worker process began with %q", m.Type)
		}
	}
}
