package rescorings

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"nafas/internal/rescore"
	"nafas/internal/store"
)

// ErrListing says that a rescoring which holds a study still lists its source: it
// goes on from where it stands, which may be that study.
var ErrListing = errors.New("still lists its source: let it come to the end of the list, or cancel it")

// errUndo ends a transaction that was only to say what it would do.
var errUndo = errors.New("nothing is to be changed")

// Erasable says what Erase would take out, and changes nothing.
func (l *Ledger) Erasable(ctx context.Context, studyUIDs []string) (store.RescoringsErasure, error) {
	out, err := l.erase(ctx, studyUIDs, time.Now(), errUndo)
	if errors.Is(err, errUndo) {
		err = nil
	}
	return out, err
}

// Erase takes studies out of all rescorings: their rows, results, jobs and entries
// of published lists, and their UIDs where a source is a list of them. They are in
// no total any more but Totals.Erased, so that every input that is left is in one
// state and the sum holds; a rescoring of which nothing else waits has ended. An
// attempt that has such a study is refused (triage.ErrFenced). ErrListing where a
// rescoring cannot do without one yet, and nothing is changed then.
//
// In SQLite nobody may be at work (Options.Works), and what deleted rows leave in
// the file is overwritten, also of an erasure that was broken off. What PostgreSQL
// keeps of them in its files is not in our hands.
func (l *Ledger) Erase(ctx context.Context, studyUIDs []string, at time.Time) (store.RescoringsErasure, error) {
	if l.d.postgres {
		return l.erase(ctx, studyUIDs, at, nil)
	}
	if l.lock == nil {
		return store.RescoringsErasure{}, errors.New("rescorings of a data folder are erased by who holds its lock")
	}
	if _, err := l.write.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
		return store.RescoringsErasure{}, err
	}
	out, err := l.erase(ctx, studyUIDs, at, nil)
	if err != nil {
		return out, err
	}
	return out, store.Scrub(ctx, l.write)
}

// erase does all in one transaction, which ends with an error where one is given.
func (l *Ledger) erase(ctx context.Context, studyUIDs []string, at time.Time, end error) (store.RescoringsErasure, error) {
	e := &erasure{l: l, studies: studyUIDs, at: at}
	err := l.within(ctx, longest, l.write, nil, func(ctx context.Context, t tx) error {
		if err := t.takeTime(ctx); err != nil {
			return err
		}
		e.out = store.RescoringsErasure{KeptIn: l.d.keptIn}
		e.series, e.results = map[string]bool{}, map[int64]bool{}
		if err := e.all(ctx, t); err != nil {
			return err
		}
		return end
	})
	if err == nil {
		l.mu.Lock()
		clear(l.fixed)
		l.mu.Unlock()
	}
	return e.out, err
}

// erasure is one transaction that erases.
type erasure struct {
	l       *Ledger
	studies []string
	at      time.Time
	out     store.RescoringsErasure
	// series and results are those of the studies, in whatever rescoring.
	series  map[string]bool
	results map[int64]bool
}

func (e *erasure) all(ctx context.Context, t tx) error {
	var ids []int64
	err := t.each(ctx, `SELECT rescoring FROM standing ORDER BY rescoring`, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return err
	}
	var standings []*standing
	for _, id := range ids {
		s, err := lock(ctx, t, id)
		if err != nil {
			return err
		}
		for _, uid := range e.studies {
			if err := e.study(ctx, t, s, uid); err != nil {
				return err
			}
		}
		standings = append(standings, s)
	}
	for _, s := range standings {
		if err := e.rest(ctx, t, s); err != nil {
			return fmt.Errorf("rescoring %d %w", s.id, err)
		}
	}
	if err := e.deleteResults(ctx, t); err != nil {
		return err
	}
	return e.emptyJobs(ctx, t)
}

