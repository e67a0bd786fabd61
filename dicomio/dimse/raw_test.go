package dimse_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
	"nafas/dicomio/part10"
)

// raw is a peer that sends bytes as it likes.
type raw struct {
	t    *testing.T
	conn net.Conn
}

func connect(t *testing.T, to dimse.Remote) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", to.Address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return &raw{t, conn}
}

func (r *raw) send(b []byte) {
	r.t.Helper()
	_, err := r.conn.Write(b)
	require.NoError(r.t, err)
}

// read returns the next PDU.
func (r *raw) read() (pdu.Header, []byte) {
	r.t.Helper()
	h, err := pdu.ReadHeader(r.conn)
	require.NoError(r.t, err)
	body, err := pdu.ReadBody(r.conn, h)
	require.NoError(r.t, err)
	return h, body
}

// aborted reads an abort by the upper layer, and that the connection closes.
func (r *raw) aborted(reason pdu.AbortReason) {
	r.t.Helper()
	h, body := r.read()
	require.Equal(r.t, pdu.TypeAbort, h.Type)
	abort, err := pdu.ParseAbort(body)
	require.NoError(r.t, err)
	require.Equal(r.t, &pdu.Abort{Source: pdu.AbortByProvider, Reason: reason}, abort)
	r.closed()
}

// closed reads that nothing more comes, and closes in turn: that is waited
// for.
func (r *raw) closed() {
	r.t.Helper()
	_, err := r.conn.Read(make([]byte, 1))
	require.ErrorIs(r.t, err, io.EOF)
	require.NoError(r.t, r.conn.Close())
}

func rawRequest() *pdu.Associate {
	return &pdu.Associate{
		ProtocolVersion: 1, CalledAE: "NAFAS", CallingAE: "RAW", ApplicationContext: pdu.ApplicationContext,
		Contexts: []pdu.Context{
			{ID: 1, AbstractSyntax: ctImage, TransferSyntaxes: []string{part10.ExplicitLE}},
			{ID: 5, AbstractSyntax: dimse.Verification, TransferSyntaxes: []string{part10.ImplicitLE}},
		},
		User: pdu.UserInformation{MaxLength: 0, ImplementationUID: "1.2"},
	}
}

// associate opens an association.
func (r *raw) associate(rq *pdu.Associate) *pdu.Associate {
	r.t.Helper()
	r.send(rq.AppendRQ(nil))
	h, body := r.read()
	require.Equal(r.t, pdu.TypeAssociateAC, h.Type)
	ac, err := pdu.ParseAssociateAC(body)
	require.NoError(r.t, err)
	return ac
}

func piece(f pdu.Fragment, data []byte) []byte {
	f.Length = uint32(len(data))
	return append(pdu.AppendDataHeader(nil, f), data...)
}

func storeCommand() []byte {
	return (&command.Set{Field: command.CStoreRQ, MessageID: 1, SOPClassUID: ctImage, SOPInstanceUID: "1.2.3", HasData: true}).Append(nil)
}

func TestRequestsThatAreRejected(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*pdu.Associate)
		want   pdu.Reject
	}{
		{"another version of the protocol", func(a *pdu.Associate) { a.ProtocolVersion = 2 }, pdu.Reject{Source: pdu.RejectByACSE, Reason: pdu.UnsupportedProtocolVersion}},
		{"another application context", func(a *pdu.Associate) { a.ApplicationContext = "1.2" }, pdu.Reject{Source: pdu.RejectByUser, Reason: pdu.UnsupportedApplicationContext}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := connect(t, serve(t, dimse.ServerConfig{}, newRecorder()))
			rq := rawRequest()
			c.change(rq)
			r.send(rq.AppendRQ(nil))
			h, body := r.read()
			require.Equal(t, pdu.TypeAssociateRJ, h.Type)
			got, err := pdu.ParseReject(body)
			require.NoError(t, err)
			require.Equal(t, &c.want, got)
			r.closed()
		})
	}
}

