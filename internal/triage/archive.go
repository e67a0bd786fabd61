package triage

import (
	"context"
	"errors"
	"io"
	"time"

	"nafas/dicomio"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
)

// Archive is the part of the store that viewers search and read. It knows what
// was stored, in its current version; nothing of quarantine.
type Archive interface {
	// Search returns what fits, in an order that stays the same while nothing
	// comes in. ErrNotSearched where a condition is on an attribute that is not
	// of the level, or of none.
	Search(ctx context.Context, q Search) ([]Found, error)
	// Located returns up to limit instances of the scope with numbers after the
	// given one, in the order of their numbers: that of arrival.
	Located(ctx context.Context, in Scope, after int64, limit int) ([]Located, error)
	// Open opens a stored file; bytes is its size.
	Open(path string) (file io.ReadCloser, bytes int64, err error)

	// Undescribed returns up to limit instances, with numbers after the given
	// one, of which nothing is known that could be searched.
	Undescribed(ctx context.Context, after int64, limit int) ([]Located, error)
	// Describe writes what is known of instances that were undescribed. One
	// whose file is not the current version any more is passed over.
	Describe(ctx context.Context, list []Described) error
}

// ErrNotSearched says that nothing is searched by an attribute.
var ErrNotSearched = errors.New("not an attribute that is searched by at this level")

// Description is what is told of an instance to who looks for it.
type Description = dicomio.Description

// Attributes are the values of a Description.
type Attributes = dicomio.Attributes

// Level is what is looked for.
type Level int

// The levels.
const (
	LevelStudy Level = iota
	LevelSeries
	LevelInstance
)

// Scope names a study, a series or an instance; "" is every one.
type Scope struct{ StudyUID, SeriesUID, SOPUID string }

// Search asks for studies, series or instances. Conditions may be on attributes
// of the level and of those above it.
type Search struct {
	Level      Level
	In         Scope
	Conditions []match.Condition
	// Made are the objects that stand beside the stored ones where there is a
	// result: they count among the modalities of a study.
	Made []Made
	// Limit is at least 1.
	Limit, Offset int
}

// Made is a kind of object that is made of a result on request.
type Made struct {
	Modality string
	// OfFindings: only where there are findings.
	OfFindings bool
}

// Exists says whether there is such an object.
func (m Made) Exists(r Said) bool { return r.Anything && (r.Findings > 0 || !m.OfFindings) }

// Said is how much is said of a study.
type Said struct {
	// Anything: there is a result, or a reason why there is none, and it may be
	// shown.
	Anything bool
	Findings int
}

// Found is one that fits.
type Found struct {
	// Scope names it, down to the level.
	Scope
	// Headers holds the levels down to what was looked for.
	Headers Description
	// Modality is the series', SOPClassUID the instance's.
	Modality, SOPClassUID string
	// Modalities are those stored of the study, sorted; Series and Instances
	// are how many are stored of it. Instances counts those of the series where
	// series are looked for.
	Modalities        []string
	Series, Instances int
	Said              Said
}

// Located is a stored instance and where its file is.
type Located struct {
	// Number grows with each instance that is stored.
	Number int64
	Scope
	SOPClassUID string
	Path        string
}

// Described is what a file says.
type Described struct {
	Located
	Description
}

// describeAtOnce are the instances that are looked at between two writes.
const describeAtOnce = 100

// DescribeStored looks at what a version before had stored, so that it can be
// searched. What is broken off goes on at the next start. A file that cannot be
// read any more is passed over, and found by its UIDs alone.
func (s *Service) DescribeStored(ctx context.Context, archive Archive) (described int, err error) {
	var after int64
	for {
		list, err := archive.Undescribed(ctx, after, describeAtOnce)
		if err != nil {
			return described, err
		}
		if len(list) == 0 {
			s.described.Store(true)
			return described, nil
		}
		after = list[len(list)-1].Number
		began := time.Now()
		out := make([]Described, len(list))
		for i, one := range list {
			if err := ctx.Err(); err != nil {
				return described, err
			}
			out[i] = Described{Located: one, Description: s.describe(one.Path)}
		}
		if err := archive.Describe(ctx, out); err != nil {
			return described, err
		}
		described += len(out)
		// Whoever sends and reads meanwhile has half of the disk at least.
		select {
		case <-ctx.Done():
			return described, ctx.Err()
		case <-time.After(time.Since(began)):
		}
	}
}

// Described says whether DescribeStored has come to its end.
func (s *Service) Described() bool { return s.described.Load() }

func (s *Service) describe(path string) Description {
	data, err := s.files.Read(path)
	if err != nil {
		s.log.Warn("a stored file cannot be read; its study is searched without it", "error", errors.Unwrap(err))
		return Description{}
	}
	f, err := part10.Parse(data, part10.DefaultLimits())
	if err != nil {
		return Description{}
	}
	return dicomio.Describe(f)
}
