package sources

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"nafas/dicomio"
	"nafas/dicomio/match"
	"nafas/dicomio/refusal"
)

// day is the layout of a date.
const day = "20060102"

// The places of a scan that are no days, as cursors.
const (
	// future: the studies of days to come are done.
	future = "future"
	// undated: those without a date are done.
	undated = "undated"
)

var errCursor = errors.New("the cursor of the scan is no day")

// first is the first day that is asked for by itself: what is older comes with one
// question.
var first = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)

// How a PACS is asked: for so many days that at most few studies come, since some
// give no more than a few hundred and do not say so.
const (
	few       = 100
	firstDays = 32
	mostDays  = 366
	// dense is a day of which each hour is asked for too.
	dense = 200
)

// span are the days of one question.
type span struct {
	// from and to are included; zero is open.
	from, to time.Time
}

// text is a range as DICOM writes it.
func (s span) text() string {
	write := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(day)
	}
	if s.from.Equal(s.to) {
		return write(s.from)
	}
	return write(s.from) + "-" + write(s.to)
}

// holds says whether a date is one of the days, or so near that an archive in
// another time zone may say so.
func (s span) holds(date string) (within, near bool) {
	at, err := time.Parse(day, date)
	if err != nil {
		return false, false
	}
	in := func(from, to time.Time) bool {
		return (s.from.IsZero() || !at.Before(from)) && (s.to.IsZero() || !at.After(to))
	}
	return in(s.from, s.to), in(s.from.AddDate(0, 0, -1), s.to.AddDate(0, 0, 1))
}

// dates asks for all studies of a query, span by span in the order of days.
type dates struct {
	*catalogue
	query match.Query
	from  time.Time // zero: open
	to    time.Time
	today time.Time
	// given are the studies of the span before, and those without a proper date.
	given, odd map[string]bool
	strays     strays
	// dated counts the studies that were found by their dates.
	dated int
	// unlisted says that those without a date are not all known.
	unlisted bool
}

// all hands on the studies behind a cursor, with the cursor behind them. Empty
// spans are passed over.
func (d *dates) all(ctx context.Context, after string, each func(cursor string, studies []match.Entry) error) error {
	at, err := d.begin(ctx, after, each)
	if err != nil {
		return err
	}
	last := d.to
	if last.IsZero() {
		last = d.today.AddDate(0, 0, 2)
	}
	days := firstDays
	for !at.After(last) && after != future && after != undated {
		s := span{at, at.AddDate(0, 0, days-1)}
		if s.to.After(last) {
			s.to = last
		}
		found, enough, err := d.span(ctx, s)
		if err != nil {
			return err
		}
		if !enough {
			days = max(1, min(days, int(s.to.Sub(s.from).Hours()/24)+1)/2)
			continue
		}
		if err := d.hand(s.to.Format(day), found, each); err != nil {
			return err
		}
		if at = s.to.AddDate(0, 0, 1); len(found) < few/4 {
			days = min(2*days, mostDays)
		}
	}
	return d.rest(ctx, after, last, each)
}

// begin finds the first day to ask for.
func (d *dates) begin(ctx context.Context, after string, each func(string, []match.Entry) error) (time.Time, error) {
	at := d.from
	if at.IsZero() {
		at = first
	}
	switch after {
	case "":
		if !d.from.IsZero() {
			return at, nil
		}
		old := span{to: first.AddDate(0, 0, -1)}
		if !d.to.IsZero() && d.to.Before(old.to) {
			old.to = d.to
		}
		found, _, err := d.span(ctx, old)
		if err != nil {
			return at, err
		}
		return at, d.hand(old.to.Format(day), found, each)
	case future, undated:
		return at, nil
	}
	done, err := time.Parse(day, after)
	if err != nil {
		return at, errCursor
	}
	if next := done.AddDate(0, 0, 1); next.After(at) {
		at = next
	}
	return at, nil
}

// rest hands on the studies behind the last day, and those of no day.
func (d *dates) rest(ctx context.Context, after string, last time.Time, each func(string, []match.Entry) error) error {
	if !d.to.IsZero() || after == undated {
		return nil
	}
	if after != future {
		found, _, err := d.span(ctx, span{from: last.AddDate(0, 0, 1)})
		if err != nil {
			return err
		}
		if err := d.hand(future, found, each); err != nil {
			return err
		}
	}
	if !d.from.IsZero() {
		return nil
	}
	return d.undated(ctx, each)
}

func (d *dates) hand(cursor string, found []match.Entry, each func(string, []match.Entry) error) error {
	if len(found) == 0 {
		return nil
	}
	d.dated += len(found)
	return each(cursor, found)
}

