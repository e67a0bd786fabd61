package sources

import "context"

// Probe implements rescore.Source.
func (s *Folder) Probe(context.Context) error {
	o, err := s.open()
	if err != nil {
		return err
	}
	o.close()
	return nil
}

// Probe implements rescore.Source: one question, whatever the answer.
func (w *Web) Probe(ctx context.Context) error { return webPACS{w.client}.alive(ctx) }

// Probe implements rescore.Source: over an association of its own.
func (d *DIMSE) Probe(ctx context.Context) error {
	p := &dimsePACS{to: d.to}
	defer p.end()
	return p.alive(ctx)
}
