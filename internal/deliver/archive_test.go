package deliver_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
	"nafas/dicomio/part10"
	"nafas/internal/deliver"
)

// archive is a destination that stores, and answers as it is told.
type archive struct {
	mu     sync.Mutex
	status command.Status
	stored map[string][]byte
	// asked are requests to keep, and refuses whether they are refused.
	asked   []dimse.CommitRequest
	refuses bool
}

func (a *archive) Open(context.Context, dimse.Peer) (dimse.Session, error) { return a, nil }

func (a *archive) Store(_ context.Context, in dimse.Instance) (command.Status, string) {
	data, err := io.ReadAll(in.Data)
	if err != nil {
		return command.ProcessingFailure, ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status == command.Success {
		a.stored[in.SOPInstanceUID] = data
	}
	return a.status, "Smith^John is not welcome"
}

func (a *archive) Commit(_ context.Context, rq dimse.CommitRequest) (command.Status, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, rq)
	if a.refuses {
		return command.ProcessingFailure, "Smith^John is not kept"
	}
	return command.Success, ""
}

func (a *archive) Report(context.Context, dimse.CommitReport) command.Status {
	return command.UnrecognizedOperation
}

func (a *archive) End(error) {}

// start serves an archive that answers no queries.
func start(t *testing.T, a *archive, classes ...string) deliver.Destination {
	t.Helper()
	return startIn(t, a, part10.ExplicitLE, classes...)
}

func startIn(t *testing.T, a *archive, transferSyntax string, classes ...string) deliver.Destination {
	t.Helper()
	offers := dimse.Offers{}
	for _, c := range classes {
		offers[c] = []string{transferSyntax}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := dimse.NewServer(dimse.ServerConfig{Offers: offers, Log: slog.New(slog.DiscardHandler)}, a)
	go func() { _ = s.Serve(ln) }()
	t.Cleanup(func() { s.Shutdown(context.Background()) })
	return deliver.Destination{Remote: dimse.Remote{Address: ln.Addr().String(), CalledAE: "ARCHIVE", CallingAE: "NAFAS"}, Language: "en"}
}

// startLiar serves an archive that answers success to everything, and finds
// nothing.
func startLiar(t *testing.T) deliver.Destination {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go lie(conn)
		}
	}()
	return deliver.Destination{Remote: dimse.Remote{Address: ln.Addr().String(), CalledAE: "LIAR", CallingAE: "NAFAS"}, Language: "en"}
}

// lie answers one association, and ends it at the first thing that it does
// not expect.
func lie(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		h, err := pdu.ReadHeader(r)
		if err != nil {
			return
		}
		body, err := pdu.ReadBody(r, h)
		if err != nil {
			return
		}
		var answer []byte
		switch h.Type {
		case pdu.TypeAssociateRQ:
			rq, err := pdu.ParseAssociateRQ(body)
			if err != nil {
				return
			}
			for i := range rq.Contexts {
				rq.Contexts[i].AbstractSyntax, rq.Contexts[i].TransferSyntaxes = "", rq.Contexts[i].TransferSyntaxes[:1]
			}
			answer = rq.AppendAC(nil)
		case pdu.TypeData:
			answer = agree(body)
		case pdu.TypeReleaseRQ:
			answer = pdu.AppendReleaseRP(nil)
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// agree answers a command with success, and a data set with nothing.
func agree(body []byte) []byte {
	f, err := pdu.ReadFragment(bytes.NewReader(body), uint32(len(body)))
	if err != nil || !f.Command {
		return nil
	}
	cmd, err := command.Parse(body[pdu.DataHeaderLen:])
	if err != nil {
		return nil
	}
	reply := cmd.Reply(command.Success, "").Append(nil)
	return append(pdu.AppendDataHeader(nil, pdu.Fragment{ContextID: f.ContextID, Command: true, Last: true, Length: uint32(len(reply))}), reply...)
}
