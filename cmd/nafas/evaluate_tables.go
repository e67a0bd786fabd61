package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nafas/inference/froc"
)

// truthTables are what marks are compared with. scans is nil where no list was
// given.
type truthTables struct {
	nodules, excluded []froc.Nodule
	scans             []froc.Scan
}

// namedReader is a table's contents with the name that stands in errors.
type namedReader struct {
	*bytes.Reader
	name string
}

// table reads a file whole, notes its hash in the document, and has it parsed.
func (d *evaluationDocument) table(role, path string, parse func(namedReader) error) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	name := filepath.Base(path)
	d.Data = append(d.Data, evaluationData{Role: role, Name: name, SHA256: hex.EncodeToString(sum[:])})
	return parse(namedReader{bytes.NewReader(data), name})
}

// truth reads nodules, excluded findings and the list of series; with --luna16
// those that are not named are looked for below its folder.
func (c *evaluateCmd) truth(doc *evaluationDocument) (*truthTables, error) {
	if c.Luna16 != "" {
		if err := c.findTables(); err != nil {
			return nil, err
		}
	}
	t := &truthTables{}
	for _, table := range []struct {
		role, path string
		parse      func(namedReader) error
	}{
		{"annotations", c.Annotations, func(r namedReader) (err error) {
			var others int
			if t.nodules, others, err = froc.ReadNodules(r.name, r); others > 0 {
				doc.note("%d rows of %s are passed over: their role is not nodule", others, r.name)
			}
			return err
		}},
		{"excluded", c.Excluded, func(r namedReader) (err error) { t.excluded, err = froc.ReadExcluded(r.name, r); return err }},
		{"series", c.Series, func(r namedReader) (err error) {
			var notRead int
			if t.scans, notRead, err = froc.ReadScans(r.name, r); notRead > 0 {
				doc.note("%d rows of %s are passed over: they say that their series were not read", notRead, r.name)
			}
			return err
		}},
	} {
		if table.path == "" {
			continue
		}
		if err := doc.table(table.role, table.path, table.parse); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// findTables looks for the challenge's tables below --luna16, wherever they
// were unpacked.
func (c *evaluateCmd) findTables() error {
	found := map[string][]string{}
	if err := walkFollowing(c.Luna16, func(path string) {
		name := filepath.Base(path)
		found[name] = append(found[name], path)
	}); err != nil {
		return err
	}
	for _, t := range []struct {
		flag, name string
		path       *string
	}{
		{"--annotations", "annotations.csv", &c.Annotations},
		{"--excluded", "annotations_excluded.csv", &c.Excluded},
		{"--series", "seriesuids.csv", &c.Series},
	} {
		if *t.path != "" {
			continue
		}
		paths := found[t.name]
		if len(paths) == 0 {
			return usage("no %s below %s: it comes with the challenge's evaluation script; put it there or name it with %s FILE", t.name, c.Luna16, t.flag)
		}
		if err := equalFiles(paths); err != nil {
			return usage("%w: name the right one with %s FILE", err, t.flag)
		}
		*t.path = paths[0]
	}
	return nil
}

// equalFiles: the challenge's archives hold some tables twice, and copies do
// not matter.
func equalFiles(paths []string) error {
	first, err := os.ReadFile(paths[0])
	if err != nil {
		return err
	}
	for _, other := range paths[1:] {
		data, err := os.ReadFile(other)
		if err != nil {
			return err
		}
		if !bytes.Equal(data, first) {
			return fmt.Errorf("%s and %s differ", paths[0], other)
		}
	}
	return nil
}

// maxWalkDepth bounds folders within folders.
const maxWalkDepth = 32

// walkFollowing visits every file below root in the order of names. Links are
// followed, since data sets of this size often lie on several disks.
func walkFollowing(root string, visit func(path string)) error {
	seen := map[string]bool{}
	var walk func(dir string, depth int) error
	walk = func(dir string, depth int) error {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || seen[real] {
			return err
		}
		seen[real] = true
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			info, err := os.Stat(path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				// A link to nothing: a listed series behind it is missing, and named so.
			case err != nil:
				return err
			case info.Mode().IsRegular():
				visit(path)
			case info.IsDir() && depth == maxWalkDepth:
				return usage("%s: folders within folders deeper than %d are not read: name the folder itself", path, maxWalkDepth)
			case info.IsDir():
				if err := walk(path, depth+1); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return walk(root, 0)
}

// isMHD says whether a file is a MetaImage header by its name.
func isMHD(path string) bool { return strings.EqualFold(filepath.Ext(path), ".mhd") }
