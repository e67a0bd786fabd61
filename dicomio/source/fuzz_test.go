package source_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
)

// FuzzZip: an archive is read or refused, and stays within its limits.
func FuzzZip(f *testing.F) {
	t := &testing.T{}
	f.Add(zipOf(t, zipEntry{name: "a/1.dcm", data: dicomBytes("1")}, zipEntry{name: "../2", data: []byte("x")}))
	f.Add(zipOf(t, zipEntry{name: "DICOMDIR", data: []byte("x")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "f.zip")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		lim := source.Limits{MaxFileBytes: 1 << 20, MaxInflatedBytes: 4 << 20, MaxItems: 1000}
		items, _, err := source.Walk(context.Background(), file, lim)
		if err != nil && refusal.Of(err) == "" {
			t.Fatalf("an error without a reason: %v", err)
		}
		for _, it := range items {
			if b, err := it.Open(); err == nil && int64(len(b)) > lim.MaxFileBytes {
				t.Fatalf("%d bytes", len(b))
			}
		}
	})
}

// FuzzDICOMDIR: no index leads outside its folder.
func FuzzDICOMDIR(f *testing.F) {
	t := &testing.T{}
	f.Add(index(t, []string{"A", "1"}, []string{"..", "X"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		root := t.TempDir()
		dir := filepath.Join(root, "d")
		write(t, dir, "DICOMDIR", data)
		write(t, dir, "A/1", dicomBytes("1"))
		write(t, root, "X", dicomBytes("x"))
		items, _, err := source.Walk(context.Background(), filepath.Join(dir, "DICOMDIR"), source.Limits{})
		if err != nil && refusal.Of(err) == "" {
			t.Fatalf("an error without a reason: %v", err)
		}
		for _, it := range items {
			if it.Name != "A/1" {
				t.Fatalf("read %q", it.Name)
			}
		}
	})
}
