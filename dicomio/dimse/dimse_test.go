package dimse_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
	"nafas/dicomio/part10"
)

func TestEcho(t *testing.T) {
	h := newRecorder()
	c := dial(t, serve(t, dimse.ServerConfig{}, h))
	require.NoError(t, c.Echo())
	require.NoError(t, c.Echo(), "an association carries more than one operation")
	require.NoError(t, c.Close())
	require.NoError(t, h.end(t))
	require.Equal(t, "TEST", h.peers[0].CallingAE)
	require.Equal(t, "NAFAS", h.peers[0].CalledAE)
	require.True(t, h.peers[0].Address.IsLoopback())
}

// Sizes around those of a fragment, in both directions' smallest and largest
// PDUs.
func TestADataSetArrivesByteForByte(t *testing.T) {
	const fragment = 128<<10 - 6
	for _, c := range []struct {
		name   string
		maxPDU uint32
		sizes  []int
	}{
		{"large PDUs", 0, []int{1, 2, fragment - 1, fragment, fragment + 1, 2 * fragment, 1 << 20}},
		{"the smallest PDUs that hold anything", 7, []int{1, 2, 50}},
		{"DCMTK's PDUs", 16384, []int{16377, 16378, 16379, 100_000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newRecorder()
			client := dial(t, serve(t, dimse.ServerConfig{MaxPDU: c.maxPDU}, h))
			for i, size := range c.sizes {
				in, data := image(size)
				status, err := client.Store(in)
				require.NoError(t, err)
				require.Equal(t, command.Success, status)
				require.True(t, bytes.Equal(data, h.stored[i].data), size)
				require.Equal(t, "1.2.3.4", h.stored[i].in.SOPInstanceUID)
				require.Equal(t, part10.ExplicitLE, h.stored[i].in.TransferSyntax)
			}
			require.NoError(t, client.Close())
		})
	}
}

func TestTheFirstTransferSyntaxThatIsOfferedIsTaken(t *testing.T) {
	to := serve(t, dimse.ServerConfig{}, newRecorder())
	c, err := dimse.Dial(context.Background(), to, []dimse.Proposal{
		{AbstractSyntax: ctImage, TransferSyntaxes: []string{part10.JPEGBaseline, part10.JPEGLSLossless, part10.ExplicitLE}},
		{AbstractSyntax: ctImage, TransferSyntaxes: []string{part10.JPEGBaseline}},
		{AbstractSyntax: "1.2.3", TransferSyntaxes: []string{part10.ExplicitLE}},
	})
	require.NoError(t, err)
	defer c.Close()
	ctx, ok := c.Context(ctImage)
	require.True(t, ok)
	require.Equal(t, dimse.Context{ID: 1, AbstractSyntax: ctImage, TransferSyntax: part10.JPEGLSLossless}, ctx)
	_, ok = c.Context("1.2.3")
	require.False(t, ok)
	in, _ := image(10)
	_, err = c.Store(in)
	require.ErrorIs(t, err, dimse.ErrNoContext, "explicit was proposed, and not accepted")
}

func TestWhoMayCall(t *testing.T) {
	user := func(reason pdu.RejectReason) *pdu.Reject {
		return &pdu.Reject{Source: pdu.RejectByUser, Reason: reason}
	}
	for _, c := range []struct {
		name string
		cfg  dimse.ServerConfig
		want *pdu.Reject
	}{
		{"anybody", dimse.ServerConfig{}, nil},
		{"who is on the lists", dimse.ServerConfig{CalledAEs: []string{"X", "NAFAS"}, CallingAEs: []string{"TEST"}, Peers: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, nil},
		{"another title is called", dimse.ServerConfig{CalledAEs: []string{"OTHER"}}, user(pdu.CalledAENotRecognized)},
		{"a caller that is not on the list", dimse.ServerConfig{CallingAEs: []string{"PACS"}}, user(pdu.CallingAENotRecognized)},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newRecorder()
			client, err := dimse.Dial(context.Background(), serve(t, c.cfg, h), proposals())
			if c.want == nil {
				require.NoError(t, err)
				require.NoError(t, client.Close())
				return
			}
			var got *pdu.Reject
			require.ErrorAs(t, err, &got)
			require.Equal(t, c.want, got)
			require.Empty(t, h.peers, "nobody was asked")
		})
	}
}