// rest takes what else names the studies, or series of theirs that any rescoring
// knows, out of a rescoring.
func (e *erasure) rest(ctx context.Context, t tx, s *standing) error {
	one := store.RescoringErasure{Rescoring: s.id}
	if err := e.looseThatName(ctx, t, s); err != nil {
		return err
	}
	one.Studies, one.Inputs = -s.add.studies, s.add.erased
	var err error
	if one.Listed, err = e.unlist(ctx, t, s.id); err != nil {
		return err
	}
	if one.Studies+one.Inputs+one.Listed > 0 || e.named(s.scanned) {
		if err := e.settle(ctx, t, s); err != nil {
			return err
		}
	}
	for _, uid := range e.studies {
		n, err := eraseEntries(ctx, t, s.id, uid)
		if err != nil {
			return err
		}
		one.ListEntries += n
	}
	if one != (store.RescoringErasure{Rescoring: s.id}) {
		e.out.Rescorings = append(e.out.Rescorings, one)
	}
	return nil
}

// settle writes the totals of a rescoring that has lost inputs.
func (e *erasure) settle(ctx context.Context, t tx, s *standing) error {
	if !s.planned && !s.state.Final() {
		return ErrListing
	}
	// Where listing stood is of no use any more, and may name a study.
	if _, err := t.exec(ctx, `UPDATE standing SET scanned = '' WHERE rescoring = ?`, s.id); err != nil {
		return err
	}
	if err := s.write(ctx, t); err != nil {
		return err
	}
	return s.end(ctx, t, e.at)
}

// study deletes the rows of a study of a rescoring.
func (e *erasure) study(ctx context.Context, t tx, s *standing, uid string) error {
	var id int64
	var state string
	var worker sql.NullString
	err := t.row(ctx, `SELECT id, state, worker FROM study WHERE rescoring = ? AND uid = ?`+t.d.forUpdate, s.id, uid).Scan(&id, &state, &worker)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	err = t.each(ctx, `SELECT state, reason, uid, result FROM series WHERE study = ? UNION ALL SELECT state, reason, '', NULL FROM loose WHERE study = ?`,
		func(rows *sql.Rows) error {
			var state, reason, series string
			var result sql.NullInt64
			err := rows.Scan(&state, &reason, &series, &result)
			s.erased(state, reason)
			if series != "" {
				e.series[series] = true
			}
			if result.Valid {
				e.results[result.Int64] = true
			}
			return err
		}, id, id)
	if err != nil {
		return err
	}
	for _, table := range []string{"loose", "trouble", "part", "series"} {
		if _, err := t.exec(ctx, `DELETE FROM `+table+` WHERE study = ?`, id); err != nil {
			return err
		}
	}
	s.add.studies--
	if state == done {
		s.add.studiesDone--
		if !worker.Valid { // the listing ended it
			s.add.passedOver--
		}
	}
	_, err = t.exec(ctx, `DELETE FROM study WHERE id = ?`, id)
	return err
}

// erased counts an input that goes.
func (s *standing) erased(state, reason string) {
	s.add.input(rescore.SeriesState(state), reason, -1)
	s.add.erased++
}

// uidLike is what may be a UID and is too long to be there by chance; what follows
// it may be the ending of a file's name.
var uidLike = regexp.MustCompile(`[0-9][0-9.]{18,}[0-9]`)

// named says whether a text names one of the studies, or a series of theirs.
func (e *erasure) named(text string) bool {
	return slices.ContainsFunc(uidLike.FindAllString(text, -1), func(uid string) bool {
		return e.series[uid] || slices.Contains(e.studies, uid)
	})
}

// looseThatName deletes files that belong to no series and have a UID of the
// studies in their path, or in what was found in them. It goes over all of the
// rescoring: there is no other way to know whose they are.
func (e *erasure) looseThatName(ctx context.Context, t tx, s *standing) error {
	var paths [][]byte
	err := t.each(ctx, `SELECT path, state, reason, found FROM loose WHERE rescoring = ?`, func(rows *sql.Rows) error {
		var path []byte
		var state, reason, found string
		err := rows.Scan(&path, &state, &reason, &found)
		if e.named(string(path)) || e.named(found) {
			paths = append(paths, path)
			s.erased(state, reason)
		}
		return err
	}, s.id)
	for _, path := range paths {
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `DELETE FROM loose WHERE rescoring = ? AND path = ?`, s.id, path)
	}
	return err
}

