package sources

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"nafas/dicomio"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
	"nafas/internal/rescore"
)

// buckets is how many files the index of a folder has: studies lie anywhere, and
// the parts of one come together in one of them. One is in memory at a time: of ten
// million files some ten megabytes.
const buckets = 256

// bucketed is an index of the parts that a scan found.
type bucketed struct {
	dir     string
	files   []*os.File
	writers []*bufio.Writer
}

func newBucketed(temp string) (_ *bucketed, err error) {
	b := &bucketed{}
	if b.dir, err = os.MkdirTemp(temp, "nafas-preview-"); err != nil {
		return nil, err
	}
	for i := range buckets {
		f, err := os.OpenFile(filepath.Join(b.dir, fmt.Sprint(i)), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			b.remove()
			return nil, err
		}
		b.files, b.writers = append(b.files, f), append(b.writers, bufio.NewWriter(f))
	}
	return b, nil
}

func (b *bucketed) remove() {
	for _, f := range b.files {
		_ = f.Close()
	}
	_ = os.RemoveAll(b.dir)
}

func (b *bucketed) add(p rescore.Part) error {
	h := fnv.New32a()
	_, _ = io.WriteString(h, p.StudyUID)
	line, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = b.writers[h.Sum32()%buckets].Write(append(line, '\n'))
	return err
}

// studies are the cases of one bucket, by study.
func (b *bucketed) studies(i int) (map[string][]rescore.Part, error) {
	if err := b.writers[i].Flush(); err != nil {
		return nil, err
	}
	if _, err := b.files[i].Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	out := map[string][]rescore.Part{}
	for d := json.NewDecoder(bufio.NewReader(b.files[i])); ; {
		var p rescore.Part
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out[p.StudyUID] = append(out[p.StudyUID], p)
	}
}

// folder goes through a folder twice: once for what is where, and then study by
// study for the headers.
func (p *preview) folder(s *Folder) error {
	index, err := newBucketed(p.opt.Temp)
	if err != nil {
		return err
	}
	defer index.remove()
	err = s.scan(p.ctx, "", func(b rescore.Batch, bytes int64) error {
		p.Files += b.Files
		p.Bytes += bytes
		for _, l := range b.Loose {
			p.loose(l)
		}
		for _, part := range b.Parts {
			if err := index.add(part); err != nil {
				return err
			}
		}
		p.progress()
		return nil
	})
	if err != nil {
		return err
	}
	for i := range buckets {
		studies, err := index.studies(i)
		if err != nil {
			return err
		}
		for _, uid := range slices.Sorted(maps.Keys(studies)) {
			if err := p.study(s, uid, merge(studies[uid])); err != nil {
				return err
			}
			p.progress()
		}
	}
	return nil
}

// study reads the headers of one study.
func (p *preview) study(s *Folder, uid string, series []rescore.Part) error {
	p.Studies++
	p.Series += int64(len(series))
	could := map[string]bool{}
	for _, one := range series {
		if rescore.Readable(one.Modality) {
			could[one.SeriesUID] = true
		} else {
			p.end(string(refusal.NotCT))
		}
	}
	if len(could) == 0 {
		return nil
	}
	files, release, err := s.Fetch(p.ctx, rescore.Case{StudyUID: uid, Parts: series})
	defer release()
	if refused := (*refusal.Error)(nil); errors.As(err, &refused) {
		for range could {
			p.end(string(refused.Reason))
		}
		return nil
	}
	if err != nil {
		return err
	}
	items := make([]source.Item, len(files))
	for i, f := range files {
		items[i] = source.FromFile(f.Name, f.Path, 0)
	}
	inv, err := dicomio.Load(p.ctx, items, dicomio.LoadOptions{Parallel: s.opt.Parallel})
	if err != nil {
		return err
	}
	p.choose(uid, inv, could)
	return nil
}

// choose counts what would be read of a study. could are its series that could be.
func (p *preview) choose(uid string, inv *dicomio.Inventory, could map[string]bool) {
	for _, r := range inv.Refused {
		p.end(string(r.Err.Reason))
	}
	for _, study := range dicomio.Studies(dicomio.Group(inv.Instances)) {
		if study.UID != uid {
			continue
		}
		choice := dicomio.Choose(study.Series)
		for _, r := range choice.Rejected {
			delete(could, r.Series.UID)
			p.end(string(r.Err.Reason))
		}
		if len(choice.Usable) > 0 {
			best := choice.Usable[0]
			delete(could, best.UID)
			p.ToRead++
			for _, in := range best.Instances {
				p.Slices += int64(in.NumberOfFrames())
			}
		}
	}
	// Of the others no file can be read.
	for range could {
		p.end(rescore.ReasonUnreadable)
	}
}
