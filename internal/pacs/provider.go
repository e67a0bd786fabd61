// Package pacs stands between DICOM networks and the application: what peers
// send goes into triage's inbox, and what they ask is answered from it.
package pacs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/internal/triage"
)

// Sender takes the instances of one association; triage.Sender is one.
type Sender interface {
	Take(ctx context.Context, r io.Reader) (triage.Taken, error)
	End()
}

// Intake opens a Sender for each association.
type Intake func() (Sender, error)

// Answered takes in what an archive says of objects that we asked it to keep;
// false where we did not ask. triage.Service.Answered is one.
type Answered func(ctx context.Context, r triage.CommitmentReport) (bool, error)

// Provider answers associations.
type Provider struct {
	intake     Intake
	commitment *Commitment
	answered   Answered
	log        *slog.Logger
}

var _ dimse.Handler = (*Provider)(nil)

// NewProvider makes a Provider. commitment is nil where no storage commitment
// is given, answered where none is asked for.
func NewProvider(intake Intake, commitment *Commitment, answered Answered, log *slog.Logger) *Provider {
	return &Provider{intake: intake, commitment: commitment, answered: answered, log: log}
}

// Open implements dimse.Handler.
func (p *Provider) Open(_ context.Context, peer dimse.Peer) (dimse.Session, error) {
	sender, err := p.intake()
	if err != nil {
		return nil, err
	}
	return &session{provider: p, peer: peer, sender: sender}, nil
}

// session is one association.
type session struct {
	provider *Provider
	peer     dimse.Peer
	sender   Sender
	// counts for the log.
	stored, refused int
}

// Store implements dimse.Session: the data set goes to disk as it comes, behind
// a file meta group (PS3.10 section 7.1).
func (s *session) Store(ctx context.Context, in dimse.Instance) (command.Status, string) {
	meta, err := part10.Meta(in.SOPClassUID, in.SOPInstanceUID, in.TransferSyntax)
	if err != nil {
		s.refused++
		return command.CannotUnderstand, "the command names no SOP instance"
	}
	taken, err := s.sender.Take(ctx, io.MultiReader(bytes.NewReader(meta), in.Data))
	status, comment := s.answer(in, taken, err)
	if status == command.Success {
		s.stored++
	} else {
		s.refused++
	}
	return status, comment
}

func (s *session) answer(in dimse.Instance, taken triage.Taken, err error) (command.Status, string) {
	if err != nil && !errors.Is(err, triage.ErrBusy) {
		// Where it is the connection that broke, nobody hears the answer.
		s.provider.log.Warn("DICOM instance not taken", "error", err)
	}
	status, comment := statusOf(taken, err)
	if status == command.Success && (taken.Header.SOPUID != in.SOPInstanceUID || taken.Header.SOPClassUID != in.SOPClassUID) {
		return mismatched, "the data set is of another SOP instance than the command"
	}
	return status, comment
}

// statusOf is what a sender hears of an instance (PS3.4 table B.2-1).
func statusOf(taken triage.Taken, err error) (command.Status, string) {
	switch {
	case errors.Is(err, triage.ErrDiskFull):
		return command.OutOfResources, "the disk is nearly full; send again later"
	case err != nil:
		return command.OutOfResources, "not stored; send again later"
	case taken.Refusal != nil && taken.Refusal.Reason == refusal.ChangedDuplicate:
		return command.ChangedDuplicate, "stored before under this UID with another image"
	case taken.Refusal != nil && taken.Refusal.Reason == refusal.TooLarge:
		return command.CannotUnderstand, "TOO_LARGE: not kept"
	case taken.Refusal != nil:
		return command.CannotUnderstand, string(taken.Refusal.Reason) + ": kept in quarantine, not read"
	default:
		return command.Success, ""
	}
}

// mismatched is a warning (PS3.4 table B.2-1): the data set does not match the
// SOP class. It was stored as what it says of itself.
const mismatched command.Status = 0xB007

// Commit implements dimse.Session.
func (s *session) Commit(ctx context.Context, in dimse.CommitRequest) (command.Status, string) {
	if s.provider.commitment == nil {
		return command.ProcessingFailure, "no storage commitment here"
	}
	return s.provider.commitment.ask(ctx, s.peer.CallingAE, in)
}

// Report implements dimse.Session: the archive that was asked says what it
// keeps. Who knows the transaction is who was asked: its UID is random.
func (s *session) Report(ctx context.Context, in dimse.CommitReport) command.Status {
	if s.provider.answered == nil {
		return command.NoSuchInstance
	}
	r := triage.CommitmentReport{TransactionUID: in.TransactionUID}
	for _, o := range in.Committed {
		r.Committed = append(r.Committed, o.SOPInstanceUID)
	}
	for _, o := range in.Failed {
		r.Failed = append(r.Failed, o.SOPInstanceUID)
	}
	asked, err := s.provider.answered(ctx, r)
	switch {
	case err != nil:
		s.provider.log.Error("storage commitment report not taken in", "error", err)
		return command.ProcessingFailure
	case !asked:
		return command.NoSuchInstance
	}
	return command.Success
}

// End implements dimse.Session.
func (s *session) End(err error) {
	s.sender.End()
	attrs := []any{"calling", s.peer.CallingAE, "address", s.peer.Address, "stored", s.stored, "refused", s.refused}
	if err != nil {
		s.provider.log.Warn("DICOM association broken; what was acknowledged is kept", append(attrs, "error", err)...)
		return
	}
	s.provider.log.Info("DICOM association ended", attrs...)
}
