package rescore

import (
	"context"

	"nafas/internal/triage"
)

// Readers have studies read with what a rescoring asks for.
type Readers interface {
	// Can says whether studies of r are read here with exactly its recipe; the
	// error says why not, and what to do.
	Can(r Rescoring) error
	// Read waits for a free core, asks ready, whose error it returns, and reads; see
	// triage.StudyReader for its other errors.
	Read(ctx context.Context, r Rescoring, job triage.ReadingJob, ready func(context.Context) error) (triage.StudyReading, error)
}

// Live says whether live studies wait or are read on this machine: they go
// first.
type Live interface {
	Busy(ctx context.Context) (bool, error)
}

// Sources open the source of a rescoring; the same one each time.
type Sources interface {
	Open(ctx context.Context, r Rescoring) (Source, error)
}
