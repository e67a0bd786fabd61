package deliver

import (
	"context"
	"errors"
	"slices"

	"nafas/dicomio/dimse"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
	"nafas/internal/triage"
)

// messages are the transfer syntaxes in which objects and questions go.
var messages = []string{part10.ExplicitLE, part10.ImplicitLE}

// send stores objects in one association, and looks whether they are there or
// asks to keep them.
func (d *Deliverer) send(ctx context.Context, t triage.Token, one triage.Delivery, to Destination, list []object) (outcome, error) {
	proposals := []dimse.Proposal{
		{AbstractSyntax: dimse.StudyRootFind, TransferSyntaxes: messages},
		{AbstractSyntax: dimse.StorageCommitment, TransferSyntaxes: messages},
	}
	for _, o := range list {
		proposals = append(proposals, dimse.Proposal{AbstractSyntax: o.SOPClassUID, TransferSyntaxes: messages})
	}
	c, err := dimse.Dial(ctx, to.Remote, proposals)
	if err != nil {
		return outcome{}, err
	}
	defer c.Abort() // nothing where it was closed
	stored, err := store(c, list)
	if err != nil {
		return outcome{has: refs(stored)}, err
	}
	if to.Confirm == ConfirmCommitment {
		return d.ask(ctx, t, one, c, refs(stored))
	}
	if to.Confirm != ConfirmNothing {
		if err := arrived(c, stored); err != nil {
			return outcome{has: refs(stored)}, err
		}
	}
	return outcome{has: refs(stored)}, c.Close()
}

// store returns the objects that the destination acknowledged, with an error
// too. One that takes no optional objects has the report even so.
func store(c *dimse.Client, list []object) (stored []object, err error) {
	for _, o := range list {
		accepted, ok := c.Context(o.SOPClassUID)
		if !ok && o.optional {
			continue
		}
		if !ok {
			return stored, dimse.ErrNoContext
		}
		in, err := o.in(accepted.TransferSyntax)
		if err != nil {
			return stored, err
		}
		if _, err := c.Store(in); err != nil {
			return stored, err
		}
		stored = append(stored, o)
	}
	return stored, nil
}

// arrived asks for every object, where the destination answers queries.
func arrived(c *dimse.Client, list []object) error {
	if _, ok := c.Context(dimse.StudyRootFind); !ok {
		return nil
	}
	for _, o := range list {
		if o.note {
			continue
		}
		found, err := c.Find(match.Query{Level: match.InstanceLevel, StudyUID: o.studyUID, SeriesUID: o.SeriesUID, SOPUID: o.SOPUID})
		var failure *dimse.Failure
		if errors.As(err, &failure) {
			return nil // it does not answer such queries: its word has to do
		}
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(found, func(m match.Entry) bool { return m.SOPUID == o.SOPUID }) {
			return errLost
		}
	}
	return nil
}
