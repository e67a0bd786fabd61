package pacs_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dicomweb"
	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
	"nafas/dicomio/match"
	"nafas/dicomio/refusal"
	"nafas/internal/pacs"
	"nafas/internal/triage"
)

func TestWhatADICOMwebServerLeavesOut(t *testing.T) {
	of := func(study, sop string) triage.Taken {
		return triage.Taken{Header: triage.Header{StudyUID: study, SOPUID: sop}}
	}
	unread := triage.Taken{Outcome: triage.Quarantine, Refusal: refusal.New(refusal.Malformed, "", "x")}
	for _, c := range []struct {
		name string
		sent []triage.Taken
		says int
		want pacs.Counts
		err  error
	}{
		{"all", []triage.Taken{of("1.2", "1"), of("1.2", "2")}, 2, pacs.Counts{Sent: 2}, nil},
		{"one that cannot be read will not be better", []triage.Taken{of("1.2", "1"), unread}, 2, pacs.Counts{Sent: 2, Refused: 1}, nil},
		{"more than it said", []triage.Taken{of("1.2", "1"), of("1.2", "2")}, 1, pacs.Counts{Sent: 2}, nil},
		{"a number that it did not say", []triage.Taken{of("1.2", "1")}, 0, pacs.Counts{Sent: 1}, nil},
		{"one of two", []triage.Taken{of("1.2", "1")}, 2, pacs.Counts{Sent: 1, Failed: 1}, pacs.ErrShort},
		{"one of two, twice", []triage.Taken{of("1.2", "1"), of("1.2", "1")}, 2, pacs.Counts{Sent: 1, Failed: 1}, pacs.ErrShort},
		{"another study", []triage.Taken{of("1.3", "1"), of("1.3", "2")}, 2, pacs.Counts{Failed: 2}, pacs.ErrNothing},
		{"nothing, and no number", nil, 0, pacs.Counts{}, pacs.ErrNothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			var bodies []string
			for range c.sent {
				bodies = append(bodies, "x")
			}
			ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", related)
				_, _ = io.WriteString(w, parts(bodies...))
			}))
			defer ts.Close()
			client, err := dicomweb.NewClient(ts.URL, "", nil)
			require.NoError(t, err)
			archive, err := pacs.ByWeb(client, func() (pacs.Sender, error) { return &turns{list: c.sent}, nil })(t.Context())
			require.NoError(t, err)
			got, err := archive.Fetch(t.Context(), match.Entry{StudyUID: "1.2", Instances: c.says})
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, got)
		})
	}
}

// mover answers one association, and a C-MOVE with success and these numbers.
func mover(t *testing.T, counts *command.Counts) dimse.Remote {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		if conn, err := ln.Accept(); err == nil {
			defer conn.Close()
			_ = move(conn, counts)
		}
	}()
	return dimse.Remote{Address: ln.Addr().String(), CalledAE: "MOVER", CallingAE: "NAFAS"}
}

func move(conn net.Conn, counts *command.Counts) error {
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
			for i := range rq.Contexts {
				rq.Contexts[i].AbstractSyntax, rq.Contexts[i].TransferSyntaxes = "", rq.Contexts[i].TransferSyntaxes[:1]
			}
			answer = rq.AppendAC(nil)
		case pdu.TypeData:
			f, err := pdu.ReadFragment(bytes.NewReader(body), uint32(len(body)))
			if err != nil || !f.Command {
				continue
			}
			cmd, err := command.Parse(body[pdu.DataHeaderLen:])
			if err != nil {
				return err
			}
			reply := cmd.Reply(command.Success, "")
			reply.Counts = counts
			data := reply.Append(nil)
			answer = append(pdu.AppendDataHeader(nil, pdu.Fragment{ContextID: f.ContextID, Command: true, Last: true, Length: uint32(len(data))}), data...)
		default:
			return errors.New("over")
		}
		if _, err := conn.Write(answer); err != nil {
			return err
		}
	}
}

func TestWhatAnArchiveLeavesOutOfAMove(t *testing.T) {
	for _, c := range []struct {
		name string
		says *command.Counts
		err  error
	}{
		{"all", &command.Counts{Completed: 2, Warning: 1}, nil},
		{"no numbers: its word has to do", nil, nil},
		{"two of three", &command.Counts{Completed: 2}, pacs.ErrShort},
		{"success, and nothing", &command.Counts{}, pacs.ErrNothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			archive, err := pacs.ByDICOM(mover(t, c.says), "NAFAS")(t.Context())
			require.NoError(t, err)
			defer archive.Abort()
			_, err = archive.Fetch(t.Context(), match.Entry{StudyUID: "1.2", Instances: 3})
			require.ErrorIs(t, err, c.err)
		})
	}
}
