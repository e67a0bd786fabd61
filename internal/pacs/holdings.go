package pacs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"nafas/dicomio"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/internal/triage"
	"nafas/internal/triage/objects"
)

// Reporter says what is to be said of a study; triage.Service is one.
type Reporter interface {
	Report(ctx context.Context, studyUID string) (triage.Delivery, []byte, error)
}

// Holdings are what is given out: stored instances, and objects that are made of
// results when they are asked for.
type Holdings struct {
	Archive triage.Archive
	Reports Reporter
	// Language is that of the made objects.
	Language string
	// Complete says whether everything stored can be searched; nil means that
	// it can.
	Complete func() bool
}

// mostHeld bounds the bytes of files that are in memory for requests at once,
// and those of decoded frames on their way out; one may be larger, and is alone
// then. claimHead is how much of a file shows what it may take.
const (
	mostHeld  = 512 << 20
	claimHead = 4 << 10
)

// library is Holdings with bounds on what is done at once.
type library struct {
	Holdings
	bytes *semaphore.Weighted
	// decoded is acquired behind bytes: who has some of it waits for readers and
	// for decoding alone.
	decoded *semaphore.Weighted
	// decoding bounds the frames that are decoded and drawn.
	decoding *semaphore.Weighted
	// patience is how long a request waits for what others hold.
	patience time.Duration
	// files are large ones; results are the objects that were made of studies.
	files   recent[*part10.File]
	results recent[results]
}

// Bounds of what is kept for a moment: files that are smaller are read again as
// fast, those that are larger would crowd out the rest.
const (
	leastKept  = 4 << 20
	mostKept   = 256 << 20
	mostMade   = 64 << 20
	makingTime = 2 * time.Minute
)

func newLibrary(h Holdings) *library {
	l := &library{Holdings: h, bytes: semaphore.NewWeighted(mostHeld), decoded: semaphore.NewWeighted(mostHeld), decoding: semaphore.NewWeighted(int64(runtime.NumCPU()))}
	l.files.most, l.results.most = mostKept, mostMade
	l.patience = longestTurn
	return l
}

// object is a stored instance, or one that was made.
type object struct {
	triage.Scope
	class string
	// path is the stored file, data what was made.
	path string
	data []byte
}

// open gives the bytes of the Part 10 file.
func (l *library) open(o object) (io.ReadCloser, int64, error) {
	if o.data != nil {
		return io.NopCloser(bytes.NewReader(o.data)), int64(len(o.data)), nil
	}
	return l.Archive.Open(o.path)
}

// parsed has f look at the file, within the memory of all requests.
func (l *library) parsed(ctx context.Context, o object, f func(*part10.File) error) error {
	file, size, err := l.open(o)
	if err != nil {
		return err
	}
	defer file.Close()
	head := make([]byte, min(size, claimHead))
	if _, err := io.ReadFull(file, head); err != nil {
		return err
	}
	weight := min(part10.Claim(head, size), mostHeld)
	if err := l.turn(ctx, l.bytes, weight); err != nil {
		return err
	}
	defer l.bytes.Release(weight)
	load := func() (*part10.File, int64, error) {
		data := make([]byte, size)
		if _, err := io.ReadFull(file, data[copy(data, head):]); err != nil {
			return nil, 0, err
		}
		parsed, err := part10.Parse(data, part10.DefaultLimits())
		if err == nil {
			size = int64(len(parsed.Bytes)) // of deflated ones, what they inflated to
		}
		return parsed, size, err
	}
	var parsed *part10.File
	if o.path != "" && size >= leastKept && size <= mostKept {
		parsed, err = l.files.get(o.path, load)
	} else {
		parsed, _, err = load()
	}
	if err != nil {
		return err
	}
	return f(parsed)
}

// holding has f use so many bytes of decoded frames, within the memory of all
// requests.
func (l *library) holding(ctx context.Context, decoded int64, f func() error) error {
	weight := min(decoded, mostHeld)
	if err := l.turn(ctx, l.decoded, weight); err != nil {
		return err
	}
	defer l.decoded.Release(weight)
	return f()
}

// longestTurn bounds the wait for what others hold: a reader that takes its
// time may hold it for long.
const longestTurn = 30 * time.Second

// turn waits for a share of what is bounded; triage.ErrBusy after a while.
func (l *library) turn(ctx context.Context, of *semaphore.Weighted, n int64) error {
	waiting, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	err := of.Acquire(waiting, n)
	if err != nil && ctx.Err() == nil {
		return triage.ErrBusy
	}
	return err
}

// listAtOnce are the instances that are asked for in one query.
const listAtOnce = 1000

