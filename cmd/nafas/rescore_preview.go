package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"nafas/internal/rescore"
	nafasv1 "nafas/proto/nafas/v1"
)

// previewOf says what a rescoring would read.
func (f rescoreFlags) previewOf(ctx context.Context, rq rescore.Request, insecure bool, progress func(files, studies int64)) (*nafasv1.RescoringPreview, error) {
	return nil, fmt.Errorf("not yet")
}

var _ = durationpb.New
var _ = tabwriter.NewWriter
var _ time.Duration

func printPreview(s *streams, p *nafasv1.RescoringPreview) error { return nil }
