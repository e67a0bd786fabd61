package compare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"

	"nafas/internal/rescore"
)

// DefaultSample is how many studies Comparison.Scores holds.
const DefaultSample = 2000

// Options of a comparison; the zero value is fit for use.
type Options struct {
	// Sample bounds Comparison.Scores; 0 means DefaultSample, negative none.
	Sample int
}

// ReasonAbsent is of a study that one pass does not have at all.
const ReasonAbsent = "NOT_IN_THIS_PASS"

// Compare says what changed between two passes. It reads both once, side by side,
// and keeps counters, the sample and the lists of changes, whatever the number of
// studies. The errors are the passes', the context's, and ErrRows where a pass
// does not hand its studies on in order.
func Compare(ctx context.Context, before, after Pass, o Options) (*Comparison, error) {
	b, a := open(ctx, before), open(ctx, after)
	defer b.close()
	defer a.close()
	c := newComparing(before, after, o)
	for _, s := range []*stream{b, a} {
		if err := s.advance(); err != nil {
			return nil, err
		}
	}
	for b.head != nil || a.head != nil {
		was, is := b.head, a.head
		switch {
		case was == nil || is != nil && is.UID < was.UID:
			was = nil
		case is == nil || was.UID < is.UID:
			is = nil
		}
		c.study(was, is)
		if err := errors.Join(b.past(was), a.past(is)); err != nil {
			return nil, err
		}
	}
	return c.done(), nil
}

// stream is a pass of which the next study is known.
type stream struct {
	label string
	next  func() (Study, error, bool)
	close func()
	// head is nil at the end.
	head *Study
	last string
}

func open(ctx context.Context, p Pass) *stream {
	next, stop := iter.Pull2(pulled(ctx, p.Studies))
	return &stream{label: p.Label, next: next, close: stop}
}

// errStopped ends a pass that nobody reads any more.
var errStopped = errors.New("nobody reads on")

// pulled turns a pass inside out.
func pulled(ctx context.Context, studies func(each func(Study) error) error) iter.Seq2[Study, error] {
	return func(yield func(Study, error) bool) {
		stopped := false
		err := studies(func(s Study) error {
			if !stopped && !yield(s, ctx.Err()) {
				stopped = true
			}
			if stopped {
				return errStopped
			}
			return nil
		})
		if err != nil && !stopped {
			yield(Study{}, err)
		}
	}
}

// past goes on where the study is the stream's.
func (s *stream) past(study *Study) error {
	if study == nil {
		return nil
	}
	return s.advance()
}

func (s *stream) advance() error {
	study, err, more := s.next()
	if err != nil {
		return fmt.Errorf("%s: %w", s.label, err)
	}
	if !more {
		s.head = nil
		return nil
	}
	if study.UID <= s.last { // so that it is not ""
		return fmt.Errorf("%w: %s: studies do not come once each by the bytes of their UID", ErrRows, s.label)
	}
	s.head, s.last = &study, study.UID
	return nil
}

// comparing is a comparison under way.
type comparing struct {
	out        Comparison
	categories bool
	words      struct{ priorities, categories map[[2]string]int }
	scanners   division
	thickness  division
	years      division
	sample     sample
}

func newComparing(before, after Pass, o Options) *comparing {
	c := &comparing{categories: !before.Uncategorised && !after.Uncategorised, sample: sampleOf(o)}
	c.out.Before = Side{Label: before.Label, Model: before.Model}
	c.out.After = Side{Label: after.Label, Model: after.Model}
	c.out.OnlyBefore, c.out.OnlyAfter = Reasons{}, Reasons{}
	c.words.priorities, c.words.categories = map[[2]string]int{}, map[[2]string]int{}
	c.scanners, c.thickness, c.years = division{}, division{}, division{}
	return c
}

// study takes in what the passes say of one study; one of them may be nil.
func (c *comparing) study(b, a *Study) {
	c.out.Before.count(b, a)
	c.out.After.count(a, b)
	readBefore, readAfter := b != nil && b.read(), a != nil && a.read()
	switch {
	case readBefore && readAfter:
		c.both(*b, *a)
	case readBefore && waits(a), readAfter && waits(b):
		c.out.Unfinished++
	case readBefore:
		c.out.OnlyBefore[whyNot(a)]++
		// A baseline may be of more years than this pass: what was never asked of
		// it was not lost by it.
		if a != nil {
			change := b.alone(KindNotRead, a)
			c.out.NotRead = append(c.out.NotRead, change)
			c.lookAgain(change)
		}
	case readAfter:
		c.out.OnlyAfter[whyNot(b)]++
		if a.flagged() {
			c.lookAgain(a.alone(KindReadNow, b))
		}
	default:
		c.out.Neither++
	}
}

func waits(s *Study) bool { return s != nil && s.State == rescore.Waiting }

// count takes in a study of the side; other is what the other side has of it.
func (side *Side) count(s, other *Study) {
	if s == nil {
		return
	}
	side.Studies++
	side.Findings += len(s.Findings)
	side.Scored += one(s.read())
	side.Flagged += one(s.flagged())
	side.Waiting += one(waits(s))
	side.Alone += one(other == nil)
}

// one counts what is.
func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// whyNot is why a pass has no result of a study; s is nil where it does not have it.
func whyNot(s *Study) string {
	if s == nil {
		return ReasonAbsent
	}
	return cmp.Or(s.Reason, string(s.State))
}

// alone is the change of a study with a result in this pass alone.
func (s Study) alone(k Kind, other *Study) Change {
	out := Change{
		StudyUID: s.UID, SeriesUID: s.SeriesUID, Date: s.Date, Manufacturer: s.manufacturer(), Kinds: []Kind{k}, Reason: whyNot(other),
	}
	if k == KindNotRead {
		out.ScoreBefore, out.PriorityBefore, out.CategoryBefore = s.bestScore(), s.Priority, s.LungRADS
	} else {
		out.ScoreAfter, out.PriorityAfter, out.CategoryAfter = s.bestScore(), s.Priority, s.LungRADS
	}
	return out
}
