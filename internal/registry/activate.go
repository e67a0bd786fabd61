package registry

import (
	"context"
)

// Activate makes a model the live one: studies in hand are read to their end by the
// one before, the next ones by it. Nothing changes where it does not prove itself.
// changed is false where it is live already.
func (s *Service) Activate(ctx context.Context, name string, who Who) (m Model, changed bool, err error) {
	if err := s.take(ctx); err != nil {
		return m, false, err
	}
	defer s.give()
	if m, err = s.find(ctx, name); err != nil || m.State == Live {
		return m, false, err
	}
	if m, err = s.installed(ctx, m, who); err != nil {
		return m, false, err
	}
	err = s.change(ctx, m, who, func(ctx context.Context) error {
		return s.ledger.Activate(ctx, m.SHA256, who, s.opt.Now())
	})
	if err != nil {
		return m, false, err
	}
	m, err = s.byHash(context.WithoutCancel(ctx), m.SHA256)
	return m, err == nil, err
}

// RollBack makes the model live that was so before the present one.
func (s *Service) RollBack(ctx context.Context, who Who) (Model, error) {
	if err := s.take(ctx); err != nil {
		return Model{}, err
	}
	defer s.give()
	m, err := s.ledger.Before(ctx)
	if err != nil {
		return m, err
	}
	err = s.change(ctx, m, who, func(ctx context.Context) error { return s.ledger.RollBack(ctx, who, s.opt.Now()) })
	if err != nil {
		return m, err
	}
	return s.byHash(context.WithoutCancel(ctx), m.SHA256)
}

// installed is the model in the data folder: one that is shipped gets there.
func (s *Service) installed(ctx context.Context, m Model, who Who) (Model, error) {
	if m.Folder != "" {
		return m, nil
	}
	for _, shipped := range s.opt.Shipped {
		if shipped.SHA256() == m.SHA256 {
			return s.adopt(ctx, shipped, who)
		}
	}
	return m, refuse(Unknown, "", "%s has no files here", named(m.Model))
}

// change has the model ready, then has it recorded, then has it read.
func (s *Service) change(ctx context.Context, m Model, who Who, record func(context.Context) error) error {
	reader := s.workers.New(s.shelf.Abs(m.Folder), UseLive)
	id, err := s.start(ctx, reader, m)
	if err != nil {
		reader.Close()
		return stays(err, s.Identity())
	}
	// Whether it was recorded must be known, whoever waits for the answer.
	ctx = context.WithoutCancel(ctx)
	if err := record(ctx); err != nil {
		reader.Close()
		return err
	}
	if s.shadows(m.SHA256) {
		s.stopShadow()
	}
	s.put(reader, id)
	s.log.InfoContext(ctx, "live model changed", "model", m.Name, "version", m.Version, "sha256", m.SHA256, "by", who.Name)
	return nil
}

// stays says that the old model reads on.
func stays(err error, live Identity) error {
	if refused, ok := err.(*Error); ok {
		refused.Remedy = "The live model stays " + named(live.Model) + ". " + refused.Remedy
	}
	return err
}

// put has the next live studies read by another reader; the one before ends after
// what it has in hand.
func (s *Service) put(r Reader, id Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.live
	s.live, s.is = r, id
	if s.desk == nil {
		return
	}
	idle := s.desk.Switch(r, id.Recipe)
	s.closing.Go(func() {
		<-idle
		old.Close()
	})
}

// Remove deletes a model that nothing needs. readings: what it read in shadow goes
// with it.
func (s *Service) Remove(ctx context.Context, name string, readings bool, who Who) (Model, error) {
	if err := s.take(ctx); err != nil {
		return Model{}, err
	}
	defer s.give()
	m, err := s.find(ctx, name)
	if err != nil {
		return m, err
	}
	if m.Folder == "" {
		return m, refuse(NotNow, "", "%s is part of this program and has nothing to remove", named(m.Model))
	}
	by, err := s.opt.Needed(ctx, m.SHA256)
	if err != nil {
		return m, err
	}
	if by != "" {
		return m, refuse(NotNow, "Wait until it is through, or cancel it.", "%s is what %s reads with", named(m.Model), by)
	}
	if err := s.ledger.Remove(context.WithoutCancel(ctx), m.SHA256, readings, who, s.opt.Now()); err != nil {
		return m, err
	}
	s.log.InfoContext(ctx, "model removed", "model", m.Name, "version", m.Version, "sha256", m.SHA256, "by", who.Name)
	return m, nil
}
