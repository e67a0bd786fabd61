package mllp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/interop/mllp"
)

func TestAMessageIsFramedAndAccepted(t *testing.T) {
	cert, pool := certificate(t)
	server := &tls.Config{Certificates: []tls.Certificate{cert}}
	for name, c := range map[string]struct {
		server, client *tls.Config
		answer         string
	}{
		"TCP":                         {nil, nil, ack("AA", "C0FFEE", "")},
		"TLS":                         {server, &tls.Config{RootCAs: pool}, ack("AA", "C0FFEE", "")},
		"enhanced mode":               {nil, nil, ack("CA", "C0FFEE", "")},
		"line feeds":                  {nil, nil, strings.ReplaceAll(ack("AA", "C0FFEE", ""), "\r", "\r\n")},
		"no carriage return behind":   {nil, nil, strings.TrimSuffix(ack("AA", "C0FFEE", ""), "\r")},
		"another separator of fields": {nil, nil, strings.ReplaceAll(ack("AA", "C0FFEE", ""), "|", "#")},
		"segments before MSA":         {nil, nil, "\x0bMSH|^~\\&|RIS\rSFT|x\rMSA|AA|C0FFEE\r\x1c\r"},
	} {
		t.Run(name, func(t *testing.T) {
			address, messages := receive(t, c.server, says(c.answer))
			require.NoError(t, mllp.Client{Address: address, TLS: c.client}.Send(t.Context(), []byte(message)))
			require.Equal(t, "\x0b"+message+"\x1c\r", <-messages)
		})
	}
}

func TestAMessageThatIsNotAccepted(t *testing.T) {
	for _, c := range []struct {
		why, answer string
		want        error
	}{
		{"an answer to another message", ack("AA", "OTHER", "Smith"), mllp.ErrOtherAck},
		{"a refusal of another message", ack("AE", "OTHER", "Smith"), mllp.ErrOtherAck},
		{"an answer to none", ack("AA", "", "Smith"), mllp.ErrOtherAck},
		{"a code that there is not", ack("Smith", "C0FFEE", ""), mllp.ErrAck},
		{"no MSA", "\x0bMSH|^~\\&|Smith\r\x1c\r", mllp.ErrAck},
		{"an MSA that is cut off", "\x0bMSH|^~\\&|Smith\rMSA|AA\r\x1c\r", mllp.ErrAck},
		{"no MSH", "\x0bMSA|AA|C0FFEE|Smith\r\x1c\r", mllp.ErrAck},
		{"another message behind the same start", "\x0bMSH|^~\\&|x\r\x0bMSH|^~\\&|Smith\rMSA|AA|C0FFEE\r\x1c\r", mllp.ErrFrame},
		{"nothing", "\x0b\x1c\r", mllp.ErrAck},
		{"no start", ack("AA", "C0FFEE", "Smith")[1:], mllp.ErrFrame},
		{"another byte behind the end", strings.Replace(ack("AA", "C0FFEE", "Smith"), "\x1c\r", "\x1cX", 1), mllp.ErrFrame},
		{"an answer that never ends", "\x0b" + strings.Repeat("Smith ", 1<<20), mllp.ErrFrame},
	} {
		t.Run(c.why, func(t *testing.T) {
			address, _ := receive(t, nil, says(c.answer))
			err := mllp.Client{Address: address}.Send(t.Context(), []byte(message))
			require.ErrorIs(t, err, c.want)
			require.NotContains(t, err.Error(), "Smith", "a receiver's words may name a patient")
		})
	}
}

func TestARefusalHasItsCode(t *testing.T) {
	for _, code := range []string{"AE", "AR", "CE", "CR"} {
		address, _ := receive(t, nil, says(ack(code, "C0FFEE", "no such patient: Smith")))
		err := mllp.Client{Address: address}.Send(t.Context(), []byte(message))
		var refused *mllp.Refused
		require.ErrorAs(t, err, &refused)
		require.Equal(t, code, refused.Code)
		require.NotContains(t, err.Error(), "Smith")
	}
}

// A frame that is cut off, by the end of the connection.
func TestAReceiverThatHangsUp(t *testing.T) {
	for why, answer := range map[string]string{"at once": "", "in the middle": ack("AA", "C0FFEE", "")[:30]} {
		t.Run(why, func(t *testing.T) {
			address, _ := receive(t, nil, func(c net.Conn) { _, _ = c.Write([]byte(answer)) })
			require.Error(t, mllp.Client{Address: address}.Send(t.Context(), []byte(message)))
		})
	}
}

func TestASilentReceiver(t *testing.T) {
	address, messages := receive(t, nil, says(""))
	err := mllp.Client{Address: address, AckTimeout: 50 * time.Millisecond}.Send(t.Context(), []byte(message))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NotEmpty(t, <-messages)
}

// A receiver that accepts connections and begins no handshake.
func TestASilentHandshake(t *testing.T) {
	address, _ := receive(t, nil, says(""))
	err := mllp.Client{Address: address, TLS: &tls.Config{}, DialTimeout: 50 * time.Millisecond}.Send(t.Context(), []byte(message))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestACancelledContextClosesTheConnection(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("the service stops")
	closed := make(chan struct{})
	address, _ := receive(t, nil, func(c net.Conn) {
		cancel(stop)
		says("")(c) // returns when the other side has closed
		close(closed)
	})
	require.ErrorIs(t, mllp.Client{Address: address}.Send(ctx, []byte(message)), stop)
	<-closed
}

func TestAReceiverThatIsNotTrusted(t *testing.T) {
	cert, _ := certificate(t)
	_, others := certificate(t)
	address, messages := receive(t, &tls.Config{Certificates: []tls.Certificate{cert}}, says(ack("AA", "C0FFEE", "")))
	require.Error(t, mllp.Client{Address: address, TLS: &tls.Config{RootCAs: others}}.Send(t.Context(), []byte(message)))
	require.Empty(t, messages, "nothing of a message goes to a receiver that is not trusted")
}

func TestAReceiverThatIsDown(t *testing.T) {
	require.ErrorContains(t, mllp.Client{Address: "127.0.0.1:1"}.Send(t.Context(), []byte(message)), "cannot be reached")
}

// Nothing is dialled for what is no message.
func TestWhatIsNotSent(t *testing.T) {
	for why, m := range map[string]string{
		"nothing":                 "",
		"no MSH":                  "PID|1||Smith\r",
		"no control identifier":   "MSH|^~\\&|NAFAS||||20260301||ORU^R01||P|2.5.1\r",
		"an end of frame within":  message + "OBX|1|TX|||a\x1c\rMSH|^~\\&\r",
		"a start of frame within": message + "\x0b",
	} {
		t.Run(why, func(t *testing.T) {
			err := mllp.Client{Address: "127.0.0.1:1"}.Send(t.Context(), []byte(m))
			require.ErrorIs(t, err, mllp.ErrMessage)
			require.NotContains(t, err.Error(), "Smith")
		})
	}
}
