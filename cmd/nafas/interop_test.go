package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	nafasv1 "nafas/proto/nafas/v1"
)

// ris takes HL7 messages over MLLP and acknowledges each.
type ris struct {
	address string
	mu      sync.Mutex
	got     []string
}

func startRIS(t *testing.T) *ris {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	r := &ris{address: ln.Addr().String()}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go r.answer(conn)
		}
	}()
	return r
}

func (r *ris) answer(conn net.Conn) {
	defer conn.Close()
	message, err := bufio.NewReader(conn).ReadString(0x1c)
	if err != nil {
		return
	}
	message = strings.Trim(message, "\x0b\x1c")
	r.mu.Lock()
	r.got = append(r.got, message)
	r.mu.Unlock()
	control := strings.Split(message, "|")[9]
	fmt.Fprintf(conn, "\x0bMSH|^~\\&|RIS||NAFAS||20260101||ACK|1|P|2.5.1\rMSA|AA|%s\r\x1c\r", control)
}

func (r *ris) messages() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.got...)
}

// A system of reports gets a message about each study that names an order; what
// names none is not sent, and listed with the reason.
func TestAResultGoesToTheRIS(t *testing.T) {
	r := startRIS(t)
	settings := filepath.Join(t.TempDir(), "nafas.yaml")
	require.NoError(t, os.WriteFile(settings, fmt.Appendf(nil, "deliver:\n  - {name: ris, hl7: %q, language: fr}\n", r.address), 0o600))
	s := startServer(t, t.TempDir(), "--settings", settings)
	ordered, files := smallStudyOf(t, "ordered", ctwriter.Options{Accession: "A77"})
	_, err := s.send(t.Context(), files)
	require.NoError(t, err)
	unordered, more := smallStudy(t, "unordered")
	_, err = s.send(t.Context(), more)
	require.NoError(t, err)
	for _, uid := range []string{ordered, unordered} {
		require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, s.wait(uid, time.Minute).State)
	}
	var listed string
	require.Eventually(t, func() bool {
		var code int
		var stderr string
		code, listed, stderr = nafas(t, "--format", "csv", "deliveries", "--address", s.address)
		require.Equal(t, exitDone, code, stderr)
		return strings.Contains(listed, ordered+",ris,delivered") && strings.Contains(listed, unordered+",ris,dead")
	}, time.Minute, 200*time.Millisecond)
	require.Contains(t, listed, "no accession number")
	require.Len(t, r.messages(), 1)
	require.Contains(t, r.messages()[0], "A77")
	require.Contains(t, r.messages()[0], "NE PAS UTILISER POUR LE DIAGNOSTIC")

	// The same message by gRPC, and the same result as a FHIR bundle.
	code, out, stderr := nafas(t, "report", ordered, "--address", s.address, "--as", "hl7", "--language", "fr")
	require.Equal(t, exitDone, code, stderr)
	require.Equal(t, r.messages()[0], out)
	code, _, stderr = nafas(t, "report", unordered, "--address", s.address, "--as", "hl7")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "accession")
	code, out, stderr = nafas(t, "report", ordered, "--address", s.address, "--as", "fhir")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, out, `"resourceType": "Bundle"`)
}
