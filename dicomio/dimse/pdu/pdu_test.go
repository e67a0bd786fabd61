package pdu_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse/pdu"
)

func request() *pdu.Associate {
	return &pdu.Associate{
		ProtocolVersion: 1, CalledAE: "NAFAS", CallingAE: "MODALITY", ApplicationContext: pdu.ApplicationContext,
		Contexts: []pdu.Context{
			{ID: 1, AbstractSyntax: "1.2.840.10008.1.1", TransferSyntaxes: []string{"1.2.840.10008.1.2"}},
			{ID: 3, AbstractSyntax: "1.2.840.10008.5.1.4.1.1.2", TransferSyntaxes: []string{"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.1"}},
		},
		User: pdu.UserInformation{
			MaxLength: 16384, ImplementationUID: "1.2.3", ImplementationVersion: "TEST",
			Roles:  []pdu.Role{{SOPClassUID: "1.2.840.10008.1.20.1", SCP: true}},
			Window: &pdu.Window{Invoked: 5, Performed: 1},
		},
	}
}

// body takes the header off a PDU and checks that it tells the truth.
func body(t testing.TB, b []byte, want pdu.Type) []byte {
	t.Helper()
	r := bytes.NewReader(b)
	h, err := pdu.ReadHeader(r)
	require.NoError(t, err)
	require.Equal(t, want, h.Type)
	require.Equal(t, r.Len(), int(h.Length))
	out, err := pdu.ReadBody(r, h)
	require.NoError(t, err)
	return out
}

func TestAnAssociationIsReadAsItWasWritten(t *testing.T) {
	rq := request()
	got, err := pdu.ParseAssociateRQ(body(t, rq.AppendRQ(nil), pdu.TypeAssociateRQ))
	require.NoError(t, err)
	require.Equal(t, rq, got)

	ac := request()
	ac.Contexts = []pdu.Context{
		{ID: 1, Result: pdu.RejectedAbstractSyntax},
		{ID: 3, TransferSyntaxes: []string{"1.2.840.10008.1.2.1"}},
	}
	got, err = pdu.ParseAssociateAC(body(t, ac.AppendAC(nil), pdu.TypeAssociateAC))
	require.NoError(t, err)
	require.Equal(t, ac, got)
}

// The bytes of PS3.8 table 9-11 and following, by hand: a writer and a reader
// that err alike would pass the round trip.
func TestTheLayoutOfARequest(t *testing.T) {
	rq := &pdu.Associate{ProtocolVersion: 1, CalledAE: "A", CallingAE: "B", ApplicationContext: "1.2",
		Contexts: []pdu.Context{{ID: 1, AbstractSyntax: "1.3", TransferSyntaxes: []string{"1.4"}}},
		User:     pdu.UserInformation{MaxLength: 0x01020304, ImplementationUID: "1.5"}}
	want := []byte{1, 0, 0, 0, 0, 116, 0, 1, 0, 0}
	want = append(want, "A               B               "...)
	want = append(want, make([]byte, 32)...)
	want = append(want, 0x10, 0, 0, 3, '1', '.', '2')
	want = append(want, 0x20, 0, 0, 18, 1, 0, 0, 0, 0x30, 0, 0, 3, '1', '.', '3', 0x40, 0, 0, 3, '1', '.', '4')
	want = append(want, 0x50, 0, 0, 15, 0x51, 0, 0, 4, 1, 2, 3, 4, 0x52, 0, 0, 3, '1', '.', '5')
	require.Equal(t, want, rq.AppendRQ(nil))
}

func TestPaddingOfPeersIsTakenOff(t *testing.T) {
	rq := request()
	rq.CallingAE, rq.Contexts[0].AbstractSyntax = " M\x00", "1.2.840.10008.1.1\x00"
	got, err := pdu.ParseAssociateRQ(body(t, rq.AppendRQ(nil), pdu.TypeAssociateRQ))
	require.NoError(t, err)
	require.Equal(t, "M", got.CallingAE)
	require.Equal(t, "1.2.840.10008.1.1", got.Contexts[0].AbstractSyntax)
}

// with changes one byte of a request's body.
func with(t *testing.T, at int, v byte) []byte {
	b := body(t, request().AppendRQ(nil), pdu.TypeAssociateRQ)
	b[at] = v
	return b
}

func TestViolationsOfARequest(t *testing.T) {
	whole := body(t, request().AppendRQ(nil), pdu.TypeAssociateRQ)
	firstContext := bytes.IndexByte(whole[68:], 0x20) + 68
	for _, c := range []struct {
		name string
		body []byte
	}{
		{"too short for the fixed fields", whole[:67]},
		{"cut within an item", whole[:len(whole)-1]},
		{"an item longer than what is left", with(t, 70, 0xFF)},
		{"an even presentation context", with(t, firstContext+4, 2)},
		{"a presentation context twice", with(t, firstContext+4, 3)},
		{"a maximum length of no bytes", append(bytes.Clone(whole), 0x50, 0, 0, 4, 0x51, 0, 0, 0)},
		{"a window of one byte", append(bytes.Clone(whole), 0x50, 0, 0, 5, 0x53, 0, 0, 1, 1)},
		{"a role shorter than its UID", append(bytes.Clone(whole), 0x50, 0, 0, 7, 0x54, 0, 0, 3, 0, 9, 1)},
		{"an identity without its form", append(bytes.Clone(whole), 0x50, 0, 0, 5, 0x58, 0, 0, 1, 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := pdu.ParseAssociateRQ(c.body)
			var v *pdu.Violation
			require.ErrorAs(t, err, &v)
			require.Equal(t, pdu.InvalidParameter, v.Reason)
		})
	}
}