// unlist takes the studies out of a source that is a list of them, and returns how
// many were in it.
func (e *erasure) unlist(ctx context.Context, t tx, id int64) (int64, error) {
	r, err := e.l.loadFixed(ctx, t, id)
	if err != nil {
		return 0, err
	}
	left := slices.DeleteFunc(slices.Clone(r.Source.Studies), func(uid string) bool { return slices.Contains(e.studies, uid) })
	n := len(r.Source.Studies) - len(left)
	if n == 0 {
		return 0, nil
	}
	r.Source.Studies = left
	source, err := json.Marshal(r.Source)
	if err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, `UPDATE rescoring SET source = ? WHERE id = ?`, string(source), id)
	return int64(n), err
}

// eraseEntries deletes the entries of a study from the list that readers are shown,
// closes the gaps, and returns how many there were.
func eraseEntries(ctx context.Context, t tx, rescoring int64, uid string) (int64, error) {
	var places []int64
	err := t.each(ctx, `SELECT place FROM published_entry WHERE rescoring = ? AND study_uid = ? ORDER BY place DESC`, func(rows *sql.Rows) error {
		var place int64
		err := rows.Scan(&place)
		places = append(places, place)
		return err
	}, rescoring, uid)
	for _, place := range places {
		if err != nil {
			return 0, err
		}
		err = eraseEntry(ctx, t, rescoring, place)
	}
	return int64(len(places)), err
}

func eraseEntry(ctx context.Context, t tx, rescoring, place int64) error {
	for _, statement := range []string{
		`DELETE FROM published_entry WHERE rescoring = ? AND place = ?`,
		// Below zero first: no two may be at one place, not even on their way.
		`UPDATE published_entry SET place = 1 - place WHERE rescoring = ? AND place > ?`,
	} {
		if _, err := t.exec(ctx, statement, rescoring, place); err != nil {
			return err
		}
	}
	for _, statement := range []string{
		`UPDATE published_entry SET place = -place WHERE rescoring = ? AND place < 0`,
		`UPDATE published SET entries = entries - 1 WHERE rescoring = ?`,
	} {
		if _, err := t.exec(ctx, statement, rescoring); err != nil {
			return err
		}
	}
	return nil
}

// deleteResults deletes the results of the studies' series. Another study may have
// a series of the same UID, where numbers were given twice: its results stay.
func (e *erasure) deleteResults(ctx context.Context, t tx) error {
	for uid := range e.series {
		err := t.each(ctx, `SELECT id FROM result WHERE series_uid = ?`, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			e.results[id] = true
			return err
		}, uid)
		if err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(e.results)) {
		n, err := t.exec(ctx, `DELETE FROM result WHERE id = ? AND NOT EXISTS (SELECT 1 FROM series s WHERE s.result = result.id)`, id)
		if err != nil {
			return err
		}
		e.out.Results += n
	}
	return nil
}

// emptyJobs ends the jobs of the studies, and takes their names and what failed out
// of those that have ended. They are not deleted: see unqueue.
func (e *erasure) emptyJobs(ctx context.Context, t tx) error {
	for _, uid := range e.studies {
		_, err := t.exec(ctx, `
			UPDATE river_job SET args = '{}', errors = NULL, finalized_at = COALESCE(finalized_at, `+t.d.riverNow+`),
				state = CASE WHEN finalized_at IS NULL THEN 'cancelled' ELSE state END
			WHERE kind = ? AND `+t.d.jobStudy+` = ?`, rescore.Job{}.Kind(), uid)
		if err != nil {
			return err
		}
	}
	return nil
}
