package dimse_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/part10"
)

const ctImage = "1.2.840.10008.5.1.4.1.1.2"

// offers of the servers under test.
func offers() dimse.Offers {
	return dimse.Offers{
		dimse.Verification:      {part10.ImplicitLE, part10.ExplicitLE},
		dimse.StorageCommitment: {part10.ImplicitLE, part10.ExplicitLE},
		ctImage:                 {part10.ExplicitLE, part10.ImplicitLE, part10.JPEGLSLossless},
	}
}

// quick is a Timing for tests that wait for it to pass.
func quick() dimse.Timing {
	return dimse.Timing{ARTIM: 300 * time.Millisecond, Idle: 300 * time.Millisecond, Transfer: 300 * time.Millisecond}
}

// stored is what a recorder took.
type stored struct {
	peer dimse.Peer
	in   dimse.Instance
	data []byte
}

// recorder is a Handler that keeps everything, and answers as it is told.
type recorder struct {
	mu      sync.Mutex
	peers   []dimse.Peer
	stored  []stored
	commits []dimse.CommitRequest
	reports []dimse.CommitReport
	ends    []error
	ended   chan struct{}

	refuse error
	answer command.Status
	// leave makes Store answer without reading the data set.
	leave bool
	// block, where not nil, is waited for before Store answers; blocking gets
	// one value when it begins to.
	block, blocking chan struct{}
}

func newRecorder() *recorder {
	return &recorder{ended: make(chan struct{}, 100), blocking: make(chan struct{}, 100)}
}

// Open implements dimse.Handler.
func (r *recorder) Open(_ context.Context, p dimse.Peer) (dimse.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.peers = append(r.peers, p)
	return &recording{recorder: r, peer: p}, r.refuse
}

type recording struct {
	*recorder
	peer dimse.Peer
}

// Store implements dimse.Session.
func (r *recording) Store(_ context.Context, in dimse.Instance) (command.Status, string) {
	if r.block != nil {
		r.blocking <- struct{}{}
		<-r.block
	}
	if r.leave {
		return r.answer, "left"
	}
	data, err := io.ReadAll(in.Data)
	if err != nil {
		return command.ProcessingFailure, ""
	}
	in.Data = nil
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recorder.stored = append(r.recorder.stored, stored{r.peer, in, data})
	return r.answer, ""
}

// Commit implements dimse.Session.
func (r *recording) Commit(_ context.Context, in dimse.CommitRequest) (command.Status, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commits = append(r.commits, in)
	return r.answer, ""
}

// Report implements dimse.Session.
func (r *recording) Report(_ context.Context, in dimse.CommitReport) command.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = append(r.reports, in)
	return r.answer
}

// End implements dimse.Session.
func (r *recording) End(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends = append(r.ends, err)
	r.ended <- struct{}{}
}

// end waits for the end of the next association.
func (r *recorder) end(t testing.TB) error {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(20 * time.Second):
		require.Fail(t, "the association does not end")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ends[len(r.ends)-1]
}

// serve starts a server on loopback and returns how to call it.
func serve(t testing.TB, cfg dimse.ServerConfig, h dimse.Handler) dimse.Remote {
	t.Helper()
	remote, _ := serveServer(t, cfg, h)
	return remote
}

func serveServer(t testing.TB, cfg dimse.ServerConfig, h dimse.Handler) (dimse.Remote, *dimse.Server) {
	t.Helper()
	if cfg.Offers == nil {
		cfg.Offers = offers()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := dimse.NewServer(cfg, h)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Shutdown(ctx)
		require.NoError(t, <-served)
	})
	return dimse.Remote{Address: ln.Addr().String(), CalledAE: "NAFAS", CallingAE: "TEST"}, s
}

// dial opens an association for CT images in some transfer syntaxes, a
// context each, and for the other services.
func dial(t testing.TB, to dimse.Remote, transferSyntaxes ...string) *dimse.Client {
	t.Helper()
	c, err := dimse.Dial(context.Background(), to, proposals(transferSyntaxes...))
	require.NoError(t, err)
	t.Cleanup(c.Abort)
	return c
}

func proposals(transferSyntaxes ...string) []dimse.Proposal {
	if len(transferSyntaxes) == 0 {
		transferSyntaxes = []string{part10.ExplicitLE}
	}
	out := []dimse.Proposal{
		{AbstractSyntax: dimse.Verification, TransferSyntaxes: []string{part10.ImplicitLE}},
		{AbstractSyntax: dimse.StorageCommitment, TransferSyntaxes: []string{part10.ImplicitLE}},
	}
	for _, ts := range transferSyntaxes {
		out = append(out, dimse.Proposal{AbstractSyntax: ctImage, TransferSyntaxes: []string{ts}})
	}
	return out
}

// image is an instance of so many bytes, no two of which repeat soon.
func image(bytesLong int) (dimse.Instance, []byte) {
	data := make([]byte, bytesLong)
	for i := range data {
		data[i] = byte(i>>8 ^ i*7)
	}
	return dimse.Instance{
		SOPClassUID: ctImage, SOPInstanceUID: "1.2.3.4", TransferSyntax: part10.ExplicitLE, Data: bytes.NewReader(data),
	}, data
}

// errBroken is what broken reads after its bytes.
var errBroken = errors.New("the disk is broken")

func broken(data []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(data), readerFunc(func([]byte) (int, error) { return 0, errBroken }))
}

type readerFunc func([]byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
