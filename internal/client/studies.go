package client

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	nafasv1 "nafas/proto/nafas/v1"
)

// batchFiles go into one stream: enough to keep a stream busy, few enough
// that a broken one is cheap to send again.
const batchFiles = 64

// Study is all that a sender has of one study.
type Study struct {
	UID   string
	Files []File
}

// Report says what became of several studies.
type Report struct {
	// StudyUIDs that the service accepted instances for, sorted.
	StudyUIDs  []string
	Accepted   int
	Repeated   int
	Refused    []*nafasv1.InstanceRefusal
	Unreadable []UnreadableFile
}

// SendStudies sends studies in parallel streams. The last stream of each study
// opens when its others are acknowledged, and says that the study is complete,
// so that its analysis never starts on a part of it. When it fails, what was
// acknowledged is in the report, and sending all again does no harm.
func (c *Client) SendStudies(ctx context.Context, studies []Study, header *nafasv1.UploadHeader, parallel int, sent func()) (Report, error) {
	var collected collector
	streams := make(chan struct{}, max(1, parallel))
	submit := func(ctx context.Context, files []File, complete bool) error {
		select {
		case streams <- struct{}{}:
			defer func() { <-streams }()
		case <-ctx.Done():
			return ctx.Err()
		}
		h := proto.CloneOf(header)
		h.Complete = complete
		receipt, unreadable, err := c.Submit(ctx, h, files, sent)
		collected.add(receipt, unreadable)
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	for _, study := range studies {
		all.Go(func() error { return sendStudy(ctx, study.Files, submit) })
	}
	err := all.Wait()
	return collected.report(), err
}

func sendStudy(ctx context.Context, files []File, submit func(context.Context, []File, bool) error) error {
	batches := slices.Collect(slices.Chunk(files, batchFiles))
	if len(batches) == 0 {
		return nil
	}
	last := len(batches) - 1
	first, firstCtx := errgroup.WithContext(ctx)
	for _, b := range batches[:last] {
		first.Go(func() error { return submit(firstCtx, b, false) })
	}
	if err := first.Wait(); err != nil {
		return err
	}
	return submit(ctx, batches[last], true)
}

// collector adds up receipts of concurrent streams.
type collector struct {
	mu      sync.Mutex
	studies map[string]bool
	sum     Report
}

func (c *collector) add(r *Receipt, unreadable []UnreadableFile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.studies == nil {
		c.studies = map[string]bool{}
	}
	for _, uid := range r.GetStudyInstanceUids() {
		c.studies[uid] = true
	}
	c.sum.Accepted += int(r.GetAccepted())
	c.sum.Repeated += int(r.GetRepeatedInstances())
	c.sum.Refused = append(c.sum.Refused, r.GetRefusals()...)
	c.sum.Unreadable = append(c.sum.Unreadable, unreadable...)
}

func (c *collector) report() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	for uid := range c.studies {
		c.sum.StudyUIDs = append(c.sum.StudyUIDs, uid)
	}
	slices.Sort(c.sum.StudyUIDs)
	return c.sum
}
