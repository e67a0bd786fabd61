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
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// restoringDir is in a folder while a backup is restored into it: no server
// starts on it.
const restoringDir = "restoring"

// ErrRestoring says that a restore into the folder did not come to its end.
var ErrRestoring = errors.New("a restore into this folder did not end: run nafas restore again")

func notRestoring(dir string) error {
	_, err := os.Lstat(filepath.Join(dir, restoringDir))
	if err == nil {
		return ErrRestoring
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// restored are the names that a restore may make in a data folder, in the order
// in which they get there: the databases last.
var restored = []string{instancesDir, quarantineDir, modelsDir, inboxDir, PseudonymKeyFile, RescoringsFile, databaseFile}

// Restore makes the data folder dir, which is empty or not there, from a backup.
// Every sum is compared before the first file is at its place; where anything
// fails the folder is empty again.
func Restore(ctx context.Context, r io.Reader, dir string) (Manifest, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return Manifest{}, err
	}
	held, err := flock(filepath.Join(dir, lockFile), unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return Manifest{}, err
	}
	defer held.Close()
	if err := emptied(dir); err != nil {
		return Manifest{}, err
	}
	staging := filepath.Join(dir, restoringDir)
	if err := errors.Join(os.Mkdir(staging, dirMode), OS{}.SyncDir(dir)); err != nil {
		return Manifest{}, err
	}
	m, err := extract(ctx, r, staging)
	if err == nil {
		err = checkNamed(ctx, m, staging)
	}
	if err == nil {
		err = forgetSessions(ctx, m, filepath.Join(staging, databaseFile))
	}
	if err == nil {
		err = takePlaces(dir, staging)
	}
	if err != nil {
		return m, errors.Join(err, removeRestored(dir))
	}
	if err := (OS{}).SyncDir(filepath.Dir(dir)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return m, err
	}
	return m, nil
}

// emptied makes sure that the folder is empty; what a restore left that did not
// end goes.
func emptied(dir string) error {
	err := notRestoring(dir)
	if errors.Is(err, ErrRestoring) {
		return removeRestored(dir)
	}
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != lockFile && e.Name() != "lost+found" {
			return fmt.Errorf("%s is not empty: a backup is restored into an empty folder only", dir)
		}
	}
	return nil
}

// removeRestored: the mark goes last, so that no server starts on a part.
func removeRestored(dir string) error {
	var errs []error
	for _, name := range restored {
		errs = append(errs, os.RemoveAll(filepath.Join(dir, name)))
	}
	if err := errors.Join(append(errs, OS{}.SyncDir(dir))...); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(filepath.Join(dir, restoringDir)), OS{}.SyncDir(dir))
}

// extract writes the files of a backup below staging, durable, and compares
// them with its manifest.
func extract(ctx context.Context, r io.Reader, staging string) (Manifest, error) {
	in := tar.NewReader(r)
	got := map[string]BackupFile{}
	dirs := map[string]bool{staging: true}
	for {
		if err := ctx.Err(); err != nil {
			return Manifest{}, err
		}
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return Manifest{}, errors.New("the backup has no manifest: it broke off, or is none")
		}
		if err != nil {
			return Manifest{}, fmt.Errorf("reading the backup: %w", err)
		}
		if h.Name == manifestFile {
			m, err := readManifest(in, got)
			return m, errors.Join(err, ended(in, r), syncAll(dirs))
		}
		if _, twice := got[h.Name]; twice || h.Typeflag != tar.TypeReg || !backupName(h.Name) {
			return Manifest{}, fmt.Errorf("the backup holds %q, which is no file of a data folder", h.Name)
		}
		if got[h.Name], err = extractFile(in, h.Name, staging, dirs); err != nil {
			return Manifest{}, err
		}
	}
}

// backupName: a file at the top, or the name of a file as the folder makes
// them.
func backupName(name string) bool {
	if name == databaseFile || name == RescoringsFile || name == PseudonymKeyFile {
		return true
	}
	parts := strings.Split(name, "/")
	depth := map[string]int{inboxDir: 2, modelsDir: 3, instancesDir: 4, quarantineDir: 4}[parts[0]]
	return len(parts) == depth && filepath.IsLocal(name) && path.Clean(name) == name
}