func TestWhatAnAcceptorSaysOfItself(t *testing.T) {
	r := connect(t, serve(t, dimse.ServerConfig{MaxPDU: 5000}, newRecorder()))
	rq := rawRequest()
	rq.User.Window = &pdu.Window{Invoked: 8, Performed: 8}
	rq.User.Roles = []pdu.Role{{SOPClassUID: ctImage, SCU: true, SCP: true}, {SOPClassUID: dimse.StorageCommitment, SCP: true}}
	ac := r.associate(rq)
	require.Equal(t, &pdu.Window{Invoked: 1, Performed: 1}, ac.User.Window, "one operation at a time")
	require.Equal(t, []pdu.Role{{SOPClassUID: ctImage, SCU: true}, {SOPClassUID: dimse.StorageCommitment, SCP: true}}, ac.User.Roles)
	require.Equal(t, uint32(5000), ac.User.MaxLength)
	require.Equal(t, part10.ImplementationClassUID, ac.User.ImplementationUID)
	require.Equal(t, "RAW", ac.CallingAE)
}

func TestViolationsAreAborted(t *testing.T) {
	cmd := pdu.Fragment{ContextID: 1, Command: true, Last: true}
	data := pdu.Fragment{ContextID: 1, Last: true}
	for _, c := range []struct {
		name   string
		bytes  []byte
		reason pdu.AbortReason
	}{
		{"no DICOM", []byte("GET / HTTP/1.1\r\n\r\n"), pdu.UnrecognizedPDU},
		{"a second request", rawRequest().AppendRQ(nil), pdu.UnexpectedPDU},
		{"an answer to nothing", pdu.AppendReleaseRP(nil), pdu.UnexpectedPDU},
		{"a data set before a command", piece(data, []byte{1, 2}), pdu.UnexpectedPDU},
		{"a presentation context that was not accepted", piece(pdu.Fragment{ContextID: 9, Command: true, Last: true}, storeCommand()), pdu.InvalidParameter},
		{"a command that is none", piece(cmd, []byte{1, 2, 3}), pdu.NotSpecified},
		{"a PDU larger than was agreed on", piece(cmd, make([]byte, 3000)), pdu.InvalidParameter},
		{"a fragment longer than its PDU", []byte{4, 0, 0, 0, 0, 6, 0, 0, 0, 9, 1, 3}, pdu.InvalidParameter},
		{"a command within a data set", append(piece(cmd, storeCommand()), append(piece(pdu.Fragment{ContextID: 1}, []byte{1, 2}), piece(cmd, storeCommand())...)...), pdu.UnexpectedPDU},
		{"a release within a data set", append(piece(cmd, storeCommand()), append(piece(pdu.Fragment{ContextID: 1}, []byte{1, 2}), pdu.AppendReleaseRQ(nil)...)...), pdu.UnexpectedPDU},
		{"a data set of another presentation context", append(piece(cmd, storeCommand()), piece(pdu.Fragment{ContextID: 5, Last: true}, []byte{1, 2})...), pdu.UnexpectedPDU},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newRecorder()
			r := connect(t, serve(t, dimse.ServerConfig{MaxPDU: 2000}, h))
			r.associate(rawRequest())
			r.send(c.bytes)
			r.aborted(c.reason)
			require.Error(t, h.end(t))
			require.Empty(t, h.stored)
		})
	}
}

func TestWhatComesBeforeARequestIsAborted(t *testing.T) {
	r := connect(t, serve(t, dimse.ServerConfig{}, newRecorder()))
	r.send(pdu.AppendReleaseRQ(nil))
	r.aborted(pdu.UnexpectedPDU)
}

func TestACommandMayComeInPieces(t *testing.T) {
	h := newRecorder()
	r := connect(t, serve(t, dimse.ServerConfig{}, h))
	r.associate(rawRequest())
	cmd := storeCommand()
	r.send(piece(pdu.Fragment{ContextID: 1, Command: true}, cmd[:20]))
	// Two fragments in one PDU: the rest of the command, and all of the data.
	both := append(piece(pdu.Fragment{ContextID: 1, Command: true, Last: true}, cmd[20:])[pdu.HeaderLen:],
		piece(pdu.Fragment{ContextID: 1, Last: true}, []byte{7, 8})[pdu.HeaderLen:]...)
	r.send(append([]byte{byte(pdu.TypeData), 0, 0, 0, 0, byte(len(both))}, both...))
	require.Equal(t, command.Success, r.status())
	require.Equal(t, []byte{7, 8}, h.stored[0].data)
	r.send(pdu.AppendReleaseRQ(nil))
	header, _ := r.read()
	require.Equal(t, pdu.TypeReleaseRP, header.Type)
	r.closed()
	require.NoError(t, h.end(t))
}