func TestAnAddressThatIsNotAllowedHearsNothing(t *testing.T) {
	to := serve(t, dimse.ServerConfig{Peers: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, newRecorder())
	_, err := dimse.Dial(context.Background(), to, proposals())
	require.Error(t, err)
	var reject *pdu.Reject
	require.False(t, errors.As(err, &reject))
}

func TestAHandlerThatCannotTakesNobody(t *testing.T) {
	h := newRecorder()
	h.refuse = errors.New("the disk is full")
	_, err := dimse.Dial(context.Background(), serve(t, dimse.ServerConfig{}, h), proposals())
	require.Equal(t, &pdu.Reject{Transient: true, Source: pdu.RejectByPresentation, Reason: pdu.TemporaryCongestion}, err)
}

func TestTooManyAssociations(t *testing.T) {
	h := newRecorder()
	to := serve(t, dimse.ServerConfig{MaxAssociations: 2}, h)
	first := dial(t, to)
	dial(t, to)
	_, err := dimse.Dial(context.Background(), to, proposals())
	require.Equal(t, &pdu.Reject{Transient: true, Source: pdu.RejectByPresentation, Reason: pdu.LocalLimitExceeded}, err)

	require.NoError(t, first.Close())
	require.NoError(t, h.end(t))
	require.Eventually(t, func() bool {
		c, err := dimse.Dial(context.Background(), to, proposals())
		if err != nil {
			return false
		}
		return c.Close() == nil
	}, 5*time.Second, 10*time.Millisecond, "the slot is free again")
}

func TestAnAnswerOfFailureLeavesTheAssociationWhole(t *testing.T) {
	h := newRecorder()
	h.answer, h.leave = command.OutOfResources, true
	c := dial(t, serve(t, dimse.ServerConfig{}, h))
	in, _ := image(1 << 20)
	_, err := c.Store(in)
	require.Equal(t, &dimse.Failure{Status: command.OutOfResources, Comment: "left"}, err,
		"the data set that nobody read is skipped")
	require.NoError(t, c.Echo())
}

func TestAWarningIsNoFailure(t *testing.T) {
	h := newRecorder()
	h.answer = 0xB000
	c := dial(t, serve(t, dimse.ServerConfig{}, h))
	in, _ := image(10)
	status, err := c.Store(in)
	require.NoError(t, err)
	require.Equal(t, command.Status(0xB000), status)
}

func TestASourceThatBreaksAbortsTheAssociation(t *testing.T) {
	h := newRecorder()
	c := dial(t, serve(t, dimse.ServerConfig{}, h))
	in, data := image(1 << 20)
	in.Data = broken(data)
	_, err := c.Store(in)
	require.ErrorIs(t, err, errBroken)
	var abort *pdu.Abort
	require.ErrorAs(t, h.end(t), &abort, "half a data set is never taken for a whole one")
	require.Empty(t, h.stored)
}

func TestTheContextEndsAnAssociation(t *testing.T) {
	h := newRecorder()
	h.block = make(chan struct{})
	to := serve(t, dimse.ServerConfig{}, h)
	ctx, cancel := context.WithCancel(context.Background())
	c, err := dimse.Dial(ctx, to, proposals())
	require.NoError(t, err)
	go func() { <-h.blocking; cancel() }()
	in, _ := image(10)
	_, err = c.Store(in)
	require.Error(t, err)
	close(h.block)
	require.Error(t, h.end(t))

	_, err = dimse.Dial(ctx, to, proposals())
	require.ErrorIs(t, err, context.Canceled)
}

func TestStorageCommitment(t *testing.T) {
	want := dimse.CommitRequest{TransactionUID: "1.2.9", References: []dimse.Reference{{ctImage, "1.2.3"}, {ctImage, "1.2.4"}}}
	report := dimse.CommitReport{
		TransactionUID: "1.2.9", Committed: want.References[:1],
		Failed: []dimse.FailedReference{{Reference: want.References[1], Reason: command.NoSuchInstance}},
	}
	h := newRecorder()
	to := serve(t, dimse.ServerConfig{}, h)
	c := dial(t, to)
	require.NoError(t, c.Commit(want))
	require.Equal(t, []dimse.CommitRequest{want}, h.commits)
	require.NoError(t, c.Close())

	provider, err := dimse.Dial(context.Background(), to, []dimse.Proposal{
		{AbstractSyntax: dimse.StorageCommitment, TransferSyntaxes: []string{part10.ExplicitLE}, Provider: true},
	})
	require.NoError(t, err)
	require.NoError(t, provider.Report(report))
	report.Failed = nil
	require.NoError(t, provider.Report(report))
	require.NoError(t, provider.Close())
	require.Len(t, h.reports, 2)
	require.Equal(t, command.NoSuchInstance, h.reports[0].Failed[0].Reason)
	require.Equal(t, report, h.reports[1])

	empty := dial(t, to)
	err = empty.Commit(dimse.CommitRequest{TransactionUID: "1.2"})
	require.Equal(t, command.InvalidArgument, statusOf(t, err))
}

func statusOf(t *testing.T, err error) command.Status {
	t.Helper()
	var f *dimse.Failure
	require.ErrorAs(t, err, &f)
	return f.Status
}

func TestShutdownEndsWhatIsUnderWay(t *testing.T) {
	h := newRecorder()
	h.block = make(chan struct{})
	to, s := serveServer(t, dimse.ServerConfig{}, h)
	idle := dial(t, to)
	busy := dial(t, to)
	in, _ := image(1000)
	type outcome struct {
		status command.Status
		err    error
	}
	answered := make(chan outcome, 1)
	go func() {
		status, err := busy.Store(in)
		answered <- outcome{status, err}
	}()
	<-h.blocking
	stopped := make(chan struct{})
	go func() { s.Shutdown(context.Background()); close(stopped) }()
	require.Error(t, h.end(t), "who asks for nothing is let go at once")
	require.Error(t, idle.Echo())
	_, err := net.DialTimeout("tcp", to.Address, time.Second)
	require.Error(t, err)
	close(h.block)
	require.Equal(t, outcome{}, <-answered, "what was begun is answered")
	<-stopped
	require.Error(t, busy.Echo())
}

func TestAShutdownThatMayNotWait(t *testing.T) {
	h := newRecorder()
	h.block = make(chan struct{})
	to, s := serveServer(t, dimse.ServerConfig{}, h)
	c := dial(t, to)
	in, _ := image(1000)
	failed := make(chan error, 1)
	go func() { _, err := c.Store(in); failed <- err }()
	<-h.blocking
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	go func() { time.Sleep(50 * time.Millisecond); close(h.block) }()
	s.Shutdown(ctx)
	require.Error(t, <-failed, "no answer is no promise")
}
