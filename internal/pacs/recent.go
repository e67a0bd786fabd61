package pacs

import (
	"errors"
	"sync"
	"time"
)

// recent keeps what was read or made a moment ago: a viewer asks for the frames
// of one instance one by one. What a key names never changes.
type recent[T any] struct {
	// most bounds the bytes of what is kept.
	most int64

	mu    sync.Mutex
	kept  map[string]*recentOne[T]
	bytes int64
	timer *time.Timer
}

type recentOne[T any] struct {
	once  sync.Once
	value T
	err   error
	// size is 0 until the value is there.
	size int64
	used time.Time
}

// keptUnused is how long something is kept that nobody asks for.
const keptUnused = time.Minute

// errBroken is for those who waited for a load that did not return.
var errBroken = errors.New("what others asked for too could not be read or made")

// get returns what the key names, by load where it is not there: of several
// callers one loads and the others wait. load says how many bytes it is.
func (r *recent[T]) get(key string, load func() (T, int64, error)) (T, error) {
	one := r.entry(key)
	one.once.Do(func() {
		var size int64
		one.err = errBroken // where load panics, which ends its request alone
		defer func() { r.loaded(key, one, size) }()
		one.value, size, one.err = load()
	})
	return one.value, one.err
}

func (r *recent[T]) entry(key string) *recentOne[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.kept[key]
	if one == nil {
		one = &recentOne[T]{}
		if r.kept == nil {
			r.kept = map[string]*recentOne[T]{}
		}
		r.kept[key] = one
	}
	one.used = time.Now()
	if r.timer == nil {
		r.timer = time.AfterFunc(keptUnused, r.expire)
	}
	return one
}

// loaded counts what was loaded and makes room for it. A failure is not kept.
func (r *recent[T]) loaded(key string, one *recentOne[T], size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept[key] != one {
		return // forgotten meanwhile
	}
	one.size = size
	r.bytes += size
	if one.err != nil || size > r.most {
		r.forget(key)
	}
	for r.bytes > r.most {
		r.forget(r.oldest())
	}
}

// oldest of what is loaded needs the lock.
func (r *recent[T]) oldest() (key string) {
	var at time.Time
	for k, one := range r.kept {
		if one.size > 0 && (key == "" || one.used.Before(at)) {
			key, at = k, one.used
		}
	}
	return key
}

// forget needs the lock.
func (r *recent[T]) forget(key string) {
	r.bytes -= r.kept[key].size
	delete(r.kept, key)
}

// expire forgets what was not used for a while, and looks again later where
// something is left.
func (r *recent[T]) expire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, one := range r.kept {
		if time.Since(one.used) >= keptUnused {
			r.forget(k)
		}
	}
	r.timer = nil
	if len(r.kept) > 0 {
		r.timer = time.AfterFunc(keptUnused, r.expire)
	}
}
