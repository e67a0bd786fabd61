package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"nafas/internal/rpc"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

func TestSubmitThenGet(t *testing.T) {
	c := newClient(t, oneFinding)
	receipt, err := submit(t, c, complete(),
		submitChunk("a", "1.1|1.1.5", false), submitChunk("a", "|1.2.9|P", true), // one file in two pieces
		submitChunk("b", "1.1|1.1.5|1.2.8|P", true),
		submitChunk("broken", "x", true),
		submitChunk("c", "1.1|1.1.5|1.2.7|P", true), // what follows a refused file is not lost
	)
	require.NoError(t, err)
	require.Equal(t, []string{"1.1"}, receipt.GetStudyInstanceUids())
	require.EqualValues(t, 3, receipt.GetAccepted())
	require.Len(t, receipt.GetRefusals(), 1)
	require.Equal(t, "broken", receipt.GetRefusals()[0].GetName())
	require.Equal(t, nafasv1.Reason_REASON_DICOM_MALFORMED, receipt.GetRefusals()[0].GetRefusal().GetReason())

	study := waitFinal(t, c, "1.1")
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, study.GetState())
	require.Equal(t, nafasv1.Priority_PRIORITY_URGENT, study.GetPriority())
	require.NotEmpty(t, study.GetPriorityReasons())
	require.EqualValues(t, 3, study.GetInstances())
	require.EqualValues(t, 1, study.GetSeries()[0].GetResult().GetFindings()[0].GetRank())

	again, err := submit(t, c, complete(), submitChunk("b", "1.1|1.1.5|1.2.8|P", true))
	require.NoError(t, err)
	require.EqualValues(t, 0, again.GetAccepted())
	require.EqualValues(t, 1, again.GetRepeatedInstances())
}

func TestStudySettlesByQuietTime(t *testing.T) {
	c := newClient(t, oneFinding)
	_, err := submit(t, c, submitHeader(&nafasv1.UploadHeader{}), submitChunk("a", "1.1|1.1.5|1.2.9|P", true))
	require.NoError(t, err)
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, waitFinal(t, c, "1.1").GetState())
}

func TestUploadsThatBreakTheRules(t *testing.T) {
	big := strings.Repeat("x", 1<<20+1)
	for _, c := range []struct {
		name  string
		parts []*nafasv1.SubmitSeriesRequest
		field string
	}{
		{"an empty stream", nil, "header"},
		{"a chunk before the header", []*nafasv1.SubmitSeriesRequest{submitChunk("a", "x", true)}, "header"},
		{"two headers", []*nafasv1.SubmitSeriesRequest{complete(), complete()}, "part"},
		{"a request without a part", []*nafasv1.SubmitSeriesRequest{complete(), {}}, "part"},
		{"a file that never ends", []*nafasv1.SubmitSeriesRequest{complete(), submitChunk("a", "1.1|1.1.5", false)}, "part"},
		{"a new file inside another", []*nafasv1.SubmitSeriesRequest{complete(), submitChunk("a", "1.1", false), submitChunk("b", "1.1", true)}, "chunk.name"},
		{"a chunk over 1 MiB", []*nafasv1.SubmitSeriesRequest{complete(), submitChunk("a", big, true)}, "chunk.data"},
		{"a name as long as a file", []*nafasv1.SubmitSeriesRequest{complete(), submitChunk(big[:1<<16], "x", true)}, "chunk.name"},
		{"a priority that does not exist", []*nafasv1.SubmitSeriesRequest{submitHeader(&nafasv1.UploadHeader{RequestPriority: 99})}, "header.request_priority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := newClient(t, oneFinding)
			_, err := submit(t, client, c.parts...)
			s := requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
			var fields []string
			for _, d := range s.Details() {
				if bad, ok := d.(*errdetails.BadRequest); ok {
					fields = append(fields, bad.GetFieldViolations()[0].GetField())
				}
			}
			require.Equal(t, []string{c.field}, fields)
			list, err := client.ListStudies(t.Context(), &nafasv1.ListStudiesRequest{})
			require.NoError(t, err)
			require.Empty(t, list.GetStudies(), "something of a broken upload was kept")
		})
	}
}

func triageStream(t *testing.T, ctx context.Context, c nafasv1.TriageServiceClient, h *nafasv1.UploadHeader, files ...string) nafasv1.TriageService_TriageSeriesClient {
	t.Helper()
	stream, err := c.TriageSeries(ctx)
	require.NoError(t, err)
	require.NoError(t, stream.Send(&nafasv1.TriageSeriesRequest{Part: &nafasv1.TriageSeriesRequest_Header{Header: h}}))
	for i, f := range files {
		require.NoError(t, stream.Send(&nafasv1.TriageSeriesRequest{Part: &nafasv1.TriageSeriesRequest_Chunk{
			Chunk: &nafasv1.Chunk{Name: fmt.Sprint(i), Data: []byte(f), Last: true},
		}}))
	}
	require.NoError(t, stream.CloseSend())
	return stream
}

