package rescore

import (
	"context"

	"nafas/dicomio"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
)

// Preview is what a rescoring would read, and what not and why.
type Preview struct {
	Studies, Series, Files, Bytes int64
	// ReadSeries would be read, and have so many slices.
	ReadSeries, ReadSlices int64
	// Skipped and Failed count the other series, and the files that belong to none, by
	// reason.
	Skipped, Failed map[string]int64
}

// Previewing is a preview on its way.
type Previewing struct {
	// Scratch keeps what is listed until the preview is done; it is empty.
	Scratch Ledger
	Source  Source
	// Progress hears of files and studies; it may be nil.
	Progress func(files, studies int64)
}

// Preview lists a source and looks at the headers of each study's images, by the
// same choice of a series that a reading makes. Of a PACS nothing is fetched: what it
// names of each series has to do, and reasons that only images show are not known.
func (p Previewing) Preview(ctx context.Context) (Preview, error) {
	out := Preview{Skipped: map[string]int64{}, Failed: map[string]int64{}}
	r, err := p.Scratch.Create(ctx, Rescoring{State: StatePlanning})
	if err != nil {
		return out, err
	}
	at := ""
	err = p.Source.Scan(ctx, "", func(b Batch) error {
		out.Files += b.Files
		if err := p.Scratch.Plan(ctx, r.ID, at, b); err != nil {
			return err
		}
		at = b.Cursor
		p.tell(out)
		return nil
	})
	if err != nil {
		return out, err
	}
	last := ""
	err = p.Scratch.Rows(ctx, r.ID, func(row Row) error {
		switch {
		case row.Path != "":
			out.count(row.State, row.Reason)
			return nil
		case row.StudyUID == last:
			return nil
		}
		last = row.StudyUID
		return p.study(ctx, r, row.StudyUID, &out)
	})
	return out, err
}

func (p Previewing) tell(out Preview) {
	if p.Progress != nil {
		p.Progress(out.Files, out.Studies)
	}
}

func (out *Preview) count(s SeriesState, reason string) {
	if s == Skipped {
		out.Skipped[reason]++
	} else {
		out.Failed[reason]++
	}
}

// study adds one study.
func (p Previewing) study(ctx context.Context, r Rescoring, uid string, out *Preview) error {
	parts, err := p.Scratch.Parts(ctx, r.ID, uid)
	if err != nil {
		return err
	}
	out.Studies++
	p.tell(*out)
	var readable []Part
	files := false
	for _, part := range parts {
		out.Series++
		if !Readable(part.Modality) {
			out.Skipped[string(refusal.NotCT)]++
			continue
		}
		readable = append(readable, part)
		files = files || len(part.Files) > 0
		for _, f := range part.Files {
			out.Bytes += f.Size
		}
	}
	switch {
	case len(readable) == 0:
		return nil
	case !files:
		out.named(readable)
		return nil
	}
	return p.headers(ctx, Case{Rescoring: r, StudyUID: uid, Parts: parts}, readable, out)
}

// named is of a PACS: the series with the most images would be read.
func (out *Preview) named(readable []Part) {
	most := 0
	for _, part := range readable {
		most = max(most, part.Instances)
	}
	out.ReadSeries++
	out.ReadSlices += int64(most)
	if others := int64(len(readable)) - 1; others > 0 {
		out.Skipped[string(refusal.NotPreferred)] += others
	}
}

// headers looks at the images of a folder's study.
func (p Previewing) headers(ctx context.Context, c Case, readable []Part, out *Preview) error {
	fetched, release, err := p.Source.Fetch(ctx, c)
	if reason := refusal.Of(err); reason != "" {
		for range readable {
			out.count(StateOf(reason), string(reason))
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	items := make([]source.Item, len(fetched))
	for i, f := range fetched {
		items[i] = source.FromFile(f.Name, f.Path, 0)
	}
	inv, err := dicomio.Load(ctx, items, dicomio.LoadOptions{})
	if err != nil {
		return err
	}
	for _, f := range inv.Refused {
		out.count(StateOf(f.Err.Reason), string(f.Err.Reason))
	}
	series := dicomio.Group(inv.Instances)
	choice := dicomio.Choose(series)
	for _, rejected := range choice.Rejected {
		reason := rejected.Err.Reason
		out.count(StateOf(reason), string(reason))
	}
	if len(choice.Usable) > 0 {
		out.ReadSeries++
		out.ReadSlices += int64(len(choice.Usable[0].Instances))
	}
	if unseen := len(readable) - len(series); unseen > 0 {
		out.Failed[string(refusal.Malformed)] += int64(unseen)
	}
	return nil
}
