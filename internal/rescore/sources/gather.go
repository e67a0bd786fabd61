package sources

import (
	"slices"

	"nafas/internal/rescore"
)

// gather puts what a scan of files found into batches.
type gather struct {
	most  int
	each  func(b rescore.Batch, bytes int64) error
	files int64
	batch rescore.Batch
	// bytes are those of the files of the batch, of every kind.
	bytes int64
	// at is the index of a series in the batch.
	at map[seriesKey]int
}

type seriesKey struct{ study, series string }

func newGather(most int, each func(rescore.Batch, int64) error) *gather {
	return &gather{most: most, each: each, at: map[seriesKey]int{}}
}

// add takes in one file, at the given place of the scan.
func (g *gather) add(path, cursor string, s seen) error {
	g.files++
	g.batch.Files++
	g.batch.Cursor = cursor
	g.bytes += s.size
	if s.loose != nil {
		l := *s.loose
		l.Path = path
		g.batch.Loose = append(g.batch.Loose, l)
	} else {
		p := g.part(s)
		p.Instances++
		p.Files = append(p.Files, rescore.File{Path: path, Size: s.size, ModTime: s.modTime})
	}
	if g.batch.Files >= int64(g.most) {
		return g.flush()
	}
	return nil
}

// part finds the part of the series, and keeps what does not depend on which file
// came first.
func (g *gather) part(s seen) *rescore.Part {
	key := seriesKey{s.study, s.series}
	i, ok := g.at[key]
	if !ok {
		i = len(g.batch.Parts)
		g.at[key] = i
		g.batch.Parts = append(g.batch.Parts, rescore.Part{
			StudyUID: s.study, SeriesUID: s.series, Modality: s.modality, StudyDate: s.studyDate,
		})
	}
	p := &g.batch.Parts[i]
	p.Modality, p.StudyDate = rescore.ModalityOf(p.Modality, s.modality), earliest(p.StudyDate, s.studyDate)
	return p
}

// earliest of two dates; one that is not known says nothing.
func earliest(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// flush hands on what there is.
func (g *gather) flush() error {
	if g.batch.Files == 0 {
		return nil
	}
	b, bytes := g.batch, g.bytes
	g.batch, g.bytes = rescore.Batch{}, 0
	clear(g.at)
	return g.each(b, bytes)
}

// merge adds parts of a series to those of others.
func merge(parts []rescore.Part) []rescore.Part {
	var out []rescore.Part
	at := map[seriesKey]int{}
	for _, p := range parts {
		key := seriesKey{p.StudyUID, p.SeriesUID}
		i, ok := at[key]
		if !ok {
			at[key] = len(out)
			p.Files = slices.Clone(p.Files)
			out = append(out, p)
			continue
		}
		all := &out[i]
		all.Modality, all.StudyDate = rescore.ModalityOf(all.Modality, p.Modality), earliest(all.StudyDate, p.StudyDate)
		all.Instances += p.Instances
		all.Files = append(all.Files, p.Files...)
	}
	return out
}
