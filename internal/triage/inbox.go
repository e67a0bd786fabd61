package triage

import (
	"context"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"nafas/dicomio/refusal"
)

// Inbox takes instances of senders that want an answer to each (C-STORE,
// PS3.4 annex B). Take answers when the bytes and their name are durable; the
// rows follow for many instances together (Run), and after a crash from the
// files (Recover). So an acknowledged instance is never lost, and a sender of
// single instances does not wait for the database.
type Inbox struct {
	s *Service
	// wake has room for one call of Run.
	wake chan struct{}

	mu sync.Mutex
	// waiting are durable and not recorded.
	waiting []spooled
	// pending is what waiting will add to the store, by SOP Instance UID; Path
	// is the file in the inbox.
	pending map[string]Known
	// sending is since when senders are at work on a study, by sender.
	sending map[string]map[*Sender]time.Time
}

func newInbox(s *Service) *Inbox {
	return &Inbox{s: s, wake: make(chan struct{}, 1), pending: map[string]Known{}, sending: map[string]map[*Sender]time.Time{}}
}

// Sender is one association. Its methods are called one after another.
type Sender struct {
	inbox *Inbox
	// forItself is IntakeFile.ForItself.
	forItself bool
}

// Sender begins to take from one association. ErrBusy or ErrDiskFull where
// nothing is taken in now.
func (i *Inbox) Sender() (*Sender, error) {
	if err := i.s.room(); err != nil {
		return nil, err
	}
	return &Sender{inbox: i}, nil
}

// Uploader is a Sender of somebody who sends without being asked, which no
// archive does that a prior was asked of.
func (i *Inbox) Uploader() (*Sender, error) {
	s, err := i.Sender()
	if err == nil {
		s.forItself = true
	}
	return s, err
}

// Taken is what became of an instance. Refusal is set for Quarantine.
type Taken struct {
	Outcome Outcome
	Header  Header
	Refusal *refusal.Error
}

// Take makes one Part 10 file durable and says what became of it. An error is
// the reader's own or the system's (ErrBusy, ErrDiskFull): nothing was taken.
func (s *Sender) Take(ctx context.Context, r io.Reader) (Taken, error) {
	svc := s.inbox.s
	if err := svc.room(); err != nil {
		return Taken{}, err
	}
	spool, err := svc.files.Inbox()
	if err != nil {
		return Taken{}, diskError(err)
	}
	f, err := svc.takeIn(ctx, spool, r)
	if err != nil {
		spool.Discard()
		return Taken{}, diskError(err)
	}
	if f.spool == nil {
		spool.Discard()
		return Taken{Outcome: Quarantine, Refusal: f.refusal}, nil
	}
	f.forItself = s.forItself
	taken, err := s.inbox.add(ctx, f)
	if err != nil {
		spool.Discard()
		return Taken{}, err
	}
	s.inbox.begins(s, f.header.StudyUID)
	return taken, nil
}

// End says that the association is over. What was taken stays.
func (s *Sender) End() {
	i := s.inbox
	i.mu.Lock()
	defer i.mu.Unlock()
	for study, senders := range i.sending {
		delete(senders, s)
		if len(senders) == 0 {
			delete(i.sending, study)
		}
	}
}

func (i *Inbox) begins(s *Sender, study string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.sending[study] == nil {
		i.sending[study] = map[*Sender]time.Time{}
	}
	if _, ok := i.sending[study][s]; !ok {
		i.sending[study][s] = i.s.opt.Now()
	}
}

// holds says until when a study must not settle, because a sender is at work
// on it or instances of it are not recorded; zero where nothing is in the way.
func (i *Inbox) holds(study string, now time.Time) time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, since := range i.sending[study] {
		if now.Before(since.Add(i.s.opt.MostSending)) {
			return now.Add(i.s.opt.Quiet)
		}
	}
	if slices.ContainsFunc(i.waiting, func(f spooled) bool { return f.header.StudyUID == study }) {
		return now.Add(i.s.opt.Quiet)
	}
	return time.Time{}
}

// add classifies an instance against what is stored and what waits, and puts
// it with the latter.
func (i *Inbox) add(ctx context.Context, f spooled) (Taken, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	outcome, why := Quarantine, f.refusal
	if f.refusal == nil {
		known, err := i.known(ctx, f.header.SOPUID)
		if err != nil {
			return Taken{}, err
		}
		if err := i.s.recognise(ctx, &f, known); err != nil {
			return Taken{}, err
		}
		var before *Known
		if k, ok := known[f.header.SOPUID]; ok {
			before = &k
		}
		outcome, why = Classify(before, f.header.Pixels, f.sum)
	}
	f.contradicts = outcome == Quarantine && f.refusal == nil
	i.waiting = append(i.waiting, f)
	i.expect(f)
	i.again()
	return Taken{Outcome: outcome, Header: f.header, Refusal: why}, nil
}

// expect notes what an instance will add to the store.
func (i *Inbox) expect(f spooled) {
	if f.refusal != nil || f.contradicts {
		return
	}
	k := i.pending[f.header.SOPUID]
	i.pending[f.header.SOPUID] = Known{Pixels: f.header.Pixels, Files: append(slices.Clone(k.Files), f.sum), Path: f.spool.Path()}
}

