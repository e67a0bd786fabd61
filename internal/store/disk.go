package store

import (
	"errors"
	"io/fs"
	"os"
)

// Disk is what the data folder asks of a file system. The real one is OS;
// tests put one in its place that records the order of the operations and
// loses what was not synced.
type Disk interface {
	// Create makes a new file, readable and writable by its owner only.
	Create(path string) (File, error)
	// Mkdir makes one folder; that it exists already is no error. made says
	// whether it is new.
	Mkdir(path string) (made bool, err error)
	Rename(from, to string) error
	// Link gives a file a second name.
	Link(from, to string) error
	Remove(path string) error
	// SyncDir makes the names in a folder durable.
	SyncDir(path string) error
	ReadFile(path string) ([]byte, error)
}

// File is a file being written.
type File interface {
	Write(p []byte) (int, error)
	// Sync makes the contents durable.
	Sync() error
	Close() error
}

// OS is the file system of the operating system.
type OS struct{}

const (
	fileMode = 0o600
	dirMode  = 0o700
)

// Create implements Disk.
func (OS) Create(path string) (File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
}

// Mkdir implements Disk.
func (OS) Mkdir(path string) (bool, error) {
	err := os.Mkdir(path, dirMode)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	return err == nil, err
}

// Rename implements Disk.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Link implements Disk.
func (OS) Link(from, to string) error { return os.Link(from, to) }

// Remove implements Disk.
func (OS) Remove(path string) error { return os.Remove(path) }

// ReadFile implements Disk.
func (OS) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// SyncDir implements Disk.
func (OS) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