func TestTriageSendsReceiptProgressAndEachStudy(t *testing.T) {
	c := newClient(t, oneFinding)
	for round := range 2 { // the second answers from the store
		stream := triageStream(t, t.Context(), c, &nafasv1.UploadHeader{Complete: true}, "1.1|1.1.5|1.2.9|P", "1.2|1.2.5|1.3.9|Q")
		var kinds []string
		studies := map[string]bool{}
		for {
			e, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			switch {
			case e.GetReceipt() != nil:
				kinds = append(kinds, "receipt")
			case e.GetStudy() != nil:
				studies[e.GetStudy().GetStudyInstanceUid()] = true
				require.NotEmpty(t, e.GetStudy().GetSeries()[0].GetResult().GetFindings())
			}
		}
		require.Equal(t, []string{"receipt"}, kinds, "round %d", round)
		require.Equal(t, map[string]bool{"1.1": true, "1.2": true}, studies, "round %d", round)
	}
}

func TestCallerWhoLeaves(t *testing.T) {
	for _, c := range []struct {
		name   string
		leave  nafasv1.OnDisconnect
		states []nafasv1.StudyState
	}{
		{"the analysis goes on", nafasv1.OnDisconnect_ON_DISCONNECT_CONTINUE, []nafasv1.StudyState{nafasv1.StudyState_STUDY_STATE_RUNNING}},
		{"the analysis stops", nafasv1.OnDisconnect_ON_DISCONNECT_CANCEL, []nafasv1.StudyState{nafasv1.StudyState_STUDY_STATE_NOT_ASSESSED}},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := make(chan struct{})
			client := newClient(t, blocked(began))
			ctx, leave := context.WithCancel(t.Context())
			stream := triageStream(t, ctx, client, &nafasv1.UploadHeader{Complete: true, OnDisconnect: c.leave}, "1.1|1.1.5|1.2.9|P")
			_, err := stream.Recv()
			require.NoError(t, err)
			<-began
			leave()
			require.Eventually(t, func() bool {
				reply, err := client.GetStudy(t.Context(), &nafasv1.GetStudyRequest{StudyInstanceUid: "1.1"})
				require.NoError(t, err)
				if c.leave == nafasv1.OnDisconnect_ON_DISCONNECT_CANCEL && reply.GetStudy().GetState() == c.states[0] {
					require.Equal(t, nafasv1.Reason_REASON_CANCELLED, reply.GetStudy().GetNotAssessed().GetReason())
				}
				return reply.GetStudy().GetState() == c.states[0]
			}, 5*time.Second, 20*time.Millisecond)
		})
	}
}

func TestListStudies(t *testing.T) {
	c := newClient(t, oneFinding)
	for _, study := range []string{"1.1", "1.2", "1.3"} {
		_, err := submit(t, c, complete(), submitChunk("a", study+"|"+study+".5|"+study+".9|P", true))
		require.NoError(t, err)
		waitFinal(t, c, study)
	}
	request := &nafasv1.ListStudiesRequest{PageSize: 2, Order: nafasv1.StudyOrder_STUDY_ORDER_RECEIVED_ASC}
	var seen []string
	for {
		page, err := c.ListStudies(t.Context(), request)
		require.NoError(t, err)
		for _, s := range page.GetStudies() {
			seen = append(seen, s.GetStudyInstanceUid())
			require.Empty(t, s.GetSeries(), "a list holds no findings")
		}
		if page.GetNextPageToken() == "" {
			break
		}
		request.PageToken = page.GetNextPageToken()
	}
	require.Equal(t, []string{"1.1", "1.2", "1.3"}, seen)

	for _, bad := range []*nafasv1.ListStudiesRequest{
		{PageToken: "nonsense"},
		{PageSize: -1},
		{PageSize: 1001},
		{States: []nafasv1.StudyState{0}},
		{Priorities: []nafasv1.Priority{77}},
		{Order: 9},
		// a token is bound to its query
		{PageToken: request.GetPageToken(), PageSize: 2, Order: nafasv1.StudyOrder_STUDY_ORDER_RECEIVED_DESC},
	} {
		_, err := c.ListStudies(t.Context(), bad)
		requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
	}
}

func TestGetStudyRefuses(t *testing.T) {
	c := newClient(t, oneFinding)
	_, err := c.GetStudy(t.Context(), &nafasv1.GetStudyRequest{StudyInstanceUid: "1.2.3"})
	requireStatus(t, err, codes.NotFound, "STUDY_NOT_FOUND")
	for _, uid := range []string{"", "../../etc", strings.Repeat("1", 65), "1.2 "} {
		_, err := c.GetStudy(t.Context(), &nafasv1.GetStudyRequest{StudyInstanceUid: uid})
		requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
	}
}

