package dicomio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
)

// Opener returns the bytes of one file.
type Opener = func() ([]byte, error)

// LoadOptions tune Load; the zero value is fit for use.
type LoadOptions struct {
	// Parallel bounds the files read at once; 0 means one per CPU.
	Parallel int
	// Limits bound each file; the zero value means the defaults.
	Limits part10.Limits
	// Seen, where not nil, is called with each file that could be read, from
	// several goroutines at a time; the bytes of f are valid until it returns.
	Seen func(f *part10.File, in *Instance)
	// Progress, where not nil, is called after each file, from one goroutine
	// at a time.
	Progress func(done, total int)
}

// RefusedInput is a file that could not be read, or may not be.
type RefusedInput struct {
	Name string
	Err  *refusal.Error
}

// Inventory is what a set of files holds.
type Inventory struct {
	// Instances are the readable ones in the order of the sources, each SOP
	// instance once: images and others, as the modality says.
	Instances []*Instance
	// Refused are the unreadable ones, and those that contradict an instance
	// that came before (CHANGED_DUPLICATE).
	Refused []RefusedInput
	// Notes name what is passed over and why, and what was odd.
	Notes []source.Note
	// Elapsed is the wall time of reading.
	Elapsed time.Duration
}

// Load reads the headers of many files, several at once. The error is the
// context's; what is wrong with a file is in the inventory.
func Load(ctx context.Context, items []source.Item, opt LoadOptions) (*Inventory, error) {
	start := time.Now()
	read, err := readAll(ctx, items, opt)
	if err != nil {
		return nil, err
	}
	inv := &Inventory{}
	seen := make(map[string]*Instance, len(items))
	for i, r := range read {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		inv.add(items[i].Name, r, seen)
	}
	inv.Elapsed = time.Since(start)
	return inv, nil
}

// reading is what became of one file.
type reading struct {
	instance *Instance
	err      error
}

// keepBuffer is the largest buffer that a worker keeps for its next file.
const keepBuffer = 64 << 20

func readAll(ctx context.Context, items []source.Item, opt LoadOptions) ([]reading, error) {
	if opt.Limits == (part10.Limits{}) {
		opt.Limits = part10.DefaultLimits()
	}
	out := make([]reading, len(items))
	buffers := sync.Pool{New: func() any { return new([]byte) }}
	count := counter{total: len(items), report: opt.Progress}
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(parallel(opt.Parallel))
	for i := range items {
		if inner.Err() != nil {
			break
		}
		g.Go(func() error {
			if err := inner.Err(); err != nil {
				return err
			}
			// An instance keeps no reference to the bytes, so that they can
			// be overwritten by the next file.
			buf := buffers.Get().(*[]byte)
			out[i].instance, *buf, out[i].err = readItem(items[i], *buf, opt)
			if cap(*buf) <= keepBuffer {
				buffers.Put(buf)
			}
			count.step()
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, ctx.Err()
}

func readItem(it source.Item, buf []byte, opt LoadOptions) (*Instance, []byte, error) {
	data, err := it.Bytes(buf)
	if err != nil {
		return nil, buf, readError(err)
	}
	f, err := part10.Parse(data, opt.Limits)
	if err != nil {
		return nil, reusable(it, data, buf), err
	}
	in, err := ReadInstance(f)
	if err != nil {
		return nil, reusable(it, data, buf), err
	}
	in.Source, in.location.limits = it, opt.Limits
	if opt.Seen != nil {
		opt.Seen(f, in)
	}
	return in, reusable(it, data, buf), nil
}

// reusable returns the buffer to keep: data only where the item says that
// they were read into our own buffer.
func reusable(it source.Item, data, buf []byte) []byte {
	if it.Read != nil {
		return data
	}
	return buf
}

func parallel(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// counter reports progress, one call at a time.
type counter struct {
	mu          sync.Mutex
	done, total int
	report      func(done, total int)
}

func (c *counter) step() {
	if c.report == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	c.report(c.done, c.total)
}

// add puts one file's reading into the inventory.
func (inv *Inventory) add(name string, r reading, seen map[string]*Instance) {
	if r.err != nil {
		inv.refuse(name, r.err)
		return
	}
	in := r.instance
	if in.SOPClassUID == classMediaDirectory {
		inv.note(name, "the index of a medium, not an image to read")
		return
	}
	if before, ok := seen[in.SOPUID]; ok {
		same, err := sameImage(before, in)
		switch {
		case err != nil:
			inv.refuse(name, err)
		case same:
			inv.note(name, "the same instance as %s, read once", before.Source.Name)
		default:
			inv.refuse(name, refusal.New(refusal.ChangedDuplicate,
				"find out which one is right; only the first is read",
				"the SOP Instance UID of %s with other pixels or geometry", before.Source.Name))
		}
		return
	}
	seen[in.SOPUID] = in
	inv.Instances = append(inv.Instances, in)
	for _, w := range in.Warnings {
		inv.note(name, "%s", w.Text)
	}
	switch {
	case in.Own:
		inv.note(name, "%s made by Nafas, not an image to read", className(in))
	case !in.IsCT():
		inv.note(name, "%s, not an image to read", className(in))
	}
}

func (inv *Inventory) note(name, text string, args ...any) {
	inv.Notes = append(inv.Notes, source.Note{Name: name, Text: fmt.Sprintf(text, args...)})
}

func (inv *Inventory) refuse(name string, err error) {
	var refused *refusal.Error
	if !errors.As(err, &refused) {
		refused = &refusal.Error{Reason: refusal.Malformed, Found: "the file could not be read", Err: err}
	}
	inv.Refused = append(inv.Refused, RefusedInput{Name: name, Err: refused})
}

// sameImage compares pixels and geometry of two files of one SOP instance.
func sameImage(a, b *Instance) (bool, error) {
	if a.StudyUID != b.StudyUID || a.SeriesUID != b.SeriesUID || a.SOPClassUID != b.SOPClassUID {
		return false, nil
	}
	if !slices.EqualFunc(a.Frames, b.Frames, Frame.samePlace) {
		return false, nil
	}
	return samePixels(a, b)
}

// Study is the series of one examination.
type Study struct {
	UID    string
	Series []*Series
}

// Series is one reconstruction of a study, its instances in the order in
// which they came.
type Series struct {
	StudyUID, UID, Modality string
	Instances               []*Instance
}

// Group puts instances into series, by study and series UID, sorted by both.
// The modality is that of a CT instance where there is one.
func Group(instances []*Instance) []*Series {
	type key struct{ study, series string }
	byKey := map[key]*Series{}
	var out []*Series
	for _, in := range instances {
		k := key{in.StudyUID, in.SeriesUID}
		s, ok := byKey[k]
		if !ok {
			s = &Series{StudyUID: in.StudyUID, UID: in.SeriesUID, Modality: in.Modality}
			byKey[k] = s
			out = append(out, s)
		}
		if in.IsCT() {
			s.Modality = in.Modality
		}
		s.Instances = append(s.Instances, in)
	}
	slices.SortFunc(out, func(a, b *Series) int {
		return cmp.Or(cmp.Compare(a.StudyUID, b.StudyUID), cmp.Compare(a.UID, b.UID))
	})
	return out
}

// Studies puts series into studies, in the order of Group.
func Studies(series []*Series) []Study {
	var out []Study
	for _, s := range series {
		if len(out) == 0 || out[len(out)-1].UID != s.StudyUID {
			out = append(out, Study{UID: s.StudyUID})
		}
		last := &out[len(out)-1]
		last.Series = append(last.Series, s)
	}
	return out
}
