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

// What an archive leaves out without a word, and why it is asked again.
var (
	ErrShort   = errors.New("the archive sent fewer instances than it says that the study has")
	ErrNothing = errors.New("the archive sent nothing of the study, and names no failure")
)

// checked is what is wrong with counts that came without a failure. An archive
// that says no numbers sends something at least.
func (c Counts) checked(study match.Entry) error {
	switch n := c.Sent + c.Failed; {
	case c.Sent == 0:
		return ErrNothing
	case n < study.Instances:
		return fmt.Errorf("%w: %d of %d", ErrShort, n, study.Instances)
	}
	return nil
}

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
	if n == nil { // its word has to do
		return Counts{}, err
	}
	counts := Counts{Sent: int(n.Completed) + int(n.Warning), Failed: int(n.Failed)}
	if err == nil {
		err = counts.checked(study)
	}
	return counts, err
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

// Fetch implements Archive. Each instance of the study counts once, and those of
// other studies do not. What cannot be read is counted as sent: to ask for it
// again would not mend it.
func (a webArchive) Fetch(ctx context.Context, study match.Entry) (Counts, error) {
	sender, err := a.intake()
	if err != nil {
		return Counts{}, err
	}
	defer sender.End()
	came, unread, refused := map[string]bool{}, 0, 0
	_, err = a.Client.Fetch(ctx, study.StudyUID, func(r io.Reader) error {
		taken, err := sender.Take(ctx, r)
		switch {
		case err != nil:
			return err
		case taken.Header.SOPUID == "":
			unread++
		case taken.Header.StudyUID == study.StudyUID:
			came[taken.Header.SOPUID] = true
		}
		if taken.Refusal != nil {
			refused++
		}
		return nil
	})
	counts := Counts{Sent: len(came) + unread, Refused: refused}
	if err == nil {
		err = counts.checked(study)
	}
	counts.Failed = max(0, study.Instances-counts.Sent)
	return counts, err
}

// Close implements Archive.
func (webArchive) Close() error { return nil }

// Abort implements Archive.
func (webArchive) Abort() {}
