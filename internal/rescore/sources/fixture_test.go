package sources_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/dicomio/source"
	"nafas/inference/volume"
	"nafas/internal/rescore"
	"nafas/internal/rescore/sources"
)

const (
	classSC    = "1.2.840.10008.5.1.4.1.1.7"
	classMR    = "1.2.840.10008.5.1.4.1.1.4"
	multiframe = "1.2.840.10008.5.1.4.1.1.7.3"
)

// series is one to be made.
type series struct {
	study, name, modality, date string
	description                 string
	slices                      int
	// patient is that of the study where "".
	patient string
	// class is CT's where "".
	class string
}

func (s series) studyUID() string  { return part10.NameUID("sources", s.study) }
func (s series) seriesUID() string { return part10.NameUID("sources", s.study, s.name) }

// instances are the files of a series, with a chest of sorts in them.
func (s series) instances(t testing.TB) [][]byte {
	t.Helper()
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{16, 16, s.slices}, SpacingMM: [3]float64{20, 20, 4},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}}
	v.HU = make([]int16, v.Len())
	for i := range v.HU {
		v.HU[i] = int16(-1000 + (i*37+len(s.name)*11)%1100)
	}
	patient := s.patient
	if patient == "" {
		patient = "P-" + s.study
	}
	out, err := ctwriter.Instances(v, ctwriter.Options{
		Seed: s.study + "/" + s.name, StudyUID: s.studyUID(), SeriesUID: s.seriesUID(), Date: s.date, Description: s.description,
		Patient: ctwriter.Patient{ID: patient, Name: "Doe^" + patient},
		Modify: func(_ int, elems []*dicom.Element) []*dicom.Element {
			elems = set(t, elems, tag.Modality, s.modality)
			elems = set(t, elems, tag.StudyDescription, s.description)
			if s.date == "none" {
				elems = set(t, elems, tag.StudyDate, "")
			}
			if s.class != "" {
				elems = set(t, elems, tag.SOPClassUID, s.class)
			}
			return elems
		},
	})
	require.NoError(t, err)
	return out
}

// set replaces a text element.
func set(t testing.TB, elems []*dicom.Element, tg tag.Tag, value string) []*dicom.Element {
	t.Helper()
	elems = slices.DeleteFunc(slices.Clone(elems), func(e *dicom.Element) bool { return e.Tag == tg })
	if value == "" {
		return elems
	}
	e, err := part10.NewElement(tg, "", []string{value})
	require.NoError(t, err)
	return append(elems, e)
}

func put(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, data, 0o644))
}

// member is a file of a zip archive.
type member struct {
	name   string
	data   []byte
	header func(*zip.FileHeader)
}

func zipOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		if m.header != nil {
			m.header(h)
		}
		f, err := w.CreateHeader(h)
		require.NoError(t, err)
		_, err = f.Write(m.data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// index is a DICOMDIR that names files.
func index(t testing.TB, ids ...[]string) []byte {
	t.Helper()
	element := func(tg tag.Tag, data any) *dicom.Element {
		e, err := part10.NewElement(tg, "", data)
		require.NoError(t, err)
		return e
	}
	var records [][]*dicom.Element
	for _, id := range ids {
		records = append(records, []*dicom.Element{element(tag.DirectoryRecordType, []string{"IMAGE"}), element(tag.ReferencedFileID, id)})
	}
	data, err := part10.Marshal(part10.ExplicitLE, dicom.Dataset{Elements: []*dicom.Element{
		element(tag.SOPClassUID, []string{"1.2.840.10008.1.3.10"}), element(tag.SOPInstanceUID, []string{"1.2.3"}),
		element(tag.DirectoryRecordSequence, records),
	}}, nil)
	require.NoError(t, err)
	return data
}

func options(t testing.TB) sources.Options {
	t.Helper()
	spool, err := sources.OpenSpool(filepath.Join(t.TempDir(), "spool"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spool.Close()) })
	return sources.Options{Spool: spool, Log: slog.New(slog.DiscardHandler)}
}

// listing is what a scan found, whatever its batches were.
type listing struct {
	parts map[string]rescore.Part
	loose map[string]rescore.Loose
	files int64
	// batches are the cursors.
	batches []string
	// again are the parts of a PACS that came before: a ledger keeps them once.
	again map[string]bool
}

