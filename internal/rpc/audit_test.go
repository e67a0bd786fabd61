package rpc_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"nafas/internal/access"
	"nafas/internal/audit"
	"nafas/internal/client"
	"nafas/internal/rpc"
	nafasv1 "nafas/proto/nafas/v1"
)

// trail keeps events in memory.
type trail struct {
	mu     sync.Mutex
	events []audit.Event
	err    error
}

func (t *trail) Record(_ context.Context, e audit.Event) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.events = append(t.events, e)
	}
	return t.err
}

// said are the events of somebody since the last look.
func (t *trail) said(name string) (out []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.events {
		if e.Who.Name == name {
			out = append(out, string(e.Kind)+" "+e.Detail+" "+strings.Join(e.StudyUIDs, ","))
		}
	}
	t.events = nil
	return out
}

// Every method either leaves an event or is known to need none.
func TestEveryMethodIsRecordedOrNot(t *testing.T) {
	require.Empty(t, rpc.MethodsOfNoRecord())
}

// What is given out over gRPC, and what readers do there, is in the trail, or does
// not happen.
func TestCallsAreRecorded(t *testing.T) {
	r := newReaders(t)
	f := r.read("1.2")
	agree := says(f, nafasv1.Verdict_VERDICT_AGREE, 0)
	reader := r.as["amal"]
	study := func() error {
		_, err := reader.Triage().GetStudy(t.Context(), &nafasv1.GetStudyRequest{StudyInstanceUid: "1.2"})
		return err
	}
	list := func() error {
		_, err := reader.Triage().ListStudies(t.Context(), &nafasv1.ListStudiesRequest{})
		return err
	}
	report := func() error {
		_, err := reader.Triage().GetReport(t.Context(), &nafasv1.GetReportRequest{StudyInstanceUid: "1.2"})
		return err
	}
	act := func() error {
		_, err := r.act("amal", "1.2", 0, agree)
		return err
	}
	export := func() error {
		s, err := reader.Reviews().ExportReviews(t.Context(), &nafasv1.ExportReviewsRequest{})
		require.NoError(t, err)
		if _, err = s.Recv(); errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	for range 2 {
		require.NoError(t, study())
		require.NoError(t, list())
		require.NoError(t, act())
		require.NoError(t, export())
	}
	_ = report() // there is no image to write one of
	_, err := reader.Triage().GetStudy(t.Context(), &nafasv1.GetStudyRequest{StudyInstanceUid: "PATIENT^NAME"})
	requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
	_, err = r.act("amal", "1.2", 0, signs("another result"))
	require.Error(t, err)
	require.Equal(t, []string{
		"open gRPC 1.2", "query gRPC ", "review review: answer 1.2", "export reviews over gRPC ",
		"review review: answer 1.2", "export reviews over gRPC ", "export report over gRPC 1.2",
		"review review: sign 1.2", "review review: sign, refused 1.2",
	}, r.trail.said("amal"))

	r.trail.mu.Lock()
	r.trail.err = errors.New("the disk is full")
	r.trail.mu.Unlock()
	reader = r.as["badr"]
	for _, call := range []func() error{study, list, report, export, act} {
		requireStatus(t, call(), codes.Unavailable, "BUSY")
	}
}

// Who has no token is in the trail by address, and by certificate where there is one.
func TestCallersWithoutTokens(t *testing.T) {
	a := newAuthority(t)
	files := a.server()
	files.ClientCA = a.path("ca.crt")
	encryption, err := files.ServerConfig()
	require.NoError(t, err)
	known := &trail{}
	address, _ := startServer(t, oneFinding, rpc.Options{TLS: encryption, Trail: audit.NewAccesses(known, nil)})
	a.issue("modality", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	own := access.ClientTLS{CA: a.path("ca.crt"), Cert: a.path("modality.crt"), Key: a.path("modality.key")}
	require.NoError(t, list(t, client.Options{Address: address, TLS: own}))
	require.Equal(t, audit.Who{Name: "modality", By: "certificate", Address: "127.0.0.1"}, known.events[0].Who)

	open := &trail{}
	address, _ = startServer(t, oneFinding, rpc.Options{Trail: audit.NewAccesses(open, nil)})
	require.NoError(t, list(t, client.Options{Address: address}))
	require.Equal(t, audit.Who{Name: "local", By: "unnamed", Address: "127.0.0.1"}, open.events[0].Who)
}
