package archivetest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// Truth is what is to become of an archive's inputs.
type Truth struct {
	Series map[string]End // by Series Instance UID
	Loose  map[string]End // by path below the root, as rescore.Loose has it
	Files  int64
}

// Counts are the inputs in each state.
func (t Truth) Counts() map[rescore.SeriesState]int64 {
	out := map[rescore.SeriesState]int64{}
	for _, ends := range []map[string]End{t.Series, t.Loose} {
		for _, e := range ends {
			out[e.State]++
		}
	}
	return out
}

// archive is one on its way.
type archive struct {
	dir   string
	truth Truth
	r     *rand.Rand
}

// Write writes an archive of n series below dir: of every twenty one is broken, in
// ten ways in turn, one is there twice, two are of another modality, one is in a zip
// file and one is a second series of a study. The same n and seed give the same
// archive.
func Write(dir string, n int, seed uint64) (Truth, error) {
	a := &archive{dir: dir, truth: Truth{Series: map[string]End{}, Loose: map[string]End{}}, r: rand.New(rand.NewPCG(seed, 1))}
	broken := 0
	for i := range n {
		var err error
		switch i % 20 {
		case 3:
			err = a.broken(i, faults[broken%len(faults)])
			broken++
		case 7:
			err = a.twice(i)
		case 11, 15:
			err = a.other(i, []string{"MR", "PT"}[i%2])
		case 13:
			err = a.zipped(i)
		case 18:
			err = a.second(i)
		default:
			err = a.good(i)
		}
		if err != nil {
			return Truth{}, err
		}
	}
	return a.truth, a.strays()
}

// options are those of series i; every one has a study and a patient of its own.
func (a *archive) options(i int) ctwriter.Options {
	return ctwriter.Options{
		Seed: fmt.Sprint("archive ", i), StudyUID: uid(1, i), SeriesUID: uid(2, i),
		Patient:      ctwriter.Patient{ID: fmt.Sprint("SYNTHETIC-", i), Name: fmt.Sprint("Synthetic^", i), Sex: "F", BirthDate: "19500101"},
		Manufacturer: []string{"Maker A", "Maker B", ""}[i%3], Kernel: "B30f", Parallel: 1,
		Date: fmt.Sprintf("%d%02d%02d", 2015+i%8, 1+i%12, 1+i%28), Time: "120000", Description: "THORAX",
	}
}

func uid(kind, i int) string { return fmt.Sprintf("1.2.826.0.1.3680043.10.1.%d.%d", kind, i+1) }

func (a *archive) good(i int) error {
	o := a.options(i)
	files, err := ctwriter.Instances(chest(a.r), o)
	if err != nil {
		return err
	}
	a.truth.Series[o.SeriesUID] = scored
	return a.write(a.folder(i), files)
}

// folder is deep in one of three shapes.
func (a *archive) folder(i int) string {
	switch i % 3 {
	case 0:
		return fmt.Sprintf("%d/%02d/study%d", 2015+i%8, i%12, i)
	case 1:
		return fmt.Sprintf("patients/%03d/%d/CT", i%100, i)
	}
	return fmt.Sprintf("flat-%d", i)
}

func (a *archive) broken(i int, f fault) error {
	o := a.options(i)
	if f.write != nil {
		f.write(&o)
	}
	files, err := ctwriter.Instances(chest(a.r), o)
	if err != nil {
		return err
	}
	if f.spoil != nil {
		files = f.spoil(files, a.r)
	}
	if !f.noSeries {
		a.truth.Series[o.SeriesUID] = f.series
	}
	folder := a.folder(i)
	for k, end := range f.loose {
		a.truth.Loose[name(folder, k)] = end
	}
	return a.write(folder, files)
}

// twice writes a series and a copy of all of its files elsewhere.
func (a *archive) twice(i int) error {
	o := a.options(i)
	files, err := ctwriter.Instances(chest(a.r), o)
	if err != nil {
		return err
	}
	a.truth.Series[o.SeriesUID] = scored
	if err := a.write(a.folder(i), files); err != nil {
		return err
	}
	return a.write(fmt.Sprintf("copies/%d", i), files)
}

// other is a series of another modality, in a study of its own.
func (a *archive) other(i int, modality string) error {
	o := a.options(i)
	o.Modify = func(_ int, elems []*dicom.Element) []*dicom.Element {
		return replaced(elems, tag.Modality, []string{modality})
	}
	files, err := ctwriter.Instances(chest(a.r), o)
	if err != nil {
		return err
	}
	a.truth.Series[o.SeriesUID] = skipped(refusal.NotCT)
	return a.write(a.folder(i), files[:5])
}

func (a *archive) zipped(i int) error {
	o := a.options(i)
	files, err := ctwriter.Instances(chest(a.r), o)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for k, f := range files {
		w, err := z.Create(fmt.Sprintf("DICOM/%04d", k))
		if err == nil {
			_, err = w.Write(f)
		}
		if err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	a.truth.Series[o.SeriesUID] = scored
	a.truth.Files += int64(len(files)) - 1 // the archive's members, not the archive
	return a.put(fmt.Sprintf("exports/study%d.zip", i), out.Bytes())
}

// second is a series of the study before, which is read and not this one: it has
// fewer slices.
func (a *archive) second(i int) error {
	o := a.options(i)
	before := a.options(i - 1)
	o.StudyUID, o.Patient, o.Date = before.StudyUID, before.Patient, before.Date
	files, err := ctwriter.Instances(chest(a.r), o)
	if err != nil {
		return err
	}
	a.truth.Series[o.SeriesUID] = skipped(refusal.TooFewSlices)
	return a.write(a.folder(i), files[:2])
}

// strays are files that are no images.
func (a *archive) strays() error {
	for _, path := range []string{"README.txt", "2016/Thumbs.db", "patients/index.html"} {
		a.truth.Loose[path] = skipped(rescore.ReasonNotDICOM)
		if err := a.put(path, []byte("not an image")); err != nil {
			return err
		}
	}
	return nil
}

func name(folder string, k int) string { return fmt.Sprintf("%s/im%03d", folder, k) }

func (a *archive) write(folder string, files [][]byte) error {
	for k, f := range files {
		if err := a.put(name(folder, k), f); err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) put(path string, content []byte) error {
	a.truth.Files++
	full := filepath.Join(a.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	return os.WriteFile(full, content, 0o644)
}
