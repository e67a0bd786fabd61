package manifest

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

var (
	namePattern    = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?$`)
	versionPattern = regexp.MustCompile(`^[0-9]+(\.[0-9]+){0,3}(-[a-z0-9.]+)?$`)
)

// check holds a manifest to its rules; the error names the field, what was
// found and what is allowed.
func (m *Model) check() error {
	switch {
	case m.Schema != Schema:
		return fmt.Errorf("schema: %d is not %d", m.Schema, Schema)
	case !namePattern.MatchString(m.Name):
		return fmt.Errorf("name: %q is not of small letters, digits, dots and hyphens", m.Name)
	case !versionPattern.MatchString(m.Version):
		return fmt.Errorf("version: %q is not like 1.2.3", m.Version)
	case strings.TrimSpace(m.License) == "":
		return fmt.Errorf("license: is empty")
	case strings.TrimSpace(m.IntendedUse) == "":
		return fmt.Errorf("intended_use: is empty")
	case len(m.TrainingData) == 0:
		return fmt.Errorf("training_data: is empty")
	}
	for i, d := range m.TrainingData {
		if d.Name == "" || d.License == "" || d.Scans < 0 {
			return fmt.Errorf("training_data[%d]: has no name, no licence or a negative number of scans", i)
		}
	}
	for i, r := range m.Results {
		if r.Data == "" || r.Metric == "" {
			return fmt.Errorf("results[%d]: has no data or no metric", i)
		}
	}
	if err := m.File.check(); err != nil {
		return fmt.Errorf("file: %w", err)
	}
	if err := m.Input.check(); err != nil {
		return err
	}
	if err := m.Head.check(m.Input); err != nil {
		return err
	}
	if err := m.Merge.check(); err != nil {
		return err
	}
	if err := m.Points.check(m.Head.MinScore); err != nil {
		return err
	}
	if err := m.SelfTest.check(m.Input.Name); err != nil {
		return err
	}
	if err := m.SelfTest.proves(m.Head.Outputs(), m.Input); err != nil {
		return err
	}
	if m.Mirrors != nil {
		if err := m.Mirrors.check(m.Input, m.Head); err != nil {
			return err
		}
	}
	if m.Second != nil {
		return m.Second.check()
	}
	return nil
}

func (f File) check() error {
	if !fs.ValidPath(f.Name) || strings.Contains(f.Name, "/") || f.Name == "." {
		return fmt.Errorf("name %q is not a file of the model's folder", f.Name)
	}
	if sum, err := hex.DecodeString(f.SHA256); err != nil || len(sum) != 32 || f.SHA256 != strings.ToLower(f.SHA256) {
		return fmt.Errorf("sha256 %q of %s is not 64 small hex digits", f.SHA256, f.Name)
	}
	return nil
}

func (m Merge) check() error {
	switch {
	case !(m.LeastMM >= 0 && m.LeastMM <= 100):
		return fmt.Errorf("merge.least_mm: %v is not within 0..100", m.LeastMM)
	case !(m.Radius >= 0 && m.Radius <= 10):
		return fmt.Errorf("merge.radius: %v is not within 0..10", m.Radius)
	case m.Most < 1 || m.Most > 10000:
		return fmt.Errorf("merge.most: %d is not within 1..10000", m.Most)
	}
	return nil
}

func (p Points) check(minScore float64) error {
	if !(p.Four >= minScore && p.One >= p.Four && p.Quarter >= p.One && p.Quarter <= 1) {
		return fmt.Errorf("operating_points: quarter %v, one %v, four %v do not fall from 1 to head.min_score %v",
			p.Quarter, p.One, p.Four, minScore)
	}
	return nil
}
