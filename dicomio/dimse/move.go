package dimse

import (
	"bytes"
	"errors"

	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/dimse/command"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
)

// Retrieval names what a C-MOVE is to send.
type Retrieval struct {
	Level     match.Level
	StudyUID  string
	SeriesUID string
	SOPUID    string
}

// Move asks the peer to send instances to the AE with this title (C-MOVE,
// study root), which the peer must know. It returns what the peer says that
// it sent; a *Failure where it sent nothing, or not all.
func (c *Client) Move(what Retrieval, destinationAE string) (*command.Counts, error) {
	ctx, ok := c.Context(StudyRootMove)
	if !ok {
		return nil, ErrNoContext
	}
	data, err := what.marshal(ctx.TransferSyntax)
	if err != nil {
		return nil, err
	}
	id, err := c.request(ctx, &command.Set{
		Field: command.CMoveRQ, SOPClassUID: StudyRootMove, MoveDestination: destinationAE,
	}, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var counts *command.Counts
	var m *Message
	for {
		// Pending responses are optional: a long retrieval may be silent.
		if m, err = c.response(id, c.timing.Idle, m); err != nil {
			return counts, err
		}
		if m.Command.Counts != nil {
			counts = m.Command.Counts
		}
		if m.Command.Status.IsPending() {
			continue
		}
		if err := outcome(m); err != nil {
			return counts, err
		}
		if counts != nil && counts.Failed > 0 {
			return counts, &Failure{Status: m.Command.Status, Comment: m.Command.Comment}
		}
		return counts, nil
	}
}

func (r Retrieval) marshal(transferSyntax string) ([]byte, error) {
	var b part10.Builder
	b.Text(tag.QueryRetrieveLevel, string(r.Level))
	b.Text(tag.StudyInstanceUID, r.StudyUID)
	switch r.Level {
	case match.StudyLevel:
	case match.SeriesLevel:
		b.Text(tag.SeriesInstanceUID, r.SeriesUID)
	case match.InstanceLevel:
		b.Text(tag.SeriesInstanceUID, r.SeriesUID)
		b.Text(tag.SOPInstanceUID, r.SOPUID)
	default:
		return nil, errors.New("a retrieval without a level")
	}
	return marshal(&b, transferSyntax)
}
