package dimse_test

import (
	"bufio"
	"bytes"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
)

// finder answers one association, and a C-FIND with one match and this end.
func finder(t *testing.T, end command.Status) dimse.Remote {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		if conn, err := ln.Accept(); err == nil {
			defer conn.Close()
			_ = find(conn, end)
		}
	}()
	return dimse.Remote{Address: ln.Addr().String(), CalledAE: "FINDER", CallingAE: "NAFAS"}
}

func find(conn net.Conn, end command.Status) error {
	r := bufio.NewReader(conn)
	for {
		h, err := pdu.ReadHeader(r)
		if err != nil {
			return err
		}
		body, err := pdu.ReadBody(r, h)
		if err != nil {
			return err
		}
		var answer []byte
		switch h.Type {
		case pdu.TypeAssociateRQ:
			rq, err := pdu.ParseAssociateRQ(body)
			if err != nil {
				return err
			}
			rq.Contexts[0].AbstractSyntax = ""
			answer = rq.AppendAC(nil)
		case pdu.TypeReleaseRQ:
			answer = pdu.AppendReleaseRP(nil)
		case pdu.TypeData:
			f, err := pdu.ReadFragment(bytes.NewReader(body), uint32(len(body)))
			if err != nil || f.Command {
				continue
			}
			one := &command.Set{Field: command.CFindRSP, MessageID: 1, SOPClassUID: dimse.StudyRootFind, Status: command.Pending, HasData: true}
			answer = append(piece(pdu.Fragment{ContextID: 1, Command: true, Last: true}, one.Append(nil)),
				piece(pdu.Fragment{ContextID: 1, Last: true}, []byte("\x20\x00\x0d\x00\x04\x00\x00\x001.2\x00"))...)
			last := &command.Set{Field: command.CFindRSP, MessageID: 1, SOPClassUID: dimse.StudyRootFind, Status: end}
			answer = append(answer, piece(pdu.Fragment{ContextID: 1, Command: true, Last: true}, last.Append(nil))...)
		}
		if _, err := conn.Write(answer); err != nil {
			return err
		}
	}
}

// Matches that are cut short are none: archives that have more than they give end
// so (PS3.4 table C.4-1).
func TestMatchesThatAreCutShort(t *testing.T) {
	for status, whole := range map[command.Status]bool{
		command.Success: true, command.Cancelled: false, 0xA700: false, 0xB001: false, command.ProcessingFailure: false,
	} {
		c, err := dimse.Dial(t.Context(), finder(t, status), []dimse.Proposal{{AbstractSyntax: dimse.StudyRootFind, TransferSyntaxes: []string{part10.ImplicitLE}}})
		require.NoError(t, err)
		found, err := c.Find(match.Query{Level: match.StudyLevel})
		if whole {
			require.NoError(t, err)
			require.Equal(t, []match.Entry{{StudyUID: "1.2"}}, found)
		} else {
			var failure *dimse.Failure
			require.ErrorAs(t, err, &failure, "%v", status)
			require.Equal(t, status, failure.Status)
			require.Empty(t, found)
		}
		require.NoError(t, c.Close())
	}
}