func TestWatchGoesOnFromItsCursor(t *testing.T) {
	c := newClient(t, oneFinding)
	watch := func(cursor string) (nafasv1.TriageService_WatchStudiesClient, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := c.WatchStudies(ctx, &nafasv1.WatchStudiesRequest{Cursor: cursor})
		require.NoError(t, err)
		_, err = stream.Header()
		require.NoError(t, err)
		return stream, cancel
	}
	until := func(stream nafasv1.TriageService_WatchStudiesClient, uid string) (cursor string) {
		for {
			e, err := stream.Recv()
			require.NoError(t, err)
			if e.GetStudy().GetStudyInstanceUid() == uid && e.GetStudy().GetState() == nafasv1.StudyState_STUDY_STATE_DONE {
				return e.GetCursor()
			}
		}
	}
	first, leave := watch("")
	_, err := submit(t, c, complete(), submitChunk("a", "1.1|1.1.5|1.2.9|P", true))
	require.NoError(t, err)
	cursor := until(first, "1.1")
	leave()

	_, err = submit(t, c, complete(), submitChunk("a", "1.2|1.2.5|1.3.9|P", true))
	require.NoError(t, err)
	waitFinal(t, c, "1.2") // it happens while nobody watches
	second, leave := watch(cursor)
	defer leave()
	until(second, "1.2")

	third, leave := watch("nonsense")
	defer leave()
	_, err = third.Recv()
	s := requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
	require.Contains(t, s.Message(), "cursor")
}

func TestShutdownEndsWaitingCalls(t *testing.T) {
	began := make(chan struct{})
	address, server := startServer(t, blocked(began), rpc.Options{})
	conn := dial(t, address)
	c := nafasv1.NewTriageServiceClient(conn)
	health, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, health.GetStatus())

	stream := triageStream(t, t.Context(), c, &nafasv1.UploadHeader{Complete: true}, "1.1|1.1.5|1.2.9|P")
	_, err = stream.Recv()
	require.NoError(t, err)
	<-began
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	server.Shutdown(ctx)
	require.NoError(t, ctx.Err(), "a waiting call kept the server from stopping")
	for err == nil {
		_, err = stream.Recv()
	}
	requireStatus(t, err, codes.Unavailable, "BUSY")
}

func TestBugsDoNotLeak(t *testing.T) {
	c := newClient(t, func(context.Context, triage.ReadingJob, func(triage.Progress)) (triage.StudyReading, error) {
		return triage.StudyReading{}, errReaderBug
	})
	_, err := submit(t, c, complete(), submitChunk("a", "1.1|1.1.5|1.2.9|P", true))
	require.NoError(t, err)
	study := waitFinal(t, c, "1.1")
	require.NotEqual(t, nafasv1.StudyState_STUDY_STATE_DONE, study.GetState(), "a failure looks like a result")
	require.Equal(t, nafasv1.Priority_PRIORITY_NOT_ASSESSED, study.GetPriority())
	require.NotContains(t, study.String(), "PATIENT")
}

// Only so many uploads are open at once: one that hangs must give its place
// back, wherever in the upload it hangs.
func TestSilentUploadEnds(t *testing.T) {
	address, _ := startServer(t, oneFinding, rpc.Options{UploadIdle: 100 * time.Millisecond})
	client := nafasv1.NewTriageServiceClient(dial(t, address))
	for name, parts := range map[string][]*nafasv1.SubmitSeriesRequest{
		"before the header": nil,
		"after the header":  {complete()},
		"inside a file":     {complete(), submitChunk("a", "1.1|", false)},
		"between files":     {complete(), submitChunk("a", "1.1|1.1.5|1.2.9|P", true)},
	} {
		t.Run(name, func(t *testing.T) {
			stream, err := client.SubmitSeries(t.Context())
			require.NoError(t, err)
			for _, p := range parts {
				require.NoError(t, stream.Send(p))
			}
			err = stream.RecvMsg(&nafasv1.SubmitSeriesResponse{})
			requireStatus(t, err, codes.DeadlineExceeded, "UPLOAD_IDLE")
			list, err := client.ListStudies(t.Context(), &nafasv1.ListStudiesRequest{})
			require.NoError(t, err)
			require.Empty(t, list.GetStudies(), "something of a broken upload was kept")
		})
	}
}

func TestDeadline(t *testing.T) {
	c := newClient(t, blocked(make(chan struct{})))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	stream := triageStream(t, ctx, c, &nafasv1.UploadHeader{Complete: true}, "1.1|1.1.5|1.2.9|P")
	var err error
	for err == nil {
		_, err = stream.Recv()
	}
	require.Equal(t, codes.DeadlineExceeded, status.Code(err))
}
