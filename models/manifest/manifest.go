// Package manifest is the description of a detector: model.yaml. Everything
// that a network needs to be run and its scores to be read stands there, so
// that a published detector runs by writing a manifest and not by new code.
//
// A model is a folder: model.yaml, the ONNX file, the files of the self-test,
// and card.md for people. testdata holds examples.
package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/goccy/go-yaml"
)

// FileName is the manifest's name in a model's folder.
const FileName = "model.yaml"

// Schema is the version of this type.
const Schema = 1

// Errors of Load; both are wrapped with the field or the file.
var (
	// ErrInvalid: the manifest breaks a rule of this package.
	ErrInvalid = errors.New("invalid model manifest")
	// ErrHash: a file is not the one that the manifest names.
	ErrHash = errors.New("model file differs from its manifest")
)

// Model is a manifest and the files beside it.
type Model struct {
	Schema int `yaml:"schema"`
	// Name and Version identify the model in results; small letters, digits,
	// dots and hyphens.
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	// License is an SPDX expression.
	License string `yaml:"license"`
	// IntendedUse is what the model may be used for, and not.
	IntendedUse  string     `yaml:"intended_use"`
	TrainingData []DataSet  `yaml:"training_data"`
	Results      []Measured `yaml:"results" need:"optional"`

	File   File   `yaml:"file"`
	Input  Input  `yaml:"input"`
	Head   Head   `yaml:"head"`
	Merge  Merge  `yaml:"merge"`
	Points Points `yaml:"operating_points"`
	// SelfTest is run before the model reads its first scan.
	SelfTest SelfTest `yaml:"self_test"`
	// Mirrors is nil for a network that looks at each place once.
	Mirrors *Mirrors `yaml:"mirrors"`
	// Second is nil for a model of one network.
	Second *Second `yaml:"second"`

	dir    fs.FS
	sha256 string
}

// DataSet is one source of training data.
type DataSet struct {
	Name    string `yaml:"name"`
	License string `yaml:"license"`
	// Scans is 0 for data that are not scans (simulated nodules).
	Scans    int    `yaml:"scans"`
	Citation string `yaml:"citation" need:"optional"`
	Note     string `yaml:"note" need:"optional"`
}

// Measured is one measured result.
type Measured struct {
	// Data says on what, and whether the model has seen it.
	Data   string  `yaml:"data"`
	Metric string  `yaml:"metric"`
	Value  float64 `yaml:"value"`
	Note   string  `yaml:"note" need:"optional"`
}

// File names a file in the model's folder by its content.
type File struct {
	Name   string `yaml:"name"`
	SHA256 string `yaml:"sha256"`
}

// Points are the score thresholds at which a scan without nodules gets a
// quarter, one and four false marks on average. A candidate at or above Four
// is shown, one at or above One is flagged.
type Points struct {
	Quarter float64 `yaml:"quarter"`
	One     float64 `yaml:"one"`
	Four    float64 `yaml:"four"`
}

// Merge is how candidates at one place become one: of two whose distance is
// below max(LeastMM, Radius * the larger one's radius) the better stays.
type Merge struct {
	LeastMM float64 `yaml:"least_mm"`
	Radius  float64 `yaml:"radius"`
	// Most is how many candidates are kept.
	Most int `yaml:"most"`
}

// maxManifest bounds model.yaml.
const maxManifest = 256 << 10

// Load reads the model in dir and checks the manifest, and every file against
// its hash. The network itself is not loaded.
func Load(dir fs.FS) (*Model, error) {
	text, err := readBounded(dir, FileName, maxManifest)
	if err != nil {
		return nil, err
	}
	m, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	m.dir = dir
	sum, err := m.verify(m.File)
	if err != nil {
		return nil, err
	}
	for _, f := range m.others() {
		if _, err := m.verify(f); err != nil {
			return nil, err
		}
	}
	manifest := sha256.Sum256(text)
	whole := sha256.Sum256(append(manifest[:], sum...))
	m.sha256 = hex.EncodeToString(whole[:])
	return m, nil
}

// parse reads a manifest and holds it to its rules. A parser that panics has
// met text that is none.
func parse(text []byte) (m *Model, err error) {
	defer func() {
		if recover() != nil {
			m, err = nil, fmt.Errorf("%s: the YAML parser failed", FileName)
		}
	}()
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if err := plain(text); err != nil {
		return nil, fmt.Errorf("%s: %w", FileName, err)
	}
	doc, err := document(text)
	if err != nil {
		return nil, err
	}
	m = &Model{}
	// Before the decoder, which panics on lists that are too long.
	if err := complete(doc); err != nil {
		return nil, err
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(m); err != nil {
		return nil, err
	}
	return m, m.check()
}

// document is the one YAML document of a text.
func document(text []byte) (doc any, err error) {
	in := yaml.NewDecoder(bytes.NewReader(text))
	if err := in.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var second any
	if doc == nil || !errors.Is(in.Decode(&second), io.EOF) {
		return nil, fmt.Errorf("%s %w", FileName, errDocuments)
	}
	return doc, nil
}

// others are the files beside the first network.
func (m *Model) others() []File {
	tests := []SelfTest{m.SelfTest}
	var files []File
	if m.Second != nil {
		files, tests = append(files, m.Second.File), append(tests, m.Second.SelfTest)
	}
	for _, t := range tests {
		files = append(files, t.Input.File)
		for _, v := range t.Outputs {
			files = append(files, v.File)
		}
	}
	return files
}

// Files are all that the manifest names, the first network first.
func (m *Model) Files() []File { return append([]File{m.File}, m.others()...) }

// Folder is what the model was loaded from.
func (m *Model) Folder() fs.FS { return m.dir }

// SHA256 identifies the model in results: the hash, in hex, of the hash of
// model.yaml, which names the hashes of all other files, followed by the hash
// of the ONNX file.
func (m *Model) SHA256() string { return m.sha256 }

// ONNX returns the network's file, checked against its hash again.
func (m *Model) ONNX() ([]byte, error) { return m.read(m.File) }

// open opens a regular file: opening a pipe would wait for a writer, and a
// device has no end.
func open(dir fs.FS, name string) (fs.File, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a regular file", ErrInvalid, name)
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return f, nil
}

func readBounded(dir fs.FS, name string, limit int64) ([]byte, error) {
	f, err := open(dir, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: %s is larger than %d bytes", ErrInvalid, name, limit)
	}
	return data, nil
}

// maxFile bounds the ONNX file; protobuf itself ends at 2 GiB.
const maxFile = 2 << 30

func (m *Model) read(f File) ([]byte, error) {
	data, err := readBounded(m.dir, f.Name, maxFile)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != f.SHA256 {
		return nil, fmt.Errorf("%w: %s has SHA-256 %s, the manifest says %s", ErrHash, f.Name, got, f.SHA256)
	}
	return data, nil
}

// verify is read without keeping the bytes; it returns the hash.
func (m *Model) verify(f File) ([]byte, error) {
	r, err := open(m.dir, f.Name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(r, maxFile+1)); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	sum := h.Sum(nil)
	if got := hex.EncodeToString(sum); got != f.SHA256 {
		return nil, fmt.Errorf("%w: %s has SHA-256 %s, the manifest says %s", ErrHash, f.Name, got, f.SHA256)
	}
	return sum, nil
}