// status reads a response.
func (r *raw) status() command.Status {
	r.t.Helper()
	h, body := r.read()
	require.Equal(r.t, pdu.TypeData, h.Type)
	cmd, err := command.Parse(body[pdu.DataHeaderLen:])
	require.NoError(r.t, err)
	require.True(r.t, cmd.Field.IsResponse())
	return cmd.Status
}

func TestRequestsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		context byte
		cmd     command.Set
		want    command.Status
	}{
		{"a service that is not there", 5, command.Set{Field: command.CFindRQ, SOPClassUID: dimse.Verification}, command.UnrecognizedOperation},
		{"a store where verification was agreed on", 5, command.Set{Field: command.CStoreRQ, SOPClassUID: ctImage, HasData: true}, command.SOPClassNotSupported},
		{"a store without a data set", 1, command.Set{Field: command.CStoreRQ, SOPClassUID: ctImage}, command.CannotUnderstand},
		{"a store of another class", 1, command.Set{Field: command.CStoreRQ, SOPClassUID: "1.2.3", HasData: true}, command.MismatchedSOPClass},
		{"an echo of another class", 5, command.Set{Field: command.CEchoRQ, SOPClassUID: ctImage}, command.SOPClassNotSupported},
		{"an action of another class", 1, command.Set{Field: command.NActionRQ, SOPClassUID: ctImage}, command.UnrecognizedOperation},
		{"an event of another class", 1, command.Set{Field: command.NEventRQ, SOPClassUID: ctImage}, command.UnrecognizedOperation},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := connect(t, serve(t, dimse.ServerConfig{}, newRecorder()))
			r.associate(rawRequest())
			r.send(piece(pdu.Fragment{ContextID: c.context, Command: true, Last: true}, c.cmd.Append(nil)))
			if c.cmd.HasData {
				r.send(piece(pdu.Fragment{ContextID: c.context, Last: true}, []byte{1, 2}))
			}
			require.Equal(t, c.want, r.status())
		})
	}
}

// A broken connection within a data set: what was acknowledged before stays.
func TestASenderThatDiesInADataSet(t *testing.T) {
	h := newRecorder()
	r := connect(t, serve(t, dimse.ServerConfig{}, h))
	r.associate(rawRequest())
	whole := append(piece(pdu.Fragment{ContextID: 1, Command: true, Last: true}, storeCommand()), piece(pdu.Fragment{ContextID: 1, Last: true}, []byte{1, 2})...)
	r.send(whole)
	require.Equal(t, command.Success, r.status())
	r.send(whole[:len(whole)-1])
	require.NoError(t, r.conn.Close())
	require.Error(t, h.end(t))
	require.Len(t, h.stored, 1)
}

func TestSilentPeersAreLetGo(t *testing.T) {
	for name, send := range map[string]func(r *raw){
		"before a request":   func(*raw) {},
		"within a request":   func(r *raw) { r.send(rawRequest().AppendRQ(nil)[:50]) },
		"between operations": func(r *raw) { r.associate(rawRequest()) },
		"within a data set": func(r *raw) {
			r.associate(rawRequest())
			r.send(piece(pdu.Fragment{ContextID: 1, Command: true, Last: true}, storeCommand()))
		},
		"within a PDU": func(r *raw) {
			r.associate(rawRequest())
			r.send(piece(pdu.Fragment{ContextID: 1, Command: true, Last: true}, storeCommand())[:30])
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := connect(t, serve(t, dimse.ServerConfig{Timing: quick()}, newRecorder()))
			send(r)
			h, _ := r.read()
			require.Equal(t, pdu.TypeAbort, h.Type)
			r.closed()
		})
	}
}

func TestAPeerWhosePDUsHoldNothing(t *testing.T) {
	r := connect(t, serve(t, dimse.ServerConfig{}, newRecorder()))
	rq := rawRequest()
	rq.User.MaxLength = 6
	r.send(rq.AppendRQ(nil))
	r.aborted(pdu.InvalidParameter)
}
