package sources

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nafas/dicomio"
	"nafas/dicomio/match"
	"nafas/dicomio/refusal"
	"nafas/internal/rescore"
)

// Forecast is what a rescoring of a source would do, as far as can be known
// without reading pixels.
type Forecast struct {
	Studies, Series int64
	// ToRead are series that would be read, and Slices their images.
	ToRead, Slices int64
	// Skipped and Failed count the inputs that would not be read by their reasons:
	// series, and files that belong to none or cannot be read.
	Skipped, Failed map[string]int64
	// Files and Bytes are those of a folder, of every kind; 0 at a PACS.
	Files, Bytes int64
	// Estimated says that headers were not read: what a PACS names of its series
	// had to do.
	Estimated bool
}

// PreviewOptions of a Preview.
type PreviewOptions struct {
	// Temp is a folder for an index of the files of a folder source, which takes
	// some hundred bytes for each file. Default: that of the system.
	Temp string
	// Progress, where not nil, is called now and then with what is known so far.
	Progress func(Forecast)
}

// Preview says what a rescoring of a source would do. Of a folder it reads the
// headers of all series that could be read, and chooses as a rescoring does; it
// needs a spool where files are in archives. Of a PACS it fetches nothing: the
// series with the most images of each study stands for the one that is read.
// It says nothing of what only pixels show, such as a CT without a lung.
func Preview(ctx context.Context, s rescore.Source, opt PreviewOptions) (Forecast, error) {
	p := &preview{ctx: ctx, opt: opt, Forecast: Forecast{Skipped: map[string]int64{}, Failed: map[string]int64{}}}
	var err error
	switch s := s.(type) {
	case *Folder:
		err = p.folder(s)
	case *Web:
		err = p.catalogue(&s.catalogue)
	case *DIMSE:
		err = s.asked(func(c *catalogue) error { return p.catalogue(c) })
	default:
		err = fmt.Errorf("a source of type %T cannot be looked at ahead", s)
	}
	return p.Forecast, err
}

type preview struct {
	Forecast
	ctx context.Context
	opt PreviewOptions
}

func (p *preview) progress() {
	if p.opt.Progress != nil {
		p.opt.Progress(p.Forecast)
	}
}

// end counts an input that would not be read.
func (p *preview) end(reason string) {
	if rescore.StateOf(refusal.Reason(reason)) == rescore.Skipped {
		p.Skipped[reason]++
		return
	}
	p.Failed[reason]++
}

func (p *preview) loose(l rescore.Loose) {
	if l.State == rescore.Skipped {
		p.Skipped[l.Reason]++
		return
	}
	p.Failed[l.Reason]++
}

// catalogue counts what a PACS lists.
func (p *preview) catalogue(c *catalogue) error {
	p.Estimated = true
	return c.all(p.ctx, "", func(_ string, studies []listed) error {
		for _, one := range studies {
			if one.loose != nil {
				p.loose(*one.loose)
				continue
			}
			p.Studies++
			p.estimate(one.series)
		}
		p.progress()
		return nil
	})
}

// estimate counts the series of a study by what is named of them.
func (p *preview) estimate(series []match.Entry) {
	most, could := 0, int64(0)
	for _, s := range series {
		p.Series++
		switch {
		case !rescore.Readable(modalityOf(s)):
			p.end(string(refusal.NotCT))
		case isScout(s.SeriesDescription):
			p.end(string(refusal.Localizer))
		case s.Instances > 0 && s.Instances < dicomio.MinSlices:
			p.end(string(refusal.TooFewSlices))
		default:
			could++
			most = max(most, s.Instances)
		}
	}
	if could == 0 {
		return
	}
	p.ToRead++
	p.Slices += int64(most)
	for range could - 1 {
		p.end(string(refusal.NotPreferred))
	}
}

// isScout says whether a description is one that scanners give to localizers.
func isScout(description string) bool {
	text := strings.ToLower(description)
	return slices.ContainsFunc([]string{"scout", "topogram", "localizer", "localiser", "surview", "scano"}, func(w string) bool {
		return strings.Contains(text, w)
	})
}
