package pacs

import (
	"sync"
	"time"

	"nafas/dicomio/part10"
)

// recent keeps large files that were read a moment ago: a viewer asks for the
// frames of a multi-frame instance one by one. A file never changes under its
// path.
type recent struct {
	mu    sync.Mutex
	files map[string]*recentFile
	bytes int64
	timer *time.Timer
}

type recentFile struct {
	once sync.Once
	file *part10.File
	err  error
	size int64
	used time.Time
}

// Bounds of what is kept: smaller files are read again as fast, larger ones
// would crowd out the rest.
const (
	leastKept  = 4 << 20
	mostKept   = 256 << 20
	keptUnused = time.Minute
)

// get returns the file, read by load where it is not there. Of several callers
// one reads and the others wait.
func (r *recent) get(path string, size int64, load func() (*part10.File, error)) (*part10.File, error) {
	if path == "" || size < leastKept || size > mostKept {
		return load()
	}
	one := r.entry(path, size)
	one.once.Do(func() { one.file, one.err = load() })
	if one.err != nil {
		r.drop(path, one)
	}
	return one.file, one.err
}

func (r *recent) entry(path string, size int64) *recentFile {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.files[path]
	if one == nil {
		one = &recentFile{size: size}
		if r.files == nil {
			r.files = map[string]*recentFile{}
		}
		r.files[path] = one
		r.bytes += size
	}
	one.used = time.Now()
	for r.bytes > mostKept {
		r.forget(r.oldest())
	}
	if r.timer == nil {
		r.timer = time.AfterFunc(keptUnused, r.expire)
	}
	return one
}

func (r *recent) oldest() (path string) {
	var at time.Time
	for p, f := range r.files {
		if path == "" || f.used.Before(at) {
			path, at = p, f.used
		}
	}
	return path
}

// forget needs the lock.
func (r *recent) forget(path string) {
	r.bytes -= r.files[path].size
	delete(r.files, path)
}

// drop forgets a file that could not be read: its caller may only have left.
func (r *recent) drop(path string, one *recentFile) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.files[path] == one {
		r.forget(path)
	}
}

// expire forgets what was not used for a while, and looks again later where
// something is left.
func (r *recent) expire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, f := range r.files {
		if time.Since(f.used) >= keptUnused {
			r.forget(p)
		}
	}
	r.timer = nil
	if len(r.files) > 0 {
		r.timer = time.AfterFunc(keptUnused, r.expire)
	}
}
