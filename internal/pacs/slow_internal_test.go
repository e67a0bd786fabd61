package pacs

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
)

// Who is refused, and never sends the body that it announced, does not keep the
// connection.
func TestSlowBodiesOfWhoIsRefusedEnd(t *testing.T) {
	w := NewWeb(nil, access.Gate{NeedToken: true}, slog.New(slog.DiscardHandler))
	w.idle = 50 * time.Millisecond
	server := httptest.NewServer(w)
	defer server.Close()
	for _, line := range []string{"POST /dicom-web/studies", "GET /dicom-web/studies", "POST /dicom-web/nothing"} {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		_, err = fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx", line)
		require.NoError(t, err)
		// Else this waits until the test is over.
		_, err = io.Copy(io.Discard, c)
		require.NoError(t, err, line)
		require.NoError(t, c.Close())
	}
}
