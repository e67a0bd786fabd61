package dimse

import (
	"bytes"

	"nafas/dicomio/dimse/command"
)

// Commit asks the peer to promise that it keeps instances (N-ACTION). The
// report comes on an association that the peer opens.
func (c *Client) Commit(rq CommitRequest) error {
	ctx, ok := c.Context(StorageCommitment)
	if !ok {
		return ErrNoContext
	}
	data, err := rq.marshal(ctx.TransferSyntax)
	if err != nil {
		return err
	}
	return c.normalized(ctx, &command.Set{
		Field: command.NActionRQ, SOPClassUID: StorageCommitment, SOPInstanceUID: commitmentInstance,
		ActionType: actionRequestCommit,
	}, data)
}

// Report tells the user of the storage commitment service what is kept
// (N-EVENT-REPORT). The association must have been opened with a Proposal of
// StorageCommitment as Provider.
func (c *Client) Report(r CommitReport) error {
	ctx, ok := c.Context(StorageCommitment)
	if !ok {
		return ErrNoContext
	}
	data, err := r.marshal(ctx.TransferSyntax)
	if err != nil {
		return err
	}
	return c.normalized(ctx, &command.Set{
		Field: command.NEventRQ, SOPClassUID: StorageCommitment, SOPInstanceUID: commitmentInstance,
		EventType: r.event(),
	}, data)
}

func (c *Client) normalized(ctx Context, cmd *command.Set, data []byte) error {
	id, err := c.request(ctx, cmd, bytes.NewReader(data))
	if err != nil {
		return err
	}
	m, err := c.response(id, c.timing.Answer, nil)
	if err != nil {
		return err
	}
	return outcome(m)
}