// known is what is stored and what waits of one instance.
func (i *Inbox) known(ctx context.Context, sopUID string) (map[string]Known, error) {
	known, err := i.s.store.Known(ctx, []string{sopUID})
	if err != nil {
		return nil, err
	}
	if p, ok := i.pending[sopUID]; ok {
		k := known[sopUID]
		k.Pixels, k.Files = p.Pixels, slices.Concat(k.Files, p.Files)
		if k.Path == "" {
			k.Path = p.Path
		}
		known[sopUID] = k
	}
	return known, nil
}

// Promise says which instances are durable here, and has their studies kept
// for their days from now on. What waits is recorded first: a promise is
// written to rows.
func (i *Inbox) Promise(ctx context.Context, sopUIDs []string) (map[string]bool, error) {
	i.mu.Lock()
	waits := slices.ContainsFunc(sopUIDs, func(uid string) bool { _, ok := i.pending[uid]; return ok })
	i.mu.Unlock()
	if waits {
		if err := i.Record(ctx); err != nil {
			return nil, err
		}
	}
	return i.s.store.Promise(ctx, sopUIDs, i.s.opt.Now())
}

// recordAtOnce bounds a transaction.
const recordAtOnce = 256

// Record writes the rows of what waits, until nothing does.
func (i *Inbox) Record(ctx context.Context) error {
	for {
		more, err := i.recordSome(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// recordSome records one batch; instances may come meanwhile.
func (i *Inbox) recordSome(ctx context.Context) (more bool, err error) {
	i.s.committing.Lock()
	defer i.s.committing.Unlock()
	i.mu.Lock()
	batch := i.batch()
	i.mu.Unlock()
	if len(batch) == 0 {
		return false, nil
	}
	u, recorded, err := i.record(ctx, batch)
	if err != nil {
		return false, err
	}
	i.mu.Lock()
	i.forget(batch)
	i.mu.Unlock()
	u.discard()
	u.told(ctx, recorded)
	return true, nil
}

// before records all that waits and then has f done, while nothing comes: what
// was answered to the sender of an instance holds against f, too. The caller
// has the lock of commits.
func (i *Inbox) before(ctx context.Context, f func() error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(i.waiting) > 0 {
		batch := i.batch()
		u, recorded, err := i.record(ctx, batch)
		if err != nil {
			return err
		}
		i.forget(batch)
		u.discard()
		u.told(ctx, recorded)
	}
	return f()
}

func (i *Inbox) batch() []spooled { return slices.Clone(i.waiting[:min(len(i.waiting), recordAtOnce)]) }

// record writes the rows of a batch. Where it fails, the files are where they
// were.
func (i *Inbox) record(ctx context.Context, batch []spooled) (*Upload, Recorded, error) {
	u := &Upload{s: i.s, sub: Submission{Priority: RequestRoutine}, files: batch}
	recorded, err := u.write(ctx)
	if err != nil {
		return nil, Recorded{}, diskError(err)
	}
	return u, recorded, nil
}

// forget takes a batch out of what waits.
func (i *Inbox) forget(batch []spooled) {
	i.waiting = slices.Delete(i.waiting, 0, len(batch))
	for _, f := range batch {
		delete(i.pending, f.header.SOPUID)
	}
	for _, f := range i.waiting { // of which one may be of the same instance
		if slices.ContainsFunc(batch, func(b spooled) bool { return b.header.SOPUID == f.header.SOPUID }) {
			i.expect(f)
		}
	}
}

// Recover takes up what an earlier server had made durable and not recorded.
// What cannot be read goes to quarantine: its sender may have heard so, or it
// was on its way.
func (i *Inbox) Recover(ctx context.Context) error {
	files, err := i.s.files.Arrived()
	if err != nil {
		return err
	}
	taken := 0
	for _, spool := range files {
		f, err := i.s.look(ctx, spool, 0)
		if err != nil {
			return err
		}
		if _, err := i.add(ctx, f); err != nil {
			return err
		}
		taken++
	}
	if taken > 0 {
		i.s.log.InfoContext(ctx, "took up instances that a server that ended early had acknowledged", "instances", taken)
	}
	return i.Record(ctx)
}

const (
	// gather is how long the first instance waits for others.
	gather = 50 * time.Millisecond
	// recordAgain is the pause after a failure, and lastRecord bounds what is
	// tried at the end.
	recordAgain = time.Second
	lastRecord  = 10 * time.Second
)

// Run records what comes until ctx ends, and then what is left. What cannot be
// recorded stays in the inbox, and is said.
func (i *Inbox) Run(ctx context.Context) {
	pause := gather
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastRecord)
			defer cancel()
			i.tell(last, i.Record(last))
			return
		case <-i.wake:
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = gather
		if err := i.Record(ctx); err != nil && ctx.Err() == nil {
			i.tell(ctx, err)
			pause = recordAgain
			i.again()
		}
	}
}

func (i *Inbox) again() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

func (i *Inbox) tell(ctx context.Context, err error) {
	if err != nil {
		i.s.log.ErrorContext(ctx, "acknowledged instances lie in the inbox and could not be recorded; it is tried again", "error", err)
	}
}

// Waiting is how many acknowledged instances are not recorded.
func (i *Inbox) Waiting() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.waiting)
}

// Sending are the studies that senders are at work on, sorted.
func (i *Inbox) Sending() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Sorted(maps.Keys(i.sending))
}
