package store

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"time"

	"nafas/internal/triage"
)

// recover makes ready what a dead server left: its jobs wait again at once,
// since the lock says that nobody is at them, and its half-received files go.
func (s *SQLite) recover(ctx context.Context) error {
	var jobs, studies int64
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		now := time.Now()
		res, err := tx.ExecContext(ctx, `UPDATE river_job SET state = 'available', scheduled_at = ? WHERE state = 'running'`, now.UTC().Format(riverTime))
		if err != nil {
			return err
		}
		if jobs, err = res.RowsAffected(); err != nil {
			return err
		}
		if err := endFetching(ctx, tx, now); err != nil {
			return err
		}
		// The dead server's turn as leader would delay scheduled jobs.
		if _, err := tx.ExecContext(ctx, `DELETE FROM river_leader`); err != nil {
			return err
		}
		if studies, err = s.requeueRunning(ctx, tx, now); err != nil {
			return err
		}
		return s.sortDeliverJobs(ctx, tx)
	})
	if err != nil {
		return err
	}
	if jobs > 0 || studies > 0 {
		s.log.InfoContext(ctx, "took over from a server that ended early", "jobs", jobs, "studies", studies)
	}
	if _, err := s.Bury(ctx); err != nil {
		return err
	}
	if err := s.finishErasures(ctx); err != nil {
		// It needs room for a second database; senders need the service.
		s.log.ErrorContext(ctx, "traces of an erased patient are left in free pages of the database; the next start tries again", "error", err)
	}
	if err := s.sweepModels(ctx); err != nil {
		return err
	}
	return s.emptySpool()
}

func (s *SQLite) requeueRunning(ctx context.Context, tx *sql.Tx, now time.Time) (int64, error) {
	rows, err := tx.QueryContext(ctx, `SELECT uid FROM study WHERE state = ?`, triage.Running)
	if err != nil {
		return 0, err
	}
	var uids []string
	for rows.Next() {
		var uid string
		if err := rows.Scan(&uid); err != nil {
			rows.Close()
			return 0, err
		}
		uids = append(uids, uid)
	}
	if err := rows.Close(); err != nil {
		return 0, err
	}
	for _, uid := range uids {
		r, err := loadStudy(ctx, tx, uid)
		if err != nil {
			return 0, err
		}
		r.state = triage.Waiting
		if err := saveStudy(ctx, tx, &r, now); err != nil {
			return 0, err
		}
	}
	return int64(len(uids)), rows.Err()
}

// emptySpool removes what was never acknowledged.
func (s *SQLite) emptySpool() error {
	entries, err := os.ReadDir(s.Abs(spoolDir))
	if err != nil {
		return err
	}
	var paths []string
	for _, e := range entries {
		paths = append(paths, spoolDir+"/"+e.Name())
	}
	return s.Remove(paths)
}

// Sweep removes placed files that no row points at: those of commits that did
// not end. It looks only at files from a day before it began, and may run beside
// everything else.
func (s *SQLite) Sweep(ctx context.Context) (removed int, err error) {
	return s.removeOrphans(ctx, time.Now().Add(-sweepAge))
}

// removeOrphans is Sweep for files from before a time.
func (s *SQLite) removeOrphans(ctx context.Context, before time.Time) (removed int, err error) {
	for _, top := range []string{instancesDir, quarantineDir} {
		studies, err := filepath.Glob(filepath.Join(s.Abs(top), "??", "*"))
		if err != nil {
			return removed, err
		}
		for _, dir := range studies {
			n, err := s.sweepDir(ctx, dir, before)
			removed += n
			if err != nil {
				return removed, err
			}
		}
	}
	if removed > 0 {
		s.log.InfoContext(ctx, "removed files that no row points at", "files", removed)
	}
	return removed, nil
}

func (s *SQLite) sweepDir(ctx context.Context, dir string, before time.Time) (int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var orphans []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !info.ModTime().Before(before) {
			continue
		}
		path, err := filepath.Rel(s.dir, filepath.Join(dir, e.Name()))
		if err != nil {
			return 0, err
		}
		path = filepath.ToSlash(path)
		var known bool
		if err := s.read.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT 1 FROM instance_file WHERE path = ?) OR EXISTS (SELECT 1 FROM quarantine WHERE path = ?)
				OR EXISTS (SELECT 1 FROM doomed WHERE path = ?)`, // Bury's, when no backup needs it
			path, path, path).Scan(&known); err != nil {
			return 0, err
		}
		if !known {
			orphans = append(orphans, path)
		}
	}
	return len(orphans), s.Remove(orphans)
}

// sweepAge keeps the sweep away from uploads in progress, whose files were
// written before their rows.
const sweepAge = 24 * time.Hour
