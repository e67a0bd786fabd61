package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// receipt is what has come of one study into a folder of the spool.
type receipt struct {
	dir    string
	remove func()
	most   int64
	bytes  int64
	files  []rescore.Fetched
	// next numbers the files.
	next int
}

func newReceipt(o Options) (*receipt, error) {
	dir, remove, err := o.Spool.Folder()
	if err != nil {
		return nil, err
	}
	return &receipt{dir: dir, remove: remove, most: o.MaxStudyBytes}, nil
}

// came is what has come of one series.
type came struct {
	study, series string
	// instances are those that are readable, each once, by their UIDs; unread
	// counts the others. Both count as given.
	instances map[string]bool
	unread    int
	// strangers are of another series.
	strangers int
	files     []rescore.Fetched
}

func newCame(study, series string) *came {
	return &came{study: study, series: series, instances: map[string]bool{}}
}

func (c *came) given() int { return len(c.instances) + c.unread }

// write puts one instance into a file of the folder.
func (r *receipt) write(from io.Reader) (path string, err error) {
	path = r.path()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	left := r.most - r.bytes
	w := &spoolWriter{w: out}
	n, err := io.Copy(w, io.LimitReader(from, left+1))
	r.bytes += n
	if w.err != nil {
		err = fmt.Errorf("%w: %w", rescore.ErrSpool, w.err)
	} else if err == nil && n > left {
		err = tooMuch(r.most)
	}
	return path, errors.Join(err, out.Close())
}

// path is that of the next file.
func (r *receipt) path() string {
	r.next++
	return filepath.Join(r.dir, fmt.Sprintf("%06d.dcm", r.next))
}

func tooMuch(most int64) error {
	return refusal.New(refusal.TooLarge, "raise the limit, or leave the study out", "a study of more than the %d bytes allowed", most)
}

// take takes in one instance of a series.
func (r *receipt) take(from io.Reader, into *came) error {
	path, err := r.write(from)
	if err != nil {
		return err
	}
	is, err := lookAtFile(path)
	if err != nil {
		return fmt.Errorf("%w: %w", rescore.ErrSpool, err)
	}
	r.sort(path, is, into)
	return nil
}

// sort keeps what belongs to the series.
func (r *receipt) sort(path string, is seen, into *came) {
	switch {
	case is.loose != nil || is.archive:
		into.unread++
		into.files = append(into.files, rescore.Fetched{Name: fmt.Sprintf("instance %d of series %s", into.given(), into.series), Path: path})
	case is.study != into.study || is.series != into.series:
		into.strangers++
		_ = os.Remove(path)
	default:
		// One that comes twice is given on twice: the reader compares them.
		into.instances[is.instance] = true
		into.files = append(into.files, rescore.Fetched{Name: is.instance, Path: path})
	}
}

// lookAtFile looks at a file of the spool.
func lookAtFile(path string) (seen, error) {
	f, err := os.Open(path)
	if err != nil {
		return seen{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return seen{}, err
	}
	return look(content{name: filepath.Base(path), size: info.Size(), head: func(n int64) ([]byte, error) { return headOf(f, min(n, info.Size())) }})
}

// drop removes what came of a series, to be fetched again.
func (r *receipt) drop(c *came) {
	for _, f := range c.files {
		if info, err := os.Stat(f.Path); err == nil && os.Remove(f.Path) == nil {
			r.bytes -= info.Size()
		}
	}
}

// keep takes over what came of a series.
func (r *receipt) keep(c *came) { r.files = append(r.files, c.files...) }

// short is what is said of a series that an archive does not give whole.
func short(c *came, want int) *refusal.Error {
	also := ""
	if c.strangers > 0 {
		also = fmt.Sprintf(", and %d of other series", c.strangers)
	}
	return refusal.New(rescore.ReasonIncomplete, "look into the log of the archive, and plan again",
		"the archive gave %d of the %d instances of series %s that it named%s", c.given(), want, c.series, also)
}

// wantedSeries are the series of a case that could be read, with the most
// instances that were named of each: a study that was listed twice has no more.
func wantedSeries(parts []rescore.Part) []rescore.Part {
	most := map[string]int{}
	for _, p := range parts {
		most[p.SeriesUID] = max(most[p.SeriesUID], p.Instances)
	}
	out := readable(parts)
	for i := range out {
		out[i].Instances = most[out[i].SeriesUID]
	}
	return out
}

// fetchSeries has the series of a case come, each by one. Where one is short it is
// fetched once more.
func fetchSeries(ctx context.Context, o Options, c rescore.Case, one func(*receipt, *came) error) ([]rescore.Fetched, func(), error) {
	none := func() {}
	r, err := newReceipt(o)
	if err != nil {
		return nil, none, err
	}
	for _, p := range wantedSeries(c.Parts) {
		if err := r.series(ctx, o, p, one); err != nil {
			r.remove()
			return nil, none, err
		}
	}
	return r.files, r.remove, nil
}

func (r *receipt) series(ctx context.Context, o Options, p rescore.Part, one func(*receipt, *came) error) error {
	want := max(p.Instances, 1)
	for again := false; ; again = true {
		got := newCame(p.StudyUID, p.SeriesUID)
		err := one(r, got)
		isShort := errors.Is(err, errPartial) || err == nil && got.given() < want
		switch {
		case err != nil && !isShort:
			return err
		case !isShort:
			r.keep(got)
			return nil
		case again:
			return short(got, want)
		}
		r.drop(got)
		if err := pause(ctx, o.Pause); err != nil {
			return err
		}
	}
}

// errPartial says that an archive says itself that it does not give all.
var errPartial = errors.New("the archive gives a part of the series")