func extractFile(in io.Reader, name, staging string, dirs map[string]bool) (BackupFile, error) {
	to := filepath.Join(staging, filepath.FromSlash(name))
	for dir := filepath.Dir(to); !dirs[dir]; dir = filepath.Dir(dir) {
		dirs[dir] = true
	}
	if err := os.MkdirAll(filepath.Dir(to), dirMode); err != nil {
		return BackupFile{}, err
	}
	f, err := OS{}.Create(to)
	if err != nil {
		return BackupFile{}, err
	}
	out := BackupFile{Name: name}
	hash := sha256.New()
	if out.Bytes, err = io.Copy(io.MultiWriter(f, hash), in); err == nil {
		err = f.Sync()
	}
	hash.Sum(out.SHA256[:0])
	if err = errors.Join(err, f.Close()); err != nil {
		err = fmt.Errorf("restoring %s: %w", name, err)
	}
	return out, err
}

// readManifest compares what came with what is said to be there.
func readManifest(in io.Reader, got map[string]BackupFile) (Manifest, error) {
	var m Manifest
	if err := json.NewDecoder(in).Decode(&m); err != nil {
		return m, fmt.Errorf("the manifest of the backup: %w", err)
	}
	if m.Format != backupFormat {
		return m, fmt.Errorf("the backup is of format %q and not %q: use the program that wrote it", m.Format, backupFormat)
	}
	for _, want := range m.Files {
		if got[want.Name] != want {
			return m, fmt.Errorf("the backup is damaged: %s is not what it was", want.Name)
		}
	}
	if len(m.Files) != len(got) {
		return m, fmt.Errorf("the backup is damaged: it holds %d files and says %d", len(got), len(m.Files))
	}
	return m, nil
}

// ended reads to the end, where a compressed file has its own sum.
func ended(in *tar.Reader, r io.Reader) error {
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("the backup goes on behind its manifest"), err)
	}
	_, err := io.Copy(io.Discard, r)
	return err
}

func syncAll(dirs map[string]bool) error {
	var errs []error
	for dir := range dirs {
		errs = append(errs, OS{}.SyncDir(dir))
	}
	return errors.Join(errs...)
}

// checkNamed makes sure that the databases are whole, and that every file is
// there that they name.
func checkNamed(ctx context.Context, m Manifest, staging string) error {
	if m.Rescorings() {
		db, err := wholeCopy(ctx, filepath.Join(staging, RescoringsFile))
		if err != nil {
			return err
		}
		if err := db.Close(); err != nil || !m.has(databaseFile) {
			return err
		}
	}
	db, err := wholeCopy(ctx, filepath.Join(staging, databaseFile))
	if err != nil {
		return err
	}
	defer db.Close()
	files, err := namedFiles(ctx, db)
	if err != nil {
		return err
	}
	has := map[BackupFile]bool{}
	for _, f := range m.Files {
		has[f] = true
	}
	for _, want := range files {
		if !has[want] {
			return fmt.Errorf("the backup lacks %s, which its database names", want.Name)
		}
	}
	return nil
}

// wholeCopy opens a database that is not damaged.
func wholeCopy(ctx context.Context, path string) (*sql.DB, error) {
	db, err := readCopy(path)
	if err != nil {
		return nil, err
	}
	var state string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&state); err != nil || state != "ok" {
		return nil, errors.Join(fmt.Errorf("the database %s of the backup is damaged: %s", filepath.Base(path), state), err, db.Close())
	}
	return db, nil
}

// forgetSessions signs everybody out: who has signed out since the backup, or was
// kept out, does not come in again by it.
func forgetSessions(ctx context.Context, m Manifest, path string) (err error) {
	if !m.has(databaseFile) {
		return nil
	}
	u := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: "mode=rw&_pragma=synchronous(FULL)&_pragma=journal_mode(DELETE)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var known bool
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'session')`).Scan(&known); err != nil || !known {
		return err // of an earlier version
	}
	_, err = db.ExecContext(ctx, `DELETE FROM session`)
	return err
}

// takePlaces moves what was restored to its places; the mark goes when all is
// there.
func takePlaces(dir, staging string) error {
	for _, name := range restored {
		err := os.Rename(filepath.Join(staging, name), filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := (OS{}).SyncDir(dir); err != nil {
		return err
	}
	return errors.Join(os.Remove(staging), OS{}.SyncDir(dir))
}
