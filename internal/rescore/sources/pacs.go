package sources

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"nafas/dicomio"
	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse"
	"nafas/dicomio/match"
	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// pacs is an archive as it is asked for what it holds.
type pacs interface {
	// list asks for all that fits. whole is false where it is more than most, and
	// then there may be none.
	list(ctx context.Context, q match.Query, most int) (found []match.Entry, whole bool, err error)
	// every hands on all that fits, however much it is.
	every(ctx context.Context, q match.Query, each func([]match.Entry) error) error
	// alive asks the least that can be asked.
	alive(ctx context.Context) error
}

// ofOne says that an archive refused one question, which it may do while it
// answers others.
func ofOne(err error) bool {
	var failure *dimse.Failure
	var status *dicomweb.StatusError
	switch {
	case errors.As(err, &failure):
		return true
	case errors.As(err, &status):
		return !slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, status.Status)
	}
	return errors.Is(err, match.ErrTooMany) || errors.Is(err, dicomweb.ErrMoved)
}

// isMissing says that an archive knows no such thing.
func isMissing(err error) bool {
	var status *dicomweb.StatusError
	return errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusGone)
}

// listed is one study as an archive lists it.
type listed struct {
	match.Entry
	series []match.Entry
	// loose is why it cannot be read; nil where it has series.
	loose *rescore.Loose
}

// catalogue goes through what an archive holds.
type catalogue struct {
	pacs
	opt     Options
	query   rescore.Query
	studies []string
}

// listSize is how many studies of a list are one batch.
const listSize = 20

// all hands on the studies behind a cursor, batch by batch, with their series.
func (c *catalogue) all(ctx context.Context, after string, each func(cursor string, studies []listed) error) error {
	if len(c.studies) > 0 {
		return c.ofList(ctx, after, each)
	}
	d := &dates{
		catalogue: c, query: match.Query{Level: match.StudyLevel, Modality: c.modality()},
		today: time.Now().UTC().Truncate(24 * time.Hour), given: map[string]bool{}, odd: map[string]bool{},
		strays: newStrays(after),
	}
	for _, bound := range []struct {
		text string
		into *time.Time
	}{{c.query.From, &d.from}, {c.query.To, &d.to}} {
		if bound.text == "" {
			continue
		}
		at, err := time.Parse(day, bound.text)
		if err != nil {
			return fmt.Errorf("a study date that is not YYYYMMDD")
		}
		*bound.into = at
	}
	return d.all(ctx, after, func(cursor string, found []match.Entry) error {
		studies, err := c.withSeries(ctx, cursor, found)
		if d.unlisted {
			studies = append(studies, listed{loose: &rescore.Loose{
				Path: "studies without a date", State: rescore.Failed, Reason: rescore.ReasonUnreadable,
				Found:  "the archive does not give the list of all its studies, in which those without a date would be",
				Remedy: "name studies without a date by their UIDs, in a list",
			}})
		}
		if err != nil || len(studies) == 0 {
			return err
		}
		return each(cursor, studies)
	})
}

func (c *catalogue) modality() string {
	if c.query.Modality == "" {
		return "CT"
	}
	return c.query.Modality
}

func (c *catalogue) ofList(ctx context.Context, after string, each func(string, []listed) error) error {
	list := c.studies
	if after != "" {
		i := slices.Index(list, after)
		if i < 0 {
			return errors.New("the cursor of the scan is no study of the list")
		}
		list = list[i+1:]
	}
	for some := range slices.Chunk(list, listSize) {
		var out []listed
		for _, uid := range some {
			one, err := c.named(ctx, uid)
			if err != nil {
				return err
			}
			out = append(out, one)
		}
		if err := each(some[len(some)-1], out); err != nil {
			return err
		}
	}
	return nil
}

// named looks for one study of a list.
func (c *catalogue) named(ctx context.Context, uid string) (listed, error) {
	var found []match.Entry
	err := c.ask(ctx, func() (err error) {
		found, _, err = c.list(ctx, match.Query{Level: match.StudyLevel, StudyUID: uid}, match.MaxEntries)
		return err
	})
	if refused := (*refusal.Error)(nil); errors.As(err, &refused) {
		return listed{Entry: match.Entry{StudyUID: uid}, loose: looseStudy(uid, refused)}, nil
	}
	if err != nil {
		return listed{}, err
	}
	i := slices.IndexFunc(found, func(e match.Entry) bool { return e.StudyUID == uid })
	if i < 0 {
		return listed{Entry: match.Entry{StudyUID: uid}, loose: looseStudy(uid, refusal.New(rescore.ReasonGone, "check the list", "the archive has no such study"))}, nil
	}
	return c.one(ctx, found[i])
}

func looseStudy(uid string, r *refusal.Error) *rescore.Loose {
	l := failed(r)
	l.Path = "study " + uid
	return l
}

// withSeries asks for the series of each study that fits.
func (c *catalogue) withSeries(ctx context.Context, cursor string, found []match.Entry) ([]listed, error) {
	var out []listed
	unnamed := 0
	for _, e := range found {
		if !match.UID(e.StudyUID) {
			unnamed++
			continue
		}
		if !c.fits(e) {
			continue
		}
		one, err := c.one(ctx, e)
		if err != nil {
			return nil, err
		}
		if one.loose == nil && len(e.Modalities) == 0 && !c.hasModality(one.series) {
			continue
		}
		out = append(out, one)
	}
	if unnamed > 0 {
		out = append(out, listed{loose: &rescore.Loose{
			Path: "studies without a UID at " + cursor, State: rescore.Failed, Reason: string(refusal.Malformed),
			Found: fmt.Sprintf("%d studies that the archive lists without a valid UID", unnamed), Remedy: "mend them in the archive",
		}})
	}
	return out, nil
}