func newListing() *listing {
	return &listing{parts: map[string]rescore.Part{}, loose: map[string]rescore.Loose{}, again: map[string]bool{}}
}

// add takes in a batch as rescore.Part says.
func (l *listing) add(t testing.TB, b rescore.Batch) {
	t.Helper()
	require.NotEmpty(t, b.Cursor)
	here := map[string]bool{}
	for _, p := range b.Parts {
		key := p.StudyUID + "/" + p.SeriesUID
		require.False(t, here[key], "a series once in a batch")
		here[key] = true
		all, ok := l.parts[key]
		if !ok {
			l.parts[key] = p
			continue
		}
		if p.Files == nil && reflect.DeepEqual(all, p) {
			l.again[key] = true
			continue
		}
		all.Modality = rescore.ModalityOf(all.Modality, p.Modality)
		if all.StudyDate == "" || p.StudyDate != "" && p.StudyDate < all.StudyDate {
			all.StudyDate = p.StudyDate
		}
		all.Instances += p.Instances
		all.Files = append(all.Files, p.Files...)
		l.parts[key] = all
	}
	for _, x := range b.Loose {
		require.NotContains(t, l.loose, x.Path, "each path once")
		require.Contains(t, []rescore.SeriesState{rescore.Skipped, rescore.Failed}, x.State)
		require.NotEmpty(t, x.Reason, x.Path)
		require.NotEmpty(t, x.Found, x.Path)
		l.loose[x.Path] = x
	}
	l.files += b.Files
	l.batches = append(l.batches, b.Cursor)
}

// scan goes through a source from a place on, at most so many batches (0: all).
func scan(t testing.TB, s rescore.Source, l *listing, after string, most int) string {
	t.Helper()
	n := 0
	err := s.Scan(context.Background(), after, func(b rescore.Batch) error {
		l.add(t, b)
		after = b.Cursor
		if n++; n == most {
			return errCut
		}
		return nil
	})
	if most > 0 && n == most {
		require.ErrorIs(t, err, errCut)
	} else {
		require.NoError(t, err)
	}
	return after
}

var errCut = fmt.Errorf("the planning was killed")

func scanAll(t testing.TB, s rescore.Source) *listing {
	t.Helper()
	l := newListing()
	scan(t, s, l, "", 0)
	return l
}

// studies are the cases that a listing makes.
func (l *listing) studies() map[string]rescore.Case {
	out := map[string]rescore.Case{}
	for _, key := range slices.Sorted(maps.Keys(l.parts)) {
		p := l.parts[key]
		c := out[p.StudyUID]
		c.StudyUID, c.StudyDate = p.StudyUID, p.StudyDate
		c.Parts = append(c.Parts, p)
		out[p.StudyUID] = c
	}
	return out
}

// fetched is what the files of a case hold: the pixels of each SOP instance, by
// its UID.
func fetched(t testing.TB, s rescore.Source, c rescore.Case) map[string][]byte {
	t.Helper()
	files, release, err := s.Fetch(context.Background(), c)
	require.NoError(t, err)
	defer release()
	out := map[string][]byte{}
	for _, f := range files {
		require.NotEmpty(t, f.Name)
		require.True(t, filepath.IsAbs(f.Path))
		file, err := part10.ReadFile(f.Path, part10.DefaultLimits())
		require.NoError(t, err, f.Name)
		in, err := dicomio.Identify(file)
		require.NoError(t, err)
		require.Equal(t, c.StudyUID, in.StudyUID)
		require.NotContains(t, out, in.SOPUID)
		out[in.SOPUID] = file.Bytes[file.Pixel.Offset : file.Pixel.Offset+file.Pixel.Length]
	}
	return out
}

// independent reads a folder in another way: all headers, whole.
func independent(t testing.TB, dir string) *dicomio.Inventory {
	t.Helper()
	items, _, err := source.Walk(context.Background(), dir, source.Limits{})
	require.NoError(t, err)
	inv, err := dicomio.Load(context.Background(), items, dicomio.LoadOptions{})
	require.NoError(t, err)
	return inv
}
