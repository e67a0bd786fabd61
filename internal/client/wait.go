package client

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	nafasv1 "nafas/proto/nafas/v1"
)

// reconnectPause is how long a broken watch waits before it asks again; a
// restarting service is back within seconds.
const reconnectPause = 2 * time.Second

// WaitStudy waits until the study is in a final state and returns it. It
// outlives restarts of the service until ctx ends.
func (c *Client) WaitStudy(ctx context.Context, uid string) (*nafasv1.Study, error) {
	for {
		study, err := c.waitOnce(ctx, uid)
		if err == nil || ctx.Err() != nil || status.Code(err) != codes.Unavailable {
			return study, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(reconnectPause):
		}
	}
}

// waitOnce opens the watch before it asks for the study, so that no change
// falls between the two.
func (c *Client) waitOnce(ctx context.Context, uid string) (*nafasv1.Study, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch, err := c.triage.WatchStudies(ctx, &nafasv1.WatchStudiesRequest{})
	if err != nil {
		return nil, err
	}
	// The header comes when the watch is open on the other side.
	if _, err := watch.Header(); err != nil {
		return nil, err
	}
	for {
		reply, err := c.triage.GetStudy(ctx, &nafasv1.GetStudyRequest{StudyInstanceUid: uid})
		if err != nil {
			return nil, err
		}
		if final(reply.GetStudy().GetState()) {
			return reply.GetStudy(), nil
		}
		for changed := false; !changed; {
			event, err := watch.Recv()
			if err != nil {
				return nil, err
			}
			changed = event.GetStudy().GetStudyInstanceUid() == uid
		}
	}
}

func final(s nafasv1.StudyState) bool {
	switch s {
	case nafasv1.StudyState_STUDY_STATE_DONE,
		nafasv1.StudyState_STUDY_STATE_NOT_ASSESSED,
		nafasv1.StudyState_STUDY_STATE_FAILED:
		return true
	}
	return false
}
