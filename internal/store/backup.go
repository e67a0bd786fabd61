package store

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"nafas/internal/triage"
)

// manifestFile is the last entry of a backup.
const manifestFile = "manifest.json"

// Manifest says what is in a backup.
type Manifest struct {
	// Format is backupFormat.
	Format       string       `json:"format"`
	Installation string       `json:"installation"`
	StartedAt    time.Time    `json:"started_at"`
	Studies      int          `json:"studies"`
	Files        []BackupFile `json:"files"`
}

const backupFormat = "nafas backup 1"

// BackupFile is one file of a backup; Name is relative to the data folder.
type BackupFile struct {
	Name   string     `json:"name"`
	Bytes  int64      `json:"bytes"`
	SHA256 triage.Sum `json:"sha256"`
}

// backup is a backup on its way.
type backup struct {
	dir      string
	out      *tar.Writer
	manifest Manifest
	// serves and rescores say which databases the folder has.
	serves, rescores bool
}

// Rescorings says whether it holds the rescorings of the data folder; those in
// PostgreSQL are never in it.
func (m Manifest) Rescorings() bool { return m.has(RescoringsFile) }

func (m Manifest) has(name string) bool {
	return slices.ContainsFunc(m.Files, func(f BackupFile) bool { return f.Name == name })
}

// Backup writes the data folder dir to w as a tar file, whether a server runs
// on it or not. Nothing is missing that was acknowledged before it began, and
// every file that its database names is in it, with the sum that its row says. A
// folder may have rescorings alone. scratch is a folder for copies of the databases.
func Backup(ctx context.Context, dir, scratch string, w io.Writer) (Manifest, error) {
	b := &backup{dir: dir, out: tar.NewWriter(w), manifest: Manifest{Format: backupFormat, StartedAt: time.Now().UTC()}}
	var err error
	if b.serves, b.rescores, err = databases(dir); err != nil {
		return b.manifest, err
	}
	if err := notRestoring(dir); err != nil {
		return b.manifest, err
	}
	// Until the end no file is deleted that the copy of the database names.
	guard, err := flock(filepath.Join(dir, backupLock), unix.LOCK_SH)
	if err != nil {
		return b.manifest, err
	}
	defer guard.Close()
	if err := b.write(ctx, scratch); err != nil {
		return b.manifest, err
	}
	return b.manifest, b.out.Close()
}

// databases says which of its two databases a folder has; it has one at least.
func databases(dir string) (serves, rescores bool, err error) {
	_, main := os.Stat(filepath.Join(dir, databaseFile))
	_, rescorings := os.Stat(filepath.Join(dir, RescoringsFile))
	if main != nil && !errors.Is(main, fs.ErrNotExist) || rescorings != nil && main != nil {
		return false, false, fmt.Errorf("%s is no data folder: %w", dir, main)
	}
	if rescorings != nil && !errors.Is(rescorings, fs.ErrNotExist) {
		return false, false, rescorings
	}
	return main == nil, rescorings == nil, nil
}

// write: what lies in the inbox first, since it leaves the inbox once it has
// rows; then the databases; then the files of the rows.
func (b *backup) write(ctx context.Context, scratch string) error {
	temporary, err := os.MkdirTemp(scratch, ".nafas-backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	if b.serves {
		if err := b.service(ctx, temporary); err != nil {
			return err
		}
	}
	if b.rescores {
		if _, err := b.database(ctx, RescoringsFile, temporary); err != nil {
			return err
		}
	}
	if _, err := b.add(PseudonymKeyFile, filepath.Join(b.dir, PseudonymKeyFile), true); err != nil {
		return err
	}
	text, err := json.MarshalIndent(b.manifest, "", " ")
	if err != nil {
		return err
	}
	if err := b.out.WriteHeader(&tar.Header{Name: manifestFile, Mode: fileMode, Size: int64(len(text)), ModTime: b.manifest.StartedAt}); err != nil {
		return err
	}
	_, err = b.out.Write(text)
	return err
}

