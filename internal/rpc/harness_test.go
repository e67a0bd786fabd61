package rpc_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"nafas/dicomio/refusal"
	"nafas/internal/jobs"
	"nafas/internal/rpc"
	"nafas/internal/store"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

// readHeader is the fake of the guard: "study|series|sop|patient".
func readHeader(data []byte) (triage.Header, error) {
	p := strings.Split(string(data), "|")
	if len(p) != 4 {
		return triage.Header{}, refusal.New(refusal.Malformed, "send it again", "%d fields", len(p))
	}
	return triage.Header{
		StudyUID: p[0], SeriesUID: p[1], SOPUID: p[2], SOPClassUID: "1.2.840.10008.5.1.4.1.1.2", Modality: "CT",
		Patient: triage.Patient{ID: p[3]},
		Pixels:  sha256.Sum256(data), Content: sha256.Sum256(data),
	}, nil
}

// readerFunc is a triage.StudyReader.
type readerFunc func(context.Context, triage.ReadingJob, func(triage.Progress)) (triage.StudyReading, error)

func (f readerFunc) Read(ctx context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
	return f(ctx, job, progress)
}

// oneFinding reads the series STUDY.5 of every study into one flagged finding.
func oneFinding(_ context.Context, job triage.ReadingJob, progress func(triage.Progress)) (triage.StudyReading, error) {
	progress(triage.Progress{StudyUID: job.StudyUID, Stage: "onnx", Done: 1, Total: 2})
	f := triage.Finding{SOPInstanceUID: "1.2.9"}
	f.Rank, f.Score, f.Flagged, f.MeanDiameterMM = 1, 0.9, true, 20
	r := triage.StudyReading{StudyUID: job.StudyUID, Key: job.Key, State: triage.Done, Series: []triage.Series{{
		UID: job.StudyUID + ".5", Result: &triage.Result{StudyUID: job.StudyUID, SeriesUID: job.StudyUID + ".5", Key: job.Key, Findings: []triage.Finding{f}},
	}}}
	r.Priority, r.PriorityReasons = triage.Ranking{}.Rank(*r.Series[0].Result, nil)
	return r, nil
}

// blocked waits for the end of its context, and says that it began.
func blocked(began chan<- struct{}) readerFunc {
	return func(ctx context.Context, _ triage.ReadingJob, _ func(triage.Progress)) (triage.StudyReading, error) {
		close(began)
		<-ctx.Done()
		return triage.StudyReading{}, context.Cause(ctx)
	}
}

// startServer serves a real application over a real store on loopback.
func startServer(t *testing.T, read readerFunc, o rpc.Options) (address string, server *rpc.Server) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	// Nobody takes results there: they wait.
	st, err := store.Open(t.Context(), t.TempDir(), store.Options{Log: log, Destinations: []triage.Destination{{Name: "archive"}, {Name: "other"}}})
	require.NoError(t, err)
	app := triage.New(st, st, readHeader, read, triage.Options{
		Recipe: triage.Recipe{ModelSHA256: "m", ConfigSHA256: "c"}, Quiet: 50 * time.Millisecond, MinFreeBytes: 1, Log: log,
	})
	runner, err := jobs.New(st.Driver(), app, jobs.Options{Poll: 20 * time.Millisecond, Log: log})
	require.NoError(t, err)
	require.NoError(t, runner.Start(t.Context()))
	o.Service, o.Log = app, log
	server = rpc.New(o)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	server.SetReady()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		server.Shutdown(ctx)
		require.NoError(t, <-served)
		require.NoError(t, runner.Stop(ctx, time.Second, 5*time.Second))
		require.NoError(t, st.Close())
	})
	return listener.Addr().String(), server
}

func dial(t *testing.T, address string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	if len(options) == 0 {
		options = []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	}
	conn, err := grpc.NewClient(address, options...)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func newClient(t *testing.T, read readerFunc) nafasv1.TriageServiceClient {
	address, _ := startServer(t, read, rpc.Options{})
	return nafasv1.NewTriageServiceClient(dial(t, address))
}

func submitHeader(h *nafasv1.UploadHeader) *nafasv1.SubmitSeriesRequest {
	return &nafasv1.SubmitSeriesRequest{Part: &nafasv1.SubmitSeriesRequest_Header{Header: h}}
}

func submitChunk(name, data string, last bool) *nafasv1.SubmitSeriesRequest {
	return &nafasv1.SubmitSeriesRequest{Part: &nafasv1.SubmitSeriesRequest_Chunk{
		Chunk: &nafasv1.Chunk{Name: name, Data: []byte(data), Last: last},
	}}
}

// submit sends the parts and returns the receipt; a send that breaks leaves
// the reason to the reply.
func submit(t *testing.T, c nafasv1.TriageServiceClient, parts ...*nafasv1.SubmitSeriesRequest) (*nafasv1.Receipt, error) {
	t.Helper()
	stream, err := c.SubmitSeries(t.Context())
	require.NoError(t, err)
	for _, p := range parts {
		if err := stream.Send(p); err != nil {
			require.ErrorIs(t, err, io.EOF)
			break
		}
	}
	reply, err := stream.CloseAndRecv()
	return reply.GetReceipt(), err
}

func complete() *nafasv1.SubmitSeriesRequest {
	return submitHeader(&nafasv1.UploadHeader{Complete: true})
}

// requireStatus checks code and google.rpc.ErrorInfo as they come over the
// wire.
func requireStatus(t *testing.T, err error, code codes.Code, reason string) *status.Status {
	t.Helper()
	s, ok := status.FromError(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, s.Code(), "%v", err)
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			require.Equal(t, rpc.Domain, info.GetDomain())
			require.Equal(t, reason, info.GetReason())
			return s
		}
	}
	t.Fatalf("no ErrorInfo in %v", err)
	return nil
}

func waitFinal(t *testing.T, c nafasv1.TriageServiceClient, uid string) *nafasv1.Study {
	t.Helper()
	var study *nafasv1.Study
	require.Eventually(t, func() bool {
		reply, err := c.GetStudy(t.Context(), &nafasv1.GetStudyRequest{StudyInstanceUid: uid})
		if err != nil {
			return false
		}
		study = reply.GetStudy()
		return study.GetState() >= nafasv1.StudyState_STUDY_STATE_DONE
	}, 10*time.Second, 10*time.Millisecond)
	return study
}

var errReaderBug = errors.New("a bug that quotes PATIENT^NAME")
