package pacs

import (
	"context"
	"errors"
	"fmt"
	"io"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
)

// Archive is one that studies are fetched from.
type Archive interface {
	Find(ctx context.Context, q match.Query) ([]match.Entry, error)
	// Fetch has a whole study come to us. An error says that it did not, or not
	// all of it.
	Fetch(ctx context.Context, study match.Entry) (Counts, error)
	// Close ends the conversation as agreed, Abort at once; nothing where it is
	// over.
	Close() error
	Abort()
}

// Counts are instances of a study: what the archive sent and what it did not,
// and how many of the former are in quarantine, or were too large to keep, as
// far as this is known here.
type Counts struct{ Sent, Failed, Refused int }

// ErrShort: an archive sent fewer instances than it says that a study has.
var ErrShort = errors.New("the archive sent fewer instances than it says that the study has")

// ByDICOM opens associations with an archive (C-FIND, C-MOVE) that sends to the
// AE title moveTo, which it must know.
func ByDICOM(at dimse.Remote, moveTo string) func(ctx context.Context) (Archive, error) {
	return func(ctx context.Context) (Archive, error) {
		messages := []string{part10.ExplicitLE, part10.ImplicitLE}
		c, err := dimse.Dial(ctx, at, []dimse.Proposal{
			{AbstractSyntax: dimse.StudyRootFind, TransferSyntaxes: messages},
			{AbstractSyntax: dimse.StudyRootMove, TransferSyntaxes: messages},
		})
		if err != nil {
			return nil, err
		}
		return association{c, moveTo}, nil
	}
}

type association struct {
	*dimse.Client
	moveTo string
}

// Find implements Archive.
func (a association) Find(_ context.Context, q match.Query) ([]match.Entry, error) {
	return a.Client.Find(q)
}

// Fetch implements Archive.
func (a association) Fetch(_ context.Context, study match.Entry) (Counts, error) {
	n, err := a.Move(dimse.Retrieval{Level: match.StudyLevel, StudyUID: study.StudyUID}, a.moveTo)
	return Counts{Sent: int(n.Completed) + int(n.Warning), Failed: int(n.Failed)}, err
}

// ByWeb asks a DICOMweb server (QIDO-RS) and retrieves from it (WADO-RS) into an
// intake.
func ByWeb(client *dicomweb.Client, intake Intake) func(ctx context.Context) (Archive, error) {
	return func(context.Context) (Archive, error) { return webArchive{client, intake}, nil }
}

type webArchive struct {
	*dicomweb.Client
	intake Intake
}

// Fetch implements Archive. What is taken into quarantine is counted as sent: to
// ask for it again would not mend it.
func (a webArchive) Fetch(ctx context.Context, study match.Entry) (Counts, error) {
	sender, err := a.intake()
	if err != nil {
		return Counts{}, err
	}
	defer sender.End()
	refused := 0
	n, err := a.Client.Fetch(ctx, study.StudyUID, func(r io.Reader) error {
		taken, err := sender.Take(ctx, r)
		if taken.Refusal != nil {
			refused++
		}
		return err
	})
	counts := Counts{Sent: n, Failed: max(0, study.Instances-n), Refused: refused}
	if err == nil && counts.Failed > 0 {
		err = fmt.Errorf("%w: %d of %d", ErrShort, n, study.Instances)
	}
	return counts, err
}

// Close implements Archive.
func (webArchive) Close() error { return nil }

// Abort implements Archive.
func (webArchive) Abort() {}
