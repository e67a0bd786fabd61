package sources

import (
	"context"
	"errors"
	"sync"

	"nafas/dicomio/dimse"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
	"nafas/internal/rescore"
)

// DIMSE is a PACS that is asked by C-FIND and sends by C-MOVE, to a listener of
// our own.
type DIMSE struct {
	opt Options
	to  dimse.Remote
	catalogue
	*throttle
	own *listener
}

var _ rescore.Source = (*DIMSE)(nil)

// dimseFetches are the studies that are fetched at once unless the limits say
// otherwise: many archives send to one association at a time.
const dimseFetches = 1

// Own is where a PACS sends to: the AE title, which it must know, and the address
// on which it is listened.
type Own struct{ AE, Listen string }

// NewDIMSE asks a PACS for the studies of a query, or for those of a list. It
// listens while something is fetched, and Options.Idle longer.
func NewDIMSE(to dimse.Remote, own Own, q rescore.Query, studies []string, opt Options) *DIMSE {
	opt = opt.withDefaults()
	d := &DIMSE{opt: opt, to: to, throttle: newThrottle()}
	d.own = newListener(to, own, opt, d.throttle)
	d.catalogue = catalogue{opt: opt, query: q, studies: studies}
	return d
}

// Whole implements rescore.Source.
func (d *DIMSE) Whole() bool { return true }

// Close stops listening at once.
func (d *DIMSE) Close() error { return d.own.close() }

// Scan implements rescore.Source: as of Web.
func (d *DIMSE) Scan(ctx context.Context, after string, each func(rescore.Batch) error) error {
	return d.asked(func(c *catalogue) error { return c.scan(ctx, after, each) })
}

// asked asks over an association of its own.
func (d *DIMSE) asked(do func(*catalogue) error) error {
	p := &dimsePACS{to: d.to}
	defer p.end()
	c := d.catalogue
	c.pacs = p
	return do(&c)
}

// dimsePACS asks by C-FIND, over one association as long as it holds.
type dimsePACS struct {
	to dimse.Remote
	mu sync.Mutex
	// open is nil where there is none.
	open *dimse.Client
	stop context.CancelFunc
}

// dial opens an association for queries and retrievals.
func dial(ctx context.Context, to dimse.Remote) (*dimse.Client, error) {
	messages := []string{part10.ExplicitLE, part10.ImplicitLE}
	return dimse.Dial(ctx, to, []dimse.Proposal{
		{AbstractSyntax: dimse.StudyRootFind, TransferSyntaxes: messages},
		{AbstractSyntax: dimse.StudyRootMove, TransferSyntaxes: messages},
	})
}

// ask has one question answered. An association that broke is not used again, and
// one that may have been idle for too long is tried anew.
func (p *dimsePACS) ask(ctx context.Context, question func(*dimse.Client) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	fresh := p.open == nil
	for {
		err := p.once(ctx, question)
		if err == nil || ofOne(err) || fresh || ctx.Err() != nil {
			return err
		}
		fresh = true
	}
}

func (p *dimsePACS) once(ctx context.Context, question func(*dimse.Client) error) error {
	if p.open == nil {
		held, stop := context.WithCancel(context.WithoutCancel(ctx))
		undo := context.AfterFunc(ctx, stop)
		c, err := dial(held, p.to)
		undo()
		if err != nil {
			stop()
			return err
		}
		p.open, p.stop = c, stop
	}
	undo := context.AfterFunc(ctx, p.stop)
	defer undo()
	err := question(p.open)
	var failure *dimse.Failure
	if err != nil && !errors.As(err, &failure) {
		p.hangUp()
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (p *dimsePACS) hangUp() {
	if p.open != nil {
		p.open.Abort()
		p.stop()
		p.open = nil
	}
}

// end releases the association.
func (p *dimsePACS) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open != nil {
		_ = p.open.Close()
		p.stop()
		p.open = nil
	}
}

func (p *dimsePACS) list(ctx context.Context, q match.Query, most int) (found []match.Entry, whole bool, err error) {
	err = p.ask(ctx, func(c *dimse.Client) (err error) {
		found, err = c.Find(q)
		return err
	})
	return found, err == nil && len(found) <= most, err
}

// pageSize is how many matches are handed on together.
const pageSize = 1000

func (p *dimsePACS) every(ctx context.Context, q match.Query, each func([]match.Entry) error) error {
	var some []match.Entry
	err := p.ask(ctx, func(c *dimse.Client) error {
		some = some[:0]
		return c.FindEach(q, func(e match.Entry) error {
			if some = append(some, e); len(some) < pageSize {
				return nil
			}
			defer func() { some = some[:0] }()
			return each(some)
		})
	})
	if err != nil {
		return err
	}
	return each(some)
}

// alive asks for a study that nobody has.
func (p *dimsePACS) alive(ctx context.Context) error {
	_, _, err := p.list(ctx, match.Query{Level: match.StudyLevel, StudyUID: part10.NameUID("sources", "alive")}, 1)
	return err
}
