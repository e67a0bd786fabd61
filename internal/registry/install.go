package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"nafas/models/manifest"
)

const (
	// mostFiles is far above what a manifest names.
	mostFiles = 64
	// mostBytes is what all files of a model may have together.
	mostBytes = 2 << 30
	// mostName bounds a file's name (NAME_MAX of Linux).
	mostName = 255
	// cardFile is for people; a model may have none.
	cardFile = "card.md"
)

// Upload is a model on its way in. Its methods are called by one goroutine.
type Upload struct {
	s     *Service
	draft Draft
	bytes int64
	names []string
	done  bool
}

// Receive opens an upload. Busy where another one is open, or the disk is nearly
// full. Whoever opens one ends it by Abort, after Commit too.
func (s *Service) Receive() (*Upload, error) {
	if !s.receiving.TryLock() {
		return nil, refuse(Busy, "Try again when it has ended.", "another model is being installed")
	}
	draft, err := s.shelf.Draft()
	if err != nil {
		s.receiving.Unlock()
		return nil, err
	}
	return &Upload{s: s, draft: draft}, nil
}

// Abort ends the upload; without a Commit nothing of it is kept.
func (u *Upload) Abort() {
	if !u.done {
		u.done = true
		u.draft.Discard()
		u.s.receiving.Unlock()
	}
}

// Put takes one file in. An error of r is returned as it is.
func (u *Upload) Put(name string, r io.Reader) error {
	switch {
	case !fileName(name):
		return refuse(Unfit, "Name the files of the model's folder, without a path.", "%q is no name of a file", fmt.Sprintf("%.80s", name))
	case slices.Contains(u.names, name):
		return refuse(Unfit, "Send each file once.", "%s came twice", name)
	case len(u.names) == mostFiles:
		return refuse(TooLarge, "", "a model has %d files at most", mostFiles)
	}
	free, err := u.s.shelf.FreeBytes()
	if err != nil {
		return err
	}
	room := free - u.s.opt.MinFreeBytes
	limit := min(mostBytes-u.bytes, max(room, 0))
	f, err := u.draft.Create(name)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(r, limit+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if u.names, u.bytes = append(u.names, name), u.bytes+n; n <= limit {
		return nil
	}
	if limit < room {
		return refuse(TooLarge, "", "the model has more than %d bytes", int64(mostBytes))
	}
	return refuse(Busy, "Make room on the disk of the data folder.", "the disk is nearly full")
}

// fileName says whether a file of a model's folder may have the name.
func fileName(name string) bool {
	return fs.ValidPath(name) && !strings.HasPrefix(name, ".") && len(name) <= mostName && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '/' || r == '\\' || r == 0x7f })
}

// Commit installs what came: its manifest, hashes and self-test hold here. added is
// false where the very same model is there already.
func (u *Upload) Commit(ctx context.Context, who Who) (m Model, added bool, err error) {
	if err := u.s.take(ctx); err != nil {
		return Model{}, false, err
	}
	defer u.s.give()
	model, err := manifest.Load(os.DirFS(u.draft.Dir()))
	if err != nil {
		return Model{}, false, refuse(Unfit, "`nafas model verify --model DIR` says the same on the machine that it comes from.", "the model cannot be installed").because(err)
	}
	if extra := strangers(model, u.names); len(extra) > 0 {
		return Model{}, false, refuse(Unfit, "Leave them out.", "files that the manifest does not name: %.200s", strings.Join(extra, ", "))
	}
	return u.s.keep(ctx, u.draft, model, who)
}

// strangers are files that are none of the model's.
func strangers(m *manifest.Model, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return name == manifest.FileName || name == cardFile ||
			slices.ContainsFunc(m.Files(), func(f manifest.File) bool { return f.Name == name })
	})
}

