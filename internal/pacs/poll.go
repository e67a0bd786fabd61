package pacs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse"
	"nafas/dicomio/match"
	"nafas/internal/triage"
)

// Rule says which studies of an archive are fetched.
type Rule struct {
	// Name is what the ledger and the log call the archive.
	Name string
	// Every is the pause between two looks.
	Every time.Duration
	// Days is how many days back study dates are looked for, today included.
	Days int
	Region
}

// Poller looks into one archive for new studies and fetches them. A study is fetched when the archive has had the same number
// of its instances in two looks, and again when there are more CT instances.
type Poller struct {
	rule   Rule
	dial   func(ctx context.Context) (Archive, error)
	ledger triage.Ledger
	log    *slog.Logger
	now    func() time.Time
}

// NewPoller makes a Poller. now is the clock.
func NewPoller(rule Rule, dial func(ctx context.Context) (Archive, error), ledger triage.Ledger, now func() time.Time, log *slog.Logger) *Poller {
	return &Poller{rule: rule, dial: dial, ledger: ledger, log: log, now: now}
}

// Run looks until ctx ends. What fails is tried again at the next look.
func (p *Poller) Run(ctx context.Context) {
	tick := time.NewTicker(p.rule.Every)
	defer tick.Stop()
	for {
		if err := p.Look(ctx); err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "looking into an archive for new studies failed; it is tried again", "archive", p.rule.Name, "error", plain(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// plain is an error without the words of a peer, which may hold anything.
func plain(err error) string {
	var failure *dimse.Failure
	if errors.As(err, &failure) {
		return failure.Error()
	}
	return err.Error()
}

// Look looks once.
func (p *Poller) Look(ctx context.Context) error {
	archive, err := p.dial(ctx)
	if err != nil {
		return err
	}
	defer archive.Abort() // nothing where it was released
	known, err := p.ledger.Polled(ctx, p.rule.Name)
	if err != nil {
		return err
	}
	now := p.now()
	found, err := archive.Find(ctx, match.Query{Level: match.StudyLevel, StudyDates: p.dates(now), Modality: "CT"})
	if err != nil {
		return err
	}
	for _, m := range found {
		if m.StudyUID == "" || !mayBeCT(m) {
			continue
		}
		before, ok := known[m.StudyUID]
		if !ok {
			before = triage.Polled{StudyUID: m.StudyUID, Instances: -1, Done: -1, Fetched: -1}
		}
		after, err := p.study(ctx, archive, before, m, now)
		if after != before {
			err = errors.Join(err, p.ledger.Remember(ctx, p.rule.Name, []triage.Polled{after}))
		}
		if err != nil {
			return err
		}
	}
	if err := p.ledger.Unlist(ctx, p.rule.Name, now.AddDate(0, 0, -p.rule.Days-unlistAfterDays)); err != nil {
		return err
	}
	return archive.Close()
}

// unlistAfterDays is how long a study that the archive does not name any more
// is remembered beyond the days that are looked for.
const unlistAfterDays = 7

// dates is the range of study dates; tomorrow too, since the archive's clock
// may be in another zone.
func (p *Poller) dates(now time.Time) string {
	const day = "20060102"
	return now.AddDate(0, 0, 1-p.rule.Days).Format(day) + "-" + now.AddDate(0, 0, 1).Format(day)
}

// study decides about one study, and fetches it. An error is the
// association's: the archive's refusal of one study is remembered.
func (p *Poller) study(ctx context.Context, archive Archive, before triage.Polled, m match.Entry, now time.Time) (triage.Polled, error) {
	after := before
	after.SeenAt = now
	if m.Instances == 0 { // not said: what is said of its series has to do
		if now.Before(before.NextAt) {
			return after, nil
		}
		series, err := p.series(ctx, archive, m)
		if err != nil {
			return p.later(after, now), refusedOnly(err)
		}
		for _, s := range series {
			m.Instances += s.Instances
		}
	}
	after.Instances = m.Instances
	switch {
	case before.Instances != m.Instances:
		return after, nil // new, or still growing: wait for the next look
	case before.Done == m.Instances, now.Before(before.NextAt):
		return after, nil
	}
	series, err := p.series(ctx, archive, m)
	if err != nil {
		return p.later(after, now), refusedOnly(err)
	}
	ct, images := countCT(series, m.Instances)
	done := after
	done.Done, done.Fetched, done.Failures, done.NextAt = m.Instances, images, 0, time.Time{}
	// What came in besides CT may be our own results.
	if images == before.Fetched || !p.rule.wanted(m, ct) {
		return done, nil
	}
	if err := p.ledger.ForItself(ctx, m.StudyUID); err != nil {
		return after, err
	}
	n, err := archive.Fetch(ctx, m)
	if errors.Is(err, triage.ErrBusy) {
		return after, err // ours, not the archive's: the next look tries again
	}
	if err != nil {
		p.log.WarnContext(ctx, "an archive did not send a study, or not all of it; it is asked again", "archive", p.rule.Name,
			"sent", n.Sent, "failed", n.Failed, "error", plain(err))
		return p.later(after, now), refusedOnly(err)
	}
	p.log.InfoContext(ctx, "study fetched", "archive", p.rule.Name, "instances", n.Sent)
	if n.Refused > 0 {
		p.log.WarnContext(ctx, "instances of a fetched study were refused", "archive", p.rule.Name, "instances", n.Refused)
	}
	return done, nil
}

// series asks for those of a study.
func (p *Poller) series(ctx context.Context, archive Archive, m match.Entry) ([]match.Entry, error) {
	list, err := archive.Find(ctx, match.Query{Level: match.SeriesLevel, StudyUID: m.StudyUID})
	if err == nil && len(list) == 0 {
		err = errNoSeries
	}
	if err != nil {
		p.log.WarnContext(ctx, "an archive did not say which series a study has; it is asked again", "archive", p.rule.Name, "error", plain(err))
	}
	return list, err
}

// errNoSeries: an archive lists a study, and none of its series.
var errNoSeries = errors.New("the archive lists a study, and no series of it")

// later puts a study off after one more failure.
func (p *Poller) later(after triage.Polled, now time.Time) triage.Polled {
	after.Failures++
	after.NextAt = now.Add(min(p.rule.Every<<min(after.Failures, 10), longestPause))
	return after
}

// longestPause bounds the wait after failures in a row.
const longestPause = time.Hour

// refusedOnly is nil for a refusal of the archive's: it can be asked for others.
func refusedOnly(err error) error {
	var failure *dimse.Failure
	var status *dicomweb.StatusError
	if errors.As(err, &failure) || errors.As(err, &status) ||
		errors.Is(err, ErrShort) || errors.Is(err, ErrNothing) || errors.Is(err, errNoSeries) {
		return nil
	}
	return err
}