// service adds what a service keeps.
func (b *backup) service(ctx context.Context, temporary string) error {
	if err := b.inbox(ctx); err != nil {
		return err
	}
	database, err := b.database(ctx, databaseFile, temporary)
	if err != nil {
		return err
	}
	return b.named(ctx, database)
}

// database adds a copy of a database, and returns where in temporary that is.
func (b *backup) database(ctx context.Context, name, temporary string) (string, error) {
	to := filepath.Join(temporary, name)
	if err := copyDatabase(ctx, filepath.Join(b.dir, name), to); err != nil {
		return to, fmt.Errorf("copying the database %s: %w", name, err)
	}
	_, err := b.add(name, to, false)
	return to, err
}

// inbox adds what may have been acknowledged before the backup began: files
// that were written since then belong to instances that were not.
func (b *backup) inbox(ctx context.Context) error {
	entries, err := os.ReadDir(filepath.Join(b.dir, inboxDir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has rows now
		}
		if err != nil {
			return err
		}
		if info.Size() == 0 || info.ModTime().After(b.manifest.StartedAt) {
			continue
		}
		if _, err := b.add(inboxDir+"/"+e.Name(), filepath.Join(b.dir, inboxDir, e.Name()), true); err != nil {
			return err
		}
	}
	return nil
}

// add adds a file as it is at this moment.
func (b *backup) add(name, path string, mayBeMissing bool) (BackupFile, error) {
	in, err := os.Open(path)
	if mayBeMissing && errors.Is(err, fs.ErrNotExist) {
		return BackupFile{}, nil
	}
	if err != nil {
		return BackupFile{}, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return BackupFile{}, err
	}
	out := BackupFile{Name: name, Bytes: info.Size()}
	if err := b.out.WriteHeader(&tar.Header{Name: name, Mode: fileMode, Size: out.Bytes, ModTime: info.ModTime()}); err != nil {
		return out, err
	}
	hash := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(b.out, hash), in, out.Bytes); err != nil {
		return out, fmt.Errorf("%s: %w", name, err)
	}
	hash.Sum(out.SHA256[:0])
	b.manifest.Files = append(b.manifest.Files, out)
	return out, nil
}

// named adds every file that the copy of the database names.
func (b *backup) named(ctx context.Context, database string) error {
	db, err := readCopy(database)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, `SELECT (SELECT name FROM installation), (SELECT count(*) FROM study)`).
		Scan(&b.manifest.Installation, &b.manifest.Studies); err != nil {
		return err
	}
	files, err := namedFiles(ctx, db)
	if err != nil {
		return err
	}
	for _, want := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		got, err := b.add(want.Name, filepath.Join(b.dir, filepath.FromSlash(want.Name)), false)
		if err != nil {
			return err
		}
		if got.SHA256 != want.SHA256 {
			return fmt.Errorf("%s is not what was stored: look at the disk, and restore the file from an older backup", want.Name)
		}
	}
	return nil
}

// namedFiles are the files that a database names, with the sums of their rows.
func namedFiles(ctx context.Context, db *sql.DB) ([]BackupFile, error) {
	query := `SELECT path, bytes, sha256 FROM instance_file UNION ALL SELECT path, bytes, sha256 FROM quarantine`
	var models bool
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'model_file')`).Scan(&models); err != nil {
		return nil, err
	}
	if models { // else it is of an earlier version
		query += ` UNION ALL SELECT path, bytes, sha256 FROM model_file`
	}
	rows, err := db.QueryContext(ctx, query+` ORDER BY path`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []BackupFile
	for rows.Next() {
		var f BackupFile
		if err := rows.Scan(&f.Name, &f.Bytes, sumOf(&f.SHA256)); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// copyDatabase makes a consistent copy, beside whoever writes.
func copyDatabase(ctx context.Context, from, to string) error {
	db, err := sql.Open("sqlite", dsn(from, "mode", "rw"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	return errors.Join(err, db.Close(), os.Chmod(to, fileMode))
}

// readCopy opens a database that nobody writes to, and leaves no file beside
// it.
func readCopy(path string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: "mode=ro&immutable=1"}
	return sql.Open("sqlite", u.String())
}
