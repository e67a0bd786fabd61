package pacs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/part10"
)

// Kept says which instances are durable here, by SOP Instance UID, and promises
// to keep those for the days that images of their studies are kept.
type Kept func(ctx context.Context, sopUIDs []string) (map[string]bool, error)

// Commitment is the provider of storage commitment (PS3.4 annex J). Reports go
// out on associations of their own, to peers whose addresses are known. One
// that cannot be delivered is tried again for some minutes and then given up:
// who asked will ask again.
type Commitment struct {
	kept  Kept
	peers map[string]dimse.Remote
	log   *slog.Logger
	// pauses before each try.
	pauses []time.Duration

	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
	slots  chan struct{}
}

// reportsAtOnce bounds the reports that are on their way.
const reportsAtOnce = 64

// NewCommitment makes a Commitment. peers are those that may ask, by their AE
// title.
func NewCommitment(kept Kept, peers map[string]dimse.Remote, log *slog.Logger) *Commitment {
	ctx, cancel := context.WithCancel(context.Background())
	return &Commitment{
		kept: kept, peers: peers, log: log, ctx: ctx, cancel: cancel, slots: make(chan struct{}, reportsAtOnce),
		pauses: []time.Duration{0, 2 * time.Second, 10 * time.Second, time.Minute, 5 * time.Minute},
	}
}

// Close gives up the reports that are on their way.
func (c *Commitment) Close() {
	c.cancel()
	c.done.Wait()
}

func (c *Commitment) ask(ctx context.Context, callingAE string, rq dimse.CommitRequest) (command.Status, string) {
	to, ok := c.peers[callingAE]
	if !ok {
		return command.ProcessingFailure, "no address is known to report to this AE title"
	}
	report, err := c.report(ctx, rq)
	if err != nil {
		c.log.Error("storage commitment", "error", err)
		return command.ProcessingFailure, ""
	}
	select {
	case c.slots <- struct{}{}:
	default:
		return command.ResourceLimitation, "too many reports are on their way"
	}
	c.done.Go(func() {
		defer func() { <-c.slots }()
		c.deliver(to, callingAE, report)
	})
	return command.Success, ""
}

func (c *Commitment) report(ctx context.Context, rq dimse.CommitRequest) (dimse.CommitReport, error) {
	uids := make([]string, len(rq.References))
	for i, r := range rq.References {
		uids[i] = r.SOPInstanceUID
	}
	kept, err := c.kept(ctx, uids)
	report := dimse.CommitReport{TransactionUID: rq.TransactionUID}
	for _, r := range rq.References {
		if kept[r.SOPInstanceUID] {
			report.Committed = append(report.Committed, r)
		} else {
			report.Failed = append(report.Failed, dimse.FailedReference{Reference: r, Reason: command.NoSuchInstance})
		}
	}
	return report, err
}

func (c *Commitment) deliver(to dimse.Remote, callingAE string, report dimse.CommitReport) {
	var err error
	for _, pause := range c.pauses {
		select {
		case <-c.ctx.Done():
			return
		case <-time.After(pause):
		}
		if err = c.send(to, report); err == nil {
			return
		}
	}
	c.log.Error("storage commitment report not delivered; the peer has to ask again", "peer", callingAE, "error", err)
}

func (c *Commitment) send(to dimse.Remote, report dimse.CommitReport) error {
	client, err := dimse.Dial(c.ctx, to, []dimse.Proposal{{
		AbstractSyntax: dimse.StorageCommitment, TransferSyntaxes: []string{part10.ExplicitLE, part10.ImplicitLE}, Provider: true,
	}})
	if err != nil {
		return err
	}
	if err := client.Report(report); err != nil {
		client.Abort()
		return err
	}
	return client.Close()
}