// fits holds a study to the query: some archives do not search by modalities, and
// by a description, which is written in any case, they search letter for letter.
// What an archive does not say of a study does not count against it.
func (c *catalogue) fits(e match.Entry) bool {
	if len(e.Modalities) > 0 && !slices.Contains(e.Modalities, c.modality()) {
		return false
	}
	asked, all, err := match.Parse("StudyDescription", "LO", strings.ToLower(c.query.Description))
	return err != nil || all || e.StudyDescription == "" || asked.Matches(strings.ToLower(e.StudyDescription))
}

func (c *catalogue) hasModality(series []match.Entry) bool {
	return slices.ContainsFunc(series, func(s match.Entry) bool {
		return len(s.Modalities) == 0 || s.Modalities[0] == "" || s.Modalities[0] == c.modality()
	})
}

// one asks for the series of a study.
func (c *catalogue) one(ctx context.Context, e match.Entry) (listed, error) {
	out := listed{Entry: e}
	var found []match.Entry
	err := c.ask(ctx, func() (err error) {
		found, _, err = c.list(ctx, match.Query{Level: match.SeriesLevel, StudyUID: e.StudyUID}, match.MaxEntries)
		return err
	})
	seen := map[string]bool{}
	for _, s := range found {
		if s.StudyUID != "" && s.StudyUID != e.StudyUID { // it was not asked for
			continue
		}
		if err == nil && match.UID(s.SeriesUID) && !seen[s.SeriesUID] {
			seen[s.SeriesUID] = true
			err = c.count(ctx, e.StudyUID, &s)
			out.series = append(out.series, s)
		}
	}
	if err == nil && len(out.series) == 0 {
		err = refusal.New(rescore.ReasonGone, "look whether the archive has it still", "the archive lists the study, and no series of it")
	}
	if refused := (*refusal.Error)(nil); errors.As(err, &refused) {
		return listed{Entry: e, loose: looseStudy(e.StudyUID, refused)}, nil
	}
	return out, err
}

// count asks for the instances of a series that could be read, where the archive
// does not say how many it has: what is fetched is held against the number.
func (c *catalogue) count(ctx context.Context, studyUID string, s *match.Entry) error {
	if s.Instances > 0 || !rescore.Readable(modalityOf(*s)) {
		return nil
	}
	return c.ask(ctx, func() error {
		found, _, err := c.list(ctx, match.Query{Level: match.InstanceLevel, StudyUID: studyUID, SeriesUID: s.SeriesUID}, match.MaxEntries)
		s.Instances = len(found)
		return err
	})
}

func modalityOf(e match.Entry) string {
	if len(e.Modalities) == 0 {
		return ""
	}
	return strings.ToUpper(e.Modalities[0])
}

// tries is how often an archive is asked for one study.
const tries = 3

// ask asks a question about one study. Where the archive does not answer it, and
// answers others, the error is a *refusal.Error.
func (c *catalogue) ask(ctx context.Context, question func() error) error {
	var err error
	for n := range tries {
		if n > 0 {
			if err := pause(ctx, c.opt.Pause); err != nil {
				return err
			}
		}
		if err = question(); err == nil || !ofOne(err) {
			return err
		}
		if isMissing(err) {
			break
		}
	}
	if down := c.alive(ctx); down != nil {
		return down
	}
	if isMissing(err) {
		return refusal.New(rescore.ReasonGone, "look whether the archive has it still", "the archive has no such study")
	}
	return refusal.New(rescore.ReasonUnreadable, "look into the log of the archive", "the archive does not say what the study holds: %s", plain(err))
}

// plain is an error without the words of a peer, which may hold anything.
func plain(err error) string {
	var failure *dimse.Failure
	if errors.As(err, &failure) {
		return failure.Error()
	}
	return err.Error()
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// batchOf is what a rescoring takes of some studies.
func batchOf(cursor string, studies []listed) rescore.Batch {
	b := rescore.Batch{Cursor: cursor}
	for _, one := range studies {
		if one.loose != nil {
			b.Loose = append(b.Loose, *one.loose)
			continue
		}
		for _, s := range one.series {
			b.Parts = append(b.Parts, rescore.Part{
				StudyUID: one.StudyUID, SeriesUID: s.SeriesUID, Modality: modalityOf(s),
				StudyDate: dicomio.Date(one.StudyDate), Instances: s.Instances,
			})
		}
	}
	return b
}

func (c *catalogue) scan(ctx context.Context, after string, each func(rescore.Batch) error) error {
	n := 0
	err := c.all(ctx, after, func(cursor string, studies []listed) error {
		n += len(studies)
		return each(batchOf(cursor, studies))
	})
	if err == nil && n == 0 && after == "" && c.asksForAll() {
		return fmt.Errorf("the archive names no study with %s: is it the right one, and does it let us search?", c.modality())
	}
	return err
}

// asksForAll says that nothing but the modality narrows what is asked for.
func (c *catalogue) asksForAll() bool {
	return len(c.studies) == 0 && c.query == rescore.Query{Modality: c.query.Modality}
}