// keep installs the model of a draft, once it has proved itself.
func (s *Service) keep(ctx context.Context, d Draft, model *manifest.Model, who Who) (m Model, added bool, err error) {
	if m, err = described(model); err != nil {
		return m, false, err
	}
	have, err := s.List(ctx)
	if err != nil {
		return m, false, err
	}
	for _, other := range have {
		switch {
		case other.SHA256 == m.SHA256 && other.Folder != "":
			return other, false, nil
		case other.SHA256 != m.SHA256 && other.Name == m.Name && other.Version == m.Version:
			return m, false, taken(other)
		}
	}
	if err := s.try(ctx, d.Dir(), m); err != nil {
		return m, false, err
	}
	folder, files, err := d.Place(folderName(m))
	if err != nil {
		return m, false, err
	}
	m.Folder = folder
	if err := s.ledger.Add(context.WithoutCancel(ctx), m, files, who, s.opt.Now()); err != nil {
		var refused *Error
		if errors.As(err, &refused) { // else it is not known: the next start looks
			err = errors.Join(err, s.shelf.Discard(folder))
		}
		return m, false, err
	}
	s.log.InfoContext(ctx, "model installed", "model", m.Name, "version", m.Version, "sha256", m.SHA256, "by", who.Name)
	m, err = s.byHash(ctx, m.SHA256)
	return m, err == nil, err
}

func taken(other Model) error {
	return refuse(Taken, "Give the new one another version in its model.yaml: results name models by it.",
		"another model is %s (SHA-256 %.12s)", named(other.Model), other.SHA256)
}

// folderName is of a model's folder.
func folderName(m Model) string { return fmt.Sprintf("%s-%s-%.12s", m.Name, m.Version, m.SHA256) }

func (s *Service) byHash(ctx context.Context, sha256 string) (Model, error) {
	all, err := s.List(ctx)
	if err != nil {
		return Model{}, err
	}
	for _, m := range all {
		if m.SHA256 == sha256 {
			return m, nil
		}
	}
	return Model{}, refuse(Unknown, "", "the model is no longer there")
}

// try has the model prove itself in a process of its own.
func (s *Service) try(ctx context.Context, dir string, m Model) error {
	r := s.workers.New(dir, UseTrial)
	defer r.Close()
	_, err := s.start(ctx, r, m)
	return err
}

// start has a reader ready that reads with the very model.
func (s *Service) start(ctx context.Context, r Reader, m Model) (Identity, error) {
	id, err := r.Start(ctx)
	switch {
	case ctx.Err() != nil:
		return id, ctx.Err()
	case err != nil:
		return id, refuse(Unfit, "", "%s cannot be used on this machine", named(m.Model)).because(err)
	case id.Model != m.Model:
		return id, refuse(Unfit, "Install it again.", "the files of %s are no longer what was installed", named(m.Model))
	}
	return id, nil
}

// adopt installs a model that is somewhere else: shipped, or in a folder.
func (s *Service) adopt(ctx context.Context, model *manifest.Model, who Who) (Model, error) {
	d, err := s.shelf.Draft()
	if err != nil {
		return Model{}, err
	}
	defer d.Discard()
	if err := copyInto(d, model); err != nil {
		return Model{}, err
	}
	m, _, err := s.keep(ctx, d, model, who)
	return m, err
}

func copyInto(d Draft, model *manifest.Model) error {
	names := []string{manifest.FileName}
	for _, f := range model.Files() {
		names = append(names, f.Name)
	}
	if _, err := fs.Stat(model.Folder(), cardFile); err == nil {
		names = append(names, cardFile)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := copyFile(d, model.Folder(), name); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(d Draft, from fs.FS, name string) error {
	in, err := from.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := d.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.LimitReader(in, mostBytes))
	return errors.Join(err, out.Close())
}

// readCard is "" where there is none.
func readCard(dir fs.FS) (string, error) {
	f, err := dir.Open(cardFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostCard+1))
	if err != nil {
		return "", err
	}
	if len(text) > mostCard || !utf8.Valid(text) {
		return "", refuse(Unfit, "", "%s is not text of at most %d KiB", cardFile, mostCard>>10)
	}
	return string(text), nil
}