// list finds the objects of a scope, stored ones in the order of arrival, then
// those that are made. ErrNotFound where there are none. partial says that
// objects could not be made.
func (l *library) list(ctx context.Context, in triage.Scope) (all []object, partial, err error) {
	var after int64
	for {
		some, err := l.Archive.Located(ctx, in, after, listAtOnce)
		if err != nil {
			return nil, nil, err
		}
		for _, one := range some {
			all = append(all, object{Scope: one.Scope, class: one.SOPClassUID, path: one.Path})
			after = one.Number
		}
		if len(some) < listAtOnce {
			break
		}
	}
	if in.SOPUID != "" && len(all) > 0 {
		return all, nil, nil
	}
	made, partial := l.made(ctx, in.StudyUID)
	for _, m := range made {
		if (in.SeriesUID == "" || in.SeriesUID == m.SeriesUID) && (in.SOPUID == "" || in.SOPUID == m.SOPUID) {
			all = append(all, m.object)
		}
	}
	if len(all) == 0 {
		if partial != nil {
			return nil, nil, partial
		}
		return nil, nil, triage.ErrNotFound
	}
	return all, partial, nil
}

// made is an object that was made, as it is found by a search.
type made struct {
	object
	found triage.Found
}

// made makes the objects of a study that are not stored themselves: one that was
// delivered may have come back. Nothing is made where nothing is said, or may
// be said; the error is for what could not be made, beside what could.
func (l *library) made(ctx context.Context, studyUID string) ([]made, error) {
	d, image, err := l.Reports.Report(ctx, studyUID)
	var held *refusal.Error
	if errors.Is(err, triage.ErrNotFound) || errors.Is(err, triage.ErrNoResult) || errors.Is(err, triage.ErrImagesGone) || errors.As(err, &held) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := l.results.get(l.resultKey(d), func() (results, int64, error) {
		// Others may wait for it when this caller has left.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), makingTime)
		defer cancel()
		return l.make(ctx, d, image)
	})
	if err != nil {
		return nil, err
	}
	var out []made
	for _, m := range all.made {
		stored, err := l.Archive.Located(ctx, m.Scope, 0, 1)
		if err != nil {
			return nil, err
		}
		if len(stored) == 0 {
			out = append(out, m)
		}
	}
	return out, all.partial
}

// resultKey names all that the objects of a result depend on: files never change
// under their paths.
func (l *library) resultKey(d triage.Delivery) string {
	var reviewed int64
	if d.Review != nil {
		reviewed = d.Review.Version
	}
	return fmt.Sprintf("%s|%s|%s|%d|%d|%q|%q|%v|%v", l.Language, d.Study.UID, d.Key, d.At.UnixMicro(), reviewed, d.Header, d.Paths, d.Instances, d.Study.NotAssessed)
}

// results are the objects of a study; partial says what could not be made.
type results struct {
	made    []made
	partial error
}

func (l *library) make(ctx context.Context, d triage.Delivery, image []byte) (out results, bytes int64, err error) {
	if err := l.turn(ctx, l.decoding, 1); err != nil {
		return out, 0, err
	}
	defer l.decoding.Release(1)
	read := func(path string) ([]byte, error) {
		if path == d.Header {
			return image, nil
		}
		file, size, err := l.Archive.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		data := make([]byte, size)
		_, err = io.ReadFull(file, data)
		return data, err
	}
	for _, kind := range objects.All {
		data, err := objects.Make(ctx, d, read, kind.Kind, l.Language)
		if errors.Is(err, triage.ErrNoResult) {
			continue
		}
		var m made
		if err == nil {
			m, err = describeMade(data)
		}
		if ctx.Err() != nil {
			return out, 0, ctx.Err()
		}
		if err != nil { // the others are of use without it
			out.partial = errors.Join(out.partial, fmt.Errorf("%s: %w", kind.Kind, err))
			continue
		}
		out.made, bytes = append(out.made, m), bytes+int64(len(data))
	}
	return out, bytes, nil
}

func describeMade(data []byte) (made, error) {
	f, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil {
		return made{}, err
	}
	in, err := dicomio.Identify(f)
	if err != nil {
		return made{}, err
	}
	scope := triage.Scope{StudyUID: in.StudyUID, SeriesUID: in.SeriesUID, SOPUID: in.SOPUID}
	return made{
		object: object{Scope: scope, class: in.SOPClassUID, data: data},
		found: triage.Found{
			Scope: scope, Headers: dicomio.Describe(f), Modality: in.Modality, SOPClassUID: in.SOPClassUID, Instances: 1,
		},
	}, nil
}