func TestUnknownItemsArePassedOver(t *testing.T) {
	whole := body(t, request().AppendRQ(nil), pdu.TypeAssociateRQ)
	whole = append(whole, 0x7F, 0, 0, 2, 1, 2)
	got, err := pdu.ParseAssociateRQ(whole)
	require.NoError(t, err)
	require.Equal(t, request(), got)
}

func TestAUserIdentityIsSeen(t *testing.T) {
	whole := body(t, request().AppendRQ(nil), pdu.TypeAssociateRQ)
	whole = append(whole, 0x50, 0, 0, 10, 0x58, 0, 0, 6, 1, 1, 0, 0, 0, 0)
	got, err := pdu.ParseAssociateRQ(whole)
	require.NoError(t, err)
	require.Equal(t, &pdu.Identity{Type: 1, WantsResponse: true}, got.User.Identity)
}

func TestRefusalsAndAborts(t *testing.T) {
	rj := &pdu.Reject{Transient: true, Source: pdu.RejectByPresentation, Reason: pdu.LocalLimitExceeded}
	gotRJ, err := pdu.ParseReject(body(t, rj.Append(nil), pdu.TypeAssociateRJ))
	require.NoError(t, err)
	require.Equal(t, rj, gotRJ)
	require.ErrorContains(t, rj, "for now: it has as many associations as it takes")
	require.ErrorContains(t, &pdu.Reject{Source: 9, Reason: 8}, "for good: source 9, reason 8")

	abort := &pdu.Abort{Source: pdu.AbortByProvider, Reason: pdu.UnexpectedPDU}
	gotAbort, err := pdu.ParseAbort(body(t, abort.Append(nil), pdu.TypeAbort))
	require.NoError(t, err)
	require.Equal(t, abort, gotAbort)

	require.Len(t, body(t, pdu.AppendReleaseRQ(nil), pdu.TypeReleaseRQ), 4)
	require.Len(t, body(t, pdu.AppendReleaseRP(nil), pdu.TypeReleaseRP), 4)
	_, err = pdu.ParseAbort([]byte{1})
	require.Error(t, err)
	_, err = pdu.ParseReject([]byte{1})
	require.Error(t, err)
}

func TestHeaders(t *testing.T) {
	_, err := pdu.ReadHeader(bytes.NewReader(nil))
	require.ErrorIs(t, err, io.EOF, "a connection that ends between two PDUs")
	_, err = pdu.ReadHeader(bytes.NewReader([]byte{1, 0, 0}))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)

	_, err = pdu.ReadHeader(bytes.NewReader([]byte("GET / HTTP/1.1")))
	var v *pdu.Violation
	require.ErrorAs(t, err, &v)
	require.Equal(t, pdu.UnrecognizedPDU, v.Reason)

	_, err = pdu.ReadBody(nil, pdu.Header{Type: pdu.TypeAssociateRQ, Length: 1 << 31})
	require.ErrorAs(t, err, &v, "two gigabytes are not even tried")
	_, err = pdu.ReadBody(bytes.NewReader([]byte{1}), pdu.Header{Type: pdu.TypeAbort, Length: 4})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestFragments(t *testing.T) {
	for _, f := range []pdu.Fragment{
		{ContextID: 1, Command: true, Last: true, Length: 100},
		{ContextID: 255, Length: 1},
		{ContextID: 3, Last: true},
	} {
		b := pdu.AppendDataHeader(nil, f)
		r := bytes.NewReader(b)
		h, err := pdu.ReadHeader(r)
		require.NoError(t, err)
		require.Equal(t, pdu.Header{Type: pdu.TypeData, Length: f.Length + 6}, h)
		got, err := pdu.ReadFragment(r, h.Length)
		require.NoError(t, err)
		require.Equal(t, f, got)
	}
	for name, b := range map[string][]byte{
		"no room for a head":         {0, 0, 0, 2, 1},
		"shorter than its own head":  {0, 0, 0, 1, 1, 3},
		"longer than the PDU":        {0, 0, 0, 9, 1, 3, 0, 0},
		"longer than an int32 holds": {0xFF, 0xFF, 0xFF, 0xFF, 1, 3},
	} {
		_, err := pdu.ReadFragment(bytes.NewReader(b), uint32(len(b)))
		var v *pdu.Violation
		require.ErrorAs(t, err, &v, name)
	}
}

// What a peer sends never panics, and what is read is written and read again
// as the same.
func FuzzAssociate(f *testing.F) {
	f.Add(request().AppendRQ(nil)[pdu.HeaderLen:], true)
	f.Add(request().AppendAC(nil)[pdu.HeaderLen:], false)
	f.Fuzz(func(t *testing.T, b []byte, isRequest bool) {
		parse, write := pdu.ParseAssociateAC, (*pdu.Associate).AppendAC
		if isRequest {
			parse, write = pdu.ParseAssociateRQ, (*pdu.Associate).AppendRQ
		}
		a, err := parse(b)
		if err != nil {
			var v *pdu.Violation
			require.True(t, errors.As(err, &v))
			return
		}
		a.User.Identity = nil // nothing writes it
		again, err := parse(write(a, nil)[pdu.HeaderLen:])
		require.NoError(t, err)
		require.Equal(t, write(a, nil), write(again, nil))
	})
}
