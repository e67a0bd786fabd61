package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"nafas/internal/client"
	"nafas/internal/rpc"
	"nafas/internal/triage/quality"
	nafasv1 "nafas/proto/nafas/v1"
)

type reviewsCmd struct {
	Show    reviewsShowCmd    `cmd:"" help:"Print what readers said of a study, all of it, the oldest first."`
	List    reviewsListCmd    `cmd:"" help:"List studies that readers have said something of."`
	Export  reviewsExportCmd  `cmd:"" help:"Write what readers said of studies that are signed off, in LUNA16's columns, for nafas evaluate."`
	Quality reviewsQualityCmd `cmd:"" help:"Count what readers accepted and rejected, with 95 % intervals, over studies that are signed off."`
}

// periodFlags are days of reception, in the time zone of who asks.
type periodFlags struct {
	From string `help:"First day of reception, YYYY-MM-DD." placeholder:"DATE"`
	To   string `help:"Last day of reception." placeholder:"DATE"`
}

// bounds are nil where there is none.
func (f periodFlags) bounds() (after, before *timestamppb.Timestamp, err error) {
	from, err := dayOf("--from", f.From)
	if err != nil {
		return nil, nil, err
	}
	to, err := dayOf("--to", f.To)
	if err != nil {
		return nil, nil, err
	}
	if !from.IsZero() {
		after = timestamppb.New(from)
	}
	if !to.IsZero() {
		if to.Before(from) {
			return nil, nil, usage("--to is before --from")
		}
		before = timestamppb.New(to.AddDate(0, 0, 1))
	}
	return after, before, nil
}

func dayOf(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return time.Time{}, usage("%s %q is no day: write it as 2026-03-31", flag, text)
	}
	return day, nil
}

type reviewsShowCmd struct {
	connectFlags
	Study string `arg:"" help:"Study Instance UID."`
}

// Run prints one review.
func (c *reviewsShowCmd) Run(s *streams, ctx kongContext) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	got, err := conn.Reviews().GetReview(ctx, &nafasv1.GetReviewRequest{StudyInstanceUid: c.Study})
	if err != nil {
		return err
	}
	if s.format == "json" {
		return printJSON(s.out, got.GetReview())
	}
	return printReview(s, got.GetReview())
}

type reviewsListCmd struct {
	connectFlags
	periodFlags
	State []string `help:"Only these: none, begun, signed or outdated." enum:"none,begun,signed,outdated" placeholder:"STATE,..."`
}

// Run asks for page after page and prints each as it comes.
func (c *reviewsListCmd) Run(s *streams, ctx kongContext) error {
	after, before, err := c.bounds()
	if err != nil {
		return err
	}
	rq := &nafasv1.ListReviewsRequest{ReceivedAfter: after, ReceivedBefore: before, PageSize: 1000}
	for _, state := range c.State {
		rq.States = append(rq.States, reviewStates[state])
	}
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	first := true
	for {
		page, err := conn.Reviews().ListReviews(ctx, rq)
		if err != nil {
			return err
		}
		if err := printReviews(s, page.GetReviews(), first); err != nil {
			return err
		}
		if rq.PageToken = page.GetNextPageToken(); rq.PageToken == "" {
			return nil
		}
		first = false
	}
}

type reviewsExportCmd struct {
	connectFlags
	periodFlags
	Into string `help:"Folder for the tables that nafas evaluate takes; without it one table goes to standard output." type:"path" placeholder:"DIR"`
}

// Run writes the tables.
func (c *reviewsExportCmd) Run(s *streams, ctx kongContext) error {
	after, before, err := c.bounds()
	if err != nil {
		return err
	}
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	studies, err := reviewedStudies(ctx, conn, &nafasv1.ExportReviewsRequest{ReceivedAfter: after, ReceivedBefore: before})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "studies that are signed off: %d\n", len(studies))
	if c.Into == "" {
		return quality.WriteAll(s.out, studies)
	}
	if len(studies) == 0 {
		return errors.New("no study of these days is signed off: nothing was written")
	}
	return c.write(s.err, studies)
}

func (c *reviewsExportCmd) write(log io.Writer, studies []quality.Study) error {
	if err := os.MkdirAll(c.Into, 0o755); err != nil {
		return err
	}
	files := quality.Files(studies)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := writeFile(filepath.Join(c.Into, name), files[name]); err != nil {
			return err
		}
	}
	in := func(name string) string { return filepath.Join(c.Into, name) }
	_, err := fmt.Fprintf(log, "measure the detector on them: nafas evaluate --marks %s --annotations %s --excluded %s --series %s\n",
		in(quality.MarksFile), in(quality.NodulesFile), in(quality.ExcludedFile), in(quality.SeriesFile))
	return err
}

func reviewedStudies(ctx context.Context, conn *client.Client, rq *nafasv1.ExportReviewsRequest) ([]quality.Study, error) {
	stream, err := conn.Reviews().ExportReviews(ctx, rq)
	if err != nil {
		return nil, err
	}
	var out []quality.Study
	for {
		one, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, rpc.ReviewedStudy(one))
	}
}

type reviewsQualityCmd struct {
	connectFlags
	periodFlags
}

// Run prints the counts.
func (c *reviewsQualityCmd) Run(s *streams, ctx kongContext) error {
	after, before, err := c.bounds()
	if err != nil {
		return err
	}
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	got, err := conn.Reviews().GetQuality(ctx, &nafasv1.GetQualityRequest{ReceivedAfter: after, ReceivedBefore: before})
	if err != nil {
		return err
	}
	if s.format == "json" {
		return printJSON(s.out, got)
	}
	return printQuality(s, got)
}
