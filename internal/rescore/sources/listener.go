package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"

	"nafas/internal/rescore"
)

// listener takes what a PACS sends for the series that are expected, and nothing
// else.
type listener struct {
	Own
	from     dimse.Remote
	opt      Options
	throttle *throttle

	// door guards what says whether it is listened: it is held while that changes,
	// which takes longer than mu may be held.
	door   sync.Mutex
	server *dimse.Server
	// held counts the fetches under way; idle ends the listening after the last.
	held int
	idle *time.Timer

	mu sync.Mutex
	// expected are the series that were asked for.
	expected map[seriesKey]*expected
	// reached counts the associations that the archive opened to us.
	reached int
	// last is the instance that came last; empty where none came yet.
	last dimse.Retrieval
}

// expected is one series on its way.
type expected struct {
	*receipt
	*came
	ctx context.Context
	// err is the first error of the spool.
	err error
}

func newListener(from dimse.Remote, own Own, opt Options, t *throttle) *listener {
	return &listener{Own: own, from: from, opt: opt, throttle: t, expected: map[seriesKey]*expected{}}
}

// hold begins to listen, where that is not done yet, and keeps it up until letGo.
// ErrNotThisStudy where the address is not to be had, as when another rescoring
// listens there.
func (l *listener) hold() (letGo func(), err error) {
	l.door.Lock()
	defer l.door.Unlock()
	if err := l.start(); err != nil {
		return nil, err
	}
	if l.idle != nil {
		l.idle.Stop()
	}
	l.held++
	return l.letGo, nil
}

// letGo has the address given back where nothing is fetched for a while: a
// rescoring that is paused or through must not keep it from the next one.
func (l *listener) letGo() {
	l.door.Lock()
	defer l.door.Unlock()
	if l.held--; l.held == 0 {
		l.idle = time.AfterFunc(l.opt.Idle, l.rest)
	}
}

// rest stops listening where nobody fetches.
func (l *listener) rest() {
	l.door.Lock()
	defer l.door.Unlock()
	if l.held == 0 {
		l.shut()
	}
}

// start begins to listen, where that is not done yet.
func (l *listener) start() error {
	if l.server != nil {
		return nil
	}
	peers, err := addressesOf(l.from.Address)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", l.Listen)
	if err != nil {
		return fmt.Errorf("%w: listening for what the archive sends: %w", rescore.ErrNotThisStudy, err)
	}
	l.server = dimse.NewServer(dimse.ServerConfig{
		CalledAEs: []string{l.AE}, CallingAEs: []string{l.from.CalledAE}, Peers: peers, TLS: l.opt.ListenTLS,
		Timing: l.from.Timing, Offers: dimse.StorageOffers(l.opt.Decoded), Log: l.opt.Log,
	}, l)
	server := l.server
	go func() {
		if err := server.Serve(ln); err != nil {
			l.opt.Log.Error("listening for what the archive sends ended", "error", err)
		}
	}()
	return nil
}

// addressesOf are those of a host: nobody else may send.
func addressesOf(address string) ([]netip.Prefix, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	found, err := net.LookupHost(host)
	if err != nil {
		return nil, err
	}
	var out []netip.Prefix
	for _, text := range found {
		if at, err := netip.ParseAddr(text); err == nil {
			at = at.Unmap().WithZone("")
			out = append(out, netip.PrefixFrom(at, at.BitLen()))
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no address", host)
	}
	return out, nil
}

// stopWithin bounds how long an instance under way is waited for.
const stopWithin = 5 * time.Second

func (l *listener) close() error {
	l.door.Lock()
	defer l.door.Unlock()
	l.shut()
	return nil
}

func (l *listener) shut() {
	if l.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	l.server.Shutdown(ctx)
	l.server = nil
}

// errTwice is a fault of the program: a study is read by one at a time.
var errTwice = errors.New("the same series is being fetched already")

// expect takes in a series until leave, which returns the first error of the spool.
func (l *listener) expect(ctx context.Context, r *receipt, got *came) (leave func() error, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := seriesKey{got.study, got.series}
	if l.expected[key] != nil {
		return nil, errTwice
	}
	e := &expected{receipt: r, came: got, ctx: ctx}
	l.expected[key] = e
	return func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.expected, key)
		return e.err
	}, nil
}

// Open implements dimse.Handler.
func (l *listener) Open(context.Context, dimse.Peer) (dimse.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reached++
	return session{l}, nil
}

// sent is how often the archive reached us, and what it sent last.
func (l *listener) sent() (reached int, last dimse.Retrieval) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reached, l.last
}

// session is one association; what it takes counts by its series alone.
type session struct{ *listener }

// Store implements dimse.Session.
func (s session) Store(ctx context.Context, in dimse.Instance) (command.Status, string) {
	meta, err := part10.Meta(in.SOPClassUID, in.SOPInstanceUID, in.TransferSyntax)
	if err != nil {
		return command.CannotUnderstand, "the command names no SOP instance"
	}
	dir, remove, err := s.opt.Spool.Folder()
	if err != nil {
		s.opt.Log.Error("the spool takes nothing", "error", err)
		return command.OutOfResources, "not stored; send again later"
	}
	defer remove()
	arrived := receipt{dir: dir, most: s.opt.MaxStudyBytes}
	path, err := arrived.write(s.throttle.reader(ctx, io.MultiReader(bytes.NewReader(meta), in.Data)))
	var is seen
	if err == nil {
		is, err = lookAtFile(path)
	}
	return s.sort(in, path, is, arrived.bytes, err)
}

// sort gives what came to the series that is expected.
func (l *listener) sort(in dimse.Instance, path string, is seen, size int64, failed error) (command.Status, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.expected[seriesKey{is.study, is.series}]
	switch {
	case failed != nil:
		// Where it is the connection that broke, the number of instances shows it.
		if errors.Is(failed, rescore.ErrSpool) || refusal.Of(failed) != "" {
			l.fail(failed)
		}
		return command.OutOfResources, "not stored; send again later"
	case is.loose != nil || is.archive:
		return command.CannotUnderstand, "the data set cannot be read"
	case e == nil || e.ctx.Err() != nil:
		return command.NotAuthorized, "nobody asked for this series"
	case is.instance != in.SOPInstanceUID:
		return command.CannotUnderstand, "the data set is of another SOP instance than the command"
	}
	if err := e.adopt(path, is, size); err != nil {
		e.err = errors.Join(e.err, err)
		return command.OutOfResources, "not stored; send again later"
	}
	l.last = dimse.Retrieval{Level: match.InstanceLevel, StudyUID: is.study, SeriesUID: is.series, SOPUID: is.instance}
	return command.Success, ""
}

// fail tells those who wait that something did not come into the spool: whose it
// was is not known.
func (l *listener) fail(err error) {
	for _, e := range l.expected {
		if e.err == nil {
			e.err = err
		}
	}
}

// adopt moves an instance into the folder of the study.
func (e *expected) adopt(path string, is seen, size int64) error {
	r := e.receipt
	if r.bytes+size > r.most {
		return tooMuch(r.most)
	}
	to := r.path()
	if err := os.Rename(path, to); err != nil {
		return fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	r.bytes += size
	r.sort(to, is, e.came)
	return nil
}

// Commit implements dimse.Session.
func (session) Commit(context.Context, dimse.CommitRequest) (command.Status, string) {
	return command.ProcessingFailure, "no storage commitment here"
}

// Report implements dimse.Session.
func (session) Report(context.Context, dimse.CommitReport) command.Status {
	return command.NoSuchInstance
}

// End implements dimse.Session. What an association broke off is missing from the
// series, which is counted.
func (session) End(error) {}
