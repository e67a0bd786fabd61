package deliver

import (
	"context"
	"errors"
	"math/big"
	"time"

	"github.com/google/uuid"

	"nafas/dicomio/dimse"
	"nafas/internal/triage"
)

var (
	errNotKept = errors.New("the destination took the objects and says that it does not keep them")
	errSilent  = errors.New("the destination took the objects and never said that it keeps them")
)

// reportAwaited is how long a destination has for its report before it is asked
// again. It is looked for after some seconds, since it may come while the job
// that asked still ends, and then less and less often: one that comes later
// makes the job ready at once.
const (
	reportAwaited  = 15 * time.Minute
	firstLook      = 2 * time.Second
	longestLookOut = 2 * time.Minute
)

func (d *Deliverer) look(askedAt time.Time) time.Time {
	now := d.now()
	return now.Add(min(max(now.Sub(askedAt), firstLook), longestLookOut))
}

// ask requests storage commitment of what was stored (PS3.4 annex J). The
// report comes to our listener.
func (d *Deliverer) ask(ctx context.Context, t triage.Token, one triage.Delivery, c *dimse.Client, stored []triage.InstanceRef) (outcome, error) {
	sent := triage.Sent{Objects: stored, TransactionUID: randomUID(), AskedAt: d.now()}
	if err := d.outbox.Sent(ctx, t, one.ID, sent); err != nil {
		return outcome{has: stored}, err
	}
	rq := dimse.CommitRequest{TransactionUID: sent.TransactionUID}
	for _, o := range stored {
		rq.References = append(rq.References, dimse.Reference{SOPClassUID: o.SOPClassUID, SOPInstanceUID: o.SOPUID})
	}
	if err := c.Commit(rq); err != nil {
		// Nothing will come: the next try asks again.
		return outcome{has: stored}, errors.Join(err, d.outbox.Sent(ctx, t, one.ID, triage.Sent{Objects: stored}))
	}
	if err := c.Close(); err != nil {
		d.log.DebugContext(ctx, "association not released in good order", "error", err)
	}
	return outcome{has: stored, again: d.look(sent.AskedAt)}, nil
}

// follow goes on with a delivery whose objects the destination has taken.
func (d *Deliverer) follow(ctx context.Context, t triage.Token, one triage.Delivery, to Destination) (outcome, error) {
	sent := *one.Sent
	switch {
	case sent.Answered && len(sent.Refused) == 0:
		return outcome{has: sent.Objects}, nil
	case sent.Answered:
		// The next try sends them again.
		return outcome{has: sent.Objects}, errors.Join(errNotKept, d.outbox.Sent(ctx, t, one.ID, triage.Sent{}))
	case sent.TransactionUID != "" && d.now().Sub(sent.AskedAt) < reportAwaited:
		return outcome{has: sent.Objects, again: d.look(sent.AskedAt)}, nil
	}
	c, err := dimse.Dial(ctx, to.Remote, []dimse.Proposal{{AbstractSyntax: dimse.StorageCommitment, TransferSyntaxes: messages}})
	if err != nil {
		return outcome{has: sent.Objects}, err
	}
	defer c.Abort() // nothing where it was closed
	return d.ask(ctx, t, one, c, sent.Objects)
}

// randomUID is one that nobody can guess: who knows it may answer (PS3.5
// section B.2: 2.25. and a UUID as a number).
func randomUID() string {
	id := uuid.New()
	return "2.25." + new(big.Int).SetBytes(id[:]).String()
}
