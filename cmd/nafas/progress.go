package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows progress on a terminal and stays silent elsewhere, so that logs
// hold no control characters.
type bar struct{ p *progressbar.ProgressBar }

func newBar(s *streams, total int, what string) *bar {
	return newBarOf(s.err, int64(total), what, false)
}

func newBytesBar(s *streams, total int64, what string) *bar {
	return newBarOf(s.err, total, what, true)
}

func newBarOf(w io.Writer, total int64, what string, bytes bool) *bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{p: progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(bytes),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

func (b *bar) step() {
	if b.p != nil {
		_ = b.p.Add(1) // a bar that cannot be drawn stops nothing
	}
}

func (b *bar) set(done, total int64) {
	if b.p == nil {
		return
	}
	if total > 0 && b.p.GetMax64() != total {
		b.p.ChangeMax64(total)
	}
	_ = b.p.Set64(done)
}

func (b *bar) describe(what string) {
	if b.p != nil {
		b.p.Describe(what)
	}
}

func (b *bar) finish() {
	if b.p != nil {
		_ = b.p.Finish()
	}
}
