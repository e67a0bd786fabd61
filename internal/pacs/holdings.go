package pacs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"

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

// mostHeld bounds the bytes of files that are in memory for requests at once;
// one file may be larger, and is alone then.
const mostHeld = 512 << 20

// library is Holdings with bounds on what is done at once.
type library struct {
	Holdings
	bytes *semaphore.Weighted
	// decoding bounds the frames that are decoded and drawn.
	decoding *semaphore.Weighted
	recent   recent
}

func newLibrary(h Holdings) *library {
	return &library{Holdings: h, bytes: semaphore.NewWeighted(mostHeld), decoding: semaphore.NewWeighted(int64(runtime.NumCPU()))}
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
	weight := min(size, mostHeld)
	if err := l.bytes.Acquire(ctx, weight); err != nil {
		return err
	}
	defer l.bytes.Release(weight)
	parsed, err := l.recent.get(o.path, size, func() (*part10.File, error) {
		data := make([]byte, size)
		if _, err := io.ReadFull(file, data); err != nil {
			return nil, err
		}
		return part10.Parse(data, part10.DefaultLimits())
	})
	if err != nil {
		return err
	}
	return f(parsed)
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
// be said; the error is for what could not be made.
func (l *library) made(ctx context.Context, studyUID string) ([]made, error) {
	d, image, err := l.Reports.Report(ctx, studyUID)
	var held *refusal.Error
	if errors.Is(err, triage.ErrNotFound) || errors.Is(err, triage.ErrNoResult) || errors.As(err, &held) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []made
	for _, kind := range objects.All {
		data, err := objects.Make(ctx, d, objects.Only(image), kind.Kind, l.Language)
		if errors.Is(err, triage.ErrNoResult) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m, err := describeMade(data)
		if err != nil {
			return nil, err
		}
		stored, err := l.Archive.Located(ctx, m.Scope, 0, 1)
		if err != nil {
			return nil, err
		}
		if len(stored) == 0 {
			out = append(out, m)
		}
	}
	return out, nil
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
