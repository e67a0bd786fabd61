package sources

import (
	"context"
	"fmt"
	"hash/maphash"

	"nafas/dicomio/match"
)

// strays are the studies that an archive gives for other days than it says that
// they were: it searches by the date of one image and tells that of another, as
// where images of one study differ (Orthanc keeps the date of the first that came).
type strays struct {
	// since is the last day that an earlier scan was through with.
	since string
	// heeded says that the archive searches by date; known, that it was asked.
	heeded, known bool
	taken         map[string]bool
	// all are the sums of the UIDs of all studies that were handed on.
	all  map[uint64]struct{}
	seed maphash.Seed
}

// newStrays are those of a scan behind a cursor.
func newStrays(after string) strays {
	s := strays{since: after, taken: map[string]bool{}, all: map[uint64]struct{}{}, seed: maphash.MakeSeed()}
	if after == future || after == undated {
		s.since = "99999999"
	}
	return s
}

func (s *strays) hand(uid string) { s.all[maphash.String(s.seed, uid)] = struct{}{} }

// handed says whether a study was handed on; of many million studies one may be
// taken for another.
func (s *strays) handed(uid string) bool {
	_, ok := s.all[maphash.String(s.seed, uid)]
	return ok
}

// beforeCT is a day on which nobody was scanned.
const beforeCT = "18500615"

// stray says whether a study comes with the days that it was given for, which are
// not those of its date. Of an archive that does not search by date it comes with
// those of its date.
func (d *dates) stray(ctx context.Context, e match.Entry) (bool, error) {
	s := &d.strays
	if !s.known {
		q := d.query
		q.StudyDates = beforeCT
		found, whole, err := d.list(ctx, q, 1)
		if err != nil && !ofOne(err) {
			return false, fmt.Errorf("whether the archive searches by date: %w", err)
		}
		s.known, s.heeded = true, err != nil || whole && len(found) == 0
	}
	if !s.heeded || s.taken[e.StudyUID] || s.handed(e.StudyUID) {
		return false, nil
	}
	s.taken[e.StudyUID] = true
	return true, nil
}
