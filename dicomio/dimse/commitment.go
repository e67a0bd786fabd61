package dimse

import (
	"context"
	"io"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/dimse/command"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
)

// Reference names one SOP instance.
type Reference struct{ SOPClassUID, SOPInstanceUID string }

// CommitRequest asks for a promise to keep instances (PS3.4 annex J.3.2).
type CommitRequest struct {
	TransactionUID string
	References     []Reference
}

// CommitReport says which instances are kept (PS3.4 annex J.3.3).
type CommitReport struct {
	TransactionUID string
	Committed      []Reference
	Failed         []FailedReference
}

// FailedReference is an instance that is not kept.
type FailedReference struct {
	Reference
	// Reason as PS3.3 section C.14 has it: 0112H no such instance, 0110H
	// processing failure, 0213H no room, 0119H another class.
	Reason command.Status
}

// maxIdentifier bounds the bytes of a data set that is held in memory: a
// storage commitment of some 25,000 instances.
const maxIdentifier = 4 << 20

// dataset reads the data set of a message.
func dataset(m *Message) (part10.Elements, error) {
	if m.Data == nil {
		return nil, nil
	}
	raw, err := io.ReadAll(io.LimitReader(m.Data, maxIdentifier+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxIdentifier {
		return nil, refusal.New(refusal.TooLarge, "ask for less at a time", "a data set of more than %d bytes", maxIdentifier)
	}
	return part10.ParseDataset(m.Context.TransferSyntax, raw, part10.DefaultLimits())
}

func commit(ctx context.Context, session Session, m *Message) (command.Status, string) {
	cmd := m.Command
	switch {
	case cmd.SOPClassUID != StorageCommitment:
		return command.UnrecognizedOperation, ""
	case cmd.SOPInstanceUID != commitmentInstance:
		return command.NoSuchInstance, ""
	case cmd.ActionType != actionRequestCommit:
		return command.NoSuchActionType, ""
	}
	elems, err := dataset(m)
	if err != nil {
		return command.InvalidArgument, "the data set cannot be read"
	}
	rq := CommitRequest{References: references(elems.Sequence(tag.ReferencedSOPSequence))}
	rq.TransactionUID, _ = elems.String(tag.TransactionUID)
	if rq.TransactionUID == "" || len(rq.References) == 0 {
		return command.InvalidArgument, "no transaction UID, or no references"
	}
	return session.Commit(ctx, rq)
}

func report(ctx context.Context, session Session, m *Message) (command.Status, string) {
	cmd := m.Command
	if cmd.SOPClassUID != StorageCommitment {
		return command.UnrecognizedOperation, ""
	}
	if cmd.EventType != eventCommitted && cmd.EventType != eventCommitsFailures {
		return command.NoSuchEventType, ""
	}
	elems, err := dataset(m)
	if err != nil {
		return command.InvalidArgument, "the data set cannot be read"
	}
	var in CommitReport
	in.TransactionUID, _ = elems.String(tag.TransactionUID)
	in.Committed = references(elems.Sequence(tag.ReferencedSOPSequence))
	for _, item := range elems.Sequence(tag.FailedSOPSequence) {
		reason, _ := item.Int(tag.FailureReason)
		in.Failed = append(in.Failed, FailedReference{Reference: reference(item), Reason: command.Status(reason)})
	}
	return session.Report(ctx, in), ""
}

func references(items []part10.Elements) []Reference {
	var out []Reference
	for _, item := range items {
		out = append(out, reference(item))
	}
	return out
}

func reference(item part10.Elements) Reference {
	var r Reference
	r.SOPClassUID, _ = item.String(tag.ReferencedSOPClassUID)
	r.SOPInstanceUID, _ = item.String(tag.ReferencedSOPInstanceUID)
	return r
}

// marshal writes a request's data set.
func (r CommitRequest) marshal(transferSyntax string) ([]byte, error) {
	var b part10.Builder
	b.Text(tag.TransactionUID, r.TransactionUID)
	addItems(&b, tag.ReferencedSOPSequence, r.References)
	return marshal(&b, transferSyntax)
}

// marshal writes a report's data set.
func (r CommitReport) marshal(transferSyntax string) ([]byte, error) {
	var b part10.Builder
	b.Text(tag.TransactionUID, r.TransactionUID)
	addItems(&b, tag.ReferencedSOPSequence, r.Committed)
	addItems(&b, tag.FailedSOPSequence, r.Failed)
	return marshal(&b, transferSyntax)
}

// event is the event type of the report.
func (r CommitReport) event() uint16 {
	if len(r.Failed) > 0 {
		return eventCommitsFailures
	}
	return eventCommitted
}
