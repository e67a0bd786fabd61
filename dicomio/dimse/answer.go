package dimse

import (
	"context"

	"nafas/dicomio/dimse/command"
)

// answer has one request done.
func answer(ctx context.Context, session Session, m *Message) (command.Status, string) {
	cmd := m.Command
	if cmd.SOPClassUID != m.Context.AbstractSyntax && cmd.Field != command.CStoreRQ {
		return command.SOPClassNotSupported, "not the SOP class of the presentation context"
	}
	switch cmd.Field {
	case command.CEchoRQ:
		return command.Success, ""
	case command.CStoreRQ:
		return store(ctx, session, m)
	case command.NActionRQ:
		return commit(ctx, session, m)
	case command.NEventRQ:
		return report(ctx, session, m)
	default:
		return command.UnrecognizedOperation, ""
	}
}

func store(ctx context.Context, session Session, m *Message) (command.Status, string) {
	cmd := m.Command
	switch {
	case m.Context.AbstractSyntax == Verification || m.Context.AbstractSyntax == StorageCommitment:
		return command.SOPClassNotSupported, "not a storage SOP class"
	case m.Data == nil:
		return command.CannotUnderstand, "no data set"
	case cmd.SOPClassUID != m.Context.AbstractSyntax:
		return command.MismatchedSOPClass, "not the SOP class of the presentation context"
	}
	return session.Store(ctx, Instance{
		SOPClassUID: cmd.SOPClassUID, SOPInstanceUID: cmd.SOPInstanceUID,
		TransferSyntax: m.Context.TransferSyntax, Data: m.Data,
	})
}
