package registry

import (
	"context"
	"errors"
	"os"
	"slices"

	"nafas/internal/triage"
	"nafas/models/manifest"
)

// First names the model of a data folder that has none yet.
type First struct {
	Model *manifest.Model
	// Err is why Model is nil: it is not to be had.
	Err error
	// Named: somebody asked for it by its name, and it is not merely the default.
	Named bool
	// Anew: it becomes the live model whatever the data folder says.
	Anew bool
	Who  Who
}

// Begin has the live model ready and returns its reader, to be served until the
// first Switch. What the data folder says counts; First is for one that says
// nothing. changed: it is live since now.
func (s *Service) Begin(ctx context.Context, f First) (r triage.StudyReader, changed bool, err error) {
	live, changed, err := s.recorded(ctx, f)
	if err != nil {
		return nil, false, err
	}
	if err := s.whole(ctx, live, f); err != nil {
		return nil, false, err
	}
	reader := s.workers.New(s.shelf.Abs(live.Folder), UseLive)
	id, err := s.start(ctx, reader, live)
	if err == nil && changed {
		err = s.ledger.Activate(context.WithoutCancel(ctx), live.SHA256, f.Who, s.opt.Now())
	}
	if err != nil {
		reader.Close()
		return nil, false, err
	}
	s.mu.Lock()
	s.live, s.is = reader, id
	s.mu.Unlock()
	return reader, changed, s.beginShadow(ctx)
}

// recorded is the live model of the data folder, or the one that is to be; then
// changed is true.
func (s *Service) recorded(ctx context.Context, f First) (m Model, changed bool, err error) {
	all, err := s.ledger.Models(ctx)
	if err != nil {
		return m, false, err
	}
	i := slices.IndexFunc(all, func(m Model) bool { return m.State == Live })
	if i >= 0 && (!f.Anew || f.Model != nil && all[i].SHA256 == f.Model.SHA256()) {
		s.compareWith(ctx, all[i], f)
		return all[i], false, nil
	}
	if f.Model == nil {
		return m, false, f.Err
	}
	m, err = s.adopt(ctx, f.Model, f.Who)
	return m, true, err
}

// compareWith says where the command line or the program has another model than the
// data folder.
func (s *Service) compareWith(ctx context.Context, live Model, f First) {
	switch {
	case f.Model == nil:
		s.log.WarnContext(ctx, "the model of --model (NAFAS_MODEL) is not used, and cannot be opened: take it away, since the data folder says what is live",
			"live", live.Name, "live_version", live.Version, "error", f.Err)
	case live.SHA256 == f.Model.SHA256():
	case f.Named:
		s.log.WarnContext(ctx, "the model of --model (NAFAS_MODEL) is not used, since another one was activated for this data folder: "+
			"make it the live one by `nafas model activate` (after `nafas model install`), or take --model away",
			"model", f.Model.Name, "version", f.Model.Version, "live", live.Name, "live_version", live.Version, "activated_by", live.ChangedBy.Name)
	case live.Name == f.Model.Name:
		s.log.InfoContext(ctx, "this program ships another version of the live model: `nafas model shadow` and `nafas model activate` change to it",
			"shipped", f.Model.Version, "live", live.Version)
	}
}

// whole makes sure that the files of the live model are what was installed. Lost or
// broken ones are replaced where the program or the command line has the very model.
func (s *Service) whole(ctx context.Context, live Model, f First) error {
	dir := s.shelf.Abs(live.Folder)
	have, err := manifest.Load(os.DirFS(dir))
	if err == nil && have.SHA256() == live.SHA256 {
		return nil
	}
	if err == nil {
		err = errors.New("they are another model")
	}
	for _, other := range append(slices.Clone(s.opt.Shipped), f.Model) {
		if other == nil || other.SHA256() != live.SHA256 {
			continue
		}
		s.log.ErrorContext(ctx, "the files of the live model were not whole, and are replaced", "folder", live.Folder, "error", err)
		d, err := s.shelf.Draft()
		if err != nil {
			return err
		}
		defer d.Discard()
		if err := copyInto(d, other); err != nil {
			return err
		}
		_, _, err = d.Place(folderName(live))
		return err
	}
	return refuse(Unfit, "Put the files of the model back, from a backup or from where it came from; or start once with --model and --activate-model to read with another one.",
		"the files of the live model %s in %s cannot be used", named(live.Model), dir).because(err)
}