// span asks for the studies of some days; enough is false where fewer days are to
// be asked for.
func (d *dates) span(ctx context.Context, s span) (studies []match.Entry, enough bool, err error) {
	q := d.query
	q.StudyDates = s.text()
	single := s.from.IsZero() || s.to.IsZero() || s.from.Equal(s.to)
	most := few
	if single {
		most = match.MaxEntries
	}
	found, whole, err := d.list(ctx, q, most)
	if !single && (!whole && err == nil || errors.Is(err, match.ErrTooMany) || ofOne(err)) {
		return nil, false, nil // an archive may refuse what is too much
	}
	if err != nil {
		return nil, false, fmt.Errorf("the studies of one day, or before or behind all others: %w", err)
	}
	if s.from.Equal(s.to) && len(found) >= dense {
		found, err = d.hours(ctx, q, found)
	}
	if err != nil {
		return nil, false, err
	}
	studies, err = d.sift(ctx, s, found)
	return studies, true, err
}

// hours asks for each hour of a day with many studies: what an archive did not
// give of the day, because it gives no more at once, comes so. Where it does not
// search by time, nothing new comes.
func (d *dates) hours(ctx context.Context, q match.Query, found []match.Entry) ([]match.Entry, error) {
	seen := map[string]bool{}
	for _, e := range found {
		seen[e.StudyUID] = true
	}
	for hour := range 24 {
		q.StudyTimes = fmt.Sprintf("%02d0000-%02d5959", hour, hour)
		more, _, err := d.list(ctx, q, match.MaxEntries)
		if err != nil && !ofOne(err) {
			return nil, err
		}
		for _, e := range more {
			if !seen[e.StudyUID] {
				seen[e.StudyUID] = true
				found = append(found, e)
			}
		}
	}
	return found, nil
}

// sift takes the studies of a span that come in no other: some archives do not
// search by date. Those of another date are taken where it does: it searches by
// another date than it says.
func (d *dates) sift(ctx context.Context, s span, found []match.Entry) ([]match.Entry, error) {
	given := map[string]bool{}
	var out []match.Entry
	for _, e := range found {
		date := dicomio.Date(e.StudyDate)
		take := !d.given[e.StudyUID] && !given[e.StudyUID]
		switch within, near := s.holds(date); {
		case date == "":
			// Those come with the last question of all, if there is one.
			take = take && !d.asksForUndated() && !d.odd[e.StudyUID]
			d.odd[e.StudyUID] = true
		case within || near:
			take = take && !d.strays.taken[e.StudyUID]
		case take:
			var err error
			if take, err = d.stray(ctx, e); err != nil {
				return nil, err
			}
		}
		if take {
			given[e.StudyUID] = true
			d.strays.hand(e.StudyUID)
			out = append(out, e)
		}
	}
	d.given = given
	return out, nil
}

func (d *dates) asksForUndated() bool { return d.from.IsZero() && d.to.IsZero() }

// undated asks for all studies, whenever they were, and takes those without a
// date, for which there is no question alone, and those that no question for their
// date gave.
func (d *dates) undated(ctx context.Context, each func(string, []match.Entry) error) error {
	var out []match.Entry
	var before map[string][]match.Entry
	listed := 0
	err := d.ask(ctx, func() error {
		out, before, listed = nil, map[string][]match.Entry{}, 0
		seen := map[string]bool{}
		return d.every(ctx, d.query, func(some []match.Entry) error {
			listed += len(some)
			for _, e := range some {
				date := dicomio.Date(e.StudyDate)
				switch {
				case seen[e.StudyUID] || date != "" && d.strays.handed(e.StudyUID):
					continue
				case date != "" && date <= d.strays.since:
					before[date] = append(before[date], e)
				default:
					out = append(out, e)
				}
				seen[e.StudyUID] = true
			}
			return nil
		})
	})
	// A list that is shorter than what was found already is cut, without a word.
	if d.unlisted = refusal.Of(err) != "" || err == nil && listed < d.dated; d.unlisted {
		return each(undated, out)
	}
	if err != nil {
		return err
	}
	lost, err := d.lost(ctx, before)
	if err != nil {
		return err
	}
	return d.hand(undated, append(out, lost...), each)
}

// lost are those of some studies, by their dates, that a question for the days
// around does not give: an earlier scan, which was through with them, did not find
// them.
func (d *dates) lost(ctx context.Context, before map[string][]match.Entry) (out []match.Entry, err error) {
	for _, date := range slices.Sorted(maps.Keys(before)) {
		at, err := time.Parse(day, date)
		if err != nil {
			return nil, err
		}
		q := d.query
		q.StudyDates = span{at.AddDate(0, 0, -1), at.AddDate(0, 0, 1)}.text()
		found, _, err := d.list(ctx, q, match.MaxEntries)
		if err != nil && !ofOne(err) {
			return nil, err
		}
		given := map[string]bool{}
		for _, e := range found {
			given[e.StudyUID] = true
		}
		out = append(out, slices.DeleteFunc(before[date], func(e match.Entry) bool { return given[e.StudyUID] })...)
	}
	return out, nil
}
